//! Text to records: byte order mark, delimiter, lines, quotes.
//!
//! Two splitters behind one iterator. Bytes without a quote are split at delimiters and line ends, which is all that
//! is left of CSV then: from bytes to series in 60 % of the time. Bytes with a quote (or with the lone carriage returns
//! of old spreadsheets) go through `csv-core`, which knows the rest of the rules.
//!
//! `csv-core` takes a stray quote for one that opens, and all lines up to the next quote for one field. A record that
//! goes over a line end or up to the end of the text is therefore looked at again: where a quote of it is left open, or
//! is closed in the middle of a value, its first line is a torn record, and the lines behind it are records of their own.

use csv_core::ReadRecordResult;

use super::fault::{Fault, Place};

/// What is wrong with a torn record.
pub(super) const TORN: &str = "a quote is not closed, or is closed within a value: close it before the delimiter, and double \
    the quotes that belong to the value";

/// The text of a CSV file, and how it is cut.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    plain: bool,
}

/// Memory that the records of one file after another are cut in.
pub(super) struct Scratch {
    core: csv_core::Reader,
    delimiter: u8,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of one row. Fields are trimmed of ASCII white space.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    /// Where each field ends in `bytes`.
    ends: &'a [usize],
    /// Bytes between two fields: the delimiter, or nothing where quotes were taken off.
    gap: usize,
    /// The line on which the record begins, from 1.
    pub(super) line: u64,
    /// Whether its quotes do not go together; it has no fields then.
    pub(super) torn: bool,
}

/// The records of a text, one at a time, without blank lines.
pub(super) struct Records<'a> {
    text: Text<'a>,
    scratch: &'a mut Scratch,
    position: usize,
    line: u64,
    after_carriage_return: bool,
    /// Up to here every line is a record: a torn one went so far.
    torn_to: usize,
}

impl<'a> Text<'a> {
    /// Looks at the encoding, the delimiter and the quotes.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        let bytes = match bytes {
            [0xef, 0xbb, 0xbf, rest @ ..] => rest,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                return Err(Fault::file("is UTF-16 text: save it as CSV in UTF-8"));
            }
            bytes => bytes,
        };
        let plain = memchr::memchr(b'"', bytes).is_none()
            && memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'));
        Ok(Self { bytes, delimiter: sniff_delimiter(bytes), plain })
    }

    /// Text from the middle of a file, whose delimiter is known.
    pub(super) fn with_delimiter(bytes: &'a [u8], delimiter: u8) -> Self {
        Self { bytes, delimiter, plain: false }
    }

    /// What stands between two fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Behind the line that holds this position.
    fn line_end(&self, position: usize) -> usize {
        let rest = &self.bytes[position..];
        position + memchr::memchr2(b'\r', b'\n', rest).map_or(rest.len(), |at| at + 1)
    }

    /// The records from the beginning.
    pub(super) fn records<'s>(self, scratch: &'s mut Scratch) -> Records<'s>
    where
        'a: 's,
    {
        if scratch.delimiter != self.delimiter {
            scratch.core = csv_core::ReaderBuilder::new().delimiter(self.delimiter).build();
            scratch.delimiter = self.delimiter;
        }
        scratch.core.reset();
        Records { text: self, scratch, position: 0, line: 1, after_carriage_return: false, torn_to: 0 }
    }
}

/// The most frequent of tab, semicolon and comma in the first line that is not blank, outside quotes.
///
/// In a tie the rarer one in ordinary text wins: `2024-01-01;3,5` has a semicolon between its fields.
fn sniff_delimiter(bytes: &[u8]) -> u8 {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let (mut tabs, mut semicolons, mut commas, mut quoted) = (0, 0, 0, false);
    for byte in &bytes[start..] {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            b'\t' if !quoted => tabs += 1,
            b';' if !quoted => semicolons += 1,
            b',' if !quoted => commas += 1,
            _ => {}
        }
    }
    if tabs > 0 && tabs >= semicolons && tabs >= commas {
        b'\t'
    } else if semicolons > 0 && semicolons >= commas {
        b';'
    } else {
        b','
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self { core: csv_core::Reader::new(), delimiter: b',', unquoted: Vec::new(), ends: Vec::new() }
    }
}

impl<'a> Record<'a> {
    /// Number of fields.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field, or nothing where the record has no such field.
    #[inline]
    pub(super) fn field(&self, at: usize) -> &'a [u8] {
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] + self.gap };
        self.bytes[start..end].trim_ascii()
    }

    /// Whether no field holds anything: a row of delimiters, as spreadsheets leave them at the end.
    pub(super) fn is_blank(&self) -> bool {
        !self.torn && (0..self.len()).all(|at| self.field(at).is_empty())
    }

    /// # Errors
    /// Where the record is torn.
    pub(super) fn check_quotes(&self) -> Result<(), Fault> {
        if self.torn { Err(Fault::row(Place::Line(self.line), TORN)) } else { Ok(()) }
    }
}

