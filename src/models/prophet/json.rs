//! Prophet's own serialisation (`prophet.serialize.model_to_json` of 1.5.0), written and read.
//!
//! With the short history (see [`History::Tail`]) stock Prophet loads the file and forecasts the same:
//! its forecast depends on the parameters and scales, and its future dates on the last dates.

use super::{
    LEAST_SIGMA,
    fitted::{FitNotes, FittedProphet, HistoryRow},
    pandas::{IsoOrMillis, Table, dates_from_split, dates_to_split, write_iso},
    posterior::Parameters,
    spec::{Growth, History, ProphetSpec, Scaling, Seasonality, SeasonalityChoice},
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

/// The version whose format this is; its readers do not compare it.
const PROPHET_VERSION: &str = "1.5.0";

#[derive(Serialize)]
struct Model<'a> {
    growth: Growth,
    n_changepoints: i64,
    specified_changepoints: bool,
    changepoint_range: f64,
    yearly_seasonality: Choice,
    weekly_seasonality: Choice,
    daily_seasonality: Choice,
    seasonality_mode: &'static str,
    seasonality_prior_scale: f64,
    changepoint_prior_scale: f64,
    holidays_prior_scale: f64,
    mcmc_samples: usize,
    interval_width: f64,
    uncertainty_samples: usize,
    y_scale: f64,
    y_min: f64,
    scaling: Scaling,
    logistic_floor: bool,
    country_holidays: Option<()>,
    component_modes: ComponentModes<'a>,
    holidays_mode: &'static str,
    changepoints: String,
    history_dates: String,
    train_holiday_names: Option<()>,
    start: f64,
    t_scale: f64,
    holidays: Option<()>,
    history: String,
    train_component_cols: String,
    changepoints_t: &'a [f64],
    seasonalities: (Vec<&'a str>, InOrder<'a>),
    extra_regressors: ([(); 0], Map<String, Value>),
    fit_kwargs: Map<String, Value>,
    params: Params<'a>,
    #[serde(rename = "__prophet_version")]
    version: &'static str,
}

/// `"auto"`, `true`, `false` or an order.
#[derive(Clone, Copy)]
struct Choice(SeasonalityChoice);

#[derive(Serialize)]
struct ComponentModes<'a> {
    additive: Vec<&'a str>,
    multiplicative: [&'static str; 2],
}

/// An object with its keys in the order of the coefficients.
struct InOrder<'a>(&'a [Seasonality]);

#[derive(Serialize)]
struct SeasonalityEntry {
    period: f64,
    fourier_order: usize,
    prior_scale: f64,
    mode: &'static str,
    condition_name: Option<()>,
}

#[derive(Serialize)]
struct Params<'a> {
    k: [[f64; 1]; 1],
    m: [[f64; 1]; 1],
    delta: [&'a [f64]; 1],
    sigma_obs: [[f64; 1]; 1],
    beta: [&'a [f64]; 1],
    trend: [Vec<f64>; 1],
}

#[derive(Serialize)]
struct HistoryEntry {
    ds: String,
    y: f64,
    floor: f64,
    t: f64,
    y_scaled: f64,
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            SeasonalityChoice::Auto => serializer.serialize_str("auto"),
            SeasonalityChoice::On => serializer.serialize_bool(true),
            SeasonalityChoice::Off => serializer.serialize_bool(false),
            SeasonalityChoice::Order(order) => serializer.serialize_u64(order as u64),
        }
    }
}

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for &Seasonality { ref name, period, fourier_order, prior_scale } in self.0 {
            let entry = SeasonalityEntry { period, fourier_order, prior_scale, mode: "additive", condition_name: None };
            map.serialize_entry(name, &entry)?;
        }
        map.end()
    }
}

