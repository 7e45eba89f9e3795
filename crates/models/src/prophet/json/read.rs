//! Reading a model, whether this program or Python Prophet since 0.7.1 wrote it.

use super::{
    model::{Entries, Extras, HistoryEntry, HolidayEntry, Model, Named, RegressorEntry},
    pandas::{TOO_FAR, Table, Timestamp, read, read_series},
};
use crate::{
    Error, Result,
    data::Columns,
    holidays::year_of,
    prophet::{
        CountryHolidays, FitNotes, FittedProphet, FittedRegressor, Growth, History, HistoryRow, Holiday, Holidays,
        LEAST_SIGMA, Parameters, ProphetSpec, Scaling, Seasonality, SeasonalityChoice, Standardize, Terms,
        scales::constant,
    },
};
use serde_json::{Number, Value};

/// No real seasonality has a larger order, and no holiday a longer window: a larger number could exhaust the memory of a forecast.
const LARGEST_ORDER: usize = 10_000;
const LONGEST_WINDOW: f64 = 1_000.0;
/// The days of all holidays with their windows: those of 100 holidays a year with a week each over 1,000 years.
const MOST_HOLIDAY_DAYS: f64 = 1e6;
/// Simulated futures, all of which are in memory at once: as many as the setting allows.
const MOST_SAMPLES: u64 = 1_000_000;
/// Columns of seasonalities, holidays and regressors: a forecast has that many numbers for each of its dates.
const MOST_COLUMNS: usize = 100_000;

impl FittedProphet {
    /// Reads Prophet's serialisation, ours or Python's.
    pub fn from_json(content: &[u8]) -> Result<Self> {
        let wrong = |error: serde_json::Error| Error::Data(format!("not a Prophet model: {error}"));
        // Python's `json.dump(model_to_json(model), file)`, which its documentation once recommended, nests the text in a text.
        let model: Model = if content.trim_ascii_start().starts_with(b"\"") {
            let text: String = serde_json::from_slice(content).map_err(wrong)?;
            serde_json::from_str(&text).map_err(wrong)?
        } else {
            serde_json::from_slice(content).map_err(wrong)?
        };
        model.into_fitted().map_err(Error::Data)
    }
}

