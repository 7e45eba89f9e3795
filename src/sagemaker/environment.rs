//! The platform's files and variables in a training container.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    channels::{self, ValidationChannel},
    checkpoints, hosts, hyperparameters,
    paths::{Paths, Variables, process_variables, variables_below},
};
use crate::error::Result;

/// The configuration of a training job, on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingEnvironment {
    /// The job's settings, with `_` in names and text as values. See [`read_hyperparameters`](super::read_hyperparameters).
    pub hyperparameters: BTreeMap<String, String>,
    /// The directory of the channel of customers; absent or empty on a host that received none.
    pub input: PathBuf,
    /// Whether every host finds all customers in `input`, instead of a share of its own.
    pub input_is_replicated: bool,
    /// The channel of validation rows for regression models.
    pub validation: Option<ValidationChannel>,
    /// The directories of the channels `holidays`, `overrides` and `future`, if the job has them.
    pub tables: BTreeMap<String, PathBuf>,
    /// The directory for models. If the job has a checkpoint configuration, they are uploaded one by one while the job runs,
    /// and after an interruption the models of all hosts are restored here.
    pub models: PathBuf,
    /// The directory of this host for tables and reports, uploaded as one archive when the job ends.
    pub output_data: PathBuf,
    /// The rank of this host, from 0.
    pub rank: usize,
    /// The number of hosts, at least 1.
    pub hosts: usize,
    /// Warnings for the log: configurations that work, but may not be intended.
    pub warnings: Vec<String>,
}

impl TrainingEnvironment {
    /// Reads the platform's files; `None` outside a training container.
    pub fn detect() -> Result<Option<Self>> {
        Self::detect_with(&process_variables)
    }

    /// Reads the files below a folder, without variables.
    pub(crate) fn below(base: &std::path::Path) -> Result<Option<Self>> {
        Self::detect_with(&variables_below(base))
    }

    pub(super) fn detect_with(variables: Variables<'_>) -> Result<Option<Self>> {
        let paths = Paths::new(variables);
        if !paths.exist() {
            return Ok(None);
        }
        let hyperparameters = hyperparameters::read(&paths.config("hyperparameters.json"))?.unwrap_or_default();
        let hosts = hosts::read(|name| paths.config(name))?;
        let channel = channels::read(&paths, hosts.count)?;
        let (models, checkpoint_warning) = checkpoints::read(&paths)?;
        let mut warnings: Vec<String> = channel.warning.into_iter().chain(checkpoint_warning).collect();
        // A channel may be meant for one instance group, and no file names it.
        let may_be_incomplete = channel.replicated && hosts.heterogeneous;
        if may_be_incomplete {
            warnings.push(
                "the channel is FullyReplicated and the job has several instance groups, which may not all get it, so every \
                 host fits every customer it finds; set the channel's distribution to ShardedByS3Key"
                    .to_owned(),
            );
        }
        Ok(Some(Self {
            hyperparameters,
            input: channel.directory,
            input_is_replicated: channel.replicated && !may_be_incomplete,
            validation: channel.validation,
            tables: channel.tables,
            models,
            output_data: paths.output("data"),
            rank: hosts.rank,
            hosts: hosts.count,
            warnings,
        }))
    }

    /// The shard of `input` that this host fits: its index, from 0, and the number of shards.
    ///
    /// It is the whole input if the platform distributed the customers or does not say: a customer that two hosts fit costs
    /// time, one that no host fits is lost.
    #[must_use]
    pub const fn shard(&self) -> (usize, usize) {
        if self.input_is_replicated { (self.rank, self.hosts) } else { (0, 1) }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// A tree as the platform lays it out.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            let base = tempfile::tempdir().unwrap();
            fs::create_dir_all(base.path().join("input/config")).unwrap();
            for (name, text) in files {
                fs::write(base.path().join("input/config").join(name), text).unwrap();
            }
            Self(base)
        }

        fn path(&self, below: &str) -> PathBuf {
            self.0.path().join(below)
        }

