//! All that a customer's timestamps alone decide: scaled time, changepoints, seasonalities, their features, ZᵀZ.
//!
//! Most fleets are measured on one calendar, so a worker keeps its last one and most customers find it ready.

use super::{
    normal_equations::NormalMatrix,
    posterior::Design,
    spec::{ProphetSpec, Seasonality, SeasonalityChoice},
};

const DAY_MS: i64 = 86_400_000;

/// The timestamps of one or many customers, and what follows from them under one specification.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    /// Milliseconds since the epoch, shape (n), strictly increasing.
    timestamps: Vec<i64>,
    /// Row of each changepoint; empty where the history allows none.
    pub(super) changepoint_rows: Vec<usize>,
    pub(super) seasonalities: Vec<Seasonality>,
    pub(super) design: Design,
    pub(super) normal: NormalMatrix,
}

impl Calendar {
    /// Derives everything from at least two timestamps.
    pub(super) fn new(timestamps: &[i64], spec: &ProphetSpec) -> Self {
        let (start, span) = (timestamps[0], (timestamps[timestamps.len() - 1] - timestamps[0]) as f64);
        let t: Vec<f64> = timestamps.iter().map(|ms| (ms - start) as f64 / span).collect();
        let changepoint_rows = changepoint_rows(t.len(), spec.n_changepoints, spec.changepoint_range);
        let changepoints = if changepoint_rows.is_empty() {
            // Prophet's dummy, so that Stan's program has something to work on.
            vec![0.0]
        } else {
            changepoint_rows.iter().map(|&row| t[row]).collect()
        };
        let seasonalities = choose_seasonalities(timestamps, spec);
        let design = Design {
            growth: spec.growth,
            t,
            changepoints,
            changepoint_prior_scale: spec.changepoint_prior_scale,
            features: fourier_features(timestamps, &seasonalities),
            prior_scales: seasonalities
                .iter()
                .flat_map(|seasonality| vec![seasonality.prior_scale; 2 * seasonality.fourier_order])
                .collect(),
        };
        let normal = NormalMatrix::new(&design);
        Self { timestamps: timestamps.to_vec(), changepoint_rows, seasonalities, design, normal }
    }

    /// Whether this is the calendar of these timestamps.
    pub(super) fn is_of(&self, timestamps: &[i64]) -> bool {
        self.timestamps == timestamps
    }
}

/// Rows of the potential changepoints: evenly through the first `range` of the history, its first row left out.
///
/// `numpy.linspace(0, hist_size − 1, n + 1).round()[1:]`, which rounds half to even.
fn changepoint_rows(rows: usize, wanted: usize, range: f64) -> Vec<usize> {
    let history = (rows as f64 * range).floor() as usize;
    let number = wanted.min(history.saturating_sub(1));
    let step = (history.saturating_sub(1)) as f64 / number as f64;
    (1..=number).map(|i| if i == number { history - 1 } else { (i as f64 * step).round_ties_even() as usize }).collect()
}

/// Prophet's rule for its three built-in seasonalities: at least two periods of history, spaced closer than one.
fn choose_seasonalities(timestamps: &[i64], spec: &ProphetSpec) -> Vec<Seasonality> {
    let span = timestamps[timestamps.len() - 1] - timestamps[0];
    let gap = timestamps.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(span);
    [
        ("yearly", 365.25, 10, spec.yearly_seasonality, span >= 730 * DAY_MS),
        ("weekly", 7.0, 3, spec.weekly_seasonality, span >= 14 * DAY_MS && gap < 7 * DAY_MS),
        ("daily", 1.0, 4, spec.daily_seasonality, span >= 2 * DAY_MS && gap < DAY_MS),
    ]
    .into_iter()
    .filter_map(|(name, period, default_order, choice, fits)| {
        let fourier_order = match choice {
            SeasonalityChoice::Auto if fits => default_order,
            SeasonalityChoice::On => default_order,
            SeasonalityChoice::Order(order) if order > 0 => order,
            _ => return None,
        };
        Some(Seasonality { name: name.into(), period, fourier_order, prior_scale: spec.seasonality_prior_scale })
    })
    .collect()
}

