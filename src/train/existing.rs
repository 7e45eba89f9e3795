//! Artifacts of earlier runs: which of them are still valid.
//!
//! In a bucket, reading an artifact costs a request. One LIST of all artifacts and the earlier manifest replace it: a row
//! of the manifest says which fingerprint an artifact has and which version of the object that is, the list says which
//! version is there now.

use super::{job::Job, plan::Plan};
use crate::{
    artifact::{Artifact, Fingerprint, Found, inspect},
    error::{Error, Result},
    input::InputFile,
    results::Outcome,
    settings::Settings,
    store::{Entry, Stamp, Store, too_large},
};
use manyfit_models::data::CustomerId;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The artifacts of earlier runs.
pub(super) struct ExistingArtifacts<'a> {
    models: &'a dyn Store,
    settings: &'a Settings,
    /// Versions by name; `None` if reading an artifact is cheap.
    versions: Option<HashMap<String, Stamp>>,
    /// Outcomes of earlier runs by customer, if their artifact is still there as recorded.
    outcomes: HashMap<String, Outcome>,
    /// Whether models are needed, to forecast or predict with them.
    needs_model: bool,
    /// The most bytes of an artifact that are read.
    largest: u64,
}

/// An artifact of an earlier run whose customer is gone or fails now.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StaleArtifact {
    pub(super) customer: String,
    pub(super) name: String,
}

impl StaleArtifact {
    /// Deletes it; `false` if it is not an artifact of manyfit of this customer.
    pub(super) fn delete(&self, models: &dyn Store, largest: u64, buffer: &mut Vec<u8>) -> Result<bool> {
        // What is too large to be read is not ours.
        let is_ours = models.read_within(&self.name, largest, buffer).unwrap_or(false)
            && matches!(inspect(buffer), Found::Ours(artifact) if artifact.metadata.customer == self.customer);
        if is_ours {
            models.remove(&self.name)?;
        }
        Ok(is_ours)
    }
}

/// A customer's valid artifact of an earlier run.
pub(super) enum Existing {
    /// There is none: nothing is there, or an artifact of other data or settings.
    None,
    /// It is valid according to the manifest, and the model is not needed.
    Outcome(Box<Outcome>),
    /// It was read.
    Artifact(Box<Artifact>),
}

impl<'a> ExistingArtifacts<'a> {
    /// Lists the artifacts if that is cheaper than reading each, and starts to fetch those that must be read.
    pub(super) fn list(job: &Job<'a>, plan: &Plan) -> Result<Self> {
        let needs_model = job.table().is_some() || job.has_backtest_table();
        let mut existing = Self {
            models: job.models,
            settings: job.settings,
            versions: None,
            outcomes: HashMap::new(),
            needs_model,
            largest: job.largest_artifact(),
        };
        let Some(versions) = job.models.survey()? else { return Ok(existing) };
        let is_there = |row: &Outcome| {
            let stamp = row.artifact.as_ref().and_then(|name| versions.get(name));
            // A failed customer has an artifact if only its forecast failed, which may succeed now.
            let stamp = stamp.filter(|_| row.status.is_done());
            stamp.is_some_and(|stamp| {
                row.etag.as_ref() == Some(&stamp.tag) && row.bytes.map(|bytes| bytes as u64) == Some(stamp.size)
            })
        };
        if !versions.is_empty() {
            let earlier = job.results.earlier_outcomes(is_there)?;
            existing.outcomes = earlier.into_iter().map(|row| (row.customer.clone(), row)).collect();
        }
        // If names contain the fingerprint, an artifact that is found under its name is valid, and is read only then.
        let name = |customer| job.settings.artifact_name.fixed_name(customer, job.settings.version.as_deref());
        let must_read = |customer: &&CustomerId| needs_model || !existing.outcomes.contains_key(customer.as_str());
        let unknown = plan.files.iter().flat_map(InputFile::customers).filter(must_read);
        let entry = |key: String| versions.get(&key).map(|stamp| Entry { size: stamp.size, key });
        job.models.read_ahead(unknown.filter_map(name).filter_map(entry).collect());
        existing.versions = Some(versions);
        Ok(existing)
    }

