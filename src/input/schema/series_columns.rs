//! Which column of a series is the timestamp, the target, the customer: as set, or detected.
//!
//! Detection depends on the file alone, so a customer's model does not depend on the other files of its directory. A file
//! whose columns are others than those of the first file is refused, as a bad value may be why.

use crate::input::{
    csv::split::Record,
    data_error::{DataError, quoted},
    schema::{
        columns::Columns,
        description::{ColumnName, ColumnNames},
        header::{Header, same_letters},
        kind::ColumnKind,
        positions::{Fields, Positions},
        whose::Whose,
    },
    settings::{ExtraColumn, InputSettings},
    value::{column_times::Decision, decimal, number, timestamp},
};
use manyfit_models::data::Feature;

/// Names of the timestamp, the most certain first. Compared by letters and digits only, ignoring case.
const TIMESTAMPS: &str = "ds timestamp datetime date weekstarting weekstart weekending monthstarting monthstart ts \
    eventtime timeutc";
/// Names of the timestamp if the values are timestamps: `week` may also count from 1 to 53.
const TIMESTAMPS_BY_VALUE: [&str; 7] = ["time", "day", "week", "month", "quarter", "period", "hour"];
/// Names of a time of day, if there is another timestamp.
const CLOCKS: [&str; 4] = ["time", "hour", "timeofday", "hourofday"];
/// Names of the target, the most certain first.
const TARGETS: &str = "y target value quantity qty sales demand consumption revenue load units volume amount count kwh \
    energy power";
/// Never detected as the target: row numbers of data frames, identifiers, parts of a date.
const COUNTERS: [&str; 6] = ["", "index", "unnamed0", "rownames", "id", "year"];

/// Where the columns are that a customer's series is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::input) struct SeriesColumns {
    pub(in crate::input) timestamp: usize,
    /// The column of the time of day, if it is not in that of the timestamp.
    pub(in crate::input) clock: Option<usize>,
    /// The name of a column that may hold the time of day, and of that of the date.
    pub(in crate::input) unused_clock: Option<[String; 2]>,
    pub(in crate::input) target: usize,
    pub(in crate::input) customer: Option<usize>,
    /// The extra columns that the file has, once they are resolved.
    pub(in crate::input) extra: Vec<usize>,
    /// Their names in the model.
    pub(in crate::input) extra_names: Vec<String>,
    /// The form of the timestamps.
    pub(in crate::input) times: Decision,
}

impl Columns for SeriesColumns {
    const EMPTY: &'static str = "is empty: it needs a timestamp and a value in each row";
    const TYPE_HINT: &'static str = "write it as Float64, Int64, Timestamp or text";

    /// A first record of a timestamp, and then a number or nothing, is data; the columns are `#1`, `#2`, … then.
    fn fill_header(header: &mut Header, first: &Record<'_>, _: &InputSettings) {
        let headerless = first.len() >= 2
            && timestamp::is_time(first.field(0))
            && (number::parse(first.field(1)).is_ok() || decimal::is_number(first.field(1)));
        if headerless {
            header.number(first.len(), Positions::PLAIN);
        } else {
            header.fill((0..first.len()).map(|at| first.field(at)), false);
        }
    }

    fn look_again(header: &mut Header, below: impl FnOnce() -> Vec<Fields>) {
        let is_time = |at: usize| {
            let mut kind = ColumnKind::UNSEEN;
            kind.see(header.name(at));
            kind.seen && kind.time
        };
        if header.is_headerless() || !(0..header.len()).any(is_time) {
            return;
        }
        let first: Fields = (0..header.len()).map(|at| header.name(at).to_vec()).collect();
        if let Some(positions) = Positions::of(&first, &below()) {
            header.number(first.len(), positions);
        }
    }

