//! Models of a series from settings: the chosen one, and those that take its place.

use super::{family::Family, reader::Reader};
use manyfit_models::{
    SeriesSpec,
    baseline::BaselineSpec,
    local::{LocalFamily, LocalSpec, NaiveSpec},
    prophet::ProphetSpec,
};

/// What the specifications of all families are made of.
pub(super) struct SeriesSettings {
    pub(super) prophet: ProphetSpec,
    season_length: Option<usize>,
    window_size: Option<usize>,
}

impl SeriesSettings {
    /// Reads the settings of all families that forecast a series; `prophet` are those of Prophet.
    pub(super) fn read(reader: &mut Reader<'_>, prophet: ProphetSpec) -> Self {
        Self { prophet, season_length: reader.optional("season_length"), window_size: reader.optional("window_size") }
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
        match family {
            Family::SeasonalNaive => baseline(BaselineSpec::SeasonalNaive),
            Family::Mean => baseline(BaselineSpec::Mean),
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
