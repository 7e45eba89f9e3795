//! The report: one page to look at, made of the files that a run or a merge leaves.
//!
//! ```text
//! manifest.jsonl ─► outcomes ─► overview, chunks of the table, which customers are shown ─┐
//! summary.json, history.csv, forecasts.csv, backtest.csv, predictions.csv ─► their series ├─► report.html
//! page/, vendor/ ─► style and scripts ────────────────────────────────────────────────────┘
//! ```
//!
//! | module | content |
//! |---|---|
//! | `write` | the page from the files |
//! | `overview`, `histogram`, `causes`, `calibration` | the run in numbers |
//! | `rows`, `series` | the table of customers, and the series of those that are shown |
//! | `page`, `packed`, `numbers` | the page as HTML, with its data compressed |
//!
//! - The page is a single file that loads nothing; what customers are called and what cells say is text in it, never code.
//! - Whatever the number of customers, memory holds counts, one chunk of the table and its compressed text.

mod calibration;
mod causes;
mod histogram;
mod numbers;
mod overview;
mod packed;
mod page;
mod rows;
mod series;
mod write;

pub use write::write_report;
