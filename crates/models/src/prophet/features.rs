//! The terms of one model as columns of X: which there are, in which order, and their values at dates.
//!
//! The order is Python's: seasonalities as they were added, then a column per holiday and day offset, then regressors.

use super::terms::{Holiday, Mode, Seasonality, Standardize};
use crate::{
    data::{CovariateError, Covariates},
    frequency::DAY,
};
use std::{collections::BTreeMap, ops::Range};

/// A regressor as it is fitted, with its defaults and scales filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedRegressor {
    /// Name of its column, and of the component.
    pub name: String,
    /// Scale of the coefficient's normal prior.
    pub prior_scale: f64,
    /// The setting.
    pub standardize: Standardize,
    /// Added to the trend, or multiplying it.
    pub mode: Mode,
    /// Subtracted from its values.
    pub mean: f64,
    /// Its values, minus the mean, are divided by it.
    pub deviation: f64,
}

/// A column of 1 on the days of a holiday, or on those a number of days before or after.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HolidayColumn {
    /// `name_delim_+1`: the order of the columns is that of these keys.
    key: String,
    /// Position of its name.
    pub(super) holiday: usize,
    pub(super) prior_scale: f64,
    /// Days since the epoch, sorted.
    days: Vec<i64>,
}

/// The terms of a fitted model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// In the order of their coefficients.
    pub seasonalities: Vec<Seasonality>,
    /// Names of the holidays of the history, in the order of the table.
    pub holiday_names: Vec<String>,
    /// Mode of all holidays.
    pub holidays_mode: Mode,
    /// In the order of their coefficients.
    pub regressors: Vec<FittedRegressor>,
    pub(super) holiday_columns: Vec<HolidayColumn>,
}

/// What a component is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Seasonality,
    Holiday,
    Regressor,
}

/// A term and its columns.
#[derive(Clone, Debug)]
pub(super) struct Component<'a> {
    pub(super) name: &'a str,
    pub(super) family: Family,
    pub(super) mode: Mode,
    pub(super) columns: Range<usize>,
}

