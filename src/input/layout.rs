//! The layout of a table larger than memory, detected by the rules for files that are read whole.
//!
//! `prepare` reads such tables in blocks and must accept the rows that `train` would accept.

#[cfg(feature = "parquet")]
use crate::input::parquet::values::{ArrowDataType, kind};
use crate::{
    error::Result,
    input::{
        csv::{
            file::{CsvFile, Scratch},
            split::Start,
        },
        data_error::DataError,
        schema::{
            columns::Columns, feature_columns::FeatureColumns, header::Header, series_columns::SeriesColumns,
            whose::Whose,
        },
        settings::InputSettings,
        source::file_name::{customer_by_folder, owned_folder_columns},
        value::{column_times::Decision, decimal::Decimal},
    },
};

/// The roles of a table's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The names of the columns; `#1`, `#2` and so on if the table has no header.
    pub(crate) names: Vec<String>,
    /// The columns that the folders of its path are, after its own: names and values.
    pub(crate) folders: Vec<(String, String)>,
    /// The column that names customers, if any.
    pub(crate) customer: Option<usize>,
    /// The column of timestamps; a table of features may have none.
    pub(crate) timestamp: Option<usize>,
    /// The column of values.
    pub(crate) target: usize,
    /// The columns that may be kept: all without a role, and of a table of features the timestamp, but not row numbers.
    pub(crate) others: Vec<usize>,
    /// The column of the time of day, if it is not in that of the timestamp.
    pub(crate) clock: Option<usize>,
    /// The name of a column that may hold the time of day, and of that of the date.
    pub(crate) unused_clock: Option<[String; 2]>,
    /// The form of the timestamps, once it is decided.
    pub(crate) times: Decision,
    /// How the numbers of CSV are written, if not as usual.
    pub(crate) decimal: Option<Decimal>,
    /// Which lines of CSV come before the rows, if not one.
    pub(crate) preamble: Option<String>,
}

/// How a CSV file is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between two fields.
    pub(crate) delimiter: u8,
    /// Whether the first record names the columns.
    pub(crate) has_header: bool,
    /// Where the first record begins.
    pub(crate) start: Start,
}

/// Columns of a kind of table.
trait Roles: Columns {
    fn layout(self, header: &Header, settings: &InputSettings) -> Layout;
}

impl Roles for SeriesColumns {
    fn layout(self, header: &Header, _: &InputSettings) -> Layout {
        let Self { customer, timestamp, clock, unused_clock, target, .. } = self;
        let used = [customer, Some(timestamp), clock, Some(target)];
        Layout {
            names: names(header),
            folders: header.folders().to_vec(),
            customer,
            timestamp: Some(timestamp),
            target,
            others: (0..header.len()).filter(|at| !used.contains(&Some(*at))).collect(),
            clock,
            unused_clock,
            times: Decision::default(),
            decimal: None,
            preamble: None,
        }
    }
}

impl Roles for FeatureColumns {
    fn layout(self, header: &Header, settings: &InputSettings) -> Layout {
        let timestamp = settings.timestamp.as_ref().and_then(|wanted| header.find(wanted));
        let mut others: Vec<usize> = self.features.iter().map(|column| column.at).chain(timestamp).collect();
        others.sort_unstable();
        Layout {
            names: names(header),
            folders: header.folders().to_vec(),
            customer: self.customer,
            timestamp,
            target: self.target,
            others,
            clock: None,
            unused_clock: None,
            times: Decision::default(),
            decimal: None,
            preamble: None,
        }
    }
}

fn names(header: &Header) -> Vec<String> {
    (0..header.len()).map(|at| header.display(at)).collect()
}

impl Layout {
    /// The name of a column.
    pub(crate) fn name(&self, at: usize) -> &str {
        let folder = at.checked_sub(self.names.len()).map(|folder| &self.folders[folder].0);
        folder.unwrap_or_else(|| &self.names[at])
    }

    /// The value of a column that is a folder.
    pub(crate) fn folder_value(&self, at: usize) -> Option<&[u8]> {
        let (_, value) = self.folders.get(at.checked_sub(self.names.len())?)?;
        Some(value.as_bytes())
    }

    /// The layout of a CSV file, from whole records at its beginning. `key` is its path, `file` names it in errors.
    pub(crate) fn of_csv(head: &[u8], settings: &InputSettings, key: &str, file: &str) -> Result<(Self, Dialect)> {
        fn layout<C: Roles>(head: &[u8], settings: &InputSettings, key: &str) -> Result<(Layout, Dialect), DataError> {
            let mut scratch = Scratch::default();
            let mut csv = CsvFile::open::<C>(head, owned_folder_columns(key), settings, &mut scratch)?;
            let whose = whose(&csv.scratch.header, settings, key)?;
            let columns: C = csv.resolve(settings, whose, None)?;
            csv.decide_decimal(&columns, settings)?;
            let (header, text) = (&csv.scratch.header, &csv.text);
            let has_header = !header.is_headerless();
            let dialect = Dialect { delimiter: text.delimiter(), has_header, start: text.start() };
            let layout = columns.layout(header, settings);
            Ok((Layout { decimal: csv.decimal, preamble: csv.preamble.note, ..layout }, dialect))
        }
        let layout = if settings.table.is_some() { layout::<FeatureColumns> } else { layout::<SeriesColumns> };
        layout(head, settings, key).map_err(|error| error.in_file(file))
    }

    /// The layout of a Parquet file with these columns; `key` and `file` are as for [`Self::of_csv`].
    #[cfg(feature = "parquet")]
    pub(crate) fn of_parquet(
        names: &[String],
        types: &[ArrowDataType],
        settings: &InputSettings,
        key: &str,
        file: &str,
    ) -> Result<Self> {
        let mut header = Header::default();
        header.fill(names.iter(), false);
        header.add_folders(owned_folder_columns(key));
        let kinds = || types.iter().map(kind).collect();
        let layout = whose(&header, settings, key).and_then(|whose| {
            Ok(match settings.table {
                None => SeriesColumns::resolve(&header, settings, whose, None, kinds)?.layout(&header, settings),
                Some(_) => FeatureColumns::resolve(&header, settings, whose, None, kinds)?.layout(&header, settings),
            })
        });
        layout.map_err(|error| error.in_file(file))
    }
}

/// What tells whose the rows of a table are: a folder such as `customer=8` in the first place.
fn whose(header: &Header, settings: &InputSettings, key: &str) -> Result<Whose, DataError> {
    let in_folder = customer_by_folder(key, settings.customer.as_deref()).is_some();
    if in_folder { Ok(Whose::Folder) } else { header.whose(settings) }
}
