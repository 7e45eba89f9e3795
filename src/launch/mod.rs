//! Requests to the SageMaker API that start jobs and endpoints, as JSON.
//!
//! ```text
//! raw tables ─► Prepare ─► customers/ ─► Fit ─► models/ ─► Model ─► EndpointConfig ─► Endpoint
//!               Processing               Training, spot    the same prefix, loaded model by model
//! ```
//!
//! [`Launch`] describes what to launch. [`Launch::request`] builds one API request from it, and [`Launch::pipeline`] a SageMaker
//! Pipelines definition with the same requests as steps; literals of the one are expressions in the other. The limits of
//! the API are checked first, so that errors come before an upload.
//!
//! Three invariants:
//!
//! - the checkpoint prefix ends in a slash and is the endpoint's model prefix: artifacts appear there while the job runs. Without
//!   the slash, `…/models` would also match `…/models-old/`;
//! - the training channel is `ShardedByS3Key`: no instance sees the customers of another;
//! - there is no `DebugHookConfig`, which the SageMaker Python SDK adds by default and which writes into the models' prefix.
//!
//! Sources: the API description of botocore; the pipeline definitions that the SageMaker Python SDK 2 writes; Amazon SageMaker
//! developer guide, "Default cache key attributes by pipeline step type".

mod channels;
mod limits;
mod metrics;
mod pipeline;
mod requests;
mod spec;
mod terms;

pub use spec::{Launch, Step};

use serde_json::{Value, json};

use crate::error::Result;
use terms::Terms;

impl Launch {
    /// One request, for `aws sagemaker create-… --cli-input-json`.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) that lists every violated limit of the API.
    pub fn request(&self, step: Step) -> Result<Value> {
        limits::check_request(self, step)?;
        let mut request = requests::arguments(Terms { launch: self, in_pipeline: false }, step);
        let (key, name) = match step {
            Step::Prepare => ("ProcessingJobName", format!("{}-prepare", self.name)),
            Step::Fit => ("TrainingJobName", format!("{}-fit", self.name)),
            Step::Model => ("ModelName", self.name.clone()),
            // The arguments of these two include their names.
            Step::EndpointConfig | Step::Endpoint => return Ok(request),
        };
        request[key] = name.into();
        Ok(request)
    }

    /// A pipeline definition with the steps up to `last`. `cache`: the maximum age, as an ISO 8601 duration, of a result of
    /// Prepare that it reuses; the platform compares the input prefix, not its objects.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) that lists every violated limit of the API.
    pub fn pipeline(&self, last: Step, cache: Option<&str>) -> Result<impl serde::Serialize + use<>> {
        limits::check_pipeline(self, last, cache)?;
        let definition = pipeline::Definition::new(self, last, cache);
        let length = serde_json::to_string(&definition).expect("plain data has a JSON form").len();
        limits::check_definition(length)?;
        Ok(definition)
    }

    /// The pipeline as one request, for `aws sagemaker create-pipeline --cli-input-json`, and `update-pipeline`.
    ///
    /// # Errors
    /// As [`Self::pipeline`].
    pub fn pipeline_request(&self, last: Step, cache: Option<&str>) -> Result<Value> {
        let definition = serde_json::to_string(&self.pipeline(last, cache)?).expect("plain data has a JSON form");
        Ok(json!({ "PipelineName": self.name, "RoleArn": self.role, "PipelineDefinition": definition }))
    }
}
