//! What the data are like: the quality report and the summary.

#[cfg(not(feature = "parquet"))]
mod csv_report;
mod customer_quality;
mod merge;
#[cfg(feature = "parquet")]
mod parquet_report;
mod report_columns;
mod summary;

#[cfg(not(feature = "parquet"))]
pub(super) use self::csv_report::ReportWriter;
pub(super) use self::merge::merge;
#[cfg(feature = "parquet")]
pub(super) use self::parquet_report::ReportWriter;
pub use self::{customer_quality::Quality, summary::Summary};
