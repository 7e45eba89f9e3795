//! Parquet bytes to rows.

#[cfg(not(feature = "parquet"))]
pub(super) use absent::{columns, customers, names_customers, read};

/// The answer of a binary that was built without Parquet.
#[cfg(not(feature = "parquet"))]
mod absent {
    use super::super::{
        InputSettings, Sink,
        columns::{Columns, Header},
        fault::Fault,
    };

    fn refusal() -> Fault {
        Fault::file("this manyfit was built without Parquet: use a build with the feature parquet, or write CSV")
    }

    pub(in super::super) fn names_customers(_: &[u8], _: &InputSettings) -> Result<bool, Fault> {
        Err(refusal())
    }

    pub(in super::super) fn columns(_: &[u8], _: &InputSettings, _: bool) -> Result<(Header, Columns), Fault> {
        Err(refusal())
    }

    pub(in super::super) fn customers(_: &[u8], _: &InputSettings, _: impl FnMut(&[u8])) -> Result<(), Fault> {
        Err(refusal())
    }

    pub(in super::super) fn read(_: &[u8], _: &InputSettings, _: bool, _: &mut impl Sink) -> Result<(), Fault> {
        Err(refusal())
    }
}