    /// Artifacts whose customers are not in the input any more, sorted by customer; none where other hosts have customers that
    /// this one does not know.
    pub(super) fn gone(&self, job: &Job<'a>, plan: &Plan) -> Vec<StaleArtifact> {
        let Settings { artifact_name, version, .. } = self.settings;
        if job.may_be_empty {
            return Vec::new();
        }
        let listed: Vec<String> = match &self.versions {
            Some(versions) => versions.keys().cloned().collect(),
            // What cannot be listed is not known to be stale.
            None => self.models.list().unwrap_or_default().into_iter().map(|entry| entry.key).collect(),
        };
        if listed.is_empty() {
            return Vec::new();
        }
        let known: HashSet<&str> = plan.names().collect();
        let gone = listed.into_iter().filter_map(|name| {
            let customer = artifact_name.customer_of(&name, version.as_deref())?;
            let is_gone = !known.contains(customer) && job.shard.contains_name(customer);
            let customer = customer.to_owned();
            is_gone.then_some(StaleArtifact { customer, name })
        });
        let mut gone: Vec<StaleArtifact> = gone.collect();
        gone.sort();
        gone
    }

    /// The customers of earlier runs that are not in the input any more, by their artifacts and by the manifest, sorted.
    pub(super) fn lost(&self, job: &Job<'a>, plan: &Plan) -> Result<Vec<String>> {
        let mut lost: BTreeSet<String> = self.gone(job, plan).into_iter().map(|artifact| artifact.customer).collect();
        let known: HashSet<&str> = plan.names().collect();
        let is_lost = |row: &Outcome| {
            row.status.is_done() && !known.contains(row.customer.as_str()) && job.shard.contains_name(&row.customer)
        };
        if !job.may_be_empty {
            lost.extend(job.results.earlier_outcomes(is_lost)?.into_iter().map(|row| row.customer));
        }
        Ok(lost.into_iter().collect())
    }

    /// The name of the artifact that an earlier run left of a customer that fails now, if there is one.
    pub(super) fn left_over(&self, customer: &CustomerId) -> Option<String> {
        let name = self.settings.artifact_name.fixed_name(customer, self.settings.version.as_deref())?;
        let is_there = match &self.versions {
            Some(versions) => versions.contains_key(&name),
            None => self.models.file(&name).is_some_and(|path| path.exists()),
        };
        is_there.then_some(name)
    }

    /// A customer's artifact, if it is whole and has this fingerprint. The bytes of one that was read are in `buffer`.
    ///
    /// # Errors
    /// [`Error::Data`] if a file that manyfit did not write has its name.
    pub(super) fn find(
        &self,
        name: &str,
        customer: &CustomerId,
        fingerprint: &Fingerprint,
        buffer: &mut Vec<u8>,
    ) -> Result<Existing> {
        if let Some(versions) = &self.versions {
            let Some(version) = versions.get(name) else { return Ok(Existing::None) };
            if version.size > self.largest {
                return Err(too_large(&self.models.describe(name), version.size, self.largest));
            }
            let row = self.outcomes.get(customer.as_str()).filter(|row| row.artifact.as_deref() == Some(name));
            match row {
                Some(row) if row.fingerprint.as_deref() != Some(fingerprint.as_str()) => return Ok(Existing::None),
                Some(row) if !self.needs_model => return Ok(Existing::Outcome(Box::new(row.clone()))),
                _ => {}
            }
        }
        if !self.models.read_within(name, self.largest, buffer)? {
            return Ok(Existing::None);
        }
        match inspect(buffer) {
            Found::Ours(artifact) if artifact.metadata.fingerprint == fingerprint.as_str() => {
                Ok(Existing::Artifact(artifact))
            }
            Found::Ours(_) | Found::Torn => Ok(Existing::None),
            Found::Foreign => Err(Error::Data(format!(
                "{} was not written by manyfit and is not overwritten: move it away, or choose another output or \
                 artifact_name",
                self.models.describe(name)
            ))),
        }
    }
}
