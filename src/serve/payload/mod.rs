//! Request and response bodies.
//!
//! | model | request body | response body |
//! |---|---|---|
//! | series | `{"period": 7}`, as an object or as JSON text within JSON | a data frame's `to_json`, as JSON text (`pandas_frame`) |
//! | series | `{"horizon": 7}`, `{"dates": […]}`, a list or lines of these, or CSV with `ds` (`forecast_query`) | JSON, CSV, JSON lines (`forecast_table`) |
//! | rows | CSV, libsvm, JSON, JSON lines (`rows`) | predictions, as AWS's XGBoost container writes them (`scores`, `selection`) |

mod answer;
mod csv_body;
mod forecast;
mod forecast_limits;
mod forecast_query;
mod forecast_table;
mod format;
mod json;
mod pandas_frame;
mod rows;
mod scores;
mod selection;

pub use format::{Format, Rules};
pub use selection::Selection;

pub(super) use answer::{Request, answer};
