//! The layout of a table larger than memory, detected by the rules for files that are read whole.
//!
//! `prepare` reads such tables in blocks and must accept the rows that `train` would accept.

#[cfg(feature = "parquet")]
use crate::input::{
    parquet::values::{ArrowDataType, kind},
    schema::columns::Columns,
};
use crate::{
    error::Result,
    input::{
        csv::file::{CsvFile, Scratch},
        data_error::DataError,
        schema::{header::Header, series_columns::SeriesColumns, whose::Whose},
        settings::InputSettings,
        value::{column_times::Decision, decimal::Decimal},
    },
};

/// The roles of a table's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The names of the columns; `#1`, `#2` and so on if the table has no header.
    pub(crate) names: Vec<String>,
    /// The column that names customers, if any.
    pub(crate) customer: Option<usize>,
    /// The column of timestamps.
    pub(crate) timestamp: usize,
    /// The column of values.
    pub(crate) target: usize,
    /// The column of the time of day, if it is not in that of the timestamp.
    pub(crate) clock: Option<usize>,
    /// The name of a column that may hold the time of day, and of that of the date.
    pub(crate) unused_clock: Option<[String; 2]>,
    /// The form of the timestamps, once it is decided.
    pub(crate) times: Decision,
    /// How the numbers of CSV are written, if not as usual.
    pub(crate) decimal: Option<Decimal>,
}

/// How a CSV file is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The byte between two fields.
    pub(crate) delimiter: u8,
    /// Whether the first record names the columns.
    pub(crate) has_header: bool,
}

impl Layout {
    fn new(header: &Header, columns: &SeriesColumns) -> Self {
        let names = (0..header.len()).map(|at| header.display(at)).collect();
        let times = Decision::default();
        let SeriesColumns { customer, timestamp, clock, unused_clock, .. } = columns.clone();
        Self { names, customer, timestamp, clock, unused_clock, target: columns.target, times, decimal: None }
    }

    /// The layout of a CSV file, from whole records at its beginning. `in_folder`: a folder such as `customer=8` names its
    /// customer. `file` names it in errors.
    pub(crate) fn of_csv(
        head: &[u8],
        settings: &InputSettings,
        in_folder: bool,
        file: &str,
    ) -> Result<(Self, Dialect)> {
        let mut scratch = Scratch::default();
        let mut layout = || {
            let mut csv = CsvFile::open::<SeriesColumns>(head, settings, &mut scratch)?;
            let whose = if in_folder { Whose::Folder } else { csv.scratch.header.whose(settings)? };
            let columns = csv.resolve(settings, whose, None)?;
            csv.decide_decimal(&columns, settings)?;
            let header = &csv.scratch.header;
            let dialect = Dialect { delimiter: csv.text.delimiter(), has_header: !header.is_headerless() };
            Ok((Self { decimal: csv.decimal, ..Self::new(header, &columns) }, dialect))
        };
        layout().map_err(|error: DataError| error.in_file(file))
    }

    /// The layout of a Parquet file with these columns; `in_folder` and `file` are as for [`Self::of_csv`].
    #[cfg(feature = "parquet")]
    pub(crate) fn of_parquet(
        names: &[String],
        types: &[ArrowDataType],
        settings: &InputSettings,
        in_folder: bool,
        file: &str,
    ) -> Result<Self> {
        let mut header = Header::default();
        header.fill(names.iter(), false);
        let kinds = || types.iter().map(kind).collect();
        let columns = if in_folder { Ok(Whose::Folder) } else { header.whose(settings) }
            .and_then(|whose| SeriesColumns::resolve(&header, settings, whose, None, kinds))
            .map_err(|error| error.in_file(file))?;
        Ok(Self::new(&header, &columns))
    }
}
