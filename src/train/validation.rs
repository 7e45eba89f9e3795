//! Validation rows of regression models: in which files they are, and reading them with the training rows.

use crate::{
    error::{Error, Result},
    input::{Contents, Discovery, InputFile, KnownFeatures, Reader},
    settings::Task,
    store::Store,
};
use manyfit_models::data::{CustomerId, Feature, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The files with validation rows, by customer. By default there are none.
#[derive(Default)]
pub(super) struct Validation<'a> {
    store: Option<&'a dyn Store>,
    files: Vec<InputFile>,
    by_customer: HashMap<CustomerId, usize>,
    /// Customers whose validation rows cannot be read, with the reason.
    refused: BTreeMap<String, String>,
}

/// A customer's rows of features.
pub(super) struct CustomerTables {
    pub(super) training: Table,
    pub(super) validation: Option<Table>,
}

impl<'a> Validation<'a> {
    pub(super) fn new(store: &'a dyn Store, discovery: Discovery) -> Self {
        let Discovery { files, refused, .. } = discovery;
        let numbered = files.iter().enumerate();
        let by_customer =
            numbered.flat_map(|(at, file)| file.customers().map(move |customer| (customer.clone(), at))).collect();
        Self { store: Some(store), files, by_customer, refused: refused.into_iter().collect() }
    }

    /// Messages about what was found for the customers of the `training` files, and what that means for the task.
    pub(super) fn describe(&self, training: &[InputFile], task: &Task) -> Vec<String> {
        let Some(store) = self.store else {
            let watches =
                matches!(task, Task::Regression(task) if task.stops_early() && task.validation_fraction == 0.0);
            let message = "warning: early_stopping_rounds has no effect without validation rows: boosting goes through all its \
                rounds. Give them with --validation (in a training job the channel validation), or set validation_fraction";
            return watches.then(|| message.to_owned()).into_iter().collect();
        };
        let (mut all, mut with) = (0, 0);
        for customer in training.iter().flat_map(InputFile::customers) {
            all += 1;
            with += usize::from(self.by_customer.contains_key(customer));
        }
        let place = store.describe("");
        let mut lines = vec![format!("{with} of them have validation rows in {}", place.trim_end_matches('/'))];
        if with < all {
            lines.push(format!(
                "warning: {} have none: they are matched by their names, such as a_train.csv and a_val.csv",
                all - with
            ));
        }
        let mut reads = vec![0; self.files.len()];
        for file in training.iter().filter(|file| matches!(file.contents, Contents::Many(_))) {
            self.files_for(file).into_iter().for_each(|at| reads[at] += 1);
        }
        if let Some((file, times)) = self.files.iter().zip(reads).max_by_key(|(_, times)| *times)
            && times > 1
        {
            lines.push(format!(
                "warning: {} is read {times} times, once for each training file that shares customers with it: split both into \
                 files in the same way",
                store.describe(&file.key)
            ));
        }
        // Files that cannot be read: their customers are unknown.
        let unreadable = self.refused.iter().filter(|(name, _)| name.contains('.'));
        lines.extend(unreadable.map(|(_, reason)| format!("warning: {reason}")));
        lines
    }

    /// Size as text, in bytes, of the validation files that are read with a file of training rows.
    pub(super) fn size_with(&self, file: &InputFile) -> u64 {
        let sizes = self.files_for(file).into_iter().map(|at| &self.files[at]).map(InputFile::unpacked_size);
        // Files of one customer each are read one after another.
        if matches!(file.contents, Contents::One(_)) { sizes.max().unwrap_or(0) } else { sizes.sum() }
    }

    /// Announces the validation files that belong to these files of training rows, in their order.
    pub(super) fn read_ahead(&self, training: &[InputFile]) {
        let Some(store) = self.store else { return };
        let mut announced = vec![false; self.files.len()];
        let mut upcoming = Vec::new();
        for at in training.iter().flat_map(|file| self.files_for(file)) {
            if !std::mem::replace(&mut announced[at], true) {
                upcoming.extend((!self.files[at].kept.is_some()).then(|| self.files[at].entry()));
            }
        }
        store.read_ahead(upcoming);
    }

