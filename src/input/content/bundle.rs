//! The customers of a file of many, in the order in which the file mixes their rows.

use std::collections::HashMap;

use manyfit_models::data::CustomerId;

/// What is gathered of each customer of a file.
pub(in crate::input) struct Bundle<'a, T> {
    pub(in crate::input) slots: Vec<Slot<'a, T>>,
    by_name: HashMap<&'a [u8], usize>,
    /// Where the last row went: rows of a customer mostly stand together.
    last: usize,
}

/// What is gathered of one customer.
pub(in crate::input) struct Slot<'a, T> {
    pub(in crate::input) customer: &'a CustomerId,
    pub(in crate::input) content: T,
}

impl<'a, T> Bundle<'a, T> {
    /// For these customers.
    pub(in crate::input) fn new(customers: impl Iterator<Item = (&'a CustomerId, T)>) -> Self {
        let slots: Vec<Slot<'_, T>> = customers.map(|(customer, content)| Slot { customer, content }).collect();
        let by_name = slots.iter().enumerate().map(|(at, slot)| (slot.customer.as_str().as_bytes(), at)).collect();
        Self { slots, by_name, last: 0 }
    }

    /// The place of a customer; `None` where it is not wanted.
    #[inline]
    pub(in crate::input) fn find(&mut self, customer: &[u8]) -> Option<usize> {
        if self.slots.get(self.last).is_none_or(|slot| slot.customer.as_str().as_bytes() != customer) {
            self.last = *self.by_name.get(customer)?;
        }
        Some(self.last)
    }
}
