//! JSON as Python's `json.dumps` writes it: with `NaN`, `Infinity` and `-Infinity`, which are no JSON.

use serde::de::DeserializeOwned;

/// Reads JSON. `NaN` is null, and an infinity is its name as text, which whoever takes a number refuses by that name.
pub(super) fn parse<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(text).or_else(|error| match plain(text) {
        Some(plain) => serde_json::from_slice(&plain),
        None => Err(error),
    })
}

/// The text with Python's words replaced; `None` if it has none outside of strings.
fn plain(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [(&[u8], &[u8]); 3] =
        [(b"NaN", b"null"), (b"-Infinity", b"\"-Infinity\""), (b"Infinity", b"\"Infinity\"")];
    let (mut plain, mut at, mut in_string) = (Vec::with_capacity(text.len() + 16), 0, false);
    let mut found = false;
    while let Some(&byte) = text.get(at) {
        let word = WORDS.iter().find(|(word, _)| !in_string && text[at..].starts_with(word));
        let (read, written) = match word {
            Some((word, json)) => (word.len(), *json),
            // An escape and what it escapes.
            None if in_string && byte == b'\\' => (2.min(text.len() - at), &text[at..text.len().min(at + 2)]),
            None => (1, &text[at..=at]),
        };
        found |= word.is_some();
        in_string ^= word.is_none() && byte == b'"';
        plain.extend_from_slice(written);
        at += read;
    }
    found.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn python_s_words_are_read_outside_of_strings() {
        for (text, expected) in [
            (r#"{"a": NaN, "b": [1, NaN]}"#, json!({"a": null, "b": [1, null]})),
            (r"[Infinity, -Infinity]", json!(["Infinity", "-Infinity"])),
            (r#"["NaN", "a \" NaN", NaN]"#, json!(["NaN", "a \" NaN", null])),
            (r#"{"NaN\\": "x, NaN", "Infinity": 1, "y": NaN}"#, json!({"NaN\\": "x, NaN", "Infinity": 1, "y": null})),
            ("NaN", json!(null)),
        ] {
            assert_eq!(parse::<Value>(text.as_bytes()).unwrap(), expected, "{text}");
        }
        for text in [r"[1, 2", "[nan]", r#"["NaN]"#, "[NaN", r#"{"a": NaN"#, "NaNNaN", "\\", "[\"\\"] {
            assert!(parse::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
