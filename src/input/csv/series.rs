//! CSV bytes to rows.

use crate::input::{
    InputSettings, Sink,
    content::series::Row,
    csv::features as table_csv,
    csv::split::{self as records, Record, Records, Text},
    data_error::{DataError, Position},
    schema::header::{Columns, Header, Kind},
    value::number,
    value::timestamp,
};

/// A guess by values looks at this many rows, and at more while a column has shown no value yet.
const SAMPLE: usize = 20;
/// … but not at more than these.
const LONGEST_SAMPLE: usize = 2000;

/// Memory for one file after another.
#[derive(Default)]
pub(in crate::input) struct Scratch {
    pub(in crate::input) records: records::Scratch,
    pub(in crate::input) header: Header,
}

/// Whether the file's columns name customers.
pub(in crate::input) fn names_customers(
    bytes: &[u8],
    settings: &InputSettings,
    scratch: &mut Scratch,
) -> Result<bool, DataError> {
    let has_header = header_of(Text::new(bytes)?, settings, scratch)?;
    Ok(has_header && scratch.header.customer(settings)?.is_some())
}

/// Finds the file's columns; their names are in `scratch` then.
pub(in crate::input) fn columns(
    bytes: &[u8],
    settings: &InputSettings,
    many: bool,
    scratch: &mut Scratch,
) -> Result<Columns, DataError> {
    open(bytes, settings, many, scratch).map(|(_, columns, _)| columns)
}

/// Calls `count` with the customer of each row.
pub(in crate::input) fn customers(
    bytes: &[u8],
    settings: &InputSettings,
    scratch: &mut Scratch,
    mut count: impl FnMut(&[u8]),
) -> Result<(), DataError> {
    let (text, customer) = match settings.table {
        None => open(bytes, settings, true, scratch).map(|(text, columns, _)| (text, columns.customer))?,
        Some(_) => (Text::new(bytes)?, table_csv::columns(bytes, settings, true, None, scratch)?.customer),
    };
    let mut records = text.records(&mut scratch.records);
    records.next();
    while let Some(record) = records.next() {
        if let Some(name) = customer_of(&record, customer, &scratch.header)? {
            count(name);
        }
    }
    Ok(())
}

/// Gives every row to the sink; the names of the further columns that it has.
pub(in crate::input) fn read(
    bytes: &[u8],
    settings: &InputSettings,
    many: bool,
    scratch: &mut Scratch,
    sink: &mut impl Sink,
) -> Result<Vec<String>, DataError> {
    let (text, columns, has_header) = open(bytes, settings, many, scratch)?;
    let (places, names) = scratch.header.further(settings, has_header)?;
    let mut further = vec![f64::NAN; places.len()];
    let mut records = text.records(&mut scratch.records);
    if has_header {
        records.next();
    }
    while let Some(record) = records.next() {
        let Some(customer) = customer_of(&record, columns.customer, &scratch.header)? else { continue };
        let Some(slot) = sink.slot(customer) else { continue };
        match row(&record, columns, &scratch.header) {
            Ok(None) => {}
            Ok(Some(row)) => match read_further(&record, &places, &scratch.header, &mut further) {
                Ok(()) => sink.push(slot, row, &further),
                Err(fault) => sink.fail(slot, fault)?,
            },
            Err(fault) => sink.fail(slot, fault)?,
        }
    }
    Ok(names)
}

/// Reads the further columns of a row.
#[inline]
fn read_further(record: &Record<'_>, places: &[usize], header: &Header, into: &mut [f64]) -> Result<(), DataError> {
    for (value, &at) in into.iter_mut().zip(places) {
        let field = record.field(at);
        *value = number::parse_or_truth(field).map_err(|_| {
            let complaint = "is not a number: mend the value, or leave the cell empty if it is unknown";
            DataError::cell(Position::Line(record.line), header.name(at), field, complaint)
        })?;
    }
    Ok(())
}

