//! Models of a series from settings: the chosen one, and those that take its place.

use super::{family::Family, reader::Reader};
use manyfit_models::{
    SeriesSpec,
    baseline::BaselineSpec,
    local::{IntermittentSpec, LocalFamily, LocalSpec, NaiveSpec, ThetaSpec},
    prophet::ProphetSpec,
};

/// What the specifications of all families are made of.
pub(super) struct SeriesSettings {
    pub(super) prophet: ProphetSpec,
    season_length: Option<usize>,
    window_size: Option<usize>,
    theta: ThetaSpec,
    tsb: IntermittentSpec,
}

impl SeriesSettings {
    /// Reads the settings of all families that forecast a series; `prophet` are those of Prophet.
    pub(super) fn read(reader: &mut Reader<'_>, prophet: ProphetSpec) -> Self {
        Self {
            prophet,
            season_length: reader.optional("season_length"),
            window_size: reader.optional("window_size"),
            theta: ThetaSpec { model: reader.value("theta_model"), decomposition: reader.value("decomposition") },
            tsb: IntermittentSpec::Tsb { alpha_d: reader.value("alpha_d"), alpha_p: reader.value("alpha_p") },
        }
    }

    /// The specification of a family that forecasts a series.
    pub(super) fn spec(&self, family: Family) -> SeriesSpec {
        let window_size = self.window_size;
        let ProphetSpec { interval_width, lower_bound, .. } = self.prophet;
        let baseline = |baseline| SeriesSpec::Baseline { baseline, interval_width, lower_bound };
        let local = |family| {
            let season_length = self.season_length;
            SeriesSpec::Local(LocalSpec { family, season_length, interval_width, lower_bound })
        };
        let naive = |spec| local(LocalFamily::Naive(spec));
        let intermittent = |spec| local(LocalFamily::Intermittent(spec));
        match family {
            Family::SeasonalNaive => baseline(BaselineSpec::SeasonalNaive),
            Family::Mean => baseline(BaselineSpec::Mean),
            Family::Theta => local(LocalFamily::Theta(self.theta)),
            Family::CrostonClassic => intermittent(IntermittentSpec::CrostonClassic),
            Family::CrostonOptimized => intermittent(IntermittentSpec::CrostonOptimized),
            Family::CrostonSba => intermittent(IntermittentSpec::CrostonSba),
            Family::Tsb => intermittent(self.tsb),
            Family::Adida => intermittent(IntermittentSpec::Adida),
            Family::Imapa => intermittent(IntermittentSpec::Imapa),
            Family::RandomWalk => naive(NaiveSpec::RandomWalk),
            Family::Drift => naive(NaiveSpec::Drift),
            Family::WindowAverage => naive(NaiveSpec::WindowAverage { window_size }),
            Family::SeasonalWindowAverage => naive(NaiveSpec::SeasonalWindowAverage { window_size }),
            Family::Prophet | Family::GradientBoosting | Family::RandomForest | Family::Ridge => {
                SeriesSpec::Prophet(self.prophet.clone())
            }
        }
    }
}

/// The families of the setting `fallback`, in their order.
pub(super) fn fallbacks(text: &str) -> Result<Vec<Family>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let family = |word: &str| {
        let family = Family::parse(word.trim()).filter(|family| !family.is_regression());
        family.ok_or_else(|| {
            let known: Vec<&str> = Family::forecasting().map(Family::name).collect();
            format!(
                "{:?} is no model of a series; those are {}, or none for no fallback",
                word.trim(),
                known.join(", ")
            )
        })
    };
    text.split(',').map(family).collect()
}
