//! The platform's files in a processing container.
//!
//! Source: Amazon SageMaker developer guide, "How Amazon SageMaker Processing Configures Your Processing Container".

use std::path::PathBuf;

use serde::Deserialize;

use super::{
    config, hosts,
    paths::{Paths, Variables, process_variables, variables_below},
};
use crate::error::Result;

/// The configuration of a processing job, on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessingEnvironment {
    /// The directory of the input with the tables.
    pub input: PathBuf,
    /// The directory of the output for customers' files.
    pub customers: PathBuf,
    /// The directory of the output for rows that are set apart for validation, if the job has a place for it.
    pub validation: Option<PathBuf>,
    /// The directory of the output for reports.
    pub reports: PathBuf,
    /// A directory that is not uploaded, on the job's volume.
    pub work: PathBuf,
    /// The rank of this host, from 0.
    pub rank: usize,
    /// The number of hosts, at least 1.
    pub hosts: usize,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    processing_inputs: Option<Vec<Port>>,
    processing_output_config: Option<OutputConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct OutputConfig {
    outputs: Option<Vec<Port>>,
}

/// An input or an output.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Port {
    #[serde(alias = "InputName", alias = "OutputName")]
    name: String,
    #[serde(alias = "S3Input", alias = "S3Output")]
    s3: Option<S3Channel>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct S3Channel {
    local_path: Option<PathBuf>,
    s3_data_distribution_type: Option<String>,
}

impl ProcessingEnvironment {
    /// Reads the platform's files; `None` outside a processing container.
    ///
    /// # Errors
    /// [`Error::Settings`](crate::error::Error::Settings) for an invalid file and for ambiguous inputs or outputs.
    pub fn detect() -> Result<Option<Self>> {
        Self::detect_with(&process_variables)
    }

    /// Reads the files below a folder, without variables.
    pub(crate) fn below(base: &std::path::Path) -> Result<Option<Self>> {
        Self::detect_with(&variables_below(base))
    }

