//! Side tables by customer: future dates with their regressors, or rows of features.

use crate::{
    error::{Error, Result},
    input::{
        schema::header::NO_CUSTOMER,
        settings::SheetSettings,
        side_table::sheet::{Sheet, SheetRow},
        source::file_name::{customer_by_folder, customer_name, folder_columns, paths_differ},
    },
    store::Store,
};
use manyfit_models::data::Columns;
use std::{collections::HashMap, path::Path};

/// The rows of a table or of a directory of tables, by customer.
///
/// - A folder such as `customer=8`, or else a column called as in the input, `customer` or `customer_id`, names the customer of
///   each row;
/// - without them, a table of a directory belongs to the customer it is named after, and a single table to every customer.
#[derive(Debug)]
pub struct CustomerRows {
    sheets: Vec<Sheet>,
    /// Table and row of each row of a customer; no row if the whole table belongs to the customer.
    of: HashMap<String, Vec<(usize, Option<usize>)>>,
    shared: Option<usize>,
    named: String,
    /// The error of the first row without a customer, and the number of such rows.
    nameless: Option<(Error, usize)>,
}

impl CustomerRows {
    /// Reads a table or a directory of tables.
    ///
    /// # Errors
    /// As for [`Sheet::read_all`]; [`Error::Data`] for two files of one customer.
    pub(crate) fn read(path: &Path, settings: &SheetSettings) -> Result<Self> {
        Self::new(Sheet::read_all(path, settings)?, path.is_dir(), path.display().to_string(), settings)
    }

