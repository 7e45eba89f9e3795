//! Tests of what the library promises, without network and without other tools. One module for each promise.

mod trees_bad_input;
mod trees_golden;
