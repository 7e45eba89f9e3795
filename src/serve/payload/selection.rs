//! Which parts of a prediction are returned: the selections of AWS's XGBoost container (`SAGEMAKER_INFERENCE_OUTPUT`).
//!
//! | key | `binary:logistic` | other objectives |
//! |---|---|---|
//! | `predicted_label` | 1 if the probability is above ½, else 0 | null |
//! | `labels` | `[0, 1]` | null |
//! | `probability`, `raw_score` | of label 1 | null |
//! | `probabilities`, `raw_scores` | of labels 0 and 1 | null |
//! | `predicted_score` | null | the prediction |
//!
//! What an objective does not have is null; the container writes NaN.

use serde_json::{Value, json};
use std::str::FromStr;

/// A part of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    PredictedLabel,
    Labels,
    Probability,
    Probabilities,
    RawScore,
    RawScores,
    PredictedScore,
}

impl Key {
    const ALL: [(&'static str, Self); 7] = [
        ("predicted_label", Self::PredictedLabel),
        ("labels", Self::Labels),
        ("probability", Self::Probability),
        ("probabilities", Self::Probabilities),
        ("raw_score", Self::RawScore),
        ("raw_scores", Self::RawScores),
        ("predicted_score", Self::PredictedScore),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    pub(super) fn value(self, prediction: f32, is_probability: bool) -> Value {
        let prediction = f64::from(prediction);
        match (self, is_probability) {
            (Self::PredictedLabel, true) => json!(i32::from(prediction > 0.5)),
            (Self::Labels, true) => json!([0, 1]),
            (Self::Probability | Self::RawScore, true) | (Self::PredictedScore, false) => json!(prediction),
            (Self::Probabilities | Self::RawScores, true) => json!([1.0 - prediction, prediction]),
            _ => Value::Null,
        }
    }
}

/// The selected parts, each once, in the order in which CSV has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    keys: [Option<Key>; Key::ALL.len()],
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut selection = Self { keys: [None; Key::ALL.len()] };
        for word in text.split(',').map(str::trim) {
            let key = Key::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, key)| *key);
            let key = key.ok_or_else(|| {
                let known = Key::ALL.map(|(name, _)| name).join(", ");
                format!("there is no {word:?} to select: use some of {known}, with commas between them")
            })?;
            if !selection.keys().any(|known| known == key)
                && let Some(free) = selection.keys.iter_mut().find(|place| place.is_none())
            {
                *free = Some(key);
            }
        }
        Ok(selection)
    }
}

impl Selection {
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.keys.iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_the_names_of_aws_s_container_and_keep_their_order() {
        let names =
            |text: &str| text.parse().map(|selection: Selection| selection.keys().map(Key::name).collect::<Vec<_>>());
        assert_eq!(names("probability, Predicted_Label,probability").unwrap(), ["probability", "predicted_label"]);
        assert_eq!(
            names("labels,probabilities,raw_score,raw_scores,predicted_score,predicted_label,probability")
                .unwrap()
                .len(),
            7
        );
        assert!(
            names("probability,score").unwrap_err().contains("no \"score\" to select: use some of predicted_label")
        );
        assert_eq!(Key::Probabilities.value(0.75, true), json!([0.25, 0.75]));
        assert_eq!((Key::PredictedScore.value(0.75, true), Key::Labels.value(0.75, false)), (Value::Null, Value::Null));
    }
}
