//! How many customers may fail.

use std::{fmt, str::FromStr};

/// Failed customers above which a run counts as failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxFailures {
    /// So many.
    Count(usize),
    /// This share of all customers, from 0 to 1.
    Share(f64),
}

impl Default for MaxFailures {
    fn default() -> Self {
        Self::Share(0.1)
    }
}

impl MaxFailures {
    /// Whether so many failures among so many customers are too many.
    #[must_use]
    pub fn is_exceeded(self, failed: usize, customers: usize) -> bool {
        match self {
            Self::Count(most) => failed > most,
            // A share is seldom a binary fraction: 29% of 100 are 29.
            Self::Share(most) => failed as f64 > most * customers as f64 + 1e-9,
        }
    }
}

impl fmt::Display for MaxFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) => {
                let percent = (share * 1e6).round() / 1e4;
                // A share that is no short percentage is written as it is, to be read back as the same.
                if percent / 100.0 == *share { write!(f, "{percent}%") } else { write!(f, "{share}") }
            }
        }
    }
}

impl FromStr for MaxFailures {
    type Err = String;

    /// `5` is a count, `5%` and `0.05` are a share.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = "use a count (5), a percentage (5%) or a share (0.05)";
        if let Ok(count) = text.parse() {
            return Ok(Self::Count(count));
        }
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => text.parse(),
        };
        share.ok().filter(|share| (0.0..=1.0).contains(share)).map(Self::Share).ok_or_else(|| unknown.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shares_are_told_apart() {
        assert_eq!("5".parse(), Ok(MaxFailures::Count(5)));
        assert_eq!("5%".parse(), Ok(MaxFailures::Share(0.05)));
        assert_eq!("0.25".parse(), Ok(MaxFailures::Share(0.25)));
        for wrong in ["", "-1", "120%", "some", "NaN"] {
            assert!(wrong.parse::<MaxFailures>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_exceeded_only_beyond_it() {
        assert!(!MaxFailures::Count(1).is_exceeded(1, 100));
        assert!(MaxFailures::Count(1).is_exceeded(2, 100));
        assert!(!MaxFailures::Share(0.1).is_exceeded(10, 100));
        assert!(MaxFailures::Share(0.1).is_exceeded(11, 100));
        assert!(!MaxFailures::Share(0.29).is_exceeded(29, 100));
        assert_eq!(MaxFailures::Share(0.07).to_string(), "7%");
        assert_eq!(MaxFailures::Share(5.0 / 9.0).to_string(), "0.5555555555555556");
        assert!(!MaxFailures::Share(0.0).is_exceeded(0, 0));
    }
}
