//! The families of models.

/// A family of models, by its word in the setting `model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Prophet.
    Prophet,
    /// The value one season ago.
    SeasonalNaive,
    /// The mean of the history.
    Mean,
    /// Gradient boosting, as XGBoost.
    GradientBoosting,
    /// A random forest, as scikit-learn's.
    RandomForest,
    /// Ridge regression, as scikit-learn's.
    Ridge,
}

impl Family {
    /// Every family, in the order of documentation.
    pub const ALL: [Self; 6] =
        [Self::Prophet, Self::SeasonalNaive, Self::Mean, Self::GradientBoosting, Self::RandomForest, Self::Ridge];

    /// Their names, in the same order.
    pub const NAMES: &[&str] = &["prophet", "seasonal-naive", "mean", "gradient-boosting", "random-forest", "ridge"];

    /// The word of the setting `model`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The family of this word, in any case, with `-` or `_`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.replace('_', "-");
        Self::ALL.into_iter().find(|family| family.name().eq_ignore_ascii_case(&word))
    }

    /// Whether it predicts from features instead of forecasting a series.
    #[must_use]
    pub const fn is_regression(self) -> bool {
        matches!(self, Self::GradientBoosting | Self::RandomForest | Self::Ridge)
    }

    /// Whether settings of these families are accepted. The baselines accept Prophet's, since overrides may choose Prophet
    /// for some customers.
    pub(super) fn accepts(self, owners: &[Self]) -> bool {
        owners.contains(&self) || (!self.is_regression() && owners.contains(&Self::Prophet))
    }
}
