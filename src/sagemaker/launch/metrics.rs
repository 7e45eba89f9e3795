//! The metrics that the platform picks out of the log of a fit.

use serde_json::{Value, json};

/// Counts that `train` prints as `models_{name}={count};`, a line each.
const COUNTS: [&str; 5] = ["done", "fitted", "unchanged", "fallback", "failed"];

/// Name and regular expression of each metric; the group is the number.
pub(super) fn definitions() -> Vec<Value> {
    COUNTS
        .map(|count| json!({ "Name": format!("models:{count}"), "Regex": format!("models_{count}=([0-9]+);") }))
        .into()
}
