//! What the checks find, and how they say it.

use crate::frequency::civil;
use std::fmt;

/// How demands come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Share of the values that are zero.
    pub zeros: f64,
    /// Mean steps from one demand to the next.
    pub interval: f64,
    /// Squared coefficient of variation of the demands.
    pub variation: f64,
}

/// What a check found in a series. Sizes are in the units of the series, dates in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// Fewer values than two seasons have, or than three.
    Short {
        /// The values.
        values: u64,
        /// Steps of the shortest season; 1 for none.
        season: u64,
    },
    /// All values are equal.
    Constant {
        /// How many.
        values: u64,
        /// All of them.
        value: f64,
    },
    /// More than half of the values are zero.
    MostlyZero(Demand),
    /// Demands come now and then.
    Intermittent(Demand),
    /// The level changed from one row to the next, and stayed.
    LevelShift {
        /// Level after minus level before.
        size: f64,
        /// The first row of the new level.
        at: i64,
        /// The size over the spread of the other differences between neighbouring windows; none if these are all zero.
        ratio: Option<f64>,
    },
    /// Values far off those around them.
    Outliers {
        /// How many.
        count: u64,
        /// The farthest minus what is around it.
        largest: f64,
        /// Its date.
        at: i64,
        /// Its size over the spread of such differences.
        ratio: f64,
    },
    /// Many steps of the calendar have no value, or many in a row.
    Gaps {
        /// Steps without a value.
        missing: u64,
        /// Steps from the first to the last value.
        steps: u64,
        /// The most in a row.
        longest: u64,
        /// The last row before these.
        after: i64,
    },
    /// The last values are equal, for more than twice as long as any before them.
    StaleEnd {
        /// How many.
        values: u64,
        /// All of them.
        value: f64,
        /// The most equal values in a row before.
        before: u64,
    },
    /// The last values vary far more, or far less, than those before them.
    ScaleChange {
        /// How many.
        values: u64,
        /// The spread of their changes over that of the changes before.
        ratio: f64,
    },
}

impl Finding {
    /// The names of all checks.
    pub const CODES: [&str; 9] = [
        "short",
        "constant",
        "mostly-zero",
        "intermittent",
        "level-shift",
        "outliers",
        "gaps",
        "stale-end",
        "scale-change",
    ];

    /// The check's name, one of [`Finding::CODES`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Short { .. } => "short",
            Self::Constant { .. } => "constant",
            Self::MostlyZero(_) => "mostly-zero",
            Self::Intermittent(_) => "intermittent",
            Self::LevelShift { .. } => "level-shift",
            Self::Outliers { .. } => "outliers",
            Self::Gaps { .. } => "gaps",
            Self::StaleEnd { .. } => "stale-end",
            Self::ScaleChange { .. } => "scale-change",
        }
    }

    /// Whether a model that estimates seasons, trends and smoothing from the series has too little to estimate them from.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::Short { .. } | Self::Constant { .. } | Self::MostlyZero(_))
    }

    /// Its date, milliseconds since the epoch, for checks that have one.
    #[must_use]
    pub const fn at(&self) -> Option<i64> {
        match self {
            Self::LevelShift { at, .. } | Self::Outliers { at, .. } | Self::Gaps { after: at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Its numbers by name.
    #[must_use]
    pub fn numbers(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Short { values, season } => vec![("values", values as f64), ("season", season as f64)],
            Self::Constant { values, value } => vec![("values", values as f64), ("value", value)],
            Self::MostlyZero(Demand { zeros, interval, variation })
            | Self::Intermittent(Demand { zeros, interval, variation }) => {
                vec![("zeros", zeros), ("interval", interval), ("variation", variation)]
            }
            Self::LevelShift { size, ratio, .. } => {
                [("size", Some(size)), ("ratio", ratio)].into_iter().filter_map(|(name, x)| Some((name, x?))).collect()
            }
            Self::Outliers { count, largest, ratio, .. } => {
                vec![("count", count as f64), ("largest", largest), ("ratio", ratio)]
            }
            Self::Gaps { missing, steps, longest, .. } => {
                vec![("missing", missing as f64), ("steps", steps as f64), ("longest", longest as f64)]
            }
            Self::StaleEnd { values, value, before } => {
                vec![("values", values as f64), ("value", value), ("before", before as f64)]
            }
            Self::ScaleChange { values, ratio } => vec![("values", values as f64), ("ratio", ratio)],
        }
    }
}

impl fmt::Display for Finding {
    /// The reason, in a phrase.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Short { values: 0, .. } => write!(f, "no row has a value"),
            Self::Short { values, season } if season > 1 => {
                write!(f, "{values} values are less than two seasons of {season}")
            }
            Self::Short { values, .. } => write!(f, "only {values} values"),
            Self::Constant { values, value } => write!(f, "all {values} values are {}", short(value)),
            Self::MostlyZero(demand) | Self::Intermittent(demand) => write!(
                f,
                "{} % of the values are zero, {} steps from demand to demand ({})",
                short(100.0 * demand.zeros),
                short(demand.interval),
                demand.class()
            ),
            Self::LevelShift { size, at, ratio: Some(ratio) } => {
                write!(f, "level shift of {} at {} ({ratio:.1} times the noise)", signed(size), date(at))
            }
            Self::LevelShift { size, at, ratio: None } => {
                write!(f, "level shift of {} at {} (there is no other change)", signed(size), date(at))
            }
            Self::Outliers { count: 1, largest, at, ratio } => {
                write!(f, "an outlier of {} at {} ({ratio:.1} times the noise)", signed(largest), date(at))
            }
            Self::Outliers { count, largest, at, ratio } => write!(
                f,
                "{count} outliers, the largest {} at {} ({ratio:.1} times the noise)",
                signed(largest),
                date(at)
            ),
            Self::Gaps { missing, steps, longest, after } => {
                write!(
                    f,
                    "{missing} of {steps} steps of the calendar have no value, {longest} of them after {}",
                    date(after)
                )
            }
            Self::StaleEnd { values, value, before } => {
                write!(
                    f,
                    "the last {values} values are {}, and before at most {before} in a row were equal",
                    short(value)
                )
            }
            Self::ScaleChange { values, ratio } => {
                write!(f, "the last {values} values vary {} times as much as those before", short(ratio))
            }
        }
    }
}

