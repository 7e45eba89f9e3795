//! How a CSV body of features is written: the byte between its fields, its records, and decimal commas, which all of its numbers decide.

use crate::input::{Decimal, data_error::Position, value::decimal::Notation};
use manyfit_models::data::{Cell, Feature};

/// The byte between the fields of a body with this first line: one that makes as many fields as there are features, a comma last
/// because it may be a number's; else the first that there is.
pub(super) fn delimiter_of(first_line: &[u8], features: usize) -> u8 {
    let count = |mark: u8| memchr::memchr_iter(mark, first_line).count();
    let fits = [b'\t', b';', b','].into_iter().find(|mark| count(*mark) > 0 && count(*mark) + 1 == features);
    fits.or_else(|| [b',', b';', b'\t', b' '].into_iter().find(|mark| count(*mark) > 0)).unwrap_or(b',')
}

/// The records of a body, the header's too if it has one.
pub(super) fn reader(body: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).trim(csv::Trim::All).from_reader(body)
}

/// How the numbers of a body are written, if not as usual; a body with commas between its fields has no others.
pub(super) fn decimal_of(body: &[u8], delimiter: u8) -> Option<Decimal> {
    if !matches!(delimiter, b';' | b'\t') || !body.contains(&b',') {
        return None;
    }
    let mut records = reader(body, delimiter);
    let mut notation = Notation::default();
    let mut record = csv::ByteRecord::new();
    while records.read_byte_record(&mut record).is_ok_and(|more| more) {
        record.iter().for_each(|field| notation.see(field, Position::Row(0), b""));
    }
    // Where that leaves a doubt, numbers with commas are refused.
    notation.decide().unwrap_or_default()
}

/// A field of a feature.
pub(super) fn cell<'c>(text: &'c str, feature: Option<&Feature>, decimal: Option<Decimal>) -> Cell<'c> {
    let decimal = decimal.filter(|_| feature.is_none_or(|feature| feature.categories.is_none()));
    let number = decimal.and_then(|decimal| decimal.number(text.as_bytes()));
    number.map_or(Cell::Text(text), Cell::Number)
}
