//! Files of input: found, counted, opened and read.

pub(in crate::input) mod census;
pub(in crate::input) mod discover;
pub(crate) mod file_name;
pub(in crate::input) mod input_file;
pub(in crate::input) mod inspect;
pub(crate) mod listing;
pub(crate) mod load;
pub(in crate::input) mod open_file;
pub(in crate::input) mod reader;
