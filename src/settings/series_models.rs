//! Models of a series from settings: the chosen one, and those that take its place.

use super::{family::Family, lists, reader::Reader, setting::Kind};
use manyfit_models::{
    SeriesSpec,
    baseline::BaselineSpec,
    local::{
        ArimaSpec, CesSpec, EtsModel, EtsSpec, IntermittentSpec, LevelShapeSpec, LocalFamily, LocalSpec, MstlSpec,
        NaiveSpec, ThetaSpec,
    },
    prophet::ProphetSpec,
};

/// Steps of the longest season: seconds of a day.
const LONGEST_SEASON: usize = 100_000;

/// Families that may forecast the values without their seasons.
const ADJUSTED: [Family; 5] = [Family::Ets, Family::Theta, Family::Drift, Family::RandomWalk, Family::WindowAverage];

/// What the specifications of all families are made of.
pub(super) struct SeriesSettings {
    pub(super) prophet: ProphetSpec,
    season_lengths: Vec<usize>,
    adjusted: Family,
    window_size: Option<usize>,
    theta: ThetaSpec,
    ets: EtsSpec,
    ces: CesSpec,
    arima: ArimaSpec,
    tsb: IntermittentSpec,
}

impl SeriesSettings {
    /// Reads the settings of all families that forecast a series; `prophet` are those of Prophet.
    pub(super) fn read(reader: &mut Reader<'_>, prophet: ProphetSpec) -> Self {
        Self {
            prophet,
            season_lengths: reader
                .parse("season_length", |text, setting| lengths(text, setting.kind))
                .unwrap_or_default(),
            adjusted: reader
                .parse("adjusted_model", |text, setting| {
                    let family = Family::parse(text).filter(|family| ADJUSTED.contains(family));
                    family.ok_or_else(|| format!("use {}", setting.kind))
                })
                .expect("it has a default"),
            window_size: reader.optional("window_size"),
            theta: ThetaSpec { model: reader.value("theta_model"), decomposition: reader.value("decomposition") },
            ets: ets(reader),
            ces: CesSpec { model: reader.value("ces_model") },
            arima: ArimaSpec {
                order: reader.parse("order", |text, setting| order(text, setting.kind)),
                seasonal_order: reader.parse("seasonal_order", |text, setting| order(text, setting.kind)),
            },
            tsb: IntermittentSpec::Tsb { alpha_d: reader.value("alpha_d"), alpha_p: reader.value("alpha_p") },
        }
    }

    /// Steps of the season that scales errors, if it is set.
    pub(super) fn season(&self) -> Option<usize> {
        self.season_lengths.first().copied()
    }

    /// The specification of a local model.
    fn local(&self, family: Family) -> Option<LocalFamily> {
        let window_size = self.window_size;
        Some(match family {
            Family::Theta => LocalFamily::Theta(self.theta),
            Family::Ets => LocalFamily::Ets(self.ets.clone()),
            Family::Ces => LocalFamily::Ces(self.ces),
            Family::Arima => LocalFamily::Arima(self.arima),
            Family::LevelShape => LocalFamily::LevelShape(LevelShapeSpec::default()),
            Family::Mstl => {
                LocalFamily::Mstl { decomposition: MstlSpec::default(), adjusted: Box::new(self.local(self.adjusted)?) }
            }
            Family::CrostonClassic => LocalFamily::Intermittent(IntermittentSpec::CrostonClassic),
            Family::CrostonOptimized => LocalFamily::Intermittent(IntermittentSpec::CrostonOptimized),
            Family::CrostonSba => LocalFamily::Intermittent(IntermittentSpec::CrostonSba),
            Family::Tsb => LocalFamily::Intermittent(self.tsb),
            Family::Adida => LocalFamily::Intermittent(IntermittentSpec::Adida),
            Family::Imapa => LocalFamily::Intermittent(IntermittentSpec::Imapa),
            Family::RandomWalk => LocalFamily::Naive(NaiveSpec::RandomWalk),
            Family::Drift => LocalFamily::Naive(NaiveSpec::Drift),
            Family::WindowAverage => LocalFamily::Naive(NaiveSpec::WindowAverage { window_size }),
            Family::SeasonalWindowAverage => LocalFamily::Naive(NaiveSpec::SeasonalWindowAverage { window_size }),
            Family::Prophet
            | Family::Auto
            | Family::SeasonalNaive
            | Family::Mean
            | Family::Regression
            | Family::GradientBoosting
            | Family::RandomForest
            | Family::Ridge => return None,
        })
    }