    /// The validation files that have customers of a file of training rows.
    fn files_for(&self, file: &InputFile) -> BTreeSet<usize> {
        self.files_of(file.customers())
    }

    /// The validation files of these customers.
    fn files_of<'c>(&self, customers: impl Iterator<Item = &'c CustomerId>) -> BTreeSet<usize> {
        customers.filter_map(|customer| self.by_customer.get(customer).copied()).collect()
    }

    /// Reads the rows of a customer that has its own file.
    pub(super) fn read_tables(
        &self,
        input: &dyn Store,
        reader: &mut Reader,
        customer: &CustomerId,
        file: &InputFile,
    ) -> Result<CustomerTables> {
        let training = reader.read_table(input, file, None)?.ok_or_else(|| no_rows(input, file))?;
        let validation = self.read_one(reader, customer, &training.features)?;
        Ok(CustomerTables { training, validation })
    }

    /// Reads the rows of the customers of a file.
    pub(super) fn read_bundle(
        &self,
        input: &dyn Store,
        mut reader: Reader,
        file: &InputFile,
    ) -> Result<Vec<(CustomerId, Result<CustomerTables>)>> {
        let tables = reader.read_table_bundle(input, file, None)?;
        let known: KnownFeatures<'_> = tables
            .iter()
            .filter_map(|(customer, table)| Some((customer, table.as_ref().ok()?.as_ref()?.features.as_slice())))
            .collect();
        let mut validation = self.read_many(&mut reader, &known)?;
        drop(known);
        let mut with_validation = |customer: &CustomerId, table: Result<Option<Table>>| {
            let training = table?.ok_or_else(|| no_rows(input, file))?;
            let validation = match validation.remove(customer) {
                Some(table) => table?,
                None => self.read_one(&mut reader, customer, &training.features)?,
            };
            Ok(CustomerTables { training, validation })
        };
        let pair = |(customer, table)| {
            let tables = with_validation(&customer, table);
            (customer, tables)
        };
        Ok(tables.into_iter().map(pair).collect())
    }

    /// A customer's validation rows, encoded with the training rows' `features`.
    fn read_one(&self, reader: &mut Reader, customer: &CustomerId, features: &[Feature]) -> Result<Option<Table>> {
        if let Some(reason) = self.refused.get(customer.as_str()) {
            return Err(Error::Data(format!("validation rows: {reason}")));
        }
        let (Some(store), Some(&at)) = (self.store, self.by_customer.get(customer)) else { return Ok(None) };
        let file = &self.files[at];
        match &file.contents {
            Contents::One(_) => reader.read_table(store, file, Some(features)),
            Contents::Many(_) => Err(Error::Data(format!(
                "{} holds the validation rows of many customers, while the training rows are in a file of each customer: \
                 use the same layout for both",
                store.describe(&file.key)
            ))),
        }
    }

    /// The validation rows of these customers that are in files of many, encoded with their training rows' features.
    fn read_many(
        &self,
        reader: &mut Reader,
        known: &KnownFeatures<'_>,
    ) -> Result<HashMap<CustomerId, Result<Option<Table>>>> {
        let mut found = HashMap::new();
        let Some(store) = self.store else { return Ok(found) };
        let files = self.files_of(known.keys().copied()).into_iter().map(|at| &self.files[at]);
        for file in files.filter(|file| matches!(file.contents, Contents::Many(_))) {
            found.extend(reader.read_table_bundle(store, file, Some(known))?);
        }
        Ok(found)
    }
}

fn no_rows(input: &dyn Store, file: &InputFile) -> Error {
    Error::Data(format!("{}: no row has a target: there is nothing to learn from", input.describe(&file.key)))
}
