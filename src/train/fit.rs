//! What the fits of series and of rows share: keep a valid artifact or fit, pack, and compute the customer's results.

use super::existing::{Existing, ExistingArtifacts};
use crate::{
    artifact::{Artifact, FORMAT, Fingerprint, Metadata, hex, pack},
    error::{Error, Result},
    results::{EncodedRows, Outcome, Phases, ShownCustomers, Status, history_rows, iso_date},
    settings::Settings,
};
use manyfit_models::{
    Fitted, Interrupt, Workspace,
    data::{Checks, CustomerId, Series},
};
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// What fitting a customer needs besides its data.
pub(super) struct FitContext<'a> {
    pub(super) settings: &'a Settings,
    /// The settings' canonical text, for fingerprints.
    pub(super) canonical_settings: String,
    pub(super) existing: ExistingArtifacts<'a>,
    /// Whether there is a place for validation rows.
    pub(super) has_validation: bool,
    /// Set when the run is being stopped.
    pub(super) stop: &'a AtomicBool,
    /// Bytes that a model may grow to.
    pub(super) model_memory: u64,
    /// The customers whose history the report shows, as far as they are known; none where there is no report.
    pub(super) shown: Option<Mutex<ShownCustomers>>,
}

/// The buffers that fits reuse.
#[derive(Default)]
pub(super) struct Buffers {
    models: Models,
    pub(super) checks: Checks,
    /// The bytes of an existing artifact.
    artifact: Vec<u8>,
}

/// The buffers that models are fitted in.
#[derive(Default)]
pub(super) struct Models {
    /// For whole histories.
    pub(super) workspace: Workspace,
    /// One for each cutoff of a backtest.
    pub(super) at_cutoffs: Vec<Workspace>,
}

/// What was made of a customer's data.
pub(super) struct Made {
    pub(super) outcome: Outcome,
    /// The artifact's bytes, if it is new and must be published.
    pub(super) archive: Option<Vec<u8>>,
    /// Rows for the run's tables of results.
    pub(super) rows: TableRows,
}

/// A customer's rows of the run's tables.
#[derive(Default)]
pub(super) struct TableRows {
    /// Of forecasts, or of predictions for validation rows.
    pub(super) results: Option<EncodedRows>,
    /// Of the forecasts from the cutoffs of a backtest.
    pub(super) backtest: Option<EncodedRows>,
    /// Remarks on rows that are missing.
    pub(super) notes: Vec<String>,
    /// Of observed values, for the report.
    pub(super) history: Option<EncodedRows>,
}

/// Why nothing was made of a customer's data.
pub(super) enum Failure {
    /// Something about this customer.
    Customer(Error),
    /// Something that all other customers would suffer from, too.
    Run(Error),
    /// The run is being stopped; the next run processes this customer.
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_out_of_reach() { Self::Run(error) } else { Self::Customer(error) }
    }
}

impl From<manyfit_models::Error> for Failure {
    fn from(error: manyfit_models::Error) -> Self {
        Error::from(error).into()
    }
}

/// A new model.
pub(super) struct NewModel<P> {
    pub(super) model: Fitted,
    /// Without what all models have: format, customer, fingerprint, versions.
    pub(super) metadata: Metadata,
    /// What the tables need and the fit computed already.
    pub(super) predictions: Option<P>,
}

/// Measures a phase in milliseconds.
pub(super) fn timed<T>(ms: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    *ms += begun.elapsed().as_secs_f64() * 1e3;
    result
}

