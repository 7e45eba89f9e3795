//! (being built)
pub mod ridge;
pub mod trees;
