//! Small grammars of settings and options, and numbers.

use std::{fmt::Display, str::FromStr};

use manyfit::{
    artifact::NameTemplate,
    fuzzing,
    input::{Decimal, TimeFormat},
    prepare::{Filter, Period},
    serve::Selection,
    settings::MaxFailures,
    shard::Shard,
    store::Location,
};
use manyfit_models::{data::CustomerId, frequency::Frequency, holidays::Country};

use super::{checked, times::check_calendar};

/// A number a line, as Rust reads it.
pub(super) fn numbers(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n').take(100) {
        let ours = checked(fuzzing::number(line));
        if let Some(Some(number)) = ours {
            assert!(number.is_finite(), "{line:?}");
        }
        let theirs = std::str::from_utf8(line).ok().and_then(|text| text.parse::<f64>().ok());
        match theirs {
            Some(theirs) if theirs.is_finite() => {
                let ours = ours.flatten().map(f64::to_bits);
                assert_eq!(ours, Some(theirs.to_bits()), "{:?}", String::from_utf8_lossy(line));
            }
            Some(_) => assert!(ours.is_none_or(|number| number.is_none()), "{line:?}"),
            None => {
                let known = ["true", "false"].iter().any(|word| line.eq_ignore_ascii_case(word.as_bytes()));
                assert!(ours.is_none_or(|number| number.is_none() || known), "{line:?}");
            }
        }
        for decimal in [Decimal::Point, Decimal::Comma] {
            let Some(number) = fuzzing::decimal_number(line, decimal) else { continue };
            assert!(number.is_finite(), "{line:?}");
            // Without its separators it is what Rust reads.
            let (separator, sign) = if decimal == Decimal::Point { (',', '.') } else { ('.', ',') };
            let text = String::from_utf8_lossy(line);
            let plain: String =
                text.chars().filter(|c| ![separator, '\'', ' ', '\u{a0}', '\u{202f}'].contains(c)).collect();
            let theirs = plain.replace(sign, ".").parse::<f64>();
            assert_eq!(theirs.map(f64::to_bits), Ok(number.to_bits()), "{text:?}");
        }
    }
}

/// Every small grammar; what has a name is read from it again.
pub(super) fn grammars(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(frequency) = checked(text.parse::<Frequency>()) {
        check_calendar(frequency, 1_700_000_000_000);
    }
    again::<Shard>(text);
    again::<MaxFailures>(text);
    again::<Location>(text);
    checked(text.parse::<TimeFormat>());
    checked(text.parse::<Filter>());
    checked(text.parse::<Period>());
    checked(text.parse::<Selection>());
    checked(text.parse::<Decimal>());
    checked(Country::new(text));
    checked(NameTemplate::new(text, true));
    if let Some(customer) = checked(CustomerId::new(text)) {
        assert_eq!(customer.as_str(), text);
    }
}

/// What is read is written as what is read as the same.
fn again<T: FromStr<Err: Display> + Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Some(value) = checked(text.parse::<T>()) {
        let written = value.to_string();
        assert_eq!(checked(written.parse::<T>()), Some(value), "{written:?}");
    }
}
