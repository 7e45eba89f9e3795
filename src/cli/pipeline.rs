//! `manyfit pipeline`: the whole road as a definition for SageMaker Pipelines.

use super::{launch::LaunchOptions, output::print_json};
use crate::{error::Result, launch::Step};
use clap::Args;

/// Print a SageMaker pipeline: Prepare, Fit, Model, EndpointConfig, Endpoint.
///
///   manyfit pipeline --name energy --role arn:aws:iam::123456789012:role/manyfit \
///     --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/manyfit:0.1.0 \
///     --input s3://bucket/raw/ --output s3://bucket/energy --instances 10 --set horizon=7 \
///     --request > pipeline.json
///   aws sagemaker create-pipeline --cli-input-json file://pipeline.json
///   aws sagemaker start-pipeline-execution --pipeline-name energy
///
/// Addresses, the image, instance types and counts, and the endpoint's name are parameters of the
/// pipeline, which an execution may be given anew. The same options print the same text.
///
/// An endpoint keeps artifacts in its cache, so a new model must not take the name of an old one.
/// --versions says what is new:
///
///   prefix  Each execution writes to {output}/{execution}/models/ and makes a model and an
///           endpoint configuration over it. An endpoint that exists is moved there as a whole,
///           and can be moved back: `--until endpoint-config`, then `aws sagemaker
///           update-endpoint --endpoint-name NAME --endpoint-config-name {name}-{execution}`.
///   names   All executions write to {output}/models/, below it {execution}/{customer}.tar.gz.
///           The endpoint stays as it is and clients ask for the new names: `--until fit` after
///           the first time. Each instance gets all versions before it fits: delete old ones.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Pipeline {
    /// Name of the pipeline, with which those of its endpoint configurations begin
    #[arg(long)]
    name: String,

    #[command(flatten)]
    launch: LaunchOptions,

    /// The last step
    #[arg(long, value_enum, value_name = "STEP", default_value_t = Step::Endpoint)]
    until: Step,

    /// Take over what Prepare made of the same input prefix up to so long ago, such as P7D; the platform compares the
    /// prefix and the options, not the tables: only for prefixes that are written once
    #[arg(long, value_name = "DURATION")]
    cache: Option<String>,

    /// Print a whole request for create-pipeline and update-pipeline, with the definition inside
    #[arg(long)]
    request: bool,
}

impl Pipeline {
    pub(super) fn run(self) -> Result<()> {
        let launch = self.launch.into_launch(self.name, self.cache)?;
        let last = self.until;
        if self.request { print_json(&launch.pipeline_request(last)?) } else { print_json(&launch.pipeline(last)?) }
    }
}