impl FitContext<'_> {
    /// What interrupts a fit that starts now.
    pub(super) fn interrupt(&self) -> Interrupt<'_> {
        let deadline = self.settings.customer_time_limit.map(|limit| Instant::now() + limit);
        Interrupt { deadline, stop: Some(self.stop), memory: Some(self.model_memory) }
    }

    /// The observed values of a customer, if the report may show them.
    pub(super) fn history(&self, outcome: &Outcome, series: &Series) -> Option<EncodedRows> {
        let mut shown = self.shown.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        shown.offer(outcome).then(|| history_rows(series))
    }

    /// The outcome of a customer that failed, with the artifact that an earlier run left of it.
    pub(super) fn failed(&self, customer: &CustomerId, error: &Error) -> Outcome {
        let stale = self.existing.left_over(customer);
        Outcome { stale, ..Outcome::failed(customer.as_str(), error.to_string()) }
    }

    /// Keeps the artifact with this fingerprint if there is one, otherwise fits and packs a new one; then computes the
    /// customer's rows of the table of results.
    pub(super) fn make<P>(
        &self,
        customer: &CustomerId,
        fingerprint: &Fingerprint,
        buffers: &mut Buffers,
        ms: &mut Phases,
        fit: impl FnOnce(&mut Models, &mut Phases) -> Result<NewModel<P>, Failure>,
        results: impl FnOnce(&Fitted, Option<P>, &mut Models) -> Result<TableRows, Failure>,
    ) -> Result<Made, Failure> {
        let Settings { version, artifact_name, .. } = self.settings;
        let name = artifact_name.name(customer, version.as_deref(), fingerprint);
        let Buffers { models, artifact: bytes, .. } = buffers;
        let find = || self.existing.find(&name, customer, fingerprint, bytes);
        let (model, mut outcome, archive, predictions) = match timed(&mut ms.compare, find)? {
            Existing::Outcome(row) => {
                let outcome = Outcome { status: Status::Unchanged, ..*row };
                return Ok(Made { outcome, archive: None, rows: TableRows::default() });
            }
            Existing::Artifact(artifact) => {
                let Artifact { metadata, model } = *artifact;
                (model, outcome(metadata, Status::Unchanged, name, bytes), None, None)
            }
            Existing::None => {
                let NewModel { model, metadata, predictions } = fit(models, ms)?;
                let mut metadata = Metadata {
                    format: FORMAT,
                    manyfit: env!("CARGO_PKG_VERSION").into(),
                    customer: customer.to_string(),
                    version: version.clone(),
                    fingerprint: fingerprint.as_str().into(),
                    ..metadata
                };
                let archive = timed(&mut ms.pack, || pack(&mut metadata, &model));
                let status = if metadata.fallback.is_some() { Status::Fallback } else { Status::Fitted };
                (model, outcome(metadata, status, name, &archive), Some(archive), predictions)
            }
        };
        let rows = match timed(&mut ms.forecast, || results(&model, predictions, models)) {
            Ok(mut rows) => {
                outcome.notes.append(&mut rows.notes);
                rows
            }
            Err(Failure::Stopped) => return Err(Failure::Stopped),
            Err(_) if self.stop.load(Ordering::Relaxed) => return Err(Failure::Stopped),
            Err(Failure::Customer(error) | Failure::Run(error)) => {
                // The artifact is valid all the same, and the manifest names it.
                outcome.status = Status::Failed;
                outcome.reason = Some(error.to_string());
                TableRows::default()
            }
        };
        Ok(Made { outcome, archive, rows })
    }
}

/// The outcome of a customer with an artifact; its phases and its ETag are known later.
fn outcome(metadata: Metadata, status: Status, artifact: String, bytes: &[u8]) -> Outcome {
    Outcome {
        customer: metadata.customer,
        status,
        reason: metadata.fallback,
        notes: metadata.notes,
        rows: metadata.rows,
        missing: metadata.missing,
        first: metadata.trained.map(|span| iso_date(span.first_ms)),
        last: metadata.trained.map(|span| iso_date(span.last_ms)),
        frequency: Some(metadata.frequency).filter(|frequency| !frequency.is_empty()),
        model: Some(metadata.model),
        log_posterior: metadata.log_posterior,
        sigma: metadata.sigma,
        in_sample: metadata.in_sample,
        backtest: metadata.backtest,
        calibration: metadata.calibration,
        accuracy: metadata.regression.as_ref().and_then(|regression| regression.accuracy),
        selection: metadata.regression.as_ref().and_then(|regression| regression.selection.clone()),
        trees: metadata.regression.and_then(|regression| regression.trees),
        bytes: Some(bytes.len()),
        sha256: Some(hex(&Sha256::digest(bytes))),
        artifact: Some(artifact),
        fingerprint: Some(metadata.fingerprint),
        ..Outcome::default()
    }
}
