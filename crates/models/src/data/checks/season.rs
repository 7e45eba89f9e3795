//! The values of a series without its shortest season.
//!
//! The level of a season is its median, and a line through it with the slope of the median changes since the season before;
//! a season's effect is the median over all seasons of what is left. A step, or a few wild values, change neither.

use super::robust::{median, sample, spread_of_deviations};

/// Seasons from which an effect can be told from noise.
const FEWEST_SEASONS: usize = 4;

/// The correlation of what is left of the level with itself a season later, from which there is a season.
const LEAST_CORRELATION: f64 = 0.25;

/// Deviations count as no larger than this many spreads in that correlation.
const LARGEST_DEVIATION: f64 = 1.5;

/// Seasons whose median changes since the season before give the trend of one: a step is in one of them.
const NEAREST: usize = 4;

/// Buffers.
#[derive(Debug, Default)]
pub(super) struct Season {
    /// The phase of the season of each row.
    phases: Vec<usize>,
    /// The level at each row.
    levels: Vec<f64>,
    /// The value, and then the deviation from the level, at each step of the calendar; not a number where there is none.
    deviations: Vec<f64>,
    /// The median of each season, and the change per step there.
    lines: Vec<(f64, f64)>,
    /// The median change of each season since the one before.
    changes: Vec<f64>,
    sorted: Vec<f64>,
    /// The effect of each phase of the season, in the units of the values.
    effects: Vec<f64>,
    /// The same as a share of the level.
    factors: Vec<f64>,
    /// Whether the last season that was removed multiplied the values.
    pub(super) multiplied: bool,
}

impl Season {
    /// Writes the values without their season, if they have one, and whether they have.
    pub(super) fn remove(&mut self, values: &[f64], steps: &[i64], season: usize, plain: &mut Vec<f64>) -> bool {
        plain.clear();
        plain.extend_from_slice(values);
        self.multiplied = false;
        if season < 2 || values.len() / FEWEST_SEASONS < season || !self.find_levels(values, steps, season) {
            return false;
        }
        for ((&step, &value), &level) in steps.iter().zip(values).zip(&self.levels) {
            self.deviations[step as usize] = value - level;
        }
        if !self.repeats(season) {
            return false;
        }
        let rest = self.find_effects(season);
        self.multiplied =
            values.iter().chain(&self.levels).all(|value| *value > 0.0) && self.multiplies(values, steps, season, rest);
        if self.multiplied {
            for (value, &phase) in plain.iter_mut().zip(&self.phases) {
                *value /= 1.0 + self.factors[phase];
            }
        } else {
            for (value, &phase) in plain.iter_mut().zip(&self.phases) {
                *value -= self.effects[phase];
            }
        }
        true
    }

    /// Whether less is left of positive values if the season multiplies the level than the `rest` that is left if it is added to it.
    fn multiplies(&mut self, values: &[f64], steps: &[i64], season: usize, rest: f64) -> bool {
        for ((&step, &value), &level) in steps.iter().zip(values).zip(&self.levels) {
            self.deviations[step as usize] = value / level - 1.0;
        }
        std::mem::swap(&mut self.effects, &mut self.factors);
        self.find_effects(season);
        std::mem::swap(&mut self.effects, &mut self.factors);
        let rows = self.phases.iter().zip(values).zip(&self.levels);
        let left = rows.map(|((&phase, value), level)| (value - level * (1.0 + self.factors[phase])).abs());
        left.sum::<f64>() < rest && self.factors.iter().all(|factor| *factor > -1.0)
    }

