//! Predictions for rows, as AWS's XGBoost container writes them.

use super::{
    format::{Format, Predictions, Rules, json_lines, to_json},
    selection::Selection,
};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Score {
    score: f64,
}

/// Writes predictions: as a bare list if many models are served, as objects in `predictions` if a single one is; CSV on one
/// line, or in a batch transform on a line for each row.
pub(super) fn write(scores: &[f32], format: Format, rules: Rules) -> Vec<u8> {
    // Python prints single precision as the double of the same value.
    let scores = scores.iter().map(|&score| f64::from(score));
    match format {
        Format::Csv => {
            let separator = if rules.batch { "\n" } else { "," };
            let mut text = scores.map(|score| score.to_string()).collect::<Vec<_>>().join(separator);
            if rules.batch {
                text.push('\n');
            }
            text.into_bytes()
        }
        Format::JsonLines => json_lines(scores.map(|score| Score { score })),
        Format::Json | Format::Libsvm if rules.single => {
            to_json(&Predictions { predictions: scores.map(|score| Score { score }).collect() })
        }
        Format::Json | Format::Libsvm => to_json(&scores.collect::<Vec<_>>()),
    }
}

/// Writes the selected parts of predictions, CSV on a line for each row. `are_probabilities`: of `binary:logistic`.
pub(super) fn write_selected(
    predictions: &[f32],
    selection: Selection,
    are_probabilities: bool,
    format: Format,
    rules: Rules,
) -> Vec<u8> {
    let values = |prediction| selection.keys().map(move |key| (key, key.value(prediction, are_probabilities)));
    let object = |&prediction: &f32| -> Map<String, Value> {
        values(prediction).map(|(key, value)| (key.name().to_owned(), value)).collect()
    };
    match format {
        Format::Csv => {
            let line =
                |&prediction: &f32| values(prediction).map(|(_, value)| csv(&value)).collect::<Vec<_>>().join(",");
            let mut text = predictions.iter().map(line).collect::<Vec<_>>().join("\n");
            if rules.batch {
                text.push('\n');
            }
            text.into_bytes()
        }
        Format::JsonLines => json_lines(predictions.iter().map(object)),
        Format::Json | Format::Libsvm => {
            to_json(&Predictions { predictions: predictions.iter().map(object).collect() })
        }
    }
}

/// A value as a field; a list is in quotes, as Python writes it.
fn csv(value: &Value) -> String {
    match value {
        Value::Null => "nan".into(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("\"[{}]\"", values.join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_the_formats_of_aws_s_containers() {
        let text = |format, rules| String::from_utf8(write(&[0.1, 2.0], format, rules)).unwrap();
        let many = Rules::default();
        assert_eq!(text(Format::Json, many), "[0.10000000149011612,2.0]");
        assert_eq!(text(Format::Csv, many), "0.10000000149011612,2");
        assert_eq!(text(Format::Csv, Rules { batch: true, ..many }), "0.10000000149011612\n2\n");
        let one = text(Format::Json, Rules { single: true, ..many });
        assert_eq!(one, r#"{"predictions":[{"score":0.10000000149011612},{"score":2.0}]}"#);
        assert_eq!(text(Format::JsonLines, many), "{\"score\":0.10000000149011612}\n{\"score\":2.0}\n");
    }

    #[test]
    fn parts_are_written_as_aws_s_container_writes_them() {
        let selection: Selection =
            "predicted_label, labels,PROBABILITY,probabilities,raw_score,raw_scores".parse().unwrap();
        let text = |selection: Selection, logistic, format, rules| {
            String::from_utf8(write_selected(&[0.75, 0.25], selection, logistic, format, rules)).unwrap()
        };
        let (many, batch) = (Rules::default(), Rules { batch: true, ..Rules::default() });
        assert_eq!(
            text(selection, true, Format::Csv, many),
            "1,\"[0, 1]\",0.75,\"[0.25, 0.75]\",0.75,\"[0.25, 0.75]\"\n0,\"[0, 1]\",0.25,\"[0.75, 0.25]\",0.25,\"[0.75, 0.25]\""
        );
        let some: Selection = "probability,predicted_label,probability".parse().unwrap();
        assert_eq!(text(some, true, Format::Csv, batch), "0.75,1\n0.25,0\n");
        let parsed: Value = serde_json::from_str(&text(some, true, Format::Json, many)).unwrap();
        assert_eq!(
            parsed,
            serde_json::json!({"predictions": [{"probability": 0.75, "predicted_label": 1}, {"probability": 0.25, "predicted_label": 0}]})
        );
        let lines = text(some, true, Format::JsonLines, many);
        assert_eq!(serde_json::from_str::<Value>(lines.lines().nth(1).unwrap()).unwrap(), parsed["predictions"][1]);

        let score: Selection = "predicted_score,probability".parse().unwrap();
        assert_eq!(text(score, false, Format::Csv, many), "0.75,nan\n0.25,nan");
        assert!(text(score, false, Format::Json, many).contains("\"probability\":null"));
        assert!(text(score, true, Format::Csv, many).starts_with("nan,0.75"));
    }
}