impl Model {
    fn into_fitted(self) -> Result<FittedProphet, String> {
        self.check_scales()?;
        let uncertainty_samples = self.uncertainty_samples()?;
        let mut terms = Terms {
            seasonalities: in_order("seasonality", self.seasonalities, seasonality)?,
            holidays_mode: self.holidays_mode.unwrap_or(self.seasonality_mode),
            regressors: in_order("extra regressor", self.extra_regressors, regressor)?,
            ..Terms::default()
        };
        let names = self.train_holiday_names.as_deref();
        let trained: Vec<String> = names.map_or(Ok(Vec::new()), |text| read_series("train_holiday_names", text))?;
        let mut holidays = self.holidays.as_deref().map_or(Ok(Vec::new()), read_holidays)?;
        // As in Python, a holiday that did not occur in the history has no effect on the forecast.
        holidays.retain(|holiday| trained.contains(&holiday.name));
        let unknown_holidays = self.country_holidays.filter(|_| !trained.is_empty());
        terms.set_holidays(holidays.iter(), trained.into_iter(), self.holidays_prior_scale);

        let table: Table<'_, HistoryEntry> = read("history", &self.history)?;
        let regressors = terms.regressors.iter().map(|regressor| regressor.name.as_str());
        let limits = ["floor", "cap"]
            .into_iter()
            .filter(|name| self.growth == Growth::Logistic && (*name == "cap" || self.logistic_floor));
        let mut history_columns = Columns::named(limits.chain(terms.conditions()).chain(regressors));
        let mut history = Vec::with_capacity(table.data.len());
        for HistoryEntry { ds: Timestamp(timestamp), y, more, .. } in table.data {
            history.push(HistoryRow { timestamp, y });
            let row: Vec<f64> = history_columns.names().iter().map(|name| number(more.get(name))).collect();
            history_columns.push_row(row);
        }
        let changepoints = self.changepoints.as_deref().map_or(Ok(Vec::new()), |text| dates("changepoints", text))?;
        let features = bounded_columns(&terms)?;
        let mut beta = flat("beta", self.params.beta)?;
        if features == 0 {
            beta.clear();
        }
        let parameters = Parameters {
            k: single("k", self.params.k)?,
            m: single("m", self.params.m)?,
            delta: flat("delta", self.params.delta)?,
            beta,
            sigma: single("sigma_obs", self.params.sigma_obs)?.max(LEAST_SIGMA),
        };
        let changes = self.changepoints_t.len();
        if parameters.beta.len() != features || parameters.delta.len() != changes || history.is_empty() {
            return Err("the numbers of parameters, terms and changepoints do not agree".into());
        }
        // A model of Python's holds its whole history, which shows whether a limit was constant.
        let limit = |name| history_columns.get(name).and_then(constant).filter(|limit| limit.is_finite());
        let extras = self.extras.unwrap_or_else(|| Extras {
            usual_cap: limit("cap"),
            usual_floor: limit("floor"),
            ..Extras::default()
        });
        // Files that do not state the year go as far as their holidays do.
        let until =
            extras.holidays_until.or_else(|| holidays.iter().map(|day| year_of(day.date)).max()).unwrap_or(i32::MAX);
        Ok(FittedProphet {
            spec: ProphetSpec {
                growth: self.growth,
                n_changepoints: changepoints.len(),
                changepoint_range: self.changepoint_range,
                changepoint_prior_scale: self.changepoint_prior_scale,
                yearly_seasonality: choice(&self.yearly_seasonality),
                weekly_seasonality: choice(&self.weekly_seasonality),
                daily_seasonality: choice(&self.daily_seasonality),
                seasonality_prior_scale: self.seasonality_prior_scale,
                scaling: self.scaling,
                interval_width: self.interval_width,
                uncertainty_samples,
                history: History::Full,
                changepoints: self.specified_changepoints.then(|| changepoints.clone()),
                seasonality_mode: self.seasonality_mode,
                holidays_prior_scale: self.holidays_prior_scale,
                holidays_mode: Some(terms.holidays_mode),
                cap: extras.cap,
                floor: extras.floor,
                lower_bound: extras.lower_bound,
                // Their days are among the holidays of the file.
                country_holidays: extras.country_holidays.map(|country| CountryHolidays {
                    country,
                    days: Holidays::default(),
                    until,
                }),
                ..ProphetSpec::default()
            },
            terms,
            holidays,
            unknown_holidays,
            changepoint_rows: (0..changepoints.len()).collect(),
            changepoints,
            changepoints_t: self.changepoints_t,
            start: milliseconds("start", self.start)?,
            t_scale: milliseconds("t_scale", self.t_scale)?,
            floor: if self.scaling == Scaling::Minmax || self.logistic_floor { self.y_min } else { 0.0 },
            y_scale: self.y_scale,
            logistic_floor: self.logistic_floor,
            usual_cap: extras.usual_cap,
            usual_floor: extras.usual_floor,
            parameters,
            history,
            history_columns,
            history_dates: dates("history_dates", &self.history_dates)?,
            notes: FitNotes::default(),
        })
    }

    fn check_scales(&self) -> Result<(), String> {
        for (name, scale) in [("t_scale", self.t_scale), ("y_scale", self.y_scale)] {
            if scale <= 0.0 {
                return Err(format!("{name} is {scale}: what values are divided by must be positive"));
            }
        }
        // It is kept in whole milliseconds.
        if milliseconds("t_scale", self.t_scale)? == 0 {
            return Err(format!("t_scale is {} s: the history must span a millisecond or more", self.t_scale));
        }
        if !(0.0..=1.0).contains(&self.interval_width) {
            return Err(format!("interval_width is {}: a probability is from 0 to 1", self.interval_width));
        }
        Ok(())
    }

    /// The number of simulated futures; Python allows false for none.
    fn uncertainty_samples(&self) -> Result<usize, String> {
        match self.uncertainty_samples.as_u64().unwrap_or(0) {
            samples @ 0..=MOST_SAMPLES => Ok(samples as usize),
            samples => Err(format!("uncertainty_samples is {samples}, the limit is {MOST_SAMPLES}")),
        }
    }
}

fn bounded_columns(terms: &Terms) -> Result<usize, String> {
    match terms.columns() {
        columns @ 0..=MOST_COLUMNS => Ok(columns),
        columns => Err(format!("the terms have {columns} columns, the limit is {MOST_COLUMNS}")),
    }
}

