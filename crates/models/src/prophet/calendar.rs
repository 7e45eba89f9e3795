//! What a customer's timestamps alone determine: scaled time, changepoints, seasonalities, holidays, their features, ZᵀZ.
//!
//! Most customers share their timestamps, so a worker keeps its last calendar and reuses it. Regressors and conditions differ by
//! customer and are added to it.

use super::{
    features::{FittedRegressor, Terms},
    normal_equations::NormalMatrix,
    posterior::Design,
    spec::{ProphetSpec, SeasonalityChoice},
    terms::{CountryHolidays, CustomSeasonality, Holiday, Regressor, Seasonality},
};
use crate::{frequency::DAY, holidays::year_of};

/// The timestamps of one or many customers, and what a specification makes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    /// Milliseconds since the epoch, shape (n), strictly increasing.
    pub(super) timestamps: Vec<i64>,
    /// Dates of the changepoints, milliseconds since the epoch, sorted; empty where there are none.
    pub(super) changepoints: Vec<i64>,
    /// Row of each changepoint; its position where the dates were given.
    pub(super) changepoint_rows: Vec<usize>,
    /// The regressors' scales are not known yet.
    pub(super) terms: Terms,
    /// The days of the holidays' columns, for the artifact.
    pub(super) holidays: Vec<Holiday>,
    /// Conditions left out, and without the regressors' columns.
    pub(super) design: Design,
    /// The design's own.
    pub(super) normal: NormalMatrix,
}

impl Calendar {
    /// Derives everything from at least two timestamps.
    pub(super) fn new(timestamps: &[i64], spec: &ProphetSpec) -> Self {
        let (start, span) = (timestamps[0], (timestamps[timestamps.len() - 1] - timestamps[0]) as f64);
        let t: Vec<f64> = timestamps.iter().map(|ms| (ms - start) as f64 / span).collect();
        let (changepoints, changepoint_rows) = if let Some(dates) = &spec.changepoints {
            let mut dates = dates.clone();
            dates.sort_unstable();
            let rows = (0..dates.len()).collect();
            (dates, rows)
        } else {
            let rows = changepoint_rows(t.len(), spec.n_changepoints, spec.changepoint_range);
            (rows.iter().map(|&row| timestamps[row]).collect(), rows)
        };
        let changepoints_t = if changepoints.is_empty() {
            // Prophet's dummy, so that Stan's program has something to work on.
            vec![0.0]
        } else {
            changepoints.iter().map(|ms| (ms - start) as f64 / span).collect()
        };
        let holidays = known_holidays(timestamps, spec);
        let mut terms = Terms {
            seasonalities: choose_seasonalities(timestamps, spec),
            holidays_mode: spec.holidays_mode.unwrap_or(spec.seasonality_mode),
            ..Terms::default()
        };
        terms.set_holidays(holidays.iter(), std::iter::empty(), spec.holidays_prior_scale);
        let design = Design {
            growth: spec.growth,
            t,
            changepoints: changepoints_t,
            changepoint_prior_scale: spec.changepoint_prior_scale,
            features: terms.shared_features(timestamps),
            prior_scales: terms.prior_scales(),
            multiplicative: terms.multiplicative(),
            cap: Vec::new(),
        };
        let normal = NormalMatrix::new(&design);
        terms.regressors = spec.regressors.iter().map(|regressor| unscaled(regressor, spec)).collect();
        Self { timestamps: timestamps.to_vec(), changepoints, changepoint_rows, terms, holidays, design, normal }
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

/// The specified seasonalities, then Prophet's rule for its three built-in ones: at least two periods of history,
/// spaced closer than one.
fn choose_seasonalities(timestamps: &[i64], spec: &ProphetSpec) -> Vec<Seasonality> {
    let span = timestamps[timestamps.len() - 1] - timestamps[0];
    let gap = timestamps.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(span);
    let mut seasonalities: Vec<Seasonality> = Vec::new();
    let mut put = |new: Seasonality| match seasonalities.iter_mut().find(|known| known.name == new.name) {
        Some(known) => *known = new,
        None => seasonalities.push(new),
    };
    for CustomSeasonality { name, period, fourier_order, prior_scale, mode, condition_name } in &spec.seasonalities {
        put(Seasonality {
            name: name.clone(),
            period: *period,
            fourier_order: *fourier_order,
            prior_scale: prior_scale.unwrap_or(spec.seasonality_prior_scale),
            mode: mode.unwrap_or(spec.seasonality_mode),
            condition_name: condition_name.clone(),
        });
    }
    for (name, period, default_order, choice, fits) in [
        ("yearly", 365.25, 10, spec.yearly_seasonality, span >= 730 * DAY),
        ("weekly", 7.0, 3, spec.weekly_seasonality, span >= 14 * DAY && gap < 7 * DAY),
        ("daily", 1.0, 4, spec.daily_seasonality, span >= 2 * DAY && gap < DAY),
    ] {
        let replaced = spec.seasonalities.iter().any(|custom| custom.name == name);
        let fourier_order = match choice {
            SeasonalityChoice::Auto if fits && !replaced => default_order,
            SeasonalityChoice::On => default_order,
            SeasonalityChoice::Order(order) if order > 0 => order,
            _ => continue,
        };
        put(Seasonality {
            name: name.into(),
            period,
            fourier_order,
            prior_scale: spec.seasonality_prior_scale,
            mode: spec.seasonality_mode,
            condition_name: None,
        });
    }
    seasonalities
}

/// The rows of the holidays' table, and those of the country that have a name which occurs in a year of the history.
fn known_holidays(timestamps: &[i64], spec: &ProphetSpec) -> Vec<Holiday> {
    let mut holidays = spec.holidays.to_vec();
    if let Some(CountryHolidays { days, .. }) = &spec.country_holidays {
        let mut years: Vec<i32> = timestamps.iter().map(|&ms| year_of(ms)).collect();
        years.dedup();
        let seen = |holiday: &Holiday| years.binary_search(&year_of(holiday.date)).is_ok();
        let mut names: Vec<&str> = days.iter().filter(|one| seen(one)).map(|one| one.name.as_str()).collect();
        names.extend(spec.holidays.iter().map(|one| one.name.as_str()));
        names.sort_unstable();
        holidays.extend(days.iter().filter(|one| names.binary_search(&one.name.as_str()).is_ok()).cloned());
    }
    holidays
}

fn unscaled(regressor: &Regressor, spec: &ProphetSpec) -> FittedRegressor {
    FittedRegressor {
        name: regressor.name.clone(),
        prior_scale: regressor.prior_scale.unwrap_or(spec.holidays_prior_scale),
        standardize: regressor.standardize,
        mode: regressor.mode.unwrap_or(spec.seasonality_mode),
        mean: 0.0,
        deviation: 1.0,
    }
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
            let timestamps: Vec<i64> = (0..=days * DAY / gap_ms).map(|i| i * gap_ms).collect();
            choose_seasonalities(&timestamps, &ProphetSpec::default()).into_iter().map(|s| s.name).collect()
        };
        assert_eq!(names(730, DAY), ["yearly", "weekly"]);
        assert_eq!(names(729, DAY), ["weekly"]);
        assert_eq!(names(13, DAY), [""; 0]);
        assert_eq!(names(14, DAY / 24), ["weekly", "daily"]);
        assert_eq!(names(1, DAY / 24), [""; 0]);
        assert_eq!(names(1000, 7 * DAY), ["yearly"]);
    }

