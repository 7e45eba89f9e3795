//! The contract of a SageMaker container: the only module that knows the platform's paths, files and environment variables.
//!
//! | what | where (below `/opt/ml`, or below `SAGEMAKER_BASE_DIR`) |
//! |---|---|
//! | settings | `input/config/hyperparameters.json`, in the format of any client |
//! | customers | `input/data/<channel>`, named by `input/config/inputdataconfig.json` |
//! | rank of this host | `input/config/resourceconfig.json` |
//! | models | the `LocalPath` of `input/config/checkpointconfig.json`, uploaded one by one while the job runs; without it `model` |
//! | results | `output/data`, uploaded as one archive when the job ends |
//! | a processing job | `config/processingjobconfig.json`, `config/resourceconfig.json`, `processing/…`, `output/message` |
//! | why the job failed | `output/failure`, first 1,024 characters |
//!
//! A file that is absent, empty or `null` counts as not given. Unknown keys are ignored, because the platform adds some
//! every year. The requests that start such containers are in [`launch`](crate::launch).
//!
//! Sources: Amazon SageMaker developer guide, "How Amazon SageMaker provides training information";
//! aws/sagemaker-training-toolkit; aws/sagemaker-xgboost-container.

mod channels;
mod checkpoints;
mod config;
mod environment;
mod failure;
mod hosts;
mod hyperparameters;
mod paths;
mod processing;
mod serving;
mod tree;

pub use channels::ValidationChannel;
pub(crate) use channels::{TABLES, TRAINING, VALIDATION};
pub use environment::TrainingEnvironment;
pub use failure::FailureFile;
pub use hyperparameters::read as read_hyperparameters;
pub(crate) use paths::Paths;
pub use processing::ProcessingEnvironment;
pub use serving::ServingEnvironment;
pub(crate) use tree::create_host_tree;
