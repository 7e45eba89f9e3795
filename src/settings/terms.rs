//! Terms of a Prophet model as the text of one setting.
//!
//! ```text
//! regressors    price, promotion:mode=multiplicative:prior_scale=0.5:standardize=false
//! seasonalities monthly:period=30.5:order=5, weekday:period=7:order=3:condition=is_weekday
//! ```
//!
//! Terms have commas between them; a name is followed by its options, each after a colon. The same may be written as a JSON
//! array of objects with `name` and the options, which names with commas and colons need.

use super::{setting::Kind, values};
use manyfit_models::prophet::{CustomSeasonality, Mode, Regressor, Standardize};
use std::collections::BTreeMap;

/// A term's options by name.
type Options = BTreeMap<String, String>;

pub(super) fn regressors(text: &str) -> Result<Vec<Regressor>, String> {
    let known = ["prior_scale", "mode", "standardize"];
    terms(text, &known)?
        .into_iter()
        .map(|(name, mut options)| {
            let read = |options: &mut Options| {
                Ok(Regressor {
                    name: name.clone(),
                    prior_scale: number(options, "prior_scale")?,
                    standardize: options
                        .remove("standardize")
                        .map_or(Ok(Standardize::Auto), |word| standardize(&word))?,
                    mode: mode_of(options)?,
                })
            };
            read(&mut options).map_err(|fault: String| format!("{name:?}: {fault}"))
        })
        .collect()
}

pub(super) fn seasonalities(text: &str) -> Result<Vec<CustomSeasonality>, String> {
    let known = ["period", "order", "fourier_order", "prior_scale", "mode", "condition", "condition_name"];
    terms(text, &known)?
        .into_iter()
        .map(|(name, mut options)| {
            let read = |options: &mut Options| {
                let order = options.remove("order").or_else(|| options.remove("fourier_order"));
                let order = order.ok_or("needs an order: the number of its sine and cosine pairs, such as order=5")?;
                Ok(CustomSeasonality {
                    name: name.clone(),
                    period: number(options, "period")?.ok_or("needs a period in days, such as period=30.5")?,
                    fourier_order: values::integer(&order, Kind::Integer(1, 100))
                        .map_err(|fault| format!("order={order}: {fault}"))?,
                    prior_scale: number(options, "prior_scale")?,
                    mode: mode_of(options)?,
                    condition_name: options.remove("condition").or_else(|| options.remove("condition_name")),
                })
            };
            read(&mut options).map_err(|fault: String| format!("{name:?}: {fault}"))
        })
        .collect()
}

/// Names with their options.
fn terms(text: &str, known: &[&str]) -> Result<Vec<(String, Options)>, String> {
    let terms = if text.starts_with('[') { from_json(text)? } else { from_plain(text)? };
    for (name, options) in &terms {
        if let Some(unknown) = options.keys().find(|option| !known.contains(&option.as_str())) {
            return Err(format!("{name:?}: unknown option {unknown}; the options are {}", known.join(", ")));
        }
    }
    Ok(terms)
}

fn from_plain(text: &str) -> Result<Vec<(String, Options)>, String> {
    let term = |term: &str| {
        let mut parts = term.split(':').map(str::trim);
        let name = parts.next().unwrap_or_default().to_owned();
        let option = |part: &str| {
            let (option, value) = part.split_once('=').ok_or_else(|| {
                format!("{name:?}: {part:?} is not an option: write it as option=value, such as mode=multiplicative")
            })?;
            Ok((option.trim().replace('-', "_"), value.trim().to_owned()))
        };
        let options = parts.map(option).collect::<Result<Options, String>>()?;
        Ok((name, options))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(term).collect()
}

fn from_json(text: &str) -> Result<Vec<(String, Options)>, String> {
    let objects: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(text).map_err(|error| format!("it is not a JSON array of objects: {error}"))?;
    let plain = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let term = |object: BTreeMap<String, serde_json::Value>| {
        let mut options: Options = object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, plain(value)))
            .collect();
        let name = options.remove("name").ok_or("an object has no name")?;
        Ok((name, options))
    };
    objects.into_iter().map(term).collect()
}

fn number(options: &mut Options, name: &str) -> Result<Option<f64>, String> {
    let Some(text) = options.remove(name) else { return Ok(None) };
    values::number(&text, Kind::Number("", |_| true)).map(Some).map_err(|fault| format!("{name}={text}: {fault}"))
}

fn mode_of(options: &mut Options) -> Result<Option<Mode>, String> {
    options.remove("mode").map(|word| mode(&word)).transpose()
}

fn mode(word: &str) -> Result<Mode, String> {
    match word.to_ascii_lowercase().as_str() {
        "additive" => Ok(Mode::Additive),
        "multiplicative" => Ok(Mode::Multiplicative),
        _ => Err(format!("unknown mode {word:?}: use additive or multiplicative")),
    }
}

fn standardize(word: &str) -> Result<Standardize, String> {
    match (word, values::boolean(word)) {
        (_, Ok(true)) => Ok(Standardize::Always),
        (_, Ok(false)) => Ok(Standardize::Never),
        (word, _) if word.eq_ignore_ascii_case("auto") => Ok(Standardize::Auto),
        _ => Err(format!("standardize={word}: use auto, true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_json_say_the_same() {
        let plain = regressors("price, promo:mode=multiplicative:prior-scale=0.5:standardize=False").unwrap();
        let json = r#"[{"name": "price"}, {"name": "promo", "mode": "multiplicative", "prior_scale": 0.5, "standardize": false}]"#;
        assert_eq!(plain, regressors(json).unwrap());
        assert_eq!(plain[0], Regressor::new("price"));
        assert_eq!((plain[1].mode, plain[1].prior_scale), (Some(Mode::Multiplicative), Some(0.5)));
        assert_eq!(plain[1].standardize, Standardize::Never);
        let plain =
            seasonalities("monthly:period=30.5:order=5,weekday:period=7:fourier_order=3:condition=open").unwrap();
        let json = r#"[{"name":"monthly","period":30.5,"order":5},{"name":"weekday","period":7,"order":3,"condition_name":"open"}]"#;
        assert_eq!(plain, seasonalities(json).unwrap());
        assert_eq!(plain[1].condition_name.as_deref(), Some("open"));
        assert_eq!(regressors("").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_with_a_term_is_said_with_its_name() {
        for (text, part) in [
            ("monthly", "\"monthly\": needs an order"),
            ("monthly:order=5", "\"monthly\": needs a period"),
            ("monthly:order=5:period=long", "\"monthly\": period=long: use a number"),
            ("monthly:order=0:period=3", "\"monthly\": order=0: use a whole number from 1 to 100"),
            ("monthly:5", "\"monthly\": \"5\" is not an option"),
            ("monthly:orders=5", "\"monthly\": unknown option orders; the options are period, order"),
            ("monthly:order=5:period=3:mode=both", "\"monthly\": unknown mode \"both\""),
            ("[1]", "not a JSON array of objects"),
        ] {
            let fault = seasonalities(text).unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
