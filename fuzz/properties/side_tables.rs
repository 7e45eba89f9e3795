//! Tables besides the input: holidays, overrides, future values.

use std::{cell::RefCell, fs, path::PathBuf};

use manyfit::{
    fuzzing,
    settings::{Settings, Task},
};
use manyfit_models::data::CustomerId;
use tempfile::TempDir;

use super::{checked, chosen};

/// A file that the thread uses for one input after another.
pub(super) struct File {
    pub(super) path: PathBuf,
}

/// A file with this content, in a folder of the thread.
pub(super) fn file(name: &str, content: &[u8]) -> File {
    let path = folder().join(name);
    fs::write(&path, content).expect("a temporary file is written");
    File { path }
}

/// A folder of the thread, removed when the thread ends.
pub(super) fn folder() -> PathBuf {
    thread_local!(static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) });
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("there is room for temporary files"));
        folder.path().to_owned()
    })
}

/// A table as holidays, as overrides and as future values, and what it says of a customer.
pub(super) fn tables(input: &[u8]) {
    let (content, choice) = chosen(input);
    let name = if content.starts_with(b"PAR1") { "table.parquet" } else { "table.csv" };
    let file = file(name, content);
    let path = file.path.to_str().expect("temporary folders have plain names").to_owned();
    let more =
        [("decimal", "comma"), ("dayfirst", "true"), ("customer", "id"), ("regressors", "[\"price\"]"), ("seed", "1")];
    let (other, value) = more[usize::from(choice) % more.len()];
    for table in ["holidays", "overrides", "future"] {
        let given = [("horizon", "7"), (table, &path), (other, value)];
        let given = given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let Some(settings) = checked(Settings::from_text(&given)) else { continue };
        let Task::Forecast(task) = &settings.task else { continue };
        for customer in ["a", "8"] {
            let customer = CustomerId::new(customer).expect("it is a name");
            let Some(own) = checked(settings.for_customer(task, &customer)) else { continue };
            let again = settings.for_customer(task, &customer).expect("it was read before");
            assert_eq!(own.shape, again.shape);
            if let Some(rows) = own.task.future() {
                let Some((dates, columns)) = checked(fuzzing::dated(rows, customer.as_str(), &["price"])) else {
                    continue;
                };
                assert!(dates.is_sorted_by(|a, b| a < b), "{dates:?}");
                assert!(columns.iter().all(|(_, values)| values.len() == dates.len()));
            }
        }
    }
}
