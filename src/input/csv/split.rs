//! CSV text to records: byte order mark, delimiter, lines, quotes.
//!
//! There are two splitters behind one iterator. Bytes without quotes are split at delimiters and line ends, which takes
//! 60 % of the time from bytes to series. Bytes with a quote (or with the lone carriage returns of old spreadsheets) are
//! also unquoted.
//!
//! A stray quote would open a field that ends at the next quote, some lines below. If a record that spans lines or reaches
//! the end of the text has a quote that is not closed, or is closed within a value, its first line is therefore a torn
//! record, and the lines after it are records of their own.

use crate::{
    input::data_error::{DataError, Position},
    words::counted,
};

/// What is wrong with a torn record.
const TORN: &str = "a quote is not closed, or is closed within a value: close it before the delimiter, and double \
    the quotes that belong to the value";

/// Where the records of a file begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// Bytes before them.
    pub(crate) bytes: usize,
    /// Lines before them.
    pub(crate) lines: u64,
}

/// CSV text, its delimiter, and which splitter it needs.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// From the first record on.
    bytes: &'a [u8],
    start: Start,
    delimiter: u8,
    /// Whether there are neither quotes nor lone carriage returns.
    plain: bool,
}

/// Buffers that are reused for one text after another.
#[derive(Default)]
pub(crate) struct Scratch {
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

/// The fields of one row, trimmed of ASCII white space.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    bytes: &'a [u8],
    /// The end of each field in `bytes`.
    ends: &'a [usize],
    /// Number of bytes between two fields: one for the delimiter, or none after unquoting.
    gap: usize,
    /// The line on which the record begins, from 1.
    pub(crate) line: u64,
    /// Whether its quotes are unbalanced; such a record has no fields.
    pub(crate) torn: bool,
}

/// The records of a text, one at a time, without blank lines.
pub(crate) struct Records<'a> {
    text: Text<'a>,
    scratch: &'a mut Scratch,
    position: usize,
    line: u64,
    /// Every line up to this position is a record of its own, because a torn record spanned them.
    torn_to: usize,
}

/// Where in quoted text a byte is. Quotes open only at the beginning of a field, and a doubled quote within quotes is a
/// quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// At the beginning of a field.
    FieldStart,
    /// Within a field without quotes.
    Unquoted,
    Quoted,
    /// After a quote within quotes: it closes them unless another one follows.
    Closed,
}

impl Quotes {
    /// The state after one more byte.
    #[inline]
    fn after(self, byte: u8, is_delimiter: impl Fn(u8) -> bool) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Closed,
            (Self::FieldStart | Self::Closed, b'"') | (Self::Quoted, _) => Self::Quoted,
            (_, b'\r' | b'\n') => Self::FieldStart,
            _ if is_delimiter(byte) => Self::FieldStart,
            _ => Self::Unquoted,
        }
    }
}

impl<'a> Text<'a> {
    /// A whole file: checks the encoding, and detects the delimiter.
    ///
    /// # Errors
    /// If the text is UTF-16.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, DataError> {
        let (bytes, mark) = match bytes {
            [0xef, 0xbb, 0xbf, rest @ ..] => (rest, 3),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                return Err(DataError::file("is UTF-16 text: save it as CSV in UTF-8"));
            }
            bytes => (bytes, 0),
        };
        let start = Start { bytes: mark, lines: 0 };
        Ok(Self { start, ..Self::block(bytes, sniff_delimiter(bytes)) })
    }

    /// Whole records from the middle of a file whose delimiter is known.
    pub(crate) fn block(bytes: &'a [u8], delimiter: u8) -> Self {
        let plain = memchr::memchr(b'"', bytes).is_none()
            && memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'));
        Self { bytes, start: Start::default(), delimiter, plain }
    }

    /// The text from a position in it on; `delimiter`: unless it is to be detected.
    pub(super) fn below(self, position: Start, delimiter: Option<u8>) -> Self {
        let bytes = &self.bytes[position.bytes..];
        let start = Start { bytes: self.start.bytes + position.bytes, lines: self.start.lines + position.lines };
        Self { start, ..Self::block(bytes, delimiter.unwrap_or_else(|| sniff_delimiter(bytes))) }
    }

    /// At most this many bytes of the text, whole lines unless the first one is longer.
    pub(super) fn head(self, most: usize) -> Self {
        let end = self.bytes.get(..most).and_then(|head| memchr::memrchr(b'\n', head));
        Self { bytes: &self.bytes[..end.map_or(self.bytes.len(), |end| end + 1)], ..self }
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where in the file it begins.
    pub(crate) const fn start(&self) -> Start {
        self.start
    }

    /// The byte between two fields.
    pub(crate) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Whether there may be commas within fields. Those in quotes between commas are left to the user.
    pub(crate) fn has_commas(&self) -> bool {
        self.delimiter != b',' && memchr::memchr(b',', self.bytes).is_some()
    }

    /// The position after a line that begins at this one, `\r\n` included; `None` at the end.
    pub(super) fn next_line(&self, Start { bytes, lines }: Start) -> Option<Start> {
        let mut end = self.line_end(bytes);
        if self.bytes[..end].ends_with(b"\r") && self.bytes.get(end) == Some(&b'\n') {
            end += 1;
        }
        (end > bytes).then_some(Start { bytes: end, lines: lines + 1 })
    }

    /// The position after the line that contains this position.
    fn line_end(&self, position: usize) -> usize {
        let rest = &self.bytes[position..];
        position + memchr::memchr2(b'\r', b'\n', rest).map_or(rest.len(), |at| at + 1)
    }

    /// The records from the beginning.
    pub(crate) fn records<'s>(self, scratch: &'s mut Scratch) -> Records<'s>
    where
        'a: 's,
    {
        Records { text: self, scratch, position: 0, line: self.start.lines + 1, torn_to: 0 }
    }
}

