//! What comes before the rows of CSV: a line that names the delimiter, titles, comments, a header of several lines.
//!
//! | first lines | read as |
//! |---|---|
//! | `sep=;` | the delimiter, as spreadsheets write it |
//! | `Category: All categories`, `# made by …` | skipped, if a header follows that has as many fields as the rows below it, and as no line above it |
//! | `Price,Close,High`, `Ticker,AAPL,AAPL`, `Date,,` | one header, as pandas writes columns of several levels |
//!
//! Where that leaves a doubt, the first line is the header, and the doubt is told with the error that follows.

use crate::input::{
    csv::split::{Record, Scratch, Start, Text},
    data_error::DataError,
    schema::{kind::ColumnKind, positions::Fields},
};

/// Bytes at the beginning of a file that are looked at.
const HEAD: usize = 64 << 10;
/// The most lines before the header.
const LONGEST: u64 = 100;
/// The rows that have to agree with a header.
const ROWS: usize = 20;
/// The most lines of a header above its last one.
const LEVELS: usize = 3;

/// What was found before the rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::input) struct Preamble {
    /// The names of the columns, if several lines have them.
    pub(in crate::input) names: Option<Fields>,
    /// What was found, for people, if it is not a matter of course.
    pub(in crate::input) note: Option<String>,
    /// Lines before one that may be the header.
    doubt: Option<u64>,
}

impl Preamble {
    /// A text from the last line of its header on; `skip`: the lines before it, if they are set.
    pub(in crate::input) fn skip<'a>(
        bytes: &'a [u8],
        skip: Option<u32>,
        scratch: &mut Scratch,
    ) -> Result<(Text<'a>, Self), DataError> {
        let text = Text::new(bytes)?;
        if let Some(skip) = skip {
            let lines = std::iter::successors(Some(Start::default()), |line| text.next_line(*line));
            let end = lines.take(skip as usize + 1).last().unwrap_or_default();
            return Ok((text.below(end, None), Self::default()));
        }
        let named = delimiter_line(&text);
        let text = named.map_or(text, |(end, delimiter)| text.below(end, Some(delimiter)));
        if is_ordinary(text.head(HEAD), scratch) {
            return Ok((text, Self::noted(&text, None)));
        }
        Ok(search(text, named.map(|(_, delimiter)| delimiter), scratch))
    }

    /// With a note about the lines before the header; its names and the number of its lines above, if it has several.
    fn noted(text: &Text<'_>, header: Option<(Fields, u64)>) -> Self {
        let last = text.start().lines + 1;
        let above = header.as_ref().map_or(0, |(_, above)| *above);
        let skipped = match last - 1 - above {
            0 => None,
            1 => Some("line 1 is skipped".to_owned()),
            many => Some(format!("lines 1 to {many} are skipped")),
        };
        let header_lines = header.is_some().then(|| format!("the header is lines {} to {last}", last - above));
        let notes: Vec<String> = skipped.into_iter().chain(header_lines).collect();
        let note = (!notes.is_empty()).then(|| notes.join(", "));
        Self { names: header.map(|(names, _)| names), note, doubt: None }
    }

    /// An error that follows from a wrong header, with what to do if it is one.
    pub(in crate::input) fn explain(&self, error: DataError) -> DataError {
        match self.doubt {
            None => error,
            Some(lines) => error.and(&format!("; if the header is line {}, set skip_lines to {lines}", lines + 1)),
        }
    }
}

/// A first line such as `sep=;`: where it ends, and the delimiter.
fn delimiter_line(text: &Text<'_>) -> Option<(Start, u8)> {
    let line = text.next_line(Start::default()).filter(|_| matches!(text.bytes(), [b's' | b'S' | b'"', ..]))?;
    let words = &text.bytes()[..line.bytes];
    let words = words.strip_suffix(b"\n").unwrap_or(words);
    let words = words.strip_suffix(b"\r").unwrap_or(words);
    let ([b'"', name @ .., delimiter, b'"'] | [name @ .., delimiter]) = words else { return None };
    (name.eq_ignore_ascii_case(b"sep=") && !delimiter.is_ascii_alphanumeric()).then_some((line, *delimiter))
}

