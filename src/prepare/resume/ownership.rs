//! Whether the output belongs to this run.

use crate::{
    error::{Error, Result},
    prepare::{options::Options, reports::Reports, write::is_of_another_shard},
    store::Store,
};

/// Refuses files of another run among the customers, which would be trained as if they were of this one. If there are none,
/// removes reports of an earlier run, which would describe files that are not there.
pub(in crate::prepare) fn check_ownership(
    customers: &dyn Store,
    reports: &Reports<'_>,
    options: &Options,
    fingerprint: &str,
) -> Result<()> {
    let files = customers.list()?;
    let Some(file) = files.iter().find(|file| !is_of_another_shard(&file.key, reports.shard, options)) else {
        return reports.remove_all();
    };
    if reports.fingerprint()?.as_deref() == Some(fingerprint) {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "{} exists already and does not belong to this preparation: remove the folder, or choose another --output",
        customers.describe(&file.key)
    )))
}
