//! Settings: hyperparameters as JSON, and assignments of the command line.

use std::collections::BTreeMap;

use manyfit::{
    fuzzing,
    sagemaker::read_hyperparameters,
    settings::{Settings, merge},
};

use super::checked;

/// A file of hyperparameters if it begins with a brace, else an assignment a line.
pub(super) fn text(input: &[u8]) {
    let given = if input.trim_ascii_start().starts_with(b"{") {
        let file = super::side_tables::file("hyperparameters.json", input);
        checked(read_hyperparameters(&file.path)).map(Option::unwrap_or_default)
    } else {
        let lines = String::from_utf8_lossy(input).lines().map(str::to_owned).collect::<Vec<_>>();
        checked(fuzzing::assignments(&lines))
    };
    let Some(merged) = given.and_then(|given| checked(merge(&[BTreeMap::new(), given]))) else { return };
    assert_eq!(merge(std::slice::from_ref(&merged)).as_ref().ok(), Some(&merged), "merged settings are merged");
    if let Some(settings) = checked(Settings::without_tables(&merged)) {
        let again = Settings::without_tables(&merged).expect("they were checked");
        assert_eq!(again.shape(), settings.shape());
    }
}
