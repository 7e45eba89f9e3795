//! Text to number, or to a missing value.

use manyfit_models::data::truth;
pub(crate) use manyfit_models::data::{is_missing, is_missing_number};

/// The number, finite; `None` if it is missing; 1 and 0 of `true` and `false`, in any case.
///
/// # Errors
/// The second half of a sentence that begins with the text: what is wrong and what to write instead.
#[inline]
pub(crate) fn parse(text: &[u8]) -> Result<Option<f64>, &'static str> {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ => without_number(text),
    }
}

/// Whether a value is written as a number, not as a truth value.
pub(crate) fn is_numeric(text: &[u8]) -> bool {
    truth(text).is_none() && parse(text).is_ok()
}

/// What is wrong with text that is not a number.
pub(crate) const NOT_A_NUMBER: &str = "is not a number: correct the value, or leave the cell empty if it is unknown";

/// The same for a target, whose column may have been detected wrongly.
pub(crate) const NOT_A_TARGET: &str =
    "is not a number: correct the value, leave the cell empty if it is unknown, or set target to another column";

/// As [`parse`], with the caller's complaint about text that is not a number.
#[inline]
pub(crate) fn parse_or(text: &[u8], complaint: &'static str) -> Result<Option<f64>, &'static str> {
    parse(text).map_err(|own| if own == NOT_A_NUMBER { complaint } else { own })
}

/// Checks a number of a typed column: NaN is missing, infinity is an error.
pub(crate) fn check(number: f64) -> Result<Option<f64>, &'static str> {
    if number.is_infinite() {
        Err("is infinite: correct the value, or leave the cell empty if it is unknown")
    } else {
        Ok(Some(number).filter(|number| !number.is_nan()))
    }
}

#[cold]
fn without_number(text: &[u8]) -> Result<Option<f64>, &'static str> {
    if is_missing_number(text) {
        Ok(None)
    } else if let Some(truth) = truth(text) {
        Ok(Some(f64::from(u8::from(truth))))
    } else if let Ok(number) = fast_float2::parse::<f64, _>(text) {
        check(number)
    } else if text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'-' | b'+' | b' ' | b'\'' | b'_')) {
        Err(
            "is not a number: write a point before the decimals and nothing between the thousands, or set decimal to comma or point",
        )
    } else {
        Err(NOT_A_NUMBER)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_values_are_known_by_their_usual_names() {
        for text in [
            "", "NA", "NaN", "nan", "null", "NULL", "None", "N/A", "#N/A", "<NA>", "-nan", ".", "-", "--", "?",
            "#N/A N/A",
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn truth_values_are_one_and_zero() {
        for (text, number) in [("True", 1.0), ("true", 1.0), ("TRUE", 1.0), ("False", 0.0), ("false", 0.0)] {
            assert_eq!(parse(text.as_bytes()), Ok(Some(number)), "{text}");
            assert!(!is_numeric(text.as_bytes()), "{text}");
        }
        assert!(is_numeric(b"1") && !is_numeric(b"truth") && parse(b"yes").is_err() && parse(b"T").is_err());
    }

    #[test]
    fn infinite_values_are_refused() {
        for text in ["inf", "-inf", "Infinity", "-Infinity", "1e999", "-1e999"] {
            assert!(parse(text.as_bytes()).unwrap_err().contains("infinite"), "{text:?}");
        }
    }

    #[test]
    fn thousands_separators_and_decimal_commas_are_refused_with_the_way_out() {
        for text in ["1,234.5", "1 234", "3,14", "1'000", "1_000"] {
            assert!(parse(text.as_bytes()).unwrap_err().contains("point before the decimals"), "{text:?}");
        }
        assert!(parse(b"12 kWh").unwrap_err().contains("not a number"));
    }

    proptest! {
        #[test]
        fn what_rust_writes_is_read_back_exactly(number in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
            prop_assert_eq!(parse(number.to_string().as_bytes()), Ok(Some(number)));
            prop_assert_eq!(parse(format!("{number:e}").as_bytes()), Ok(Some(number)));
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(!matches!(parse(&text), Ok(Some(number)) if !number.is_finite()));
        }
    }
}
