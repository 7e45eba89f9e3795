//! Numbers with a decimal comma, or with separators between thousands: `1.234,5`, `1,234.5`, `1 234,5`, `1'234.5`.

use std::str::FromStr;

use crate::input::{
    data_error::{DataError, Position},
    value::cell::Cell,
};

/// The sign before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// A number as text with a decimal point and nothing between the thousands.
pub(crate) struct PlainNumber {
    bytes: [u8; LONGEST],
    length: usize,
}

/// The most bytes of a number.
const LONGEST: usize = 64;

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "point" | "." => Ok(Self::Point),
            "comma" | "," => Ok(Self::Comma),
            _ => Err("use point or comma".to_owned()),
        }
    }
}

impl PlainNumber {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length += 1;
        Some(())
    }
}

impl Decimal {
    /// The word of the setting.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }

    /// The number with a decimal point; `None`: it is none in this notation. Separated thousands have three digits each.
    pub(crate) fn plain(self, text: &[u8]) -> Option<PlainNumber> {
        let (decimal, separator) = match self {
            Self::Point => (b'.', b','),
            Self::Comma => (b',', b'.'),
        };
        let mut plain = PlainNumber { bytes: [0; LONGEST], length: 0 };
        let mut rest = text;
        if let [sign @ (b'-' | b'+'), after @ ..] = rest {
            plain.push(*sign)?;
            rest = after;
        }
        let start = plain.length;
        // The digits since the last separator, if there was one.
        let mut group = None;
        loop {
            let separated = match rest {
                [digit @ b'0'..=b'9', after @ ..] => {
                    plain.push(*digit)?;
                    group = group.map(|digits: usize| digits + 1);
                    rest = after;
                    continue;
                }
                // The last two are spaces that do not break.
                [b'\'' | b' ', after @ ..] | [0xc2, 0xa0, after @ ..] | [0xe2, 0x80, 0xaf, after @ ..] => after,
                [byte, after @ ..] if *byte == separator => after,
                _ => break,
            };
            let first = &plain.bytes[start..plain.length];
            let is_thousand = match group {
                None => (1..=3).contains(&first.len()) && first[0] != b'0',
                Some(digits) => digits == 3,
            };
            if !is_thousand {
                return None;
            }
            (group, rest) = (Some(0), separated);
        }
        if group.is_some_and(|digits| digits != 3) {
            return None;
        }
        if let [byte, after @ ..] = rest
            && *byte == decimal
        {
            plain.push(b'.')?;
            rest = after;
        }
        // Decimals and an exponent are left to the parser of numbers.
        rest.iter().try_for_each(|byte| plain.push(*byte))?;
        let number = fast_float2::parse::<f64, _>(plain.as_bytes()).ok()?;
        number.is_finite().then_some(plain)
    }

    /// A field of numbers in a notation that is not the usual one; words are left to those who know their meaning.
    pub(crate) fn cell(self, text: &[u8]) -> Cell<'_> {
        match self.number(text) {
            Some(number) => Cell::Number(number),
            None if text.iter().any(u8::is_ascii_digit) => Cell::Other,
            None => Cell::Text(text),
        }
    }

    /// The number.
    pub(crate) fn number(self, text: &[u8]) -> Option<f64> {
        fast_float2::parse(self.plain(text)?.as_bytes()).ok()
    }
}

/// Whether a text is a number in either notation.
pub(crate) fn is_number(text: &[u8]) -> bool {
    Decimal::Point.plain(text).is_some() || Decimal::Comma.plain(text).is_some()
}

/// What the numbers of a file have shown of their notation.
#[derive(Debug, Default)]
pub(crate) struct Notation {
    /// Numbers with a decimal point alone, …
    points: u64,
    /// … and with a decimal comma alone.
    commas: u64,
    /// Whether a comma stands between thousands.
    separated: bool,
    /// The first number with a comma that may be either, and the first with a decimal comma: where, in which column, what.
    doubtful: Option<Example>,
    comma: Option<Example>,
}

type Example = (Position, Vec<u8>, Vec<u8>);

impl Notation {
    /// Takes a field of a column of numbers into account.
    pub(crate) fn see(&mut self, text: &[u8], position: Position, column: &[u8]) {
        if text.iter().all(u8::is_ascii_digit) {
            return;
        }
        let example = || Some((position, column.to_vec(), text.to_vec()));
        match (Decimal::Point.number(text), Decimal::Comma.number(text)) {
            (Some(_), None) => {
                self.points += 1;
                self.separated |= text.contains(&b',');
            }
            (None, Some(_)) => {
                self.commas += 1;
                if self.comma.is_none() {
                    self.comma = example();
                }
            }
            (Some(point), Some(comma)) if point != comma && self.doubtful.is_none() && text.contains(&b',') => {
                self.doubtful = example();
            }
            _ => {}
        }
    }

