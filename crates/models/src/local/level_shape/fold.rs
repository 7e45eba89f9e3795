//! Folding a history by its season: which season it is, its shape, and how far past seasons were from it.

use super::spectrum::{Spectrum, TINY};

/// Seasons that a fold needs.
const LEAST_SEASONS: usize = 3;
/// Seasons that a fold takes: the last ones.
const MOST_SEASONS: usize = 500;
/// The last seasons, whose proportions are the shape.
const SHAPE_SEASONS: usize = 2;
/// The last seasons whose errors tell the mean error of each phase.
const ERROR_SEASONS: usize = 50;
/// Errors that simulated futures draw from, unless that is less than a number of seasons.
const KEPT_ERRORS: usize = 1000;
const LEAST_KEPT_SEASONS: usize = 10;
/// Mean squares below this count as this in a criterion.
const LEAST_SQUARES: f64 = 1e-30;

/// How a history is folded.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    /// Steps; 1 where no season pays for its shape.
    pub(super) season: usize,
    /// Complete seasons.
    pub(super) seasons: usize,
    /// Share of the levels that is not noise.
    pub(super) shrinkage: f64,
    /// Lengths of longer seasons in levels, increasing.
    pub(super) longer: Vec<usize>,
}

impl Fold {
    /// Chooses the season whose fold is nearest to rank one, by the Bayesian information criterion against a constant mean.
    ///
    /// `candidates` are increasing, each at least 2.
    pub(super) fn choose(values: &[f64], candidates: &[usize], usual: usize, spectrum: &mut Spectrum) -> Self {
        let n = values.len();
        let possible = || candidates.iter().copied().filter(|p| n / p >= LEAST_SEASONS);
        let (mut best, mut shrinkage) = ((1, f64::INFINITY), 1.0);
        if let Some(shortest) = possible().next() {
            let recent = &values[n - n.min(MOST_SEASONS * shortest)..];
            let t = recent.len() as f64;
            let mean = recent.iter().sum::<f64>() / t;
            let variance = recent.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / t;
            best.1 = t * libm::log(variance.max(LEAST_SQUARES)) + libm::log(t);
            for season in possible() {
                let seasons = recent.len() / season;
                if seasons < LEAST_SEASONS {
                    continue;
                }
                let folded = &recent[recent.len() - seasons * season..];
                let rest = spectrum.of_rows(folded, season) - spectrum.largest(0);
                let t = folded.len() as f64;
                let parameters = (season + seasons - 1) as f64;
                let criterion = t * libm::log((rest / t).max(LEAST_SQUARES)) + parameters * libm::log(t);
                if criterion < best.1 {
                    (best, shrinkage) = ((season, criterion), spectrum.shrinkage([season, seasons]));
                }
            }
        }
        let mut fold = Self { season: best.0, seasons: (n / best.0).min(MOST_SEASONS), shrinkage, longer: Vec::new() };
        let any = candidates.iter().any(|p| n / p >= LEAST_SEASONS);
        fold.longer = candidates.iter().filter(|p| any && **p > fold.season).map(|p| p / fold.season).collect();
        fold.drop_what_is_too_long(usual);
        if fold.season > 1 && fold.seasons < fold.first() + 2 * fold.columns() {
            // Each coefficient needs two rows, or its leave-one-out errors say nothing.
            fold = Self { season: 1, seasons: n.min(MOST_SEASONS), shrinkage: 1.0, longer: Vec::new() };
            fold.drop_what_is_too_long(usual);
        }
        fold
    }

    /// Longer seasons that are not twice in the levels have no lag; without any fold the usual season has one.
    fn drop_what_is_too_long(&mut self, usual: usize) {
        if self.season == 1 && usual > 1 {
            self.longer.push(usual);
        }
        let most = self.seasons / 2;
        self.longer.retain(|length| (2..=most).contains(length));
        self.longer.sort_unstable();
        self.longer.dedup();
    }

    /// The first level that the regression explains.
    pub(super) fn first(&self) -> usize {
        self.longer.last().copied().unwrap_or(1)
    }

    /// Coefficients of the regression.
    fn columns(&self) -> usize {
        3 + usize::from(!self.longer.is_empty())
    }

    /// The last complete seasons, oldest first.
    pub(super) fn folded<'a>(&self, values: &'a [f64]) -> &'a [f64] {
        &values[values.len() - self.seasons * self.season..]
    }

    /// The mean of the last seasons' proportions; sums to one.
    pub(super) fn shape(&self, folded: &[f64]) -> Vec<f64> {
        let mut shape = vec![0.0; self.season];
        for values in folded.chunks_exact(self.season).skip(self.seasons - SHAPE_SEASONS.min(self.seasons)) {
            let total: f64 = values.iter().sum();
            for (share, y) in shape.iter_mut().zip(values) {
                *share += if total > TINY { y / total } else { 1.0 / self.season as f64 };
            }
        }
        let total = shape.iter().sum::<f64>().max(TINY);
        for share in &mut shape {
            *share /= total;
        }
        shape
    }
}

