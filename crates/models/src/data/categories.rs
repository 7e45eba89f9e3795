//! The categories of a feature, found by value: `1`, `1.0` and `true` are one value, however a file writes it.

use crate::footprint::{of_text, of_vec};
use serde::{Deserialize, Serialize};

/// The integers up to here have doubles of their own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The categories of a feature: distinct texts, sorted by their bytes. A category's code is its place, from 0.
///
/// - Text is the category of that text, or else the category with that [value](Spelling::of);
/// - categories that share a value, in artifacts of older versions, are told apart by their text; a value that is neither's
///   text is the first one that is written plainly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Categories {
    names: Vec<String>,
    /// The bits of each value, sorted, and the code of its category.
    by_value: Vec<(u64, u32)>,
}

/// The value of a text that is a number, `true` or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The bits of the number; those of 1 and 0 for truth values.
    bits: u64,
    /// Whether it is written as a number that nobody would take for a name: without an exponent (`1e3`), leading zeros
    /// (`007`) or a plus sign.
    plain: bool,
}

impl Spelling {
    /// The value of a text; `None` if it is text only, among it integers of which no double is exactly that.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if let Some(truth) = truth(text.as_bytes()) {
            return Some(Self { bits: bits(f64::from(u8::from(truth))), plain: true });
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return None;
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
        if number.abs() >= EXACT && !digits.contains(['e', 'E']) {
            let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
            let is_exact = integer.parse() == Ok(number as i128) && fraction.bytes().all(|digit| digit == b'0');
            return is_exact.then_some(Self { bits: bits(number), plain: true });
        }
        let leading_zero = digits.starts_with('0') && digits[1..].starts_with(|next: char| next.is_ascii_digit());
        let plain = !leading_zero && !text.starts_with('+') && !digits.contains(['e', 'E']);
        Some(Self { bits: bits(number), plain })
    }

    /// What plainly written texts of one value share. Other texts may be names, which only their whole column could tell.
    #[must_use]
    pub fn plain_bits(self) -> Option<u64> {
        self.plain.then_some(self.bits)
    }
}

/// The bits of a number, the same for both zeros.
fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// The shortest decimal of a number that is a single-precision one, or that number of its shortest decimal.
fn single_twin(number: f64) -> Option<f64> {
    let single = number as f32;
    let shortest = single.to_string().parse().ok()?;
    if f64::from(single) == number { Some(shortest) } else { (shortest == number).then_some(f64::from(single)) }
}

