//! Counted nouns, for messages.

/// `1 customer`, `2 customers`.
#[must_use]
pub fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
