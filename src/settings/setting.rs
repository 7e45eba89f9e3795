//! What is known about a setting.

use super::family::Family;
use crate::words::listed;
use std::fmt;

/// The values that a setting may have.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number from the first to the second.
    Integer(usize, usize),
    /// A finite number within bounds: in words, and whether a number is within them.
    Number(&'static str, fn(f64) -> bool),
    /// `true` or `false`.
    Boolean,
    /// Text in a form that these words describe.
    Form(&'static str),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Choice(words) => f.write_str(&listed(words, "or")),
            Self::Integer(least, usize::MAX) => write!(f, "a whole number of at least {least}"),
            Self::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Number("", _) => f.write_str("a number"),
            Self::Number(bounds, _) => write!(f, "a number {bounds}"),
            Self::Boolean => f.write_str("true or false"),
            Self::Form(words) => f.write_str(words),
        }
    }
}

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, with `_` between words.
    pub name: &'static str,
    /// Other names of the same, those of other tools among them.
    pub aliases: &'static [&'static str],
    /// Its values.
    pub kind: Kind,
    /// Its default as text; empty where it has none.
    pub default: &'static str,
    /// What it means, in a sentence.
    pub help: &'static str,
    /// Whether it may differ by customer, in the table `overrides`.
    pub per_customer: bool,
    /// Whether it decides which columns of the input a model is given.
    pub names_columns: bool,
    /// Whether it is an option of the command line too.
    pub common: bool,
}

impl Setting {
    /// Whether this is its name or an alias.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Settings of one owner.
#[derive(Debug)]
pub(super) struct Group {
    /// What they are about.
    pub(super) title: &'static str,
    /// The families that use them.
    pub(super) models: &'static [Family],
    /// The settings.
    pub(super) settings: &'static [Setting],
}