    fn resolve(
        header: &Header,
        settings: &InputSettings,
        whose: Whose,
        _: Option<&[Feature]>,
        kinds: impl FnOnce() -> Vec<ColumnKind>,
    ) -> Result<Self, DataError> {
        if header.is_headerless() {
            return Self::by_position(header, settings, whose);
        }
        let customer = header.customer_as_in_first_file(settings, whose)?;
        let kinds = std::cell::LazyCell::new(kinds);
        let kind = |at: usize| kinds.get(at).copied().unwrap_or(ColumnKind::UNSEEN);
        let mut clock = None;
        let timestamp = match &settings.timestamp {
            Some(wanted) => match date_and_clock(header, wanted) {
                Some((date, at)) => {
                    clock = Some(at);
                    date
                }
                None => header.required("timestamp", wanted)?,
            },
            None => guess_timestamp(header, kind, |at| Some(at) != customer)
                .or_else(|complaint| header.folder_of_times().ok_or(complaint))?,
        };
        let target = match &settings.target {
            Some(wanted) => header.required("target", wanted)?,
            None => guess_target(header, kind, |at| Some(at) != customer && at != timestamp && Some(at) != clock)?,
        };
        if timestamp == target || customer == Some(timestamp) || customer == Some(target) {
            return Err(DataError::file("timestamp, target and customer must be three different columns"));
        }
        if clock.is_some() && (clock == Some(target) || clock == Some(timestamp) || clock == customer) {
            return Err(DataError::file(
                "the date, the time of day, the target and the customer must be different columns",
            ));
        }
        let others = |at: usize| at != timestamp && at != target && Some(at) != customer;
        let unused = header.guess(CLOCKS, others).filter(|_| clock.is_none());
        let unused_clock = unused.map(|at| [header.display(at), header.display(timestamp)]);
        Ok(Self { timestamp, clock, unused_clock, target, customer, ..Self::default() })
    }

    fn resolve_extra(&mut self, header: &Header, settings: &InputSettings) -> Result<(), DataError> {
        for ExtraColumn { name, column, required } in &settings.extra {
            if let Some(at) = header.find(column).filter(|_| !header.is_headerless()) {
                self.extra.push(at);
                self.extra_names.push(name.clone());
            } else if *required {
                let (wanted, listed) = (quoted(column.as_bytes()), header.list());
                return Err(DataError::file(if header.is_headerless() {
                    format!(
                        "has no header, so the column {wanted} that the model needs cannot be found: add a header line"
                    )
                } else {
                    format!("has no column {wanted}, which the model needs; its columns are {listed}")
                }));
            }
        }
        Ok(())
    }

    fn describe(&self, header: &Header, settings: &InputSettings) -> ColumnNames {
        let name =
            |at: usize, set: &Option<String>| ColumnName { name: header.display(at), at, guessed: set.is_none() };
        ColumnNames {
            timestamp: Some(match self.clock {
                None => name(self.timestamp, &settings.timestamp),
                Some(clock) => {
                    let name = format!("{},{}", header.display(self.timestamp), header.display(clock));
                    ColumnName { name, at: self.timestamp, guessed: false }
                }
            }),
            target: name(self.target, &settings.target),
            customer: self.customer.map(|at| name(at, &settings.customer)),
            features: Vec::new(),
            width: header.len(),
            times: self.times.note.clone(),
            decimal: None,
            preamble: None,
        }
    }

    fn agree(&self, header: &Header, first: &ColumnNames) -> Result<(), DataError> {
        let differs = |role: &str, own: usize, first: &ColumnName| {
            DataError::file(format!(
                "its {role} column seems to be {}, and that of the first file is {}: set {role}, or correct the file",
                quoted(header.name(own)),
                quoted(first.name.as_bytes())
            ))
        };
        // Without a header a column is only a number, and its position was all there was to guess from.
        if header.is_headerless() || first.target.name.starts_with('#') {
            return Ok(());
        }
        if let Some(timestamp) = first.timestamp.as_ref().filter(|timestamp| timestamp.guessed)
            && header.find(&timestamp.name).is_some_and(|at| at != self.timestamp)
        {
            return Err(differs("timestamp", self.timestamp, timestamp));
        }
        let target = &first.target;
        let is_same = match header.find(&target.name) {
            Some(at) => at == self.target,
            // The column may be called after the customer: then it is where the first file's is, or nothing else is left.
            None => (self.target, header.len()) == (target.at, first.width) || !self.leaves_any(header),
        };
        if target.guessed && !is_same { Err(differs("target", self.target, target)) } else { Ok(()) }
    }

