//! The settings of a job, in the format of whichever client wrote them.
//!
//! The platform passes a flat map of strings. What is inside the string depends on the client; `model="prophet"`,
//! `horizon=7` and `weekly=True` in a Python program become
//!
//! | client | | | |
//! |---|---|---|---|
//! | SageMaker Python SDK 2, `Estimator` | `prophet` | `7` | `True` |
//! | SageMaker Python SDK 2, framework estimators | `"prophet"`, with the quotes | `7` | `true` |
//! | SageMaker Python SDK 3, `ModelTrainer` | `prophet` | `7` | `true` |
//! | command line, CDK, Terraform, files by hand | what was typed, and JSON numbers and booleans | | |
//!
//! The reader normalizes each to one text; `settings` interprets it.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::config;
use crate::error::Result;

/// Reads hyperparameters by normalized name; `None` if the file is absent or empty.
///
/// - names: `-` becomes `_`;
/// - values: one level of JSON string quoting and surrounding white space are removed; JSON numbers, booleans, lists and
///   maps are their JSON text; a Python `repr` stays as it is;
/// - `null`, `None` and empty text count as not given;
/// - names reserved for the platform and its clients (`sagemaker_…`, `_…`) are ignored;
/// - a setting that is given twice with different values is an error.
pub fn read(path: &Path) -> Result<Option<BTreeMap<String, String>>> {
    let Some(Pairs(pairs)) = config::read(path)? else { return Ok(None) };
    let mut settings: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (key, value) in pairs {
        let name = key.trim().replace('-', "_");
        // `--horizon` is a typing error, to be reported as an unknown name; `_tuning_objective_metric` is reserved.
        let reserved = key.starts_with('_') || name.starts_with("sagemaker_");
        let Some(text) = text_of(value).filter(|_| !reserved) else { continue };
        let (known_key, known) = settings.entry(name).or_insert_with(|| (key.clone(), text.clone()));
        if *known != text {
            let complaint =
                format!("`{known_key}` is `{known}` and `{key}` is `{text}`: one setting has two values; keep one");
            return Err(config::invalid(path, complaint));
        }
    }
    Ok(Some(settings.into_iter().map(|(name, (_, text))| (name, text)).collect()))
}

/// The text of a value; `None` if it is unset.
fn text_of(value: Value) -> Option<String> {
    let text = match value {
        Value::String(text) => {
            let text = text.trim();
            let unquoted = if text.starts_with('"') { serde_json::from_str::<String>(text).ok() } else { None };
            unquoted.map_or_else(|| text.to_owned(), |unquoted| unquoted.trim().to_owned())
        }
        other => other.to_string(),
    };
    // Exactly these spellings: a setting may have a value `none`.
    (!matches!(text.as_str(), "" | "null" | "None")).then_some(text)
}

