//! Settings as text: taken one by one, each fault remembered.

use super::canonical_name;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::RangeInclusive,
};

/// Similarity from which a known name is suggested for an unknown one.
const SIMILAR: f64 = 0.75;

/// Text that is being read.
pub(super) struct Text<'a> {
    left: BTreeMap<String, &'a str>,
    known: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl<'a> Text<'a> {
    pub(super) fn new(settings: &'a BTreeMap<String, String>) -> Self {
        let mut faults = Vec::new();
        let mut left: BTreeMap<String, &str> = BTreeMap::new();
        for (name, value) in settings {
            let (name, value) = (canonical_name(name), value.trim());
            // An empty value says nothing, beside another spelling of the name too.
            let other = left.get(&name).copied().unwrap_or_default();
            if other.is_empty() || value.is_empty() {
                left.insert(name, if value.is_empty() { other } else { value });
            } else if other != value {
                faults.push(format!("{name}: given twice, as {other:?} and as {value:?}"));
            }
        }
        Self { left, known: BTreeSet::new(), faults }
    }

    /// A setting that may be left out; an empty one is.
    pub(super) fn optional<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.known.insert(name);
        let text = self.left.remove(name).filter(|text| !text.is_empty())?;
        parse(text).map_err(|complaint| self.faults.push(format!("{name}: {text:?}: {complaint}"))).ok()
    }

    /// A setting with a default.
    pub(super) fn value<T>(&mut self, name: &'static str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        self.optional(name, parse).unwrap_or(default)
    }

    /// One of several words, the first of which is the default.
    pub(super) fn choice<T: Clone>(&mut self, name: &'static str, choices: &[(&str, T)]) -> T {
        let parse = |text: &str| {
            let word = text.replace('_', "-");
            choices
                .iter()
                .find(|(choice, _)| choice.eq_ignore_ascii_case(&word))
                .map(|(_, value)| value.clone())
                .ok_or_else(|| {
                    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                    format!("use one of {}", words.join(", "))
                })
        };
        self.value(name, choices[0].1.clone(), parse)
    }

    /// A setting that has one value here; any other is refused with the reason.
    pub(super) fn only(&mut self, name: &'static str, value: &str, reason: &str) {
        if !self.is(name, value) {
            self.refuse(name, reason);
        }
        self.left.remove(name);
        self.known.insert(name);
    }

    /// Whether a setting has a value.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.left.get(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
    }

    /// Whether a setting has a value that is still to be read.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|text| !text.is_empty())
    }

    /// Complains of a setting, if it is given a value.
    pub(super) fn refuse(&mut self, name: &str, reason: &str) {
        if let Some(text) = self.left.remove(name).filter(|text| !text.is_empty()) {
            self.faults.push(format!("{name}: {text:?}: {reason}"));
        }
    }

    /// Takes out the settings whose name, as `is_known` has it, is one of a family's, sorted by the name that was given.
    pub(super) fn take(&mut self, is_known: impl Fn(&str) -> bool) -> Vec<(String, &'a str)> {
        let names: Vec<String> = self.left.keys().filter(|name| is_known(name)).cloned().collect();
        let taken = names.into_iter().filter_map(|name| self.left.remove_entry(&name));
        taken.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Adds names to those that are suggested for unknown ones.
    pub(super) fn know(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Adds a fault.
    pub(super) fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// The names of the settings that `read` takes.
    pub(super) fn names_of<T>(read: impl FnOnce(&mut Text<'_>) -> T) -> BTreeSet<&'static str> {
        let mut text = Text { left: BTreeMap::new(), known: BTreeSet::new(), faults: Vec::new() };
        read(&mut text);
        text.known
    }

    /// All faults, names that nobody took among them; `stranger` says whose such a name is, if it is anybody's.
    pub(super) fn into_faults(mut self, stranger: impl Fn(&str) -> Option<String>) -> Vec<String> {
        for (name, value) in &self.left {
            if let Some(owner) = stranger(name) {
                self.faults.push(format!("{name}: {value:?}: {owner}"));
                continue;
            }
            let similarity = |known: &str| strsim::jaro_winkler(known, name);
            let nearest = self.known.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
            let hint = match nearest {
                Some(nearest) if similarity(nearest) >= SIMILAR => format!("did you mean {nearest}?"),
                _ => format!("the settings are {}", self.known.iter().copied().collect::<Vec<_>>().join(", ")),
            };
            self.faults.push(format!("{name}: no such setting; {hint}"));
        }
        self.faults
    }
}

/// A truth value in any client's spelling.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("use true or false".into()),
    }
}

/// A whole number within bounds; `7.0` counts, since some clients write numbers so.
pub(super) fn integer(text: &str, bounds: RangeInclusive<usize>) -> Result<usize, String> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
        let (least, most): (&dyn Display, &dyn Display) = (bounds.start(), bounds.end());
        format!("use a whole number from {least} to {most}")
    })
}

/// A finite number that satisfies a rule.
pub(super) fn number(text: &str, rule: impl Fn(f64) -> bool, complaint: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && rule(*number)).ok_or_else(|| complaint.into())
}
