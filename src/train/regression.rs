//! One customer's table, to an artifact and predictions for the rows that it is judged by.

use super::{
    outcome::Phases,
    result_table::{Block, Layout},
    worker::{Crew, Earlier, Failure, Made, Tools, Work, timed},
};
use crate::{
    artifact::{FORMAT, Fingerprint, Metadata, RegressionMetadata, forecast_seed},
    error::{Error, Result},
    input::{Contents, InputFile, KnownFeatures, TableReader},
    settings::RegressionTask,
    tables::Key,
};
use manyfit_models::{
    Accuracy, Fitted, FittedRows, ScoredOn,
    data::{CustomerId, Table},
    patience::{Interruption, Patience, Unfitted},
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use std::time::Instant;

/// The table of predictions: `row` counts the rows of the customer's validation file, or of the file that the rows were
/// drawn from, from 1, the header not counted.
pub(super) static PREDICTIONS: Layout =
    Layout { name: "predictions", key: Key::Row, columns: &["target", "prediction"] };

/// A customer's rows.
pub(super) struct Rows {
    training: Table,
    validation: Option<Table>,
}

impl Crew<'_> {
    /// Reads the rows of a customer that has a file of its own.
    pub(super) fn read_rows(&self, reader: &mut TableReader, customer: &CustomerId, file: &InputFile) -> Result<Rows> {
        let training = reader.read_table(self.job.input, file, None)?;
        let training = training.ok_or_else(|| no_rows(&self.job.input.describe(&file.key)))?;
        let validation = self.validation.read_one(reader, customer, &training.features)?;
        Ok(Rows { training, validation })
    }

    /// Reads the rows of the customers of a file.
    pub(super) fn read_bundle_rows(&self, file: &InputFile) -> Result<Vec<(CustomerId, Result<Rows>)>> {
        let mut reader = TableReader::new(self.job.settings.input.clone());
        let tables = reader.read_table_bundle(self.job.input, file, None)?;
        let known: KnownFeatures<'_> = tables
            .iter()
            .filter_map(|(customer, table)| Some((customer, table.as_ref().ok()?.as_ref()?.features.as_slice())))
            .collect();
        let mut validation = self.validation.read_many(&mut reader, &known)?;
        drop(known);
        let mut rows = |(customer, table): (CustomerId, Result<Option<Table>>)| {
            let rows = table.and_then(|training| {
                let training = training.ok_or_else(|| no_rows(&self.job.input.describe(&file.key)))?;
                let validation = match validation.remove(&customer) {
                    Some(table) => table?,
                    None => self.validation.read_one(&mut reader, &customer, &training.features)?,
                };
                Ok(Rows { training, validation })
            });
            (customer, rows)
        };
        debug_assert!(matches!(file.contents, Contents::Many(_)));
        Ok(tables.into_iter().map(&mut rows).collect())
    }

    /// Fits a customer, unless its artifact stands, and predicts the rows that it is judged by.
    pub(super) fn fit_table(
        &self,
        task: &RegressionTask,
        customer: &CustomerId,
        rows: Rows,
        tools: &mut Tools,
        ms: &mut Phases,
    ) -> Work {
        let Rows { training, validation } = rows;
        let fingerprint =
            timed(&mut ms.compare, || Fingerprint::of_tables(&self.shape, customer, &training, validation.as_ref()));
        let drawn = if validation.is_none() { self.split(task, customer, &training) } else { None };
        let (training, validation) = match drawn {
            Some((rest, drawn)) => (rest, Some(drawn)),
            None => (training, validation),
        };
        let name = self.artifact_name(customer, &fingerprint);
        let mut predicted = None;
        let done = match timed(&mut ms.compare, || self.earlier(&name, customer, &fingerprint, tools))? {
            Earlier::Row(row) => return Ok(Made::Row(row)),
            Earlier::Artifact(done) => *done,
            Earlier::Nothing => {
                let (fitted, metadata, predictions) =
                    self.fit_table_anew(task, &training, validation.as_ref(), tools, ms)?;
                let metadata = Metadata {
                    format: FORMAT,
                    manyfit: env!("CARGO_PKG_VERSION").into(),
                    customer: customer.to_string(),
                    fingerprint: fingerprint.as_str().into(),
                    ..metadata
                };
                predicted = Some(predictions);
                self.pack(name, metadata, fitted.into(), ms)
            }
        };
        let block = match (&done.model, validation) {
            (Fitted::Rows(fitted), Some(rows)) => Some(timed(&mut ms.forecast, || to_block(fitted, &rows, predicted))),
            _ => None,
        };
        Ok(Made::Model(Box::new(match block.transpose() {
            Ok(block) => (done, block),
            // The artifact stands all the same, and the manifest has it.
            Err(error) => (done.without_results(&error), None),
        })))
    }

    /// Draws rows to judge by, the same ones on every run. `None`: none are wanted, or there are too few rows.
    fn split(&self, task: &RegressionTask, customer: &CustomerId, table: &Table) -> Option<(Table, Table)> {
        let drawn = (task.validation_fraction * table.len() as f64).round() as usize;
        let drawn = drawn.min(table.len() - 1);
        if drawn == 0 {
            return None;
        }
        let mut rng = ChaCha8Rng::from_seed(forecast_seed(self.job.settings.seed, customer.as_str()));
        let mut lots: Vec<(u64, usize)> = (0..table.len()).map(|row| (rng.next_u64(), row)).collect();
        lots.sort_unstable();
        let in_order = |lots: &[(u64, usize)]| {
            let mut places: Vec<usize> = lots.iter().map(|(_, row)| *row).collect();
            places.sort_unstable();
            table.select(&places)
        };
        Some((in_order(&lots[drawn..])?, in_order(&lots[..drawn])?))
    }

    fn fit_table_anew(
        &self,
        task: &RegressionTask,
        training: &Table,
        validation: Option<&Table>,
        tools: &mut Tools,
        ms: &mut Phases,
    ) -> Result<(FittedRows, Metadata, Vec<f32>), Failure> {
        let RegressionTask { model, fallback, validation_fraction } = task;
        let mut notes = Vec::new();
        if validation.is_none() && (self.validation.is_given() || *validation_fraction > 0.0) {
            notes.push("there are no validation rows: the errors are those within the training rows".to_owned());
        }
        if validation.is_some_and(|rows| rows.weights.is_none()) && training.weights.is_some() {
            notes.push("the validation rows have no column of weights: each weighs 1".to_owned());
        }
        for (feature, unseen) in validation.into_iter().flat_map(|rows| rows.features.iter().zip(&rows.unseen)) {
            if *unseen > 0 {
                notes.push(format!(
                    "validation rows whose {:?} is no category of the training rows, and counts as missing: {unseen}",
                    feature.name
                ));
            }
        }
        if validation.is_none() && model.stops_early() {
            notes.push("early stopping needs validation rows: boosting went through all its rounds".to_owned());
        }
        let (fitted, reason) = timed(&mut ms.fit, || {
            let deadline = self.job.settings.customer_time_limit.map(|limit| Instant::now() + limit);
            let patience = Patience { deadline, stop: Some(self.job.stop) };
            let workspace = &mut tools.workspace;
            match (model.fit(training, validation, patience, workspace), fallback) {
                (Ok(fitted), _) => Ok((fitted, None)),
                // A setting that cannot be followed is not the customer's fault.
                (Err(Unfitted::Failed(error @ manyfit_models::Error::Data(_))), Some(fallback)) => {
                    match fallback.fit(training, validation, patience, workspace) {
                        Ok(fitted) => Ok((fitted, Some(error.to_string()))),
                        Err(Unfitted::Failed(_)) => Err(Unfitted::Failed(error)),
                        Err(interrupted) => Err(interrupted),
                    }
                }
                (Err(error), _) => Err(error),
            }
        })
        .map_err(|unfitted| match unfitted {
            Unfitted::Interrupted(Interruption::Stopped) => Failure::Stopped,
            other => Failure::Customer(Error::Data(manyfit_models::Error::from(other).to_string())),
        })?;
        let (on, judged) = validation.map_or((ScoredOn::InSample, training), |rows| (ScoredOn::Validation, rows));
        let predictions = timed(&mut ms.forecast, || fitted.predict_matrix(&judged.matrix))?;
        let accuracy = Accuracy::new(on, &judged.targets, &predictions, judged.weights.as_deref());
        let metadata = Metadata {
            model: fitted.name().into(),
            rows: training.len(),
            missing: training.missing,
            notes,
            fallback: reason,
            regression: Some(RegressionMetadata::new(&fitted, accuracy)),
            ..Metadata::default()
        };
        Ok((fitted, metadata, predictions))
    }
}

fn no_rows(file: &str) -> Error {
    Error::Data(format!("{file}: no row has a target: there is nothing to learn from"))
}

/// The rows of the table of predictions; `predicted` are those of a model that was fitted just now.
fn to_block(fitted: &FittedRows, rows: &Table, predicted: Option<Vec<f32>>) -> Result<Block> {
    let predictions = predicted.map_or_else(|| fitted.predict_matrix(&rows.matrix), Ok)?;
    let mut block = Block::with_capacity(&PREDICTIONS, rows.len());
    for ((row, target), prediction) in rows.rows.iter().zip(&rows.targets).zip(predictions) {
        block.push(*row as i64, [f64::from(*target), f64::from(prediction)]);
    }
    Ok(block)
}
