//! Calendars of steps of less than a day, all day long or within opening hours.

use super::{
    candidate::{Candidate, bits_off, most_frequent, steps_behind},
    days::bits_of,
};
use crate::frequency::{
    opening::{HOUR, OpenHours, all_units, runs},
    spacing::Frequency,
    times::{DAY, gcd},
    week::{WeekDays, weekday},
};
use statrs::function::factorial::ln_binomial;
use std::f64::consts::LN_2;

/// Dates that are looked at to find the time at which steps begin.
const SAMPLE: usize = 512;

/// The most units of opening hours in a day.
const MOST_UNITS: usize = 96;

/// The dates of one moment of the week: a unit of a day of the week.
type Counts = [[u32; MOST_UNITS]; 7];

/// Steps, and steps within opening hours, with the bits that the dates take without a calendar.
pub(super) fn candidates(dates: &[i64]) -> (Vec<Candidate>, f64) {
    let gaps = || dates.windows(2).map(|pair| pair[1] - pair[0]);
    let moment = gaps().fold(0, gcd).max(1);
    let moments = (dates[dates.len() - 1] - dates[0]) / moment + 1;
    let bits_off = bits_off(moments);
    let mut found = Vec::new();
    for step in steps_behind(gaps()) {
        let every = dates.len() / SAMPLE + 1;
        let sample = dates.iter().step_by(every).map(|ms| ms.rem_euclid(step));
        let Some(phase) = most_frequent(sample) else { continue };
        let is_on = |ms: i64| (ms - phase) % step == 0;
        let places = dates.iter().map(|&ms| is_on(ms).then(|| (ms - phase) / step));
        found.extend(Candidate::new(Frequency::Fixed(step), places, 0.0, bits_off));
        let Some(unit) = OpenHours::unit(step).filter(|_| step < DAY) else { continue };
        let on: Vec<i64> = dates.iter().copied().filter(|&ms| is_on(ms)).collect();
        let Some(weeks) = Weeks::new(&on, step, unit, bits_off) else { continue };
        for days in weeks.likely_hours() {
            let Some(open) = OpenHours::new(step, days) else { continue };
            let places = dates.iter().map(|&ms| (is_on(ms) && open.has(ms)).then(|| open.up_to(ms)));
            found.extend(Candidate::new(Frequency::Hours(open), places, weeks.bits_of_hours(&days), bits_off));
        }
    }
    (found, ln_binomial(moments.unsigned_abs(), dates.len() as u64) / LN_2)
}

/// The dates of a history by the unit of the day and the day of the week.
struct Weeks {
    step: i64,
    unit: i64,
    bits_off: f64,
    counts: Box<Counts>,
    dates: u32,
    /// Number of days of the history, by day of the week.
    days: [i64; 7],
}

impl Weeks {
    fn new(dates: &[i64], step: i64, unit: i64, bits_off: f64) -> Option<Self> {
        let mut counts: Box<Counts> = Box::new([[0; MOST_UNITS]; 7]);
        for ms in dates {
            counts[weekday(ms.div_euclid(DAY))][(ms.rem_euclid(DAY) / unit) as usize] += 1;
        }
        let (first, last) = (dates.first()?.div_euclid(DAY), dates.last()?.div_euclid(DAY));
        let mut days = [(last - first + 1) / 7; 7];
        for at in 0..(last - first + 1) % 7 {
            days[weekday(first + at)] += 1;
        }
        Some(Self { step, unit, bits_off, counts, dates: dates.len() as u32, days })
    }

    /// Opening hours, from those of each moment of the week that has dates to the same ones on all days.
    fn likely_hours(&self) -> Vec<[u128; 7]> {
        let most = self.counts.iter().flatten().copied().max().unwrap_or(0);
        let usual = |at: usize| {
            let units = self.counts[at].iter().enumerate();
            let units = units.filter(|(_, count)| **count > 0 && 20 * **count >= most);
            units.fold(0_u128, |open, (unit, _)| open | 1 << unit)
        };
        let seen: [u128; 7] = std::array::from_fn(usual);
        let every = seen.iter().fold(0, |open, units| open | units);
        let on_days = |days: WeekDays| std::array::from_fn(|at| if days.has(at) { every } else { 0 });
        let mut likely = vec![on_days(WeekDays::NO_SUNDAY), on_days(WeekDays::BUSINESS), seen];
        while let Some(simpler) = likely.last().and_then(|days| self.simplified(days)) {
            likely.push(simpler);
        }
        likely
    }

    /// The hours after the change that takes the fewest bits: different days become equal, or their pauses are closed.
    fn simplified(&self, days: &[u128; 7]) -> Option<[u128; 7]> {
        let mut kinds = days.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        let pairs = kinds.iter().enumerate().flat_map(|(at, a)| kinds[at + 1..].iter().map(move |b| (*a, *b, a | b)));
        let pauses = kinds.iter().map(|units| (*units, *units, without_pauses(*units)));
        let changed = pairs
            .chain(pauses)
            .map(|(a, b, new)| days.map(|units| if units == a || units == b { new } else { units }))
            .filter(|changed| changed != days)
            .map(|changed| (changed, self.bits(&changed)));
        changed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(days, _)| days)
    }

    /// The bits that the dates take with these hours.
    fn bits(&self, days: &[u128; 7]) -> f64 {
        let (mut dates, mut slots) = (0, 0);
        for (at, units) in days.iter().enumerate() {
            slots += i64::from(units.count_ones()) * (self.unit / self.step) * self.days[at];
            let open = self.counts[at].iter().enumerate().filter(|(unit, _)| units >> unit & 1 == 1);
            dates += open.map(|(_, count)| count).sum::<u32>();
        }
        let which = ln_binomial(slots.unsigned_abs().max(dates.into()), dates.into()) / LN_2;
        self.bits_of_hours(days) + which + f64::from(self.dates - dates) * self.bits_off
    }

    /// The bits to name the hours: from and to of each run, and which days have which.
    fn bits_of_hours(&self, days: &[u128; 7]) -> f64 {
        // Those of pandas have a name.
        if self.step == HOUR && OpenHours::new(HOUR, *days) == OpenHours::business() {
            return 3.0;
        }
        let all = all_units(DAY / self.unit);
        let mut kinds = days.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        let opening = |units: &u128| if *units == all { 0 } else { runs(*units).count() };
        let edges = 2 * kinds.iter().map(opening).sum::<usize>();
        let which = match (kinds.as_slice(), WeekDays::from_fn(|at| days[at] != 0)) {
            ([units], _) if *units == all => 0.0,
            // More than for business days: while no weekend was seen, its shops are closed, as pandas has it.
            ([_], _) => 3.0,
            ([0, _], Some(open)) => bits_of(open),
            _ => 2.0 + 3.0 * (1..7).filter(|&at| days[at] != days[at - 1]).count() as f64,
        };
        edges as f64 * ((DAY / self.unit) as f64).log2() + which
    }
}

/// The units from the first to the last.
fn without_pauses(units: u128) -> u128 {
    match units {
        0 => 0,
        _ => all_units(i64::from(128 - units.leading_zeros())) & !all_units(i64::from(units.trailing_zeros())),
    }
}
