//! The settings of a run.

use super::{
    max_failures::MaxFailures,
    reader::{Reader, read_fields},
    tables::Tables,
    task::Task,
};
use crate::{
    artifact::NameTemplate,
    error::{Error, Result},
    input::{InputSettings, TimeSettings},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What becomes of artifacts of earlier runs whose customers are gone or fail now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// They stay, and are named.
    #[default]
    Keep,
    /// They are deleted, unless the run fails.
    Delete,
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to do with each customer.
    pub task: Task,
    /// How the input is read.
    pub input: InputSettings,
    /// Seed of everything random.
    pub seed: u64,
    /// How artifacts are named.
    pub artifact_name: NameTemplate,
    /// The user's version of the models.
    pub version: Option<String>,
    /// Failed customers above which the run fails.
    pub max_failures: MaxFailures,
    /// The longest that one customer's fit may take.
    pub customer_time_limit: Option<Duration>,
    /// What becomes of artifacts of earlier runs whose customers are gone or fail now.
    pub stale: Stale,
    /// Whether a report is written.
    pub report: bool,
    /// Whether each artifact is flushed to the disk before it counts.
    pub fsync: bool,
    /// What differs by customer.
    pub(super) tables: Arc<Tables>,
}

impl Settings {
    /// Checks settings, without the tables that they name; the faults are sentences.
    pub(super) fn check(given: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let mut reader = Reader::new(given);
        let settings = Self::read(&mut reader);
        let faults = reader.into_faults();
        if faults.is_empty() { Ok(settings) } else { Err(faults) }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let has_version = reader.is_given("version");
        let version = reader.parse("version", |text, setting| {
            let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
            let is_name = is_plain && !text.starts_with(['.', '_']);
            is_name.then(|| text.to_owned()).ok_or_else(|| format!("use {}", setting.kind))
        });
        let seed = reader.value::<usize>("seed") as u64;
        let times = TimeSettings { format: reader.optional("timestamp_format"), dayfirst: reader.optional("dayfirst") };
        let mut input = read_fields!(reader, InputSettings {
            value: customer_from;
            optional: timestamp decimal skip_lines target customer;
            times,
            ..InputSettings::default()
        });
        Self {
            task: Task::read(reader, seed, &mut input),
            input,
            seed,
            artifact_name: reader
                .parse("artifact_name", |text, _| NameTemplate::new(text, has_version))
                .unwrap_or_default(),
            version,
            max_failures: reader.value("max_failures"),
            customer_time_limit: reader.optional("customer_time_limit").map(Duration::from_secs_f64),
            stale: if reader.choice("stale") == "delete" { Stale::Delete } else { Stale::Keep },
            report: reader.value("report"),
            fsync: reader.value("fsync"),
            tables: Arc::default(),
        }
    }

    /// The canonical text of everything that shapes an artifact, for its fingerprint.
    #[must_use]
    pub fn shape(&self) -> String {
        match &self.task {
            Task::Forecast(task) => task.shape(self.version.as_deref()),
            Task::Regression(task) => task.shape(self.version.as_deref(), self.seed),
        }
    }
}

/// Faults of settings as one error.
pub(super) fn refused(faults: &[String]) -> Error {
    match faults {
        [fault] => Error::Settings(format!("setting {fault}")),
        faults => Error::Settings(format!("{} settings are invalid:\n  {}", faults.len(), faults.join("\n  "))),
    }
}
