//! The backtest of a model or of several candidates: forecasts from every cutoff, the choice and the calibration.

use super::{
    calibration::Calibration,
    choice::{Candidate, Choice, Combine, MARGIN},
    metrics::Metrics,
    priors::Prior,
    record::{BacktestRecord, CandidateRecord},
    track::Track,
    windows::{BacktestSpec, Window},
};
use crate::{
    data::Series,
    fit_error::FitError,
    frequency::Frequency,
    interrupt::{Interrupt, Interruption},
    local::{LocalFamily, LocalSpec, NaiveSpec},
    series_model::SeriesSpec,
    workspace::Workspace,
};
use std::borrow::Cow;

/// What is scored, and what for.
#[derive(Clone, Debug)]
pub struct Contest<'a> {
    /// The cutoffs.
    pub spec: &'a BacktestSpec,
    /// The candidates, the simplest first; without `combine`, the model and then those that it is compared with. Each is one model, or
    /// several versions of it, of which the best stands for all: the first, unless another's error is lower by more than 2 %.
    pub models: Vec<Vec<Cow<'a, SeriesSpec>>>,
    /// What is made of the candidates; none for the first model alone.
    pub combine: Option<Combine>,
    /// Probability that intervals should cover.
    pub interval_width: f64,
    /// Lower bound of forecasts and of their intervals, in the units of the input.
    pub lower_bound: Option<f64>,
    /// Seed of simulated futures.
    pub seed: [u8; 32],
}

/// The forecasts from the cutoffs of one series, and what follows from them.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The cutoffs; none where the series is too short.
    pub windows: Vec<Window>,
    /// The names of the candidates, as in the setting `model`.
    pub names: Vec<&'static str>,
    /// The place of each candidate's best version.
    pub versions: Vec<usize>,
    /// The forecasts of each candidate; none for one that cannot be fitted at every cutoff.
    pub tracks: Vec<Option<Track>>,
    /// The forecasts of the seasonal naive.
    pub seasonal_naive: Option<Track>,
    /// The forecasts of the model or of the combination, with calibrated intervals.
    pub chosen: Option<Track>,
    /// The candidates that forecast.
    pub choice: Choice,
    /// The factor for the intervals of the model or of the combination; none where they have none.
    pub calibration: Option<Calibration>,
    /// What is kept of it; none without cutoffs.
    pub record: Option<BacktestRecord>,
}

