//! The rows that customers' regression models are judged by: where they are, and whose.

use crate::{
    error::{Error, Result},
    input::{Contents, Discovery, InputFile, KnownFeatures, TableReader},
    store::Store,
};
use manyfit_models::data::{CustomerId, Feature, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The files of a place for validation rows, by customer. Without a place, nobody has any.
#[derive(Default)]
pub(super) struct Validation<'a> {
    store: Option<&'a dyn Store>,
    files: Vec<InputFile>,
    by_customer: HashMap<CustomerId, usize>,
    /// Customers whose validation rows cannot be read as the files stand, with the reason.
    refused: BTreeMap<String, String>,
}

impl<'a> Validation<'a> {
    pub(super) fn new(store: &'a dyn Store, discovery: Discovery) -> Self {
        let Discovery { files, refused, .. } = discovery;
        let homes = files.iter().enumerate();
        let by_customer =
            homes.flat_map(|(at, file)| file.customers().map(move |customer| (customer.clone(), at))).collect();
        Self { store: Some(store), files, by_customer, refused: refused.into_iter().collect() }
    }

    /// Whether there is a place for validation rows.
    pub(super) const fn is_given(&self) -> bool {
        self.store.is_some()
    }

    /// What was found, for people; `training` are the files of those to fit.
    pub(super) fn describe(&self, training: &[InputFile]) -> Vec<String> {
        let Some(store) = self.store else { return Vec::new() };
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
            self.beside(file).into_iter().for_each(|at| reads[at] += 1);
        }
        if let Some((file, times)) = self.files.iter().zip(reads).max_by_key(|(_, times)| *times)
            && times > 1
        {
            lines.push(format!(
                "warning: {} is read {times} times, once for each training file that has customers of it: cut both into files \
                 in the same way",
                store.describe(&file.key)
            ));
        }
        // Of a file that cannot be read nobody knows whose rows it holds.
        let strangers = self.refused.iter().filter(|(name, _)| name.contains('.'));
        lines.extend(strangers.map(|(_, reason)| format!("warning: {reason}")));
        lines
    }

    /// Bytes, as text, of the validation files that are read beside a file of training rows.
    pub(super) fn size_beside(&self, file: &InputFile) -> u64 {
        let sizes = self.beside(file).into_iter().map(|at| &self.files[at]).map(InputFile::unpacked_size);
        // Files of one customer each are read one after another.
        if matches!(file.contents, Contents::One(_)) { sizes.max().unwrap_or(0) } else { sizes.sum() }
    }

    /// Has the validation files fetched ahead that go with these files of training rows, in their order.
    pub(super) fn read_ahead(&self, training: &[InputFile]) {
        let Some(store) = self.store else { return };
        let mut announced = vec![false; self.files.len()];
        let mut upcoming = Vec::new();
        for at in training.iter().flat_map(|file| self.beside(file)) {
            if !std::mem::replace(&mut announced[at], true) {
                upcoming.push(self.files[at].entry());
            }
        }
        store.read_ahead(upcoming);
    }

    /// The validation files that have customers of a file of training rows.
    fn beside(&self, file: &InputFile) -> BTreeSet<usize> {
        file.customers().filter_map(|customer| self.by_customer.get(customer).copied()).collect()
    }

    /// A customer's rows, encoded as `features` say.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read_one(
        &self,
        reader: &mut TableReader,
        customer: &CustomerId,
        features: &[Feature],
    ) -> Result<Option<Table>> {
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

    /// The rows of those customers that are in files of many, encoded as their features say.
    ///
    /// # Errors
    /// What is wrong with a file; what is wrong with one customer is in the map.
    pub(super) fn read_many(
        &self,
        reader: &mut TableReader,
        known: &KnownFeatures<'_>,
    ) -> Result<HashMap<CustomerId, Result<Option<Table>>>> {
        let mut found = HashMap::new();
        let Some(store) = self.store else { return Ok(found) };
        let homes: BTreeSet<usize> =
            known.keys().filter_map(|customer| self.by_customer.get(*customer).copied()).collect();
        for file in
            homes.into_iter().map(|at| &self.files[at]).filter(|file| matches!(file.contents, Contents::Many(_)))
        {
            found.extend(reader.read_table_bundle(store, file, Some(known))?);
        }
        Ok(found)
    }
}
