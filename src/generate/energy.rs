//! Energy consumption of meters, as time series.

use super::{
    draws::Draws,
    output::Output,
    text::{hundredths, whole},
};
use crate::error::{Error, Result};
use jiff::{ToSpan, civil::Date};

const DAYS_A_YEAR: f64 = 365.25;

/// Periods of the waves, in days.
const PERIODS: [f64; 3] = [DAYS_A_YEAR, 7.0, 1.0];

/// Meters with daily or hourly readings: level + trend + waves + noise.
///
/// Levels and yearly waves are as large as in AWS's post on training thousands of models: 500 to 1,000, swinging by 100 to
/// 200. Unlike there, time is in days, so that the yearly period is a year; and there is a weekly wave of 20 to 60, a
/// trend of at most 10 % of the level per year, noise, and for hourly readings a daily wave of 50 to 150. No reading is negative.
#[derive(Clone, Debug)]
pub struct Energy {
    noise: f64,
    header: bool,
    calendar: Vec<Reading>,
}

/// The part of a reading that all customers share.
#[derive(Clone, Debug)]
struct Reading {
    timestamp: String,
    /// Since the first reading.
    years: f64,
    /// Sine and cosine of each wave, by days since the epoch.
    waves: [(f64, f64); PERIODS.len()],
}

impl Energy {
    /// Daily readings, or hourly ones, from midnight of `start` on. `noise` is its standard deviation as a share of the level;
    /// with `header`, a customer's file begins with `timestamp,consumption`.
    ///
    /// # Errors
    /// The readings go beyond the year 9999.
    pub fn new(start: Date, rows: usize, hourly: bool, noise: f64, header: bool) -> Result<Self> {
        let readings_a_day = if hourly { 24 } else { 1 };
        let first = start.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        let reading = |row: usize| {
            let (day, hour) = (row / readings_a_day, row % readings_a_day);
            let date = start.checked_add((day as i64).days()).ok()?;
            let since = day as f64 + hour as f64 / 24.0;
            let days = first as f64 + since;
            Some(Reading {
                timestamp: if hourly { format!("{date} {hour:02}:00:00") } else { date.to_string() },
                years: since / DAYS_A_YEAR,
                waves: PERIODS.map(|period| {
                    let periods = days / period;
                    // A wave as long as the step would be a constant.
                    let seen = if !hourly && period == 1.0 { 0.0 } else { 1.0 };
                    let (sine, cosine) = libm::sincos(std::f64::consts::TAU * (periods - periods.floor()));
                    (seen * sine, seen * cosine)
                }),
            })
        };
        let calendar = (0..rows).map(reading).collect::<Option<_>>().ok_or_else(|| {
            Error::Settings(format!("{rows} readings from {start} on end after the year 9999: ask for fewer rows"))
        })?;
        Ok(Self { noise, header, calendar })
    }

    pub(super) fn customer(&self, number: u64, draws: Draws, output: &mut Output<'_>) -> Result<()> {
        if self.header {
            output.text.extend_from_slice(b"timestamp,consumption\n");
        }
        self.rows(None, draws, &mut output.text);
        output.publish(&format!("{number}.csv"))
    }

    /// Appends a customer's readings, each after the customer's number if one is given.
    pub(super) fn rows(&self, customer: Option<u64>, mut draws: Draws, buffer: &mut Vec<u8>) {
        let level = draws.uniform(500.0, 1000.0);
        let slope = level * draws.uniform(-0.1, 0.1);
        // An amplitude and a phase, as the factors of sine and cosine.
        let waves = [(100.0, 200.0), (20.0, 60.0), (50.0, 150.0)].map(|(low, high)| {
            let amplitude = draws.uniform(low, high);
            let (sine, cosine) = libm::sincos(draws.uniform(0.0, std::f64::consts::TAU));
            (amplitude * cosine, amplitude * sine)
        });
        for reading in &self.calendar {
            if let Some(customer) = customer {
                whole(customer, buffer);
                buffer.push(b',');
            }
            buffer.extend_from_slice(reading.timestamp.as_bytes());
            buffer.push(b',');
            let sum: f64 = waves.iter().zip(&reading.waves).map(|((a, b), (sine, cosine))| a * sine + b * cosine).sum();
            let noise = draws.normal(0.0, self.noise * level);
            hundredths((level + slope * reading.years + sum + noise).max(0.0), buffer);
            buffer.push(b'\n');
        }
    }
}
