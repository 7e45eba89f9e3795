//! A condition on a column: `kwh>=0`, `region=north`, `status!=test`.

use std::{cmp::Ordering, str::FromStr};

use crate::input::value::number;

/// A condition on the value of a column; rows that do not meet it are left out.
///
/// - If the right-hand side is a number, values are compared as numbers; a missing value meets only `!=`.
/// - Otherwise texts are compared byte by byte: useful for `=`, `!=`, and the order of dates as `YYYY-MM-DD`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The column's name.
    pub(super) column: String,
    accepted: Accepted,
    text: String,
    number: Option<f64>,
}

/// How the value may compare to the right-hand side.
type Accepted = &'static [Ordering];

const EQUAL: Accepted = &[Ordering::Equal];
const NOT_EQUAL: Accepted = &[Ordering::Less, Ordering::Greater];

/// The operators.
const OPERATORS: [(&str, Accepted); 7] = [
    // As programmers write it: no text to compare with begins with a sign of equality.
    ("==", EQUAL),
    ("!=", NOT_EQUAL),
    ("<=", &[Ordering::Less, Ordering::Equal]),
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("=", EQUAL),
    ("<", &[Ordering::Less]),
    (">", &[Ordering::Greater]),
];

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = |(sign, accepted): &(&'static str, Accepted)| text.find(sign).map(|at| (at, *sign, *accepted));
        // The first operator; the longer one of two at the same position.
        let found = OPERATORS.iter().filter_map(at).min_by_key(|(at, sign, _)| (*at, usize::MAX - sign.len()));
        match found {
            Some((at, sign, accepted)) if at > 0 => {
                let value = text[at + sign.len()..].trim().to_owned();
                let number = number::parse(value.as_bytes()).ok().flatten();
                Ok(Self { column: text[..at].trim().to_owned(), accepted, text: value, number })
            }
            _ => Err(format!("invalid condition {text:?}: write a column, one of = != < <= > >=, and a value")),
        }
    }
}

impl Filter {
    /// Whether values are compared as numbers.
    pub(super) fn compares_numbers(&self) -> bool {
        self.number.is_some()
    }

    /// Whether a value meets the condition.
    ///
    /// # Errors
    /// A complaint to follow the value, if it should be a number and is not.
    pub(super) fn passes(&self, value: &[u8]) -> Result<bool, &'static str> {
        let order = match self.number {
            Some(number) => match number::parse(value) {
                Ok(Some(value)) => value.partial_cmp(&number).unwrap_or(Ordering::Equal),
                Ok(None) => return Ok(self.accepted == NOT_EQUAL),
                Err(_) if [EQUAL, NOT_EQUAL].contains(&self.accepted) => return Ok(self.accepted == NOT_EQUAL),
                Err(_) => return Err("is not a number, but the filter compares numbers"),
            },
            None => value.cmp(self.text.as_bytes()),
        };
        Ok(self.accepted.contains(&order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(condition: &str, value: &str) -> bool {
        condition.parse::<Filter>().unwrap().passes(value.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_as_texts() {
        assert!(passes("kwh>=0", "0.0") && passes("kwh >= 0", "10") && !passes("kwh>=0", "-1"));
        assert!(passes("kwh<10", "9") && !passes("kwh<10", "10") && passes("kwh<=10", "10"));
        assert!(passes("code=7", "07.0") && passes("code!=7", "x") && !passes("code=7", "x"));
        assert!(passes("region=north", "north") && !passes("region=north", "North") && passes("region!=north", ""));
        assert!(passes("day>2024-01-31", "2024-02-01") && !passes("day>2024-01-31", "2024-01-31"));
        assert!(passes("name==x", "x") && passes("promo == 1", "1.0") && passes("name= =x", "=x"));
    }

    #[test]
    fn a_missing_value_meets_only_not_equal() {
        assert!(!passes("kwh>=0", "") && !passes("kwh=0", "NA") && passes("kwh!=0", ""));
    }

    #[test]
    fn values_and_conditions_that_make_no_sense_are_refused() {
        assert!("kwh>=0".parse::<Filter>().unwrap().passes(b"ten").unwrap_err().contains("not a number"));
        for text in ["kwh", "=3", ""] {
            assert!(text.parse::<Filter>().unwrap_err().contains("!="), "{text}");
        }
    }
}
