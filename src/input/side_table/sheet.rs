//! Small tables besides the input: holidays, overrides, future values. Read whole, as text, by column name.

use std::{fs::Metadata, path::Path, sync::OnceLock};

use crate::{
    error::{Error, Result},
    input::{
        csv::{preamble::Preamble, split::Scratch},
        data_error::{DataError, Position, quoted},
        schema::header::CUSTOMERS,
        settings::SheetSettings,
        source::{
            file_name::{Format, format_of, owned_folder_columns},
            load::Bytes,
            open_file::parquet_texts,
        },
        value::{
            cell::Cell,
            column_times::ColumnTimes,
            decimal::{self, Decimal, Notation},
            number,
            time_form::{TimeForm, TimeSettings},
            timestamp,
        },
    },
    store::{Durability, LocalStore, Store, look},
};

/// A table with named columns.
///
/// - Column names are matched exactly, else by letters and digits only, ignoring case: `Lower Window` is `lower_window`;
/// - a first line of only numbers is not a header: the columns are `#1`, `#2`, …;
/// - cells are trimmed; a word is missing if it is empty, a value also if it is `NA`, `null` or the like;
/// - blank rows are skipped.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// The file's name, for messages.
    pub(crate) file: String,
    /// Its key in the place.
    pub(super) key: String,
    /// The columns that the folders of its path are, after its own: names and values.
    folders: Vec<(String, String)>,
    /// Whether the columns have no names.
    pub(crate) headerless: bool,
    /// The names of the columns, as in the file.
    pub(crate) columns: Vec<String>,
    /// The header, if there is one, and the rows.
    text: String,
    /// The end of each cell in `text`, row after row.
    ends: Vec<usize>,
    /// The line or row of each row.
    numbers: Vec<u64>,
    /// How many of these rows are the header: one or none.
    names: usize,
    is_parquet: bool,
    /// How numbers are written, if not as usual.
    decimal: Option<Decimal>,
    /// How it is read, where it does not tell it.
    settings: SheetSettings,
    /// Which lines come before the rows, if not one.
    pub(crate) preamble: Option<String>,
    /// The column of times, and its form, once they are known.
    form: OnceLock<(usize, TimeForm)>,
}

/// A row of a [`Sheet`].
#[derive(Clone, Copy)]
pub(crate) struct SheetRow<'a> {
    pub(crate) sheet: &'a Sheet,
    row: usize,
}

impl Sheet {
    /// Reads an object: CSV with a header, plain or gzip, or Parquet by its name.
    ///
    /// # Errors
    /// [`Error::Data`] with the file and the line; [`Error::Storage`] if it cannot be read.
    pub(crate) fn read(store: &dyn Store, key: &str, settings: &SheetSettings) -> Result<Self> {
        let mut bytes = Bytes::default();
        let bytes = bytes.load(store, key)?;
        let file = store.describe(key);
        let sheet = match format_of(key) {
            Some(Format::Parquet) => Self::from_parquet(bytes),
            _ => Self::from_csv(bytes, settings),
        };
        let sheet = sheet.and_then(Self::with_distinct_columns).map_err(|fault| fault.in_file(&file))?;
        Ok(Self { file, key: key.into(), folders: owned_folder_columns(key), settings: settings.clone(), ..sheet })
    }

    /// Reads a file, or every table of a directory, sorted by name.
    ///
    /// # Errors
    /// As for [`Sheet::read`]; [`Error::Settings`] if there is no table.
    pub(crate) fn read_all(path: &Path, settings: &SheetSettings) -> Result<Vec<Self>> {
        let found = look(path)?;
        if found.as_ref().is_some_and(Metadata::is_dir) {
            return Self::read_place(&LocalStore::new(path, Durability::ProcessDeath), settings);
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(Error::Settings(format!("{}: is not the name of a file", path.display())));
        };
        if !found.is_some_and(|found| found.is_file()) {
            return Err(Error::Settings(format!("{}: there is no such file", path.display())));
        }
        Ok(vec![Self::read(&LocalStore::new(folder, Durability::ProcessDeath), name, settings)?])
    }

    /// Reads every table of a store, sorted by name.
    ///
    /// # Errors
    /// As for [`Sheet::read_all`].
    pub(crate) fn read_place(store: &dyn Store, settings: &SheetSettings) -> Result<Vec<Self>> {
        let (mut tables, others) = store.list_all()?;
        if let Some(other) = others.iter().find(|other| other.is_folder || format_of(&other.name).is_some()) {
            return Err(Error::Data(format!("{}: {}", store.describe(&other.name), other.reason)));
        }
        tables.retain(|entry| format_of(&entry.key).is_some());
        if tables.is_empty() {
            let place = store.describe("");
            return Err(Error::Settings(format!(
                "{}: there is no CSV or Parquet file in it",
                place.trim_end_matches('/')
            )));
        }
        store.read_ahead(tables.clone());
        tables.into_iter().map(|entry| Self::read(store, &entry.key, settings)).collect()
    }

