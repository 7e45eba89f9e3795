//! The options of `pipeline` and `job`.

use super::{prepare::Prepare, settings_options::assignments};
use crate::{
    error::{Error, Result},
    launch::{InputMode, Launch, Machines, Versions},
    settings::{Settings, Task, merge},
};
use clap::{Args, Parser};

/// What to launch, and on which instances.
#[derive(Args)]
pub(super) struct LaunchOptions {
    /// ARN of the role of the jobs and the endpoint
    #[arg(long, value_name = "ARN")]
    role: Option<String>,

    /// Address of the container image
    #[arg(long, value_name = "URI")]
    image: Option<String>,

    /// S3 prefix of the raw tables
    #[arg(long, value_name = "S3")]
    input: Option<String>,

    /// S3 prefix for all results
    #[arg(long, value_name = "S3")]
    output: Option<String>,

    /// Setting of the fit, such as horizon=8; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Number of instances for training
    #[arg(long, value_name = "N", default_value_t = 1)]
    instances: u32,

    /// Instance type for training
    #[arg(long, value_name = "TYPE", default_value = "ml.c5.xlarge")]
    instance_type: String,

    /// Disk size per instance for training, in GB
    #[arg(long, value_name = "GB", default_value_t = 30)]
    volume: u32,

    /// How instances read the customers' files
    #[arg(long, value_enum, default_value_t = InputMode::FastFile)]
    input_mode: InputMode,

    /// Maximum seconds of the preparation, and of training
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    max_runtime: u32,

    /// Maximum seconds of training including the wait for spot capacity [default: twice --max-runtime]
    #[arg(long, value_name = "SECONDS", conflicts_with = "on_demand")]
    max_wait: Option<u32>,

    /// Train on on-demand instances instead of spot capacity
    #[arg(long)]
    on_demand: bool,

    /// Number of instances for the preparation
    #[arg(long, value_name = "N", default_value_t = 1)]
    prepare_instances: u32,

    /// Instance type for the preparation
    #[arg(long, value_name = "TYPE", default_value = "ml.m5.xlarge")]
    prepare_instance_type: String,

    /// Disk size per instance for the preparation, in GB; must hold the raw tables
    #[arg(long, value_name = "GB", default_value_t = 100)]
    prepare_volume: u32,

    /// Option for `manyfit prepare`, such as --prepare-argument=--format=csv; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    prepare_argument: Vec<String>,

    /// Name of the endpoint [default: --name]
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Number of instances for serving
    #[arg(long, value_name = "N", default_value_t = 2)]
    endpoint_instances: u32,

    /// Instance type for serving
    #[arg(long, value_name = "TYPE", default_value = "ml.m5.large")]
    endpoint_instance_type: String,

    /// How the models of different runs are kept apart
    #[arg(long, value_enum, default_value_t = Versions::Prefix)]
    versions: Versions,

    /// Disable network access of the containers; the platform's own transfers still work
    #[arg(long)]
    network_isolation: bool,
}

impl LaunchOptions {
    /// The launch; settings of the fit are checked as the fit itself will, and options of the preparation likewise.
    pub(super) fn into_launch(self, name: String, cache: Option<String>) -> Result<Launch> {
        check_preparation(&self.prepare_argument)?;
        let hyperparameters =
            merge(&[assignments(&self.set)?]).map_err(|fault| Error::Settings(format!("setting {fault}")))?;
        let task = Settings::from_text(&hyperparameters)?.task;
        Ok(Launch {
            name,
            role: self.role,
            image: self.image,
            input: self.input,
            output: self.output,
            versions: self.versions,
            prepare: Machines {
                instance_type: self.prepare_instance_type,
                instances: self.prepare_instances,
                volume: self.prepare_volume,
            },
            prepare_arguments: self.prepare_argument,
            fit: Machines { instance_type: self.instance_type, instances: self.instances, volume: self.volume },
            input_mode: self.input_mode,
            hyperparameters,
            regression: matches!(task, Task::Regression(_)),
            max_runtime: self.max_runtime,
            max_wait: (!self.on_demand).then(|| self.max_wait.unwrap_or(self.max_runtime.saturating_mul(2))),
            endpoint: Machines {
                instance_type: self.endpoint_instance_type,
                instances: self.endpoint_instances,
                volume: 0,
            },
            endpoint_name: self.endpoint,
            network_isolation: self.network_isolation,
            cache,
        })
    }
}

/// A command line of `manyfit prepare`.
#[derive(Parser)]
struct Preparation {
    #[command(flatten)]
    prepare: Prepare,
}

/// Checks options of the preparation as the job itself will.
fn check_preparation(arguments: &[String]) -> Result<()> {
    let refused = |complaint: &str| Error::Settings(format!("--prepare-argument: {complaint}"));
    let line = ["manyfit prepare"].into_iter().chain(arguments.iter().map(String::as_str));
    match Preparation::try_parse_from(line) {
        Ok(Preparation { prepare }) => prepare.check_for_job().map_err(|error| refused(&error.to_string())),
        Err(error) if !error.use_stderr() => Err(refused("a job does not ask for help")),
        Err(error) => {
            let text = error.to_string();
            // What is wrong and what was perhaps meant, without the usage.
            let told: Vec<&str> =
                text.split("\n\n").take_while(|part| !part.starts_with("Usage")).map(str::trim).collect();
            Err(refused(told.join("; ").trim_start_matches("error: ")))
        }
    }
}