        fn detect(&self, more: &[(&str, &str)]) -> Result<Option<TrainingEnvironment>> {
            TrainingEnvironment::detect_with(&|name| match name {
                "SAGEMAKER_BASE_DIR" => Some(self.0.path().to_str().unwrap().to_owned()),
                _ => more.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()),
            })
        }
    }

    #[test]
    fn a_warm_spot_job_of_ten_sharded_instances() {
        let tree = Tree::new(&[
            ("hyperparameters.json", r#"{"model": "prophet", "prediction-length": "7"}"#),
            (
                "inputdataconfig.json",
                r#"{"training": {"ContentType": "text/csv", "TrainingInputMode": "FastFile",
                    "S3DistributionType": "ShardedByS3Key", "RecordWrapperType": "None"}}"#,
            ),
            (
                "resourceconfig.json",
                r#"{"current_group_name": "homogeneousCluster", "current_host": "algo-10", "current_instance_type": "ml.c5.xlarge",
                    "hosts": ["algo-1", "algo-10", "algo-2", "algo-3", "algo-4", "algo-5", "algo-6", "algo-7", "algo-8", "algo-9"],
                    "instance_groups": [{"hosts": ["algo-1"], "instance_group_name": "homogeneousCluster"}],
                    "network_interface_name": "eth0", "topology": null}"#,
            ),
            ("checkpointconfig.json", r#"{"LocalPath": "/opt/ml/checkpoints", "S3Uri": "s3://b/models/"}"#),
            ("init-config.json", "not even JSON"),
            ("trainingjobconfig.json", "{}"),
        ]);
        let variables = [
            ("TRAINING_JOB_NAME", "energy-7"),
            ("SAGEMAKER_MANAGED_WARMPOOL_CACHE_DIRECTORY", "/opt/ml/sagemaker/warmpoolcache"),
        ];
        let environment = tree.detect(&variables).unwrap().unwrap();
        let expected = TrainingEnvironment {
            hyperparameters: [("model", "prophet"), ("prediction_length", "7")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            input: tree.path("input/data/training"),
            input_is_replicated: false,
            validation: None,
            tables: BTreeMap::new(),
            models: tree.path("checkpoints"),
            output_data: tree.path("output/data"),
            rank: 1,
            hosts: 10,
            warnings: Vec::new(),
        };
        assert_eq!(environment, expected);
        assert_eq!(environment.shard(), (0, 1));
    }

    #[test]
    fn several_hosts_want_all_validation_rows() {
        let hosts = ("resourceconfig.json", r#"{"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}"#);
        for (distribution, warned) in [("ShardedByS3Key", true), ("FullyReplicated", false)] {
            let channels = format!(r#"{{"train": {{}}, "validation": {{"S3DistributionType": "{distribution}"}}}}"#);
            let tree = Tree::new(&[("inputdataconfig.json", &channels), hosts, ("checkpointconfig.json", "{}")]);
            let environment = tree.detect(&[]).unwrap().unwrap();
            assert_eq!(environment.warnings, [""; 0], "only a job that reads the channel is concerned");
            let validation = environment.validation.unwrap();
            assert_eq!(validation.directory, tree.path("input/data/validation"));
            assert_eq!(validation.warning.is_some(), warned, "{:?}", validation.warning);
        }
    }

    #[test]
    fn a_job_of_sdk_local_mode() {
        let tree = Tree::new(&[
            ("hyperparameters.json", r#"{"model": "prophet", "horizon": "7"}"#),
            ("inputdataconfig.json", r#"{"training": {"TrainingInputMode": "File"}}"#),
            (
                "resourceconfig.json",
                r#"{"current_host": "algo-2-x7k3q", "hosts": ["algo-1-a9b2c", "algo-2-x7k3q"],
                    "network_interface_name": "eth0", "current_instance_type": "local"}"#,
            ),
        ]);
        let environment = tree.detect(&[("TRAINING_JOB_NAME", "")]).unwrap().unwrap();
        assert_eq!(environment.models, tree.path("model"));
        assert_eq!((environment.rank, environment.hosts, environment.shard()), (1, 2, (0, 1)));
        let [warning] = &environment.warnings[..] else { panic!("{:?}", environment.warnings) };
        assert!(warning.contains("CheckpointConfig"), "{warning}");
    }

    #[test]
    fn hosts_that_all_have_every_customer_share_them_out() {
        let channel = ("inputdataconfig.json", r#"{"train": {"S3DistributionType": "FullyReplicated"}}"#);
        let checkpoints = ("checkpointconfig.json", "{}");
        let one_group = r#"{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}"#;
        let tree = Tree::new(&[channel, checkpoints, ("resourceconfig.json", one_group)]);
        assert_eq!(tree.detect(&[]).unwrap().unwrap().shard(), (1, 2));
        let two_groups = r#"{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"], "instance_groups": [{}, {}]}"#;
        let tree = Tree::new(&[channel, checkpoints, ("resourceconfig.json", two_groups)]);
        let environment = tree.detect(&[]).unwrap().unwrap();
        assert_eq!(environment.shard(), (0, 1));
        assert!(environment.warnings[0].contains("several instance groups"), "{:?}", environment.warnings);
    }

    #[test]
    fn a_container_with_empty_files_has_defaults_and_warnings() {
        let names = ["hyperparameters.json", "inputdataconfig.json", "resourceconfig.json", "checkpointconfig.json"];
        for files in [&[][..], &names.map(|name| (name, ""))] {
            let tree = Tree::new(files);
            let environment = tree.detect(&[]).unwrap().unwrap();
            assert!(environment.hyperparameters.is_empty());
            assert_eq!(environment.input, tree.path("input/data/training"));
            assert_eq!((environment.rank, environment.hosts, environment.shard()), (0, 1, (0, 1)));
            assert_eq!(environment.warnings.len(), 2);
        }
    }

    #[test]
    fn a_fault_in_any_file_names_it() {
        for name in ["hyperparameters.json", "inputdataconfig.json", "resourceconfig.json", "checkpointconfig.json"] {
            let channel = ("inputdataconfig.json", r#"{"training": {}}"#);
            let error = Tree::new(&[channel, (name, "{")]).detect(&[]).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains(&format!("input/config/{name}: ")), "{error}");
        }
    }

    #[test]
    fn a_laptop_is_no_container() {
        let somewhere = tempfile::tempdir().unwrap();
        let base = somewhere.path().join("absent").to_str().unwrap().to_owned();
        assert_eq!(TrainingEnvironment::detect_with(&|_| Some(base.clone())).unwrap(), None);
        assert!(!Path::new(&base).exists(), "looking creates nothing");
    }
}
