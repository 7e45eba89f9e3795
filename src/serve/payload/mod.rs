//! Bodies: what a model is asked, and what it answers.
//!
//! | model | body | answer |
//! |---|---|---|
//! | of a series | `{"period": 7}`, as an object or as text in JSON (`blog`) | a frame's `to_json`, as text in JSON |
//! | of a series | `{"horizon": 7}` or `{"dates": […]}`, a list of them, lines of them, or CSV with `ds` (`plain`) | JSON, CSV, JSON lines |
//! | of rows | CSV, libsvm, JSON, JSON lines (`rows`) | as AWS's XGBoost container writes scores (`scores`) |

mod blog;
mod format;
mod plain;
mod rows;
mod scores;
mod table;

pub use format::Format;

use super::{fault::Fault, resident::Resident};
use format::media_type;
use manyfit_models::Fitted;
use serde_json::Value;

/// How answers are written where a request leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The form of answers to requests without `Accept`.
    pub default_accept: Format,
    /// Requests come from a batch transform: CSV has a row for each row.
    pub batch: bool,
    /// One model at `/invocations`, whose scores AWS's container wraps in `predictions`.
    pub single: bool,
}

/// A request's body and what its headers say of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) accept: Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// An answer's body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) format: Format,
    pub(super) body: Vec<u8>,
}

/// Asks a model. Takes as long as the computation does.
pub(super) fn answer(model: &Resident, question: Question<'_>, rules: Rules) -> Result<Answer, Fault> {
    let accept = Format::accepted(question.accept, rules)?;
    match &model.model {
        Fitted::Series(series) => {
            let content_type = content_format(question, &[Format::Json, Format::JsonLines, Format::Csv])?;
            if question.body.trim_ascii().is_empty() {
                return Err(Fault::bad_request("the body is empty: ask for a number of steps, as in {\"horizon\": 7}"));
            }
            let question = match content_type {
                Format::Csv => plain::Question::Csv(question.body),
                Format::JsonLines => plain::Question::JsonLines(question.body),
                Format::Json | Format::Libsvm => {
                    let value = json(question.body)?;
                    if let Some(period) = blog::period(&value) {
                        return Ok(Answer { format: Format::Json, body: blog::answer(model, series, period?)? });
                    }
                    plain::Question::Json(value)
                }
            };
            let body = plain::answer(model, series, question, accept)?;
            Ok(Answer { format: accept, body })
        }
        Fitted::Rows(trees) => {
            // The containers answer an empty body with an empty answer.
            if question.body.trim_ascii().is_empty() {
                return Ok(Answer { format: accept, body: Vec::new() });
            }
            let content_type =
                content_format(question, &[Format::Csv, Format::Libsvm, Format::Json, Format::JsonLines])?;
            let scores = rows::predict(trees, content_type, question.body)?;
            Ok(Answer { format: accept, body: scores::write(&scores, accept, rules) })
        }
    }
}

/// JSON, or JSON in a text in JSON: the SDK's serializer writes text once more.
fn json(body: &[u8]) -> Result<Value, Fault> {
    let not_json = |error| Fault::bad_request(format!("the body is not JSON: {error}; ask as in {{\"horizon\": 7}}"));
    match serde_json::from_slice(body).map_err(not_json)? {
        Value::String(text) => serde_json::from_str(&text).map_err(not_json),
        value => Ok(value),
    }
}

/// What the body is: as its content type says, or where that says nothing, as it looks.
fn content_format(question: Question<'_>, known: &[Format]) -> Result<Format, Fault> {
    let told = question.content_type.map(media_type).filter(|media| {
        // What clients send that were not told what they send.
        !matches!(media.as_str(), "" | "application/octet-stream" | "application/x-www-form-urlencoded")
    });
    let found = match told {
        Some(media) => Format::of_media_type(&media),
        None => Some(Format::guess(question.body, known)),
    };
    found.filter(|format| known.contains(format)).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|format| format.content_type()).collect();
        let given = question.content_type.unwrap_or_default();
        Fault::unsupported(format!("{given} is not a content type that this model reads: send {}", known.join(", ")))
    })
}

/// A fault of the body, in the containers' words.
fn cannot_evaluate(message: impl std::fmt::Display) -> Fault {
    Fault::bad_request(format!("Unable to evaluate payload provided: {message}"))
}
