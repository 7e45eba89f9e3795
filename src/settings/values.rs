//! Values of settings from text.

use super::{max_failures::MaxFailures, setting::Kind};
use crate::input::{CustomerFrom, Decimal, Duplicates, TimeFormat};
use manyfit_models::{
    ModelFormat,
    data::{Fill, OutlierTreatment},
    frequency::Frequency,
    local::{CesModel, Decomposition, ThetaModel},
    prophet::{Growth, History, Mode, Scaling, SeasonalityChoice, Standardize},
    trees::{MaxFeatures, Metric, Objective, Samples},
};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error};
use std::{path::PathBuf, str::FromStr};

/// A type that a setting's text can be parsed into.
pub(super) trait Value: Sized {
    /// Reads text of a kind; the complaint says what to use instead.
    fn read(text: &str, kind: Kind) -> Result<Self, String>;
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str, kind: Kind) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") { Ok(None) } else { T::read(text, kind).map(Some) }
    }
}

macro_rules! values {
    ($($type:ty: |$text:ident, $kind:ident| $read:expr;)*) => {
        $(impl Value for $type {
            fn read($text: &str, $kind: Kind) -> Result<Self, String> {
                $read
            }
        })*
    };
}

values! {
    String: |text, _kind| Ok(text.to_owned());
    PathBuf: |text, _kind| Ok(text.into());
    bool: |text, _kind| boolean(text);
    usize: |text, kind| integer(text, kind);
    u32: |text, kind| integer(text, kind).and_then(|number| number.try_into().map_err(|_| complaint(kind)));
    f32: |text, kind| number(text, kind);
    f64: |text, kind| number(text, kind);
    Growth: |text, kind| word(text, kind);
    Decomposition: |text, kind| word(text, kind);
    ThetaModel: |text, kind| word(text, kind);
    CesModel: |text, kind| word(text, kind);
    History: |text, kind| word(text, kind);
    OutlierTreatment: |text, kind| word(text, kind);
    Fill: |text, kind| word(text, kind);
    Mode: |text, kind| word(text, kind);
    Scaling: |text, kind| word(text, kind);
    ModelFormat: |text, kind| word(text, kind);
    CustomerFrom: |text, kind| word(text, kind);
    Duplicates: |text, kind| word(text, kind);
    Decimal: |text, _kind| text.parse();
    TimeFormat: |text, _kind| text.parse();
    Frequency: |text, _kind| text.parse();
    MaxFailures: |text, _kind| text.parse();
    Objective: |text, kind| Self::parse(text).ok_or_else(|| complaint(kind));
    Metric: |text, kind| Self::parse(text).ok_or_else(|| complaint(kind));
    SeasonalityChoice: |text, kind| match (integer(text, Kind::Integer(0, 100)), boolean(text)) {
        _ if text.eq_ignore_ascii_case("auto") => Ok(Self::Auto),
        // As in Python, 1 is an order, and 0 is none.
        (Ok(0), _) | (Err(_), Ok(false)) => Ok(Self::Off),
        (Ok(order), _) => Ok(Self::Order(order)),
        (_, Ok(true)) => Ok(Self::On),
        _ => Err(complaint(kind)),
    };
    Standardize: |text, kind| match boolean(text) {
        _ if text.eq_ignore_ascii_case("auto") => Ok(Self::Auto),
        Ok(true) => Ok(Self::Always),
        Ok(false) => Ok(Self::Never),
        Err(_) => Err(complaint(kind)),
    };
    Samples: |text, kind| match (text.parse(), text.parse::<f64>()) {
        (Ok(count), _) => Ok(Self::Count(count)),
        // Some clients write whole numbers as 3.0; as a fraction that would be an error.
        (_, Ok(number)) if number > 1.0 && number.fract() == 0.0 => Ok(Self::Count(number as usize)),
        (_, Ok(share)) => Ok(Self::Fraction(share)),
        _ => Err(complaint(kind)),
    };
    MaxFeatures: |text, kind| match (text, text.parse(), text.parse()) {
        ("sqrt", ..) => Ok(Self::Sqrt),
        ("log2", ..) => Ok(Self::Log2),
        (_, Ok(count), _) => Ok(Self::Count(count)),
        (_, _, Ok(share)) => Ok(Self::Fraction(share)),
        _ if text.eq_ignore_ascii_case("none") => Ok(Self::Fraction(1.0)),
        _ => Err(complaint(kind)),
    };
}

fn complaint(kind: Kind) -> String {
    format!("use {kind}")
}

/// The word of a choice, matched in any case and with `_` for `-`.
pub(super) fn choice(text: &str, kind: Kind) -> Result<&'static str, String> {
    let Kind::Choice(words) = kind else { return Err(complaint(kind)) };
    let text = text.replace('_', "-");
    words.iter().copied().find(|word| word.eq_ignore_ascii_case(&text)).ok_or_else(|| complaint(kind))
}

/// The value whose serialized form is the word of a choice.
fn word<T: DeserializeOwned>(text: &str, kind: Kind) -> Result<T, String> {
    T::deserialize(IntoDeserializer::<Error>::into_deserializer(choice(text, kind)?)).map_err(|error| error.to_string())
}

/// A truth value in any client's spelling.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(complaint(Kind::Boolean)),
    }
}

/// A finite number within bounds.
fn number<T: FromStr + Copy + Into<f64>>(text: &str, kind: Kind) -> Result<T, String> {
    let is_within = |number: f64| number.is_finite() && !matches!(kind, Kind::Number(_, rule) if !rule(number));
    text.parse().ok().filter(|number: &T| is_within((*number).into())).ok_or_else(|| complaint(kind))
}

/// A whole number within bounds; `7.0` is one too, since some clients write numbers so.
fn integer(text: &str, kind: Kind) -> Result<usize, String> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    let is_within = |number: &usize| !matches!(kind, Kind::Integer(least, most) if !(least..=most).contains(number));
    text.parse().ok().filter(is_within).ok_or_else(|| complaint(kind))
}
