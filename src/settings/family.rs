//! The families of models.

use manyfit_models::local::EtsModel;

/// A family of models, by its word in the setting `model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Prophet.
    Prophet,
    /// The best of several, or a combination of them.
    Auto,
    /// The theta family.
    Theta,
    /// Exponential smoothing; its forms, such as MAdM, are words for it too.
    Ets,
    /// Complex exponential smoothing.
    Ces,
    /// Seasonal ARIMA.
    Arima,
    /// Levels of seasons times their shape.
    LevelShape,
    /// Several seasons, and another model of the rest.
    Mstl,
    /// Croston's method.
    CrostonClassic,
    /// Croston's method with smoothing parameters of its own.
    CrostonOptimized,
    /// Croston's method with the correction of Syntetos and Boylan.
    CrostonSba,
    /// The method of Teunter, Syntetos and Babai.
    Tsb,
    /// Sums over as many steps as lie between demands.
    Adida,
    /// The mean of the forecasts of sums over fewer steps.
    Imapa,
    /// The last value.
    RandomWalk,
    /// The last value, and the mean change of the history for each step.
    Drift,
    /// The mean of the last values.
    WindowAverage,
    /// The mean of the last seasons.
    SeasonalWindowAverage,
    /// The value one season ago.
    SeasonalNaive,
    /// The mean of the history.
    Mean,
    /// The best of several models of a table of features.
    Regression,
    /// Gradient boosting, as XGBoost.
    GradientBoosting,
    /// A random forest, as scikit-learn's.
    RandomForest,
    /// Ridge regression, as scikit-learn's.
    Ridge,
}

/// Other words for a family.
const ALIASES: [(&str, Family); 5] = [
    ("flair", Family::LevelShape),
    ("naive", Family::RandomWalk),
    ("croston", Family::CrostonClassic),
    ("boosting", Family::GradientBoosting),
    ("forest", Family::RandomForest),
];

impl Family {
    /// Every family, in the order of documentation.
    pub const ALL: [Self; 24] = [
        Self::Prophet,
        Self::Auto,
        Self::Theta,
        Self::Ets,
        Self::Ces,
        Self::Arima,
        Self::LevelShape,
        Self::Mstl,
        Self::CrostonClassic,
        Self::CrostonOptimized,
        Self::CrostonSba,
        Self::Tsb,
        Self::Adida,
        Self::Imapa,
        Self::RandomWalk,
        Self::Drift,
        Self::WindowAverage,
        Self::SeasonalWindowAverage,
        Self::SeasonalNaive,
        Self::Mean,
        Self::Regression,
        Self::GradientBoosting,
        Self::RandomForest,
        Self::Ridge,
    ];

    /// Those that forecast a series, which come first.
    pub(super) const FORECASTING: &[Self] = Self::ALL.split_at(Self::ALL.len() - 4).0;

    /// Their names, in the same order.
    pub const NAMES: &[&str] = &[
        "prophet",
        "auto",
        "theta",
        "ets",
        "ces",
        "arima",
        "level-shape",
        "mstl",
        "croston-classic",
        "croston-optimized",
        "croston-sba",
        "tsb",
        "adida",
        "imapa",
        "random-walk",
        "drift",
        "window-average",
        "seasonal-window-average",
        "seasonal-naive",
        "mean",
        "regression",
        "gradient-boosting",
        "random-forest",
        "ridge",
    ];

    /// The word of the setting `model`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The family of this word, in any case, with `-` or `_`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.replace('_', "-");
        let named = Self::ALL.into_iter().map(|family| (family.name(), family)).chain(ALIASES);
        let family = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&word)).map(|(_, family)| family);
        family.or_else(|| Self::ets_form(&word).map(|_| Self::Ets))
    }

    /// The forms of exponential smoothing that a word means: ZZZ, MAdM, ….
    pub(super) fn ets_form(word: &str) -> Option<EtsModel> {
        word.parse().ok().filter(|model| matches!(model, EtsModel::Letters { .. }))
    }

    /// Whether it predicts from features instead of forecasting a series.
    #[must_use]
    pub const fn is_regression(self) -> bool {
        matches!(self, Self::Regression | Self::GradientBoosting | Self::RandomForest | Self::Ridge)
    }

    /// Whether settings of these families are accepted. Families that forecast a series accept those of each other, since overrides
    /// may choose another one for some customers, and `fallback` for those that this one cannot be fitted to.
    pub(super) fn accepts(self, owners: &[Self]) -> bool {
        owners.iter().any(|owner| *owner == self || (!self.is_regression() && !owner.is_regression()))
    }
}
