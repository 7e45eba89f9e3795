//! Output files: what is in each, and how it is written.

mod bundles;
mod csv;
mod file_names;
mod file_writer;
mod held_back;
pub(super) mod output_rows;
#[cfg(feature = "parquet")]
mod parquet;
mod tasks;

pub(super) use self::{
    bundles::pack,
    file_names::is_of_another_shard,
    file_writer::{FileStyle, FileWriter},
    tasks::tasks,
};
