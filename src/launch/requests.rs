//! The arguments of each API request, without the names that a pipeline assigns.

use serde_json::{Value, json};

use super::{
    channels::{CUSTOMERS_CHANNEL, Distribution, channel},
    metrics,
    spec::{InputMode, Step, Versions},
    terms::{CUSTOMERS, REPORT, Terms},
};
use crate::sagemaker::{Paths, VALIDATION};

/// Retries of a job after a platform error; a fit resumes where it was.
const ATTEMPTS: u32 = 3;

pub(super) fn arguments(terms: Terms<'_>, step: Step) -> Value {
    match step {
        Step::Prepare => prepare(terms),
        Step::Fit => fit(terms),
        Step::Model => model(terms),
        Step::EndpointConfig => endpoint_config(terms),
        Step::Endpoint => json!({
            "EndpointName": terms.parameter("EndpointName"),
            "EndpointConfigName": terms.property(Step::EndpointConfig, "EndpointConfigName", terms.config_name()),
        }),
    }
}

fn prepare(terms: Terms<'_>) -> Value {
    let launch = terms.launch;
    // Only arguments: the image's entry point is the program.
    let arguments = [&["prepare".to_owned()], &launch.prepare_argument[..]].concat();
    let names = [Some(CUSTOMERS), launch.splits.then_some(VALIDATION), Some(REPORT)];
    let outputs: Vec<Value> =
        names.into_iter().flatten().map(|name| output(name, &terms.of_run(&format!("{name}/")))).collect();
    let mut request = json!({
        "RoleArn": launch.role,
        "AppSpecification": { "ImageUri": terms.parameter("ImageUri"), "ContainerArguments": arguments },
        "ProcessingResources": { "ClusterConfig": {
            "InstanceType": terms.parameter("PrepareInstanceType"),
            "InstanceCount": launch.prepare_instances,
            "VolumeSizeInGB": launch.prepare_volume,
        } },
        // Every instance reads all rows and keeps those of its customers: distributing the files would split customers.
        "ProcessingInputs": [{ "InputName": "raw", "AppManaged": false, "S3Input": {
            "S3Uri": terms.parameter("InputS3Uri"),
            "LocalPath": Paths::of_platform().processing().join("input/raw"),
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        } }],
        "ProcessingOutputConfig": { "Outputs": outputs },
        "StoppingCondition": { "MaxRuntimeInSeconds": launch.max_runtime },
    });
    if launch.network_isolation {
        request["NetworkConfig"] = json!({ "EnableNetworkIsolation": true });
    }
    request
}

fn output(name: &str, place: &Value) -> Value {
    json!({ "OutputName": name, "AppManaged": false, "S3Output": {
        "S3Uri": place,
        "LocalPath": Paths::of_platform().processing().join("output").join(name),
        "S3UploadMode": "EndOfJob",
    } })
}

fn fit(terms: Terms<'_>) -> Value {
    let launch = terms.launch;
    let mut hyperparameters = json!(launch.hyperparameters);
    if !launch.hyperparameters.contains_key("version") {
        hyperparameters["version"] = terms.run();
    }
    if launch.versions == Versions::Names {
        hyperparameters["artifact_name"] = "{version}/{customer}.tar.gz".into();
    }
    let mut stopping = json!({ "MaxRuntimeInSeconds": launch.max_runtime });
    let mut request = json!({
        "RoleArn": launch.role,
        "AlgorithmSpecification": {
            "TrainingImage": terms.parameter("ImageUri"),
            "TrainingInputMode": launch.input_mode,
            "MetricDefinitions": metrics::definitions(launch),
        },
        "HyperParameters": hyperparameters,
        "InputDataConfig": channels(terms),
        "OutputDataConfig": { "S3OutputPath": terms.of_run("results") },
        "CheckpointConfig": { "S3Uri": terms.models(), "LocalPath": Paths::of_platform().checkpoints() },
        "ResourceConfig": {
            "InstanceType": terms.parameter("FitInstanceType"),
            "InstanceCount": terms.parameter("FitInstanceCount"),
            "VolumeSizeInGB": launch.volume,
        },
        "RetryStrategy": { "MaximumRetryAttempts": ATTEMPTS },
        "ProfilerConfig": { "DisableProfiler": true },
    });
    if let Some(max_wait) = launch.max_wait() {
        request["EnableManagedSpotTraining"] = true.into();
        stopping["MaxWaitTimeInSeconds"] = max_wait.into();
    }
    if launch.network_isolation {
        request["EnableNetworkIsolation"] = true.into();
    }
    request["StoppingCondition"] = stopping;
    request
}

fn channels(terms: Terms<'_>) -> Vec<Value> {
    let launch = terms.launch;
    let customers = if launch.prepared { terms.parameter("InputS3Uri") } else { terms.prepared(CUSTOMERS) };
    let mut channels = vec![channel(CUSTOMERS_CHANNEL, launch.input_mode, &customers, Distribution::Sharded)];
    let given = launch.validation.as_ref().map(|_| terms.parameter("ValidationS3Uri"));
    if let Some(place) = given.or_else(|| launch.splits.then(|| terms.prepared(VALIDATION))) {
        // The platform shares out each channel by itself: each instance gets all validation rows and reads those of its customers.
        channels.push(channel(VALIDATION, launch.input_mode, &place, Distribution::Replicated));
    }
    for (name, parameter, _) in launch.table_channels() {
        channels.push(channel(name, InputMode::File, &terms.parameter(parameter), Distribution::Replicated));
    }
    channels
}

fn model(terms: Terms<'_>) -> Value {
    let mut request = json!({
        "ExecutionRoleArn": terms.launch.role,
        "PrimaryContainer": {
            "Image": terms.parameter("ImageUri"),
            "Mode": "MultiModel",
            "ModelDataUrl": terms.property(Step::Fit, "CheckpointConfig.S3Uri", terms.models()),
            "MultiModelConfig": { "ModelCacheSetting": "Enabled" },
        },
    });
    if terms.launch.network_isolation {
        request["EnableNetworkIsolation"] = true.into();
    }
    request
}

fn endpoint_config(terms: Terms<'_>) -> Value {
    json!({
        "EndpointConfigName": terms.config_name(),
        "ProductionVariants": [{
            "VariantName": "AllTraffic",
            "ModelName": terms.property(Step::Model, "ModelName", terms.launch.name.clone().into()),
            "InstanceType": terms.parameter("EndpointInstanceType"),
            "InitialInstanceCount": terms.parameter("EndpointInstanceCount"),
            "InitialVariantWeight": 1.0,
        }],
    })
}
