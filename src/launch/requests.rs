//! The arguments of each API request, without the names that a pipeline assigns.

use serde_json::{Value, json};

use super::{
    metrics,
    spec::{InputMode, Launch, Step, Versions},
    terms::{CUSTOMERS, REPORT, Terms},
};
use crate::sagemaker::Paths;

/// Retries of a job after a platform error; a fit resumes where it was.
const ATTEMPTS: u32 = 3;

pub(super) fn arguments(launch: &Launch, terms: &Terms, step: Step) -> Value {
    match step {
        Step::Prepare => prepare(launch, terms),
        Step::Fit => fit(launch, terms),
        Step::Model => model(launch, terms),
        Step::EndpointConfig => endpoint_config(terms),
        Step::Endpoint => json!({
            "EndpointName": terms.endpoint_name,
            "EndpointConfigName": terms.config_name_read,
        }),
    }
}

fn prepare(launch: &Launch, terms: &Terms) -> Value {
    // Only arguments: the image's entry point is the program.
    let arguments: Vec<&str> =
        std::iter::once("prepare").chain(launch.prepare_arguments.iter().map(String::as_str)).collect();
    let mut request = json!({
        "RoleArn": launch.role,
        "AppSpecification": { "ImageUri": terms.image, "ContainerArguments": arguments },
        "ProcessingResources": { "ClusterConfig": {
            "InstanceType": terms.prepare_type,
            "InstanceCount": launch.prepare.instances,
            "VolumeSizeInGB": launch.prepare.volume,
        } },
        // Every instance reads all rows and keeps those of its customers: distributing the files would split customers.
        "ProcessingInputs": [{ "InputName": "raw", "AppManaged": false, "S3Input": {
            "S3Uri": terms.input,
            "LocalPath": Paths::of_platform().processing().join("input/raw"),
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        } }],
        "ProcessingOutputConfig": { "Outputs": [
            output(CUSTOMERS, &terms.customers),
            output(REPORT, &terms.report),
        ] },
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

fn fit(launch: &Launch, terms: &Terms) -> Value {
    let mode = match launch.input_mode {
        InputMode::FastFile => "FastFile",
        InputMode::File => "File",
    };
    let mut hyperparameters: serde_json::Map<String, Value> =
        launch.hyperparameters.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    hyperparameters.entry("version").or_insert_with(|| terms.run.clone());
    if launch.versions == Versions::Names {
        hyperparameters.insert("artifact_name".into(), "{version}/{customer}.tar.gz".into());
    }
    let mut stopping = json!({ "MaxRuntimeInSeconds": launch.max_runtime });
    let mut request = json!({
        "RoleArn": launch.role,
        "AlgorithmSpecification": {
            "TrainingImage": terms.image,
            "TrainingInputMode": mode,
            "MetricDefinitions": metrics::definitions(launch.regression),
        },
        "HyperParameters": hyperparameters,
        "InputDataConfig": [{
            "ChannelName": "training",
            "InputMode": mode,
            "DataSource": { "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": terms.customers_read,
                "S3DataDistributionType": "ShardedByS3Key",
            } },
        }],
        "OutputDataConfig": { "S3OutputPath": terms.results },
        "CheckpointConfig": { "S3Uri": terms.models, "LocalPath": Paths::of_platform().checkpoints() },
        "ResourceConfig": {
            "InstanceType": terms.fit_type,
            "InstanceCount": terms.fit_instances,
            "VolumeSizeInGB": launch.fit.volume,
        },
        "RetryStrategy": { "MaximumRetryAttempts": ATTEMPTS },
        "ProfilerConfig": { "DisableProfiler": true },
    });
    if let Some(max_wait) = launch.max_wait {
        request["EnableManagedSpotTraining"] = true.into();
        stopping["MaxWaitTimeInSeconds"] = max_wait.into();
    }
    if launch.network_isolation {
        request["EnableNetworkIsolation"] = true.into();
    }
    request["StoppingCondition"] = stopping;
    request
}

fn model(launch: &Launch, terms: &Terms) -> Value {
    let mut request = json!({
        "ExecutionRoleArn": launch.role,
        "PrimaryContainer": {
            "Image": terms.image,
            "Mode": "MultiModel",
            "ModelDataUrl": terms.models_read,
            "MultiModelConfig": { "ModelCacheSetting": "Enabled" },
        },
    });
    if launch.network_isolation {
        request["EnableNetworkIsolation"] = true.into();
    }
    request
}

fn endpoint_config(terms: &Terms) -> Value {
    json!({
        "EndpointConfigName": terms.config_name,
        "ProductionVariants": [{
            "VariantName": "AllTraffic",
            "ModelName": terms.model_name,
            "InstanceType": terms.endpoint_type,
            "InitialInstanceCount": terms.endpoint_instances,
            "InitialVariantWeight": 1.0,
        }],
    })
}
