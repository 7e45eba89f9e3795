//! Expressions that a pipeline evaluates when it runs.

use serde_json::{Value, json};

/// The ID of the execution, twelve letters and digits.
pub(super) fn execution() -> Value {
    get("Execution.PipelineExecutionId")
}

/// A parameter of the pipeline.
pub(super) fn parameter(name: &str) -> Value {
    get(&format!("Parameters.{name}"))
}

/// A property of an earlier step; a step that refers to it waits for that step.
pub(super) fn property(step: &str, path: &str) -> Value {
    get(&format!("Steps.{step}.{path}"))
}

/// Joins strings and expressions with a separator.
pub(super) fn join(on: &str, values: &[Value]) -> Value {
    json!({ "Std:Join": { "On": on, "Values": values } })
}

fn get(path: &str) -> Value {
    json!({ "Get": path })
}
