//! How many rows the intervals of backtests cover, by steps ahead.

use crate::{
    error::Result,
    results::{TableReader, number},
};
use csv::ByteRecord;
use serde::Serialize;

/// Steps ahead that are told apart; further ones are left out.
const STEPS: usize = 366;

/// Rows by the number of steps between the cutoff and them, the first step first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Calibration {
    /// Rows with an interval.
    rows: Vec<u64>,
    /// Those within it.
    covered: Vec<u64>,
}

/// The columns of a table of backtests, and where in it the reading is.
pub(super) struct CalibrationReader {
    places: [usize; 3],
    cutoff: usize,
    /// The customer and the cutoff of the last row.
    window: (Vec<u8>, Vec<u8>),
    step: usize,
    counted: Calibration,
}

impl CalibrationReader {
    pub(super) fn new(table: &TableReader<'_>) -> Result<Self> {
        Ok(Self {
            places: [table.column("y")?, table.column("yhat_lower")?, table.column("yhat_upper")?],
            cutoff: table.column("cutoff")?,
            window: (Vec::new(), Vec::new()),
            step: 0,
            counted: Calibration::default(),
        })
    }

    pub(super) fn add(&mut self, row: &ByteRecord) {
        let (customer, cutoff) = (row.get(0).unwrap_or_default(), row.get(self.cutoff).unwrap_or_default());
        if self.window.1 == cutoff && self.window.0 == customer {
            self.step += 1;
        } else {
            self.window.0.clear();
            self.window.0.extend_from_slice(customer);
            self.window.1.clear();
            self.window.1.extend_from_slice(cutoff);
            self.step = 0;
        }
        let [y, lower, upper] = self.places.map(|place| number(row.get(place)));
        if self.step < STEPS && !lower.is_nan() && !upper.is_nan() && !y.is_nan() {
            let Calibration { rows, covered } = &mut self.counted;
            if rows.len() <= self.step {
                rows.resize(self.step + 1, 0);
                covered.resize(self.step + 1, 0);
            }
            rows[self.step] += 1;
            covered[self.step] += u64::from((lower..=upper).contains(&y));
        }
    }

    pub(super) fn finish(self) -> Option<Calibration> {
        Some(self.counted).filter(|counted| !counted.rows.is_empty())
    }
}