impl Terms {
    /// Takes the days of holidays; the names are those of the rows, and `more_names` have no day.
    ///
    /// A holiday whose rows disagree about the prior scale gets the last one: [`super::ProphetSpec::faults`] names it.
    pub(super) fn set_holidays<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a Holiday>,
        more_names: impl Iterator<Item = String>,
        default_scale: f64,
    ) {
        let (names, mut scales) = (&mut self.holiday_names, Vec::new());
        names.clear();
        let mut columns: BTreeMap<String, (usize, Vec<i64>)> = BTreeMap::new();
        for Holiday { name, date, lower_window, upper_window, prior_scale } in rows {
            let holiday = names.iter().position(|known| known == name).unwrap_or(names.len());
            if holiday == names.len() {
                names.push(name.clone());
                scales.push(0.0);
            }
            scales[holiday] = prior_scale.unwrap_or(default_scale);
            for offset in i64::from(*lower_window)..=i64::from(*upper_window) {
                let column = columns.entry(format!("{name}_delim_{offset:+}"));
                column.or_insert_with(|| (holiday, Vec::new())).1.push(date.div_euclid(DAY) + offset);
            }
        }
        for name in more_names {
            if !names.contains(&name) {
                columns.insert(format!("{name}_delim_+0"), (names.len(), Vec::new()));
                names.push(name);
                scales.push(default_scale);
            }
        }
        let column = |(key, (holiday, mut days)): (String, (usize, Vec<i64>))| {
            days.sort_unstable();
            HolidayColumn { key, holiday, prior_scale: scales[holiday], days }
        };
        self.holiday_columns = columns.into_iter().map(column).collect();
    }

    /// Names of the columns of conditions, in the order of the seasonalities.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &str> {
        self.seasonalities.iter().filter_map(|seasonality| seasonality.condition_name.as_deref())
    }

    /// Number of columns.
    pub(super) fn columns(&self) -> usize {
        self.shared_columns() + self.regressors.len()
    }

    /// Number of columns that the dates alone decide, conditions apart: those before the regressors.
    pub(super) fn shared_columns(&self) -> usize {
        let terms: usize = self.seasonalities.iter().map(|seasonality| 2 * seasonality.fourier_order).sum();
        terms + self.holiday_columns.len()
    }

    /// Every term with its columns, in their order.
    pub(super) fn components(&self) -> impl Iterator<Item = Component<'_>> {
        let seasonalities =
            self.seasonalities.iter().map(|one| (&*one.name, Family::Seasonality, one.mode, 2 * one.fourier_order));
        // The columns of a holiday are consecutive, because no name contains the delimiter of the keys.
        let holidays = self.holiday_columns.chunk_by(|one, next| one.holiday == next.holiday).map(|columns| {
            (&*self.holiday_names[columns[0].holiday], Family::Holiday, self.holidays_mode, columns.len())
        });
        let regressors = self.regressors.iter().map(|one| (&*one.name, Family::Regressor, one.mode, 1));
        seasonalities.chain(holidays).chain(regressors).scan(0, |first, (name, family, mode, number)| {
            let columns = *first..*first + number;
            *first = columns.end;
            Some(Component { name, family, mode, columns })
        })
    }

    /// σ_j of each column's normal prior.
    pub(super) fn prior_scales(&self) -> Vec<f64> {
        let seasonalities =
            self.seasonalities.iter().flat_map(|one| std::iter::repeat_n(one.prior_scale, 2 * one.fourier_order));
        let holidays = self.holiday_columns.iter().map(|column| column.prior_scale);
        seasonalities.chain(holidays).chain(self.regressors.iter().map(|one| one.prior_scale)).collect()
    }

    /// Whether each column multiplies the trend.
    pub(super) fn multiplicative(&self) -> Vec<bool> {
        let of = |component: Component<'_>| {
            std::iter::repeat_n(component.mode == Mode::Multiplicative, component.columns.len())
        };
        self.components().flat_map(of).collect()
    }

    /// X without the regressors, conditions left out: shape (n, shared columns), column after column. Dates are sorted.
    pub(super) fn shared_features(&self, dates: &[i64]) -> Vec<f64> {
        let mut features = fourier_features(dates, &self.seasonalities);
        for column in &self.holiday_columns {
            let first = features.len();
            features.resize(first + dates.len(), 0.0);
            for day in &column.days {
                let begin = dates.partition_point(|&ms| ms < day * DAY);
                let rows = dates[begin..].partition_point(|&ms| ms < (day + 1) * DAY);
                features[first + begin..][..rows].fill(1.0);
            }
        }
        features
    }

    /// Sets the columns of conditional seasonalities to 0 where they do not apply; calls `changed` with their columns.
    pub(super) fn apply_conditions(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        features: &mut [f64],
        mut changed: impl FnMut(Range<usize>),
    ) -> Result<(), CovariateError> {
        let seasonalities = self.seasonalities.iter().zip(self.components());
        for (Seasonality { condition_name, .. }, Component { columns, .. }) in seasonalities {
            let Some(condition) = condition_name else { continue };
            let applies = covariates.condition_at(condition, dates)?;
            for column in columns.clone() {
                let column = &mut features[column * dates.len()..][..dates.len()];
                column.iter_mut().zip(&applies).for_each(|(x, applies)| *x *= applies);
            }
            changed(columns);
        }
        Ok(())
    }

    /// Appends the regressors' columns, in their scales.
    pub(super) fn append_regressors(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        features: &mut Vec<f64>,
    ) -> Result<(), CovariateError> {
        for FittedRegressor { name, mean, deviation, .. } in &self.regressors {
            let values = covariates.values_at(name, dates, None)?;
            features.extend(values.into_iter().map(|x| (x - mean) / deviation));
        }
        Ok(())
    }

    /// X at dates: shape (n, K), column after column.
    pub(super) fn features(&self, dates: &[i64], covariates: Covariates<'_>) -> Result<Vec<f64>, CovariateError> {
        let mut features = self.shared_features(dates);
        self.apply_conditions(dates, covariates, &mut features, |_| ())?;
        self.append_regressors(dates, covariates, &mut features)?;
        Ok(features)
    }
}

