//! Predictions for rows, as AWS's XGBoost container writes them.

use super::format::{Format, Predictions, Rules, json_lines, to_json};
use serde::Serialize;

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
}