/// The position after the last line feed outside quotes, so that `bytes` up to there are whole records; `None` if there is
/// no such line feed. `bytes` must begin with a record.
pub(crate) fn end_of_whole_records(bytes: &[u8], delimiter: u8) -> Option<usize> {
    if memchr::memchr(b'"', bytes).is_none() {
        return memchr::memrchr(b'\n', bytes).map(|at| at + 1);
    }
    let (mut end, mut quotes) = (None, Quotes::FieldStart);
    for (at, &byte) in bytes.iter().enumerate() {
        quotes = quotes.after(byte, |byte| byte == delimiter);
        if byte == b'\n' && quotes == Quotes::FieldStart {
            end = Some(at + 1);
        }
    }
    end
}

/// The most frequent of tab, semicolon and comma in the first line that is not blank, outside quotes.
///
/// In a tie the one that is rarer in ordinary text wins: `2024-01-01;3,5` has a semicolon between its fields.
fn sniff_delimiter(bytes: &[u8]) -> u8 {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let (mut counts, mut quotes) = ([0; DELIMITERS.len()], Quotes::FieldStart);
    for &byte in &bytes[start..] {
        let delimiter = DELIMITERS.iter().position(|delimiter| *delimiter == byte);
        quotes = quotes.after(byte, |_| delimiter.is_some());
        match delimiter {
            _ if quotes != Quotes::FieldStart => {}
            Some(at) => counts[at] += 1,
            None => break,
        }
    }
    let found = DELIMITERS.into_iter().zip(counts).filter(|(_, count)| *count > 0);
    // The last of the largest counts is that of the first delimiter.
    found.rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// The delimiters that are detected; in a tie the first one.
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];

impl<'a> Record<'a> {
    /// Number of fields.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field; empty if the record has no such field.
    #[inline]
    pub(crate) fn field(&self, at: usize) -> &'a [u8] {
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] + self.gap };
        self.bytes[start..end].trim_ascii()
    }

    /// The field, if the record has it.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&'a [u8]> {
        (at < self.len()).then(|| self.field(at))
    }

    /// Whether all fields are empty: a row of delimiters, as spreadsheets leave them at the end.
    pub(crate) fn is_blank(&self) -> bool {
        !self.torn && (0..self.len()).all(|at| self.field(at).is_empty())
    }

    /// For a record whose number of fields is not `wanted`.
    ///
    /// # Errors
    /// Unless it is blank.
    #[cold]
    pub(crate) fn refuse_length(&self, wanted: usize) -> Result<(), DataError> {
        let fault = self.wrong_length(wanted).map(|fault| DataError::row(Position::Line(self.line), fault));
        fault.map_or(Ok(()), Err)
    }

    /// What is wrong with a record whose number of fields is not `wanted`; `None` if it is blank.
    #[cold]
    pub(crate) fn wrong_length(&self, wanted: usize) -> Option<String> {
        if self.torn {
            return Some(TORN.to_owned());
        }
        let has = self.len();
        (!self.is_blank()).then(|| {
            format!(
                "the row has {} where the first line has {wanted}: quote values that contain the delimiter, close every \
                 quote, and fill rows up with empty fields",
                counted(has, "field")
            )
        })
    }

    /// # Errors
    /// If the record is torn.
    pub(crate) fn check_quotes(&self) -> Result<(), DataError> {
        if self.torn { Err(DataError::row(Position::Line(self.line), TORN)) } else { Ok(()) }
    }
}

