//! One customer's artifact, a `tar.gz`: packing, naming, fingerprinting and reading it.
//!
//! ```text
//! {customer}.tar.gz
//!   .manyfit.json   metadata: customer, fingerprint, dates, errors (a dot-file, because AWS's containers load every other root file)
//!   model.json      the model in its family's own format: model.json for Prophet, xgboost-model for trees, …
//! ```
//!
//! One reader serves two callers: [`inspect`] checks whether an existing archive is an intact artifact of manyfit, to resume a
//! run; the `open` functions read any model that is to be used, including those of Python Prophet and XGBoost.

mod find;
mod fingerprint;
mod hex;
mod members;
mod metadata;
mod name;
mod open;
mod pack;
mod selection;

pub use find::is_archive;
pub(crate) use find::{ARCHIVES, Below, find_below, is_model_file, is_unpacked};
pub use fingerprint::{Fingerprint, forecast_seed};
pub use hex::hex;
pub use members::Limits;
pub(crate) use members::{is_gzip, read_file};
pub use metadata::{FORMAT, FeatureMetadata, Metadata, RegressionMetadata, Span};
pub use name::NameTemplate;
pub use open::{Artifact, Found, Opened, inspect, open_archive, open_file, open_object, open_path};
pub use pack::pack;
pub use selection::{Selection, SelectionCandidate};