    fn from_csv(bytes: &[u8], settings: &SheetSettings) -> Result<Self, DataError> {
        let mut scratch = Scratch::default();
        let (text, Preamble { names, note, .. }) = Preamble::skip(bytes, settings.skip_lines, &mut scratch)?;
        let mut records = text.records(&mut scratch);
        let first =
            records.next().ok_or_else(|| DataError::file("is empty: it needs a line with the names of its columns"))?;
        first.check_quotes()?;
        let is_number = |field: &[u8]| number::parse(field).is_ok() || decimal::is_number(field);
        let headerless = (0..first.len()).all(|at| is_number(first.field(at))) && !first.is_blank() && names.is_none();
        let name = |at: usize| {
            let name = names.as_ref().map_or_else(|| first.field(at), |names| &names[at]);
            if headerless { format!("#{}", at + 1) } else { String::from_utf8_lossy(name).into_owned() }
        };
        let columns: Vec<String> = (0..first.len()).map(name).collect();
        let mut sheet = Self {
            headerless,
            names: usize::from(!headerless),
            preamble: note,
            decimal: settings.decimal,
            ..Self::default()
        };
        if headerless {
            records = text.records(&mut scratch);
        } else {
            sheet.push(first.line, columns.iter().map(String::as_str));
        }
        sheet.columns = columns;
        while let Some(record) = records.next() {
            if record.is_blank() {
                continue;
            }
            if record.len() != sheet.columns.len() {
                record.refuse_length(sheet.columns.len())?;
            }
            let cell = |at| {
                str::from_utf8(record.field(at)).map_err(|_| {
                    let column = sheet.columns[at].as_bytes();
                    DataError::cell(Position::Line(record.line), column, record.field(at), "is not UTF-8 text")
                })
            };
            let cells = (0..record.len()).map(cell).collect::<Result<Vec<&str>, _>>()?;
            sheet.push(record.line, cells);
        }
        if settings.decimal.is_none() && text.has_commas() {
            let mut notation = Notation::default();
            for row in sheet.rows() {
                for (at, name) in sheet.columns.iter().enumerate() {
                    notation.see(row.cell(at).as_bytes(), row.place(), name.as_bytes());
                }
            }
            // Where that leaves a doubt, numbers with commas are refused when they are read.
            sheet.decimal = notation.decide().unwrap_or_default();
        }
        Ok(sheet)
    }