/// The text, its columns, and whether its first record is a header.
fn open<'a>(
    bytes: &'a [u8],
    settings: &InputSettings,
    many: bool,
    scratch: &mut Scratch,
) -> Result<(Text<'a>, Columns, bool), DataError> {
    let text = Text::new(bytes)?;
    let has_header = read_header(text, scratch)?;
    let Scratch { records, header } = scratch;
    let columns = if has_header {
        header.resolve(settings, many, || sample(text.records(records), header.len()))?
    } else {
        header.positions(settings, many)?
    };
    Ok((text, columns, has_header))
}

/// Fills the header as the kind of file wants it; whether it is one.
fn header_of(text: Text<'_>, settings: &InputSettings, scratch: &mut Scratch) -> Result<bool, DataError> {
    match settings.table {
        None => read_header(text, scratch),
        Some(_) => table_csv::read_header(text, settings, scratch),
    }
}

fn read_header(text: Text<'_>, scratch: &mut Scratch) -> Result<bool, DataError> {
    let mut records = text.records(&mut scratch.records);
    let first =
        records.next().ok_or_else(|| DataError::file("is empty: it needs a timestamp and a value in each row"))?;
    first.check_quotes()?;
    Ok(scratch.header.fill(&first))
}

fn sample(mut records: Records<'_>, width: usize) -> Vec<Kind> {
    let mut kinds = vec![Kind::UNSEEN; width];
    records.next();
    for rows in 1..=LONGEST_SAMPLE {
        let Some(record) = records.next() else { break };
        kinds.iter_mut().enumerate().for_each(|(at, kind)| kind.see(record.field(at)));
        if rows >= SAMPLE && kinds.iter().all(|kind| kind.seen) {
            break;
        }
    }
    kinds
}

/// Whose row it is: nothing where the file is one customer's, `None` for a blank row.
#[inline]
pub(in crate::input) fn customer_of<'a>(
    record: &Record<'a>,
    customer: Option<usize>,
    header: &Header,
) -> Result<Option<&'a [u8]>, DataError> {
    let Some(at) = customer else { return Ok(Some(&[])) };
    let name = record.field(at);
    if !number::is_missing(name) && str::from_utf8(name).is_ok() {
        Ok(Some(name))
    } else if record.is_blank() {
        Ok(None)
    } else {
        record.check_quotes()?;
        let complaint = "does not say whose row it is: every row needs a customer, in UTF-8";
        Err(DataError::cell(Position::Line(record.line), header.name(at), name, complaint))
    }
}

/// One row; `None` for a blank one.
#[inline]
fn row(record: &Record<'_>, columns: Columns, header: &Header) -> Result<Option<Row>, DataError> {
    if record.len() != columns.width {
        return odd_row(record, columns.width).map(|()| None);
    }
    let time = match timestamp::parse(record.field(columns.timestamp)) {
        Ok(time) => time,
        Err(complaint) => return bad_cell(record, columns.timestamp, header, complaint),
    };
    match number::parse_or(record.field(columns.target), number::NOT_A_TARGET) {
        Ok(value) => Ok(Some(Row { time, value: value.unwrap_or(f64::NAN), number: record.line })),
        Err(complaint) => bad_cell(record, columns.target, header, complaint),
    }
}

#[cold]
fn bad_cell(record: &Record<'_>, at: usize, header: &Header, complaint: &str) -> Result<Option<Row>, DataError> {
    if record.is_blank() {
        return Ok(None);
    }
    Err(DataError::cell(Position::Line(record.line), header.name(at), record.field(at), complaint))
}

/// A blank row is passed over; any other must have as many fields as the first line.
#[cold]
pub(in crate::input) fn odd_row(record: &Record<'_>, wanted: usize) -> Result<(), DataError> {
    record.check_quotes()?;
    if record.is_blank() {
        return Ok(());
    }
    Err(DataError::row(Position::Line(record.line), records::wrong_length(record.len(), wanted)))
}
