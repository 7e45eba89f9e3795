//! Counted nouns, numbers, lists of words and names, for messages.

use std::borrow::Cow;

pub(crate) use manyfit_models::{counted, told};

/// `a`, `a or b`, `a, b or c`: a list whose last item comes after `word`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T], word: &str) -> String {
    let join = |items: &[T]| items.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match items {
        [first @ .., last] if !first.is_empty() => format!("{} {word} {}", join(first), last.as_ref()),
        items => join(items),
    }
}

/// A number with four significant digits, without an exponent unless it is very large or very small.
pub(crate) fn plain(number: f64) -> String {
    let digits = if number == 0.0 { 0.0 } else { number.abs().log10().floor() };
    match digits {
        -4.0..9.0 => format!("{number:.*}", (3.0 - digits).max(0.0) as usize),
        _ => format!("{number:.3e}"),
    }
}

/// A name as it is printed, or a text with names of files, customers or columns in it: on one line, without control
/// characters, and without anything that the platform would take for a metric, which is `=`, a number and `;`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut ends = text.match_indices(';').map(|(at, _)| &text[..at]);
    if text.chars().all(is_plain) && !ends.any(ends_in_value) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            ';' if ends_in_value(&shown) => shown.push_str(" ;"),
            c if is_plain(c) => shown.push(c),
            c => shown.extend(c.escape_default()),
        }
    }
    Cow::Owned(shown)
}

/// Whether a text ends in `=` and a number.
fn ends_in_value(text: &str) -> bool {
    let before = text.trim_end_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c));
    before.ends_with('=') && text[before.len()..].contains(|c: char| c.is_ascii_digit())
}

/// Names that a list shows at most.
const SHOWN: usize = 20;

/// The first names of a list, and how many more of `all` there are.
pub(crate) fn first_names<'a>(names: impl Iterator<Item = &'a String>, all: usize) -> String {
    let shown: Vec<Cow<'_, str>> = names.take(SHOWN).map(|name| printable(name)).collect();
    match all.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_on_one_line_and_forge_no_metric() {
        for plain in ["Zürich 3", "a=b", "x; y=1", "k=v;", "", "日本\u{a0}x"] {
            assert!(matches!(printable(plain), Cow::Borrowed(_)), "{plain}");
        }
        for (name, shown) in [
            ("a\nmodels_failed=99;", "a\\nmodels_failed=99 ;"),
            ("a\r\u{1b}[2K\0", "a\\r\\u{1b}[2K\\u{0}"),
            ("median_in_sample_rmse=-1.5e-7;b=2;;", "median_in_sample_rmse=-1.5e-7 ;b=2 ;;"),
            ("a\u{2028}b\u{202e}c", "a\\u{2028}b\\u{202e}c"),
        ] {
            assert_eq!(printable(name), shown);
        }
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        for (number, text) in
            [(36284.4, "36284"), (0.0, "0.000"), (0.36284, "0.3628"), (12.0, "12.00"), (2e12, "2.000e12")]
        {
            assert_eq!(plain(number), text);
        }
    }

    #[test]
    fn lists_and_counts_read_as_people_write_them() {
        assert_eq!(listed(&["a", "b", "c"], "or"), "a, b or c");
        assert_eq!(listed(&["a", "b"], "and"), "a and b");
        assert_eq!((listed(&["a"], "or"), listed::<&str>(&[], "or")), ("a".into(), String::new()));
        assert_eq!((counted(1, "customer"), counted(0, "customer")), ("1 customer".into(), "0 customers".into()));
    }
}