    /// Adds a row, or the header.
    fn push<'c>(&mut self, number: u64, cells: impl IntoIterator<Item = &'c str>) {
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
        self.numbers.push(number);
    }

    fn from_parquet(bytes: &[u8]) -> Result<Self, DataError> {
        let (columns, rows) = parquet_texts(bytes)?;
        let mut sheet = Self { columns, is_parquet: true, ..Self::default() };
        for (cells, number) in rows.iter().zip(1..) {
            if !cells.iter().all(String::is_empty) {
                sheet.push(number, cells.iter().map(|cell| cell.trim()));
            }
        }
        Ok(sheet)
    }

    fn with_distinct_columns(self) -> Result<Self, DataError> {
        for (at, name) in self.columns.iter().enumerate() {
            // Numbers are not names: they may be a row of data.
            if self.columns[..at].contains(name) && number::parse(name.as_bytes()).is_err() {
                let name = quoted(name.as_bytes());
                return Err(DataError::file(format!("two columns are named {name}: give each its own name")));
            }
        }
        Ok(self)
    }

    /// The position of the column with the first of some names; of its own, else of those that folders are.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        let columns = self.columns.iter().chain(self.folders.iter().map(|(name, _)| name));
        let position = |same: &dyn Fn(&String) -> bool| columns.clone().position(same);
        names.iter().find_map(|name| {
            position(&|column| column == name).or_else(|| position(&|column| same_letters(column, name)))
        })
    }

    /// The position of the column of customer names: as in the input, or else `customer` or `customer_id`.
    pub(crate) fn customer(&self) -> Option<usize> {
        let set = self.settings.customer.as_deref();
        set.and_then(|set| self.find(&[set.trim()])).or_else(|| self.find(&CUSTOMERS))
    }

    /// The position of a required column, by the first of some names.
    ///
    /// # Errors
    /// [`Error::Data`] with the columns that there are.
    pub(crate) fn require(&self, names: &[&str]) -> Result<usize> {
        self.find(names).ok_or_else(|| {
            let columns: Vec<String> = self.columns.iter().map(|name| quoted(name.as_bytes())).collect();
            let wanted = names.join(" or ");
            let advice = if self.has_number_as_name() {
                "; if this is a row of data, put a line with the names of the columns before it"
            } else {
                ""
            };
            Error::Data(format!(
                "{}: has no column {wanted}; its columns are {}{advice}",
                self.file,
                columns.join(", ")
            ))
        })
    }

    /// Whether the name of a column is a number, so that the header may be a row of data.
    pub(crate) fn has_number_as_name(&self) -> bool {
        self.columns.iter().any(|name| number::parse(name.as_bytes()).is_ok_and(|number| number.is_some()))
    }

    /// The form of the times of a column. A setting about the input is for columns that are not ISO 8601 themselves: a table of
    /// holidays may come from elsewhere.
    fn decide_form(&self, column: usize) -> Result<TimeForm> {
        let mut seen = ColumnTimes::default();
        let mut cells = self.rows().map(|row| (row.cell(column), row.place()));
        let first = cells.clone().find(|(text, _)| !text.is_empty());
        let is_iso = first.is_some_and(|(text, _)| timestamp::fixed_form(text.as_bytes()).is_some());
        let _ = cells.all(|(text, place)| seen.see(Cell::Text(text.as_bytes()), place));
        let settings = if is_iso { &TimeSettings::default() } else { &self.settings.times };
        let decided = seen.decide(settings, self.name(column).as_bytes()).map_err(|fault| fault.in_file(&self.file))?;
        let _ = self.form.set((column, decided.form.clone()));
        Ok(decided.form)
    }

    fn name(&self, column: usize) -> &str {
        let folder = column.checked_sub(self.columns.len()).map(|folder| &self.folders[folder].0);
        folder.unwrap_or_else(|| &self.columns[column])
    }

    /// The rows, in the order of the file.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = SheetRow<'_>> + Clone {
        (self.names..self.numbers.len()).map(|row| SheetRow { sheet: self, row })
    }

    /// The header, if there is one, as a row, and the rows.
    pub(crate) fn rows_and_names(&self) -> impl ExactSizeIterator<Item = SheetRow<'_>> {
        (0..self.numbers.len()).map(|row| SheetRow { sheet: self, row })
    }

    /// A row by its position in [`Sheet::rows`].
    pub(crate) fn row(&self, row: usize) -> SheetRow<'_> {
        SheetRow { sheet: self, row: self.names + row }
    }
}

impl<'a> SheetRow<'a> {
    /// A name or a setting in a cell; `None` if it is empty. Words for missing numbers are allowed: `NA` is Namibia, and
    /// `none` means no fallback.
    pub(crate) fn word(&self, column: usize) -> Option<&'a str> {
        Some(self.cell(column)).filter(|text| !text.is_empty())
    }

    /// The text of a value; `None` if it is missing.
    pub(crate) fn text(&self, column: usize) -> Option<&'a str> {
        Some(self.cell(column)).filter(|text| !number::is_missing(text.as_bytes()))
    }

    /// The time in a cell, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value.
    pub(crate) fn time(&self, column: usize) -> Result<i64> {
        let time = |form: &TimeForm| form.time(Cell::Text(self.cell(column).as_bytes()));
        match self.sheet.form.get().filter(|(known, _)| *known == column) {
            Some((_, form)) => time(form),
            None => time(&self.sheet.decide_form(column)?),
        }
        .map_err(|complaint| self.fault(column, complaint))
    }

    /// Whether numbers are not written as usual.
    pub(crate) fn has_own_notation(&self) -> bool {
        self.sheet.decimal.is_some()
    }

    /// The number in a cell; `None` if it is missing.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value.
    pub(crate) fn number(&self, column: usize) -> Result<Option<f64>> {
        let text = self.cell(column).as_bytes();
        let cell = self.sheet.decimal.map_or(Cell::Text(text), |decimal| decimal.cell(text));
        cell.number(number::NOT_A_NUMBER).map_err(|complaint| self.fault(column, complaint))
    }

    /// An error of a cell: `complaint` is the rest of the sentence that begins with its value.
    pub(crate) fn fault(&self, column: usize, complaint: &str) -> Error {
        let name = self.sheet.name(column).as_bytes();
        DataError::cell(self.place(), name, self.cell(column).as_bytes(), complaint).in_file(&self.sheet.file)
    }

    /// An error of the row.
    pub(crate) fn row_fault(&self, sentence: &str) -> Error {
        DataError::row(self.place(), sentence).in_file(&self.sheet.file)
    }

    /// The position of the row, such as "holidays.csv: line 3".
    pub(crate) fn describe(&self) -> String {
        format!("{}: {}", self.sheet.file, self.place())
    }

    fn place(&self) -> Position {
        let position = if self.sheet.is_parquet { Position::Row } else { Position::Line };
        position(self.sheet.numbers[self.row])
    }

    fn cell(&self, column: usize) -> &'a str {
        if let Some(folder) = column.checked_sub(self.sheet.columns.len()) {
            return &self.sheet.folders[folder].1;
        }
        let at = self.row * self.sheet.columns.len() + column;
        let start = if at == 0 { 0 } else { self.sheet.ends[at - 1] };
        &self.sheet.text[start..self.sheet.ends[at]]
    }
}

