//! What is known of the artifacts of earlier runs without looking at each.
//!
//! Where a look costs a request, one list of all artifacts and the rows of the manifest take its place: a row says which
//! fingerprint an artifact has and which version of the object it speaks of, the list says which version stands there.

use super::{
    Job,
    outcome::{Outcome, Status},
    owner::table_layout,
    plan::Plan,
};
use crate::{
    artifact::Fingerprint,
    error::Result,
    input::InputFile,
    store::{Entry, Stamp},
};
use manyfit_models::data::CustomerId;
use std::collections::HashMap;

/// The artifacts of earlier runs.
#[derive(Default)]
pub(super) struct Standing {
    /// Versions by name; `None` where looking is cheap.
    objects: Option<HashMap<String, Stamp>>,
    /// Rows of earlier runs by customer, of artifacts that stand as the row says.
    rows: HashMap<String, Outcome>,
    /// Whether the row is enough: there is nothing to forecast or predict with the model.
    rows_suffice: bool,
}

/// What stands in an artifact's place.
pub(super) enum Look {
    /// The right one, as this row says.
    Unchanged(Box<Outcome>),
    /// Nothing, or ours of other data or settings.
    ToBeReplaced,
    /// It must be looked at.
    Unknown,
}

impl Standing {
    /// Lists the artifacts where that pays, and begins to fetch those that must be looked at.
    pub(super) fn survey(job: &Job<'_>, plan: &Plan) -> Result<Self> {
        let Some(objects) = job.models.survey()? else { return Ok(Self::default()) };
        let stands = |row: &Outcome| {
            let stamp = row.artifact.as_ref().and_then(|name| objects.get(name));
            // What failed for want of a forecast may not fail again.
            let stamp = stamp.filter(|_| row.status != Status::Failed);
            stamp.is_some_and(|stamp| {
                row.etag.as_ref() == Some(&stamp.tag) && row.bytes.map(|bytes| bytes as u64) == Some(stamp.size)
            })
        };
        let mut rows = HashMap::new();
        if !objects.is_empty() {
            let earlier = job.results.earlier_rows(stands)?;
            rows = earlier.into_iter().map(|row| (row.customer.clone(), row)).collect();
        }
        let rows_suffice = table_layout(job).is_none();
        let standing = Self { rows, rows_suffice, objects: None };
        // Under a name that tells the fingerprint, a model that is found is the right one, and is looked at then.
        let name = |customer| job.settings.artifact_name.fixed_name(customer, job.settings.version.as_deref());
        let unknown = plan.files.iter().flat_map(InputFile::customers).filter(|customer| standing.must_look(customer));
        let entry = |key: String| objects.get(&key).map(|stamp| Entry { size: stamp.size, key });
        job.models.read_ahead(unknown.filter_map(name).filter_map(entry).collect());
        Ok(Self { objects: Some(objects), ..standing })
    }

    fn must_look(&self, customer: &CustomerId) -> bool {
        !self.rows_suffice || !self.rows.contains_key(customer.as_str())
    }

    /// What stands under a name that is to be the artifact of a customer's data and settings.
    pub(super) fn look(&self, name: &str, customer: &CustomerId, fingerprint: &Fingerprint) -> Look {
        let Some(objects) = &self.objects else { return Look::Unknown };
        if !objects.contains_key(name) {
            return Look::ToBeReplaced;
        }
        let row = self.rows.get(customer.as_str()).filter(|row| row.artifact.as_deref() == Some(name));
        match row {
            Some(row) if row.fingerprint.as_deref() != Some(fingerprint.as_str()) => Look::ToBeReplaced,
            Some(row) if self.rows_suffice => Look::Unchanged(Box::new(row.clone())),
            _ => Look::Unknown,
        }
    }
}
