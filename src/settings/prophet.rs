//! The settings of Prophet.

use super::text::{self, Text};
use crate::models::prophet::{Growth, History, ProphetSpec, Scaling, SeasonalityChoice};

/// Settings of Prophet that are known and not followed, with the reason.
const REFUSED: &[(&[&str], &str)] = &[
    (&["holidays", "country_holidays", "holidays_prior_scale", "holidays_mode"], "holidays are not supported yet"),
    (&["regressors", "extra_regressors"], "extra regressors are not supported yet"),
    (&["cap", "floor"], "they belong to logistic growth, which is not supported yet"),
    (&["changepoints"], "explicit changepoints are not supported yet; n_changepoints and changepoint_range are"),
    (&["stan_backend"], "there is no Stan here"),
];

/// Reads them.
pub(super) fn read(text: &mut Text<'_>) -> ProphetSpec {
    let default = ProphetSpec::default();
    for (names, reason) in REFUSED {
        for name in *names {
            text.refuse(name, reason);
        }
    }
    // Beyond these bounds a prior says nothing or leaves nothing, and its precision is lost to rounding.
    let scale = |text: &str| text::number(text, |x| (1e-9..=1e9).contains(&x), "use a number from 1e-9 to 1e9");
    let share = |text: &str| text::number(text, |x| x > 0.0 && x < 1.0, "use a number between 0 and 1");
    text.only("mcmc_samples", "0", "manyfit finds the optimum of the posterior and does not sample it");
    text.only("seasonality_mode", "additive", "multiplicative seasonality is not supported yet");
    if text.is("growth", "logistic") {
        text.refuse("growth", "logistic growth is not supported yet; linear and flat are");
    }
    ProphetSpec {
        growth: text.choice("growth", &[("linear", Growth::Linear), ("flat", Growth::Flat)]),
        n_changepoints: text.value("n_changepoints", default.n_changepoints, |text| text::integer(text, 0..=1_000)),
        changepoint_range: text.value("changepoint_range", default.changepoint_range, |text| {
            text::number(text, |x| (0.0..=1.0).contains(&x), "use a number from 0 to 1")
        }),
        changepoint_prior_scale: text.value("changepoint_prior_scale", default.changepoint_prior_scale, scale),
        yearly_seasonality: text.value("yearly_seasonality", SeasonalityChoice::Auto, seasonality),
        weekly_seasonality: text.value("weekly_seasonality", SeasonalityChoice::Auto, seasonality),
        daily_seasonality: text.value("daily_seasonality", SeasonalityChoice::Auto, seasonality),
        seasonality_prior_scale: text.value("seasonality_prior_scale", default.seasonality_prior_scale, scale),
        scaling: text.choice("scaling", &[("absmax", Scaling::Absmax), ("minmax", Scaling::Minmax)]),
        interval_width: text.value("interval_width", default.interval_width, share),
        uncertainty_samples: text
            .value("uncertainty_samples", default.uncertainty_samples, |text| text::integer(text, 0..=1_000_000)),
        history: text.choice("history", &[("tail", History::Tail), ("full", History::Full)]),
        ..default
    }
}

fn seasonality(text: &str) -> Result<SeasonalityChoice, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(SeasonalityChoice::Auto);
    }
    // As in Python, 1 is an order, and 0 is none.
    match (text::integer(text, 0..=100), text::boolean(text)) {
        (Ok(0), _) | (Err(_), Ok(false)) => Ok(SeasonalityChoice::Off),
        (Ok(order), _) => Ok(SeasonalityChoice::Order(order)),
        (_, Ok(true)) => Ok(SeasonalityChoice::On),
        _ => Err("use auto, true, false or a Fourier order from 1 to 100".into()),
    }
}