    fn detect_with(variables: Variables<'_>) -> Result<Option<Self>> {
        let paths = Paths::new(variables);
        if !paths.processing_exists() {
            return Ok(None);
        }
        let file = paths.processing_config("processingjobconfig.json");
        let job: Config = config::read(&file)?.unwrap_or_default();
        let hosts = hosts::read(|name| paths.processing_config(name))?;
        let ports = |ports: Option<Vec<Port>>| -> Vec<(String, S3Channel)> {
            ports.unwrap_or_default().into_iter().filter_map(|port| Some((port.name, port.s3?))).collect()
        };
        let mut tables = ports(job.processing_inputs);
        // The script of the SDK's processors is an input as well.
        tables.retain(|(name, _)| name != "code");
        let local_path = |channel: &S3Channel| channel.local_path.as_deref().map(|path| paths.relocate(path));
        let input = match &tables[..] {
            [] => paths.processing().join("input"),
            [(_, only)] => local_path(only).unwrap_or_else(|| paths.processing().join("input")),
            _ => {
                let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
                let complaint = format!(
                    "several inputs ({}): keep one, or say with --input and --output which is meant",
                    names.join(", ")
                );
                return Err(config::invalid(&file, complaint));
            }
        };
        let sharded =
            |(_, channel): &(String, S3Channel)| channel.s3_data_distribution_type.as_deref() == Some("ShardedByS3Key");
        if hosts.count > 1 && tables.iter().any(sharded) {
            let complaint = "the input is ShardedByS3Key, so a customer's rows may be on several hosts: make it FullyReplicated, \
                             and each host takes its own customers from it";
            return Err(config::invalid(&file, complaint));
        }
        let outputs = ports(job.processing_output_config.and_then(|config| config.outputs));
        let outputs: Vec<(String, PathBuf)> =
            outputs.into_iter().filter_map(|(name, channel)| Some((name, local_path(&channel)?))).collect();
        let named = |wanted: &str| outputs.iter().find(|(name, _)| name == wanted).map(|(_, path)| path.clone());
        let of_one = |all: PathBuf| (all.join("customers"), Some(all.join("validation")), all);
        let (customers, validation, reports) = match (named("customers"), named("report"), &outputs[..]) {
            (Some(customers), Some(reports), _) => (customers, named("validation"), reports),
            (None, None, [(_, only)]) => of_one(only.clone()),
            (None, None, []) => of_one(paths.processing().join("output")),
            _ => {
                let complaint =
                    "the outputs must be one, or two that are called customers and report, or these and validation";
                return Err(config::invalid(&file, complaint));
            }
        };
        let work = paths.processing().join("work");
        Ok(Some(Self { input, customers, validation, reports, work, rank: hosts.rank, hosts: hosts.count }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const JOB: &str = r#"{"ProcessingJobArn":"a","ProcessingJobName":"b",
        "AppSpecification":{"ImageUri":"i","ContainerEntrypoint":null,"ContainerArguments":null},"Environment":{"KEY":"VALUE"},
        "ProcessingInputs":[{"InputName":"input-1","S3Input":{"LocalPath":"/opt/ml/processing/input/dataset","S3Uri":"s3://b/raw",
          "S3DataDistributionType":"FullyReplicated","S3DataType":"S3Prefix","S3InputMode":"File","S3CompressionType":"None",
          "S3DownloadMode":"StartOfJob"}}],
        "ProcessingOutputConfig":{"Outputs":[OUTPUTS],"KmsKeyId":null},
        "ProcessingResources":{"ClusterConfig":{"InstanceCount":1,"InstanceType":"ml.m5.xlarge","VolumeSizeInGB":30}},
        "RoleArn":"r","StoppingCondition":{"MaxRuntimeInSeconds":86400}}"#;

    fn output(name: &str) -> String {
        format!(
            r#"{{"OutputName":"{name}","S3Output":{{"LocalPath":"/opt/ml/processing/output/{name}","S3Uri":"s3://b/{name}",
                "S3UploadMode":"EndOfJob"}}}}"#
        )
    }

    fn detect(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Option<ProcessingEnvironment>>) {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("config")).unwrap();
        for (name, text) in files {
            fs::write(base.path().join("config").join(name), text).unwrap();
        }
        let root = base.path().to_str().unwrap().to_owned();
        let detected = ProcessingEnvironment::detect_with(&|_| Some(root.clone()));
        (base, detected)
    }

    #[test]
    fn a_job_of_three_hosts_with_two_outputs() {
        let job = JOB.replace("OUTPUTS", &[output("report"), output("customers")].join(","));
        let hosts = r#"{"current_host":"algo-2","hosts":["algo-1","algo-2","algo-3"]}"#;
        let (base, detected) = detect(&[("processingjobconfig.json", &job), ("resourceconfig.json", hosts)]);
        let processing = base.path().join("processing");
        let expected = ProcessingEnvironment {
            input: processing.join("input/dataset"),
            customers: processing.join("output/customers"),
            validation: None,
            reports: processing.join("output/report"),
            work: processing.join("work"),
            rank: 1,
            hosts: 3,
        };
        assert_eq!(detected.unwrap(), Some(expected));
    }

    #[test]
    fn a_third_output_is_for_validation() {
        let job = JOB.replace("OUTPUTS", &["customers", "validation", "report"].map(output).join(","));
        let (base, detected) = detect(&[("processingjobconfig.json", &job)]);
        let environment = detected.unwrap().unwrap();
        assert_eq!(environment.validation, Some(base.path().join("processing/output/validation")));
        assert_eq!(environment.customers, base.path().join("processing/output/customers"));
    }

    #[test]
    fn one_output_holds_all_and_none_is_the_usual_place() {
        let (base, detected) = detect(&[("processingjobconfig.json", &JOB.replace("OUTPUTS", &output("out")))]);
        let environment = detected.unwrap().unwrap();
        assert_eq!(environment.customers, base.path().join("processing/output/out/customers"));
        assert_eq!(environment.validation, Some(base.path().join("processing/output/out/validation")));
        assert_eq!(environment.reports, base.path().join("processing/output/out"));
        let (base, detected) = detect(&[("processingjobconfig.json", "{}")]);
        let environment = detected.unwrap().unwrap();
        assert_eq!(environment.input, base.path().join("processing/input"));
        assert_eq!(environment.customers, base.path().join("processing/output/customers"));
        assert_eq!((environment.rank, environment.hosts), (0, 1));
    }

    #[test]
    fn what_would_lose_rows_or_is_not_clear_is_refused() {
        let hosts = ("resourceconfig.json", r#"{"current_host":"algo-1","hosts":["algo-1","algo-2"]}"#);
        let sharded = JOB.replace("OUTPUTS", &output("out")).replace("FullyReplicated", "ShardedByS3Key");
        let (_base, detected) = detect(&[("processingjobconfig.json", &sharded), hosts]);
        assert!(detected.unwrap_err().to_string().contains("FullyReplicated"));
        let (_base, detected) = detect(&[("processingjobconfig.json", &sharded)]);
        assert!(detected.is_ok(), "one host has all of it");
        let odd = JOB.replace("OUTPUTS", &[output("a"), output("b")].join(","));
        let (_base, detected) = detect(&[("processingjobconfig.json", &odd)]);
        assert!(detected.unwrap_err().to_string().contains("customers and report"));
    }

    #[test]
    fn a_training_container_and_a_laptop_are_none() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().to_str().unwrap().to_owned();
        assert_eq!(ProcessingEnvironment::detect_with(&|_| Some(root.clone())).unwrap(), None);
    }
}