impl FittedRegressor {
    /// Finds the scales of a regressor's values over the history, as Python does.
    pub(super) fn learn_scales(&mut self, values: &[f64]) {
        let first = values[0];
        let varies = values.iter().any(|&x| x != first);
        let binary = values.iter().all(|&x| x == 0.0 || x == 1.0);
        let standardize = match self.standardize {
            Standardize::Auto => varies && !binary,
            Standardize::Always => varies,
            Standardize::Never => false,
        };
        if standardize {
            let rows = values.len() as f64;
            self.mean = values.iter().sum::<f64>() / rows;
            let squares: f64 = values.iter().map(|x| (x - self.mean) * (x - self.mean)).sum();
            self.deviation = (squares / (rows - 1.0)).sqrt();
        }
    }
}

/// sin and cos of 2π·j·days/period for j = 1..=order, for each seasonality: shape (n, K), column after column.
///
/// Days are counted from 1970-01-01. One sine and cosine per row and period; the higher orders by angle addition.
pub(super) fn fourier_features(timestamps: &[i64], seasonalities: &[Seasonality]) -> Vec<f64> {
    let rows = timestamps.len();
    let columns: usize = seasonalities.iter().map(|seasonality| 2 * seasonality.fourier_order).sum();
    let mut features = vec![0.0; rows * columns];
    let mut first = 0;
    for seasonality in seasonalities {
        let block = &mut features[first * rows..(first + 2 * seasonality.fourier_order) * rows];
        for (row, &ms) in timestamps.iter().enumerate() {
            let (sin, cos) = base_angle(ms, seasonality.period);
            let (mut s, mut c) = (sin, cos);
            for order in 0..seasonality.fourier_order {
                block[2 * order * rows + row] = s;
                block[(2 * order + 1) * rows + row] = c;
                (s, c) = (s * cos + c * sin, c * cos - s * sin);
            }
        }
        first += 2 * seasonality.fourier_order;
    }
    features
}

