//! Reading the platform's JSON files.

use std::{fs, io::ErrorKind, path::Path};

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Reads a file; `None` if it is absent, empty or `null`. Errors name the file, line and column.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::storage(format_args!("cannot read {}", path.display()), error)),
    };
    // Editors on Windows write a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice::<Option<T>>(bytes).map_err(|error| invalid(path, error))
}

/// An error in a configuration file.
pub(super) fn invalid(path: &Path, complaint: impl std::fmt::Display) -> Error {
    Error::Settings(format!("{}: {complaint}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Map = BTreeMap<String, u8>;

    fn read_text(text: &[u8]) -> Result<Option<Map>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resourceconfig.json");
        fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn an_absent_an_empty_and_a_null_file_say_nothing() {
        assert_eq!(read::<Map>(Path::new("/no/such/file.json")).unwrap(), None);
        for text in [&b""[..], b" \n", b"null", b"\xef\xbb\xbf"] {
            assert_eq!(read_text(text).unwrap(), None);
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read_text(b"\xef\xbb\xbf{\"a\": 1}").unwrap(), Some(Map::from([("a".into(), 1)])));
    }

    #[test]
    fn broken_files_are_settings_errors_with_file_line_and_column() {
        for text in [&b"{\"a\": 1,\n \"b\" 2}"[..], b"\n[\xff]", b"\n{\"a\": \"x\"}", b"{}\n}"] {
            let error = read_text(text).unwrap_err();
            assert_eq!(error.code(), 2);
            assert!(error.to_string().contains("resourceconfig.json: "), "{error}");
            assert!(error.to_string().contains("line 2 column "), "{error}");
        }
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_a_storage_error() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read::<Map>(directory.path()).unwrap_err().code(), 4);
    }
}
