//! Which column is the timestamp, which the target, which the customer: as set, or guessed.
//!
//! A guess depends on the one file alone, so a customer's model never depends on which other files lie beside it.

use crate::input::{
    ExtraColumn, InputSettings,
    csv::split::Record,
    data_error::{DataError, quoted},
    value::number,
    value::timestamp,
};

/// Names that say "timestamp" by themselves, the surest first. Compared by letters and digits only, in any case.
const TIMESTAMPS: [&str; 12] = [
    "ds",
    "timestamp",
    "datetime",
    "date",
    "weekstarting",
    "weekstart",
    "weekending",
    "monthstarting",
    "monthstart",
    "ts",
    "eventtime",
    "timeutc",
];
/// Names that mean a timestamp only when their values are: `week` may also count from 1 to 53.
const TIMESTAMPS_BY_VALUE: [&str; 7] = ["time", "day", "week", "month", "quarter", "period", "hour"];
/// Names of the target, the surest first.
const TARGETS: [&str; 17] = [
    "y",
    "target",
    "value",
    "quantity",
    "qty",
    "sales",
    "demand",
    "consumption",
    "revenue",
    "load",
    "units",
    "volume",
    "amount",
    "count",
    "kwh",
    "energy",
    "power",
];
/// Names of the column that says whose row it is, in the input and in tables beside it.
pub(in crate::input) const CUSTOMERS: [&str; 2] = ["customer", "customerid"];
/// Never a target by guess: the row numbers that data frames leave behind, identifiers, parts of a date.
const COUNTERS: [&str; 6] = ["", "index", "unnamed0", "rownames", "id", "year"];

/// The names of a file's columns.
#[derive(Default)]
pub(in crate::input) struct Header {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Where the columns are that a customer's series is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) struct Columns {
    pub(in crate::input) timestamp: usize,
    pub(in crate::input) target: usize,
    pub(in crate::input) customer: Option<usize>,
    /// How many fields a row has.
    pub(in crate::input) width: usize,
}

/// What every value seen of a column can be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings, not a state")]
pub(in crate::input) struct Kind {
    /// Whether any value was seen; without one the rest says nothing.
    pub(in crate::input) seen: bool,
    /// A timestamp by its form.
    pub(in crate::input) calendar: bool,
    /// A timestamp by its form or its size.
    pub(in crate::input) moment: bool,
    /// A number.
    pub(in crate::input) number: bool,
}

impl Header {
    pub(in crate::input) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(in crate::input) fn push(&mut self, name: &[u8]) {
        self.text.extend_from_slice(name);
        self.ends.push(self.text.len());
    }

