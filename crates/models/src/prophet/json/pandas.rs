//! pandas' JSON forms, which Prophet nests as strings in its own JSON.

use crate::frequency::{LATEST, civil, milliseconds};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};

/// What is wrong with a time beyond.
pub(super) const TOO_FAR: &str = "pandas has no timestamp so far from 1970";

/// Milliseconds since the epoch, as pandas' `date_format="iso"` writes them: `2020-01-01T00:00:00.000`.
///
/// Read with `T` or a space, with or without a fraction, with or without `Z`, or as a number as before `date_format`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "IsoOrMillis")]
pub(super) struct Timestamp(pub(super) i64);

#[derive(Deserialize)]
#[serde(untagged)]
enum IsoOrMillis {
    Iso(String),
    Millis(i64),
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&civil(self.0).strftime("%Y-%m-%dT%H:%M:%S%.3f"))
    }
}

impl TryFrom<IsoOrMillis> for Timestamp {
    type Error = String;

    fn try_from(timestamp: IsoOrMillis) -> Result<Self, String> {
        let ms = match timestamp {
            IsoOrMillis::Iso(text) => match text.trim_end_matches('Z').parse::<DateTime>() {
                Ok(datetime) => milliseconds(datetime),
                Err(error) => return Err(format!("{text:?} is not a timestamp: {error}")),
            },
            IsoOrMillis::Millis(ms) => ms,
        };
        if ms.unsigned_abs() > LATEST { Err(format!("{ms}: {TOO_FAR}")) } else { Ok(Self(ms)) }
    }
}

/// A series in split orientation.
#[derive(Serialize, Deserialize)]
pub(super) struct Series<T> {
    #[serde(skip_deserializing)]
    name: Option<&'static str>,
    #[serde(skip_deserializing)]
    index: Vec<usize>,
    data: Vec<T>,
}

/// A frame in table orientation: a schema and a list of rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Table<'a, Row> {
    #[serde(skip_deserializing)]
    schema: Schema<'a>,
    pub(super) data: Vec<Row>,
}

#[derive(Default, Serialize)]
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

impl<'a, Row> Table<'a, Row> {
    /// A frame with the given columns, as name and type (`datetime`, `number`, `integer`).
    pub(super) fn new(columns: impl IntoIterator<Item = (&'a str, &'static str)>, data: Vec<Row>) -> Self {
        let fields = columns.into_iter().map(|(name, kind)| Field { name, kind }).collect();
        Self { schema: Schema { fields, pandas_version: "1.4.0" }, data }
    }
}

/// Writes dates as a series named `ds` with its index.
pub(super) fn write_dates(index: impl Iterator<Item = usize>, dates: &[i64]) -> String {
    let data: Vec<Timestamp> = dates.iter().copied().map(Timestamp).collect();
    write(&Series { name: Some("ds"), index: index.take(data.len()).collect(), data })
}

/// Writes names as a series without a name of its own.
pub(super) fn write_names(names: &[String]) -> String {
    write(&Series { name: None, index: (0..names.len()).collect(), data: names.to_vec() })
}

pub(super) fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data has a JSON form")
}

/// Reads a series that is nested as the text of a member.
pub(super) fn read_series<T: DeserializeOwned>(member: &str, text: &str) -> Result<Vec<T>, String> {
    read::<Series<T>>(member, text).map(|series| series.data)
}

/// Reads the text of a member.
pub(super) fn read<T: DeserializeOwned>(member: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{member}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_there_and_back() {
        let parse = |text: &str| serde_json::from_str::<Timestamp>(&format!("{text:?}"));
        for (ms, iso) in [
            (0, "1970-01-01T00:00:00.000"),
            (1_577_836_800_000, "2020-01-01T00:00:00.000"),
            (-86_399_999, "1969-12-31T00:00:00.001"),
        ] {
            assert_eq!(write(&Timestamp(ms)), format!("{iso:?}"));
            assert_eq!(parse(iso).unwrap(), Timestamp(ms));
            assert_eq!(parse(&format!("{iso}Z")).unwrap(), Timestamp(ms));
        }
        assert!(parse("yesterday").unwrap_err().to_string().contains("yesterday"));
    }

    #[test]
    fn split_dates_go_there_and_back() {
        let json = write_dates([3, 5].into_iter(), &[0, 86_400_000]);
        assert_eq!(json, r#"{"name":"ds","index":[3,5],"data":["1970-01-01T00:00:00.000","1970-01-02T00:00:00.000"]}"#);
        let dates = |json: &str| read_series::<Timestamp>("changepoints", json);
        assert_eq!(dates(&json), Ok(vec![Timestamp(0), Timestamp(86_400_000)]));
        let names = ["New Year's Day".to_owned(), "\"".to_owned()];
        assert_eq!(read_series("train_holiday_names", &write_names(&names)), Ok(names.to_vec()));
        assert_eq!(dates(r#"{"name":"ds","index":[0],"data":[86400000]}"#), Ok(vec![Timestamp(86_400_000)]));
    }
}