/// The members of a JSON object in their order, repeated keys included.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of settings, such as {\"horizon\": \"7\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_text(text: &str) -> Result<Option<BTreeMap<String, String>>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hyperparameters.json");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[track_caller]
    fn assert_read(text: &str, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(read_text(text).unwrap(), Some(expected), "{text}");
    }

    #[test]
    fn the_generic_estimator_of_sdk_2_sends_python_text() {
        assert_read(
            r#"{"model": "prophet", "horizon": "7", "weekly-seasonality": "True", "holidays": "None",
                "extra": "{'a': [1, 2]}", "changepoint_prior_scale": "0.05"}"#,
            &[
                ("changepoint_prior_scale", "0.05"),
                ("extra", "{'a': [1, 2]}"),
                ("horizon", "7"),
                ("model", "prophet"),
                ("weekly_seasonality", "True"),
            ],
        );
    }

    #[test]
    fn the_framework_estimators_of_sdk_2_send_json_text_and_reserved_keys() {
        assert_read(
            r#"{"model": "\"prophet\"", "prediction-length": "7", "weekly-seasonality": "true", "cap": "null",
                "extra": "{\"a\": [1, 2]}", "sagemaker_program": "\"train.py\"", "sagemaker_container_log_level": "20",
                "sagemaker_submit_directory": "\"s3://b/source.tar.gz\"", "sagemaker_region": "\"eu-west-1\"",
                "_tuning_objective_metric": "\"validation:mae\""}"#,
            &[
                ("extra", r#"{"a": [1, 2]}"#),
                ("model", "prophet"),
                ("prediction_length", "7"),
                ("weekly_seasonality", "true"),
            ],
        );
    }

    #[test]
    fn sdk_3_and_typed_text_are_taken_as_they_are() {
        assert_read(
            r#"{"model": "prophet", "weekly_seasonality": "true", "extra": "{\"a\": [1, 2]}", "timestamp": " date ",
                "regressors": "[\"price\", \"promo\"]", "target": "say \"hi\""}"#,
            &[
                ("extra", r#"{"a": [1, 2]}"#),
                ("model", "prophet"),
                ("regressors", r#"["price", "promo"]"#),
                ("target", "say \"hi\""),
                ("timestamp", "date"),
                ("weekly_seasonality", "true"),
            ],
        );
    }

    #[test]
    fn values_that_are_no_strings_are_their_json_text() {
        assert_read(
            r#"{"horizon": 7, "eta": 0.3, "tiny": 1e-3, "weekly": true, "daily": false, "cap": null, "list": [1, "a"]}"#,
            &[
                ("daily", "false"),
                ("eta", "0.3"),
                ("horizon", "7"),
                ("list", r#"[1,"a"]"#),
                ("tiny", "0.001"),
                ("weekly", "true"),
            ],
        );
    }

    #[test]
    fn unset_is_spelled_in_many_ways() {
        assert_read(
            r#"{"a": "", "b": " ", "c": "null", "d": "None", "e": "\"\"", "f": null, "g": "\"None\"", "fallback": "none"}"#,
            &[("fallback", "none")],
        );
    }

    #[test]
    fn one_level_of_quotes_is_taken_off_and_no_more() {
        assert_read(
            r#"{"a": "\"\\\"x\\\"\"", "b": "\"", "c": "\"x", "d": "\"caf\\u00e9\"", "e": "'x'"}"#,
            &[("a", "\"x\""), ("b", "\""), ("c", "\"x"), ("d", "café"), ("e", "'x'")],
        );
    }

    #[test]
    fn the_same_setting_in_two_spellings_must_agree() {
        assert_read(r#"{"max-failures": "3", "max_failures": 3}"#, &[("max_failures", "3")]);
        assert_read(r#"{"max-failures": "", "max_failures": "3"}"#, &[("max_failures", "3")]);
        for (text, complaint) in [
            (
                r#"{"max-failures": "3", "max_failures": "4"}"#,
                "`max-failures` is `3` and `max_failures` is `4`: one setting has two values",
            ),
            (
                r#"{"horizon": "3", "horizon": "4"}"#,
                "`horizon` is `3` and `horizon` is `4`: one setting has two values",
            ),
        ] {
            let error = read_text(text).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains("hyperparameters.json: "), "{error}");
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_name_typed_as_an_option_is_kept_for_the_settings_to_complain_about() {
        assert_read(r#"{"--horizon": "3"}"#, &[("__horizon", "3")]);
    }

    #[test]
    fn no_file_and_an_empty_file_are_told_from_an_empty_map() {
        assert_eq!(read(Path::new("/no/such/hyperparameters.json")).unwrap(), None);
        assert_eq!(read_text("").unwrap(), None);
        assert_read("{}", &[]);
    }

    #[test]
    fn what_is_no_map_is_a_settings_error_that_shows_one() {
        for text in [r#"["horizon"]"#, "7", r#""horizon=7""#] {
            let error = read_text(text).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains(r#"such as {"horizon": "7"}"#), "{error}");
        }
        assert_eq!(read_text(r#"{"horizon": "7""#).unwrap_err().code(), 2);
    }
}
