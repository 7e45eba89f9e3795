//! The input channels of a training job, and which of them holds the customers.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{config, paths::Paths};
use crate::error::{Error, Result};

/// Names of the channel of customers, the preferred one first.
pub(crate) const TRAINING: [&str; 2] = ["training", "train"];

/// The channel of validation rows for regression models.
pub(crate) const VALIDATION: &str = "validation";

/// Optional channels of tables, each for the setting of the same name.
pub(crate) const TABLES: [&str; 3] = ["holidays", "overrides", "future"];

/// Channels that never hold the customers to fit.
const NOT_TRAINING: [&str; 5] = [VALIDATION, "test", TABLES[0], TABLES[1], TABLES[2]];

/// The channel of customers, and the other channels that belong to it.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// Absent or empty on a host that received no objects.
    pub(super) directory: PathBuf,
    /// Whether every host has all objects of the channel; `false` if the platform distributed them or did not say.
    pub(super) replicated: bool,
    /// The channel of validation rows, if the job has one.
    pub(super) validation: Option<ValidationChannel>,
    /// Directories of the channels of tables, by setting.
    pub(super) tables: BTreeMap<String, PathBuf>,
    pub(super) warning: Option<String>,
}

/// The channel of validation rows for regression models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationChannel {
    /// Its directory; absent or empty on a host that received no objects.
    pub directory: PathBuf,
    /// A warning for a job that reads it: hosts may miss rows of their customers.
    pub warning: Option<String>,
    /// Why it cannot be read. An error only for a job that reads it.
    pub error: Option<String>,
}

/// The platform's configuration of a channel.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChannelConfig {
    training_input_mode: Option<String>,
    #[serde(rename = "S3DistributionType")]
    distribution: Option<String>,
}

/// The channels of a job of so many hosts.
pub(super) fn read(paths: &Paths, hosts: usize) -> Result<Channel> {
    let file = paths.config("inputdataconfig.json");
    let parent = paths.channels();
    let config: Option<BTreeMap<String, Option<ChannelConfig>>> = config::read(&file)?;
    let is_configured = config.is_some();
    let mut channels = config.unwrap_or_default();
    let mut source = &file;
    if channels.is_empty() {
        // Containers started by hand often have the directories and no configuration.
        channels = directories(&parent)?.into_iter().map(|name| (name, None)).collect();
        source = &parent;
    }
    if channels.is_empty() {
        if is_configured {
            let complaint = "the job has no input channel; give it one named `training`, with one file per customer";
            return Err(config::invalid(&file, complaint));
        }
        let directory = parent.join(TRAINING[0]);
        let warning =
            format!("no input channel is configured and {} does not exist: nothing to do", directory.display());
        return Ok(Channel { directory, warning: Some(warning), ..Channel::default() });
    }
    let name = choose(&channels).map_err(|complaint| config::invalid(source, complaint))?.to_owned();
    let training = channels.remove(&name).flatten().unwrap_or_default();
    if let Some(complaint) = training.pipe_error(&name) {
        return Err(config::invalid(&file, complaint));
    }
    let validation = channels.remove(VALIDATION).map(|config| {
        let config = config.unwrap_or_default();
        ValidationChannel {
            directory: parent.join(VALIDATION),
            // The platform distributes each channel separately, so two files of a customer may go to different hosts.
            warning: (hosts > 1 && !config.is_replicated()).then(|| {
                "the channel `validation` is not FullyReplicated and the job has several hosts, so some may miss the \
                 validation rows of their customers; set its distribution to FullyReplicated"
                    .to_owned()
            }),
            error: config.pipe_error(VALIDATION).map(|complaint| config::invalid(&file, complaint).to_string()),
        }
    });
    let mut tables = BTreeMap::new();
    for name in TABLES {
        let Some(config) = channels.remove(name) else { continue };
        if let Some(complaint) = config.unwrap_or_default().pipe_error(name) {
            return Err(config::invalid(&file, complaint));
        }
        tables.insert(name.to_owned(), parent.join(name));
    }
    Ok(Channel {
        directory: parent.join(name),
        replicated: training.is_replicated(),
        validation,
        tables,
        warning: None,
    })
}