/// Whether the first lines show at a glance that the first of them is the header, or a row: as many fields in each, and a value
/// in the second.
fn is_ordinary(head: Text<'_>, scratch: &mut Scratch) -> bool {
    let mut records = head.records(scratch);
    let Some(first) = records.next() else { return true };
    let width = first.len();
    if width < 2 || is_comment(first.field(0)) {
        return false;
    }
    let Some(second) = records.next() else { return true };
    if second.len() != width || !(0..width).any(|at| ColumnKind::of([second.field(at)]).has_values()) {
        return false;
    }
    (2..ROWS).map_while(|_| records.next().map(|record| record.len())).all(|length| length == width)
}

/// Looks for a header below the first line.
fn search<'a>(text: Text<'a>, delimiter: Option<u8>, scratch: &mut Scratch) -> (Text<'a>, Preamble) {
    let head = text.head(HEAD);
    let (mut line, mut is_first, mut doubt) = (Start::default(), true, None);
    while line.lines <= LONGEST
        && let Some(next) = head.next_line(line)
    {
        let is_blank = head.bytes()[line.bytes..next.bytes].trim_ascii().is_empty();
        let below = head.below(line, delimiter);
        if !is_blank && let Some(table) = Table::of(below, scratch) {
            let above = lines_above(head, line, below.delimiter(), scratch);
            match table.header(&above, is_first) {
                Header::Here(names) => {
                    let text = text.below(line, Some(below.delimiter()));
                    return (text, Preamble::noted(&text, names));
                }
                Header::UntilNext(names) => {
                    let text = text.below(next, Some(below.delimiter()));
                    return (text, Preamble::noted(&text, Some((names, 1))));
                }
                Header::First => break,
                Header::InDoubt => doubt = doubt.or(Some(text.start().lines + line.lines)),
                Header::No => {}
            }
        }
        is_first &= is_blank;
        line = next;
    }
    (text, Preamble { doubt, ..Preamble::noted(&text, None) })
}

/// Whether a line is the header.
enum Header {
    /// It is, or the first row below comments; with names and the number of lines above, if those are parts of it.
    Here(Option<(Fields, u64)>),
    /// It is, together with the next.
    UntilNext(Fields),
    /// It is as it should be: the first line.
    First,
    /// It may be, but a line above has as many fields.
    InDoubt,
    No,
}

/// Lines as records; torn ones have no fields.
fn lines_above(head: Text<'_>, line: Start, delimiter: u8, scratch: &mut Scratch) -> Vec<Fields> {
    let mut records = Text::block(&head.bytes()[..line.bytes], delimiter).records(scratch);
    std::iter::from_fn(|| records.next().map(|record| fields(&record))).collect()
}

fn fields(record: &Record<'_>) -> Fields {
    (0..record.len()).map(|at| record.field(at).to_vec()).collect()
}

fn is_comment(field: &[u8]) -> bool {
    field.starts_with(b"#")
}

/// Lines with the same number of fields, at least two, of which a column holds values from the second line on.
struct Table {
    first: Fields,
    rows: Vec<Fields>,
    kinds: Vec<ColumnKind>,
}

impl Table {
    fn of(text: Text<'_>, scratch: &mut Scratch) -> Option<Self> {
        let mut records = text.records(scratch);
        let first = fields(&records.next()?);
        let mut rows = Vec::new();
        while rows.len() < ROWS
            && let Some(record) = records.next()
        {
            if record.len() == first.len() {
                rows.push(fields(&record));
            } else if !record.is_blank() {
                return None;
            }
        }
        let kinds = kinds(&rows, first.len());
        (first.len() > 1 && kinds.iter().any(|kind| kind.has_values())).then_some(Self { first, rows, kinds })
    }

    /// Whether the first line is the header, with those `above`.
    fn header(&self, above: &[Fields], is_first: bool) -> Header {
        let (has_names, is_among) = (self.has_names(), self.is_among(above));
        if let Some(names) = self.second_level().filter(|_| !is_among) {
            Header::UntilNext(names)
        } else if is_first && !is_comment(&self.first[0]) {
            Header::First
        } else if self.is_below_comments(above) || (has_names && !is_among) {
            Header::Here(None)
        } else if let Some(levels) = self.levels(above) {
            Header::Here(Some((merged(levels, self.first[0].clone()), levels.len() as u64)))
        } else if has_names {
            Header::InDoubt
        } else {
            Header::No
        }
    }

    /// The first line's fields over columns of values.
    fn over_values(&self) -> impl Iterator<Item = &[u8]> {
        let pairs = self.first.iter().zip(&self.kinds);
        pairs.filter(|(_, kind)| kind.has_values()).map(|(field, _)| field.as_slice())
    }

