//! A CSV file: its header, its columns, its rows.

use std::borrow::Cow;

use crate::input::{
    content::{
        rows::{FileRow, Rows},
        sink::Sink,
    },
    csv::{
        preamble::Preamble,
        split::{self, Record, Records, Text},
        times::see_times,
    },
    data_error::{DataError, Position},
    schema::{
        columns::Columns,
        header::{Header, NO_CUSTOMER},
        kind::ColumnKind,
        positions::Fields,
        whose::Whose,
    },
    settings::InputSettings,
    value::{
        cell::Cell,
        column_times::ColumnTimes,
        decimal::{Decimal, Notation},
    },
};
use manyfit_models::data::Feature;

/// The number of rows that are sampled to detect columns by their values, and more while a column has shown no value yet,
const SAMPLE: usize = 20;
/// … up to this number.
const LONGEST_SAMPLE: usize = 2000;

/// Buffers that are reused for one file after another.
#[derive(Default)]
pub(in crate::input) struct Scratch {
    pub(in crate::input) records: split::Scratch,
    pub(in crate::input) header: Header,
}

/// A CSV file whose first record was read.
pub(in crate::input) struct CsvFile<'a> {
    pub(in crate::input) text: Text<'a>,
    pub(in crate::input) scratch: &'a mut Scratch,
    /// How numbers are written, if not as usual, once it is decided.
    pub(in crate::input) decimal: Option<Decimal>,
    /// What comes before the rows.
    pub(in crate::input) preamble: Preamble,
}

impl<'a> CsvFile<'a> {
    /// Reads the first record; `folders` are the columns that the folders of the file's path are.
    pub(in crate::input) fn open<C: Columns>(
        bytes: &'a [u8],
        folders: Vec<(String, String)>,
        settings: &InputSettings,
        scratch: &'a mut Scratch,
    ) -> Result<Self, DataError> {
        // Where any first line is a row, none comes before it.
        let has_none = settings.table.as_ref().is_some_and(|table| table.header == Some(false));
        let skip = settings.skip_lines.or(has_none.then_some(0));
        let (text, preamble) = Preamble::skip(bytes, skip, &mut scratch.records)?;
        let mut records = text.records(&mut scratch.records);
        let first = records.next().ok_or_else(|| DataError::file(C::EMPTY))?;
        first.check_quotes()?;
        if let Some(names) = &preamble.names {
            scratch.header.fill(names.iter(), false);
        } else {
            C::fill_header(&mut scratch.header, &first, settings);
            let width = first.len();
            let Scratch { records: buffers, header } = &mut *scratch;
            C::look_again(header, || first_rows(text.records(buffers), width));
        }
        scratch.header.add_folders(folders);
        Ok(Self { text, scratch, decimal: None, preamble })
    }

    /// Finds the columns.
    pub(in crate::input) fn resolve<C: Columns>(
        &mut self,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
    ) -> Result<C, DataError> {
        let Scratch { records, header } = &mut *self.scratch;
        C::resolve(header, settings, whose, known, || sample(self.text.records(records), header.len()))
            .map_err(|error| self.preamble.explain(error))
    }

    /// Decides the form of the timestamps, which the first rows tell of nearly every file.
    pub(in crate::input) fn decide_times<C: Columns>(
        &mut self,
        columns: &mut C,
        settings: &InputSettings,
    ) -> Result<(), DataError> {
        let Some(at) = columns.timestamp() else { return Ok(()) };
        let Scratch { records, header } = &mut *self.scratch;
        let mut times = ColumnTimes::default();
        match header.folder_value(at) {
            Some(value) => _ = times.see(Cell::Text(value), Position::Line(1)),
            None => _ = see_times(&mut times, self.text.records(records), at, !header.is_headerless(), 0),
        }
        columns.set_times(times.decide(&settings.times, header.name(at))?);
        Ok(())
    }

