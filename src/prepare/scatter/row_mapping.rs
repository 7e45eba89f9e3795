//! From the fields of a table's row to a customer's row.

use std::fmt::Write as _;

use super::time_zones::{OutputTime, output_time};
use crate::{
    error::{Error, Result},
    input::{
        CustomerFrom,
        file_name::{customer_name, tells_purpose},
        layout::Layout,
        value::{cell::Cell, decimal::PlainNumber, number},
    },
    prepare::{
        buckets::{LONGEST_TEXT, LONGEST_VALUE, Row, occurrences, repeated},
        options::{Ambiguous, Arrangement, Keep, Options, Validation},
        row_filter::Filter,
    },
    shard::Shard,
    words::counted,
};
use manyfit_models::data::CustomerId;

/// How the rows of one table are converted.
pub(super) struct RowMapping<'a> {
    pub(super) layout: Layout,
    /// The column that names customers, or the customer of the whole file.
    pub(super) customer: Result<usize, String>,
    /// The kept columns.
    kept: Vec<usize>,
    filters: Vec<(usize, &'a Filter)>,
    options: &'a Options,
    shard: Shard,
}

/// Numbers of a row in the usual notation, where the table has another.
#[derive(Default)]
pub(super) struct PlainNumbers {
    target: Option<PlainNumber>,
    /// Of kept columns; empty unless they are features.
    kept: Vec<Option<PlainNumber>>,
}

/// A timestamp, parsed or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowTime<'a> {
    /// The table has none.
    Absent,
    Text(&'a [u8]),
    /// Milliseconds since 1970; `absolute` if they are known to be UTC.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has typed times"))]
    Parsed {
        time: i64,
        absolute: bool,
    },
}

/// What the clocks of the time zone do at the time of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    Run,
    Skip,
    /// At this local time, which the order of rows tells apart.
    Repeat(Option<i64>),
}

/// What is wrong with a local time that occurs twice, if that is an error.
const REPEATED: &str = "occurs twice, because the clocks are set back: choose with --ambiguous infer, first or last, or write \
     timestamps with an offset";

/// Why a row is left out.
#[derive(Debug)]
pub(super) enum LeftOut<'a> {
    Filtered,
    /// Its customer belongs to another shard.
    Elsewhere,
    Bad(BadCell<'a>),
}

/// A cell that cannot be used.
#[derive(Debug)]
pub(super) struct BadCell<'a> {
    pub(super) column: usize,
    pub(super) value: &'a [u8],
    /// Follows the value in a message.
    pub(super) complaint: &'a str,
}

impl<'a> LeftOut<'a> {
    fn bad(column: usize, value: &'a [u8]) -> impl FnOnce(&'a str) -> Self {
        move |complaint| Self::Bad(BadCell { column, value, complaint })
    }
}

impl<'o> RowMapping<'o> {
    /// For a table with these columns. `customer` is that of all its rows if no column names one, and `kept` are the names of
    /// the kept columns, the same for all tables.
    pub(super) fn new(
        layout: Layout,
        customer: Option<String>,
        options: &'o Options,
        shard: Shard,
        kept: &[String],
        file: &str,
    ) -> Result<Self> {
        let find = |wanted_by: &str, column: &str| {
            let mut names = layout.names.iter().chain(layout.folders.iter().map(|(name, _)| name));
            names.position(|name| name == column).ok_or_else(|| {
                let columns = layout.names.join(", ");
                Error::Data(format!("{file}: has no column {column:?}, which {wanted_by}; its columns are {columns}"))
            })
        };
        if options.has_features() && options.keep == Keep::All {
            let mut others = layout.others.iter().map(|at| layout.name(*at));
            if let Some(column) = others.find(|name| kept.iter().all(|kept| kept != name)) {
                return Err(Error::Data(format!(
                    "{file}: has the column {column:?}, which the first table does not have: give all tables the same \
                     columns, or choose columns with --keep"
                )));
            }
        }
        let wanted_by = if options.keep == Keep::All { "the first table has" } else { "--keep names" };
        let kept = kept.iter().map(|column| find(wanted_by, column)).collect::<Result<_>>()?;
        let filter = |filter: &'o Filter| Ok((find("--filter names", &filter.column)?, filter));
        let filters = options.filters.iter().map(filter).collect::<Result<_>>()?;
        let customer = match (layout.customer, customer) {
            (Some(at), _) => Ok(at),
            (None, customer) => {
                let customer = customer.unwrap_or_default();
                CustomerId::new(&customer).map_err(|complaint| {
                    Error::Data(format!(
                        "{file}: no column names customers, so the file name must be the customer, but {complaint}: name \
                         the column with --customer, or rename the file"
                    ))
                })?;
                if options.has_features() && tells_purpose(&customer) {
                    return Err(Error::Data(format!(
                        "{file}: its name says that it has a customer's rows for training, validation or tests, so they are \
                         split already: train on the files as they are, or rename them"
                    )));
                }
                Err(customer)
            }
        };
        Ok(Self { layout, customer, kept, filters, options, shard })
    }

