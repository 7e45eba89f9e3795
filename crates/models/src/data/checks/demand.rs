//! Zeros: series of demand that comes now and then.
//!
//! The classes are those of Syntetos, Boylan and Croston, On the categorization of demand patterns, Journal of the Operational Research
//! Society 56(5), 2005: the mean interval between demands, in steps, divided at 1.32, and the squared coefficient of variation of
//! the demands, divided at 0.49.

use super::finding::{Demand, Finding};

/// Mean steps from demand to demand from which a series is intermittent.
const INTERMITTENT: f64 = 1.32;

/// Share of zeros above which a series is mostly zero.
const MOSTLY: f64 = 0.5;

/// Seasons after which a phase of the season that was always zero is a closing time.
const CLOSED_SEASONS: usize = 3;

/// The rows without those at phases of the season that are always zero, such as closed Sundays, numbered without these phases; and how
/// many phases a season has then.
#[derive(Debug, Default)]
pub(super) struct OpenRows {
    pub(super) values: Vec<f64>,
    pub(super) dates: Vec<i64>,
    pub(super) steps: Vec<i64>,
    /// For each phase, the number of open ones before it and whether it is open.
    phases: Vec<(i64, bool)>,
}

impl OpenRows {
    /// Takes the rows. Of fewer than three seasons, none is left out.
    pub(super) fn select(&mut self, values: &[f64], dates: &[i64], steps: &[i64], season: usize) -> usize {
        let Self { values: open_values, dates: open_dates, steps: open_steps, phases } = self;
        open_values.clear();
        open_dates.clear();
        open_steps.clear();
        if season < 2 || values.len() / CLOSED_SEASONS < season || !values.contains(&0.0) {
            open_values.extend_from_slice(values);
            open_dates.extend_from_slice(dates);
            open_steps.extend_from_slice(steps);
            return season;
        }
        let phase = |step: i64| step.rem_euclid(season as i64) as usize;
        phases.clear();
        phases.resize(season, (0, false));
        for (&step, &value) in steps.iter().zip(values) {
            phases[phase(step)].1 |= value != 0.0;
        }
        let mut open = 0;
        for (before, is_open) in phases.iter_mut() {
            *before = open;
            open += i64::from(*is_open);
        }
        for ((&value, &date), &step) in values.iter().zip(dates).zip(steps) {
            let (before, is_open) = phases[phase(step)];
            if is_open {
                open_values.push(value);
                open_dates.push(date);
                open_steps.push(step.div_euclid(season as i64) * open + before);
            }
        }
        open as usize
    }
}

/// Whether demands come now and then, and how often. What is returned, as negative values, counts as demand.
pub(super) fn demand(values: &[f64]) -> Option<Finding> {
    let demands = values.iter().filter(|value| **value != 0.0).count();
    let interval = values.len() as f64 / demands as f64;
    if demands == 0 || interval < INTERMITTENT {
        return None;
    }
    // Each is divided before it is added, so that no sum overflows.
    let mean: f64 = values.iter().map(|value| value.abs() / demands as f64).sum();
    let off = |value: &f64| value.abs() / mean - 1.0;
    let squares = values.iter().filter(|value| **value != 0.0).map(|value| off(value) * off(value));
    let variation = squares.sum::<f64>() / demands as f64;
    let zeros = (values.len() - demands) as f64 / values.len() as f64;
    let demand = Demand { zeros, interval, variation };
    Some(if demand.zeros > MOSTLY { Finding::MostlyZero(demand) } else { Finding::Intermittent(demand) })
}
