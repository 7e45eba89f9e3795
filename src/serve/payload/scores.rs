//! Predictions of rows, as AWS's XGBoost container writes them.

use super::{Format, Rules};
use serde::Serialize;

#[derive(Serialize)]
struct Score {
    score: f64,
}

#[derive(Serialize)]
struct Predictions {
    predictions: Vec<Score>,
}

/// Writes predictions: with many models a bare list, with one model objects in `predictions`; CSV in one line, or in a
/// batch transform a line for each row.
pub(super) fn write(scores: &[f32], format: Format, rules: Rules) -> Vec<u8> {
    // Python prints a single as the double that it equals.
    let scores = scores.iter().map(|&score| f64::from(score));
    let json = |value: serde_json::Result<Vec<u8>>| value.expect("numbers have a JSON form");
    match format {
        Format::Csv => {
            let separator = if rules.batch { "\n" } else { "," };
            let mut text = scores.map(|score| score.to_string()).collect::<Vec<_>>().join(separator);
            if rules.batch {
                text.push('\n');
            }
            text.into_bytes()
        }
        Format::JsonLines => {
            scores.flat_map(|score| json(serde_json::to_vec(&Score { score })).into_iter().chain([b'\n'])).collect()
        }
        Format::Json | Format::Libsvm if rules.single => {
            let predictions = scores.map(|score| Score { score }).collect();
            json(serde_json::to_vec(&Predictions { predictions }))
        }
        Format::Json | Format::Libsvm => json(serde_json::to_vec(&scores.collect::<Vec<_>>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_the_containers_forms() {
        let text = |format, rules| String::from_utf8(write(&[0.1, 2.0], format, rules)).unwrap();
        let many = Rules::default();
        assert_eq!(text(Format::Json, many), "[0.10000000149011612,2.0]");
        assert_eq!(text(Format::Csv, many), "0.10000000149011612,2");
        assert_eq!(text(Format::Csv, Rules { batch: true, ..many }), "0.10000000149011612\n2\n");
        let one = text(Format::Json, Rules { single: true, ..many });
        assert_eq!(one, r#"{"predictions":[{"score":0.10000000149011612},{"score":2.0}]}"#);
        assert_eq!(text(Format::JsonLines, many), "{\"score\":0.10000000149011612}\n{\"score\":2.0}\n");
    }
}
