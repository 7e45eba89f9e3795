//! XGBoost's model files, JSON and UBJSON.
//!
//! ```text
//! Ensemble ─► write ─► Value ─► JSON or UBJSON ─► read ─► Ensemble
//! ```

mod read;
mod ubjson;
mod value;
mod write;

pub(crate) use read::is_json;