/// The truth value that Python, JSON and data frames write as this text, in any case.
#[must_use]
pub fn truth(text: &[u8]) -> Option<bool> {
    match text.len() {
        4 if text.eq_ignore_ascii_case(b"true") => Some(true),
        5 if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

impl Categories {
    /// The texts, in the order of their codes.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The code of a text.
    #[must_use]
    pub fn code(&self, text: &str) -> Option<usize> {
        let same = self.names.binary_search_by(|name| name.as_str().cmp(text)).ok();
        same.or_else(|| self.code_of_value(Spelling::of(text)?.bits))
    }

    /// The code of a number.
    #[must_use]
    pub fn code_of(&self, number: f64) -> Option<usize> {
        let same = self.names.binary_search_by(|name| name.as_str().cmp(&number.to_string())).ok();
        same.or_else(|| self.code_of_value(bits(number)))
    }

    /// The code of a value, or of what it is in single precision, which a file or a client on the way may have: 0.1 for
    /// 0.10000000149011612, and the other way round.
    fn code_of_value(&self, bits: u64) -> Option<usize> {
        self.code_of_bits(bits).or_else(|| self.code_of_bits(single_twin(f64::from_bits(bits))?.to_bits()))
    }

    fn code_of_bits(&self, bits: u64) -> Option<usize> {
        let at = self.by_value.binary_search_by_key(&bits, |(bits, _)| *bits).ok()?;
        Some(self.by_value[at].1 as usize)
    }

    pub(crate) fn footprint(&self) -> usize {
        of_vec(&self.names) + self.names.iter().map(of_text).sum::<usize>() + of_vec(&self.by_value)
    }
}

impl From<Vec<String>> for Categories {
    fn from(names: Vec<String>) -> Self {
        let mut spellings: Vec<(u64, bool, u32)> = names
            .iter()
            .zip(0..)
            .filter_map(|(name, code)| Spelling::of(name).map(|value| (value.bits, !value.plain, code)))
            .collect();
        spellings.sort_unstable();
        // Of texts that only resemble numbers none is preferred: which of `01` and `001` is 1?
        let code = |same: &[(u64, bool, u32)]| match same {
            [(bits, false, code), ..] | [(bits, true, code)] => Some((*bits, *code)),
            _ => None,
        };
        let by_value = spellings.chunk_by(|a, b| a.0 == b.0).filter_map(code).collect();
        Self { names, by_value }
    }
}

impl From<Categories> for Vec<String> {
    fn from(categories: Categories) -> Self {
        categories.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(names: &[&str]) -> Categories {
        let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
        names.sort();
        names.into()
    }

    #[test]
    fn one_value_is_one_category_however_it_is_written() {
        for (names, spellings) in [
            (&["1", "2"][..], &["1", "1.0", "1.00", "+1", "01", "1e0", "true", "True", "TRUE"][..]),
            (&["1.0", "2.0"], &["1", "1.", "true"]),
            (&["False", "True"], &["1", "1.0", "true"]),
            (&["-0.5"], &["-.5", "-0.50", "-5e-1"]),
            (&["0", "7"], &["-0", "0.0", "false"]),
            (&["02134"], &["2134", "2134.0"]),
            (&["1000000000000000000"], &["1e18", "1000000000000000000.0"]),
        ] {
            let categories = categories(names);
            let codes: Vec<_> = spellings.iter().map(|text| categories.code(text)).collect();
            assert!(codes[0].is_some() && codes.iter().all(|code| *code == codes[0]), "{names:?}: {codes:?}");
        }
        let numbers = categories(&["1.0", "2.50", "true"]);
        assert_eq!((numbers.code_of(1.0), numbers.code_of(2.5), numbers.code_of(3.0)), (Some(0), Some(1), None));
    }

    #[test]
    fn a_value_of_single_precision_is_its_decimal() {
        let single = f64::from(0.1_f32).to_string();
        assert_eq!(single, "0.10000000149011612");
        let decimals = categories(&["0.1", "0.3", "16777216"]);
        assert_eq!((decimals.code(&single), decimals.code_of(f64::from(0.3_f32))), (Some(0), Some(1)));
        assert_eq!(
            (decimals.code("16777217"), decimals.code_of(0.100_000_1), decimals.code("0.30000001")),
            (None, None, None)
        );
        let singles = categories(&[&single, "0.5"]);
        assert_eq!((singles.code("0.1"), singles.code_of(0.1), singles.code("0.2")), (Some(0), Some(0), None));
        let both = categories(&["0.1", &single]);
        assert_eq!(
            (both.code("0.1"), both.code(&single), both.code_of(f64::from(0.1_f32))),
            (Some(0), Some(1), Some(1))
        );
    }

    #[test]
    fn different_values_and_texts_stay_apart() {
        for (names, text) in [
            (&["1", "2"][..], "1.5"),
            (&["1"], "1a"),
            (&["1"], "one"),
            (&["a"], "A"),
            (&["01", "001"], "1"),
            (&["9007199254740992"], "9007199254740993"),
            (&["1"], "infinity"),
            (&["1"], ""),
            (&["yes"], "true"),
        ] {
            assert_eq!(categories(names).code(text), None, "{names:?}: {text}");
        }
        let codes = categories(&["01", "1", "1.0", "9007199254740992", "9007199254740993"]);
        for (code, name) in codes.names().iter().enumerate() {
            assert_eq!(codes.code(name), Some(code), "{name}");
        }
        assert_eq!(codes.code("1.00"), Some(1), "the plain text, not 01");
    }

    #[test]
    fn they_are_stored_as_a_list_of_texts() {
        let stored = serde_json::to_string(&categories(&["b", "1"])).unwrap();
        assert_eq!(stored, r#"["1","b"]"#);
        assert_eq!(serde_json::from_str::<Categories>(&stored).unwrap().code("1.0"), Some(0));
    }
}
