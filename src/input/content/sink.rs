//! Where the rows of a file go: to its one customer, or to each of its customers.

use std::collections::HashMap;

use crate::input::data_error::DataError;
use manyfit_models::data::CustomerId;

/// Receives the rows of a file.
pub(in crate::input) trait Sink<R> {
    /// Where the next row goes, which is this customer's; `None`: it is not wanted, and need not be parsed.
    fn rows(&mut self, customer: &[u8]) -> Option<&mut R>;

    /// Takes the error of a row that names no customer, so that it is nobody's.
    #[cold]
    fn nameless(&mut self, error: DataError) {
        drop(error);
    }

    /// Takes the error of that row. Returning it ends the reading of the file.
    fn fail(&mut self, error: DataError) -> Result<(), DataError> {
        Err(error)
    }
}

/// The rows of a file of one customer.
pub(in crate::input) struct Single<R>(pub(in crate::input) R);

impl<R> Sink<R> for Single<R> {
    #[inline]
    fn rows(&mut self, _: &[u8]) -> Option<&mut R> {
        Some(&mut self.0)
    }
}

/// The rows of a file of many customers, in which the rows of different customers may be mixed.
pub(in crate::input) struct Bundle<'a, R> {
    slots: Vec<Slot<'a, R>>,
    by_name: HashMap<&'a [u8], usize>,
    /// The slot of the last row: the rows of a customer are mostly adjacent.
    last: usize,
}

/// The rows of one customer, and the error of its first bad row.
struct Slot<'a, R> {
    customer: &'a CustomerId,
    rows: R,
    error: Option<DataError>,
}

impl<'a, R> Bundle<'a, R> {
    /// A slot for each of these customers.
    pub(in crate::input) fn new(customers: impl Iterator<Item = (&'a CustomerId, R)>) -> Self {
        let slots: Vec<Slot<'_, R>> = customers.map(|(customer, rows)| Slot { customer, rows, error: None }).collect();
        let by_name = slots.iter().enumerate().map(|(at, slot)| (slot.customer.as_str().as_bytes(), at)).collect();
        Self { slots, by_name, last: 0 }
    }

    /// Each customer with its rows, or the error of its first bad row.
    pub(in crate::input) fn into_customers(self) -> impl Iterator<Item = (&'a CustomerId, Result<R, DataError>)> {
        self.slots.into_iter().map(|Slot { customer, rows, error }| (customer, error.map_or(Ok(rows), Err)))
    }
}

impl<R> Sink<R> for Bundle<'_, R> {
    #[inline]
    fn rows(&mut self, customer: &[u8]) -> Option<&mut R> {
        if self.slots.get(self.last).is_none_or(|slot| slot.customer.as_str().as_bytes() != customer) {
            self.last = *self.by_name.get(customer)?;
        }
        let slot = &mut self.slots[self.last];
        // The rows of a customer that has failed are not needed.
        slot.error.is_none().then_some(&mut slot.rows)
    }

    fn fail(&mut self, error: DataError) -> Result<(), DataError> {
        self.slots[self.last].error = Some(error);
        Ok(())
    }
}
