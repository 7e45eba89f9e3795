//! Bodies of requests to a server, for small models of each kind.

use std::cell::OnceCell;

use manyfit::{
    artifact::{Limits, open_object},
    fuzzing::DirectModel,
    serve::{Format, Rules},
};
use serde_json::Value;

use super::check_text;

/// Content types, and none.
const TYPES: [Option<&str>; 5] =
    [None, Some("application/json"), Some("application/jsonlines"), Some("text/csv"), Some("text/libsvm")];

const PROPHET: &[u8] = include_bytes!("../models/prophet.json");
const BASELINE: &[u8] = include_bytes!("../models/baseline.json");
const LOGISTIC: &[u8] = include_bytes!("../../tests/golden/xgboost-3.2.0-logistic.ubj");
const CATEGORIES: &[u8] = include_bytes!("../models/categories.tar.gz");

fn open(name: &str, bytes: &[u8]) -> DirectModel {
    DirectModel::new(open_object(name, bytes.to_vec(), Limits::default()).expect("a model of the corpus is read"))
}

/// Queries of forecasts.
pub(super) fn forecast(input: &[u8]) {
    thread_local!(static MODELS: OnceCell<[DirectModel; 2]> = const { OnceCell::new() });
    let (body, choice) = super::chosen(input);
    MODELS.with(|models| {
        let models = models.get_or_init(|| [open("model.json", PROPHET), open("baseline.json", BASELINE)]);
        answer(&models[usize::from(choice) % 2], body, choice / 2);
    });
}

/// Rows of features.
pub(super) fn rows(input: &[u8]) {
    thread_local!(static MODELS: OnceCell<[DirectModel; 2]> = const { OnceCell::new() });
    let (body, choice) = super::chosen(input);
    MODELS.with(|models| {
        let models = models.get_or_init(|| [open("xgboost-model", LOGISTIC), open("8.tar.gz", CATEGORIES)]);
        answer(&models[usize::from(choice) % 2], body, choice / 2);
    });
}

/// An answer of the format that was asked for, or a fault of the client's.
fn answer(model: &DirectModel, body: &[u8], choice: u8) {
    let choice = usize::from(choice);
    let content_type = TYPES[choice % TYPES.len()];
    let accept = TYPES[choice / TYPES.len() % 4];
    let selection = if choice >= 100 { "predicted_label,probabilities,predicted_score".parse().ok() } else { None };
    let rules = Rules { batch: choice >= 60, single: choice >= 40, selection, default_accept: Format::default() };
    match model.answer(content_type, accept, body, rules) {
        Ok(answer) if accept.is_none_or(|accept| accept == "application/json") && !answer.is_empty() => {
            let read: Result<Value, _> = serde_json::from_slice(&answer);
            assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(answer) => assert!(std::str::from_utf8(&answer).is_ok()),
        Err((status, message)) => {
            assert!((400..500).contains(&status), "{status}: {message}");
            check_text(message);
        }
    }
}
