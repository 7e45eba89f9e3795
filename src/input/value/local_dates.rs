//! Whether the times of a typed column are all midnights of its time zone: then they are local dates.

use jiff::tz::TimeZone;

use super::{
    calendar::DAY,
    column_times::Decision,
    time_form::{TimeForm, ahead, zone_named},
};

/// What the times of a column have shown.
#[derive(Debug)]
pub(crate) struct LocalDates {
    /// None for UTC, and for an unknown zone.
    zone: Option<TimeZone>,
    all: bool,
}

impl LocalDates {
    /// Nothing is known of the times in this zone.
    pub(crate) fn of_zone(name: &str) -> Self {
        Self { zone: zone_named(name), all: true }
    }

    /// Takes a time into account, in UTC. Returns whether more are needed.
    pub(crate) fn see(&mut self, time: i64) -> bool {
        let is_midnight = |zone: &TimeZone| (time + ahead(zone, time)).rem_euclid(DAY) == 0;
        self.all = self.all && self.zone.as_ref().is_some_and(is_midnight);
        self.all
    }

    /// The form of the column.
    pub(crate) fn decide(self) -> Decision {
        match self.zone.filter(|_| self.all) {
            None => Decision::default(),
            zone => {
                let form = TimeForm::LocalDates(zone);
                let note = Some(format!("timestamps read as {form}"));
                Decision { form, note }
            }
        }
    }
}
