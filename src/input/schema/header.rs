//! The names of a file's columns, and how a column is found by name.

use crate::input::{
    data_error::{DataError, quoted},
    schema::{positions::Positions, whose::Whose},
    settings::InputSettings,
    value::timestamp,
};

/// Names of the column of customer names, in the input and in side tables.
pub(in crate::input) const CUSTOMERS: [&str; 2] = ["customer", "customerid"];

/// What is wrong with a customer name that is missing.
pub(in crate::input) const NO_CUSTOMER: &str = "does not name a customer: every row needs a customer name";

/// The names of a file's columns, and the columns that the folders of its path are.
///
/// Those have the positions after the file's own, and a column of the file wins over a folder of the same name.
#[derive(Default)]
pub(in crate::input) struct Header {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The name and the value of each folder `name=value`.
    folders: Vec<(String, String)>,
    /// Whether the file has no header, so that the names are made up.
    headerless: bool,
    /// What the columns are then, in a table of series.
    positions: Option<Positions>,
}

impl Header {
    /// Replaces the names; `headerless`: they do not come from the file.
    pub(in crate::input) fn fill<N: AsRef<[u8]>>(&mut self, names: impl Iterator<Item = N>, headerless: bool) {
        self.text.clear();
        self.ends.clear();
        self.folders.clear();
        self.headerless = headerless;
        self.positions = None;
        for name in names {
            self.text.extend_from_slice(name.as_ref());
            self.ends.push(self.text.len());
        }
    }

    /// Replaces the names by `#1`, `#2`, …: the file has none.
    pub(in crate::input) fn number(&mut self, columns: usize, positions: Positions) {
        self.fill((1..=columns).map(|number| format!("#{number}")), true);
        self.positions = Some(positions);
    }

    /// Adds the columns that folders are.
    pub(in crate::input) fn add_folders(&mut self, folders: Vec<(String, String)>) {
        self.folders = folders;
    }

    /// The columns that folders are: their names and values.
    pub(in crate::input) fn folders(&self) -> &[(String, String)] {
        &self.folders
    }

    /// The value of a column that is a folder.
    pub(in crate::input) fn folder_value(&self, at: usize) -> Option<&[u8]> {
        let (_, value) = self.folders.get(at.checked_sub(self.len())?)?;
        Some(value.as_bytes())
    }

    /// The first folder whose value is a time by its form.
    pub(in crate::input) fn folder_of_times(&self) -> Option<usize> {
        let is_time =
            |(name, value): &(String, String)| self.own(name).is_none() && timestamp::is_calendar(value.as_bytes());
        self.folders.iter().position(is_time).map(|at| self.len() + at)
    }

    pub(in crate::input) fn is_headerless(&self) -> bool {
        self.headerless
    }

    /// What the columns of a table of series without a header are.
    pub(in crate::input) const fn positions(&self) -> Option<Positions> {
        self.positions
    }

    /// The number of the file's own columns.
    pub(in crate::input) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(in crate::input) fn name(&self, at: usize) -> &[u8] {
        if let Some((name, _)) = at.checked_sub(self.len()).and_then(|at| self.folders.get(at)) {
            return name.as_bytes();
        }
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }

    /// The name for people and for settings.
    pub(in crate::input) fn display(&self, at: usize) -> String {
        String::from_utf8_lossy(self.name(at)).into_owned()
    }

    /// The column with a name that the user set: exactly, else ignoring case; of the file, else a folder.
    pub(in crate::input) fn find(&self, wanted: &str) -> Option<usize> {
        self.own(wanted).or_else(|| self.folder(wanted))
    }

    /// The folder of a name, ignoring case.
    pub(in crate::input) fn folder(&self, wanted: &str) -> Option<usize> {
        let folder = self.folders.iter().position(|(name, _)| name.eq_ignore_ascii_case(wanted.trim()));
        folder.map(|at| self.len() + at)
    }

    fn own(&self, wanted: &str) -> Option<usize> {
        let (wanted, columns) = (wanted.trim().as_bytes(), 0..self.len());
        columns
            .clone()
            .find(|&at| self.name(at) == wanted)
            .or_else(|| columns.clone().find(|&at| self.name(at).eq_ignore_ascii_case(wanted)))
    }

    /// The column with the first of some well-known names.
    pub(in crate::input) fn guess<'k>(
        &self,
        known: impl IntoIterator<Item = &'k str>,
        allowed: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut columns = known.into_iter().flat_map(|known| (0..self.len()).map(move |at| (known, at)));
        columns.find(|&(known, at)| allowed(at) && same_letters(self.name(at), known)).map(|(_, at)| at)
    }

    pub(in crate::input) fn required(&self, setting: &str, wanted: &str) -> Result<usize, DataError> {
        self.find(wanted).ok_or_else(|| {
            DataError::file(format!(
                "has no column {} (from {setting}); its columns are {}",
                quoted(wanted.as_bytes()),
                self.list()
            ))
        })
    }

    pub(in crate::input) fn list(&self) -> String {
        const SHOWN: usize = 20;
        let mut names: Vec<String> = (0..self.len().min(SHOWN)).map(|at| quoted(self.name(at))).collect();
        if self.len() > SHOWN {
            names.push(format!("… ({} in all)", self.len()));
        }
        names.join(", ")
    }

    /// What tells whose the rows of the first file are: a column of customers, if there is one.
    pub(in crate::input) fn whose(&self, settings: &InputSettings) -> Result<Whose, DataError> {
        let column = if self.headerless { self.numbered_customer(settings) } else { self.customer(settings)? };
        Ok(if column.is_some() { Whose::Column } else { Whose::File })
    }

    /// The column of customer names in a file without a header: as set, such as `#1`, or as the rows tell.
    pub(in crate::input) fn numbered_customer(&self, settings: &InputSettings) -> Option<usize> {
        match &settings.customer {
            Some(wanted) => self.find(wanted),
            None => self.positions.and_then(|positions| positions.customer),
        }
    }

    /// The column of customer names: as set, or with a well-known name.
    fn customer(&self, settings: &InputSettings) -> Result<Option<usize>, DataError> {
        match &settings.customer {
            Some(wanted) => self.required("customer", wanted).map(Some),
            None => Ok(self.guess(CUSTOMERS, |_| true)),
        }
    }

    /// The column of customer names, which every file of many customers has, and no file that its name gives to one.
    pub(in crate::input) fn customer_as_in_first_file(
        &self,
        settings: &InputSettings,
        whose: Whose,
    ) -> Result<Option<usize>, DataError> {
        if whose == Whose::Folder {
            return Ok(None);
        }
        match self.customer(settings)? {
            None if whose == Whose::Column => {
                let listed = self.list();
                Err(DataError::file(format!(
                    "has no column customer or customer_id, unlike most files; its columns are {listed}"
                )))
            }
            Some(at) if whose == Whose::File => {
                let name = quoted(self.name(at));
                Err(DataError::file(format!(
                    "has a column {name}, but other files have none, so each file is read as one customer's: \
                     keep one kind of file in a directory, or drop the column"
                )))
            }
            customer => Ok(customer),
        }
    }
}

/// Whether a name equals a known one but for case, spaces and punctuation: `Week Starting` is `weekstarting`.
pub(in crate::input) fn same_letters(name: &[u8], known: &str) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    letters.map(u8::to_ascii_lowercase).eq(known.bytes())
}
