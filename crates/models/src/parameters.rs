//! What the parameters of all regression families have in common: they are set one by one, and complain all at once.

use crate::{Error, Result};
use std::str::FromStr;

/// Sets parameters from text and checks them, all faults in one message.
pub(super) fn read<'a, P>(
    mut params: P,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    set: impl Fn(&mut P, &str, &str) -> Result<()>,
    faults: impl Fn(&P) -> Vec<String>,
) -> Result<P> {
    let mut found: Vec<String> = pairs
        .into_iter()
        .filter_map(|(name, value)| set(&mut params, name, value).err())
        .map(|error| error.to_string())
        .collect();
    found.extend(faults(&params));
    verdict(&found).map(|()| params)
}

/// No faults, or all of them, one a line.
pub(super) fn verdict(faults: &[String]) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Parameter(faults.join("\n"))) }
}

pub(super) fn number<T: FromStr>(name: &str, value: &str) -> Result<T> {
    value.trim().parse().map_err(|_| Error::Parameter(format!("{name}={value}: not a number of the kind it needs")))
}

pub(super) fn switch(name: &str, value: &str) -> Result<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Error::Parameter(format!("{name}={value}: 1 or 0, true or false"))),
    }
}

/// A parameter of another tool that is known and not built: taken where it asks for what is done anyway.
pub(super) struct Unsupported {
    /// Its name.
    pub(super) name: &'static str,
    /// The values that ask for what is done anyway; `None`: whatever it says makes no difference.
    pub(super) harmless: Option<&'static [&'static str]>,
}

impl Unsupported {
    pub(super) const fn new(name: &'static str, harmless: &'static [&'static str]) -> Self {
        Self { name, harmless: Some(harmless) }
    }

    pub(super) const fn ignored(name: &'static str) -> Self {
        Self { name, harmless: None }
    }

    /// Takes a harmless value, and refuses another by name.
    fn check(&self, value: &str) -> Result<()> {
        let name = self.name;
        let Some(harmless) = self.harmless else { return Ok(()) };
        if harmless.iter().any(|other| other.eq_ignore_ascii_case(value.trim())) {
            return Ok(());
        }
        Err(Error::Parameter(match harmless.first() {
            Some(only) => format!("{name}={value} is not supported, only {name}={only}"),
            None => format!("{name}={value} is not supported"),
        }))
    }
}

/// What a name that is set nowhere says: nothing that matters, something unsupported, or nothing at all.
pub(super) fn refuse(unsupported: &[Unsupported], name: &str, value: &str, family: &str) -> Result<()> {
    match unsupported.iter().find(|unsupported| unsupported.name == name) {
        Some(unsupported) => unsupported.check(value),
        None => Err(Error::Parameter(format!("{name} is not a parameter of {family}"))),
    }
}
