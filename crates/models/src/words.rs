//! Words of messages: counted nouns, and what errors tell of files and requests.

use std::borrow::Cow;

/// `1 customer`, `2 customers`.
#[must_use]
pub fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// What begins a line of a list within a message.
const ITEM: &str = "\n  ";

/// Lines of a message that are told.
const LINES: usize = 50;

/// Bytes at the beginning and at the end of a longer line that are told.
const BEGINNING: usize = 1_000;
const END: usize = 300;

/// A message with what a file or a request says in it, as it is told: without control characters but the line feeds of a list,
/// whose items are indented, and without the middle of a long line.
#[must_use]
pub fn told(message: &str) -> Cow<'_, str> {
    let is_plain = |line: &str| line.len() <= BEGINNING + END && !line.contains(char::is_control);
    if message.split(ITEM).enumerate().all(|(at, line)| at < LINES && is_plain(line)) {
        return Cow::Borrowed(message);
    }
    let lines = message.split(ITEM).count();
    let mut told: Vec<String> = message.split(ITEM).take(LINES).map(told_line).collect();
    if lines > LINES {
        told.push(format!("… and {} more", lines - LINES));
    }
    Cow::Owned(told.join(ITEM))
}

/// A line without control characters and, if it is long, without its middle.
fn told_line(line: &str) -> String {
    let mut told = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() { told.extend(c.escape_default()) } else { told.push(c) }
    }
    let (start, end) = (told.floor_char_boundary(BEGINNING), told.ceil_char_boundary(told.len().saturating_sub(END)));
    if start < end { format!("{}… ({} bytes) …{}", &told[..start], end - start, &told[end..]) } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_without_control_characters_and_no_longer_than_people_read() {
        for plain in ["", "one line", "2 settings are invalid:\n  a=1\n  b=2", "Zürich"] {
            assert!(matches!(told(plain), Cow::Borrowed(_)), "{plain}");
        }
        assert_eq!(told("no field `a\nb\u{1b}[2K`:\n  c\0"), "no field `a\\nb\\u{1b}[2K`:\n  c\\u{0}");
        let long = told(&format!("begin {} end", "ü".repeat(5_000))).into_owned();
        assert!(long.starts_with("begin üü") && long.ends_with("ü end") && long.contains("… (8710 bytes) …"), "{long}");
        assert!(long.len() < 1_350, "{}", long.len());
        let listed = told(&(0..80).map(|at| format!("{at}")).collect::<Vec<_>>().join(ITEM)).into_owned();
        assert!(listed.ends_with("\n  49\n  … and 30 more"), "{listed}");
    }
}