    /// Converts a row whose trimmed fields `field` returns by column.
    #[inline]
    pub(super) fn row<'r, 'a: 'r, F: Fn(usize) -> &'a [u8] + Copy + 'r>(
        &'r self,
        field: F,
        time: RowTime<'a>,
        plain: &'r mut PlainNumbers,
    ) -> Result<(Row<'r, impl Iterator<Item = &'r [u8]> + Clone + use<'r, 'a, F>>, Clocks), LeftOut<'r>> {
        let (own, folders) = (self.layout.names.len(), self.layout.folders.as_slice());
        // After the columns of the file come those of its path.
        let field = move |at: usize| -> &'r [u8] {
            match at.checked_sub(own) {
                None => field(at),
                Some(folder) => folders[folder].1.as_bytes(),
            }
        };
        let target = self.layout.target;
        let customer = match &self.customer {
            Ok(at) => {
                let name = field(*at);
                self.check_name(name).map_err(LeftOut::bad(*at, name))?;
                name
            }
            Err(name) => name.as_bytes(),
        };
        if self.shard.count() > 1 && !std::str::from_utf8(customer).is_ok_and(|name| self.shard.contains_name(name)) {
            return Err(LeftOut::Elsewhere);
        }
        let (mut time, clocks) = match self.layout.timestamp {
            Some(at) => self.time(at, field, time)?,
            None => (0, Clocks::Run),
        };
        if self.options.has_features() {
            // Rows stay in the order of the input, but those for validation come last.
            let is_later = |from: i64| occurrences(time).0 >= from;
            time = i64::from(matches!(self.options.validation, Some(Validation::From(from)) if is_later(from)));
        }
        for (at, filter) in &self.filters {
            let plain =
                self.layout.decimal.filter(|_| filter.compares_numbers()).and_then(|form| form.plain(field(*at)));
            let value = plain.as_ref().map_or_else(|| field(*at), PlainNumber::as_bytes);
            if !filter.passes(value).map_err(LeftOut::bad(*at, field(*at)))? {
                return Err(LeftOut::Filtered);
            }
        }
        let text = field(target);
        let mut value: &'r [u8] = text;
        if let Some(decimal) = self.layout.decimal {
            plain.target = decimal.plain(text);
            if self.options.has_features() {
                plain.kept.extend(self.kept.iter().map(|at| decimal.plain(field(*at))));
            }
        }
        let plain: &'r PlainNumbers = plain;
        if self.layout.decimal.is_some() {
            value = match &plain.target {
                Some(plain) => plain.as_bytes(),
                None if number::is_missing(text) => text,
                None => return Err(LeftOut::bad(target, text)(number::NOT_A_NUMBER)),
            };
        }
        match number::parse(value).map_err(LeftOut::bad(target, text))? {
            None if self.layout.timestamp.is_none() && (0..own).all(|at| field(at).is_empty()) => {
                return Err(LeftOut::bad(target, &[])(""));
            }
            None => value = &[],
            Some(_) if value.len() <= LONGEST_VALUE => {}
            Some(_) => {
                return Err(LeftOut::bad(target, text)("is longer than 255 characters: write fewer digits"));
            }
        }
        if let Some(&at) = self.kept.iter().find(|at| field(**at).len() > LONGEST_TEXT) {
            return Err(LeftOut::bad(at, field(at))("is longer than 65,535 bytes: leave its column out of --keep"));
        }
        let kept = self.kept.iter().enumerate().map(move |(number, at)| match plain.kept.get(number) {
            Some(Some(plain)) => plain.as_bytes(),
            _ => field(*at),
        });
        Ok((Row { customer, time, value, kept }, clocks))
    }

    /// The time of a row, whose timestamp is in column `at`, in the zone of the output; both times of an hour that the clocks
    /// repeat as one.
    #[inline]
    fn time<'r, 'a: 'r>(
        &self,
        at: usize,
        field: impl Fn(usize) -> &'r [u8],
        time: RowTime<'a>,
    ) -> Result<(i64, Clocks), LeftOut<'r>> {
        let Options { from, to, assumed_zone, written_zone, ambiguous, .. } = self.options;
        let form = &self.layout.times.form;
        let text: &'r [u8] = match time {
            RowTime::Text(text) if at < self.layout.names.len() => text,
            _ => field(at),
        };
        let (mut time, absolute) = match time {
            RowTime::Parsed { time, absolute } => (time, absolute),
            RowTime::Text(_) | RowTime::Absent => {
                let time = form.time(Cell::Text(text)).map_err(LeftOut::bad(at, text))?;
                (time, assumed_zone.is_none() || form.is_absolute(text))
            }
        };
        if let Some(at) = self.layout.clock {
            let clock = field(at);
            time += Cell::Text(clock).time_of_day().map_err(LeftOut::bad(at, clock))?;
        }
        let (mut clocks, mut later) = (Clocks::Run, 0);
        if assumed_zone.is_some() || written_zone.is_some() {
            match output_time(time, absolute, assumed_zone.as_ref(), written_zone.as_ref()) {
                OutputTime::Once(once) => time = once,
                OutputTime::Skipped(moved) => (time, clocks) = (moved, Clocks::Skip),
                OutputTime::Repeated(first, second) => {
                    clocks = Clocks::Repeat((*ambiguous == Ambiguous::Infer).then_some(time));
                    (time, later) = match ambiguous {
                        Ambiguous::Infer => (first, second),
                        Ambiguous::First => (first, first),
                        Ambiguous::Last => (second, second),
                        Ambiguous::Error => return Err(LeftOut::bad(at, text)(REPEATED)),
                    };
                }
            }
        }
        if from.is_some_and(|from| time < from) || to.is_some_and(|to| time >= to) {
            return Err(LeftOut::Filtered);
        }
        if matches!(clocks, Clocks::Repeat(_)) {
            time = repeated(time, later);
        }
        Ok((time, clocks))
    }

    /// The columns of the file that are read, in order.
    #[cfg(feature = "parquet")]
    pub(super) fn used_columns(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.customer.iter().copied().collect();
        used.extend(self.layout.timestamp);
        used.push(self.layout.target);
        used.extend(self.layout.clock);
        used.extend(&self.kept);
        used.extend(self.filters.iter().map(|(at, _)| at));
        used.retain(|at| *at < self.layout.names.len());
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Whether the timestamps are needed as text too: kept or filtered.
    #[cfg(feature = "parquet")]
    pub(super) fn uses_timestamp_text(&self) -> bool {
        let mut wanted = self.kept.iter().chain(self.filters.iter().map(|(at, _)| at));
        wanted.any(|at| Some(*at) == self.layout.timestamp)
    }

    /// The role of each column, and which columns are left out.
    pub(super) fn description(&self) -> String {
        let Layout { names, timestamp, target, clock, .. } = &self.layout;
        let name = |at: usize| format!("{:?}", self.layout.name(at));
        let in_path = |customer: &String| match self.layout.folders.iter().find(|(_, value)| value == customer) {
            Some((folder, _)) => format!("{folder:?}, a folder"),
            None => "the file's name".to_owned(),
        };
        let customer = self.customer.as_ref().map_or_else(in_path, |at| name(*at));
        let used = |at: &usize| {
            self.customer == Ok(*at)
                || [*timestamp, *clock, Some(*target)].contains(&Some(*at))
                || self.kept.contains(at)
        };
        let unused: Vec<String> = (0..names.len()).filter(|at| !used(at)).map(name).collect();
        let timestamp = timestamp.map(|at| format!("timestamp = {}, ", name(at))).unwrap_or_default();
        let mut text = format!("customer = {customer}, {timestamp}target = {}", name(*target));
        if self.options.has_features() {
            let _ = write!(text, ", {} kept", counted(self.kept.len(), "other column"));
        }
        if !unused.is_empty() {
            let _ = write!(text, "; left out: {} (use --keep to keep them)", unused.join(", "));
        }
        if let Some([clock, date]) = &self.layout.unused_clock {
            let _ = write!(text, "; if {clock:?} holds the time of day, set --timestamp '{date},{clock}'");
        }
        if let Some(decimal) = self.layout.decimal {
            let _ = write!(text, "; numbers read with a decimal {}", decimal.name());
        }
        for note in [&self.layout.times.note, &self.layout.preamble].into_iter().flatten() {
            let _ = write!(text, "; {note}");
        }
        text
    }

    #[inline]
    fn check_name(&self, name: &[u8]) -> Result<(), &'static str> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let is_plain = (1..=CustomerId::MAX_BYTES).contains(&name.len()) && name.iter().all(plain);
        if is_plain && !(self.options.has_features() && str::from_utf8(name).is_ok_and(tells_purpose)) {
            return Ok(());
        }
        self.check_unusual_name(name)
    }

    #[cold]
    fn check_unusual_name(&self, name: &[u8]) -> Result<(), &'static str> {
        if name.is_empty() {
            return Err("does not name a customer: every row needs one");
        }
        let text = std::str::from_utf8(name).map_err(|_| "is not UTF-8: save the table in UTF-8")?;
        if CustomerId::new(text).is_err() {
            return Err(
                "cannot name a customer: at most 200 bytes, no / \\ : * ? \" < > | or control characters, no dot \
                        or underscore at the beginning",
            );
        }
        let file = || format!("{text}.{}", self.options.format.extension());
        if self.options.arrangement == Arrangement::Customers
            && customer_name(&file(), CustomerFrom::Name).as_deref() != Ok(text)
        {
            return Err("ends like the name of a packed file: write bundles with --bundle, or rename the customer");
        }
        if self.options.has_features() && self.options.arrangement == Arrangement::Customers && tells_purpose(&file()) {
            return Err(
                "ends like the name of a file for training, validation or tests: write bundles with --bundle, or rename \
                        the customer",
            );
        }
        Ok(())
    }
}

/// The names of the kept columns: as set, or all that have no other role, those of folders included.
pub(super) fn kept_columns(layout: &Layout, customer: Option<&str>, keep: &Keep) -> Vec<String> {
    match keep {
        Keep::Named(columns) => columns.iter().map(|(column, _)| column.clone()).collect(),
        Keep::All => {
            let folders = layout.folders.iter().filter(|(_, value)| customer != Some(value));
            let timestamp = layout.timestamp.map(|at| layout.name(at));
            let folders = folders.map(|(name, _)| name.as_str()).filter(|name| Some(*name) != timestamp);
            layout.others.iter().map(|at| layout.name(*at)).chain(folders).map(str::to_owned).collect()
        }
    }
}