    pub(in crate::input) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::input) fn name(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    /// The name for people and for settings.
    pub(in crate::input) fn display(&self, at: usize) -> String {
        String::from_utf8_lossy(self.name(at)).into_owned()
    }

    /// Takes the names from the first record, or numbers for names where the record is data already: a timestamp
    /// and then a number or nothing. `true`: the record is a header.
    pub(in crate::input) fn fill(&mut self, first: &Record<'_>) -> bool {
        self.clear();
        let headerless = first.len() >= 2
            && timestamp::parse(first.field(0)).is_ok()
            && (number::is_missing(first.field(1)) || number::parse(first.field(1)).is_ok());
        for at in 0..first.len() {
            if headerless {
                self.push(format!("#{}", at + 1).as_bytes());
            } else {
                self.push(first.field(at));
            }
        }
        !headerless
    }

    /// The column of a name that was set: exactly, else in any case.
    pub(in crate::input) fn find(&self, wanted: &str) -> Option<usize> {
        let (wanted, columns) = (wanted.trim().as_bytes(), 0..self.len());
        columns
            .clone()
            .find(|&at| self.name(at) == wanted)
            .or_else(|| columns.clone().find(|&at| self.name(at).eq_ignore_ascii_case(wanted)))
    }

    /// The first of the well-known names that a column has.
    pub(in crate::input) fn guess(&self, known: &[&str], allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let mut columns = known.iter().flat_map(|known| (0..self.len()).map(move |at| (known, at)));
        columns.find(|&(known, at)| allowed(at) && same_letters(self.name(at), known)).map(|(_, at)| at)
    }

    pub(in crate::input) fn required(&self, setting: &str, wanted: &str) -> Result<usize, DataError> {
        self.find(wanted).ok_or_else(|| {
            DataError::file(format!(
                "has no column {}, which the setting {setting} names; its columns are {}",
                quoted(wanted.as_bytes()),
                self.list()
            ))
        })
    }

    /// The further columns that are there: their places, and what the model calls them.
    pub(in crate::input) fn further(
        &self,
        settings: &InputSettings,
        has_header: bool,
    ) -> Result<(Vec<usize>, Vec<String>), DataError> {
        let mut found = (Vec::new(), Vec::new());
        for ExtraColumn { name, column, required } in &settings.extra {
            let place = self.find(column).filter(|_| has_header);
            if let Some(place) = place {
                found.0.push(place);
                found.1.push(name.clone());
            } else if *required {
                let (wanted, listed) = (quoted(column.as_bytes()), self.list());
                return Err(DataError::file(if has_header {
                    format!("has no column {wanted}, which the model needs; its columns are {listed}")
                } else {
                    format!(
                        "has no header, so the column {wanted} that the model needs cannot be found: add a header line"
                    )
                }));
            }
        }
        Ok(found)
    }

    pub(in crate::input) fn list(&self) -> String {
        const SHOWN: usize = 20;
        let mut names: Vec<String> = (0..self.len().min(SHOWN)).map(|at| quoted(self.name(at))).collect();
        if self.len() > SHOWN {
            names.push(format!("… ({} in all)", self.len()));
        }
        names.join(", ")
    }

    /// The column that says whose row it is: as set, or well known.
    pub(in crate::input) fn customer(&self, settings: &InputSettings) -> Result<Option<usize>, DataError> {
        match &settings.customer {
            Some(wanted) => self.required("customer", wanted).map(Some),
            None => Ok(self.guess(&CUSTOMERS, |_| true)),
        }
    }

    /// The customer's column: there in every file of `many` customers, and in no other.
    pub(in crate::input) fn customer_as_in_first_file(
        &self,
        settings: &InputSettings,
        many: bool,
    ) -> Result<Option<usize>, DataError> {
        match self.customer(settings)? {
            None if many => {
                let listed = self.list();
                Err(DataError::file(format!(
                    "has no column customer or customer_id, unlike the first file; its columns are {listed}"
                )))
            }
            Some(at) if !many => {
                let name = quoted(self.name(at));
                Err(DataError::file(format!(
                    "has a column {name}, but the first file has none, so each file is read as one customer's: \
                     keep one kind of file in a place, or drop the column"
                )))
            }
            customer => Ok(customer),
        }
    }

    /// All columns of a file that has a header. `sample` looks at the values, if the names alone do not decide.
    pub(in crate::input) fn resolve(
        &self,
        settings: &InputSettings,
        many: bool,
        sample: impl FnOnce() -> Vec<Kind>,
    ) -> Result<Columns, DataError> {
        let customer = self.customer_as_in_first_file(settings, many)?;
        let kinds = std::cell::LazyCell::new(sample);
        let kind = |at: usize| kinds.get(at).copied().unwrap_or(Kind::UNSEEN);
        let timestamp = match &settings.timestamp {
            Some(wanted) => self.required("timestamp", wanted)?,
            None => self.guess_timestamp(kind, |at| Some(at) != customer)?,
        };
        let target = match &settings.target {
            Some(wanted) => self.required("target", wanted)?,
            None => self.guess_target(kind, |at| Some(at) != customer && at != timestamp)?,
        };
        if timestamp == target || customer == Some(timestamp) || customer == Some(target) {
            return Err(DataError::file("timestamp, target and customer must be three different columns"));
        }
        Ok(Columns { timestamp, target, customer, width: self.len() })
    }

    /// The columns of a file without a header: timestamp, then target.
    pub(in crate::input) fn positions(&self, settings: &InputSettings, many: bool) -> Result<Columns, DataError> {
        let named =
            [("customer", &settings.customer), ("timestamp", &settings.timestamp), ("target", &settings.target)];
        if let Some((setting, Some(wanted))) = named.iter().find(|(_, name)| name.is_some()) {
            let wanted = quoted(wanted.as_bytes());
            return Err(DataError::file(format!(
                "has no header, so the column {wanted} of the setting {setting} cannot be found: add a header line"
            )));
        }
        if many {
            return Err(DataError::file(
                "has no header, unlike the first file, so its customers are unknown: add a header line",
            ));
        }
        Ok(Columns { timestamp: 0, target: 1, customer: None, width: self.len() })
    }

    fn guess_timestamp(
        &self,
        kind: impl Fn(usize) -> Kind,
        allowed: impl Fn(usize) -> bool + Copy,
    ) -> Result<usize, DataError> {
        self.guess(&TIMESTAMPS, allowed)
            .or_else(|| self.guess(&TIMESTAMPS_BY_VALUE, |at| allowed(at) && kind(at).seen && kind(at).moment))
            .or_else(|| (0..self.len()).find(|&at| allowed(at) && kind(at).seen && kind(at).calendar))
            .ok_or_else(|| {
                DataError::file(format!("no column looks like timestamps: set timestamp to one of {}", self.list()))
            })
    }

    fn guess_target(
        &self,
        kind: impl Fn(usize) -> Kind,
        allowed: impl Fn(usize) -> bool + Copy,
    ) -> Result<usize, DataError> {
        let counters = COUNTERS.iter().chain(&TIMESTAMPS_BY_VALUE);
        let counter = |at: usize| counters.clone().any(|name| same_letters(self.name(at), name));
        self.guess(&TARGETS, allowed)
            .or_else(|| (0..self.len()).find(|&at| allowed(at) && !counter(at) && kind(at).seen && kind(at).number))
            .ok_or_else(|| {
                DataError::file(format!("no column looks like a target: set target to one of {}", self.list()))
            })
    }
}