impl ChannelConfig {
    fn pipe_error(&self, name: &str) -> Option<String> {
        let mode = self.training_input_mode.as_deref()?;
        mode.eq_ignore_ascii_case("Pipe").then(|| {
            format!(
                "the channel `{name}` is in Pipe mode, which joins all files into one stream, so that customers cannot \
                 be told apart; set the channel's input mode to File or FastFile"
            )
        })
    }

    fn is_replicated(&self) -> bool {
        self.distribution.as_deref().is_some_and(|distribution| distribution.eq_ignore_ascii_case("FullyReplicated"))
    }
}

/// Chooses the channel `training`, else `train`, else the only channel whose name has no other meaning.
fn choose<T>(channels: &BTreeMap<String, T>) -> Result<&str, String> {
    if let Some(name) = TRAINING.into_iter().find(|name| channels.contains_key(*name)) {
        return Ok(name);
    }
    let candidates: Vec<&String> = channels.keys().filter(|name| !NOT_TRAINING.contains(&name.as_str())).collect();
    if let [name] = candidates[..] {
        return Ok(name);
    }
    let names: Vec<&str> = channels.keys().map(String::as_str).collect();
    let names = names.join("`, `");
    Err(format!("which channel holds the customers: `{names}`? Name it `training`"))
}