    /// Reads the tables of a store.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(crate) fn read_place(store: &dyn Store, settings: &SheetSettings) -> Result<Self> {
        let place = store.describe("").trim_end_matches('/').into();
        Self::new(Sheet::read_place(store, settings)?, true, place, settings)
    }

    /// Reads a table of a store.
    ///
    /// # Errors
    /// As for [`Self::read`]; [`Error::Settings`] if there is no such object.
    pub(crate) fn read_object(store: &dyn Store, key: &str, settings: &SheetSettings) -> Result<Self> {
        let name = store.describe(key);
        if store.look(key)?.is_none() {
            return Err(Error::Settings(format!("{name}: there is no such table")));
        }
        Self::new(vec![Sheet::read(store, key, settings)?], false, name, settings)
    }

    /// `named_by_file`: without a column of customers, the name of the table is the customer.
    fn new(sheets: Vec<Sheet>, named_by_file: bool, named: String, settings: &SheetSettings) -> Result<Self> {
        let mut of: HashMap<String, Vec<(usize, Option<usize>)>> = HashMap::new();
        let (mut shared, mut nameless) = (None, None::<(Error, usize)>);
        for (at, sheet) in sheets.iter().enumerate() {
            match (customer_by_folder(&sheet.key, settings.customer.as_deref()), sheet.customer()) {
                (Some(customer), _) => of.entry(customer.into_owned()).or_default().push((at, None)),
                (None, Some(column)) => {
                    for (row, cells) in sheet.rows().enumerate() {
                        match cells.word(column) {
                            Some(customer) => of.entry(customer.to_owned()).or_default().push((at, Some(row))),
                            None => nameless.get_or_insert_with(|| (cells.fault(column, NO_CUSTOMER), 0)).1 += 1,
                        }
                    }
                }
                (None, None) if named_by_file => {
                    let complain = |complaint: String| Error::Data(format!("{}: {complaint}", sheet.file));
                    let customer = customer_name(&sheet.key, settings.customer_from).map_err(complain)?;
                    let places = of.entry(customer.clone().into_owned()).or_default();
                    let is_folder = folder_columns(&sheet.key).iter().any(|(_, value)| *value == customer);
                    if let Some((first, _)) = places.first().filter(|_| !is_folder) {
                        let first = &sheets[*first];
                        let advice = if paths_differ([&first.key, &sheet.key]) {
                            "keep one, give them different names, or add their folders to their names: customer_from=path"
                        } else {
                            "keep one, or give them different names"
                        };
                        let first = &first.file;
                        return Err(complain(format!("the customer {customer:?} is also in {first}: {advice}")));
                    }
                    places.push((at, None));
                }
                (None, None) => shared = Some(at),
            }
        }
        Ok(Self { sheets, of, shared, named, nameless })
    }

    /// Which lines come before the rows of the first table of which not only the first does, and the number of such tables.
    pub(crate) fn preamble(&self) -> Option<(String, usize)> {
        let mut notes =
            self.sheets.iter().filter_map(|sheet| Some(format!("{}: {}", sheet.file, sheet.preamble.as_ref()?)));
        notes.next().map(|first| (first, 1 + notes.count()))
    }

    /// Whether there are rows of a customer.
    pub(crate) fn has(&self, customer: &str) -> bool {
        self.shared.is_some() || self.of.contains_key(customer)
    }

    /// The error of the first row without a customer, and the number of such rows, which are nobody's.
    pub(crate) const fn nameless(&self) -> Option<&(Error, usize)> {
        self.nameless.as_ref()
    }

    /// The customers that have rows of their own.
    pub(crate) fn customers(&self) -> impl Iterator<Item = &str> {
        self.of.keys().map(String::as_str)
    }

    /// A customer's rows, in the order of the files.
    ///
    /// # Errors
    /// [`Error::Data`] if there are none.
    pub(crate) fn rows(&self, customer: &str) -> Result<Vec<SheetRow<'_>>> {
        self.rows_unless_names(customer, |_| Ok(false))
    }

    /// [`Self::rows`]; `names_are_data` says of a table without a column of customers whether its header is a row of data.
    ///
    /// # Errors
    /// As for [`Self::rows`], and those of `names_are_data`.
    pub(crate) fn rows_unless_names<'a>(
        &'a self,
        customer: &str,
        mut names_are_data: impl FnMut(&'a Sheet) -> Result<bool>,
    ) -> Result<Vec<SheetRow<'a>>> {
        let shared = self.shared.map(|sheet| vec![(sheet, None)]);
        let places = shared
            .as_ref()
            .or_else(|| self.of.get(customer))
            .ok_or_else(|| Error::Data(format!("{} has no row of {customer}", self.named)))?;
        let mut rows = Vec::with_capacity(places.len());
        for &(sheet, row) in places {
            let sheet = &self.sheets[sheet];
            match row {
                Some(row) => rows.push(sheet.row(row)),
                None if names_are_data(sheet)? => rows.extend(sheet.rows_and_names()),
                None => rows.extend(sheet.rows()),
            }
        }
        Ok(rows)
    }

    /// A customer's dates, increasing, and those of the wanted columns of numbers that exist.
    ///
    /// # Errors
    /// [`Error::Data`] for an invalid date or number, and for a duplicate date.
    pub(crate) fn dated(&self, customer: &str, wanted: &[&str]) -> Result<(Vec<i64>, Columns)> {
        let mut dated = Vec::new();
        for row in self.rows(customer)? {
            dated.push((row.time(row.sheet.require(&["ds", "timestamp", "date"])?)?, row));
        }
        dated.sort_by_key(|(date, _)| *date);
        if let Some([_, (_, second)]) = dated.array_windows().find(|[first, second]| first.0 == second.0) {
            return Err(second.row_fault("the date is also in an earlier row of the customer: remove one"));
        }
        let mut columns = Columns::default();
        for name in wanted {
            let mut values = Vec::with_capacity(dated.len());
            for (_, row) in &dated {
                // The model reports a missing column, because it knows whether it needs one.
                let value = row.sheet.find(&[name]).map(|column| row.number(column)).transpose()?.flatten();
                values.push(value.unwrap_or(f64::NAN));
            }
            if dated.iter().any(|(_, row)| row.sheet.find(&[name]).is_some()) {
                columns.insert(name, values);
            }
        }
        Ok((dated.into_iter().map(|(date, _)| date).collect(), columns))
    }
}
