//! From text to checked settings, once, with all faults in one message.
//!
//! ```text
//! registry: what settings there are          platform, file, options ─► lookup::merge ─► text by canonical name
//!    │                                                                                        │
//!    └──► reader: checks names, reads values one by one ◄─────────────────────────────────────┘
//!            └──► run::Settings { task: forecast (series models) | regression, input, … } ─► load: the tables that they name
//!                                                                 one customer: its overrides and holidays ◄──┘
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `registry`, `setting`, `family` | every setting once: name, aliases, owner, values, default, meaning |
//! | `lookup` | settings by name, in any spelling; sources by precedence |
//! | `compatibility` | parameters of other tools that are accepted where they change nothing |
//! | `reader`, `values`, `lists`, `terms` | text to values, each fault remembered |
//! | `run`, `task`, `forecast`, `series_models`, `candidates`, `backtest`, `prophet`, `regression`, `regression_grid`, `max_failures` | settings as types |
//! | `shape` | the text of what shapes an artifact, for its fingerprint |
//! | `load`, `tables`, `overrides`, `holiday_table`, `groups` | the tables that settings name |
//! | `customer`, `country_calendars`, `unmatched_customers` | what differs by customer |
//! | `reference` | the documentation of settings |
//!
//! Names and defaults are Prophet's, XGBoost's and scikit-learn's where they have them; `-` and `_` are the same.

mod backtest;
mod candidates;
mod compatibility;
mod country_calendars;
mod customer;
mod family;
mod forecast;
mod groups;
mod holiday_table;
mod lists;
mod load;
mod lookup;
mod max_failures;
mod overrides;
mod prophet;
mod reader;
pub mod reference;
mod registry;
mod regression;
mod regression_grid;
mod run;
mod series_models;
mod setting;
mod shape;
mod tables;
mod task;
mod terms;
#[cfg(test)]
mod tests;
mod unmatched_customers;
mod values;

pub use candidates::Candidate;
pub use customer::CustomerSettings;
pub use family::Family;
pub use forecast::{ForecastTask, OnBad};
pub use lookup::{common_settings, is_setting, merge, nearest, normalized};
pub use max_failures::MaxFailures;
pub use regression::RegressionTask;
pub use run::{Settings, Stale};
pub use setting::Setting;
pub use task::Task;
