//! The option `--shard`: `I/N`, `auto` or `auto/N`.

use super::{membership::Shard, runner::ArrayTask};
use crate::error::{Error, Result};
use std::str::FromStr;

/// A shard as the command line gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShardChoice {
    /// This shard.
    Given(Shard),
    /// The shard of this task of an array job; with the number of tasks, for runners that do not report it.
    Auto(Option<u64>),
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(count) = text.strip_prefix("auto") else { return text.parse().map(Self::Given) };
        if count.is_empty() {
            return Ok(Self::Auto(None));
        }
        match count.strip_prefix('/').and_then(|count| count.parse().ok()).filter(|count| *count > 0) {
            Some(count) => Ok(Self::Auto(Some(count))),
            None => Err(format!("{text:?}: use I/N, auto, or auto/N with the number of tasks")),
        }
    }
}

impl ShardChoice {
    /// The shard; for `auto`, reads the environment variables of the array-job runner.
    pub(crate) fn resolve(self) -> Result<Shard> {
        let given = match self {
            Self::Given(shard) => return Ok(shard),
            Self::Auto(given) => given,
        };
        let task = ArrayTask::detect()?;
        if let (Some(given), Some(reported)) = (given, task.count)
            && given != reported
        {
            return Err(Error::Settings(format!("--shard auto/{given}: the runner reports {reported} tasks")));
        }
        let count = given.or(task.count).ok_or_else(|| {
            Error::Settings("--shard auto: the runner does not report the number of tasks: use auto/N".into())
        })?;
        Shard::new(task.index, count).map_err(Error::Settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_given_or_taken_from_the_runner() {
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
