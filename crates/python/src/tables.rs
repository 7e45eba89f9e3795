//! The classes of tables: of the caller, and of results.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use manyfit::input;
use pyo3::{prelude::*, types::PyCapsule};

use crate::{
    arrow::{export, import, import_column},
    errors::raised,
};

/// A table of the caller's. Its columns are not copied, and must not be changed while this is in use.
#[pyclass(frozen, module = "manyfit._native")]
pub(crate) struct Frame(pub(crate) Arc<input::Frame>);

#[pymethods]
impl Frame {
    #[new]
    fn new(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let frame = import(table)?.and_then(|(names, parts)| input::Frame::new(names, parts));
        frame.map(|frame| Self(Arc::new(frame))).map_err(|error| raised(&error))
    }

    /// A table of columns, each with a name and an object of its own.
    #[staticmethod]
    fn of_columns(columns: Vec<(String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let column = |(name, column): (String, Bound<'_, PyAny>)| {
            import_column(&column)?.map(|arrays| (name, arrays)).map_err(|error| raised(&error))
        };
        let columns = columns.into_iter().map(column).collect::<PyResult<_>>()?;
        let frame = input::Frame::of_columns(columns);
        frame.map(|frame| Self(Arc::new(frame))).map_err(|error| raised(&error))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The names of the columns.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().map(str::to_owned).collect()
    }

    /// Writes a file of Parquet, with other names for some columns.
    fn write(&self, python: Python<'_>, path: PathBuf, renamed: HashMap<String, String>) -> PyResult<()> {
        let name = |name: &str| renamed.get(name).map_or(name, String::as_str).to_owned();
        python.detach(|| self.0.write(&path, name)).map_err(|error| raised(&error))
    }
}

/// A table of results, for anything that takes an object with `__arrow_c_stream__`.
#[pyclass(frozen, module = "manyfit._native")]
pub(crate) struct Table(pub(crate) input::Table);

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.0.parts.iter().filter_map(|part| part.first()).map(|column| column.len()).sum()
    }

    /// The names of the columns.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names.clone()
    }

    /// The same table with other names for some columns.
    fn renamed(&self, names: HashMap<String, String>) -> Self {
        let input::Table { names: own, types, parts } = &self.0;
        let own = own.iter().map(|name| names.get(name).unwrap_or(name).clone()).collect();
        Self(input::Table { names: own, types: types.clone(), parts: parts.clone() })
    }

    /// Arrow's PyCapsule interface; another schema than the own is not given.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        python: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        export(python, &self.0.names, &self.0.types, self.0.parts.clone())
    }
}
