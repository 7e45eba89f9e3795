//! A file of any format, from its bytes to its header, columns, customers and rows.

#[cfg(feature = "parquet")]
use crate::input::parquet::file::ParquetFile;
use crate::input::{
    content::{rows::Rows, sink::Sink},
    csv::file::{CsvFile, Scratch},
    data_error::DataError,
    schema::{columns::Columns, header::Header, whose::Whose},
    settings::InputSettings,
    source::{
        file_name::{Format, owned_folder_columns},
        input_file::InputFile,
    },
    value::decimal::Decimal,
};
use manyfit_models::data::Feature;

/// A file whose column names are known.
pub(in crate::input) enum OpenFile<'a> {
    Csv(CsvFile<'a>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetFile<'a>),
}

impl<'a> OpenFile<'a> {
    /// Reads the column names, and those of the file's folders; they are in `scratch` too.
    pub(in crate::input) fn open<C: Columns>(
        bytes: &'a [u8],
        (key, format): (&str, Format),
        settings: &InputSettings,
        scratch: &'a mut Scratch,
    ) -> Result<Self, DataError> {
        let folders = owned_folder_columns(key);
        match format {
            Format::Csv => CsvFile::open::<C>(bytes, folders, settings, scratch).map(Self::Csv),
            #[cfg(feature = "parquet")]
            Format::Parquet => ParquetFile::open(bytes, folders, &mut scratch.header).map(Self::Parquet),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => Err(no_parquet()),
        }
    }

    /// Opens a file, or the rows in memory that it stands for.
    pub(in crate::input) fn of_input<C: Columns>(
        bytes: &'a [u8],
        file: &'a InputFile,
        settings: &InputSettings,
        scratch: &'a mut Scratch,
    ) -> Result<Self, DataError> {
        #[cfg(feature = "parquet")]
        if let Some(rows) = &file.rows {
            return Ok(Self::Parquet(ParquetFile::of_rows(rows, &mut scratch.header)));
        }
        Self::open::<C>(bytes, (&file.key, file.format), settings, scratch)
    }

    pub(in crate::input) fn header(&self) -> &Header {
        match self {
            Self::Csv(file) => &file.scratch.header,
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.header,
        }
    }

    /// Finds the columns: see [`Columns::resolve`].
    pub(in crate::input) fn resolve<C: Columns>(
        &mut self,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
    ) -> Result<C, DataError> {
        match self {
            Self::Csv(file) => file.resolve(settings, whose, known),
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.resolve(settings, whose, known),
        }
    }

    /// Decides how timestamps and numbers are written.
    pub(in crate::input) fn decide_forms<C: Columns>(
        &mut self,
        columns: &mut C,
        settings: &InputSettings,
    ) -> Result<(), DataError> {
        match self {
            Self::Csv(file) => {
                file.decide_decimal(columns, settings)?;
                file.decide_times(columns, settings)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.decide_times(columns, settings),
        }
    }

    /// How numbers are written, if not as usual, once it is decided.
    pub(in crate::input) fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Csv(file) => file.decimal,
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => None,
        }
    }

    /// Which lines come before the rows, for people, if that is not a matter of course.
    pub(in crate::input) fn preamble(&self) -> Option<String> {
        match self {
            Self::Csv(file) => file.preamble.note.clone(),
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => None,
        }
    }

    /// Gives every row to the sink, with the fields of the `wanted` columns at least.
    #[cfg_attr(not(feature = "parquet"), expect(unused_variables, reason = "only Parquet is read by column"))]
    pub(in crate::input) fn read<R: Rows>(
        self,
        columns: &R::Columns,
        wanted: &[usize],
        sink: &mut impl Sink<R>,
    ) -> Result<(), DataError> {
        match self {
            Self::Csv(file) => file.read(columns, sink),
            #[cfg(feature = "parquet")]
            Self::Parquet(file) => file.read(columns, wanted, sink),
        }
    }
}

/// The cells of a Parquet file as text: column names, and the cells of each row.
pub(in crate::input) fn parquet_texts(bytes: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>), DataError> {
    #[cfg(feature = "parquet")]
    return ParquetFile::open(bytes, Vec::new(), &mut Header::default())?.texts();
    #[cfg(not(feature = "parquet"))]
    {
        let _ = bytes;
        Err(no_parquet())
    }
}

#[cfg(not(feature = "parquet"))]
fn no_parquet() -> DataError {
    DataError::file("this manyfit was built without Parquet: use a build with the feature parquet, or write CSV")
}
