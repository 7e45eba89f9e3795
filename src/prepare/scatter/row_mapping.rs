//! From the fields of a table's row to a customer's row.

use std::fmt::Write as _;

use super::time_zones::{OutputTime, output_time};
use crate::{
    error::{Error, Result},
    input::{
        file_name::customer_name,
        layout::Layout,
        value::{cell::Cell, decimal::PlainNumber, number},
    },
    prepare::{
        buckets::{LONGEST_TEXT, LONGEST_VALUE, Row, repeated},
        options::{Ambiguous, Arrangement, Keep, Options},
        row_filter::Filter,
    },
    shard::Shard,
};
use manyfit_models::data::CustomerId;

/// How the rows of one table are converted.
pub(super) struct RowMapping<'a> {
    pub(super) layout: Layout,
    /// The column that names customers, or the customer of the whole file.
    pub(super) customer: Result<usize, String>,
    /// The columns that the file's folders are, after its own: names and values.
    folders: Vec<(String, String)>,
    /// The kept columns.
    kept: Vec<usize>,
    filters: Vec<(usize, &'a Filter)>,
    options: &'a Options,
    shard: Shard,
}

/// A timestamp, parsed or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowTime<'a> {
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
    Repeat,
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
    /// For a table with these columns. `customer` is that of all its rows if no column names one, `folders` are the columns
    /// that its path has, and `kept` are the names of the kept columns, the same for all tables.
    pub(super) fn new(
        layout: Layout,
        customer: Option<String>,
        folders: Vec<(String, String)>,
        options: &'o Options,
        shard: Shard,
        kept: &[String],
        file: &str,
    ) -> Result<Self> {
        let find = |option: &str, column: &str| {
            let mut names = layout.names.iter().chain(folders.iter().map(|(name, _)| name));
            names.position(|name| name == column).ok_or_else(|| {
                let columns = layout.names.join(", ");
                Error::Data(format!(
                    "{file}: has no column {column:?}, which {option} names; its columns are {columns}"
                ))
            })
        };
        let kept = kept.iter().map(|column| find("--keep", column)).collect::<Result<_>>()?;
        let filter = |filter: &'o Filter| Ok((find("--filter", &filter.column)?, filter));
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
                Err(customer)
            }
        };
        Ok(Self { layout, customer, folders, kept, filters, options, shard })
    }

    /// Converts a row whose trimmed fields `field` returns by column.
    #[inline]
    pub(super) fn row<'r, 'a: 'r, F: Fn(usize) -> &'a [u8] + Copy + 'r>(
        &'r self,
        field: F,
        time: RowTime<'a>,
        plain: &'r mut Option<PlainNumber>,
    ) -> Result<(Row<'r, impl Iterator<Item = &'r [u8]> + Clone + use<'r, 'a, F>>, Clocks), LeftOut<'r>> {
        let Options { from, to, assumed_zone, written_zone, .. } = self.options;
        let (own, folders) = (self.layout.names.len(), self.folders.as_slice());
        // After the columns of the file come those of its path.
        let field = move |at: usize| -> &'r [u8] {
            match at.checked_sub(own) {
                None => field(at),
                Some(folder) => folders[folder].1.as_bytes(),
            }
        };
        let (mut clocks, mut later) = (Clocks::Run, 0);
        let Layout { timestamp, target, ref times, .. } = self.layout;
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
        let text = match time {
            RowTime::Text(text) => text,
            RowTime::Parsed { .. } => field(timestamp),
        };
        let (mut time, absolute) = match time {
            RowTime::Parsed { time, absolute } => (time, absolute),
            RowTime::Text(text) => {
                let time = times.form.time(Cell::Text(text)).map_err(LeftOut::bad(timestamp, text))?;
                (time, assumed_zone.is_none() || times.form.is_absolute(text))
            }
        };
        if let Some(at) = self.layout.clock {
            let clock = field(at);
            time += Cell::Text(clock).time_of_day().map_err(LeftOut::bad(at, clock))?;
        }
        if assumed_zone.is_some() || written_zone.is_some() {
            match output_time(time, absolute, assumed_zone.as_ref(), written_zone.as_ref()) {
                OutputTime::Once(once) => time = once,
                OutputTime::Skipped(moved) => (time, clocks) = (moved, Clocks::Skip),
                OutputTime::Repeated(first, second) => {
                    clocks = Clocks::Repeat;
                    (time, later) = match self.options.ambiguous {
                        Ambiguous::Infer => (first, second),
                        Ambiguous::First => (first, first),
                        Ambiguous::Last => (second, second),
                        Ambiguous::Error => return Err(LeftOut::bad(timestamp, text)(REPEATED)),
                    };
                }
            }
        }
        if from.is_some_and(|from| time < from) || to.is_some_and(|to| time >= to) {
            return Err(LeftOut::Filtered);
        }
        if clocks == Clocks::Repeat {
            time = repeated(time, later);
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
            *plain = decimal.plain(text);
            value = match &*plain {
                Some(plain) => plain.as_bytes(),
                None if number::is_missing(text) => text,
                None => return Err(LeftOut::bad(target, text)(number::NOT_A_NUMBER)),
            };
        }
        match number::parse(value).map_err(LeftOut::bad(target, text))? {
            None => value = &[],
            Some(_) if value.len() <= LONGEST_VALUE => {}
            Some(_) => {
                return Err(LeftOut::bad(target, text)("is longer than 255 characters: write fewer digits"));
            }
        }
        if let Some(&at) = self.kept.iter().find(|at| field(**at).len() > LONGEST_TEXT) {
            return Err(LeftOut::bad(at, field(at))("is longer than 65,535 bytes: leave its column out of --keep"));
        }
        let kept = self.kept.iter().map(move |at| field(*at));
        Ok((Row { customer, time, value, kept }, clocks))
    }

    /// The name of a column.
    pub(super) fn column_name(&self, at: usize) -> &str {
        match at.checked_sub(self.layout.names.len()) {
            None => &self.layout.names[at],
            Some(folder) => &self.folders[folder].0,
        }
    }

    /// The columns of the file that are read, in order.
    #[cfg(feature = "parquet")]
    pub(super) fn used_columns(&self) -> Vec<usize> {
        let mut used: Vec<usize> = self.customer.iter().copied().collect();
        used.extend([self.layout.timestamp, self.layout.target]);
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
        self.kept.contains(&self.layout.timestamp) || self.filters.iter().any(|(at, _)| *at == self.layout.timestamp)
    }

    /// The role of each column, and which columns are left out.
    pub(super) fn description(&self) -> String {
        let Layout { names, timestamp, target, .. } = &self.layout;
        let name = |at: usize| format!("{:?}", names[at]);
        let in_path = |customer: &String| match self.folders.iter().find(|(_, value)| value == customer) {
            Some((folder, _)) => format!("{folder:?}, a folder"),
            None => "the file's name".to_owned(),
        };
        let customer = self.customer.as_ref().map_or_else(in_path, |at| name(*at));
        let used = |at: &usize| {
            self.customer == Ok(*at)
                || self.layout.clock == Some(*at)
                || [timestamp, target].contains(&at)
                || self.kept.contains(at)
        };
        let unused: Vec<String> = (0..names.len()).filter(|at| !used(at)).map(name).collect();
        let mut text = format!("customer = {customer}, timestamp = {}, target = {}", name(*timestamp), name(*target));
        if !unused.is_empty() {
            let _ = write!(text, "; left out: {} (use --keep to keep them)", unused.join(", "));
        }
        if let Some([clock, date]) = &self.layout.unused_clock {
            let _ = write!(text, "; if {clock:?} holds the time of day, set --timestamp '{date},{clock}'");
        }
        if let Some(decimal) = self.layout.decimal {
            let _ = write!(text, "; numbers read with a decimal {}", decimal.name());
        }
        if let Some(note) = &self.layout.times.note {
            let _ = write!(text, "; {note}");
        }
        text
    }

    #[inline]
    fn check_name(&self, name: &[u8]) -> Result<(), &'static str> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if (1..=CustomerId::MAX_BYTES).contains(&name.len()) && name.iter().all(plain) {
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
        if self.options.arrangement == Arrangement::Customers && customer_name(&file()).as_deref() != Ok(text) {
            return Err("ends like the name of a packed file: write bundles with --bundle, or rename the customer");
        }
        Ok(())
    }
}

/// The names of the kept columns: as set, or all that have no other role, and `folders`.
pub(super) fn kept_columns<'f>(
    layout: &'f Layout,
    folders: impl Iterator<Item = &'f String>,
    keep: &Keep,
) -> Vec<String> {
    match keep {
        Keep::Named(columns) => columns.iter().map(|(column, _)| column.clone()).collect(),
        Keep::All => {
            let used = [layout.customer, Some(layout.timestamp), layout.clock, Some(layout.target)];
            let others = layout.names.iter().enumerate().filter(|(at, _)| !used.contains(&Some(*at)));
            others.map(|(_, name)| name).chain(folders).cloned().collect()
        }
    }
}
