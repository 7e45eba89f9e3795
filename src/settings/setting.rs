//! What is known about a setting.

use super::family::Family;
use std::{
    fmt,
    ops::{
        Bound::{self, Excluded, Included, Unbounded},
        RangeBounds,
    },
};

/// The values that a setting may have.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number from the first to the second.
    Integer(usize, usize),
    /// A finite number between these bounds.
    Number(Bound<f64>, Bound<f64>),
    /// `true` or `false`.
    Boolean,
    /// Text in a form that these words describe.
    Form(&'static str),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Integer(least, usize::MAX) => write!(f, "a whole number of at least {least}"),
            Self::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Number(Included(least), Included(most)) => {
                write!(f, "a number from {} to {}", short(least), short(most))
            }
            Self::Number(Included(least), Excluded(most)) => write!(f, "a number from {least} to below {most}"),
            Self::Number(Excluded(least), Included(most)) => write!(f, "a number above {least}, at most {most}"),
            Self::Number(Excluded(least), Excluded(most)) => {
                write!(f, "a number between {least} and {}", short(most))
            }
            Self::Number(Included(least), Unbounded) => write!(f, "a number of at least {least}"),
            Self::Number(..) => f.write_str("a number"),
            Self::Boolean => f.write_str("true or false"),
            Self::Form(words) => f.write_str(words),
        }
    }
}

/// Very large and very small numbers with an exponent.
fn short(number: f64) -> String {
    if number == 0.0 || (1e-3..1e6).contains(&number) { number.to_string() } else { format!("{number:e}") }
}

impl Kind {
    /// Whether a number is within the bounds of [`Kind::Number`].
    pub(super) fn contains(self, number: f64) -> bool {
        number.is_finite() && !matches!(self, Self::Number(least, most) if !(least, most).contains(&number))
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
