//! `manyfit job`: one step as a single API request.

use super::{launch::LaunchOptions, output::print_json};
use crate::{error::Result, launch::Step};
use clap::Args;

/// Print one SageMaker API request, to launch without a pipeline
///
///   launch=(--name energy-2026-11-22 --role arn:aws:iam::123456789012:role/manyfit
///     --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/manyfit:0.1.0
///     --input s3://bucket/raw/ --output s3://bucket/energy --instances 10 --set horizon=7)
///   manyfit job prepare "${launch[@]}" > prepare.json
///   aws sagemaker create-processing-job --cli-input-json file://prepare.json
///   manyfit job fit "${launch[@]}" > fit.json
///   aws sagemaker create-training-job --cli-input-json file://fit.json
///
/// | step            | for aws sagemaker                  | named                                  |
/// | prepare         | create-processing-job              | {name}-prepare                         |
/// | fit             | create-training-job                | {name}-fit                             |
/// | model           | create-model                       | {name}                                 |
/// | endpoint-config | create-endpoint-config             | {name}                                 |
/// | endpoint        | create-endpoint or update-endpoint | --endpoint; its configuration is {name} |
///
/// All steps take the same options and use those that they need. Each step reads what the previous one wrote
/// below {output}/{name}/. Names must be unique; --versions is explained in `manyfit pipeline --help`.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Job {
    /// Step to print
    #[arg(value_enum)]
    step: Step,

    #[command(flatten)]
    launch: LaunchOptions,
}

impl Job {
    pub(super) fn run(self) -> Result<()> {
        print_json(&self.launch.into_launch()?.request(self.step)?)
    }
}