    /// Decides how numbers are written. Only files with a comma within a field need a look at all their numbers.
    pub(in crate::input) fn decide_decimal<C: Columns>(
        &mut self,
        columns: &C,
        settings: &InputSettings,
    ) -> Result<(), DataError> {
        self.decimal = settings.decimal;
        if self.decimal.is_some() || !self.text.has_commas() {
            return Ok(());
        }
        let Scratch { records, header } = &mut *self.scratch;
        let mut wanted = columns.wanted();
        wanted.retain(|at| columns.is_numeric(*at));
        let mut notation = Notation::default();
        let mut records = self.text.records(records);
        if !header.is_headerless() {
            records.next();
        }
        while let Some(record) = records.next() {
            for &at in &wanted {
                notation.see(record.field(at), Position::Line(record.line), header.name(at));
            }
        }
        self.decimal = notation.decide()?;
        Ok(())
    }

    /// Gives every row to the sink. Blank rows are skipped.
    pub(in crate::input) fn read<R: Rows>(
        self,
        columns: &R::Columns,
        sink: &mut impl Sink<R>,
    ) -> Result<(), DataError> {
        let decimal = self.decimal;
        let Scratch { records, header } = self.scratch;
        let (mut records, customer) = (self.text.records(records), columns.customer());
        if !header.is_headerless() {
            records.next();
        }
        let mut ordinal = 0;
        while let Some(record) = records.next() {
            ordinal += 1;
            let name = customer.map_or(&[][..], |at| record.field(at));
            if let Some(at) = customer
                && name.is_empty()
            {
                if let Some(error) = nameless(&record, at, header) {
                    sink.nameless(error);
                }
                continue;
            }
            let Some(rows) = sink.rows(name) else { continue };
            let pushed = if record.len() == header.len() {
                rows.push(&CsvRow { record, ordinal, decimal, header }, columns, header)
            } else {
                record.refuse_length(header.len())
            };
            pushed.or_else(|error| sink.fail(error))?;
        }
        Ok(())
    }
}

/// A record with as many fields as the header.
struct CsvRow<'a> {
    record: Record<'a>,
    ordinal: u64,
    decimal: Option<Decimal>,
    header: &'a Header,
}

impl CsvRow<'_> {
    #[inline]
    fn field(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_else(|| self.header.folder_value(at).unwrap_or_default())
    }
}

impl FileRow for CsvRow<'_> {
    #[inline]
    fn position(&self) -> Position {
        Position::Line(self.record.line)
    }

    #[inline]
    fn ordinal(&self) -> u64 {
        self.ordinal
    }

    fn is_blank(&self) -> bool {
        self.record.is_blank()
    }

    #[inline]
    fn cell(&self, at: usize) -> Cell<'_> {
        Cell::Text(self.field(at))
    }

    #[inline]
    fn number_cell(&self, at: usize) -> Cell<'_> {
        match self.decimal {
            None => self.cell(at),
            Some(decimal) => decimal.cell(self.field(at)),
        }
    }

    #[inline]
    fn text(&self, at: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.field(at))
    }
}

/// The first rows below the first record.
fn first_rows(mut records: Records<'_>, width: usize) -> Vec<Fields> {
    let mut rows = Vec::with_capacity(SAMPLE);
    records.next();
    while rows.len() < SAMPLE
        && let Some(record) = records.next()
    {
        if record.len() == width && !record.is_blank() {
            rows.push((0..width).map(|at| record.field(at).to_vec()).collect());
        }
    }
    rows
}

fn sample(mut records: Records<'_>, width: usize) -> Vec<ColumnKind> {
    let mut kinds = vec![ColumnKind::UNSEEN; width];
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

/// What is wrong with a row without a customer; nothing, if it is blank.
#[cold]
fn nameless(record: &Record<'_>, at: usize, header: &Header) -> Option<DataError> {
    if record.is_blank() {
        return None;
    }
    let unnamed = |()| DataError::cell(Position::Line(record.line), header.name(at), b"", NO_CUSTOMER);
    Some(record.check_quotes().map_or_else(|torn| torn, unnamed))
}
