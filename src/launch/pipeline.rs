//! A definition for SageMaker Pipelines, schema version 2020-12-01.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    requests,
    spec::{Launch, Step},
    terms::{Terms, parameters},
};

/// The whole definition.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Definition {
    version: &'static str,
    metadata: Value,
    parameters: Vec<Parameter>,
    pipeline_experiment_config: Value,
    steps: Vec<StepDefinition>,
}

/// A parameter of an execution, for `aws sagemaker start-pipeline-execution --pipeline-parameters`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    name: &'static str,
    r#type: &'static str,
    default_value: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StepDefinition {
    name: &'static str,
    r#type: &'static str,
    arguments: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_config: Option<Value>,
}

impl Definition {
    pub(super) fn new(launch: &Launch, last: Step, cache: Option<&str>) -> Self {
        let terms = Terms { launch, in_pipeline: true };
        let steps = launch.steps(last).map(|step| {
            // References to earlier steps determine the order.
            // Caching a fit would never hit, because its arguments have the execution's ID; it skips existing artifacts by itself.
            let cache = cache.filter(|_| step == Step::Prepare);
            let (name, r#type) = step.in_pipeline();
            StepDefinition {
                name,
                r#type,
                arguments: requests::arguments(terms, step),
                cache_config: cache.map(|age| json!({ "Enabled": true, "ExpireAfter": age })),
            }
        });
        let parameters = parameters(launch).into_iter().filter(|(step, ..)| *step <= last).map(|(_, name, value)| {
            Parameter { name, r#type: if value.is_string() { "String" } else { "Integer" }, default_value: value }
        });
        Self {
            version: "2020-12-01",
            metadata: json!({}),
            parameters: parameters.collect(),
            pipeline_experiment_config: json!({
                "ExperimentName": { "Get": "Execution.PipelineName" },
                "TrialName": { "Get": "Execution.PipelineExecutionId" },
            }),
            steps: steps.collect(),
        }
    }
}
