//! The integration tests, in one binary. Each module says what belongs in it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backtests;
mod calendars;
mod choose_regression;
mod data_checks;
#[cfg(all(unix, feature = "parquet", feature = "s3"))]
mod documented_commands;
mod documented_links;
mod explain;
mod feature_values;
mod first_lines;
mod forecast_runs;
#[cfg(feature = "parquet")]
mod frames;
mod fuzz_corpora;
mod generate;
mod image_context;
mod input_folders;
mod launch_requests;
mod layers;
mod local_models;
mod lower_bounds;
#[cfg(target_os = "linux")]
mod machine_limits;
#[cfg(unix)]
mod odd_places;
#[cfg(unix)]
mod one_writer;
mod open_models;
#[cfg(feature = "parquet")]
mod parquet_bundles;
#[cfg(feature = "parquet")]
mod parquet_files;
#[cfg(feature = "parquet")]
mod parquet_input;
mod pinned_artifacts;
mod plan_run;
mod predict_run;
mod prepare_features;
mod prepare_resume;
mod prepare_run;
mod prepare_shape;
mod prophet_golden;
mod prophet_settings;
mod prophet_terms;
mod rehearsal;
mod report;
mod resume;
#[cfg(feature = "s3")]
mod s3_lease;
#[cfg(feature = "s3")]
mod s3_models;
#[cfg(feature = "s3")]
mod s3_network;
#[cfg(feature = "s3")]
mod s3_prepare;
#[cfg(feature = "s3")]
mod s3_server;
#[cfg(feature = "s3")]
mod s3_store;
#[cfg(feature = "s3")]
mod s3_train;
mod sagemaker_tree;
mod serve_calls;
mod serve_requests;
mod server;
mod settings_reference;
mod shards;
mod source_graph;
#[cfg(feature = "stan")]
mod stan;
mod store_contract;
#[cfg(target_os = "linux")]
mod streams;
mod support;
mod train_run;
mod train_trees;
mod trees_bad_input;
mod trees_golden;
mod unreadable_input;
#[cfg(unix)]
mod whole_results;
mod written_times;
