//! The option `--shard`.

use crate::{array_job, error::Result, input::Shard};
use std::str::FromStr;

/// Which part of the customers, as the command line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShardChoice {
    /// This one.
    Given(Shard),
    /// That of this task of an array job; of so many, where the runner does not say how many there are.
    Auto(Option<u64>),
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("auto") {
            Some("") => Ok(Self::Auto(None)),
            Some(count) => {
                match count.strip_prefix('/').and_then(|count| count.parse().ok()).filter(|count| *count > 0) {
                    Some(count) => Ok(Self::Auto(Some(count))),
                    None => Err(format!("{text:?}: use auto, or auto/N with the number of tasks, or I/N")),
                }
            }
            None => text.parse().map(Self::Given),
        }
    }
}

impl ShardChoice {
    /// The shard; asks the runner's variables for `auto`.
    pub(super) fn resolve(self) -> Result<Shard> {
        use crate::error::Error::Settings;
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto(given) => {
                let task = array_job::Task::detect()?;
                if let (Some(given), Some(told)) = (given, task.count)
                    && given != told
                {
                    return Err(Settings(format!("--shard auto/{given}: the runner says that there are {told} tasks")));
                }
                let count = given.or(task.count).ok_or_else(|| {
                    Settings("--shard auto: the runner does not say how many tasks there are: use auto/N".into())
                })?;
                Shard::new(task.index, count).map_err(Settings)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_given_or_left_to_the_runner() {
        let shard = Shard::new(2, 5).unwrap();
        for (text, expected) in [
            ("2/5", ShardChoice::Given(shard)),
            ("auto", ShardChoice::Auto(None)),
            ("auto/5", ShardChoice::Auto(Some(5))),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "auto/", "auto/0", "automatic", "5/2"] {
            assert!(text.parse::<ShardChoice>().is_err(), "{text}");
        }
    }
}
