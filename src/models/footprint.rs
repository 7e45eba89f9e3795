//! How much memory a fitted model takes, and how to make it take less where it is only asked for predictions.

use super::{
    FittedModel,
    prophet::FittedProphet,
    regression::{FittedRegression, RegressionModel},
    trees::Ensemble,
};

/// What the allocator takes for itself with each block.
const BLOCK: usize = 16;

fn of<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>() + BLOCK
}

impl FittedModel {
    /// Bytes of memory, those of the value itself included.
    #[must_use]
    pub fn footprint(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Prophet(fitted) => fitted.footprint(),
                Self::Baseline(fitted) => of(&fitted.season),
                Self::Regression(fitted) => fitted.footprint(),
            }
    }
}

impl FittedProphet {
    fn footprint(&self) -> usize {
        let names: usize = self.seasonalities.iter().map(|seasonality| seasonality.name.capacity() + BLOCK).sum();
        size_of::<Self>()
            + of(&self.seasonalities)
            + names
            + of(&self.changepoints)
            + of(&self.changepoint_rows)
            + of(&self.changepoints_t)
            + of(&self.parameters.delta)
            + of(&self.parameters.beta)
            + of(&self.history)
            + of(&self.history_dates)
    }
}

impl FittedRegression {
    fn footprint(&self) -> usize {
        let text = |text: &String| text.capacity() + BLOCK;
        let features = self.features().iter().map(|feature| {
            let categories = feature.categories.iter().map(|names| of(names) + names.iter().map(text).sum::<usize>());
            size_of_val(feature) + text(&feature.name) + categories.sum::<usize>()
        });
        let model = match self.model() {
            RegressionModel::Trees { ensemble, .. } => ensemble.footprint(),
            RegressionModel::Ridge(ridge) => of(&ridge.coefficients) + of(&ridge.means),
        };
        size_of::<Self>() + features.sum::<usize>() + model
    }
}

impl Ensemble {
    fn footprint(&self) -> usize {
        // A node has twelve bytes for prediction and twelve for what training knew of it.
        let trees: usize = self.trees().iter().map(|tree| 24 * tree.len() + size_of_val(tree) + 2 * BLOCK).sum();
        trees + of(&self.feature_names) + self.feature_names.iter().map(|name| name.capacity() + BLOCK).sum::<usize>()
    }
}