    /// The specification of a family that forecasts a series.
    pub(super) fn spec(&self, family: Family) -> SeriesSpec {
        let ProphetSpec { interval_width, lower_bound, .. } = self.prophet;
        if let Some(family) = self.local(family) {
            let season_lengths = self.season_lengths.clone();
            return SeriesSpec::Local(LocalSpec { family, season_lengths, interval_width, lower_bound });
        }
        let baseline = match family {
            Family::SeasonalNaive => BaselineSpec::SeasonalNaive,
            Family::Mean => BaselineSpec::Mean,
            _ => return SeriesSpec::Prophet(self.prophet.clone()),
        };
        SeriesSpec::Baseline { baseline, interval_width, lower_bound }
    }
}

/// Exponential smoothing, whose forms `ets_model` names, or `model` itself.
fn ets(reader: &mut Reader<'_>) -> EtsSpec {
    let of_model = reader.parse("model", |text, _| Ok(Family::ets_form(text))).flatten();
    let of_setting = reader.parse("ets_model", |text, _| text.parse::<EtsModel>().map_err(|error| error.to_string()));
    if let (Some(form), Some(other)) = (of_model, of_setting)
        && form != other
    {
        reader.fault(format!("ets_model={other} and model={form} name different forms: leave one out"));
    }
    // As good a member of a combination as all forms, and three times as fast.
    let usual = if reader.family == Family::Auto { EtsModel::Reduced } else { EtsModel::default() };
    let model = of_model.or(of_setting).unwrap_or(usual);
    EtsSpec { model, damped: reader.optional("damped") }
}

/// Lengths of seasons with commas between them, in increasing order.
fn lengths(text: &str, kind: Kind) -> Result<Vec<usize>, String> {
    let length = |item: &String| item.parse().ok().filter(|length| (1..=LONGEST_SEASON).contains(length));
    let lengths: Option<Vec<usize>> = lists::items(text)?.iter().map(length).collect();
    let mut lengths = lengths.ok_or_else(|| format!("use {kind}"))?;
    lengths.sort_unstable();
    lengths.dedup();
    Ok(lengths)
}

/// Three lags or differences with commas between them, perhaps in parentheses.
fn order(text: &str, kind: Kind) -> Result<[usize; 3], String> {
    let inner = text.trim();
    let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
    let numbers: Option<Vec<usize>> = inner.split(',').map(|item| item.trim().parse().ok()).collect();
    let order = numbers.and_then(|numbers| <[usize; 3]>::try_from(numbers).ok());
    order.filter(|order| ArimaSpec::allows(*order)).ok_or_else(|| format!("use {kind}"))
}

/// The families of the settings `fallback` and `candidates`, in their order.
pub(super) fn families(text: &str) -> Result<Vec<Family>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let family = |word: &str| {
        if Family::ets_form(word.trim()).is_some() {
            return Err(format!("{:?} is a form of ets: write ets, and set ets_model to the form", word.trim()));
        }
        let family = Family::parse(word.trim()).filter(|family| !family.is_regression() && *family != Family::Auto);
        family.ok_or_else(|| {
            if Family::parse(word.trim()).is_some_and(Family::is_regression) {
                let word = word.trim();
                return format!(
                    "{word:?} is no single model of a series: model=regression chooses among models of features"
                );
            }
            let single = Family::FORECASTING.iter().filter(|family| **family != Family::Auto);
            let known: Vec<&str> = single.map(|family| family.name()).collect();
            format!("{:?} is no single model of a series; those are {}, or none", word.trim(), known.join(", "))
        })
    };
    text.split(',').map(family).collect()
}