impl Records<'_> {
    /// The next record.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Record<'_>> {
        if self.text.plain { self.next_plain() } else { self.next_quoted() }
    }

    #[inline]
    fn next_plain(&mut self) -> Option<Record<'_>> {
        loop {
            let rest = &self.text.bytes[self.position..];
            if rest.is_empty() {
                return None;
            }
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.position += (length + 1).min(rest.len());
            let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
            self.line += 1;
            if line.is_empty() {
                continue;
            }
            let ends = &mut self.scratch.ends;
            ends.clear();
            for (at, &byte) in line.iter().enumerate() {
                if byte == self.text.delimiter {
                    ends.push(at);
                }
            }
            ends.push(line.len());
            return Some(Record { bytes: line, ends: &self.scratch.ends, gap: 1, line: self.line - 1, torn: false });
        }
    }

    fn next_quoted(&mut self) -> Option<Record<'_>> {
        let Scratch { core, unquoted, ends, .. } = &mut *self.scratch;
        // A blank line belongs to no record; skipping it here keeps the line count true.
        while let Some(byte @ (b'\r' | b'\n')) = self.text.bytes.get(self.position) {
            count_line(*byte, &mut self.line, &mut self.after_carriage_return);
            self.position += 1;
        }
        let (line, start) = (self.line, self.position);
        let limit = if start < self.torn_to { self.text.line_end(start) } else { self.text.bytes.len() };
        let (mut written, mut fields) = (0, 0);
        loop {
            let input = &self.text.bytes[self.position..limit];
            let (result, read, wrote, ended) = core.read_record(input, &mut unquoted[written..], &mut ends[fields..]);
            self.position += read;
            written += wrote;
            fields += ended;
            match result {
                // Memory of the last input is used up: the next call, with nothing, ends the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => unquoted.resize((2 * unquoted.len()).max(1024), 0),
                ReadRecordResult::OutputEndsFull => ends.resize((2 * ends.len()).max(32), 0),
                ReadRecordResult::End if limit == self.text.bytes.len() => return None,
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        if self.position == limit {
            // Told that this was the end, it would read no further.
            core.reset();
        }
        let record = &self.text.bytes[start..self.position];
        let torn = (self.position == limit || spans_lines(record)) && is_torn(record, self.text.delimiter);
        if torn {
            core.reset();
            self.torn_to = self.torn_to.max(self.position);
            self.position = self.text.line_end(start);
            fields = 0;
        }
        for byte in &self.text.bytes[start..self.position] {
            count_line(*byte, &mut self.line, &mut self.after_carriage_return);
        }
        Some(Record { bytes: &unquoted[..written], ends: &ends[..fields], gap: 0, line, torn })
    }
}

/// Whether a line ends before the record does.
fn spans_lines(record: &[u8]) -> bool {
    let last = record.len().saturating_sub(1);
    memchr::memchr2(b'\r', b'\n', &record[..last]).is_some()
}

/// Whether a quote is open at the record's end, or is closed where neither the field nor the record ends.
fn is_torn(record: &[u8], delimiter: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if !quoted {
            quoted = begins && byte == b'"';
            begins = byte == delimiter;
        } else if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
            if bytes.peek().is_some_and(|next| ![delimiter, b'\r', b'\n'].contains(next)) {
                return true;
            }
            quoted = false;
        }
    }
    quoted
}

