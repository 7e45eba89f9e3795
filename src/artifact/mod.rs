//! What one customer's `tar.gz` holds, and how it is written, recognised and read.
//!
//! ```text
//! {customer}.tar.gz
//!   .manyfit.json   what it is: customer, fingerprint, span, scores (a dot-file: AWS's containers load every other root file)
//!   model.json      the model in its family's own format: model.json is Prophet's, xgboost-model is for trees
//! ```

mod archive;
mod fingerprint;
mod members;
mod metadata;
mod name;
mod open;

pub use archive::{Artifact, Found, hex, inspect};
pub use fingerprint::{Fingerprint, forecast_seed};
pub use members::Limits;
pub use metadata::{FORMAT, FeatureMetadata, Metadata, RegressionMetadata, Span};
pub use name::NameTemplate;
pub use open::{OpenError, Opened, open_archive, open_directory, open_object, open_path};
