//! Lists as the text of one setting: with commas, as JSON, or as Python writes them, which is what the SageMaker Python SDK
//! sends of a hyperparameter that is a list: `['sqm', 'rooms']`.

use serde_json::Value;

/// The parts of a list, trimmed, without empty ones.
pub(super) fn items(text: &str) -> Result<Vec<String>, String> {
    let whole = match text.as_bytes().first() {
        Some(b'[') => Some(value(text)?),
        // A tuple, or a name in parentheses.
        Some(b'(') => value(text).ok(),
        _ => None,
    };
    let parts = match whole {
        None => text.split(',').map(str::to_owned).collect(),
        Some(Value::Array(values)) => values.into_iter().map(plain).collect::<Result<Vec<_>, _>>()?,
        Some(value) => vec![plain(value)?],
    };
    let trimmed = parts.iter().map(|part| part.trim().to_owned());
    Ok(trimmed.filter(|part| !part.is_empty()).collect())
}

fn plain(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{other} is in the list: use names in quotes, with commas between them")),
    }
}

/// JSON, or a literal of Python's.
pub(super) fn value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).or_else(|error| {
        let json = json_of_python(text).and_then(|json| serde_json::from_str(&json).ok());
        json.ok_or_else(|| format!("it is neither JSON nor a list as Python writes it: {error}"))
    })
}

/// Python's literal as JSON; `None` if a string does not end.
fn json_of_python(text: &str) -> Option<String> {
    let mut json = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if matches!(first, '\'' | '"') {
            let (string, after) = string_of_python(&rest[1..], first)?;
            json.push_str(&Value::String(string).to_string());
            rest = after;
            continue;
        }
        let word = [("True", "true"), ("False", "false"), ("None", "null")];
        if let Some((python, word)) = word.iter().find(|(python, _)| rest.starts_with(python)) {
            json.push_str(word);
            rest = &rest[python.len()..];
            continue;
        }
        match first {
            '(' => json.push('['),
            ')' | ']' | '}' => {
                // A tuple of one ends in a comma.
                json.truncate(json.trim_end().trim_end_matches(',').len());
                json.push(if first == ')' { ']' } else { first });
            }
            other => json.push(other),
        }
        rest = &rest[first.len_utf8()..];
    }
    Some(json)
}

/// A string up to the quote that ends it, and what follows.
fn string_of_python(text: &str, quote: char) -> Option<(String, &str)> {
    let mut string = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next()?.1 {
                'n' => string.push('\n'),
                't' => string.push('\t'),
                'r' => string.push('\r'),
                escape @ ('x' | 'u' | 'U') => {
                    let digits = [('x', 2), ('u', 4), ('U', 8)].into_iter().find(|(known, _)| *known == escape)?.1;
                    let mut code = 0;
                    for _ in 0..digits {
                        code = code * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    string.push(char::from_u32(code)?);
                }
                other => string.push(other),
            },
            _ if char == quote => return Some((string, &text[at + 1..])),
            other => string.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_written_by_hand_by_json_and_by_python() {
        for text in [
            "sqm, rooms",
            r#"["sqm", "rooms"]"#,
            "['sqm', 'rooms']",
            r#"['sqm', "rooms"]"#,
            "('sqm', 'rooms')",
            "['sqm',\n 'rooms', ]",
            " sqm ,, rooms,",
        ] {
            assert_eq!(items(text.trim()).unwrap(), ["sqm", "rooms"], "{text}");
        }
        assert_eq!(items("('sqm',)").unwrap(), ["sqm"]);
        assert_eq!(items("(sqm)").unwrap(), ["(sqm)"], "a name");
        assert_eq!(items("[]").unwrap(), [""; 0]);
        assert_eq!(items("[1, 2.5]").unwrap(), ["1", "2.5"]);
        assert_eq!(
            items(r#"["it's", 'say "hi"', 'a\'b', 'caf\xe9', 'a, b']"#).unwrap(),
            ["it's", "say \"hi\"", "a'b", "café", "a, b"]
        );
        for text in ["['sqm', 'rooms'", "[sqm, rooms]", "['sqm", "[['sqm']]", "[True]"] {
            items(text).unwrap_err();
        }
    }

    #[test]
    fn objects_of_python_are_objects() {
        let value =
            value("[{'name': 'promo', 'mode': 'multiplicative', 'standardize': False, 'prior_scale': None}]").unwrap();
        assert_eq!(
            value.to_string(),
            r#"[{"mode":"multiplicative","name":"promo","prior_scale":null,"standardize":false}]"#
        );
    }
}