/// The entries in the order of their coefficients.
fn in_order<T, R>(
    kind: &str,
    (names, Named(entries)): Entries<T>,
    read: impl Fn(String, &T) -> Result<R, String>,
) -> Result<Vec<R>, String> {
    let entry = |name: String| match entries.binary_search_by(|(known, _)| known.cmp(&name)) {
        Ok(at) => read(name, &entries[at].1),
        Err(_) => Err(format!("the {kind} {name:?} is named but not described")),
    };
    names.into_iter().map(entry).collect()
}

fn seasonality(name: String, entry: &Seasonality) -> Result<Seasonality, String> {
    let order = entry.fourier_order;
    if order > LARGEST_ORDER {
        return Err(format!("seasonality {name:?} has the Fourier order {order}, the limit is {LARGEST_ORDER}"));
    }
    Ok(Seasonality { name, ..entry.clone() })
}

#[expect(clippy::unnecessary_wraps, reason = "a reader of entries, as the others are")]
fn regressor(name: String, entry: &RegressorEntry) -> Result<FittedRegressor, String> {
    let &RegressorEntry { prior_scale, ref standardize, mu: mean, std: deviation, mode, .. } = entry;
    let standardize = match standardize {
        Value::Bool(true) => Standardize::Always,
        Value::Bool(false) => Standardize::Never,
        _ => Standardize::Auto,
    };
    Ok(FittedRegressor { name, prior_scale, standardize, mode, mean, deviation })
}

fn read_holidays(text: &str) -> Result<Vec<Holiday>, String> {
    let table: Table<'_, HolidayEntry> = read("holidays", text)?;
    let holiday = |HolidayEntry { ds: Timestamp(date), holiday: name, lower_window, upper_window, prior_scale }| {
        let days = |window: Option<Number>| window.and_then(|days| days.as_f64()).unwrap_or(0.0);
        let (lower, upper) = (days(lower_window), days(upper_window));
        if lower.abs().max(upper.abs()) > LONGEST_WINDOW {
            return Err(format!(
                "the holiday {name:?} reaches from {lower} to {upper} days, the limit is {LONGEST_WINDOW}"
            ));
        }
        Ok(Holiday { name, date, lower_window: lower as i32, upper_window: upper as i32, prior_scale })
    };
    let holidays = table.data.into_iter().map(holiday).collect::<Result<Vec<_>, _>>()?;
    let days = |holiday: &Holiday| f64::from(holiday.upper_window) - f64::from(holiday.lower_window) + 1.0;
    let days: f64 = holidays.iter().map(days).sum();
    if days > MOST_HOLIDAY_DAYS {
        return Err(format!("the holidays have {days} days with their windows, the limit is {MOST_HOLIDAY_DAYS}"));
    }
    Ok(holidays)
}

fn dates(member: &str, text: &str) -> Result<Vec<i64>, String> {
    Ok(read_series(member, text)?.into_iter().map(|Timestamp(date)| date).collect())
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Bool(value)) => f64::from(u8::from(*value)),
        Some(value) => value.as_f64().unwrap_or(f64::NAN),
        None => f64::NAN,
    }
}

fn choice(value: &Value) -> SeasonalityChoice {
    match value {
        Value::Bool(true) => SeasonalityChoice::On,
        Value::Bool(false) => SeasonalityChoice::Off,
        Value::Number(order) => SeasonalityChoice::Order(order.as_u64().unwrap_or(0) as usize),
        _ => SeasonalityChoice::Auto,
    }
}

/// The single draw of a vector parameter, which Python writes as one row or as one column.
fn flat(name: &str, rows: Vec<Vec<f64>>) -> Result<Vec<f64>, String> {
    if rows.len() > 1 && rows[0].len() > 1 {
        let draws = rows.len();
        return Err(format!("{name} has {draws} draws: models with MCMC samples are not supported"));
    }
    Ok(rows.into_iter().flatten().collect())
}

fn single(name: &str, rows: Vec<Vec<f64>>) -> Result<f64, String> {
    match flat(name, rows)?[..] {
        [value] => Ok(value),
        ref values => Err(format!("{name} has {} values instead of one", values.len())),
    }
}

/// Seconds of a file as milliseconds.
fn milliseconds(name: &str, seconds: f64) -> Result<i64, String> {
    // pandas' range: 292 years before and after 1970.
    if seconds.abs() < 9.3e9 {
        Ok((seconds * 1e3).round() as i64)
    } else {
        Err(format!("{name} is {seconds}: {TOO_FAR}"))
    }
}