    #[test]
    fn a_custom_seasonality_comes_first_and_replaces_a_built_in_one_of_its_name() {
        let custom = |name: &str| CustomSeasonality {
            name: name.into(),
            period: 30.5,
            fourier_order: 2,
            prior_scale: None,
            mode: None,
            condition_name: None,
        };
        let timestamps: Vec<i64> = (0..800).map(|day| day * DAY).collect();
        let mut spec =
            ProphetSpec { seasonalities: vec![custom("weekly"), custom("monthly")], ..ProphetSpec::default() };
        let names = |spec: &ProphetSpec| -> Vec<(String, f64)> {
            choose_seasonalities(&timestamps, spec).into_iter().map(|one| (one.name, one.period)).collect()
        };
        let [weekly, monthly, yearly] = ["weekly", "monthly", "yearly"].map(String::from);
        assert_eq!(names(&spec), [(weekly.clone(), 30.5), (monthly.clone(), 30.5), (yearly.clone(), 365.25)]);
        spec.weekly_seasonality = SeasonalityChoice::On;
        assert_eq!(names(&spec), [(weekly, 7.0), (monthly, 30.5), (yearly, 365.25)]);
    }

    #[test]
    fn of_a_country_those_holidays_count_that_occur_in_a_year_of_the_history() {
        let day = |year: i64| (year - 1970) * 366 * DAY;
        let days = [Holiday::new("old", day(1980)), Holiday::new("new", day(1990)), Holiday::new("new", day(1995))];
        let country_holidays =
            Some(CountryHolidays { country: "XX".into(), days: days.into_iter().collect(), until: 2100 });
        let spec = ProphetSpec { country_holidays, ..ProphetSpec::default() };
        let known = known_holidays(&[day(1989), day(1990), day(1991)], &spec);
        assert_eq!(known.iter().map(|one| one.date).collect::<Vec<_>>(), [day(1990), day(1995)]);
    }
}