impl Records<'_> {
    /// The next record.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Record<'_>> {
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
        let Scratch { unquoted, ends } = &mut *self.scratch;
        let bytes = self.text.bytes;
        // A blank line belongs to no record; skipping it here keeps the line numbers right.
        while matches!(bytes.get(self.position), Some(b'\r' | b'\n')) {
            self.line += u64::from(ends_line(bytes, self.position));
            self.position += 1;
        }
        let (line, start) = (self.line, self.position);
        if start == bytes.len() {
            return None;
        }
        let limit = if start < self.torn_to { self.text.line_end(start) } else { bytes.len() };
        let (position, balanced) = unquote(&bytes[..limit], start, self.text.delimiter, unquoted, ends);
        let torn =
            !balanced && (position == limit || memchr::memchr2(b'\r', b'\n', &bytes[start..position - 1]).is_some());
        if torn {
            ends.clear();
            self.torn_to = self.torn_to.max(position);
        }
        self.position = if torn { self.text.line_end(start) } else { position };
        self.line += (start..self.position).filter(|at| ends_line(bytes, *at)).count() as u64;
        Some(Record { bytes: unquoted, ends, gap: 0, line, torn })
    }
}

/// Cuts and unquotes the record that begins at `at`; `ends` are those of its fields in `unquoted`. Where the next record
/// begins, and whether every quote is closed at the end of its field.
fn unquote(bytes: &[u8], mut at: usize, delimiter: u8, unquoted: &mut Vec<u8>, ends: &mut Vec<usize>) -> (usize, bool) {
    unquoted.clear();
    ends.clear();
    let mut balanced = true;
    loop {
        let quoted = bytes.get(at) == Some(&b'"');
        #[expect(clippy::while_immutable_condition, reason = "left by the break, at the closing quote")]
        while quoted {
            let rest = &bytes[at + 1..];
            let length = memchr::memchr(b'"', rest).unwrap_or(rest.len());
            balanced &= length < rest.len();
            unquoted.extend_from_slice(&rest[..length]);
            at = (at + length + 2).min(bytes.len());
            // Another one is a quote of the value.
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            unquoted.push(b'"');
        }
        let rest = &bytes[at..];
        let length = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n') || *byte == delimiter);
        let length = length.unwrap_or(rest.len());
        balanced &= !quoted || length == 0;
        unquoted.extend_from_slice(&rest[..length]);
        ends.push(unquoted.len());
        at += length;
        match bytes.get(at) {
            Some(&byte) if byte == delimiter => at += 1,
            end => return (at + end.map_or(0, |_| 1), balanced),
        }
    }
}

/// Whether a line ends at this byte: `\n`, `\r\n` and a lone `\r` each end one.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'\r' || (bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r'))
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
    fn lines_fields_and_blank_lines_are_recognised() {
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
    fn a_record_has_its_true_line_after_quoted_line_ends() {
        assert_eq!(
            split(b"a,b\n\"x\r\ny\",\"he said \"\"no\"\"\"\nlast,1"),
            rows(&[(1, &["a", "b"]), (2, &["x\r\ny", "he said \"no\""]), (4, &["last", "1"])])
        );
    }

    #[test]
    fn whole_records_end_at_the_last_line_feed_outside_quotes() {
        assert_eq!(end_of_whole_records(b"a,b\nc,d", b','), Some(4));
        assert_eq!(end_of_whole_records(b"a,b", b','), None);
        assert_eq!(end_of_whole_records(b"a,\"b\nc\"\nd,\"e\n", b','), Some(8));
        assert_eq!(end_of_whole_records(b"5\" pipe,a\nb,\"say \"\"\n\"\"\"\nc", b','), Some(24));
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
    fn utf_16_is_refused_with_a_hint() {
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
            let plain = Text { plain: true, ..Text::block(text.as_bytes(), b',') };
            prop_assert_eq!(collect(plain), collect(Text { plain: false, ..plain }));
        }

        #[test]
        fn text_without_torn_records_is_cut_as_by_the_csv_crate(text in "[ab\",\n]{0,40}") {
            prop_assume!(torn(&text).iter().all(|(_, torn)| !torn));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let fields = |record: csv::StringRecord| record.iter().map(|field| field.trim().to_owned()).collect();
            let expected: Vec<Vec<String>> = reader.records().map(|record| fields(record.unwrap())).collect();
            let own = collect(Text { plain: false, ..Text::block(text.as_bytes(), b',') });
            prop_assert_eq!(own.into_iter().map(|(_, fields)| fields).collect::<Vec<_>>(), expected);
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