/// sin and cos of 2π·days/period, without the whole periods, which would only cost digits.
fn base_angle(ms: i64, period: f64) -> (f64, f64) {
    let periods = ms as f64 / (DAY as f64 * period);
    // libm's functions give the same bits on every machine; the system's may not.
    libm::sincos(std::f64::consts::TAU * (periods - periods.floor()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Columns;

    #[test]
    fn fourier_terms_are_those_of_their_definition() {
        let timestamps = [0, 1_577_836_800_000, 1_600_000_123_456, -86_400_000 * 400];
        let seasonality = Seasonality {
            name: "yearly".into(),
            period: 365.25,
            fourier_order: 12,
            prior_scale: 10.0,
            mode: Mode::Additive,
            condition_name: None,
        };
        let features = fourier_features(&timestamps, &[seasonality]);
        for (row, ms) in timestamps.iter().enumerate() {
            for order in 1..=12 {
                let angle = std::f64::consts::TAU * f64::from(order) * (*ms as f64 / 86_400_000.0) / 365.25;
                let column = (2 * (order - 1)) as usize * 4;
                assert!((features[column + row] - angle.sin()).abs() < 1e-11);
                assert!((features[column + 4 + row] - angle.cos()).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn holidays_have_a_column_for_each_day_offset_in_the_order_of_the_keys() {
        let mut terms = Terms::default();
        let rows = [
            Holiday { lower_window: -1, upper_window: 1, ..Holiday::new("b", 2 * DAY + 5) },
            Holiday { prior_scale: Some(3.0), ..Holiday::new("a", 3 * DAY) },
            Holiday { lower_window: -1, ..Holiday::new("b", 7 * DAY) },
        ];
        terms.set_holidays(rows.iter(), ["c".to_owned(), "a".to_owned()].into_iter(), 10.0);
        let keys: Vec<&str> = terms.holiday_columns.iter().map(|column| &*column.key).collect();
        assert_eq!(keys, ["a_delim_+0", "b_delim_+0", "b_delim_+1", "b_delim_-1", "c_delim_+0"]);
        assert_eq!(terms.holiday_names, ["b", "a", "c"]);
        assert_eq!(terms.prior_scales(), [3.0, 10.0, 10.0, 10.0, 10.0]);
        // Two rows a day, days 1 to 7.
        let dates: Vec<i64> = (2..16).map(|half| half * DAY / 2).collect();
        let features = terms.shared_features(&dates);
        let ones = |column: usize| -> Vec<usize> {
            (0..dates.len()).filter(|row| features[column * dates.len() + row] == 1.0).collect()
        };
        assert_eq!(ones(0), [4, 5]);
        assert_eq!(ones(1), [2, 3, 12, 13]);
        assert_eq!(ones(2), [4, 5]);
        assert_eq!(ones(3), [0, 1, 10, 11]);
        assert_eq!(ones(4), [0; 0]);
        let components: Vec<_> = terms.components().map(|one| (one.name, one.columns)).collect();
        assert_eq!(components, [("a", 0..1), ("b", 1..4), ("c", 4..5)]);
    }

    #[test]
    fn regressors_are_standardised_by_pythons_rule() {
        let scales = |standardize, values: &[f64]| {
            let mut regressor = FittedRegressor {
                name: "x".into(),
                prior_scale: 10.0,
                standardize,
                mode: Mode::Additive,
                mean: 0.0,
                deviation: 1.0,
            };
            regressor.learn_scales(values);
            (regressor.mean, regressor.deviation)
        };
        assert_eq!(scales(Standardize::Auto, &[1.0, 2.0, 3.0]), (2.0, 1.0));
        assert_eq!(scales(Standardize::Auto, &[0.0, 1.0, 1.0]), (0.0, 1.0));
        assert_eq!(scales(Standardize::Always, &[0.0, 1.0]), (0.5, 0.5_f64.sqrt()));
        assert_eq!(scales(Standardize::Always, &[4.0, 4.0]), (0.0, 1.0));
        assert_eq!(scales(Standardize::Never, &[1.0, 2.0, 3.0]), (0.0, 1.0));
    }

    #[test]
    fn a_condition_and_a_regressor_come_from_their_columns() {
        let mut terms = Terms::default();
        terms.seasonalities.push(Seasonality {
            name: "weekly".into(),
            period: 7.0,
            fourier_order: 1,
            prior_scale: 10.0,
            mode: Mode::Additive,
            condition_name: Some("open".into()),
        });
        terms.regressors.push(FittedRegressor {
            name: "price".into(),
            prior_scale: 10.0,
            standardize: Standardize::Auto,
            mode: Mode::Multiplicative,
            mean: 1.0,
            deviation: 2.0,
        });
        let mut columns = Columns::named(["open", "price"]);
        columns.push_row([0.0, 5.0]);
        columns.push_row([1.0, 9.0]);
        let dates = [DAY, 2 * DAY];
        let features = terms.features(&dates, Covariates { dates: &dates, columns: &columns }).unwrap();
        let angle = std::f64::consts::TAU * 2.0 / 7.0;
        let expected = [0.0, angle.sin(), 0.0, angle.cos(), 2.0, 4.0];
        assert!(features.iter().zip(expected).all(|(got, want)| (got - want).abs() < 1e-15), "{features:?}");
        assert_eq!(terms.multiplicative(), [false, false, true]);
        assert!(terms.features(&dates, Covariates::NONE).is_err());
    }
}
