//! What is to be launched: the run or pipeline, its steps, and their instances.

use clap::ValueEnum;
use std::collections::BTreeMap;

/// The instances of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machines {
    /// Such as `ml.c5.xlarge`.
    pub instance_type: String,
    /// How many.
    pub instances: u32,
    /// Size of each one's disk in GB; an endpoint has none.
    pub volume: u32,
}

/// How the training channel provides the customers' files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputMode {
    /// Read from S3 when they are opened
    #[value(name = "FastFile", alias = "fastfile")]
    FastFile,
    /// Copied to the disk before the start
    #[value(name = "File", alias = "file")]
    File,
}

/// Where the models of a run go, so that an endpoint never serves an old artifact from its cache under a new one's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Versions {
    /// A prefix per run, `{output}/{run}/models/`: a model object and an endpoint configuration of its own for each run.
    Prefix,
    /// A name per run in one prefix, `{output}/models/{run}/{customer}.tar.gz`: a live endpoint serves new artifacts at once,
    /// under new target names.
    Names,
}

/// A step of the road from tables to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Step {
    /// Raw tables to customers' files: `CreateProcessingJob`.
    Prepare,
    /// Customers' files to models: `CreateTrainingJob`.
    Fit,
    /// The multi-model container over the models: `CreateModel`.
    Model,
    /// The machines that serve it: `CreateEndpointConfig`.
    EndpointConfig,
    /// What clients call: `CreateEndpoint`, and `UpdateEndpoint`, whose request is the same.
    Endpoint,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Prepare, Self::Fit, Self::Model, Self::EndpointConfig, Self::Endpoint];

    /// Its name in a pipeline.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "Prepare",
            Self::Fit => "Fit",
            Self::Model => "Model",
            Self::EndpointConfig => "EndpointConfig",
            Self::Endpoint => "Endpoint",
        }
    }
}

/// What is to be launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The run's name, or the pipeline's.
    pub name: String,
    /// The role that the jobs and the endpoint take on, an ARN.
    pub role: Option<String>,
    /// The image with the program as its entry point.
    pub image: Option<String>,
    /// The prefix of the raw tables.
    pub input: Option<String>,
    /// The prefix below which everything is written.
    pub output: Option<String>,
    /// Where the models of a run go.
    pub versions: Versions,
    /// The instances that prepare.
    pub prepare: Machines,
    /// Options of the program's `prepare`.
    pub prepare_arguments: Vec<String>,
    /// The instances that fit.
    pub fit: Machines,
    /// How they get the customers' files.
    pub input_mode: InputMode,
    /// Settings of the fit.
    pub hyperparameters: BTreeMap<String, String>,
    /// Whether they ask for regression models, which have errors to follow.
    pub regression: bool,
    /// Seconds that the preparation or the fit may take.
    pub max_runtime: u32,
    /// Seconds that the fit may take, waiting for spot capacity included; none for machines at the full price.
    pub max_wait: Option<u32>,
    /// The instances that serve.
    pub endpoint: Machines,
    /// The endpoint's name; by default that of the launch.
    pub endpoint_name: Option<String>,
    /// Whether the containers have no network; the platform's own transfers go on.
    pub network_isolation: bool,
    /// How long a pipeline takes over the result of an earlier Prepare of the same input prefix, as an ISO 8601 duration; none
    /// for preparing every time. The platform compares the prefix, not what is below it.
    pub cache: Option<String>,
}

impl Launch {
    pub(super) fn step_name(&self, step: &str) -> String {
        format!("{}-{step}", self.name)
    }

    pub(super) fn endpoint_name(&self) -> &str {
        self.endpoint_name.as_deref().unwrap_or(&self.name)
    }

    /// The prefix for everything, without its slash.
    pub(super) fn output(&self) -> &str {
        self.output.as_deref().unwrap_or_default().trim_end_matches('/')
    }
}
