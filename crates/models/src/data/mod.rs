//! One customer's data: a time series with its extra columns, or a table of features.

mod categories;
mod checks;
mod columns;
mod customer;
mod examples;
mod fill;
mod held_out;
mod matrix;
mod outliers;
mod series;
mod table;

pub use categories::{Categories, Spelling, truth};
pub use checks::{Checks, Demand, Finding, Outlier};
pub use columns::{Columns, CovariateError, Covariates};
pub use customer::CustomerId;
pub use examples::Examples;
pub use fill::Fill;
pub use held_out::{folds, held_out};
pub use matrix::Matrix;
pub(crate) use matrix::{check_rows, check_width};
pub use outliers::OutlierTreatment;
pub use series::Series;
pub use table::{Cell, Feature, Table, is_missing, is_missing_number};
