//! What the values of a column look like.

use crate::input::value::{decimal, number, timestamp};

/// What every sampled value of a column can be parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations, not a state")]
pub(in crate::input) struct ColumnKind {
    /// Whether any value was seen; if not, the rest is meaningless.
    pub(in crate::input) seen: bool,
    /// A timestamp by its form.
    pub(in crate::input) calendar: bool,
    /// A timestamp by its form or its size.
    pub(in crate::input) time: bool,
    /// A number.
    pub(in crate::input) number: bool,
}

impl ColumnKind {
    /// No value was seen.
    pub(in crate::input) const UNSEEN: Self = Self { seen: false, calendar: true, time: true, number: true };

    /// What all of these can be parsed as.
    pub(in crate::input) fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut kind = Self::UNSEEN;
        values.into_iter().for_each(|value| kind.see(value));
        kind
    }

    /// Whether they are times or numbers, as far as any was seen.
    pub(in crate::input) const fn has_values(self) -> bool {
        self.seen && (self.time || self.number)
    }

    /// Takes one more value into account.
    pub(in crate::input) fn see(&mut self, value: &[u8]) {
        if number::is_missing_number(value) {
            return;
        }
        self.seen = true;
        self.time = self.time && timestamp::is_time(value);
        self.calendar = self.calendar && self.time && timestamp::is_calendar(value);
        self.number = self.number && (number::is_numeric(value) || decimal::is_number(value));
    }
}
