//! Settings as text, read one by one; each fault is remembered.

use super::{
    compatibility,
    family::Family,
    lookup::{canonical, family_of, find, owners_of, suggestion},
    setting::Setting,
    values::{self, Value},
};
use crate::words::listed;
use std::collections::{BTreeMap, BTreeSet};

/// A `$type` whose fields are settings of the same names: those with a default, those that may be unset; then other fields.
macro_rules! read_fields {
    ($reader:ident, $type:ident { value: $($value:ident)*; optional: $($optional:ident)*; $($other:tt)* }) => {
        $type {
            $($value: $reader.value(stringify!($value)),)*
            $($optional: $reader.optional(stringify!($optional)),)*
            $($other)*
        }
    };
}
pub(super) use read_fields;

/// Text that is being read.
pub(super) struct Reader<'a> {
    pub(super) family: Family,
    given: BTreeMap<&'static str, &'a str>,
    /// The settings that were read.
    pub(super) read: BTreeSet<&'static str>,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Names in any spelling; those that are not of the model are faults.
    pub(super) fn new(settings: &'a BTreeMap<String, String>) -> Self {
        let family = family_of(settings);
        let (mut given, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, text) in canonical(family, settings, &mut faults) {
            match find(family, &name) {
                Some(_) if text.is_empty() => {}
                Some(setting) => _ = given.insert(setting.name, text),
                None => match compatibility::check(family, &name, text) {
                    None => faults.push(unknown(family, &name, text)),
                    Some(checked) => faults.extend(checked.err().map(|reason| invalid(&name, text, &reason))),
                },
            }
        }
        Self { family, given, read: BTreeSet::new(), faults }
    }

    /// A setting by a parser of its own: its value, else its default, if it has any.
    pub(super) fn parse<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&'a str, &'static Setting) -> Result<T, String>,
    ) -> Option<T> {
        let setting = find(self.family, name).expect("only settings of the registry are read");
        self.read.insert(setting.name);
        if let Some(text) = self.given.get(setting.name) {
            match parse(text, setting) {
                Ok(value) => return Some(value),
                Err(complaint) => self.faults.push(invalid(name, text, &complaint)),
            }
        }
        (!setting.default.is_empty()).then(|| parse(setting.default, setting).expect("a default is valid"))
    }

    /// A setting that may be unset.
    pub(super) fn optional<T: Value>(&mut self, name: &str) -> Option<T> {
        self.parse(name, |text, setting| T::read(text, setting.kind))
    }

    /// A setting with a default.
    pub(super) fn value<T: Value>(&mut self, name: &str) -> T {
        self.optional(name).expect("it has a default")
    }

    /// The word of a choice with a default.
    pub(super) fn choice(&mut self, name: &str) -> &'static str {
        self.parse(name, |text, setting| values::choice(text, setting.kind)).expect("it has a default")
    }

    /// Whether a setting is given.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Whether a setting is given with other words than its default.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        let default = find(self.family, name).map_or("", |setting| setting.default);
        self.given.get(name).is_some_and(|text| !text.eq_ignore_ascii_case(default))
    }

    /// Adds a fault.
    pub(super) fn fault(&mut self, fault: String) {
        self.faults.push(fault);
    }

    /// All faults.
    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }
}

/// What to say of a setting that the family does not have.
fn unknown(family: Family, name: &str, text: &str) -> String {
    let owners: Vec<&str> = owners_of(name).into_iter().map(Family::name).collect();
    if owners.is_empty() {
        return format!("{name}: no such setting; {}", suggestion(name, Some(family)));
    }
    format!("{name}={text} applies only to {}; the model is {}", listed(&owners, "and"), family.name())
}

/// What to say of a value that cannot be used; `complaint` says what to use instead.
fn invalid(name: &str, text: &str, complaint: &str) -> String {
    format!("{name}={text:?} is invalid: {complaint}")
}
