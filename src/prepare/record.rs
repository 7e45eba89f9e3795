//! A row between the table and its customer's file: what the buckets hold.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | the time, milliseconds since 1970, little endian |
//! | 1, 1, 2 × k | lengths of the customer's name, of the value and of the k kept columns |
//! | … | these texts, one behind the other |
//!
//! The value stays text, as it was written: nothing is lost by reading it as a number and writing it again.

use xxhash_rust::xxh3::xxh3_64;

/// A row as it goes from a table to a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) customer: &'a [u8],
    pub(super) time: i64,
    /// The number's text, empty where it is missing.
    pub(super) value: &'a [u8],
    /// The kept columns, as many for every row of a run.
    pub(super) kept: &'a [&'a [u8]],
}

/// The longest text of a value.
pub(super) const LONGEST_VALUE: usize = u8::MAX as usize;
/// The longest text of a kept column.
pub(super) const LONGEST_TEXT: usize = u16::MAX as usize;

/// The customer's place in the order of buckets and bundles: the same on every machine and in every version.
pub(super) fn hash(customer: &[u8]) -> u64 {
    xxh3_64(customer)
}

impl Row<'_> {
    /// Appends the row. Its texts are within the limits above.
    #[inline]
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time.to_le_bytes());
        out.push(self.customer.len() as u8);
        out.push(self.value.len() as u8);
        for text in self.kept {
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
        }
        out.extend_from_slice(self.customer);
        out.extend_from_slice(self.value);
        for text in self.kept {
            out.extend_from_slice(text);
        }
    }
}

/// A row in a bucket, by its place there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoded<'a> {
    bytes: &'a [u8],
    kept: usize,
}

impl<'a> Encoded<'a> {
    /// The row at the beginning of the bytes, and how long it is. `kept`: how many columns are kept.
    #[inline]
    pub(super) fn first(bytes: &'a [u8], kept: usize) -> (Self, usize) {
        let mut length = 10 + 2 * kept + usize::from(bytes[8]) + usize::from(bytes[9]);
        for at in 0..kept {
            length += text_length(bytes, at);
        }
        (Self { bytes: &bytes[..length], kept }, length)
    }

    #[inline]
    pub(super) fn time(&self) -> i64 {
        let mut time = [0; 8];
        time.copy_from_slice(&self.bytes[..8]);
        i64::from_le_bytes(time)
    }

    #[inline]
    pub(super) fn customer(&self) -> &'a [u8] {
        let start = 10 + 2 * self.kept;
        &self.bytes[start..start + usize::from(self.bytes[8])]
    }

    #[inline]
    pub(super) fn value(&self) -> &'a [u8] {
        let start = 10 + 2 * self.kept + usize::from(self.bytes[8]);
        &self.bytes[start..start + usize::from(self.bytes[9])]
    }

    /// The kept columns, in order.
    pub(super) fn kept(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, kept) = (self.bytes, self.kept);
        let mut start = 10 + 2 * kept + usize::from(bytes[8]) + usize::from(bytes[9]);
        (0..kept).map(move |at| {
            let begin = start;
            start += text_length(bytes, at);
            &bytes[begin..start]
        })
    }

    /// The row as it stands in a bucket.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[inline]
fn text_length(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[10 + 2 * at], bytes[11 + 2 * at]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read_back() {
        let rows = [
            Row { customer: b"a", time: -1, value: b"1.50", kept: &[b"north", b""] },
            Row { customer: "Zürich".as_bytes(), time: i64::MAX, value: b"", kept: &[b"", b"x,\"y\""] },
        ];
        let mut bytes = Vec::new();
        for row in &rows {
            row.encode(&mut bytes);
        }
        let mut rest = bytes.as_slice();
        for row in &rows {
            let (read, length) = Encoded::first(rest, 2);
            assert_eq!((read.customer(), read.time(), read.value()), (row.customer, row.time, row.value));
            assert!(read.kept().eq(row.kept.iter().copied()));
            assert_eq!(read.bytes().len(), length);
            rest = &rest[length..];
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn the_order_of_customers_never_changes_between_versions() {
        assert_eq!(hash(b""), 0x2d06_8005_38d3_94c2);
    }
}