    fn timestamp(&self) -> Option<usize> {
        Some(self.timestamp)
    }

    fn set_times(&mut self, times: Decision) {
        self.times = times;
    }

    fn customer(&self) -> Option<usize> {
        self.customer
    }

    fn wanted(&self) -> Vec<usize> {
        [self.timestamp, self.target]
            .into_iter()
            .chain(self.clock)
            .chain(self.customer)
            .chain(self.extra.iter().copied())
            .collect()
    }

    fn is_numeric(&self, at: usize) -> bool {
        self.customer != Some(at) && self.timestamp != at && self.clock != Some(at)
    }
}

impl SeriesColumns {
    /// Whether there are columns without a role that might be the target.
    fn leaves_any(&self, header: &Header) -> bool {
        let roles: Vec<usize> = self.wanted();
        (0..header.len()).any(|at| !roles.contains(&at) && !is_counter(header, at))
    }

    /// The columns of a file without a header: as set, such as `#2`, or as the rows tell.
    fn by_position(header: &Header, settings: &InputSettings, whose: Whose) -> Result<Self, DataError> {
        let set = |setting: &str, wanted: &Option<String>| {
            let Some(wanted) = wanted else { return Ok(None) };
            header.find(wanted).map(Some).ok_or_else(|| {
                let wanted = quoted(wanted.as_bytes());
                DataError::file(format!(
                    "has no header, so the column {wanted} of the setting {setting} cannot be found: add a header line, or \
                     call the columns {}",
                    header.list()
                ))
            })
        };
        let customer = match whose {
            Whose::Column => {
                set("customer", &settings.customer)?;
                let customer = header.numbered_customer(settings);
                Some(customer.ok_or_else(|| {
                    DataError::file("has no header, unlike most files, so its customers are unknown: add a header line")
                })?)
            }
            Whose::Folder | Whose::File => None,
        };
        let (timestamp, target) = header.positions().and_then(|positions| positions.series).unzip();
        let timestamp = set("timestamp", &settings.timestamp)?.or(timestamp);
        let target = set("target", &settings.target)?.or(target);
        let (Some(timestamp), Some(target)) = (timestamp, target) else {
            return Err(DataError::file(format!(
                "has no header, and its rows do not tell what its columns are: add a header line, or set timestamp, target \
                 and, if it holds several customers, customer to {}",
                header.list()
            )));
        };
        if timestamp == target || customer == Some(timestamp) || customer == Some(target) {
            return Err(DataError::file("timestamp, target and customer must be three different columns"));
        }
        Ok(Self { timestamp, target, customer, ..Self::default() })
    }
}

/// The columns of the date and of the time of day, as in `date,time`, unless one column has that name.
fn date_and_clock(header: &Header, wanted: &str) -> Option<(usize, usize)> {
    let (date, clock) = wanted.split_once(',').filter(|_| header.find(wanted).is_none())?;
    Some((header.find(date)?, header.find(clock)?))
}

fn guess_timestamp(
    header: &Header,
    kind: impl Fn(usize) -> ColumnKind,
    allowed: impl Fn(usize) -> bool + Copy,
) -> Result<usize, DataError> {
    header
        .guess(TIMESTAMPS.split(' '), allowed)
        .or_else(|| header.guess(TIMESTAMPS_BY_VALUE, |at| allowed(at) && kind(at).seen && kind(at).time))
        .or_else(|| (0..header.len()).find(|&at| allowed(at) && kind(at).seen && kind(at).calendar))
        .ok_or_else(|| {
            DataError::file(format!(
                "no column looks like timestamps: set timestamp to one of {}, or choose regression for rows without times",
                header.list()
            ))
        })
}

