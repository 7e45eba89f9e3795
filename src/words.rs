//! Counted nouns and lists of words, for messages.

/// `1 customer`, `2 customers`.
pub(crate) fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// `a`, `a or b`, `a, b or c`: a list whose last item comes after `word`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T], word: &str) -> String {
    let join = |items: &[T]| items.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match items {
        [first @ .., last] if !first.is_empty() => format!("{} {word} {}", join(first), last.as_ref()),
        items => join(items),
    }
}

/// Names that a list shows at most.
const SHOWN: usize = 20;

/// The first names of a list, and how many more of `all` there are.
pub(crate) fn first_names<'a>(names: impl Iterator<Item = &'a String>, all: usize) -> String {
    let shown: Vec<&str> = names.take(SHOWN).map(String::as_str).collect();
    match all.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_counts_read_as_people_write_them() {
        assert_eq!(listed(&["a", "b", "c"], "or"), "a, b or c");
        assert_eq!(listed(&["a", "b"], "and"), "a and b");
        assert_eq!((listed(&["a"], "or"), listed::<&str>(&[], "or")), ("a".into(), String::new()));
        assert_eq!((counted(1, "customer"), counted(0, "customer")), ("1 customer".into(), "0 customers".into()));
    }
}
