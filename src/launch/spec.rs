//! What is to be launched: the run or pipeline, its steps, and their instances.

use clap::ValueEnum;
use std::collections::BTreeMap;

/// Instances of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machines {
    /// Such as `ml.c5.xlarge`.
    pub instance_type: String,
    /// Their number.
    pub instances: u32,
    /// Disk size of each, in GB; an endpoint has none.
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

/// Where the models of a run go. Names must differ between runs, because an endpoint caches artifacts by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Versions {
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

/// A launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The run's name, or the pipeline's.
    pub name: String,
    /// The ARN of the role of the jobs and the endpoint.
    pub role: Option<String>,
    /// The image with the program as its entry point.
    pub image: Option<String>,
    /// The prefix of the raw tables.
    pub input: Option<String>,
    /// The prefix below which everything is written.
    pub output: Option<String>,
    /// How the models of runs are kept apart.
    pub versions: Versions,
    /// Instances of the preparation.
    pub prepare: Machines,
    /// Options of `manyfit prepare`.
    pub prepare_arguments: Vec<String>,
    /// Instances of the fit.
    pub fit: Machines,
    /// How the fit's instances read the customers' files.
    pub input_mode: InputMode,
    /// Settings of the fit.
    pub hyperparameters: BTreeMap<String, String>,
    /// Whether the settings ask for regression models, which have error metrics.
    pub regression: bool,
    /// Maximum seconds of the preparation, and of the fit.
    pub max_runtime: u32,
    /// Maximum seconds of the fit including the wait for spot capacity; `None` for on-demand instances.
    pub max_wait: Option<u32>,
    /// Instances of the endpoint.
    pub endpoint: Machines,
    /// The endpoint's name; by default that of the launch.
    pub endpoint_name: Option<String>,
    /// Whether the containers have no network access; the platform's own transfers still work.
    pub network_isolation: bool,
    /// Maximum age, as an ISO 8601 duration, of a cached result of Prepare that a pipeline reuses; `None` for no caching. The
    /// platform compares the input prefix, not its objects.
    pub cache: Option<String>,
}

impl Launch {
    pub(super) fn step_name(&self, step: &str) -> String {
        format!("{}-{step}", self.name)
    }

    pub(super) fn endpoint_name(&self) -> &str {
        self.endpoint_name.as_deref().unwrap_or(&self.name)
    }

    /// The output prefix, without a trailing slash.
    pub(super) fn output(&self) -> &str {
        self.output.as_deref().unwrap_or_default().trim_end_matches('/')
    }
}
