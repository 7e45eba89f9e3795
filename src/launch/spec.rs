//! What is to be launched: the run or pipeline, its steps, and their instances.

use clap::{Args, ValueEnum};
use serde::Serialize;
use std::collections::BTreeMap;

/// How the training channel provides the customers' files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub(super) enum InputMode {
    /// Read from S3 when they are opened
    #[value(name = "FastFile", alias = "fastfile")]
    FastFile,
    /// Copied to the disk before the start
    #[value(name = "File", alias = "file")]
    File,
}

/// Where the models of a run go. Names must differ between runs, because an endpoint caches artifacts by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Versions {
    /// A prefix for each run, `{output}/{run}/models/`, with its own model object and endpoint configuration
    Prefix,
    /// One prefix, `{output}/models/{run}/{customer}.tar.gz`: a live endpoint serves new artifacts at once, under new names
    Names,
}

/// A step from raw tables to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Step {
    /// Raw tables to customers' files: CreateProcessingJob
    Prepare,
    /// Customers' files to models: CreateTrainingJob
    Fit,
    /// The multi-model container: CreateModel
    Model,
    /// The instances that serve it: CreateEndpointConfig
    EndpointConfig,
    /// The endpoint: CreateEndpoint, or UpdateEndpoint with the same request
    Endpoint,
}

impl Step {
    /// All steps in order.
    const ALL: [Self; 5] = [Self::Prepare, Self::Fit, Self::Model, Self::EndpointConfig, Self::Endpoint];

    /// Its name and its type in a pipeline.
    pub(super) const fn in_pipeline(self) -> (&'static str, &'static str) {
        match self {
            Self::Prepare => ("Prepare", "Processing"),
            Self::Fit => ("Fit", "Training"),
            Self::Model => ("Model", "Model"),
            Self::EndpointConfig => ("EndpointConfig", "EndpointConfig"),
            Self::Endpoint => ("Endpoint", "Endpoint"),
        }
    }
}

/// What to launch, and on which instances: options of the command line.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent options")]
pub struct Launch {
    /// Name of the run or of the pipeline, which the names of what it creates start with
    #[arg(long)]
    pub(super) name: String,

    /// ARN of the role of the jobs and the endpoint
    #[arg(long, value_name = "ARN")]
    pub(super) role: Option<String>,

    /// Address of the container image
    #[arg(long, value_name = "URI")]
    pub(super) image: Option<String>,

    /// S3 prefix of the raw tables; with --prepared, of the customers' files
    #[arg(long, value_name = "S3")]
    pub(super) input: Option<String>,

    /// The input has the customers' files already: leave out Prepare
    #[arg(long, conflicts_with = "prepare_argument")]
    pub(crate) prepared: bool,

    /// S3 prefix of the rows that regression models are judged by, matched to customers by name, where Prepare does not split
    /// them off
    #[arg(long, value_name = "S3")]
    pub(crate) validation: Option<String>,

    /// S3 prefix for all results
    #[arg(long, value_name = "S3")]
    pub(super) output: Option<String>,

    /// Number of instances for training
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) instances: u32,

    /// Instance type for training
    #[arg(long, value_name = "TYPE", default_value = "ml.c5.xlarge")]
    pub(super) instance_type: String,

    /// Disk size per instance for training, in GB
    #[arg(long, value_name = "GB", default_value_t = 30)]
    pub(super) volume: u32,

    /// How instances read the customers' files
    #[arg(long, value_enum, default_value_t = InputMode::FastFile)]
    pub(super) input_mode: InputMode,

    /// Maximum seconds of the preparation, and of training
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    pub(super) max_runtime: u32,

    /// Maximum seconds of training including the wait for spot capacity [default: twice --max-runtime]
    #[arg(long, value_name = "SECONDS", conflicts_with = "on_demand")]
    max_wait: Option<u32>,

    /// Train on on-demand instances instead of spot capacity
    #[arg(long)]
    on_demand: bool,

    /// Number of instances for the preparation
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) prepare_instances: u32,

    /// Instance type for the preparation
    #[arg(long, value_name = "TYPE", default_value = "ml.m5.xlarge")]
    pub(super) prepare_instance_type: String,

    /// Disk size per instance for the preparation, in GB; must hold the raw tables
    #[arg(long, value_name = "GB", default_value_t = 100)]
    pub(super) prepare_volume: u32,

    /// Option for `manyfit prepare`, such as --prepare-argument=--format=csv; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub(crate) prepare_argument: Vec<String>,

    /// Name of the endpoint [default: --name]
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Number of instances for serving
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) endpoint_instances: u32,

    /// Instance type for serving
    #[arg(long, value_name = "TYPE", default_value = "ml.m5.large")]
    pub(super) endpoint_instance_type: String,

    /// How the models of different runs are kept apart
    #[arg(long, value_enum, default_value_t = Versions::Prefix)]
    pub(super) versions: Versions,

    /// Disable network access of the containers; the platform's own transfers still work
    #[arg(long)]
    pub(super) network_isolation: bool,

    /// Settings of the fit, without the tables that have channels.
    #[arg(skip)]
    pub(crate) hyperparameters: BTreeMap<String, String>,

    /// The places of tables that settings name, by setting.
    #[arg(skip)]
    pub(super) tables: BTreeMap<&'static str, String>,

    /// Whether Prepare sets rows apart for validation.
    #[arg(skip)]
    pub(crate) splits: bool,

    /// Whether the settings ask for regression models, which have error metrics.
    #[arg(skip)]
    pub(crate) regression: bool,

    /// Whether the settings ask for a backtest, which has error metrics.
    #[arg(skip)]
    pub(crate) backtest: bool,
}

impl Launch {
    pub(super) fn endpoint_name(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(&self.name)
    }

    /// The steps up to `last`.
    pub(super) fn steps(&self, last: Step) -> impl Iterator<Item = Step> {
        let first = if self.prepared { Step::Fit } else { Step::Prepare };
        Step::ALL.into_iter().filter(move |step| (first..=last).contains(step))
    }

    /// The output prefix, without a trailing slash.
    pub(super) fn output(&self) -> &str {
        self.output.as_deref().unwrap_or_default().trim_end_matches('/')
    }

    /// Maximum seconds of the fit including the wait for spot capacity; `None` for on-demand instances.
    pub(super) fn max_wait(&self) -> Option<u32> {
        (!self.on_demand).then(|| self.max_wait.unwrap_or(self.max_runtime.saturating_mul(2)))
    }
}