    /// The notation; `None` if it is the usual one, in which nothing separates thousands.
    ///
    /// # Errors
    /// With the first number that leaves a doubt, and the choice.
    pub(crate) fn decide(self) -> Result<Option<Decimal>, DataError> {
        let Self { points, commas, separated, doubtful, comma } = self;
        if commas == 0 && doubtful.is_none() && !separated {
            return Ok(None);
        }
        if commas > 0 && points * 100 <= commas {
            return Ok(Some(Decimal::Comma));
        }
        if points > 0 && commas * 100 <= points {
            return Ok(Some(Decimal::Point));
        }
        let (complaint, example) = if commas > 0 {
            let complaint = "has a decimal comma, but other numbers of the file have a decimal point: set decimal to comma or \
                             point, and correct the others";
            (complaint, comma)
        } else {
            ("may have a decimal comma, or one between the thousands: set decimal to comma or point", doubtful)
        };
        let (position, column, text) = example.expect("it was counted");
        Err(DataError::cell(position, &column, &text, complaint))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> [Option<f64>; 2] {
        [Decimal::Point, Decimal::Comma].map(|decimal| decimal.number(text.as_bytes()))
    }

    #[test]
    fn a_number_is_read_in_the_notations_that_it_fits() {
        for (text, point, comma) in [
            ("3,5", None, Some(3.5)),
            ("3.5", Some(3.5), None),
            ("1,234", Some(1234.0), Some(1.234)),
            ("1.234", Some(1.234), Some(1234.0)),
            ("1.234,56", None, Some(1234.56)),
            ("1,234.56", Some(1234.56), None),
            ("-1.234.567", None, Some(-1_234_567.0)),
            ("1 234,5", None, Some(1234.5)),
            ("1\u{a0}234\u{202f}567,5", None, Some(1_234_567.5)),
            ("1'234.5", Some(1234.5), None),
            ("1234,567", None, Some(1234.567)),
            ("0,123", None, Some(0.123)),
            (",5", None, Some(0.5)),
            ("+2,5e3", None, Some(2500.0)),
            ("100", Some(100.0), Some(100.0)),
            ("1,23,456", None, None),
            ("1,2,3", None, None),
            ("1.234,5.6", None, None),
            ("", None, None),
            ("-", None, None),
            ("x", None, None),
            ("1,", None, Some(1.0)),
        ] {
            assert_eq!(read(text), [point, comma], "{text}");
        }
    }

    fn decided(numbers: &[&str]) -> Result<Option<Decimal>, String> {
        let mut notation = Notation::default();
        numbers.iter().zip(2..).for_each(|(text, line)| notation.see(text.as_bytes(), Position::Line(line), b"y"));
        notation.decide().map_err(|error| error.in_file("f").to_string())
    }

    #[test]
    fn the_numbers_of_a_file_decide_together() {
        assert_eq!(decided(&["100", "3.5", "1.234", "", "x"]), Ok(None));
        assert_eq!(decided(&["1.234", "100", "3,5"]), Ok(Some(Decimal::Comma)));
        assert_eq!(decided(&["1,234", "999.5"]), Ok(Some(Decimal::Point)));
        assert_eq!(decided(&["1,234,567"]), Ok(Some(Decimal::Point)));
        let refusal = decided(&["100", "1,234"]).unwrap_err();
        assert!(
            refusal.starts_with(r#"f: line 3, column "y": "1,234" may have a decimal comma, or one between"#),
            "{refusal}"
        );
        assert!(decided(&["3.5", "3,5"]).unwrap_err().contains("\"3,5\" has a decimal comma, but other numbers"));
        // One slip of the pen among hundreds is a bad row, and changes no other.
        let mut many = vec!["3.5"; 200];
        many.push("3,5");
        assert_eq!(decided(&many), Ok(Some(Decimal::Point)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = is_number(&text);
        }

        #[test]
        fn what_rust_writes_is_read_in_its_notation(number in -1e15..1e15_f64) {
            let text = number.to_string();
            prop_assert_eq!(Decimal::Point.number(text.as_bytes()), Some(number));
            prop_assert_eq!(Decimal::Comma.number(text.replace('.', ",").as_bytes()), Some(number));
        }
    }
}