/// `\n`, `\r\n` and a lone `\r` each end a line.
fn count_line(byte: u8, line: &mut u64, after_carriage_return: &mut bool) {
    if byte == b'\r' || (byte == b'\n' && !*after_carriage_return) {
        *line += 1;
    }
    *after_carriage_return = byte == b'\r';
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u64, Vec<String>)>;

    fn split(bytes: &[u8]) -> Rows {
        collect(Text::new(bytes).unwrap())
    }

    fn collect(text: Text<'_>) -> Rows {
        let mut scratch = Scratch::default();
        let mut records = text.records(&mut scratch);
        let mut rows = Vec::new();
        while let Some(record) = records.next() {
            let fields = (0..record.len()).map(|at| String::from_utf8_lossy(record.field(at)).into_owned());
            rows.push((record.line, fields.collect()));
        }
        rows
    }

    fn rows(expected: &[(u64, &[&str])]) -> Rows {
        expected.iter().map(|(line, fields)| (*line, fields.iter().map(ToString::to_string).collect())).collect()
    }

    #[test]
    fn lines_fields_and_blank_lines_are_told_apart() {
        let expected = rows(&[(1, &["ds", "y"]), (3, &["2024-01-01", "1"]), (4, &["2024-01-02", ""])]);
        assert_eq!(split(b"ds,y\n\n2024-01-01, 1 \n2024-01-02,"), expected);
        assert_eq!(split(b"\xef\xbb\xbfds,y\r\n\r\n2024-01-01, 1 \r\n2024-01-02,\r\n\r\n"), expected);
        assert_eq!(split(b"ds,y\r\r2024-01-01, 1 \r2024-01-02,\r"), expected);
        assert_eq!(split(b"\"ds\",y\n\n2024-01-01,\" 1 \"\n2024-01-02,\"\""), expected);
        assert_eq!(split(b""), rows(&[]));
        assert_eq!(split(b"\n\r\n"), rows(&[]));
    }

    #[test]
    fn the_delimiter_is_sniffed_from_the_first_line() {
        let expected = rows(&[(1, &["ds", "y"]), (2, &["2024-01-01", "3,5"])]);
        assert_eq!(split(b"ds;y\n2024-01-01;3,5\n"), expected);
        assert_eq!(split(b"ds\ty\n2024-01-01\t3,5\n"), expected);
        assert_eq!(split(b"\"ds,\";y\n"), rows(&[(1, &["ds,", "y"])]));
        assert_eq!(split(b"2024-01-01;3,5\n"), rows(&[(1, &["2024-01-01", "3,5"])]));
    }

    #[test]
    fn a_record_knows_its_true_line_beside_quoted_line_ends() {
        assert_eq!(
            split(b"a,b\n\"x\r\ny\",\"he said \"\"no\"\"\"\nlast,1"),
            rows(&[(1, &["a", "b"]), (2, &["x\r\ny", "he said \"no\""]), (4, &["last", "1"])])
        );
    }

    /// The lines of the records, and whether they are torn.
    fn torn(text: &str) -> Vec<(u64, bool)> {
        let mut scratch = Scratch::default();
        let mut records = Text::new(text.as_bytes()).unwrap().records(&mut scratch);
        std::iter::from_fn(|| records.next().map(|record| (record.line, record.torn))).collect()
    }

    #[test]
    fn a_stray_quote_tears_its_own_line_and_no_other() {
        // Open to the end of the text, with and without a last line end.
        assert_eq!(torn("a,b\nc,\"d\ne,f\ng,h\n"), [(1, false), (2, true), (3, false), (4, false)]);
        assert_eq!(torn("a,b\r\nc,\"d\r\ne,f"), [(1, false), (2, true), (3, false)]);
        assert_eq!(torn("a,\"b"), [(1, true)]);
        // Closed by the next quote, within a value.
        assert_eq!(torn("c,\"d\ne,f\ng,\"h\"\ni,j\n"), [(1, true), (2, false), (3, false), (4, false)]);
        // Lines of which each would open a quote that the next one closes and opens again.
        assert_eq!(torn("a\",\"b\na\",\"b\nc,d"), [(1, true), (2, true), (3, false)]);
        // What quotes are for.
        assert_eq!(torn("\"a\r\nb\",\"say \"\"no\"\"\"\n\"\",c"), [(1, false), (3, false)]);
        assert_eq!(torn("5\" pipe,\"a\nb\"\n"), [(1, false)]);
    }

    #[test]
    fn utf_16_is_refused_with_the_way_out() {
        let fault = Text::new(b"\xff\xfed\0s\0").err().unwrap();
        assert!(fault.in_file("a.csv").to_string().contains("UTF-8"));
    }

    #[test]
    fn a_row_of_delimiters_is_blank() {
        let mut scratch = Scratch::default();
        let mut records = Text::new(b",,\n").unwrap().records(&mut scratch);
        assert!(records.next().unwrap().is_blank());
    }

    proptest! {
        #[test]
        fn both_splitters_cut_unquoted_text_alike(text in "([ab ,]{0,6}\r?\n){0,8}[ab,]{0,4}") {
            let plain = Text { bytes: text.as_bytes(), delimiter: b',', plain: true };
            prop_assert_eq!(collect(plain), collect(Text { plain: false, ..plain }));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(text) = Text::new(&bytes) {
                collect(text);
                collect(Text { plain: false, ..text });
            }
        }

        #[test]
        fn odd_quotes_never_panic_and_lines_never_go_back(text in "[a\",\r\n]{0,60}") {
            let rows = split(text.as_bytes());
            prop_assert!(rows.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            let lines = torn(&text);
            prop_assert!(lines.windows(2).all(|pair| pair[0].0 < pair[1].0 || !pair[0].1), "{lines:?}");
        }
    }
}