/// How far past seasons were from the shape, relative to it: one season after the other.
///
/// A phase's mean error is shrunk towards zero where it is within its standard error: it is noise then, and not for the future.
pub(super) fn shape_errors(folded: &[f64], shape: &[f64], levels: &[f64]) -> Vec<f32> {
    let season = shape.len();
    let count = ERROR_SEASONS.min(levels.len());
    let skipped = levels.len() - count;
    let fitted: Vec<f64> =
        levels[skipped..].iter().flat_map(|level| shape.iter().map(move |share| (level * share).abs())).collect();
    let mut sizes: Vec<f64> = fitted.iter().copied().filter(|size| *size > TINY).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let least = if sizes.is_empty() { 0.0 } else { 0.1 * crate::quantiles::quantile_of_sorted(&sizes, 0.5) }.max(1e-8);
    let mut errors: Vec<f64> =
        (folded[skipped * season..].iter().zip(&fitted)).map(|(y, fitted)| (y - fitted) / fitted.max(least)).collect();
    let kept = count.min((KEPT_ERRORS / season).max(LEAST_KEPT_SEASONS));
    let n = count as f64;
    for phase in 0..season {
        let of_phase = || errors[phase..].iter().step_by(season);
        let mean = of_phase().sum::<f64>() / n;
        let uncertain = of_phase().map(|e| (e - mean) * (e - mean)).sum::<f64>() / (n - 1.0) / n;
        let noise = if count < 4 { 0.0 } else { (uncertain / (mean * mean + uncertain + TINY)).clamp(0.0, 1.0) };
        // What is kept has the mean of all.
        let mean_kept = of_phase().skip(count - kept).sum::<f64>() / kept as f64;
        let shift = mean * (1.0 - noise) - mean_kept;
        errors[phase..].iter_mut().step_by(season).for_each(|e| *e += shift);
    }
    errors[(count - kept) * season..].iter().map(|e| *e as f32).collect()
}

/// The shape of a longer season within the levels, beginning with the first of them; its mean is 1. None if it is not there twice.
///
/// Means by phase, as far as they are known from several seasons; as for the rest, their first harmonic where the Bayesian information
/// criterion prefers it to a constant.
pub(super) fn second_shape(levels: &[f64], length: usize) -> Option<Vec<f64>> {
    let seasons = levels.len() / length;
    if seasons < 2 {
        return None;
    }
    let n = length as f64;
    let mut raw: Vec<f64> = (0..length)
        .map(|phase| {
            let values = levels[phase..].iter().step_by(length);
            let count = values.len() as f64;
            values.sum::<f64>() / count
        })
        .collect();
    let mean = raw.iter().sum::<f64>() / n;
    if mean < TINY {
        return None;
    }
    for value in &mut raw {
        *value /= mean;
    }
    let angle = |phase: usize| 2.0 * std::f64::consts::PI * phase as f64 / n;
    let (mut a, mut b) = (0.0, 0.0);
    for (phase, value) in raw.iter().enumerate() {
        a += 2.0 / n * (value - 1.0) * libm::cos(angle(phase));
        b += 2.0 / n * (value - 1.0) * libm::sin(angle(phase));
    }
    let harmonic = |phase: usize| 1.0 + a * libm::cos(angle(phase)) + b * libm::sin(angle(phase));
    let (mut flat_squares, mut harmonic_squares) = (0.0, 0.0);
    for (phase, value) in raw.iter().enumerate() {
        flat_squares += (value - 1.0) * (value - 1.0);
        harmonic_squares += (value - harmonic(phase)) * (value - harmonic(phase));
    }
    let criterion = |squares: f64| n * libm::log((squares / n).max(LEAST_SQUARES));
    let wave = criterion(harmonic_squares) + 2.0 * libm::log(n) < criterion(flat_squares);
    let weight = seasons as f64 / (seasons + length) as f64;
    let mut shape: Vec<f64> = (raw.iter().enumerate())
        .map(|(phase, value)| weight * value + (1.0 - weight) * if wave { harmonic(phase) } else { 1.0 })
        .map(|value| value.max(1e-6))
        .collect();
    let mean = shape.iter().sum::<f64>() / n;
    for value in &mut shape {
        *value /= mean;
    }
    Some(shape)
}
