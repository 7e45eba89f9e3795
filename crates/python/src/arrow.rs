//! Tables of Python to and from Arrow's arrays, by Arrow's C stream interface in its PyCapsules.
//!
//! <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>

#![expect(unsafe_code, reason = "a capsule holds a pointer, and says by its name to what")]

use std::{ffi::CStr, fmt::Display, ptr};

use manyfit::error::{Error, Result};
use polars_arrow::{
    array::{Array, StructArray, new_empty_array},
    datatypes::{ArrowDataType, Field},
    ffi::{ArrowArrayStream, ArrowArrayStreamReader, export_iterator},
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyCapsule};

/// The name that the interface gives its capsules.
const NAME: &CStr = c"arrow_array_stream";

/// Parts of the rows, each with an array for every column.
pub(crate) type Parts = Vec<Vec<Box<dyn Array>>>;

/// The columns of a table: their names, and their parts. A table without rows has one part, for the types of its columns.
///
/// # Errors
/// `TypeError` for an object without the interface; what its owner raises.
pub(crate) fn import(table: &Bound<'_, PyAny>) -> PyResult<Result<(Vec<String>, Parts)>> {
    Ok(stream_of(table)?.and_then(read))
}

/// The arrays of a single column.
///
/// # Errors
/// As for [`import`].
pub(crate) fn import_column(column: &Bound<'_, PyAny>) -> PyResult<Result<Vec<Box<dyn Array>>>> {
    Ok(stream_of(column)?.and_then(|mut reader| {
        let mut arrays = Vec::new();
        // SAFETY: the producer vouches for the arrays that it gives.
        while let Some(array) = unsafe { reader.next() } {
            arrays.push(array.map_err(unreadable)?);
        }
        if arrays.is_empty() {
            arrays.push(new_empty_array(reader.field().dtype().clone()));
        }
        Ok(arrays)
    }))
}

type Reader = ArrowArrayStreamReader<Box<ArrowArrayStream>>;

fn unreadable(error: impl Display) -> Error {
    Error::Data(format!("the table cannot be read as Arrow: {error}"))
}

fn stream_of(table: &Bound<'_, PyAny>) -> PyResult<Result<Reader>> {
    let Some(export) = table.getattr_opt("__arrow_c_stream__")? else {
        let kind = table.get_type().qualname()?;
        return Err(PyTypeError::new_err(format!(
            "a table is expected with __arrow_c_stream__, as of polars, pyarrow, DuckDB, and of pandas 2.2 or later with pyarrow; \
             not {kind}"
        )));
    };
    let capsule = export.call0()?;
    let capsule = capsule.cast::<PyCapsule>()?;
    let stream = capsule.pointer_checked(Some(NAME))?.cast::<ArrowArrayStream>();
    // SAFETY: by its name the capsule holds a stream. It is moved out, as the interface wants: an empty one stays, which the
    // capsule does not release.
    let stream = unsafe { ptr::replace(stream.as_ptr(), ArrowArrayStream::empty()) };
    // SAFETY: the producer vouches for the stream.
    Ok(unsafe { ArrowArrayStreamReader::try_new(Box::new(stream)) }.map_err(unreadable))
}

fn read(mut reader: Reader) -> Result<(Vec<String>, Parts)> {
    let ArrowDataType::Struct(fields) = reader.field().dtype().clone() else {
        return Err(Error::Data("a table of columns is expected, not a single column".into()));
    };
    let names: Vec<String> = fields.iter().map(|field| field.name.to_string()).collect();
    let mut parts = Vec::new();
    // SAFETY: the producer vouches for the arrays that it gives.
    while let Some(array) = unsafe { reader.next() } {
        let array = array.map_err(unreadable)?;
        let columns = array.as_any().downcast_ref::<StructArray>();
        parts.push(columns.map(|columns| columns.values().to_vec()).unwrap_or_default());
    }
    if parts.is_empty() {
        parts.push(fields.iter().map(|field| new_empty_array(field.dtype().clone())).collect());
    }
    Ok((names, parts))
}

/// A table as a capsule.
pub(crate) fn export<'py>(
    python: Python<'py>,
    names: &[String],
    types: &[ArrowDataType],
    parts: Parts,
) -> PyResult<Bound<'py, PyCapsule>> {
    let fields: Vec<Field> =
        names.iter().zip(types).map(|(name, kind)| Field::new(name.as_str().into(), kind.clone(), true)).collect();
    let kind = ArrowDataType::Struct(fields);
    let field = Field::new("".into(), kind.clone(), false);
    let batches = parts.into_iter().map(move |columns| {
        let rows = columns.first().map_or(0, |first| first.len());
        StructArray::try_new(kind.clone(), rows, columns, None).map(StructArray::boxed)
    });
    PyCapsule::new_with_value(python, export_iterator(Box::new(batches), field), NAME)
}
