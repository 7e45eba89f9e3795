//! Days of the week.

/// Days of the week, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekDays(u8);

/// The weekday of a day since the epoch, 0 = Monday: 1970-01-01 was a Thursday.
pub(super) const fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// The week of a day since the epoch; weeks begin on Mondays.
pub(super) const fn week(day: i64) -> i64 {
    (day + 3).div_euclid(7)
}

impl WeekDays {
    /// Monday to Friday.
    pub const BUSINESS: Self = Self(0b001_1111);
    /// Monday to Saturday.
    pub(super) const NO_SUNDAY: Self = Self(0b011_1111);
    /// All.
    pub(super) const ALL: Self = Self(0b111_1111);

    /// The days of the week, from Monday on, for which `is_in` holds; none if there are none.
    pub fn from_fn(is_in: impl Fn(usize) -> bool) -> Option<Self> {
        let bits = (0..7).filter(|&at| is_in(at)).fold(0, |bits, at| bits | 1 << at);
        (bits != 0).then_some(Self(bits))
    }

    /// Whether a day of the week is one of them, 0 = Monday.
    #[must_use]
    pub const fn has(self, weekday: usize) -> bool {
        self.0 >> weekday & 1 == 1
    }

    /// Number of them in a week.
    #[must_use]
    pub const fn per_week(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Number of them from a fixed day in the past to a day since the epoch, which counts.
    #[must_use]
    pub const fn up_to(self, day: i64) -> i64 {
        let begun = self.0 & ((2 << weekday(day)) - 1);
        week(day) * self.per_week() as i64 + begun.count_ones() as i64
    }

    /// Number of times that the week changes from such days to others and back, Monday to Sunday.
    pub(super) fn changes(self) -> usize {
        (1..7).filter(|&at| self.has(at) != self.has(at - 1)).count()
    }
}
