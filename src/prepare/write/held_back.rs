//! Which of a customer's rows are for validation.

use super::output_rows::{OutputRow, OutputValue};
use crate::{
    artifact::forecast_seed,
    prepare::{
        gather::CustomerSlice,
        options::{Options, Validation},
    },
};
use manyfit_models::data::held_out;

/// A customer's rows as they are written: for training, and for validation.
pub(super) type Parts<'a> = [Vec<OutputRow<'a>>; 2];

/// Takes the rows for validation out of a customer's rows. Both parts are in the order of the input.
pub(super) fn parts<'a>(rows: CustomerSlice<'_>, mut output: Vec<OutputRow<'a>>, options: &Options) -> Parts<'a> {
    match options.validation {
        None => [output, Vec::new()],
        Some(Validation::From(_)) => {
            let validation = output.split_off(output.partition_point(|row| row.time == 0));
            [output, validation]
        }
        Some(Validation::Share { share, seed }) => {
            // Rows without a target are no use to either, and `train` leaves them out before it draws.
            let has_target = |row: &OutputRow<'_>| row.value != OutputValue::Missing;
            let candidates: Vec<usize> = (0..output.len()).filter(|at| has_target(&output[*at])).collect();
            let drawn = held_out(candidates.len(), share, forecast_seed(seed, rows.customer));
            let mut drawn = drawn.into_iter().map(|at| candidates[at]).peekable();
            let mut at = 0..;
            let (validation, training) = output.into_iter().partition(|_| {
                let place = at.next();
                drawn.next_if(|row| Some(*row) == place).is_some()
            });
            [training, validation]
        }
    }
}
