//! Why customers failed or got a fallback, and what was noted about them, by cause.

use crate::results::{Outcome, Status, without_file};
use serde::Serialize;
use std::collections::HashMap;

/// Causes that are told apart; what has a further one is counted with others of its kind.
const MOST: usize = 1000;

/// Names of customers that are kept for a cause.
const NAMES: usize = 3;

/// What a cause is a cause of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Of {
    Failed,
    Fallback,
    Check,
    Note,
}

/// A cause, and how many customers have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Cause {
    of: Of,
    /// What its texts have in common; a number in them is `#`.
    text: String,
    /// The first of its texts.
    example: String,
    customers: usize,
    /// The first customers.
    names: Vec<String>,
}

/// All causes so far, in the order in which they were met.
#[derive(Default)]
pub(super) struct Causes {
    all: Vec<Cause>,
    places: HashMap<(Of, String), usize>,
}

impl Causes {
    /// Counts the causes of a customer; their places in [`Self::all`], without repetition.
    pub(super) fn add(&mut self, outcome: &Outcome) -> Vec<usize> {
        let customer = &outcome.customer;
        let mut places = Vec::new();
        if let Some(reason) = &outcome.reason {
            let of = if outcome.status == Status::Failed { Of::Failed } else { Of::Fallback };
            places.push(self.place(of, pattern(without_file(customer, reason)), reason));
        }
        for check in &outcome.checks {
            // Not one cause for each size and date.
            places.push(self.place(Of::Check, check.check.clone(), &check.reason));
        }
        for note in &outcome.notes {
            places.push(self.place(Of::Note, pattern(note), note));
        }
        // A check may find several things in one series: the customer is counted once.
        let mut seen = Vec::with_capacity(places.len());
        for place in places {
            if seen.contains(&place) {
                continue;
            }
            let cause = &mut self.all[place];
            cause.customers += 1;
            if cause.names.len() < NAMES {
                cause.names.push(customer.clone());
            }
            seen.push(place);
        }
        seen
    }

    /// The place of a cause, which is new where there is none.
    fn place(&mut self, of: Of, text: String, example: &str) -> usize {
        if let Some(place) = self.places.get(&(of, text.clone())) {
            return *place;
        }
        // Room for one of others for each kind.
        let text = if self.all.len() < MOST { text } else { "other causes".to_owned() };
        let new = Cause { of, text: text.clone(), example: example.to_owned(), customers: 0, names: Vec::new() };
        *self.places.entry((of, text)).or_insert_with(|| {
            self.all.push(new);
            self.all.len() - 1
        })
    }

    pub(super) fn all(&self) -> &[Cause] {
        &self.all
    }
}

/// A text with `#` for each number in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() {
            pattern.push(character);
            continue;
        }
        pattern.push('#');
        while characters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_numbers_and_files_is_one_cause() {
        let mut causes = Causes::default();
        for number in 0..5 {
            let customer = format!("c{number}");
            let reason = format!("in/{customer}.csv: line {number}7: has 1.5 values");
            assert_eq!(causes.add(&Outcome::failed(&customer, reason)), [0]);
        }
        let note = "3 outliers clipped (outliers=clip)".to_owned();
        let fallback =
            Outcome { status: Status::Fallback, notes: vec![note], ..Outcome::failed("d", "too short".into()) };
        assert_eq!(causes.add(&fallback), [1, 2]);
        let [failed, fallback, note] = causes.all() else { panic!("{:?}", causes.all()) };
        assert_eq!((failed.of, failed.text.as_str(), failed.customers), (Of::Failed, "line #: has # values", 5));
        assert_eq!((failed.example.as_str(), failed.names.len()), ("in/c0.csv: line 07: has 1.5 values", 3));
        assert_eq!((fallback.of, note.text.as_str()), (Of::Fallback, "# outliers clipped (outliers=clip)"));
    }

    #[test]
    fn causes_without_end_are_counted_together() {
        let mut causes = Causes::default();
        for number in 0..3 * MOST {
            let letters: String = number.to_string().chars().map(|digit| char::from(digit as u8 + 49)).collect();
            causes.add(&Outcome::failed("c", letters));
        }
        assert_eq!(causes.all().len(), MOST + 1);
        let others = &causes.all()[MOST];
        assert_eq!((others.text.as_str(), others.customers), ("other causes", 2 * MOST));
    }
}