impl Kind {
    /// Nothing seen, everything possible.
    pub(in crate::input) const UNSEEN: Self = Self { seen: false, calendar: true, moment: true, number: true };

    /// Takes one more value into account.
    pub(in crate::input) fn see(&mut self, value: &[u8]) {
        if number::is_missing(value) {
            return;
        }
        self.seen = true;
        self.moment = self.moment && timestamp::parse(value).is_ok();
        self.calendar = self.calendar && self.moment && timestamp::is_calendar(value);
        self.number = self.number && number::parse(value).is_ok();
    }
}

/// Equal but for case, spaces and punctuation: `Week Starting` is `weekstarting`.
pub(in crate::input) fn same_letters(name: &[u8], known: &str) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    letters.map(u8::to_ascii_lowercase).eq(known.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Header {
        let mut header = Header::default();
        for name in names {
            header.push(name.as_bytes());
        }
        header
    }

    fn kinds(row: &[&str]) -> Vec<Kind> {
        let see = |value: &&str| {
            let mut kind = Kind::UNSEEN;
            kind.see(value.as_bytes());
            kind
        };
        row.iter().map(see).collect()
    }

    /// Resolves the names of one-customer files with one row of values, to `timestamp target` or the complaint.
    fn guessed(names: &[&str], row: &[&str]) -> String {
        match header(names).resolve(&InputSettings::default(), false, || kinds(row)) {
            Ok(columns) => format!("{} {}", names[columns.timestamp], names[columns.target]),
            Err(fault) => fault.in_file("f").to_string(),
        }
    }

    #[test]
    fn well_known_names_decide_without_a_look_at_the_values() {
        let never = || -> Vec<Kind> { panic!("the names decide") };
        for (names, timestamp, target) in [
            (&["WeekStarting", "Store", "Brand", "Quantity", "Advert", "Price", "Revenue"][..], 0, 3),
            (&["y", "ds"], 1, 0),
            (&["series_id", "timestamp", "value"], 1, 2),
            (&["Date", "Time", "Sales"], 0, 2),
            (&["Week Starting", "kWh"], 0, 1),
        ] {
            let columns = header(names).resolve(&InputSettings::default(), false, never).unwrap();
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
    fn a_guess_without_a_ground_is_refused_with_the_columns_there() {
        let refusal = guessed(&["number", "users"], &["1325376000", "12"]);
        assert_eq!(refusal, r#"f: no column looks like timestamps: set timestamp to one of "number", "users""#);
        assert!(guessed(&["ds", "name"], &["2016-01-01", "x"]).contains(r#"set target to one of "ds", "name""#));
    }

    #[test]
    fn set_names_are_taken_exactly_and_then_in_any_case() {
        let header = header(&["Value", "value", "Stamp"]);
        let settings = |timestamp: &str, target: &str| InputSettings {
            timestamp: Some(timestamp.into()),
            target: Some(target.into()),
            ..InputSettings::default()
        };
        let resolve = |settings| header.resolve(&settings, false, Vec::new);
        assert_eq!(
            resolve(settings("STAMP", "value")).unwrap(),
            Columns { timestamp: 2, target: 1, customer: None, width: 3 }
        );
        assert_eq!(resolve(settings("Stamp", "VALUE")).unwrap().target, 0);
        let refusal = resolve(settings("Stamp", "kwh")).unwrap_err().in_file("8.csv").to_string();
        assert_eq!(
            refusal,
            r#"8.csv: has no column "kwh", which the setting target names; its columns are "Value", "value", "Stamp""#
        );
        assert!(resolve(settings("stamp", "stamp")).unwrap_err().in_file("f").to_string().contains("three different"));
    }

    #[test]
    fn a_customer_column_belongs_to_bundles_only() {
        let with = header(&["Customer_ID", "ds", "y"]);
        assert_eq!(with.resolve(&InputSettings::default(), true, Vec::new).unwrap().customer, Some(0));
        let refusal = with.resolve(&InputSettings::default(), false, Vec::new).unwrap_err();
        assert!(refusal.in_file("f").to_string().contains("first file has none"));
        let without = header(&["ds", "y"]);
        let refusal = without.resolve(&InputSettings::default(), true, Vec::new).unwrap_err();
        assert!(refusal.in_file("f").to_string().contains("unlike the first file"));
    }
}
