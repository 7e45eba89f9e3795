//! A panic as an error, so that one customer's bug does not end the run of all others.

use crate::error::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic becomes an [`Error::Bug`] with its message.
///
/// State that `work` changes may be left half-done by a panic: the caller must discard it.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
        Error::Bug(format!("panicked: {message}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_bug_with_its_message() {
        assert_eq!(catch_panic(|| 3).unwrap(), 3);
        let error = catch_panic(|| panic!("row {}", 7)).unwrap_err();
        assert_eq!(error.code(), 1);
        assert!(error.to_string().starts_with("panicked: row 7"), "{error}");
    }
}
