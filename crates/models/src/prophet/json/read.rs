//! Prophet's own serialisation, read: as this program writes it, and as Python has written it since 0.7.1.

use super::{
    pandas::{IsoOrMillis, dates_from_split, names_from_split},
    write::Extras,
};
use crate::{
    data::Columns,
    holidays::year_of,
    prophet::{
        CountryHolidays, FitNotes, FittedProphet, FittedRegressor, Growth, History, HistoryRow, Holiday, Holidays,
        LEAST_SIGMA, Mode, Parameters, ProphetSpec, Scaling, Seasonality, SeasonalityChoice, Standardize, Terms,
        scales::constant,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// No season has so many waves, and no holiday so long a window; more would only be meant to fill the memory of whoever
/// forecasts.
const LARGEST_ORDER: usize = 10_000;
const LONGEST_WINDOW: f64 = 1_000.0;

/// The parts of Prophet's serialisation that a forecast depends on.
#[derive(Deserialize)]
struct Saved {
    growth: Growth,
    #[serde(default)]
    specified_changepoints: bool,
    changepoint_range: f64,
    yearly_seasonality: Value,
    weekly_seasonality: Value,
    daily_seasonality: Value,
    #[serde(default)]
    seasonality_mode: Mode,
    #[serde(default)]
    holidays_mode: Option<Mode>,
    seasonality_prior_scale: f64,
    changepoint_prior_scale: f64,
    holidays_prior_scale: f64,
    interval_width: f64,
    uncertainty_samples: Value,
    y_scale: f64,
    #[serde(default)]
    y_min: f64,
    #[serde(default)]
    scaling: Scaling,
    #[serde(default)]
    logistic_floor: bool,
    changepoints: Option<String>,
    history_dates: String,
    start: f64,
    t_scale: f64,
    train_holiday_names: Option<String>,
    holidays: Option<String>,
    country_holidays: Option<String>,
    history: String,
    changepoints_t: Vec<f64>,
    seasonalities: (Vec<String>, Map<String, Value>),
    extra_regressors: (Vec<String>, Map<String, Value>),
    params: SavedParams,
    #[serde(default, rename = "__manyfit")]
    extras: Option<Extras>,
}

#[derive(Deserialize)]
struct SavedParams {
    k: Vec<Vec<f64>>,
    m: Vec<Vec<f64>>,
    delta: Vec<Vec<f64>>,
    sigma_obs: Vec<Vec<f64>>,
    beta: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct SavedSeasonality {
    period: f64,
    fourier_order: usize,
    prior_scale: f64,
    mode: Mode,
    #[serde(default)]
    condition_name: Option<String>,
}

#[derive(Deserialize)]
struct SavedRegressor {
    prior_scale: f64,
    standardize: Value,
    mu: f64,
    std: f64,
    mode: Mode,
}

#[derive(Deserialize)]
struct SavedTable<Row> {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct SavedRow {
    ds: IsoOrMillis,
    y: f64,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Deserialize)]
struct SavedHoliday {
    ds: IsoOrMillis,
    holiday: String,
    #[serde(default)]
    lower_window: Option<f64>,
    #[serde(default)]
    upper_window: Option<f64>,
    #[serde(default)]
    prior_scale: Option<f64>,
}

impl FittedProphet {
    /// Reads Prophet's serialisation, ours or Python's.
    pub fn from_json(content: &[u8]) -> crate::Result<Self> {
        Self::read(content).map_err(crate::Error::Data)
    }

    fn read(content: &[u8]) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| format!("not a Prophet model: {error}");
        // Python's `json.dump(model_to_json(model), file)`, as its documentation had it, is a text within a text.
        let saved: Saved = if content.trim_ascii_start().starts_with(b"\"") {
            let text: String = serde_json::from_slice(content).map_err(wrong)?;
            serde_json::from_str(&text).map_err(wrong)?
        } else {
            serde_json::from_slice(content).map_err(wrong)?
        };
        saved.into_fitted()
    }
}

impl Saved {
    fn into_fitted(self) -> Result<FittedProphet, String> {
        let mut terms = Terms {
            seasonalities: self.seasonalities()?,
            holidays_mode: self.holidays_mode.unwrap_or(self.seasonality_mode),
            regressors: self.regressors()?,
            ..Terms::default()
        };
        let trained = self.train_holiday_names.as_deref().map_or(Ok(Vec::new()), names_from_split)?;
        let mut holidays = self.holidays()?;
        // As in Python, what was no holiday in the history is none in the forecast.
        holidays.retain(|holiday| trained.contains(&holiday.name));
        let names = trained.clone().into_iter();
        terms.set_holidays(holidays.iter(), names, self.holidays_prior_scale);
        // The names stay in the order that the file has.
        let unknown_holidays = self.country_holidays.filter(|_| !trained.is_empty());

        let history: SavedTable<SavedRow> = from_text("history", &self.history)?;
        let conditions = terms.seasonalities.iter().filter_map(|seasonality| seasonality.condition_name.as_deref());
        let regressors = terms.regressors.iter().map(|regressor| regressor.name.as_str());
        let limits = ["floor", "cap"]
            .into_iter()
            .filter(|name| self.growth == Growth::Logistic && (*name == "cap" || self.logistic_floor));
        let mut history_columns = Columns::named(limits.chain(conditions).chain(regressors));
        let mut rows = Vec::with_capacity(history.data.len());
        for SavedRow { ds, y, more } in history.data {
            rows.push(HistoryRow { timestamp: ds.into_millis()?, y });
            let row: Vec<f64> = history_columns.names().iter().map(|name| number(more.get(name))).collect();
            history_columns.push_row(row);
        }
        let changepoints = self.changepoints.as_deref().map_or(Ok(Vec::new()), dates_from_split)?;
        let features = terms.columns();
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
        if parameters.beta.len() != features || parameters.delta.len() != self.changepoints_t.len() || rows.is_empty() {
            return Err("the numbers of parameters, terms and changepoints do not agree".into());
        }
        // A model of Python's holds its whole history, which says whether a limit was the same all along.
        let limit = |name| history_columns.get(name).and_then(constant).filter(|limit| limit.is_finite());
        let extras = self.extras.unwrap_or_else(|| Extras {
            usual_cap: limit("cap"),
            usual_floor: limit("floor"),
            ..Extras::default()
        });
        // What was written before the year was told goes as far as its holidays do.
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
                interval_width: Some(self.interval_width).filter(|width| (0.0..=1.0).contains(width)).ok_or_else(
                    || format!("interval_width is {}: a probability is from 0 to 1", self.interval_width),
                )?,
                // Python allows false for none.
                uncertainty_samples: self.uncertainty_samples.as_u64().unwrap_or(0) as usize,
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
            history: rows,
            history_columns,
            history_dates: dates_from_split(&self.history_dates)?,
            notes: FitNotes::default(),
        })
    }

    fn seasonalities(&self) -> Result<Vec<Seasonality>, String> {
        let (names, entries) = &self.seasonalities;
        let named = |name: &String| {
            let SavedSeasonality { period, fourier_order, prior_scale, mode, condition_name } =
                entry("seasonality", name, entries)?;
            if fourier_order > LARGEST_ORDER {
                return Err(format!(
                    "seasonality {name:?} has the Fourier order {fourier_order}, the limit is {LARGEST_ORDER}"
                ));
            }
            Ok(Seasonality { name: name.clone(), period, fourier_order, prior_scale, mode, condition_name })
        };
        names.iter().map(named).collect()
    }

    fn regressors(&self) -> Result<Vec<FittedRegressor>, String> {
        let (names, entries) = &self.extra_regressors;
        let named = |name: &String| {
            let SavedRegressor { prior_scale, standardize, mu, std, mode } = entry("extra regressor", name, entries)?;
            let standardize = match standardize {
                Value::Bool(true) => Standardize::Always,
                Value::Bool(false) => Standardize::Never,
                _ => Standardize::Auto,
            };
            Ok(FittedRegressor { name: name.clone(), prior_scale, standardize, mode, mean: mu, deviation: std })
        };
        names.iter().map(named).collect()
    }

    fn holidays(&self) -> Result<Vec<Holiday>, String> {
        let Some(table) = &self.holidays else { return Ok(Vec::new()) };
        let table: SavedTable<SavedHoliday> = from_text("holidays", table)?;
        let holiday = |row: SavedHoliday| {
            let [lower, upper] = [row.lower_window, row.upper_window].map(|window| window.unwrap_or(0.0));
            if lower.abs().max(upper.abs()) > LONGEST_WINDOW {
                let name = row.holiday;
                return Err(format!(
                    "the holiday {name:?} reaches from {lower} to {upper} days, the limit is {LONGEST_WINDOW}"
                ));
            }
            Ok(Holiday {
                name: row.holiday,
                date: row.ds.into_millis()?,
                lower_window: lower as i32,
                upper_window: upper as i32,
                prior_scale: row.prior_scale,
            })
        };
        table.data.into_iter().map(holiday).collect()
    }
}

fn from_text<T: DeserializeOwned>(member: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{member}: {error}"))
}

fn entry<T: DeserializeOwned>(kind: &str, name: &str, entries: &Map<String, Value>) -> Result<T, String> {
    let entry = entries.get(name).ok_or_else(|| format!("the {kind} {name:?} is named but not described"))?;
    T::deserialize(entry).map_err(|error| format!("the {kind} {name:?}: {error}"))
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
        return Err(format!(
            "{name} has {} draws: models with MCMC samples are not forecast by this version",
            rows.len()
        ));
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
    // What pandas can write: 292 years before and after 1970.
    if seconds.abs() < 9.3e9 {
        Ok((seconds * 1e3).round() as i64)
    } else {
        Err(format!("{name} is {seconds}: no time that Prophet can write is so far from 1970"))
    }
}
