//! How many rows each customer has in a file of many.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    error::{Error, Result},
    input::{
        content::{rows::Rows, series::SeriesRows, sink::Sink, table::TableRows},
        csv::file::Scratch,
        data_error::DataError,
        schema::{columns::Columns, whose::Whose},
        settings::InputSettings,
        source::{
            file_name::Format,
            input_file::{Budget, InputFile},
            load::Bytes,
            open_file::OpenFile,
        },
    },
    store::Store,
};
use manyfit_models::data::CustomerId;

/// The customers of one file of many, for [`discover_with`](crate::input::discover_with).
#[derive(Debug, Default)]
pub struct Scan {
    /// Each with its number of rows, sorted by name.
    pub(in crate::input) customers: Vec<(CustomerId, usize)>,
    /// Names that are not allowed, with the reason.
    pub(in crate::input) refused: Vec<(String, String)>,
    /// Whether it breaks off, so that there may be other customers.
    pub(in crate::input) breaks_off: bool,
    /// If no column names customers: what is wrong with that, if the file should be one of many.
    pub(in crate::input) single: Option<Error>,
}

/// Counts the rows of each customer of a file, and keeps the bytes of the file if the budget allows.
pub(in crate::input) fn scan(
    store: &dyn Store,
    settings: &InputSettings,
    file: &InputFile,
    budget: &Budget,
) -> Result<Scan> {
    let was_kept = file.kept.is_some();
    let mut bytes = Bytes::default();
    let content = bytes.load_file(store, file)?;
    let name = store.describe(&file.key);
    let counted = match settings.table {
        None => count::<SeriesRows>(content, settings, (&file.key, file.format)),
        Some(_) => count::<TableRows>(content, settings, (&file.key, file.format)),
    };
    let (census, fault) = counted.map_err(|error| error.in_file(&name))?;
    if was_kept {
        file.kept.put(bytes.take());
    } else {
        budget.keep(bytes.take(), file);
    }
    let mut scan = census.finish(&file.key, &name);
    match fault {
        None => {}
        Some((Whose::File, fault)) => scan.single = Some(fault.in_file(&name)),
        // Whom it names before it breaks off is known.
        Some((_, fault)) => {
            let reason = fault.in_file(&name).to_string();
            let names = scan.customers.drain(..).map(|(customer, _)| customer.as_str().to_owned());
            scan.refused.extend(names.chain([file.key.clone()]).map(|name| (name, reason.clone())));
            scan.breaks_off = true;
        }
    }
    Ok(scan)
}

/// Counts the rows, up to a fault. The fault of a file without a column of customers is that of [`Whose::File`].
fn count<R: Rows>(
    bytes: &[u8],
    settings: &InputSettings,
    file: (&str, Format),
) -> Result<(Census, Option<(Whose, DataError)>), DataError> {
    let mut census = Census::default();
    let mut scratch = Scratch::default();
    let mut open = OpenFile::open::<R::Columns>(bytes, file, settings, &mut scratch)?;
    let is_single = settings.customer.is_none() && open.header().whose(settings) == Ok(Whose::File);
    let columns: R::Columns = match open.resolve(settings, Whose::Column, None) {
        Err(fault) if is_single => return Ok((census, Some((Whose::File, fault)))),
        columns => columns?,
    };
    let customer: Vec<usize> = columns.customer().into_iter().collect();
    let read = open.read::<R>(&columns, &customer, &mut census);
    Ok((census, read.err().map(|fault| (Whose::Column, fault))))
}

/// The number of rows of each name.
#[derive(Default)]
struct Census {
    counts: Vec<(Vec<u8>, usize)>,
    by_name: HashMap<Vec<u8>, usize>,
    /// The name of the last row: the rows of a customer are mostly adjacent.
    last: usize,
    /// The number of rows without a name, and the error of the first.
    nameless: (usize, Option<DataError>),
}

impl<R> Sink<R> for Census {
    fn rows(&mut self, name: &[u8]) -> Option<&mut R> {
        if self.counts.get(self.last).is_none_or(|(last, _)| last != name) {
            self.last = self.by_name.get(name).copied().unwrap_or_else(|| {
                self.by_name.insert(name.to_vec(), self.counts.len());
                self.counts.push((name.to_vec(), 0));
                self.counts.len() - 1
            });
        }
        self.counts[self.last].1 += 1;
        None
    }

    fn nameless(&mut self, error: DataError) {
        self.nameless.0 += 1;
        self.nameless.1.get_or_insert(error);
    }
}

impl Census {
    /// The customers. Rows without a name fail under the file's key, as nobody's.
    fn finish(self, key: &str, file: &str) -> Scan {
        let mut scan = Scan::default();
        if let (rows, Some(first)) = self.nameless {
            let rows = if rows == 1 { "the row is".to_owned() } else { format!("{rows} such rows are") };
            scan.refused.push((key.to_owned(), first.and(&format!("; {rows} left out")).in_file(file).to_string()));
        }
        for (bytes, rows) in self.counts {
            let name = String::from_utf8_lossy(&bytes);
            let customer = match &name {
                Cow::Borrowed(name) => CustomerId::new(name),
                Cow::Owned(name) => Err(format!("the customer name {name:?} is not UTF-8")),
            };
            match customer {
                Ok(customer) => scan.customers.push((customer, rows)),
                Err(complaint) => {
                    let reason = format!("{file}: {complaint}: rename the customer");
                    scan.refused.push((name.into_owned(), reason));
                }
            }
        }
        scan.customers.sort_unstable();
        scan
    }
}