    /// Whether the first line names columns: it has no value over values.
    fn has_names(&self) -> bool {
        self.over_values().all(|field| !is_value(field)) && self.over_values().any(|field| !field.is_empty())
    }

    /// Whether a line above has as many fields, and is no comment.
    fn is_among(&self, above: &[Fields]) -> bool {
        above.iter().any(|line| line.len() == self.first.len() && !is_comment(&line[0]))
    }

    /// Whether the first line is a row, or names columns, and all lines above are comments.
    fn is_below_comments(&self, above: &[Fields]) -> bool {
        let comments = above.iter().all(|line| line.first().is_some_and(|field| is_comment(field)));
        comments && !above.is_empty() && (self.has_names() || self.over_values().all(is_value))
    }

    /// The lines directly above that are parts of the header, if the first line only names the index below their names.
    fn levels<'l>(&self, above: &'l [Fields]) -> Option<&'l [Fields]> {
        let has_index = self.has_names() && self.first[1..].iter().all(Vec::is_empty);
        let names = |line: &Fields| line.len() == self.first.len() && line.iter().all(|field| !is_value(field));
        let levels = &above[above.len() - above.iter().rev().take_while(|line| names(line)).count()..];
        let others = &above[..above.len() - levels.len()];
        (has_index && (2..=LEVELS).contains(&levels.len()) && !self.is_among(others)).then_some(levels)
    }

    /// The names of the columns, if the second line goes on with them: text where all others have values, but for the index.
    fn second_level(&self) -> Option<Fields> {
        let [second, rows @ ..] = &self.rows[..] else { return None };
        let is_level = second.len() > 2
            && second[0].is_empty()
            && second[1..].iter().all(|field| !field.is_empty() && !is_value(field))
            && self.first.iter().all(|field| !is_value(field))
            && kinds(rows, second.len()).into_iter().all(ColumnKind::has_values);
        is_level.then(|| merged(&[self.first.clone(), second.clone()], self.first[0].clone()))
    }
}

fn kinds(rows: &[Fields], width: usize) -> Vec<ColumnKind> {
    (0..width).map(|at| ColumnKind::of(rows.iter().map(|row| row[at].as_slice()))).collect()
}

fn is_value(field: &[u8]) -> bool {
    ColumnKind::of([field]).has_values()
}

