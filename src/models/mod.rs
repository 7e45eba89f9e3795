//! (being built)
pub mod trees;