impl Contest<'_> {
    /// Forecasts a series from every cutoff, and chooses. `workspaces` are those of [`Track::of`].
    ///
    /// # Errors
    /// [`Interruption`] if it was ended early. A candidate that cannot be fitted is left out.
    pub fn hold(
        &self,
        series: &Series,
        frequency: Frequency,
        interrupt: Interrupt<'_>,
        workspaces: &mut Vec<Workspace>,
    ) -> Result<Evaluation, Interruption> {
        let windows = self.spec.windows(series, frequency);
        let season = self.spec.season(frequency);
        let mut track = |spec: &SeriesSpec| {
            if windows.is_empty() {
                return Ok(Err(None));
            }
            match Track::of(spec, series, frequency, &windows, self.seed, interrupt, workspaces) {
                Ok(track) => Ok(Ok(track)),
                Err(FitError::Interrupted(interruption)) => Err(interruption),
                Err(error) => Ok(Err(Some(error.to_string()))),
            }
        };
        let naive = track(&self.seasonal_naive(season))?.ok();
        let score = |track: &Track| Metrics::of(track, series, &windows, season, self.interval_width);
        let squared = is_intermittent(series);
        let (mut versions, mut tried, mut scored) = (Vec::new(), Vec::new(), Vec::new());
        for model in &self.models {
            let mut tracks = model.iter().map(|version| track(version)).collect::<Result<Vec<_>, _>>()?;
            let metrics: Vec<Option<Metrics>> = tracks.iter().map(|tried| score(tried.as_ref().ok()?)).collect();
            let errors: Vec<Option<f64>> =
                metrics.iter().map(|metrics| metrics.map(|of| error(&of, squared))).collect();
            let best = best_version(&errors);
            versions.push(best);
            tried.push(tracks.swap_remove(best));
            scored.push(metrics[best]);
        }
        let models: Vec<&SeriesSpec> = self.models.iter().zip(&versions).map(|(model, best)| &*model[*best]).collect();
        let choice = self.choose(&models, &scored, windows.len(), season > 1, squared);
        let tuned = |place: usize| match models[place] {
            SeriesSpec::Prophet(spec) if self.models[place].len() > 1 && tried[place].is_ok() => Some(spec.tuned()),
            _ => None,
        };

        let mut record = BacktestRecord {
            cutoffs: windows.len(),
            rows: windows.iter().map(|window| window.test.len()).sum(),
            seasonal_naive: naive.as_ref().and_then(score),
            tuned: if self.combine.is_none() { tuned(0) } else { None },
            ..BacktestRecord::default()
        };
        let compared = usize::from(self.combine.is_none())..models.len();
        record.candidates.extend(compared.map(|place| CandidateRecord {
            model: models[place].name().into(),
            tuned: tuned(place),
            weight: self.combine.map(|_| choice.weights[place]),
            metrics: scored[place],
            failed: tried[place].as_ref().err().cloned().flatten(),
        }));
        let names = models.iter().map(|spec| spec.name()).collect();
        let members = choice.weights.iter().copied().zip(models.iter().copied());
        let others = Prior::interval_factor_of(members, season > 1);
        let tracks: Vec<Option<Track>> = tried.into_iter().map(Result::ok).collect();
        let mut chosen = choice.is_known(&tracks).then(|| choice.track(&tracks));
        let mut calibration = Some(Calibration { factor: others, cutoffs: 0 });
        if let Some(chosen) = &mut chosen {
            let own = score(chosen);
            record.own_coverage = own.and_then(|own| own.coverage);
            record.own_interval_score = own.and_then(|own| own.interval_score);
            let (width, bound) = (self.interval_width, self.lower_bound);
            calibration =
                chosen.has_interval().then(|| Calibration::of(chosen, series, &windows, width, bound, others));
            if let Some(calibration) = calibration {
                calibration.apply(chosen, bound);
            }
            record.metrics = score(chosen);
        }
        let record = (!windows.is_empty()).then_some(record);
        Ok(Evaluation { windows, names, versions, tracks, seasonal_naive: naive, chosen, choice, calibration, record })
    }

    /// The value one season ago, for as many seasons as are asked for.
    fn seasonal_naive(&self, season: usize) -> SeriesSpec {
        SeriesSpec::Local(LocalSpec {
            family: LocalFamily::Naive(NaiveSpec::SeasonalWindowAverage { window_size: Some(1) }),
            season_lengths: vec![season],
            interval_width: self.interval_width,
            lower_bound: self.lower_bound,
        })
    }

    /// The candidates that forecast, by scaled errors or by squared ones.
    fn choose(
        &self,
        models: &[&SeriesSpec],
        scored: &[Option<Metrics>],
        cutoffs: usize,
        is_seasonal: bool,
        squared: bool,
    ) -> Choice {
        let Some(combine) = self.combine else {
            let mut weights = vec![0.0; scored.len()];
            weights[0] = 1.0;
            return Choice { median: false, weights };
        };
        let candidates: Vec<Candidate> = scored
            .iter()
            .zip(models)
            .map(|(metrics, spec)| Candidate {
                error: metrics.map(|metrics| error(&metrics, squared)),
                prior: Prior::of(spec, is_seasonal).error,
            })
            .collect();
        Choice::of(combine, &candidates, cutoffs).unwrap_or_else(|| Choice { median: false, weights: Vec::new() })
    }
}

/// The error that models are chosen by.
fn error(metrics: &Metrics, squared: bool) -> f64 {
    let (scaled, plain) = if squared { (metrics.rmsse, metrics.rmse) } else { (metrics.mase, metrics.mae) };
    scaled.unwrap_or(plain)
}

/// The place of the best of several versions of a model: the first, unless another is clearly better.
fn best_version(errors: &[Option<f64>]) -> usize {
    let least = errors.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let is_good = |error: &Option<f64>| error.is_some_and(|error| error <= least * (1.0 + MARGIN));
    match errors.first() {
        Some(first) if !is_good(first) => errors.iter().position(|error| *error == Some(least)).unwrap_or(0),
        _ => 0,
    }
}

/// Whether half of the values are zero: the forecast with the least absolute error is zero then, whatever the demand.
fn is_intermittent(series: &Series) -> bool {
    2 * series.values.iter().filter(|value| **value == 0.0).count() >= series.len()
}

impl Choice {
    /// Whether there are some with a weight, and all of them have a track.
    fn is_known(&self, tracks: &[Option<Track>]) -> bool {
        let mut chosen = self.weights.iter().zip(tracks).filter(|(weight, _)| **weight > 0.0).peekable();
        chosen.peek().is_some() && chosen.all(|(_, track)| track.is_some())
    }
}
