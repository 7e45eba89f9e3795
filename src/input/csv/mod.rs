//! CSV text: split, read and written.

pub(in crate::input) mod file;
pub(in crate::input) mod preamble;
pub(crate) mod split;
pub(crate) mod times;
pub(crate) mod write;