impl Demand {
    /// The class of Syntetos, Boylan and Croston, for intervals from 1.32 steps.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        if self.variation < 0.49 { "intermittent demand" } else { "lumpy demand" }
    }
}

/// A date, and its time of day if it has one.
fn date(ms: i64) -> String {
    let text = civil(ms).to_string();
    text.strip_suffix("T00:00:00").map_or(text.clone(), str::to_owned)
}

/// A number with four significant digits, or as a whole number.
fn short(number: f64) -> String {
    if (1e3..1e9).contains(&number.abs()) {
        return format!("{number:.0}");
    }
    let rounded = format!("{number:.3e}").parse().unwrap_or(number);
    if rounded == 0.0 || (1e-4..1e9).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// The same with its sign.
fn signed(number: f64) -> String {
    if number > 0.0 { format!("+{}", short(number)) } else { short(number) }
}

#[cfg(test)]
mod tests {
    use super::{Demand, Finding, short};

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 45.0, -0.123_456, 12_345.6, 1e12, 2.5e-7, -1e300];
        assert_eq!(numbers.map(short), ["0", "45", "-0.1235", "12346", "1e12", "2.5e-7", "-1e300"]);
    }

    #[test]
    fn reasons_are_phrases() {
        let at = 1_709_251_200_000;
        let demand = Demand { zeros: 0.75, interval: 4.0, variation: 0.2 };
        for (finding, reason) in [
            (Finding::Short { values: 9, season: 7 }, "9 values are less than two seasons of 7"),
            (Finding::Constant { values: 24, value: 5.0 }, "all 24 values are 5"),
            (
                Finding::MostlyZero(demand),
                "75 % of the values are zero, 4 steps from demand to demand (intermittent demand)",
            ),
            (
                Finding::LevelShift { size: 45.0, at, ratio: Some(6.21) },
                "level shift of +45 at 2024-03-01 (6.2 times the noise)",
            ),
            (
                Finding::Outliers { count: 3, largest: -230.0, at: at + 3_600_000, ratio: 9.0 },
                "3 outliers, the largest -230 at 2024-03-01T01:00:00 (9.0 times the noise)",
            ),
        ] {
            assert_eq!(finding.to_string(), reason);
            assert!(Finding::CODES.contains(&finding.code()));
        }
    }
}
