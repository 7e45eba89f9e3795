//! The file that tells the platform why a job failed.

use std::{fs, path::PathBuf, sync::Once};

use super::paths::{Paths, Variables, process_variables};

/// How many characters the platform shows as a training job's `FailureReason`.
const MAX_CHARACTERS: usize = 1024;

/// How many bytes it shows as a processing job's `ExitMessage`.
const MAX_BYTES: usize = 1024;

/// The file whose text becomes the `FailureReason` of a training job or the `ExitMessage` of a processing job.
///
/// - The first text is kept: what fails later, while the process ends, is not the cause. Keep one value of this type for the
///   whole process.
/// - The file of an earlier run is replaced.
/// - Writing is best effort: the error has been printed as well.
#[derive(Debug)]
pub struct FailureFile {
    path: PathBuf,
    truncate: fn(&str) -> String,
    written: Once,
}

impl FailureFile {
    /// The file; `None` outside the platform's containers.
    #[must_use]
    pub fn detect() -> Option<Self> {
        Self::detect_with(&process_variables)
    }

    fn detect_with(variables: Variables<'_>) -> Option<Self> {
        let paths = Paths::new(variables);
        let (path, truncate): (_, fn(&str) -> String) = if paths.exist() {
            (paths.output("failure"), at_a_word)
        } else if paths.processing_exists() {
            (paths.output("message"), at_a_character)
        } else {
            return None;
        };
        Some(Self { path, truncate, written: Once::new() })
    }

    /// Writes the cause, truncated to what the platform shows.
    pub fn write(&self, cause: &str) {
        let cause = cause.trim();
        if cause.is_empty() {
            return;
        }
        self.written.call_once(|| {
            if let Some(directory) = self.path.parent() {
                // If this fails, so does the write.
                let _ = fs::create_dir_all(directory);
            }
            // Best effort, see above.
            let _ = fs::write(&self.path, (self.truncate)(cause));
        });
    }
}

/// Truncates a text to [`MAX_BYTES`]: the platform fails a processing job whose text is not UTF-8.
fn at_a_character(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_BYTES)].to_owned()
}

/// Truncates a text to [`MAX_CHARACTERS`] characters, with an ellipsis, at the end of a word if there is one nearby.
fn at_a_word(text: &str) -> String {
    if text.char_indices().nth(MAX_CHARACTERS).is_none() {
        return text.to_owned();
    }
    let room = MAX_CHARACTERS - " …".chars().count();
    let (end, _) = text.char_indices().nth(room).expect("the text is longer than the room");
    let kept = &text[..end];
    let ends_a_word = text[end..].starts_with(char::is_whitespace);
    let space = if ends_a_word { None } else { kept.rfind(char::is_whitespace) };
    let whole_words = &kept[..space.unwrap_or(end)];
    // A truncated long word (a path, an address) is better than none.
    let kept = if kept.len() - whole_words.len() > 100 { kept } else { whole_words };
    format!("{} …", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_whole() {
        for text in ["short".to_owned(), "é".repeat(1024), String::new()] {
            assert_eq!(at_a_word(&text), text);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        for text in ["é".repeat(1025), "日本".repeat(4000), "x".repeat(1025), format!("{}🦀", "y ".repeat(512))] {
            let cut = at_a_word(&text);
            assert!(cut.chars().count() <= 1024, "{} characters", cut.chars().count());
            assert!(cut.chars().count() > 1000, "{} characters", cut.chars().count());
            assert!(text.starts_with(cut.strip_suffix(" …").unwrap()));
        }
    }

    #[test]
    fn a_cut_falls_between_words() {
        let text = "customer ".repeat(200);
        let cut = at_a_word(&text);
        assert!(cut.ends_with("customer …"), "{cut}");
        assert!(cut.chars().count() <= 1024);
        let exactly = format!("{} next", "x".repeat(1022));
        assert_eq!(at_a_word(&exactly), format!("{} …", "x".repeat(1022)));
    }

    #[test]
    fn the_first_cause_of_a_process_stands_and_an_older_one_does_not() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("input/config")).unwrap();
        let detect = || FailureFile::detect_with(&|_| Some(base.path().to_str().unwrap().to_owned())).unwrap();
        let text = || fs::read_to_string(base.path().join("output/failure")).unwrap();
        let file = detect();
        file.write("  ");
        file.write("unknown setting `horizn`\n");
        file.write("cannot flush the manifest");
        assert_eq!(text(), "unknown setting `horizn`");
        detect().write("a later run's cause");
        assert_eq!(text(), "a later run's cause");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_no_second_failure() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("input/config")).unwrap();
        fs::write(base.path().join("output"), "a file").unwrap();
        FailureFile::detect_with(&|_| Some(base.path().to_str().unwrap().to_owned())).unwrap().write("cause");
        assert_eq!(fs::read_to_string(base.path().join("output")).unwrap(), "a file");
    }

    #[test]
    fn outside_a_container_there_is_no_file() {
        let base = tempfile::tempdir().unwrap();
        assert!(FailureFile::detect_with(&|_| Some(base.path().to_str().unwrap().to_owned())).is_none());
    }

    #[test]
    fn the_message_of_a_processing_job_is_cut_between_characters() {
        for (text, length) in
            [("short".to_owned(), 5), ("x".to_owned() + &"é".repeat(1000), 1023), ("€".repeat(999), 1023)]
        {
            let base = tempfile::tempdir().unwrap();
            fs::create_dir_all(base.path().join("config")).unwrap();
            fs::write(base.path().join("config/processingjobconfig.json"), "{}").unwrap();
            FailureFile::detect_with(&|_| Some(base.path().to_str().unwrap().to_owned())).unwrap().write(&text);
            let written = fs::read_to_string(base.path().join("output/message")).unwrap();
            assert_eq!(written.len(), length);
            assert!(text.starts_with(&written));
        }
    }
}
