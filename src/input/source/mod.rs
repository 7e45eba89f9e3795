//! Files of input.

pub(in crate::input) mod census;
pub(in crate::input) mod discover;
pub(crate) mod file_name;
pub(crate) mod load;
pub(in crate::input) mod reader;
pub(in crate::input) mod table_reader;