/// Whether two names have the same letters and digits, ignoring case. A name without any equals only itself.
fn same_letters(a: &str, b: &str) -> bool {
    let letters =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    a == b || (letters(a) == letters(b) && !letters(a).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::Memory;

    fn sheet(text: &str) -> Result<Sheet> {
        Sheet::read(&Memory::with([("holidays.csv", text)]), "holidays.csv", &SheetSettings::default())
    }

    #[test]
    fn cells_are_found_by_the_names_of_their_columns() {
        let sheet = sheet("Holiday;DS;Lower Window\n\"Easter; Sunday\";2024-03-31;-1\n;;\nNA;;x\n").unwrap();
        let (name, date) = (sheet.require(&["holiday"]).unwrap(), sheet.require(&["date", "ds"]).unwrap());
        let window = sheet.find(&["lower_window"]).unwrap();
        assert_eq!(sheet.find(&["upper_window"]), None);
        assert_eq!(sheet.rows().len(), 2);
        let row = sheet.row(0);
        assert_eq!((row.text(name), row.time(date).unwrap()), (Some("Easter; Sunday"), 19_813 * 86_400_000));
        assert_eq!(row.number(window).unwrap(), Some(-1.0));
        let row = sheet.row(1);
        assert_eq!((row.text(name), row.word(name)), (None, Some("NA")));
        assert_eq!(row.word(date), None);
        let fault = row.number(window).unwrap_err().to_string();
        assert!(fault.starts_with(r#"in/holidays.csv: line 4, column "Lower Window": "x" is not a number"#), "{fault}");
        assert!(row.time(date).unwrap_err().to_string().contains(r#"line 4, column "DS": "" is empty"#));
    }

    #[test]
    fn numbers_may_have_decimal_commas_and_dates_other_forms() {
        let sheet = sheet("ds;price\n13/02/2024;1.234,5\n01/03/2024;2\n02/03/2024;3,25\n").unwrap();
        let prices = sheet.rows().map(|row| row.number(1).unwrap());
        assert_eq!(prices.collect::<Vec<_>>(), [Some(1234.5), Some(2.0), Some(3.25)]);
        assert_eq!(sheet.row(1).time(0).unwrap(), 19_783 * 86_400_000);
    }

    #[test]
    fn the_column_of_customers_has_the_names_that_it_has_in_the_input() {
        for (header, place) in
            [("ds,customer", Some(1)), ("customer_id,ds", Some(0)), ("Customer ID,ds", Some(0)), ("ds,id", None)]
        {
            assert_eq!(sheet(&format!("{header}\n")).unwrap().customer(), place, "{header}");
        }
    }

    #[test]
    fn a_table_that_cannot_be_read_is_named_with_the_way_out() {
        for (text, part) in [
            ("", "in/holidays.csv: is empty"),
            ("a,b\n1\n", "in/holidays.csv: line 2: the row has 1 field where"),
            ("ds,ds\n", r#"in/holidays.csv: two columns are named "ds""#),
        ] {
            let fault = sheet(text).err().unwrap().to_string();
            assert!(fault.starts_with(part), "{fault}");
        }
        let fault = sheet("a,b\n").unwrap().require(&["ds", "date"]).unwrap_err().to_string();
        assert_eq!(fault, r#"in/holidays.csv: has no column ds or date; its columns are "a", "b""#);
        assert_eq!(Sheet::read_all(Path::new("nowhere/x.csv"), &SheetSettings::default()).err().unwrap().code(), 2);
    }
}
