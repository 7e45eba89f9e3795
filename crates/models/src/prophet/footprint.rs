//! The memory of a fitted Prophet model.

use super::fitted::{FittedProphet, HistoryRow, TAIL};
use crate::{
    data::Columns,
    footprint::{of_text, of_vec},
};

impl FittedProphet {
    pub(crate) fn trim(&mut self) {
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

    pub(crate) fn footprint(&self) -> usize {
        let names = self.terms.seasonalities.iter().map(|seasonality| of_text(&seasonality.name)).sum::<usize>()
            + self.terms.holiday_names.iter().map(of_text).sum::<usize>()
            + self.terms.regressors.iter().map(|regressor| of_text(&regressor.name)).sum::<usize>()
            + self.holidays.iter().map(|holiday| of_text(&holiday.name)).sum::<usize>();
        let columns: usize = self.history_columns.iter().map(|(name, values)| name.len() + size_of_val(values)).sum();
        size_of::<Self>()
            + of_vec(&self.terms.seasonalities)
            + of_vec(&self.terms.holiday_names)
            + of_vec(&self.terms.regressors)
            // A holiday has columns, and each of those has days.
            + 2 * of_vec(&self.holidays)
            + names
            + columns
            + of_vec(&self.changepoints)
            + of_vec(&self.changepoint_rows)
            + of_vec(&self.changepoints_t)
            + of_vec(&self.parameters.delta)
            + of_vec(&self.parameters.beta)
            + of_vec(&self.history)
            + of_vec(&self.history_dates)
    }
}
