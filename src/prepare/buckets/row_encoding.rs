//! The binary form of a row in a bucket.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | time in milliseconds since 1970, little endian |
//! | 1, 1, 2 × k | lengths of the customer's name, of the value and of the k kept columns |
//! | … | these texts, concatenated |
//!
//! The value stays the text of the input, so that parsing and formatting cannot change it.

use xxhash_rust::xxh3::xxh3_64;

/// A row on its way from a table to a bucket; `kept` yields the kept columns, the same number in every row of a run.
#[derive(Clone, Copy, Debug)]
pub(in crate::prepare) struct Row<'a, K> {
    pub(in crate::prepare) customer: &'a [u8],
    /// Milliseconds since 1970, or [`repeated`].
    pub(in crate::prepare) time: i64,
    /// The number as text; empty if missing.
    pub(in crate::prepare) value: &'a [u8],
    pub(in crate::prepare) kept: K,
}

/// Beyond all times: 2^44 milliseconds are more than 500 years.
const LATER_MINUTES: i64 = 1 << 48;

/// The time of a row of which only the order of rows tells which of two times it has, some minutes apart.
pub(in crate::prepare) const fn repeated(first: i64, second: i64) -> i64 {
    first + (second - first) / 60_000 * LATER_MINUTES
}

/// The two times of a row; they are equal for nearly all.
#[inline]
pub(in crate::prepare) const fn occurrences(time: i64) -> (i64, i64) {
    let minutes = (time + LATER_MINUTES / 2).div_euclid(LATER_MINUTES);
    let first = time - minutes * LATER_MINUTES;
    (first, first + minutes * 60_000)
}

/// Maximum length of a value in bytes.
pub(in crate::prepare) const LONGEST_VALUE: usize = u8::MAX as usize;
/// Maximum length of a kept column's text in bytes.
pub(in crate::prepare) const LONGEST_TEXT: usize = u16::MAX as usize;

/// The hash that decides a customer's bucket and bundle. It must not change: prepared files would.
pub(in crate::prepare) fn hash(customer: &[u8]) -> u64 {
    xxh3_64(customer)
}

impl<'a, K: Iterator<Item = &'a [u8]> + Clone> Row<'a, K> {
    /// Length of the encoded row in bytes.
    #[inline]
    pub(in crate::prepare) fn encoded_length(&self) -> usize {
        10 + self.customer.len() + self.value.len() + self.kept.clone().map(|text| 2 + text.len()).sum::<usize>()
    }

    /// Appends the encoded row. Its texts must be within the limits above.
    #[inline]
    pub(in crate::prepare) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time.to_le_bytes());
        out.push(self.customer.len() as u8);
        out.push(self.value.len() as u8);
        for text in self.kept.clone() {
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
        }
        out.extend_from_slice(self.customer);
        out.extend_from_slice(self.value);
        for text in self.kept.clone() {
            out.extend_from_slice(text);
        }
    }
}

/// A view of an encoded row.
#[derive(Clone, Copy, Debug)]
pub(in crate::prepare) struct EncodedRow<'a> {
    bytes: &'a [u8],
    kept: usize,
}

impl<'a> EncodedRow<'a> {
    /// The row at the start of `bytes`; `kept` is the number of kept columns.
    #[inline]
    pub(in crate::prepare) fn first(bytes: &'a [u8], kept: usize) -> Self {
        let mut length = 10 + 2 * kept + usize::from(bytes[8]) + usize::from(bytes[9]);
        for at in 0..kept {
            length += text_length(bytes, at);
        }
        Self { bytes: &bytes[..length], kept }
    }

    #[inline]
    pub(in crate::prepare) fn time(&self) -> i64 {
        let mut time = [0; 8];
        time.copy_from_slice(&self.bytes[..8]);
        i64::from_le_bytes(time)
    }

    #[inline]
    pub(in crate::prepare) fn customer(&self) -> &'a [u8] {
        let start = 10 + 2 * self.kept;
        &self.bytes[start..start + usize::from(self.bytes[8])]
    }

    #[inline]
    pub(in crate::prepare) fn value(&self) -> &'a [u8] {
        let start = 10 + 2 * self.kept + usize::from(self.bytes[8]);
        &self.bytes[start..start + usize::from(self.bytes[9])]
    }

    /// The kept columns, in order.
    pub(in crate::prepare) fn kept(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, kept) = (self.bytes, self.kept);
        let mut start = 10 + 2 * kept + usize::from(bytes[8]) + usize::from(bytes[9]);
        (0..kept).map(move |at| {
            let begin = start;
            start += text_length(bytes, at);
            &bytes[begin..start]
        })
    }

    /// The encoded row.
    pub(in crate::prepare) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The rows of which `bytes` is the concatenation.
#[inline]
pub(in crate::prepare) fn encoded_rows(mut bytes: &[u8], kept: usize) -> impl Iterator<Item = EncodedRow<'_>> {
    std::iter::from_fn(move || {
        let row = (!bytes.is_empty()).then(|| EncodedRow::first(bytes, kept))?;
        bytes = &bytes[row.bytes.len()..];
        Some(row)
    })
}

#[inline]
fn text_length(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[10 + 2 * at], bytes[11 + 2 * at]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_rows_are_decoded_to_the_same_rows() {
        let rows = [
            Row { customer: b"a", time: -1, value: b"1.50", kept: [&b"north"[..], b""].into_iter() },
            Row {
                customer: "Zürich".as_bytes(), time: i64::MAX, value: b"", kept: [&b""[..], b"x,\"y\""].into_iter()
            },
        ];
        let mut bytes = Vec::new();
        for row in &rows {
            let start = bytes.len();
            row.encode(&mut bytes);
            assert_eq!(bytes.len() - start, row.encoded_length());
        }
        let read: Vec<_> = encoded_rows(&bytes, 2).collect();
        assert_eq!(read.len(), rows.len());
        for (read, row) in read.iter().zip(&rows) {
            assert_eq!((read.customer(), read.time(), read.value()), (row.customer, row.time, row.value));
            assert!(read.kept().eq(row.kept.clone()));
        }
    }

    #[test]
    fn hashes_never_change_between_versions() {
        assert_eq!(hash(b""), 0x2d06_8005_38d3_94c2);
    }
}
