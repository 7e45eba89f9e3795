//! How much memory a fitted model takes, and how to make it take less where it is only asked for predictions.

use super::{
    FittedModel,
    prophet::{FittedProphet, HistoryRow},
    regression::{FittedRegression, RegressionModel},
    trees::Ensemble,
};
use crate::data::Columns;

/// What the allocator takes for itself with each block.
const BLOCK: usize = 16;

fn of<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>() + BLOCK
}

impl FittedModel {
    /// Forgets what only a model that is saved again needs: forecasts stay as they are.
    pub fn trim(&mut self) {
        if let Self::Prophet(fitted) = self {
            fitted.trim();
        }
    }

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

/// Rows of history that a trimmed model keeps, as a saved one does.
const TAIL: usize = 6;

impl FittedProphet {
    fn trim(&mut self) {
        // The spacing of a forecast of one step is the mean spacing of the history: rows stay where their mean would change.
        let mean_gap = |rows: &[HistoryRow]| match rows {
            [first, .., last] => (last.timestamp - first.timestamp) as f64 / (rows.len() - 1) as f64,
            _ => 0.0,
        };
        let first = self.history.len().saturating_sub(TAIL);
        if mean_gap(&self.history) == mean_gap(&self.history[first..]) {
            self.history.drain(..first);
        }
        self.history_dates.drain(..self.history_dates.len().saturating_sub(TAIL));
        self.history_columns = Columns::NONE.clone();
        self.history.shrink_to_fit();
        self.history_dates.shrink_to_fit();
        self.changepoints.shrink_to_fit();
        self.changepoints_t.shrink_to_fit();
        self.parameters.delta.shrink_to_fit();
        self.parameters.beta.shrink_to_fit();
    }

    fn footprint(&self) -> usize {
        let text = |text: &String| text.capacity() + BLOCK;
        let names = self.terms.seasonalities.iter().map(|seasonality| text(&seasonality.name)).sum::<usize>()
            + self.terms.holiday_names.iter().map(text).sum::<usize>()
            + self.terms.regressors.iter().map(|regressor| text(&regressor.name)).sum::<usize>()
            + self.holidays.iter().map(|holiday| text(&holiday.name)).sum::<usize>();
        let columns: usize = self.history_columns.iter().map(|(name, values)| name.len() + size_of_val(values)).sum();
        size_of::<Self>()
            + of(&self.terms.seasonalities)
            + of(&self.terms.holiday_names)
            + of(&self.terms.regressors)
            // A holiday has columns, and each of those has days.
            + 2 * of(&self.holidays)
            + names
            + columns
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