/// Names of the directories in the parent directory of the channels.
fn directories(parent: &Path) -> Result<Vec<String>> {
    let failed = |error| Error::storage(format_args!("cannot list {}", parent.display()), error);
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // The platform allows only ASCII in the names of channels.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with(['.', '_']) && entry.path().is_dir() {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The channel's directory below the parent of channels, whether it is replicated, and the warning.
    fn read_tree(text: Option<&str>, directories: &[&str]) -> Result<(String, bool, Option<String>)> {
        let base = tempfile::tempdir().unwrap();
        let paths = Paths::new(&|_| Some(base.path().to_str().unwrap().to_owned()));
        fs::create_dir_all(paths.config("")).unwrap();
        if let Some(text) = text {
            fs::write(paths.config("inputdataconfig.json"), text).unwrap();
        }
        for directory in directories {
            fs::create_dir_all(paths.channels().join(directory)).unwrap();
        }
        let channel = read(&paths, 1)?;
        let name = channel.directory.strip_prefix(paths.channels()).unwrap().to_str().unwrap().to_owned();
        Ok((name, channel.replicated, channel.warning))
    }

    #[track_caller]
    fn assert_channel(text: Option<&str>, directories: &[&str], name: &str, replicated: bool) {
        assert_eq!(read_tree(text, directories).unwrap(), (name.to_owned(), replicated, None), "{text:?}");
    }

    #[test]
    fn a_job_of_the_platform_names_mode_and_distribution() {
        let text = r#"{"training": {"ContentType":"text/csv","TrainingInputMode":"FastFile",
            "S3DistributionType":"ShardedByS3Key","RecordWrapperType":"None"}}"#;
        assert_channel(Some(text), &["training"], "training", false);
        let text = r#"{"training": {"TrainingInputMode":"File","S3DistributionType":"FullyReplicated","RecordWrapperType":"None"}}"#;
        assert_channel(Some(text), &["training"], "training", true);
    }

    #[test]
    fn the_validation_channel_belongs_to_the_training_channel() {
        let text = r#"{"train": {"S3DistributionType": "ShardedByS3Key"},
            "validation": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}}"#;
        let base = tempfile::tempdir().unwrap();
        let paths = Paths::new(&|_| Some(base.path().to_str().unwrap().to_owned()));
        fs::create_dir_all(paths.config("")).unwrap();
        let validation = |text: &str| {
            fs::write(paths.config("inputdataconfig.json"), text).unwrap();
            read(&paths, 2).unwrap().validation
        };
        let directory = paths.channels().join("validation");
        assert_eq!(validation(text), Some(ValidationChannel { directory, warning: None, error: None }));
        assert_eq!(validation(r#"{"train": {}, "test": {}}"#), None);
        let fault = validation(&text.replace("File", "Pipe")).unwrap().error.unwrap();
        assert!(fault.contains("`validation` is in Pipe mode"), "{fault}");
    }

    #[test]
    fn a_host_without_objects_may_have_no_directory() {
        let text = r#"{"training": {"TrainingInputMode":"File","S3DistributionType":"ShardedByS3Key"}}"#;
        assert_channel(Some(text), &[], "training", false);
    }

    #[test]
    fn every_field_of_a_channel_is_optional() {
        for text in
            [r#"{"train": {}}"#, r#"{"train": null}"#, r#"{"train": {"TrainingInputMode": "File", "New": [1]}}"#]
        {
            assert_channel(Some(text), &[], "train", false);
        }
    }

    #[test]
    fn training_comes_before_train_and_both_before_the_only_other() {
        assert_channel(Some(r#"{"train": {}, "training": {}, "other": {}}"#), &[], "training", false);
        assert_channel(Some(r#"{"train": {}, "other": {}, "test": {}}"#), &[], "train", false);
        assert_channel(Some(r#"{"customers": {}, "test": {}, "validation": {}}"#), &[], "customers", false);
    }

    #[test]
    fn channels_among_which_none_stands_out_are_listed() {
        for (text, names) in [
            (r#"{"b": {}, "a": {}, "test": {}}"#, "`a`, `b`, `test`"),
            (r#"{"validation": {}, "test": {}}"#, "`test`, `validation`"),
        ] {
            let error = read_tree(Some(text), &[]).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains("input/config/inputdataconfig.json: "), "{error}");
            assert!(error.to_string().contains(names), "{error}");
        }
        let error = read_tree(None, &["b", "a"]).unwrap_err();
        assert!(error.to_string().contains("input/data: which channel holds the customers: `a`, `b`?"), "{error}");
    }

    #[test]
    fn without_a_configuration_the_directories_are_the_channels() {
        for text in [None, Some(""), Some("{}")] {
            assert_channel(text, &["train", "validation", ".hidden", "_tmp"], "train", false);
            assert_channel(text, &["customers"], "customers", false);
        }
    }

    #[test]
    fn neither_configuration_nor_directories_is_an_empty_shard_with_a_warning() {
        let (name, _, warning) = read_tree(None, &[]).unwrap();
        assert_eq!(name, "training");
        assert!(warning.unwrap().contains("nothing to do"));
    }

    #[test]
    fn tables_have_channels_of_their_own_which_are_never_the_customers() {
        let base = tempfile::tempdir().unwrap();
        let paths = Paths::new(&|_| Some(base.path().to_str().unwrap().to_owned()));
        fs::create_dir_all(paths.config("")).unwrap();
        fs::write(paths.config("inputdataconfig.json"), r#"{"meters": {}, "holidays": {}, "overrides": null}"#)
            .unwrap();
        let channel = read(&paths, 1).unwrap();
        assert_eq!(channel.directory, paths.channels().join("meters"));
        assert_eq!(channel.tables.keys().collect::<Vec<_>>(), ["holidays", "overrides"]);
        assert_eq!(channel.tables["holidays"], paths.channels().join("holidays"));
        fs::write(paths.config("inputdataconfig.json"), r#"{"training": {}, "future": {"TrainingInputMode": "Pipe"}}"#)
            .unwrap();
        assert!(read(&paths, 1).unwrap_err().to_string().contains("the channel `future` is in Pipe mode"));
    }

    #[test]
    fn a_job_that_was_given_no_channel_is_an_error() {
        let error = read_tree(Some("{}"), &[]).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("inputdataconfig.json: the job has no input channel"), "{error}");
    }

    #[test]
    fn pipe_mode_is_refused_with_the_reason_and_the_way_out() {
        let error = read_tree(Some(r#"{"training": {"TrainingInputMode": "Pipe"}}"#), &[]).unwrap_err();
        assert_eq!(error.code(), 2);
        for words in ["inputdataconfig.json", "`training`", "Pipe", "joins all files", "File or FastFile"] {
            assert!(error.to_string().contains(words), "{error}");
        }
        let text = r#"{"training": {"TrainingInputMode": "FastFile"}, "validation": {"TrainingInputMode": "Pipe"}}"#;
        assert_channel(Some(text), &[], "training", false);
    }

    #[test]
    fn a_fault_names_the_file() {
        for text in [r#"{"training": "File"}"#, r#"["training"]"#, r#"{"training": {"TrainingInputMode": 1}}"#] {
            let error = read_tree(Some(text), &[]).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains("inputdataconfig.json: "), "{error}");
        }
    }
}
