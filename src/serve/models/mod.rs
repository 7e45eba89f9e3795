//! Models in memory: loading them from a folder, a bucket or a path, and keeping them within a memory budget.

mod budget;
mod folder;
mod identity;
mod loaded;
mod loader;
mod registry;
mod source;

pub(super) use folder::Folder;
pub(super) use identity::{Identity, LONGEST_HEADER, UNSEEN_CATEGORIES};
pub(super) use loaded::LoadedModel;
pub(super) use loader::Loader;
pub(super) use registry::{ListedModel, Registry};
pub(super) use source::ModelSource;