impl FittedProphet {
    /// The model as Python Prophet serialises it.
    pub(in crate::models) fn to_json(&self) -> Vec<u8> {
        let spec = &self.spec;
        let names: Vec<&str> = self.seasonalities.iter().map(|seasonality| seasonality.name.as_str()).collect();
        let mut additive = names.clone();
        additive.extend(["additive_terms", "extra_regressors_additive", "holidays"]);
        // Prophet fits a column of zeros where there is no feature.
        let no_feature = [0.0];
        let beta = &self.parameters.beta;
        let model = Model {
            growth: spec.growth,
            n_changepoints: self.changepoints.len() as i64,
            specified_changepoints: false,
            changepoint_range: spec.changepoint_range,
            yearly_seasonality: Choice(spec.yearly_seasonality),
            weekly_seasonality: Choice(spec.weekly_seasonality),
            daily_seasonality: Choice(spec.daily_seasonality),
            seasonality_mode: "additive",
            seasonality_prior_scale: spec.seasonality_prior_scale,
            changepoint_prior_scale: spec.changepoint_prior_scale,
            holidays_prior_scale: 10.0,
            mcmc_samples: 0,
            interval_width: spec.interval_width,
            uncertainty_samples: spec.uncertainty_samples,
            y_scale: self.y_scale,
            y_min: self.floor,
            scaling: spec.scaling,
            logistic_floor: false,
            country_holidays: None,
            component_modes: ComponentModes {
                additive,
                multiplicative: ["multiplicative_terms", "extra_regressors_multiplicative"],
            },
            holidays_mode: "additive",
            changepoints: dates_to_split(self.changepoint_rows.iter().copied(), &self.changepoints),
            history_dates: dates_to_split(0.., &self.history_dates),
            train_holiday_names: None,
            start: self.start as f64 / 1e3,
            t_scale: self.t_scale as f64 / 1e3,
            holidays: None,
            history: self.history_table(),
            train_component_cols: self.component_columns(),
            changepoints_t: &self.changepoints_t,
            seasonalities: (names, InOrder(&self.seasonalities)),
            extra_regressors: ([], Map::new()),
            fit_kwargs: Map::new(),
            params: Params {
                k: [[self.parameters.k]],
                m: [[self.parameters.m]],
                delta: [&self.parameters.delta],
                sigma_obs: [[self.parameters.sigma]],
                beta: [if beta.is_empty() { &no_feature } else { beta }],
                trend: [self.history.iter().map(|row| self.scaled_trend(self.scaled_time(row.timestamp))).collect()],
            },
            version: PROPHET_VERSION,
        };
        serde_json::to_vec(&model).expect("plain data has a JSON form")
    }

    fn history_table(&self) -> String {
        let columns =
            [("ds", "datetime"), ("y", "number"), ("floor", "number"), ("t", "number"), ("y_scaled", "number")];
        let rows = self.history.iter().map(|row| {
            let mut ds = String::with_capacity(23);
            write_iso(row.timestamp, &mut ds);
            let y_scaled = (row.y - self.floor) / self.y_scale;
            HistoryEntry { ds, y: row.y, floor: self.floor, t: self.scaled_time(row.timestamp), y_scaled }
        });
        Table::new(columns.into_iter(), rows.collect()).to_json()
    }

    /// Which component each coefficient belongs to: a row per coefficient, a column per component.
    fn component_columns(&self) -> String {
        let mut names: Vec<&str> = self.seasonalities.iter().map(|seasonality| seasonality.name.as_str()).collect();
        names.sort_unstable();
        let row = |member: Option<&str>| -> Map<String, Value> {
            let indicator = |yes: bool| Value::from(u8::from(yes));
            std::iter::once(("additive_terms".to_owned(), indicator(member.is_some())))
                .chain(names.iter().map(|name| ((*name).to_owned(), indicator(member == Some(*name)))))
                .chain([("multiplicative_terms".to_owned(), indicator(false))])
                .collect()
        };
        // The coefficients of a seasonality have the same row.
        let members: Vec<_> = if self.seasonalities.is_empty() {
            vec![(row(None), 1)]
        } else {
            self.seasonalities.iter().map(|s| (row(Some(&s.name)), 2 * s.fourier_order)).collect()
        };
        let rows = members.iter().flat_map(|(row, coefficients)| std::iter::repeat_n(row, *coefficients)).collect();
        let columns = ["additive_terms"].into_iter().chain(names.iter().copied()).chain(["multiplicative_terms"]);
        Table::new(columns.map(|name| (name, "integer")), rows).to_json()
    }

    /// Reads Prophet's serialisation, ours or Python's.
    pub(in crate::models) fn from_json(content: &[u8]) -> Result<Self, String> {
        let saved: Saved = serde_json::from_slice(content).map_err(|error| format!("not a Prophet model: {error}"))?;
        saved.into_fitted()
    }
}

