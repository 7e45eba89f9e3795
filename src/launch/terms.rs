//! The values in requests: literals in a standalone request, expressions in a pipeline.

use serde_json::{Value, json};

use super::{
    expression::{execution, join, parameter, property},
    spec::{Launch, Step, Versions},
};

/// The output of Prepare that Fit reads.
pub(super) const CUSTOMERS: &str = "customers";

/// The output of Prepare with its reports.
pub(super) const REPORT: &str = "report";

/// The values of one launch, each a JSON string or number, or an expression for one.
pub(super) struct Terms {
    pub(super) image: Value,
    /// The run's name.
    pub(super) run: Value,
    /// The raw tables.
    pub(super) input: Value,
    /// Where Prepare writes.
    pub(super) customers: Value,
    /// Where Prepare writes its reports.
    pub(super) report: Value,
    /// Where Fit reads.
    pub(super) customers_read: Value,
    /// Where Fit writes the models.
    pub(super) models: Value,
    /// Where the endpoint reads them.
    pub(super) models_read: Value,
    /// Where Fit writes tables and reports.
    pub(super) results: Value,
    pub(super) prepare_type: Value,
    pub(super) fit_type: Value,
    pub(super) fit_instances: Value,
    pub(super) model_name: Value,
    pub(super) config_name: Value,
    pub(super) config_name_read: Value,
    pub(super) endpoint_name: Value,
    pub(super) endpoint_type: Value,
    pub(super) endpoint_instances: Value,
}

impl Terms {
    /// Literals.
    pub(super) fn of_request(launch: &Launch) -> Self {
        let output = launch.output();
        let of_run = |place: &str| Value::from(format!("{output}/{}/{place}", launch.name));
        let models = match launch.versions {
            Versions::Prefix => of_run("models/"),
            Versions::Names => format!("{output}/models/").into(),
        };
        Self {
            image: json!(launch.image),
            run: launch.name.clone().into(),
            input: json!(launch.input),
            customers: of_run("customers/"),
            report: of_run("report/"),
            customers_read: of_run("customers/"),
            models: models.clone(),
            models_read: models,
            results: of_run("results"),
            prepare_type: launch.prepare.instance_type.clone().into(),
            fit_type: launch.fit.instance_type.clone().into(),
            fit_instances: launch.fit.instances.into(),
            model_name: launch.name.clone().into(),
            config_name: launch.name.clone().into(),
            config_name_read: launch.name.clone().into(),
            endpoint_name: launch.endpoint_name().into(),
            endpoint_type: launch.endpoint.instance_type.clone().into(),
            endpoint_instances: launch.endpoint.instances.into(),
        }
    }

    /// Expressions over the pipeline's parameters, the execution and earlier steps.
    pub(super) fn of_pipeline(launch: &Launch) -> Self {
        let below_output = |places: &[Value]| join("/", &[&[parameter("OutputS3Uri")], places].concat());
        let of_run = |place: &str| below_output(&[execution(), place.into()]);
        let customers = format!("ProcessingOutputConfig.Outputs['{CUSTOMERS}'].S3Output.S3Uri");
        Self {
            image: parameter("ImageUri"),
            run: execution(),
            input: parameter("InputS3Uri"),
            customers: of_run("customers/"),
            report: of_run("report/"),
            // A reference to the step, because a cached Prepare wrote to the prefix of an earlier execution.
            customers_read: property(Step::Prepare.name(), &customers),
            models: match launch.versions {
                Versions::Prefix => of_run("models/"),
                Versions::Names => below_output(&["models/".into()]),
            },
            models_read: property(Step::Fit.name(), "CheckpointConfig.S3Uri"),
            results: of_run("results"),
            prepare_type: parameter("PrepareInstanceType"),
            fit_type: parameter("FitInstanceType"),
            fit_instances: parameter("FitInstanceCount"),
            model_name: property(Step::Model.name(), "ModelName"),
            config_name: join("-", &[launch.name.clone().into(), execution()]),
            config_name_read: property(Step::EndpointConfig.name(), "EndpointConfigName"),
            endpoint_name: parameter("EndpointName"),
            endpoint_type: parameter("EndpointInstanceType"),
            endpoint_instances: parameter("EndpointInstanceCount"),
        }
    }
}
