//! `manyfit pipeline`: all steps as a SageMaker Pipelines definition.

use super::{launch::LaunchOptions, output::print_json};
use crate::{error::Result, launch::Step};
use clap::Args;

/// Print a SageMaker pipeline: Prepare, Fit, Model, EndpointConfig, Endpoint
///
///   manyfit pipeline --name energy --role arn:aws:iam::123456789012:role/manyfit \
///     --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/manyfit:0.1.0 \
///     --input s3://bucket/raw/ --output s3://bucket/energy --instances 10 --set horizon=7 \
///     --request > pipeline.json
///   aws sagemaker create-pipeline --cli-input-json file://pipeline.json
///   aws sagemaker start-pipeline-execution --pipeline-name energy
///
/// S3 prefixes, the image, instance types and counts, and the endpoint's name are parameters of
/// the pipeline, which each execution can override. The output is deterministic.
///
/// An endpoint caches artifacts by name, so a new model needs a new name. --versions says which
/// part of the name is new:
///
///   prefix  Each execution writes to {output}/{execution}/models/ and creates a model and an
///           endpoint configuration for it. An existing endpoint is switched over as a whole,
///           and can be switched back: `--until endpoint-config`, then `aws sagemaker
///           update-endpoint --endpoint-name NAME --endpoint-config-name {name}-{execution}`.
///   names   All executions write to {output}/models/{execution}/{customer}.tar.gz. The endpoint
///           is not changed and clients ask for the new names: use `--until fit` after the first
///           execution. Each instance downloads all versions before it fits: delete old ones.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Pipeline {
    #[command(flatten)]
    launch: LaunchOptions,

    /// Last step
    #[arg(long, value_enum, value_name = "STEP", default_value_t = Step::Endpoint)]
    until: Step,

    /// Reuse a result of Prepare for the same input prefix up to this age, such as P7D. The platform compares the prefix
    /// and the options, not the tables: use it only for prefixes that are written once
    #[arg(long, value_name = "DURATION", conflicts_with = "prepared")]
    cache: Option<String>,

    /// Print a request for create-pipeline and update-pipeline that contains the definition
    #[arg(long)]
    request: bool,
}

impl Pipeline {
    pub(super) fn run(self) -> Result<()> {
        let (launch, cache) = (self.launch.into_launch()?, self.cache.as_deref());
        if self.request {
            print_json(&launch.pipeline_request(self.until, cache)?)
        } else {
            print_json(&launch.pipeline(self.until, cache)?)
        }
    }
}