/// The names of columns from lines of names, with a space between the levels. A level that is the same for all tells nothing.
fn merged(levels: &[Fields], index: Vec<u8>) -> Fields {
    let tells = |level: &&Fields| level[1..].iter().any(|field| *field != level[1]);
    let mut telling: Vec<&Fields> = levels.iter().filter(tells).collect();
    if telling.is_empty() {
        telling.push(&levels[0]);
    }
    let name = |at: usize| telling.iter().map(|level| level[at].as_slice()).collect::<Vec<_>>().join(&b' ');
    std::iter::once(index).chain((1..levels[0].len()).map(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first record or the merged names, its line, and the note; or the doubt.
    fn opened(text: &str) -> String {
        let mut scratch = Scratch::default();
        let (text, Preamble { names, note, doubt }) = Preamble::skip(text.as_bytes(), None, &mut scratch).unwrap();
        let mut records = text.records(&mut scratch);
        let first = records.next().unwrap();
        let names = names.unwrap_or_else(|| fields(&first));
        let names = names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
        let note = note.or_else(|| doubt.map(|lines| format!("or below {lines}"))).unwrap_or_default();
        format!("{} on {}: {note}", names.join("|"), first.line)
    }

    const ROWS: &str = "2024-01-07,55\n2024-01-14,60\n";

    #[test]
    fn lines_before_an_unmistakable_header_are_skipped() {
        let semicolons = "ds;y\n2024-01-07;5,5\n2024-01-14;6,5\n";
        for (text, expected) in [
            (format!("sep=;\n{semicolons}"), "ds|y on 2: line 1 is skipped"),
            (format!("\"sep=;\"\r\n{semicolons}"), "ds|y on 2: line 1 is skipped"),
            ("sep=|\nds|y\n2024-01-07|5\n".into(), "ds|y on 2: line 1 is skipped"),
            (
                format!("Category: All categories\n\nWeek,foo: (Worldwide)\n{ROWS}"),
                "Week|foo: (Worldwide) on 3: lines 1 to 2 are skipped",
            ),
            (format!("Sales, in all, of stores\n{semicolons}"), "ds|y on 2: line 1 is skipped"),
            (format!("\u{feff}# made by x, y\n# and z\nds,y\n{ROWS}"), "ds|y on 3: lines 1 to 2 are skipped"),
            (format!("# made by x\n{ROWS}"), "2024-01-07|55 on 2: line 1 is skipped"),
            (format!("sep=,\n# made by x\nds,y\n{ROWS}"), "ds|y on 3: lines 1 to 2 are skipped"),
            (
                "Station,Berlin\nHeight,34\nLatitude,52.5\nDate,T,R\n2024-01-01,1,2\n2024-01-02,1,2\n".into(),
                "Date|T|R on 4: lines 1 to 3 are skipped",
            ),
            (
                "\"A \"\"title\"\", quoted\"\n\"ds\",\"y\"\n\"2024-01-07\",\"5\"\n".into(),
                "ds|y on 2: line 1 is skipped",
            ),
        ] {
            assert_eq!(opened(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_header_of_several_lines_is_one() {
        let rows = "2024-01-02,1,2\n2024-01-03,3,4\n";
        for (header, expected) in [
            ("Price,Close,Volume\nTicker,AAPL,AAPL\nDate,,\n", "Date|Close|Volume on 3: the header is lines 1 to 3"),
            ("Ticker,AAPL,MSFT\nPrice,Close,Close\nDate,,\n", "Date|AAPL|MSFT on 3: the header is lines 1 to 3"),
            (
                "Price,Close,Open\nTicker,AAPL,MSFT\nDate,,\n",
                "Date|Close AAPL|Open MSFT on 3: the header is lines 1 to 3",
            ),
            ("Date,Close,Volume\n,AAPL,AAPL\n", "Date|Close|Volume on 2: the header is lines 1 to 2"),
            (",Close,Close\n,AAPL,MSFT\n", "|AAPL|MSFT on 2: the header is lines 1 to 2"),
            (
                "From the exchange\nPrice,Close,Volume\nTicker,A,A\nDate,,\n",
                "Date|Close|Volume on 4: line 1 is skipped, the header is lines 2 to 4",
            ),
        ] {
            assert_eq!(opened(&format!("{header}{rows}")), expected, "{header}");
        }
        assert_eq!(
            opened("Price,Close\nTicker,A\nDate,\n2024-01-02,1\n"),
            "Date|Close on 3: the header is lines 1 to 3"
        );
    }

    #[test]
    fn where_there_is_a_doubt_the_first_line_is_the_header() {
        for (text, expected) in [
            (format!("ds,y\n{ROWS}"), "ds|y on 1: "),
            (format!("#ds,y\n{ROWS}"), "#ds|y on 1: "),
            (ROWS.into(), "2024-01-07|55 on 1: "),
            (format!("ds,y\n,\n,\n{ROWS}"), "ds|y on 1: "),
            (format!("ds,y\n,x\n{ROWS}"), "ds|y on 1: "),
            // A header of as many fields as the line above.
            (format!("Station,Berlin\nDate,T\n{ROWS}"), "Station|Berlin on 1: or below 1"),
            // Rows that are longer than their header, as with a delimiter at their ends.
            ("ds,y\n2024-01-07,5,\n2024-01-14,6,\n".into(), "ds|y on 1: "),
            ("ds;y\n2024-01-07,5\n2024-01-14,6\n".into(), "ds|y on 1: "),
            ("one\ntwo\nthree\n".into(), "one on 1: "),
            ("Free of charge,\nto any person, and so on\n".into(), "Free of charge| on 1: "),
            // No rows of one length.
            ("ds,y\n2024-01-07,5\n2024-01-14,6,7\n2024-01-21,8\n".into(), "ds|y on 1: "),
        ] {
            assert_eq!(opened(&text), expected, "{text}");
        }
    }

    #[test]
    fn lines_may_be_skipped_by_number() {
        let mut scratch = Scratch::default();
        for (skip, first) in [(0, "Station"), (1, "Date"), (2, "2024-01-07"), (9, "")] {
            let text = format!("Station,Berlin\r\nDate,T\r\n{ROWS}");
            let (text, found) = Preamble::skip(text.as_bytes(), Some(skip), &mut scratch).unwrap();
            assert_eq!(found, Preamble::default());
            let first_field = text.records(&mut scratch).next().map(|record| record.field(0).to_vec());
            assert_eq!(first_field.unwrap_or_default(), first.as_bytes(), "{skip}");
        }
    }
}
