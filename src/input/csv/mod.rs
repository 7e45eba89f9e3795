//! CSV text: split, read and written.

pub(in crate::input) mod features;
pub(in crate::input) mod series;
pub(crate) mod split;
pub(crate) mod write;
