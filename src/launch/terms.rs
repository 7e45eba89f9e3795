//! The values in requests: literals in a standalone request; in a pipeline, expressions that each execution evaluates.

use serde_json::{Value, json};

use super::{
    channels::as_prefix,
    spec::{Launch, Step, Versions},
};

/// The output of Prepare that Fit reads.
pub(super) const CUSTOMERS: &str = "customers";

/// The output of Prepare with its reports.
pub(super) const REPORT: &str = "report";

/// The values of one launch.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) launch: &'a Launch,
    /// Whether they are expressions over the pipeline's parameters, the execution and earlier steps.
    pub(super) in_pipeline: bool,
}

/// The parameters of a pipeline, each with the first step that uses it, and its default, which is the literal in a request.
pub(super) fn parameters(launch: &Launch) -> Vec<(Step, &'static str, Value)> {
    let prefix = |place: &Option<String>| Value::from(as_prefix(place.as_deref().unwrap_or_default()));
    let mut parameters = vec![
        (Step::Prepare, "InputS3Uri", prefix(&launch.input)),
        (Step::Prepare, "OutputS3Uri", launch.output().into()),
        (Step::Prepare, "ImageUri", launch.image.as_deref().unwrap_or_default().into()),
    ];
    if !launch.prepared {
        parameters.push((Step::Prepare, "PrepareInstanceType", launch.prepare_instance_type.clone().into()));
    }
    if launch.validation.is_some() {
        parameters.push((Step::Fit, "ValidationS3Uri", prefix(&launch.validation)));
    }
    parameters.extend(launch.table_channels().map(|(_, parameter, place)| (Step::Fit, parameter, place.into())));
    parameters.extend([
        (Step::Fit, "FitInstanceType", launch.instance_type.clone().into()),
        (Step::Fit, "FitInstanceCount", launch.instances.into()),
        (Step::EndpointConfig, "EndpointInstanceType", launch.endpoint_instance_type.clone().into()),
        (Step::EndpointConfig, "EndpointInstanceCount", launch.endpoint_instances.into()),
        (Step::Endpoint, "EndpointName", launch.endpoint_name().into()),
    ]);
    parameters
}

impl Terms<'_> {
    /// A parameter of the pipeline.
    pub(super) fn parameter(self, name: &str) -> Value {
        let known = || parameters(self.launch).into_iter().find(|(_, known, _)| *known == name);
        self.expression(&format!("Parameters.{name}"), || known().expect("it is in the table").2)
    }

    /// The run's name; in a pipeline the execution's ID, twelve letters and digits.
    pub(super) fn run(self) -> Value {
        self.expression("Execution.PipelineExecutionId", || self.launch.name.clone().into())
    }

    /// A place below the run's own prefix.
    pub(super) fn of_run(self, place: &str) -> Value {
        self.join("/", &[self.parameter("OutputS3Uri"), self.run(), place.into()])
    }

    /// Where Fit writes the models.
    pub(super) fn models(self) -> Value {
        match self.launch.versions {
            Versions::Prefix => self.of_run("models/"),
            Versions::Names => self.join("/", &[self.parameter("OutputS3Uri"), "models/".into()]),
        }
    }

    /// The name of the endpoint configuration.
    pub(super) fn config_name(self) -> Value {
        let name = self.launch.name.clone().into();
        if self.in_pipeline { self.join("-", &[name, self.run()]) } else { name }
    }

    /// An output of Prepare; a reference to the step, because a cached Prepare wrote to the prefix of an earlier execution.
    pub(super) fn prepared(self, output: &str) -> Value {
        let path = format!("ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri");
        self.property(Step::Prepare, &path, self.of_run(&format!("{output}/")))
    }

    /// A property of an earlier step, which a pipeline's step waits for.
    pub(super) fn property(self, step: Step, path: &str, literal: Value) -> Value {
        self.expression(&format!("Steps.{}.{path}", step.in_pipeline().0), || literal)
    }

    fn expression(self, path: &str, literal: impl FnOnce() -> Value) -> Value {
        if self.in_pipeline { json!({ "Get": path }) } else { literal() }
    }

    fn join(self, on: &str, values: &[Value]) -> Value {
        if self.in_pipeline {
            return json!({ "Std:Join": { "On": on, "Values": values } });
        }
        values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(on).into()
    }
}