fn guess_target(
    header: &Header,
    kind: impl Fn(usize) -> ColumnKind,
    allowed: impl Fn(usize) -> bool + Copy,
) -> Result<usize, DataError> {
    header
        .guess(TARGETS.split(' '), allowed)
        .or_else(|| {
            (0..header.len()).find(|&at| allowed(at) && !is_counter(header, at) && kind(at).seen && kind(at).number)
        })
        .ok_or_else(|| {
            DataError::file(format!("no column looks like a target: set target to one of {}", header.list()))
        })
}

fn is_counter(header: &Header, at: usize) -> bool {
    COUNTERS.iter().chain(&TIMESTAMPS_BY_VALUE).any(|name| same_letters(header.name(at), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Header {
        let mut header = Header::default();
        header.fill(names.iter(), false);
        header
    }

    fn kinds(row: &[&str]) -> Vec<ColumnKind> {
        let see = |value: &&str| {
            let mut kind = ColumnKind::UNSEEN;
            kind.see(value.as_bytes());
            kind
        };
        row.iter().map(see).collect()
    }

    /// Resolves the names of one-customer files with one row of values, to `timestamp target` or the complaint.
    fn guessed(names: &[&str], row: &[&str]) -> String {
        match SeriesColumns::resolve(&header(names), &InputSettings::default(), Whose::File, None, || kinds(row)) {
            Ok(columns) => format!("{} {}", names[columns.timestamp], names[columns.target]),
            Err(fault) => fault.in_file("f").to_string(),
        }
    }

    #[test]
    fn well_known_names_decide_without_a_look_at_the_values() {
        let never = || -> Vec<ColumnKind> { panic!("the names decide") };
        for (names, timestamp, target) in [
            (&["WeekStarting", "Store", "Brand", "Quantity", "Advert", "Price", "Revenue"][..], 0, 3),
            (&["y", "ds"], 1, 0),
            (&["series_id", "timestamp", "value"], 1, 2),
            (&["Date", "Time", "Sales"], 0, 2),
            (&["Week Starting", "kWh"], 0, 1),
        ] {
            let columns =
                SeriesColumns::resolve(&header(names), &InputSettings::default(), Whose::File, None, never).unwrap();
            assert_eq!((columns.timestamp, columns.target), (timestamp, target), "{names:?}");
        }
    }

    #[test]
    fn other_names_are_decided_by_the_values() {
        assert_eq!(guessed(&["when", "building_1", "building_2"], &["2016-01-01", "4.5", "1"]), "when building_1");
        assert_eq!(guessed(&["id", "when", "label", "users"], &["a1", "2016-01-01", "x", "0.0"]), "when users");
        assert_eq!(guessed(&["", "when", "users"], &["0", "2016-01-01", "12"]), "when users");
        assert_eq!(guessed(&["week", "start", "users"], &["23", "2016-01-01", "12"]), "start users");
        assert_eq!(guessed(&["time", "users"], &["1325376000", "12"]), "time users");
    }

    #[test]
    fn undetectable_columns_are_refused_with_the_columns_listed() {
        let refusal = guessed(&["number", "users"], &["1325376000", "12"]);
        assert_eq!(
            refusal,
            r#"f: no column looks like timestamps: set timestamp to one of "number", "users", or choose regression for rows without times"#
        );
        assert!(guessed(&["ds", "name"], &["2016-01-01", "x"]).contains(r#"set target to one of "ds", "name""#));
    }

    #[test]
    fn a_file_whose_columns_are_others_than_the_first_file_s_is_refused() {
        let resolved = |names: &[&str], row: &[&str]| {
            let header = header(names);
            let columns =
                SeriesColumns::resolve(&header, &InputSettings::default(), Whose::File, None, || kinds(row)).unwrap();
            (header, columns)
        };
        let (header, columns) = resolved(&["when", "units_sold", "promo"], &["2024-01-01", "3", "0"]);
        let first = columns.describe(&header, &InputSettings::default());
        for (names, row, complaint) in [
            (&["when", "units_sold", "promo"][..], &["2024-01-01", "3", "1"][..], ""),
            (&["promo", "UNITS_SOLD", "when"], &["x", "3", "2024-01-01"], ""),
            (&["when", "meter_2", "promo"], &["2024-01-01", "3", "1"], ""),
            (&["when", "meter_2"], &["2024-01-01", "3"], ""),
            (&["id", "date", "sold"], &["7", "2024-01-01", "3"], ""),
            (
                &["when", "units_sold", "promo"],
                &["2024-01-01", "many", "1"],
                r#"target column seems to be "promo", and"#,
            ),
            (
                &["when", "promo", "price", "a"],
                &["2024-01-01", "3", "1", "2"],
                r#"the first file is "units_sold": set target"#,
            ),
            (
                &["when", "units_sold", "paid"],
                &["soon", "3", "2024-01-01"],
                r#"timestamp column seems to be "paid", and"#,
            ),
        ] {
            let (header, columns) = resolved(names, row);
            match columns.agree(&header, &first) {
                Ok(()) => assert_eq!(complaint, "", "{names:?}"),
                Err(fault) => assert!(
                    !complaint.is_empty() && fault.clone().in_file("f").to_string().contains(complaint),
                    "{names:?} {fault:?}"
                ),
            }
        }
        let set = InputSettings { target: Some("units_sold".into()), ..InputSettings::default() };
        let (header, columns) = resolved(&["when", "units_sold", "promo"], &["2024-01-01", "many", "1"]);
        assert!(columns.agree(&header, &columns.describe(&header, &set)).is_ok(), "what is set is not compared");
    }

    #[test]
    fn set_names_are_taken_exactly_and_then_in_any_case() {
        let header = header(&["Value", "value", "Stamp"]);
        let settings = |timestamp: &str, target: &str| InputSettings {
            timestamp: Some(timestamp.into()),
            target: Some(target.into()),
            ..InputSettings::default()
        };
        let resolve = |settings| SeriesColumns::resolve(&header, &settings, Whose::File, None, Vec::new);
        assert_eq!(
            resolve(settings("STAMP", "value")).unwrap(),
            SeriesColumns { timestamp: 2, target: 1, ..SeriesColumns::default() }
        );
        assert_eq!(resolve(settings("Stamp", "VALUE")).unwrap().target, 0);
        let refusal = resolve(settings("Stamp", "kwh")).unwrap_err().in_file("8.csv").to_string();
        assert_eq!(refusal, r#"8.csv: has no column "kwh" (from target); its columns are "Value", "value", "Stamp""#);
        assert!(resolve(settings("stamp", "stamp")).unwrap_err().in_file("f").to_string().contains("three different"));
    }

    #[test]
    fn a_customer_column_belongs_to_bundles_only() {
        let with = header(&["Customer_ID", "ds", "y"]);
        assert_eq!(
            SeriesColumns::resolve(&with, &InputSettings::default(), Whose::Column, None, Vec::new).unwrap().customer,
            Some(0)
        );
        let refusal =
            SeriesColumns::resolve(&with, &InputSettings::default(), Whose::File, None, Vec::new).unwrap_err();
        assert!(refusal.in_file("f").to_string().contains("other files have none"));
        let without = header(&["ds", "y"]);
        let refusal =
            SeriesColumns::resolve(&without, &InputSettings::default(), Whose::Column, None, Vec::new).unwrap_err();
        assert!(refusal.in_file("f").to_string().contains("unlike most files"));
    }
}
