//! XGBoost's model files, JSON and UBJSON.

mod model_sink;
mod read;
mod ubjson;
mod write;
