//! The columns of a Parquet file, decoded part by part.

use std::{fs::File, io::Cursor, ops::Range};

use polars_arrow::{
    array::Array,
    compute::concatenate::concatenate,
    datatypes::{ArrowDataType, Field},
};
use polars_buffer::Buffer;
use polars_parquet::{
    parquet::page::CompressedPage,
    read::{BasicDecompressor, FileMetadata, Filter, PageReader, column_iter_to_arrays, infer_schema, read_metadata},
};
use polars_utils::mmap::MMapSemaphore;

use super::{column::ColumnValues, reading::Reading, values::guarded};
use crate::input::{data_error::DataError, limits::most_unpacked};

/// Where the bytes of a file are.
pub(crate) enum FileBytes<'a> {
    Loaded(&'a [u8]),
    Mapped(Buffer<u8>),
}

/// The columns of a file, by position.
pub(crate) struct FileColumns<'a> {
    bytes: FileBytes<'a>,
    metadata: FileMetadata,
    columns: Vec<(Field, Reading)>,
    /// The rows of each row group.
    groups: Vec<Range<usize>>,
}

impl FileBytes<'_> {
    /// The bytes of an open file, which no thread has to read at a position of its own.
    pub(crate) fn mapped(file: &File) -> Result<Self, DataError> {
        guarded(|| MMapSemaphore::new_from_file(file)).map(|mapped| Self::Mapped(Buffer::from_owner(mapped)))
    }

    fn all(&self) -> &[u8] {
        match self {
            Self::Loaded(bytes) => bytes,
            Self::Mapped(bytes) => bytes.as_slice(),
        }
    }

    /// Some of the bytes, for a decoder that keeps them.
    fn part(&self, range: Range<u64>) -> Option<Buffer<u8>> {
        let range = range.start.try_into().ok()?..range.end.try_into().ok()?;
        let part = self.all().get(range.clone())?;
        Some(match self {
            Self::Loaded(_) => Buffer::from_vec(part.to_vec()),
            Self::Mapped(bytes) => bytes.clone().sliced(range),
        })
    }
}

impl<'a> FileColumns<'a> {
    /// Reads the names and types of all columns, and the place of each.
    pub(crate) fn open(bytes: FileBytes<'a>) -> Result<Self, DataError> {
        let metadata = guarded(|| read_metadata(&mut Cursor::new(bytes.all())))?;
        let schema = guarded(|| infer_schema(&metadata))?;
        let column = |field: &Field| {
            let stored = metadata.schema().fields().iter().find(|stored| *stored.name() == *field.name);
            let reading = Reading::new(&field.dtype, stored);
            (Field::new(field.name.clone(), reading.decoded.clone(), true), reading)
        };
        let columns = schema.iter_values().map(column).collect();
        let mut end = 0;
        let mut rows = |rows: usize| {
            end += rows;
            end - rows..end
        };
        let groups = metadata.row_groups.iter().map(|group| rows(group.num_rows())).collect();
        Ok(Self { bytes, metadata, columns, groups })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(field, _)| field.name.as_str())
    }

    /// The types of the values; of columns that are not read, the file's.
    pub(crate) fn types(&self) -> Vec<ArrowDataType> {
        self.columns.iter().map(|(_, reading)| reading.becomes()).collect()
    }

    /// The rows of each row group.
    pub(crate) fn groups(&self) -> &[Range<usize>] {
        &self.groups
    }

    /// The values of a column in some rows of one row group.
    pub(crate) fn values(&self, at: usize, rows: &Range<usize>) -> Result<ColumnValues, DataError> {
        guarded(|| self.decoded(at, rows))
    }

    fn decoded(&self, at: usize, rows: &Range<usize>) -> Result<ColumnValues, String> {
        if rows.is_empty() {
            return Ok(ColumnValues::Missing(0));
        }
        let (field, reading) = &self.columns[at];
        let group = self.groups.partition_point(|group| group.end <= rows.start);
        let Some((group, metadata)) = self.groups.get(group).zip(self.metadata.row_groups.get(group)) else {
            return Ok(ColumnValues::Missing(0));
        };
        let mut chunks = metadata.columns_under_root_iter(&field.name).into_iter().flatten();
        let chunk = match (chunks.next(), chunks.next()) {
            (Some(chunk), None) => chunk,
            (None, _) => return Ok(ColumnValues::Missing(rows.len())),
            _ => return Err(format!("its column {} is nested, which its schema denies", field.name)),
        };
        let bytes = self.bytes.part(chunk.byte_range()).ok_or("its pages are cut off")?;
        let pages = || PageReader::new(Cursor::new(bytes.clone()), chunk, Vec::new(), usize::MAX);
        check_pages(&bytes, pages())?;
        let arrays = column_iter_to_arrays(
            vec![BasicDecompressor::new(pages(), Vec::new())],
            vec![&chunk.descriptor().descriptor.primitive_type],
            field.clone(),
            Some(Filter::new_ranged(rows.start - group.start, rows.end - group.start)),
        );
        let (mut arrays, _) = arrays.map_err(|error| error.to_string())?;
        let array = match (arrays.len(), arrays.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                let all: Vec<&dyn Array> = arrays.iter().chain(&last).map(|array| &**array as &dyn Array).collect();
                concatenate(&all).map_err(|error| error.to_string())?
            }
        };
        let values = reading.values(array.as_ref()).ok_or("its pages are not of the type that its schema says")?;
        if values.len() == rows.len() { Ok(values) } else { Err("its pages have other numbers of rows".into()) }
    }
}

/// Whether each page of a column's chunk unpacks to few enough bytes, as it claims itself: the library takes the memory first.
fn check_pages(chunk: &[u8], mut pages: PageReader) -> Result<(), String> {
    let most = most_unpacked();
    let check = |claimed: u64| if claimed > most { Err(format!("a page claims {claimed} bytes")) } else { Ok(()) };
    check(first_page_size(chunk).unwrap_or(0))?;
    pages.read_dict().map_err(|error| error.to_string())?;
    pages.try_for_each(|page| match page.map_err(|error| error.to_string())? {
        CompressedPage::Data(page) => check(page.uncompressed_size() as u64),
        CompressedPage::Dict(_) => Err("it has two dictionaries".into()),
    })
}

/// The unpacked size that the header of the first page claims, which the library hides of a dictionary: the second of two
/// integers in Thrift's compact encoding.
fn first_page_size(chunk: &[u8]) -> Option<u64> {
    /// The type of a field that is an integer of 32 bits, and next in order.
    const NEXT_INTEGER: u8 = 0x15;
    let rest = chunk.strip_prefix(&[NEXT_INTEGER])?;
    let (_, rest) = rest.split_at(rest.iter().position(|byte| *byte < 0x80)? + 1);
    let rest = rest.strip_prefix(&[NEXT_INTEGER])?;
    let end = rest.iter().take(5).position(|byte| *byte < 0x80)?;
    let zigzag = rest[..=end].iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f));
    Some(zigzag >> 1)
}
