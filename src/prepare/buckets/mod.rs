//! Rows on disk between reading and writing, by the hash of their customer.

mod bucket_file;
mod row_encoding;

pub(super) use self::{
    bucket_file::{Bucket, BucketFile, BucketWriter, Extent, begin_piece, end_piece, pieces},
    row_encoding::{EncodedRow, LONGEST_TEXT, LONGEST_VALUE, Row, encoded_rows, hash, occurrences, repeated},
};
