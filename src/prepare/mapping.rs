//! From the fields of a table's row to a row of a customer, or the reason why not.

use jiff::tz::TimeZone;

use super::{
    filter::Filter,
    options::{Arrangement, Keep, Options},
    record::{LONGEST_TEXT, LONGEST_VALUE, Row},
    zones,
};
use crate::{
    error::{Error, Result},
    input::raw::{self, Layout},
    shard::Shard,
};
use manyfit_models::data::CustomerId;

/// What becomes of one table's rows.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// The columns' names, for messages.
    pub(super) names: Vec<String>,
    /// Where customers are named, or the customer of the whole file.
    pub(super) customer: Result<usize, String>,
    pub(super) timestamp: usize,
    pub(super) target: usize,
    /// The columns that are carried along.
    pub(super) kept: Vec<usize>,
    filters: Vec<(usize, Filter)>,
    from: Option<i64>,
    to: Option<i64>,
    assumed: Option<TimeZone>,
    shown: Option<TimeZone>,
    shard: Shard,
    dots: bool,
}

/// What is wrong with a row: the column, its value, the rest of the sentence. The column is `None` where the row is.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    pub(super) column: Option<usize>,
    pub(super) value: &'a [u8],
    pub(super) complaint: &'a str,
}

/// A timestamp that is read already, or still text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment<'a> {
    Text(&'a [u8]),
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has times"))]
    Known {
        time: i64,
        absolute: bool,
    },
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Taken,
    Filtered,
    /// Another host's.
    Elsewhere,
}

impl Mapping {
    /// For a table with these columns. `stem` is its customer where no column names one; `wanted` are the kept columns
    /// as the first table has them, so that all tables agree.
    pub(super) fn new(
        layout: Layout,
        stem: &str,
        options: &Options,
        shard: Shard,
        wanted: &[String],
        file: &str,
    ) -> Result<Self> {
        let find = |option: &str, column: &str| {
            let same = |name: &String| name == column;
            layout.names.iter().position(same).ok_or_else(|| {
                let columns = layout.names.join(", ");
                Error::Data(format!(
                    "{file}: has no column {column:?}, which {option} names; its columns are {columns}"
                ))
            })
        };
        let kept = wanted.iter().map(|column| find("--keep", column)).collect::<Result<_>>()?;
        let filter = |filter: &Filter| Ok((find("--filter", &filter.column)?, filter.clone()));
        let filters = options.filters.iter().map(filter).collect::<Result<_>>()?;
        let customer = match layout.customer {
            Some(at) => Ok(at),
            None => match CustomerId::new(stem) {
                Ok(customer) => Err(customer.as_str().to_owned()),
                Err(complaint) => {
                    return Err(Error::Data(format!(
                        "{file}: no column names customers, so the file is one's, but {complaint}: name the column with \
                         --customer, or rename the file"
                    )));
                }
            },
        };
        Ok(Self {
            names: layout.names,
            customer,
            timestamp: layout.timestamp,
            target: layout.target,
            kept,
            filters,
            from: options.from,
            to: options.to,
            assumed: options.assumed_zone.clone(),
            shown: options.written_zone.clone(),
            shard,
            dots: options.arrangement != Arrangement::Customers,
        })
    }