/// sin and cos of 2π·j·days/period for j = 1..=order, for each seasonality: shape (n, K), column after column.
///
/// Days are counted from 1970-01-01. One sine and cosine per row and period; the higher orders by angle addition.
pub(super) fn fourier_features(timestamps: &[i64], seasonalities: &[Seasonality]) -> Vec<f64> {
    let rows = timestamps.len();
    let columns: usize = seasonalities.iter().map(|seasonality| 2 * seasonality.fourier_order).sum();
    let mut features = vec![0.0; rows * columns];
    let mut first = 0;
    for seasonality in seasonalities {
        let block = &mut features[first * rows..(first + 2 * seasonality.fourier_order) * rows];
        for (row, &ms) in timestamps.iter().enumerate() {
            let (sin, cos) = base_angle(ms, seasonality.period);
            let (mut s, mut c) = (sin, cos);
            for order in 0..seasonality.fourier_order {
                block[2 * order * rows + row] = s;
                block[(2 * order + 1) * rows + row] = c;
                (s, c) = (s * cos + c * sin, c * cos - s * sin);
            }
        }
        first += 2 * seasonality.fourier_order;
    }
    features
}

/// sin and cos of 2π·days/period, the whole periods taken off first: they would only cost digits.
fn base_angle(ms: i64, period: f64) -> (f64, f64) {
    let periods = ms as f64 / (DAY_MS as f64 * period);
    // libm's functions give the same bits on every machine; the system's may not.
    libm::sincos(std::f64::consts::TAU * (periods - periods.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changepoints_round_half_to_even_as_numpy_does() {
        // hist = 30, linspace(0, 29, 26)[1:]: steps of 1.16.
        let rows = changepoint_rows(38, 25, 0.8);
        assert_eq!(rows.len(), 25);
        assert_eq!((rows[0], rows[24]), (1, 29));
        // linspace(0, 5, 3) = 0, 2.5, 5: 2.5 rounds to 2.
        assert_eq!(changepoint_rows(6, 2, 1.0), [2, 5]);
        // linspace(0, 7, 3) = 0, 3.5, 7: 3.5 rounds to 4.
        assert_eq!(changepoint_rows(8, 2, 1.0), [4, 7]);
    }

    #[test]
    fn short_histories_have_fewer_changepoints_or_none() {
        assert_eq!(changepoint_rows(10, 25, 0.8), [1, 2, 3, 4, 5, 6, 7]);
        assert!(changepoint_rows(2, 25, 0.8).is_empty());
        assert!(changepoint_rows(2, 25, 0.4).is_empty());
        assert!(changepoint_rows(100, 0, 0.8).is_empty());
    }

    #[test]
    fn seasonalities_follow_length_and_spacing() {
        let names = |days: i64, gap_ms: i64| -> Vec<String> {
            let timestamps: Vec<i64> = (0..=days * DAY_MS / gap_ms).map(|i| i * gap_ms).collect();
            choose_seasonalities(&timestamps, &ProphetSpec::default()).into_iter().map(|s| s.name).collect()
        };
        assert_eq!(names(730, DAY_MS), ["yearly", "weekly"]);
        assert_eq!(names(729, DAY_MS), ["weekly"]);
        assert_eq!(names(13, DAY_MS), [""; 0]);
        assert_eq!(names(14, DAY_MS / 24), ["weekly", "daily"]);
        assert_eq!(names(1, DAY_MS / 24), [""; 0]);
        assert_eq!(names(1000, 7 * DAY_MS), ["yearly"]);
    }

    #[test]
    fn fourier_terms_are_those_of_their_definition() {
        let timestamps = [0, 1_577_836_800_000, 1_600_000_123_456, -86_400_000 * 400];
        let seasonality = Seasonality { name: "yearly".into(), period: 365.25, fourier_order: 12, prior_scale: 10.0 };
        let features = fourier_features(&timestamps, &[seasonality]);
        for (row, ms) in timestamps.iter().enumerate() {
            for order in 1..=12 {
                let angle = std::f64::consts::TAU * f64::from(order) * (*ms as f64 / 86_400_000.0) / 365.25;
                let column = (2 * (order - 1)) as usize * 4;
                assert!((features[column + row] - angle.sin()).abs() < 1e-11);
                assert!((features[column + 4 + row] - angle.cos()).abs() < 1e-11);
            }
        }
    }
}
