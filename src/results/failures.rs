//! Failures by cause: a cause that many customers share is one line.

use crate::{
    input::is_table,
    words::{first_names, printable},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Causes that are told apart; failures with further ones are counted alone.
const CAUSES: usize = 1000;

/// Causes that are listed.
const LISTED: usize = 20;

/// Names of customers that a cause is listed with.
const NAMES: usize = 3;

/// The failures of a run, by cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Failures {
    causes: BTreeMap<String, Cause>,
    count: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Cause {
    count: usize,
    /// The first names.
    names: BTreeSet<String>,
    /// The whole reason, where the file's name is in it.
    reason: String,
}

impl Failures {
    pub(crate) fn add(&mut self, name: &str, reason: &str) {
        self.count += 1;
        let text = without_file(name, reason);
        if !self.causes.contains_key(text) && self.causes.len() >= CAUSES {
            return;
        }
        let cause = self.causes.entry(text.to_owned()).or_default();
        cause.count += 1;
        if cause.names.first().is_none_or(|first| name < first.as_str()) {
            reason.clone_into(&mut cause.reason);
        }
        cause.names.insert(name.to_owned());
        if cause.names.len() > NAMES {
            cause.names.pop_last();
        }
    }

    /// The most frequent cause with those who failed by it.
    pub(crate) fn main(&self) -> Option<String> {
        self.sorted().first().map(|(text, cause)| cause.describe(text))
    }

    /// Writes a line for each cause, the most frequent first, but for the first `told`; `elsewhere` says where the others are.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, told: usize, elsewhere: &str) -> fmt::Result {
        let causes = self.sorted();
        for (text, cause) in causes.iter().take(LISTED).skip(told) {
            writeln!(f, "failed: {}", cause.describe(text))?;
        }
        let more = self.count - causes.iter().take(LISTED).map(|(_, cause)| cause.count).sum::<usize>();
        if more > 0 { writeln!(f, "… and {more} more{elsewhere}") } else { Ok(()) }
    }

    fn sorted(&self) -> Vec<(&str, &Cause)> {
        let mut causes: Vec<_> = self.causes.iter().map(|(text, cause)| (text.as_str(), cause)).collect();
        causes.sort_by(|(_, a), (_, b)| b.count.cmp(&a.count).then_with(|| a.names.cmp(&b.names)));
        causes
    }
}

impl Cause {
    fn describe(&self, text: &str) -> String {
        match self.names.first() {
            Some(name) if self.count == 1 => format!("{}: {}", printable(name), printable(&self.reason)),
            _ => {
                let names = first_names(self.names.iter(), self.count);
                format!("{} customers ({names}): {}", self.count, printable(text))
            }
        }
    }
}

/// A reason without the name of the customer's own file at its beginning, which tells apart what has one cause.
pub(crate) fn without_file<'r>(name: &str, reason: &'r str) -> &'r str {
    match reason.split_once(": ") {
        Some((file, cause)) if file.contains(name) && is_table(file.rsplit('/').next().unwrap_or(file)) => cause,
        _ => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shown<'a>(&'a Failures, usize);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write(f, self.1, ", in the manifest")
        }
    }

    #[test]
    fn one_cause_is_one_line() {
        let mut failures = Failures::default();
        for number in (10..99).rev() {
            failures.add(&number.to_string(), &format!("in/{number}.csv: has no column \"sold\""));
        }
        failures.add("a", "in/a.csv: line 7: bad");
        let lines =
            "failed: 89 customers (10, 11, 12 and 86 more): has no column \"sold\"\nfailed: a: in/a.csv: line 7: bad\n";
        assert_eq!(Shown(&failures, 0).to_string(), lines);
        assert_eq!(Shown(&failures, 1).to_string(), "failed: a: in/a.csv: line 7: bad\n");
        assert_eq!(failures.main().unwrap(), "89 customers (10, 11, 12 and 86 more): has no column \"sold\"");
    }

    #[test]
    fn many_causes_are_cut_short_and_counted() {
        let mut failures = Failures::default();
        for number in 0..5000 {
            failures.add(&format!("c{number:04}"), &format!("line {number}: bad"));
        }
        let shown = Shown(&failures, 0).to_string();
        assert!(shown.starts_with("failed: c0000: line 0: bad\nfailed: c0001") && shown.lines().count() == 21);
        assert!(shown.ends_with("… and 4980 more, in the manifest\n"));
    }
}
