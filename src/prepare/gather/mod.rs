//! The rows of some buckets, by customer and in the order of time.

mod loaded_rows;
mod repeated_hours;
mod split_buckets;

pub(super) use self::{
    loaded_rows::{CustomerSlice, LoadedRows, UntoldRow},
    repeated_hours::is_told_either_way,
    split_buckets::split_large,
};
