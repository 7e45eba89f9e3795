//! From raw tables, larger than memory, to one file per customer or to bundles of whole customers.
//!
//! ```text
//! tables ─► blocks ─► rows ─► buckets on disk, by the hash of the customer              first half: scatter
//! buckets ─► (bundles of equal work) ─► customers, in the order of time ─► files        second half: gather, write
//!                                                                       └► quality report ─► Summary
//! ```
//!
//! - Only the columns that are needed are parsed, and values stay the text that they were.
//! - Every row is checked before the first file is written: if there are more bad rows than tolerated, nothing is written.
//! - The output depends on the rows and the options alone: not on threads, memory or restarts.
//! - Memory is bounded: there are so many buckets that each thread can load one. A customer with more rows than that uses the
//!   memory of several threads, which wait meanwhile. All buckets are in one file, so the number of open files does not matter.
//! - Crash-safe and resumable: files are written under another name and renamed, and a run that was killed is continued with
//!   the buckets that are not done.
//!
//! | module | content |
//! |---|---|
//! | `run` | a run from beginning to end |
//! | `options`, `row_filter`, `calendar_period` | the options |
//! | `resources` | threads, memory, stop signal |
//! | `progress` | how far a long run is, for people |
//! | `scatter` | tables to rows in buckets, and which rows are left out |
//! | `untold_rows` | rows at repeated local times of which nothing tells which is meant |
//! | `buckets` | rows on disk |
//! | `gather` | buckets to customers' rows in memory |
//! | `write` | customers' rows to files |
//! | `quality` | the quality report and the summary |
//! | `reports` | the directory of the reports |
//! | `resume` | what the next run needs to continue |

mod buckets;
mod calendar_period;
mod gather;
mod options;
mod progress;
mod quality;
mod reports;
mod resources;
mod resume;
mod row_counts;
mod row_filter;
mod run;
mod scatter;
mod untold_rows;
mod write;

pub use self::{
    calendar_period::Period,
    options::{Aggregate, Ambiguous, Arrangement, Keep, Options, OutputFormat, Validation},
    quality::{Quality, Summary},
    row_counts::RowCounts,
    row_filter::Filter,
    run::{Preparation, run},
};
