//! Fits and reads tree models for the tests that compare them with XGBoost and scikit-learn in Python.
//!
//! ```text
//! fit_trees JOBS.json
//! ```
//!
//! `JOBS.json` is a list of jobs. Tables are files of little-endian `f32`, row by row. A job fits a model (`kind` is
//! `boosting` or `forest`) or reads one (`kind` is `read`), predicts `validation_features` and writes beside `output`:
//! `.json` and `.ubj` (the model), `.predictions` (f32), `.shap` (f64, on request), `.report.json` (metric history, times).

use std::{collections::BTreeMap, error::Error, fs, hint::black_box, path::Path, time::Instant};

use manyfit::settings::{Settings, Task};
use manyfit_models::{
    Interrupt, RowsSpec,
    trees::{Ensemble, Examples, Matrix, Scratch},
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Job {
    kind: String,
    output: String,
    columns: usize,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default)]
    features: String,
    #[serde(default)]
    targets: String,
    weights: Option<String>,
    validation_features: String,
    validation_targets: Option<String>,
    validation_weights: Option<String>,
    /// The file of a `read` job.
    model: Option<String>,
    #[serde(default)]
    shap: bool,
    /// Fits this many times and reports the seconds of each.
    #[serde(default)]
    repeat: usize,
}

#[derive(Default, Serialize)]
struct Report {
    history: Vec<f64>,
    best_iteration: Option<usize>,
    seconds: Vec<f64>,
    error: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: fit_trees JOBS.json")?;
    let jobs: Vec<Job> = serde_json::from_slice(&fs::read(path)?)?;
    let mut scratch = Scratch::default();
    for job in jobs {
        let report = match run(&job, &mut scratch) {
            Ok(report) => report,
            Err(error) => Report { error: Some(error.to_string()), ..Report::default() },
        };
        fs::write(format!("{}.report.json", job.output), serde_json::to_vec(&report)?)?;
    }
    Ok(())
}

fn run(job: &Job, scratch: &mut Scratch) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let validation = Matrix::from_rows(job.columns, &floats(&job.validation_features)?)?;
    let model = if let Some(path) = &job.model {
        Ensemble::from_bytes(&fs::read(path)?)?
    } else {
        fit(job, &validation, scratch, &mut report)?
    };
    fs::write(format!("{}.json", job.output), model.to_json())?;
    fs::write(format!("{}.ubj", job.output), model.to_ubj())?;
    let bytes: Vec<u8> = model.predict_matrix(&validation)?.into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(format!("{}.predictions", job.output), bytes)?;
    if job.shap {
        let mut row = vec![];
        let mut bytes = vec![];
        for at in 0..validation.rows() {
            validation.copy_row(at, &mut row);
            bytes.extend(model.shap_values(&row)?.into_iter().flat_map(f64::to_le_bytes));
        }
        fs::write(format!("{}.shap", job.output), bytes)?;
    }
    Ok(report)
}

/// The model, the metric after each round, and the best round.
type Outcome = (Ensemble, Vec<f64>, Option<usize>);

fn fit(job: &Job, validation: &Matrix, scratch: &mut Scratch, report: &mut Report) -> Result<Ensemble, Box<dyn Error>> {
    let features = floats(&job.features)?;
    let targets = floats(&job.targets)?;
    let weights = job.weights.as_deref().map(floats).transpose()?;
    let validation_targets = job.validation_targets.as_deref().map(floats).transpose()?;
    let validation_weights = job.validation_weights.as_deref().map(floats).transpose()?;
    let mut settings = job.params.clone();
    settings.insert("model".into(), if job.kind == "boosting" { "gradient-boosting" } else { "random-forest" }.into());
    let Task::Regression(task) = Settings::from_text(&settings)?.task else {
        return Err("trees are regression".into());
    };
    let mut fit_once = || -> Result<Outcome, Box<dyn Error>> {
        let matrix = Matrix::from_rows(job.columns, &features)?;
        let training = Examples::new(&matrix, &targets, weights.as_deref());
        let params = match &task.candidates[0] {
            RowsSpec::GradientBoosting { params, .. } => params,
            RowsSpec::RandomForest { params, .. } => {
                return Ok((params.fit(training, Interrupt::default(), scratch)?, vec![], None));
            }
            RowsSpec::Ridge(_) => return Err("kind is boosting, forest or read".into()),
        };
        let validation = validation_targets
            .as_deref()
            .map(|targets| Examples::new(validation, targets, validation_weights.as_deref()));
        let fitted = params.fit(training, validation, Interrupt::default(), scratch)?;
        Ok((fitted.model, fitted.history, fitted.best_iteration))
    };
    for _ in 0..job.repeat {
        let start = Instant::now();
        black_box(fit_once()?);
        report.seconds.push(start.elapsed().as_secs_f64());
    }
    let (model, history, best_iteration) = fit_once()?;
    report.history = history;
    report.best_iteration = best_iteration;
    Ok(model)
}

fn floats(path: impl AsRef<Path>) -> Result<Vec<f32>, Box<dyn Error>> {
    Ok(fs::read(path)?.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}