/// The parts of Prophet's serialisation that a forecast depends on.
#[derive(Deserialize)]
struct Saved {
    growth: String,
    changepoint_range: f64,
    yearly_seasonality: Value,
    weekly_seasonality: Value,
    daily_seasonality: Value,
    seasonality_prior_scale: f64,
    changepoint_prior_scale: f64,
    interval_width: f64,
    uncertainty_samples: Value,
    y_scale: f64,
    #[serde(default)]
    y_min: f64,
    #[serde(default)]
    scaling: Scaling,
    changepoints: Option<String>,
    history_dates: String,
    start: f64,
    t_scale: f64,
    holidays: Option<String>,
    country_holidays: Option<String>,
    history: String,
    changepoints_t: Vec<f64>,
    seasonalities: (Vec<String>, Map<String, Value>),
    extra_regressors: (Vec<String>, Value),
    params: SavedParams,
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
    mode: String,
    #[serde(default)]
    condition_name: Option<String>,
}

#[derive(Deserialize)]
struct SavedTable {
    data: Vec<SavedRow>,
}

#[derive(Deserialize)]
struct SavedRow {
    ds: IsoOrMillis,
    y: f64,
}

impl Saved {
    fn into_fitted(self) -> Result<FittedProphet, String> {
        let unsupported = |what: &str| Err(format!("the model has {what}, which this version does not forecast"));
        let growth = match self.growth.as_str() {
            "linear" => Growth::Linear,
            "flat" => Growth::Flat,
            other => return unsupported(&format!("{other} growth")),
        };
        if self.holidays.is_some() || self.country_holidays.is_some() {
            return unsupported("holidays");
        }
        if !self.extra_regressors.0.is_empty() {
            return unsupported("extra regressors");
        }
        let (names, mut entries) = self.seasonalities;
        let mut seasonalities = Vec::with_capacity(names.len());
        for name in names {
            let entry =
                entries.remove(&name).ok_or_else(|| format!("seasonality {name:?} is named but not described"))?;
            let entry: SavedSeasonality =
                serde_json::from_value(entry).map_err(|error| format!("seasonality {name:?}: {error}"))?;
            if entry.mode != "additive" {
                return unsupported(&format!("{} seasonality", entry.mode));
            }
            if entry.condition_name.is_some() {
                return unsupported("conditional seasonality");
            }
            let SavedSeasonality { period, fourier_order, prior_scale, .. } = entry;
            seasonalities.push(Seasonality { name, period, fourier_order, prior_scale });
        }
        let history: SavedTable = serde_json::from_str(&self.history).map_err(|error| format!("history: {error}"))?;
        let history: Vec<HistoryRow> = history
            .data
            .into_iter()
            .map(|row| Ok(HistoryRow { timestamp: row.ds.into_millis()?, y: row.y }))
            .collect::<Result<_, String>>()?;
        let changepoints = self.changepoints.as_deref().map_or(Ok(Vec::new()), dates_from_split)?;
        let features: usize = seasonalities.iter().map(|seasonality| 2 * seasonality.fourier_order).sum();
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
        if parameters.beta.len() != features
            || parameters.delta.len() != self.changepoints_t.len()
            || history.is_empty()
        {
            return Err("the numbers of parameters, seasonality terms and changepoints do not agree".into());
        }
        Ok(FittedProphet {
            spec: ProphetSpec {
                growth,
                n_changepoints: changepoints.len(),
                changepoint_range: self.changepoint_range,
                changepoint_prior_scale: self.changepoint_prior_scale,
                yearly_seasonality: choice(&self.yearly_seasonality),
                weekly_seasonality: choice(&self.weekly_seasonality),
                daily_seasonality: choice(&self.daily_seasonality),
                seasonality_prior_scale: self.seasonality_prior_scale,
                scaling: self.scaling,
                interval_width: self.interval_width,
                // Python allows false for none.
                uncertainty_samples: self.uncertainty_samples.as_u64().unwrap_or(0) as usize,
                history: History::Full,
            },
            seasonalities,
            changepoint_rows: (0..changepoints.len()).collect(),
            changepoints,
            changepoints_t: self.changepoints_t,
            start: (self.start * 1e3).round() as i64,
            t_scale: (self.t_scale * 1e3).round() as i64,
            floor: if self.scaling == Scaling::Minmax { self.y_min } else { 0.0 },
            y_scale: self.y_scale,
            parameters,
            history,
            history_dates: dates_from_split(&self.history_dates)?,
            notes: FitNotes::default(),
        })
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
