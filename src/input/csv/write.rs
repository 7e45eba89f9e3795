//! Values to CSV text.

use std::io::Write;

/// Appends a number as the shortest text that parses back to the same number.
pub(crate) fn write_number(number: f64, out: &mut Vec<u8>) {
    let plain = number == 0.0 || (1e-5..1e16).contains(&number.abs());
    // Writing to memory does not fail.
    let _ = if plain { write!(out, "{number}") } else { write!(out, "{number:e}") };
}

/// Appends a field, quoted if it contains a comma, a quote or a line end, or one of the other delimiters that the reader knows.
pub(crate) fn write_field(text: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr3(b',', b'"', b'\n', text).is_none() && memchr::memchr3(b'\r', b';', b'\t', text).is_none() {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        let mut out = Vec::new();
        for text in ["plain", "a,b", "say \"no\"", "two\nlines", "a;b", "a\tb"] {
            write_field(text.as_bytes(), &mut out);
            out.push(b'|');
        }
        assert_eq!(out, b"plain|\"a,b\"|\"say \"\"no\"\"\"|\"two\nlines\"|\"a;b\"|\"a\tb\"|");
    }

    #[test]
    fn numbers_are_read_back_as_they_were() {
        for number in [0.0, 0.1 + 0.2, 1e300, -1e-300, 123_456_789.125, 5.0] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(crate::input::value::number::parse(&out), Ok(Some(number)), "{}", String::from_utf8_lossy(&out));
            assert!(out.len() < 25);
        }
    }
}
