//! Terms of a Prophet model as the text of one setting.
//!
//! ```text
//! regressors    price, promotion:mode=multiplicative:prior_scale=0.5:standardize=false
//! seasonalities monthly:period=30.5:order=5, weekday:period=7:order=3:condition=is_weekday
//! ```
//!
//! Terms have commas between them; a name is followed by its options, each after a colon. The same may be written as a JSON
//! array of objects with `name` and the options, which names with commas and colons need, or as Python writes one.

use super::{
    lists,
    registry::{ANY, COLUMN, MODE},
    setting::Kind::{self, Form, Integer},
    values::Value,
};
use manyfit_models::prophet::{CustomSeasonality, Regressor, Standardize};
use std::collections::BTreeMap;

const ORDER: Kind = Integer(1, 100);

/// A term: its name, and its options by name.
struct Term {
    name: String,
    options: BTreeMap<String, String>,
}

pub(super) fn regressors(text: &str) -> Result<Vec<Regressor>, String> {
    terms(text, &["prior_scale", "mode", "standardize"], |term| {
        Ok(Regressor {
            name: term.name.clone(),
            prior_scale: term.option("prior_scale", ANY)?,
            standardize: term.option("standardize", Form("auto, true or false"))?.unwrap_or(Standardize::Auto),
            mode: term.option("mode", MODE)?,
        })
    })
}

pub(super) fn seasonalities(text: &str) -> Result<Vec<CustomSeasonality>, String> {
    let known = ["period", "order", "fourier_order", "prior_scale", "mode", "condition", "condition_name"];
    terms(text, &known, |term| {
        let order = term.option("order", ORDER)?.or(term.option("fourier_order", ORDER)?);
        let order = order.ok_or("needs an order: the number of its sine and cosine pairs, such as order=5")?;
        Ok(CustomSeasonality {
            name: term.name.clone(),
            period: term.option("period", ANY)?.ok_or("needs a period in days, such as period=30.5")?,
            fourier_order: order,
            prior_scale: term.option("prior_scale", ANY)?,
            mode: term.option("mode", MODE)?,
            condition_name: term.option("condition", COLUMN)?.or(term.option("condition_name", COLUMN)?),
        })
    })
}

impl Term {
    /// An option's value, if it is given.
    fn option<T: Value>(&self, name: &str, kind: Kind) -> Result<Option<T>, String> {
        let read = |text: &String| T::read(text, kind).map_err(|fault| format!("{name}={text}: {fault}"));
        self.options.get(name).map(read).transpose()
    }
}

/// Reads every term; faults start with the term's name.
fn terms<T>(text: &str, known: &[&str], read: impl Fn(&Term) -> Result<T, String>) -> Result<Vec<T>, String> {
    let terms = if text.starts_with('[') { from_json(text)? } else { from_plain(text)? };
    let read = |term: &Term| match term.options.keys().find(|option| !known.contains(&option.as_str())) {
        Some(unknown) => Err(format!("unknown option {unknown}; the options are {}", known.join(", "))),
        None => read(term),
    };
    terms.iter().map(|term| read(term).map_err(|fault| format!("{:?}: {fault}", term.name))).collect()
}

fn from_plain(text: &str) -> Result<Vec<Term>, String> {
    let term = |term: &str| {
        let mut parts = term.split(':').map(str::trim);
        let name = parts.next().unwrap_or_default().to_owned();
        let option = |part: &str| {
            let (option, value) = part.split_once('=').ok_or_else(|| {
                format!("{name:?}: {part:?} is not an option: write it as option=value, such as mode=multiplicative")
            })?;
            Ok((option.trim().replace('-', "_"), value.trim().to_owned()))
        };
        let options = parts.map(option).collect::<Result<_, String>>()?;
        Ok(Term { name, options })
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(term).collect()
}

fn from_json(text: &str) -> Result<Vec<Term>, String> {
    let objects = lists::value(text)?;
    // Names alone are terms without options.
    if objects.as_array().is_some_and(|terms| !terms.is_empty() && terms.iter().all(serde_json::Value::is_string)) {
        let term = |name| Term { name, options: BTreeMap::new() };
        return Ok(lists::items(text)?.into_iter().map(term).collect());
    }
    let objects: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_value(objects).map_err(|error| format!("it is not a JSON array of objects: {error}"))?;
    let plain = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let term = |object: BTreeMap<String, serde_json::Value>| {
        let given = object.into_iter().filter(|(_, value)| !value.is_null());
        let mut options: BTreeMap<String, String> = given.map(|(name, value)| (name, plain(value))).collect();
        let name = options.remove("name").ok_or("an object has no name")?;
        Ok(Term { name, options })
    };
    objects.into_iter().map(term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::prophet::Mode;

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
        for list in [r#"["price", "promo"]"#, "['price', 'promo']"] {
            assert_eq!(regressors(list).unwrap(), regressors("price,promo").unwrap(), "{list}");
        }
        let python = "[{'name': 'price'}, {'name': 'promo', 'mode': 'multiplicative', 'prior_scale': 0.5, 'standardize': False}]";
        assert_eq!(
            regressors(python).unwrap(),
            regressors("price,promo:mode=multiplicative:prior_scale=0.5:standardize=false").unwrap()
        );
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
            ("monthly:order=5:period=3:mode=both", "\"monthly\": mode=both: use additive or multiplicative"),
            ("[1]", "not a JSON array of objects"),
        ] {
            let fault = seasonalities(text).unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
