//! Tables in memory and files of Parquet: one read, the other written.

use std::{fs::File, path::Path};

use polars_arrow::array::Array;

use super::{
    table::Frame,
    values::{array, becomes},
};
use crate::{
    error::{Error, Result},
    input::parquet::{
        columns::{FileBytes, FileColumns},
        values::ArrowDataType,
        write::{INTEGER, TIME, TableWriter},
    },
    store::{StagedFile, reading, writing},
};

/// Columns of results.
#[derive(Debug, Default)]
pub struct Table {
    /// The names of the columns.
    pub names: Vec<String>,
    /// Their types.
    pub types: Vec<ArrowDataType>,
    /// Parts of the rows, each with an array for every column.
    pub parts: Vec<Vec<Box<dyn Array>>>,
}

impl Table {
    /// Reads a file of Parquet.
    ///
    /// # Errors
    /// [`Error::Data`] if it is damaged, [`Error::Storage`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| reading(path, error))?;
        let in_file = |error: crate::input::data_error::DataError| error.in_file(&path.display().to_string());
        let columns = FileColumns::open(FileBytes::mapped(&file).map_err(in_file)?).map_err(in_file)?;
        let names: Vec<String> = columns.names().map(str::to_owned).collect();
        let types = columns.types().iter().map(|column| read_type(&becomes(column))).collect();
        let column = |at, rows: &_| columns.values(at, rows).map(array);
        let part = |rows: &_| (0..names.len()).map(|at| column(at, rows)).collect::<Result<Vec<_>, _>>();
        let parts = columns.groups().iter().map(part).collect::<Result<_, _>>().map_err(in_file)?;
        Ok(Self { names, types, parts })
    }
}

impl Table {
    /// Gives the columns of the interval the names that Nixtla's libraries give them: `yhat-lo-80` and `yhat-hi-80` of 0.8.
    pub(crate) fn name_interval(&mut self, width: f64) {
        for name in &mut self.names {
            // Of 0.975 times 100, not 97.49999999999999.
            let level = (width * 1e8).round() / 1e6;
            match name.as_str() {
                "yhat_lower" => *name = format!("yhat-lo-{level}"),
                "yhat_upper" => *name = format!("yhat-hi-{level}"),
                _ => {}
            }
        }
    }

    /// Adds those columns of a table of the same rows whose names are wanted.
    ///
    /// # Errors
    /// [`Error::Bug`] if it has other rows.
    pub(crate) fn append_columns(&mut self, other: &Self, is_wanted: impl Fn(&str) -> bool) -> Result<()> {
        let rows =
            |table: &Self| table.parts.iter().map(|part| part.first().map(|column| column.len())).collect::<Vec<_>>();
        if rows(self) != rows(other) {
            return Err(Error::Bug("two intervals are of different forecasts".into()));
        }
        let wanted: Vec<bool> = other.names.iter().map(|name| is_wanted(name)).collect();
        let keep = |at: &usize| wanted[*at];
        self.names.extend((0..wanted.len()).filter(keep).map(|at| other.names[at].clone()));
        self.types.extend((0..wanted.len()).filter(keep).map(|at| other.types[at].clone()));
        for (part, more) in self.parts.iter_mut().zip(&other.parts) {
            part.extend((0..wanted.len()).filter(keep).map(|at| more[at].clone()));
        }
        Ok(())
    }
}

/// The type of the array that values become: whole numbers have 64 bits, and times are milliseconds.
fn read_type(column: &ArrowDataType) -> ArrowDataType {
    use ArrowDataType as T;
    match column {
        T::Timestamp(..) | T::Date32 | T::Date64 => TIME,
        T::Int8 | T::Int16 | T::Int32 | T::UInt8 | T::UInt16 | T::UInt32 => INTEGER,
        T::Float16 => T::Float32,
        other => other.clone(),
    }
}

impl Frame {
    /// Writes a file of Parquet with all columns, which `name` names.
    ///
    /// # Errors
    /// [`Error::Data`] for a column of a type that is not read, and for two columns of one name; [`Error::Storage`] if the file
    /// cannot be written.
    pub fn write(&self, path: &Path, name: impl Fn(&str) -> String) -> Result<()> {
        let (staged, file) = StagedFile::create(path)?;
        let types = (0..self.width()).map(|at| read_type(self.kind(at)));
        let columns: Vec<(String, ArrowDataType)> = self.names().map(name).zip(types).collect();
        let refused = |error: std::io::Error| Error::Data(format!("the table cannot be used: {error}"));
        let mut writer = TableWriter::new(file, columns).map_err(refused)?;
        let mut blocks: Vec<_> = (0..self.width()).map(|at| self.blocks(at)).collect();
        loop {
            let mut part = Vec::with_capacity(blocks.len());
            for (at, column) in blocks.iter_mut().enumerate() {
                let Some((_, values)) = column.next() else { break };
                let values = values.ok_or_else(|| {
                    let name = self.names().nth(at).unwrap_or_default();
                    Error::Data(format!(
                        "the column {name:?} of the table has a type that is not read: cast it or drop it"
                    ))
                })?;
                part.push(array(values));
            }
            if part.is_empty() {
                break;
            }
            writer.write(part).map_err(|error| writing(path, error))?;
        }
        drop(blocks);
        writer.finish().map_err(|error| writing(path, error))?;
        staged.commit()
    }
}
