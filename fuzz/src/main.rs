//! The program that libFuzzer drives: one of the properties in `fuzz/properties`, named by the variable `FUZZ_TARGET`.
//!
//! Beside libFuzzer's own limit of time, an input may take no more memory than a base and a multiple of its length.

#![cfg_attr(not(test), no_main)]

#[path = "../properties/mod.rs"]
mod properties;

mod memory;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use properties::{Property, TARGETS};

static PROPERTY: LazyLock<Property> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    found.unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}: set one of {}", names.join(", "))).1
});

fuzz_target!(|input: &[u8]| {
    let property = *PROPERTY;
    memory::within(input.len(), || property(input));
});
