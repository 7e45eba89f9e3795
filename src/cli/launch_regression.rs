//! What the settings of a regression and the options of its preparation have to do with each other: in a launch of both, settings
//! name columns of the raw tables.

use super::prepare::Prepare;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Settings that the preparation needs as well, and whether the fit still does. What tells customers apart is in the names of
/// prepared files, and their numbers are in the usual notation.
const SHARED: [(&str, bool); 4] = [("target", true), ("timestamp", true), ("customer", false), ("decimal", false)];

/// Adds the options that a preparation of features needs, unless they are given.
pub(super) fn hand_on(settings: &mut BTreeMap<String, String>, arguments: &mut Vec<String>) {
    let is_given = |arguments: &[String], option: &str| {
        arguments.iter().any(|argument| argument == option || argument.starts_with(&format!("{option}=")))
    };
    if !is_given(arguments, "--regression") {
        arguments.insert(0, "--regression".to_owned());
    }
    for (name, stays) in SHARED {
        let option = format!("--{name}");
        let Some(value) = settings.get(name).filter(|value| !value.is_empty()) else { continue };
        if is_given(arguments, &option) {
            continue;
        }
        // The target keeps its name, by which the setting finds it.
        arguments.push(if name == "target" {
            format!("{option}={value}={value}")
        } else {
            format!("{option}={value}")
        });
        if !stays {
            settings.remove(name);
        }
    }
}

/// Tells the fit what the columns of prepared files are called.
///
/// # Errors
/// [`Error::Settings`] if a setting names a column that prepared files will not have.
pub(super) fn agree(prepare: &Prepare, settings: &mut BTreeMap<String, String>) -> Result<()> {
    let written = prepare.written_target();
    match settings.get("target") {
        Some(target) if !target.is_empty() && target != written => {
            return Err(Error::Settings(format!(
                "--set target={target}: Prepare writes the target as {written:?}: leave it out of --prepare-argument, or give \
                 both the same name, as in --prepare-argument=--target={target}={target}"
            )));
        }
        Some(_) => {}
        None if written == "target" => {}
        None => drop(settings.insert("target".to_owned(), written.to_owned())),
    }
    if let Some(timestamp) = prepare.timestamp() {
        // It is carried along and is no feature.
        settings.entry("timestamp".to_owned()).or_insert_with(|| timestamp.to_owned());
    }
    if let Some(customer) = settings.get("customer").filter(|customer| !customer.is_empty()) {
        return Err(Error::Settings(format!(
            "--set customer={customer}: Prepare writes a file per customer, as --prepare-argument=--customer says: keep that one"
        )));
    }
    Ok(())
}