    /// The level at each row; `false` if a season has too few rows to have one.
    fn find_levels(&mut self, values: &[f64], steps: &[i64], season: usize) -> bool {
        let Self { levels, deviations: at_step, phases, lines, changes, sorted, .. } = self;
        at_step.clear();
        at_step.resize(steps.last().copied().unwrap_or(0) as usize + 1, f64::NAN);
        for (&step, &value) in steps.iter().zip(values) {
            at_step[step as usize] = value;
        }
        let whole = at_step.len() / season;
        lines.clear();
        for number in 0..whole {
            sorted.clear();
            sorted.extend(at_step[number * season..(number + 1) * season].iter().filter(|value| value.is_finite()));
            if 2 * sorted.len() < season {
                return false;
            }
            lines.push((median(sorted), 0.0));
        }
        changes.clear();
        for number in 1..whole {
            let (before, after) = (&at_step[(number - 1) * season..], &at_step[number * season..(number + 1) * season]);
            sorted.clear();
            sorted.extend(
                after.iter().zip(before).map(|(after, before)| after - before).filter(|change| change.is_finite()),
            );
            changes.push(median(sorted));
        }
        for (number, (_, slope)) in lines.iter_mut().enumerate() {
            let end = (number + NEAREST / 2).clamp(NEAREST.min(whole - 1), whole - 1);
            sorted.clear();
            sorted.extend_from_slice(&changes[end.saturating_sub(NEAREST)..end]);
            *slope = median(sorted) / season as f64;
        }
        let middle = (season - 1) as f64 / 2.0;
        let (mut number, mut begin) = (0, 0);
        levels.clear();
        phases.clear();
        for &step in steps {
            while step as usize >= begin + season {
                begin += season;
                number += 1;
            }
            phases.push(step as usize - begin);
            let (level, slope) = lines[number.min(whole - 1)];
            // The last rows may be of a season that is not whole.
            let after = step as usize - number.min(whole - 1) * season;
            levels.push(level + slope * (after as f64 - middle));
        }
        true
    }

    /// Whether deviations are like those of a season before.
    fn repeats(&mut self, season: usize) -> bool {
        sample(self.deviations.iter().map(|deviation| deviation.abs()), &mut self.sorted);
        self.sorted.retain(|deviation| deviation.is_finite());
        let spread = spread_of_deviations(&mut self.sorted);
        if spread == 0.0 {
            return false;
        }
        let bounded = |deviation: f64| (deviation / spread).clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION);
        let (mut products, mut squares) = (0.0, 0.0);
        for (&before, &after) in self.deviations.iter().zip(&self.deviations[season..]) {
            let (before, after) = (bounded(before), bounded(after));
            if before.is_finite() && after.is_finite() {
                products += before * after;
                squares += f64::midpoint(before * before, after * after);
            }
        }
        products > LEAST_CORRELATION * squares
    }

    /// The median deviation of each phase, and the sum of what is left, as absolute values.
    fn find_effects(&mut self, season: usize) -> f64 {
        self.effects.clear();
        let mut rest = 0.0;
        for phase in 0..season {
            self.sorted.clear();
            let all = self.deviations.iter().skip(phase).step_by(season);
            self.sorted.extend(all.filter(|deviation| deviation.is_finite()));
            let effect = median(&mut self.sorted);
            rest += self.sorted.iter().map(|deviation| (deviation - effect).abs()).sum::<f64>();
            self.effects.push(effect);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::Season;

    /// What is left of 84 daily values with a weekly season.
    fn plain(value: impl Fn(f64, f64) -> f64) -> (bool, Vec<f64>) {
        let week = [5.0, 1.0, 0.0, -2.0, -4.0, 3.0, -3.0];
        let values: Vec<f64> = (0..84).map(|day| value(f64::from(day), week[day as usize % 7])).collect();
        let steps: Vec<i64> = (0..84).collect();
        let mut plain = Vec::new();
        let has_season = Season::default().remove(&values, &steps, 7, &mut plain);
        (has_season, plain)
    }

    #[test]
    fn a_trend_and_a_step_stay_and_the_season_goes() {
        let (has_season, left) = plain(|day, effect| 100.0 + day + effect + if day < 40.0 { 0.0 } else { 60.0 });
        assert!(has_season);
        let changes: Vec<f64> = left.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            changes.iter().enumerate().all(|(day, change)| (change - if day == 39 { 61.0 } else { 1.0 }).abs() < 0.5)
        );
    }

    #[test]
    fn a_season_may_multiply() {
        let (has_season, left) = plain(|day, effect| (100.0 + 10.0 * day) * (1.0 + 0.1 * effect));
        assert!(has_season);
        let off =
            left.iter().enumerate().map(|(day, value)| (value / left[0] * 100.0 - (100.0 + 10.0 * day as f64)).abs());
        assert!(off.fold(0.0, f64::max) < 8.0, "{left:?}");
    }

    #[test]
    fn what_does_not_repeat_stays() {
        assert!(!plain(|day, _| (day * day * 0.37).sin()).0);
        assert!(!plain(|day, _| day).0);
        assert!(!plain(|_, _| 3.0).0);
    }
}
