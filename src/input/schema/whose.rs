//! Whose the rows of a file are.

/// What tells whose the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) enum Whose {
    /// A column: the file holds many customers.
    Column,
    /// A folder such as `customer=8`; a column of customers in the file has no say.
    Folder,
    /// The name of the file, which has no column of customers.
    File,
}
