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
mod spec;
mod terms;

pub use spec::{InputMode, Launch, Machines, Step, Versions};

use serde_json::{Value, json};

use crate::error::Result;
use terms::Terms;

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
        let length = serde_json::to_string(&definition).expect("plain data has a JSON form").len();
        limits::check_definition(length)?;
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
}
