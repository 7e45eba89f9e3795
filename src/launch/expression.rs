//! What a pipeline fills in when it runs.

use serde_json::{Value, json};

/// The name that every execution of a pipeline gets from the platform, twelve letters and digits.
pub(super) fn execution() -> Value {
    get("Execution.PipelineExecutionId")
}

/// A parameter of the pipeline.
pub(super) fn parameter(name: &str) -> Value {
    get(&format!("Parameters.{name}"))
}

/// What the platform says of a step that is done; the step that asks waits for it.
pub(super) fn property(step: &str, path: &str) -> Value {
    get(&format!("Steps.{step}.{path}"))
}

/// Texts and expressions with a sign between each two.
pub(super) fn join(on: &str, values: &[Value]) -> Value {
    json!({ "Std:Join": { "On": on, "Values": values } })
}

fn get(path: &str) -> Value {
    json!({ "Get": path })
}
