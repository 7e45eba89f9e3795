//! pandas' JSON forms, which Prophet nests as strings in its own JSON.

use jiff::{ToSpan, civil::DateTime};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Appends a timestamp as pandas' `date_format="iso"` writes it: `2020-01-01T00:00:00.000`.
pub(super) fn write_iso(ms: i64, out: &mut String) {
    let date = DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(ms.milliseconds());
    let (date, time) = (date.date(), date.time());
    let result = write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    );
    debug_assert!(result.is_ok(), "writing to a string does not fail");
}

/// Reads what pandas writes: with `T` or a blank, with or without a fraction, with or without `Z`.
pub(super) fn parse_iso(text: &str) -> Result<i64, String> {
    let datetime: DateTime =
        text.trim_end_matches('Z').parse().map_err(|error| format!("{text:?} is not a timestamp: {error}"))?;
    let since_epoch = datetime.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since_epoch.as_millis()).map_err(|_| format!("{text:?} is out of range"))
}

/// A series of dates named `ds` in split orientation, with its index.
pub(super) fn dates_to_split(index: impl Iterator<Item = usize>, dates: &[i64]) -> String {
    let mut json = String::with_capacity(64 + 32 * dates.len());
    json.push_str(r#"{"name":"ds","index":["#);
    for (position, index) in index.take(dates.len()).enumerate() {
        let comma = if position == 0 { "" } else { "," };
        let result = write!(json, "{comma}{index}");
        debug_assert!(result.is_ok(), "writing to a string does not fail");
    }
    json.push_str(r#"],"data":["#);
    for (position, &date) in dates.iter().enumerate() {
        json.push_str(if position == 0 { "\"" } else { ",\"" });
        write_iso(date, &mut json);
        json.push('"');
    }
    json.push_str("]}");
    json
}

/// A series of names without a name of its own, in split orientation.
pub(super) fn names_to_split(names: &[String]) -> String {
    #[derive(Serialize)]
    struct Split<'a> {
        name: Option<()>,
        index: Vec<usize>,
        data: &'a [String],
    }
    let split = Split { name: None, index: (0..names.len()).collect(), data: names };
    serde_json::to_string(&split).expect("plain data has a JSON form")
}

/// Reads a series of names in split orientation.
pub(super) fn names_from_split(json: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct Split {
        data: Vec<String>,
    }
    let split: Split = serde_json::from_str(json).map_err(|error| format!("a series of names: {error}"))?;
    Ok(split.data)
}

/// Reads a series of dates in split orientation; pandas writes them as text or, before `date_format`, as milliseconds.
pub(super) fn dates_from_split(json: &str) -> Result<Vec<i64>, String> {
    #[derive(Deserialize)]
    struct Split {
        data: Vec<IsoOrMillis>,
    }
    let split: Split = serde_json::from_str(json).map_err(|error| error.to_string())?;
    split.data.into_iter().map(IsoOrMillis::into_millis).collect()
}

/// A timestamp in either of pandas' spellings.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum IsoOrMillis {
    Iso(String),
    Millis(i64),
}

impl IsoOrMillis {
    pub(super) fn into_millis(self) -> Result<i64, String> {
        match self {
            Self::Iso(text) => parse_iso(&text),
            Self::Millis(ms) => Ok(ms),
        }
    }
}

/// A frame in table orientation: a schema and a list of rows.
#[derive(Serialize)]
pub(super) struct Table<'a, Row> {
    schema: Schema<'a>,
    data: Vec<Row>,
}

#[derive(Serialize)]
struct Schema<'a> {
    fields: Vec<Field<'a>>,
    pandas_version: &'static str,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a, Row: Serialize> Table<'a, Row> {
    /// A frame with the given columns, as name and type (`datetime`, `number`, `integer`).
    pub(super) fn new(columns: impl Iterator<Item = (&'a str, &'static str)>, data: Vec<Row>) -> Self {
        let fields = columns.map(|(name, kind)| Field { name, kind }).collect();
        Self { schema: Schema { fields, pandas_version: "1.4.0" }, data }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data has a JSON form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_there_and_back() {
        for (ms, iso) in [
            (0, "1970-01-01T00:00:00.000"),
            (1_577_836_800_000, "2020-01-01T00:00:00.000"),
            (-86_399_999, "1969-12-31T00:00:00.001"),
        ] {
            let mut text = String::new();
            write_iso(ms, &mut text);
            assert_eq!(text, iso);
            assert_eq!(parse_iso(iso), Ok(ms));
            assert_eq!(parse_iso(&format!("{iso}Z")), Ok(ms));
        }
        assert!(parse_iso("yesterday").unwrap_err().contains("yesterday"));
    }

    #[test]
    fn split_dates_go_there_and_back() {
        let json = dates_to_split([3, 5].into_iter(), &[0, 86_400_000]);
        assert_eq!(json, r#"{"name":"ds","index":[3,5],"data":["1970-01-01T00:00:00.000","1970-01-02T00:00:00.000"]}"#);
        assert_eq!(dates_from_split(&json), Ok(vec![0, 86_400_000]));
        let names = ["New Year's Day".to_owned(), "\"".to_owned()];
        assert_eq!(names_from_split(&names_to_split(&names)), Ok(names.to_vec()));
        assert_eq!(dates_from_split(r#"{"name":"ds","index":[0],"data":[86400000]}"#), Ok(vec![86_400_000]));
    }
}