    /// Gives the row to `take`, or says why it is left out. `fields` are trimmed.
    #[inline]
    pub(super) fn row<'a>(
        &self,
        field: impl Fn(usize) -> &'a [u8],
        time: Moment<'a>,
        kept: &mut Vec<&'a [u8]>,
        take: impl FnOnce(Row<'_>) -> Result<()>,
    ) -> Result<Result<Fate, Fault<'a>>> {
        let name = match &self.customer {
            Ok(at) => {
                let name = field(*at);
                if let Err(complaint) = self.check_name(name) {
                    return Ok(Err(Fault { column: Some(*at), value: name, complaint }));
                }
                name
            }
            Err(name) => name.as_bytes(),
        };
        if self.shard.count() > 1 && !std::str::from_utf8(name).is_ok_and(|name| self.shard.contains_name(name)) {
            return Ok(Ok(Fate::Elsewhere));
        }
        let (time, absolute) = match time {
            Moment::Known { time, absolute } => (time, absolute),
            Moment::Text(text) => match raw::moment(text) {
                Ok(time) => (time, self.assumed.is_none() || zones::is_absolute(text)),
                Err(complaint) => {
                    return Ok(Err(Fault { column: Some(self.timestamp), value: text, complaint }));
                }
            },
        };
        let time = if self.assumed.is_none() && self.shown.is_none() {
            time
        } else {
            zones::written(time, absolute, self.assumed.as_ref(), self.shown.as_ref())
        };
        if self.from.is_some_and(|from| time < from) || self.to.is_some_and(|to| time >= to) {
            return Ok(Ok(Fate::Filtered));
        }
        for (at, filter) in &self.filters {
            match filter.passes(field(*at)) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(Fate::Filtered)),
                Err(complaint) => return Ok(Err(Fault { column: Some(*at), value: field(*at), complaint })),
            }
        }
        let text = field(self.target);
        let value = match raw::number(text) {
            Ok(Some(_)) if text.len() <= LONGEST_VALUE => text,
            Ok(None) => &[][..],
            Ok(Some(_)) => {
                let complaint = "is longer than 255 characters: write it shorter";
                return Ok(Err(Fault { column: Some(self.target), value: text, complaint }));
            }
            Err(complaint) => return Ok(Err(Fault { column: Some(self.target), value: text, complaint })),
        };
        kept.clear();
        for &at in &self.kept {
            let text = field(at);
            if text.len() > LONGEST_TEXT {
                let complaint = "is longer than 65,535 bytes: leave its column out of --keep";
                return Ok(Err(Fault { column: Some(at), value: text, complaint }));
            }
            kept.push(text);
        }
        take(Row { customer: name, time, value, kept })?;
        Ok(Ok(Fate::Taken))
    }

    /// The columns that are looked at, in order.
    #[cfg(feature = "parquet")]
    pub(super) fn wanted(&self) -> Vec<usize> {
        let mut wanted: Vec<usize> = self.customer.iter().copied().collect();
        wanted.extend([self.timestamp, self.target]);
        wanted.extend(&self.kept);
        wanted.extend(self.filters.iter().map(|(at, _)| at));
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Whether the column of times is kept or filtered too.
    #[cfg(feature = "parquet")]
    pub(super) fn names_time(&self) -> bool {
        self.kept.contains(&self.timestamp) || self.filters.iter().any(|(at, _)| *at == self.timestamp)
    }

    #[inline]
    fn check_name(&self, name: &[u8]) -> Result<(), &'static str> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if (1..=CustomerId::MAX_BYTES).contains(&name.len()) && name.iter().all(plain) && !raw::is_missing(name) {
            return Ok(());
        }
        self.check_odd_name(name)
    }

    #[cold]
    fn check_odd_name(&self, name: &[u8]) -> Result<(), &'static str> {
        if raw::is_missing(name) {
            return Err("does not say whose row it is: every row needs a customer");
        }
        let text = std::str::from_utf8(name).map_err(|_| "is not UTF-8: save the table in UTF-8")?;
        if CustomerId::new(text).is_err() {
            return Err(
                "cannot name a customer: at most 200 bytes, no / \\ : * ? \" < > | or control characters, no dot \
                        or underscore at the beginning",
            );
        }
        if !self.dots && text.contains('.') {
            return Err(
                "has a dot, where the name of a customer's file would end: write bundles with --bundle, or rename \
                        the customer",
            );
        }
        Ok(())
    }
}

/// The kept columns of a table by name: as asked for, or all that are not used otherwise.
pub(super) fn kept_columns(layout: &Layout, keep: &Keep) -> Vec<String> {
    match keep {
        Keep::Named(columns) => columns.iter().map(|(column, _)| column.clone()).collect(),
        Keep::All => {
            let used = [layout.customer, Some(layout.timestamp), Some(layout.target)];
            let others = layout.names.iter().enumerate().filter(|(at, _)| !used.contains(&Some(*at)));
            others.map(|(_, name)| name.clone()).collect()
        }
    }
}
