//! Requests that start the platform's jobs, as the JSON that its API takes.
//!
//! ```text
//! raw tables ─► Prepare ─► customers/ ─► Fit ─► models/ ─► Model ─► EndpointConfig ─► Endpoint
//!               Processing               Training, spot    the same prefix, loaded model by model
//! ```
//!
//! [`Launch`] is what the user asks for. [`Launch::request`] makes one API request of it, and [`Launch::pipeline`] a definition
//! of SageMaker Pipelines with the same requests as its steps; what is a literal in the one is an expression in the other. Every
//! limit that the API's own description states is checked first, so that a fault is told here and not after the upload.
//!
//! Three things are the same everywhere, because the rest stands on them:
//!
//! - the checkpoint prefix ends in a slash and is the endpoint's model prefix: artifacts appear there while the job runs. Without
//!   the slash it is a plain prefix of text, and `…/models-old/` would be restored with `…/models`;
//! - the training channel is `ShardedByS3Key`: no instance sees the customers of another;
//! - there is no `DebugHookConfig`, which the SageMaker Python SDK adds unasked and which writes beside the models.
//!
//! Sources: the API description of botocore; the pipeline definitions that the SageMaker Python SDK 2 writes; Amazon SageMaker
//! developer guide, "Default cache key attributes by pipeline step type".

mod expression;
mod limits;
mod metrics;
mod pipeline;
mod requests;
mod terms;

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::error::Result;
use terms::Terms;

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
    /// One request, for `aws sagemaker create-… --cli-input-json`.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) with every limit of the API that would be broken.
    pub fn request(&self, step: Step) -> Result<Value> {
        limits::check_request(self, step)?;
        let terms = Terms::of_request(self);
        let mut request = requests::arguments(self, &terms, step);
        let (key, name) = match step {
            Step::Prepare => ("ProcessingJobName", self.step_name("prepare")),
            Step::Fit => ("TrainingJobName", self.step_name("fit")),
            Step::Model => ("ModelName", self.name.clone()),
            // These two have their names in any case.
            Step::EndpointConfig | Step::Endpoint => return Ok(request),
        };
        request[key] = name.into();
        Ok(request)
    }

    /// A pipeline definition with the steps up to `last`.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) with every limit of the API that would be broken.
    pub fn pipeline(&self, last: Step) -> Result<impl serde::Serialize + use<>> {
        limits::check_pipeline(self, last)?;
        let definition = pipeline::Definition::new(self, last);
        limits::check_definition(&definition)?;
        Ok(definition)
    }

    /// The pipeline as one request, for `aws sagemaker create-pipeline --cli-input-json`, and `update-pipeline`.
    ///
    /// # Errors
    /// As [`Self::pipeline`].
    pub fn pipeline_request(&self, last: Step) -> Result<Value> {
        let definition = serde_json::to_string(&self.pipeline(last)?).expect("plain data has a JSON form");
        Ok(json!({ "PipelineName": self.name, "RoleArn": self.role, "PipelineDefinition": definition }))
    }

    fn step_name(&self, step: &str) -> String {
        format!("{}-{step}", self.name)
    }

    fn endpoint_name(&self) -> &str {
        self.endpoint_name.as_deref().unwrap_or(&self.name)
    }

    /// The prefix for everything, without its slash.
    fn output(&self) -> &str {
        self.output.as_deref().unwrap_or_default().trim_end_matches('/')
    }
}
