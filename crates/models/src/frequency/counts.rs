//! How many series have which calendar.

use super::infer::CalendarFit;
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// Calendars that are named to people.
const SHOWN: usize = 6;

/// What stands for the names of series without a calendar.
const IRREGULAR: &str = "irregular";

/// How many series have which inferred calendar, and how well they fit.
///
/// ```
/// use manyfit_models::frequency::{CalendarCounts, CalendarFit};
///
/// let mut counts = CalendarCounts::default();
/// counts.add("D", CalendarFit::default());
/// counts.add("B", CalendarFit { gaps: 9, is_guess: true, ..CalendarFit::default() });
/// let text = counts.to_string();
/// assert_eq!(text.lines().next(), Some("frequency, inferred: B for 1 series, D for 1"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CalendarCounts {
    /// Series by the name of their calendar, `irregular` for those without one.
    pub series: BTreeMap<String, u64>,
    /// Series in whose dates `pandas.infer_freq` finds no frequency.
    pub guesses: u64,
    /// Dates that are off the calendars.
    pub off: u64,
    /// Series with such dates.
    pub series_off: u64,
    /// Dates of the calendars that the series lack.
    pub gaps: u64,
}

impl CalendarCounts {
    /// Counts a series with a calendar of this name.
    pub fn add(&mut self, frequency: &str, fit: CalendarFit) {
        let name = if fit.is_irregular { IRREGULAR } else { frequency };
        match self.series.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.series.insert(name.to_owned(), 1)),
        }
        self.guesses += u64::from(fit.is_guess);
        self.off += fit.off;
        self.series_off += u64::from(fit.off > 0);
        self.gaps += fit.gaps;
    }

    /// Whether no series was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}

impl fmt::Display for CalendarCounts {
    /// A line with the calendars, the most frequent first, and one about those that pandas does not confirm.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let mut names: Vec<(&String, &u64)> = self.series.iter().collect();
        names.sort_by_key(|(_, count)| Reverse(**count));
        let shown: Vec<String> = (names.iter().take(SHOWN).enumerate())
            .map(|(at, (name, count))| format!("{name} for {count}{}", if at == 0 { " series" } else { "" }))
            .collect();
        let more = match names.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(f, "frequency, inferred: {}{more}", shown.join(", "))?;
        if self.guesses > 0 {
            let Self { guesses, off, series_off, gaps, .. } = self;
            let are = if *guesses == 1 { "is a guess" } else { "are guesses" };
            writeln!(
                f,
                "{guesses} of them {are}, where pandas.infer_freq finds none ({gaps} dates missing, {off} off the calendar in \
                 {series_off} series): set frequency to be certain"
            )?;
        }
        Ok(())
    }
}
