//! A definition for SageMaker Pipelines, schema version 2020-12-01.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    requests,
    spec::{Launch, Step},
    terms::Terms,
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
    pub(super) fn new(launch: &Launch, last: Step) -> Self {
        let terms = Terms::of_pipeline(launch);
        let steps = Step::ALL.into_iter().filter(|step| *step <= last).map(|step| {
            // References to earlier steps determine the order.
            // Caching a fit would never hit, because its arguments have the execution's ID; it skips existing artifacts by itself.
            let cache = launch.cache.as_ref().filter(|_| step == Step::Prepare);
            StepDefinition {
                name: step.name(),
                r#type: match step {
                    Step::Prepare => "Processing",
                    Step::Fit => "Training",
                    Step::Model => "Model",
                    Step::EndpointConfig => "EndpointConfig",
                    Step::Endpoint => "Endpoint",
                },
                arguments: requests::arguments(launch, &terms, step),
                cache_config: cache.map(|age| json!({ "Enabled": true, "ExpireAfter": age })),
            }
        });
        Self {
            version: "2020-12-01",
            metadata: json!({}),
            parameters: parameters(launch, last),
            pipeline_experiment_config: json!({
                "ExperimentName": { "Get": "Execution.PipelineName" },
                "TrialName": { "Get": "Execution.PipelineExecutionId" },
            }),
            steps: steps.collect(),
        }
    }
}

/// Parameters that the steps up to `last` use.
fn parameters(launch: &Launch, last: Step) -> Vec<Parameter> {
    let text = |name, value: &str| Parameter { name, r#type: "String", default_value: value.into() };
    let count = |name, value: u32| Parameter { name, r#type: "Integer", default_value: value.into() };
    let all = [
        (Step::Prepare, text("InputS3Uri", launch.input.as_deref().unwrap_or_default())),
        (Step::Prepare, text("OutputS3Uri", launch.output())),
        (Step::Prepare, text("ImageUri", launch.image.as_deref().unwrap_or_default())),
        (Step::Prepare, text("PrepareInstanceType", &launch.prepare.instance_type)),
        (Step::Fit, text("FitInstanceType", &launch.fit.instance_type)),
        (Step::Fit, count("FitInstanceCount", launch.fit.instances)),
        (Step::EndpointConfig, text("EndpointInstanceType", &launch.endpoint.instance_type)),
        (Step::EndpointConfig, count("EndpointInstanceCount", launch.endpoint.instances)),
        (Step::Endpoint, text("EndpointName", launch.endpoint_name())),
    ];
    all.into_iter().filter(|(step, _)| *step <= last).map(|(_, parameter)| parameter).collect()
}
