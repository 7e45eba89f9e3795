//! The calendar of a series: inferred from all of its dates, or named as pandas names it, and continued.
//!
//! - [`Frequency`] is a calendar: days, days of the week, opening hours, days of the month, and steps of constant length.
//! - [`Inferred`] is the calendar of a history, and how well it explains the dates.

mod alias;
mod counts;
mod infer;
mod month_days;
mod opening;
mod spacing;
mod times;
mod week;

pub use counts::CalendarCounts;
pub use infer::{CalendarFit, Inferred};
pub use month_days::MonthDays;
pub use opening::OpenHours;
pub use spacing::{DayOfMonth, Frequency};
pub(crate) use times::{DAY, LATEST, civil, milliseconds};
pub use week::WeekDays;
