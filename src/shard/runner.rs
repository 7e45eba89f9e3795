//! Environment variables of array-job runners; no other module reads them.
//!
//! | runner | index of this task | number of tasks |
//! |---|---|---|
//! | AWS Batch, array jobs | `AWS_BATCH_JOB_ARRAY_INDEX`, from 0 | `AWS_BATCH_JOB_ARRAY_SIZE` |
//! | Slurm, `--array` | `SLURM_ARRAY_TASK_ID`, from `SLURM_ARRAY_TASK_MIN` in steps of `SLURM_ARRAY_TASK_STEP` | `SLURM_ARRAY_TASK_COUNT` |
//! | Kubernetes, indexed jobs | `JOB_COMPLETION_INDEX`, from 0 | not reported: pass its `completions` as `auto/N` |
//!
//! Sources: AWS Batch user guide, "Array job environment variables"; Slurm documentation, "Job Array Support"; Kubernetes
//! documentation, "Indexed Job for Parallel Processing with Static Work Assignment".

use crate::error::{Error, Result};

/// The value of an environment variable; injected, so that tests need not change the process.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A task of an array job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ArrayTask {
    /// Its number, from 0.
    pub(super) index: u64,
    /// The number of tasks, if the runner reports it.
    pub(super) count: Option<u64>,
}

impl ArrayTask {
    /// The task that this process runs.
    ///
    /// # Errors
    /// [`Error::Settings`] if the variables of no runner are set, those of two are, or they are inconsistent.
    pub(super) fn detect() -> Result<Self> {
        Self::detect_with(&|name| std::env::var(name).ok())
    }

    fn detect_with(variables: Variables<'_>) -> Result<Self> {
        let number = |name: &str| {
            let parsed = variables(name).map(|text| {
                let complaint =
                    || Error::Settings(format!("--shard auto: the variable {name} is {text:?}, not a number"));
                text.trim().parse::<u64>().map_err(|_| complaint())
            });
            parsed.transpose()
        };
        let mut found = Vec::new();
        if let Some(index) = number("AWS_BATCH_JOB_ARRAY_INDEX")? {
            found.push(("AWS Batch", Self { index, count: number("AWS_BATCH_JOB_ARRAY_SIZE")? }));
        }
        if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            let count = number("SLURM_ARRAY_TASK_COUNT")?;
            let from_first =
                id.checked_sub(first).filter(|distance| distance % step == 0).map(|distance| distance / step);
            let index = from_first.filter(|index| count.is_none_or(|count| *index < count)).ok_or_else(|| {
                Error::Settings(format!(
                    "--shard auto: Slurm's task {id} is not in an evenly spaced array that starts at {first}: use an array \
                     such as 0-9, or --shard I/N"
                ))
            })?;
            found.push(("Slurm", Self { index, count }));
        }
        if let Some(index) = number("JOB_COMPLETION_INDEX")? {
            found.push(("Kubernetes", Self { index, count: None }));
        }
        match found[..] {
            [(_, task)] => Ok(task),
            [] => Err(Error::Settings(
                "--shard auto: this is not a task of an array job of AWS Batch, Slurm or Kubernetes: use --shard I/N"
                    .into(),
            )),
            _ => {
                let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
                let names = names.join(" and ");
                Err(Error::Settings(format!("--shard auto: variables of {names} are both set: use --shard I/N")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(variables: &[(&str, &str)]) -> Result<ArrayTask> {
        ArrayTask::detect_with(&|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_runner_is_recognised() {
        let slurm = |id, min, step, count| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_STEP", step),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "7"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        for (variables, index, count) in [
            (&batch[..], 7, Some(10)),
            (&[("JOB_COMPLETION_INDEX", "0")], 0, None),
            (&slurm("3", "1", "1", "4"), 2, Some(4)),
            (&slurm("20", "10", "5", "4"), 2, Some(4)),
            (&[("SLURM_ARRAY_TASK_ID", "3")], 3, None),
        ] {
            assert_eq!(task(variables).unwrap(), ArrayTask { index, count }, "{variables:?}");
        }
    }

    #[test]
    fn ambiguous_variables_are_rejected_with_a_hint() {
        let uneven = [("SLURM_ARRAY_TASK_ID", "9"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")];
        let two = [("JOB_COMPLETION_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_INDEX", "1")];
        for (variables, words) in [
            (&[][..], "not a task of an array job"),
            (&uneven, "task 9"),
            (&two, "AWS Batch and Kubernetes"),
            (&[("JOB_COMPLETION_INDEX", "x")], "is \"x\", not a number"),
        ] {
            let error = task(variables).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
