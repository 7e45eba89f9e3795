//! The name of a customer.

use std::{fmt, sync::Arc};

/// The name of a customer.
///
/// - not empty, at most 200 bytes of UTF-8;
/// - one path component that is safe on every file system and in an S3 key: no `/`, `\`, control character, leading
///   dot or underscore (such names are hidden), surrounding white space, none of `: * ? " < > |`;
/// - it becomes a part of the artifact's name, so two customers never share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerId(Arc<str>);

impl CustomerId {
    /// The longest name, in bytes: leaves room for a prefix and a suffix within the 1,024 bytes of an S3 key.
    pub const MAX_BYTES: usize = 200;

    /// Checks the rules above.
    ///
    /// # Errors
    /// A sentence that names the broken rule; the caller adds the file.
    pub fn new(name: &str) -> Result<Self, String> {
        let complaint = if name.is_empty() {
            "is empty"
        } else if name.len() > Self::MAX_BYTES {
            "is longer than 200 bytes"
        } else if name.starts_with(['.', '_']) {
            "starts with a dot or an underscore"
        } else if name.trim() != name {
            "starts or ends with white space"
        } else if name.chars().any(|c| c.is_control() || r#"/\:*?"<>|"#.contains(c)) {
            "has a character that is not safe in a file name"
        } else {
            return Ok(Self(name.into()));
        };
        Err(format!("the customer name {name:?} {complaint}"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_names_are_taken_as_they_are() {
        for name in ["8", "store-2_brand.a", "Zürich 3", "a=b", "x%2Fy"] {
            assert_eq!(CustomerId::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn unsafe_names_are_refused_with_the_rule() {
        for (name, rule) in [
            ("", "empty"),
            ("../etc", "dot"),
            (".hidden", "dot"),
            ("_SUCCESS", "underscore"),
            ("a/b", "not safe"),
            ("a\\b", "not safe"),
            ("a\nb", "not safe"),
            (" a", "white space"),
            (&"x".repeat(201), "longer"),
        ] {
            let complaint = CustomerId::new(name).unwrap_err();
            assert!(complaint.contains(rule), "{name:?}: {complaint}");
        }
    }
}
