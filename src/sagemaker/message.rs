//! The message file, which tells the platform why a processing job failed.

use std::{fs, path::PathBuf};

use super::paths::{Paths, Variables, process_variables};

/// Maximum bytes of the job's `ExitMessage`.
const MAX_BYTES: usize = 1024;

/// The file whose text becomes the `ExitMessage` of a processing job.
///
/// The text is truncated between characters, because the platform fails a job whose text is not UTF-8. Writing is best
/// effort: the text has been printed as well.
#[derive(Debug)]
pub struct MessageFile(PathBuf);

impl MessageFile {
    /// The file; `None` outside a processing container.
    #[must_use]
    pub fn detect() -> Option<Self> {
        Self::detect_with(&process_variables)
    }

    fn detect_with(variables: Variables<'_>) -> Option<Self> {
        let paths = Paths::new(variables);
        paths.processing_exists().then(|| Self(paths.message()))
    }

    /// Writes the text, truncated to what the platform takes.
    pub fn write(&self, text: &str) {
        if let Some(directory) = self.0.parent() {
            // If this fails, so does the write.
            let _ = fs::create_dir_all(directory);
        }
        let text = text.trim();
        // Best effort, see above.
        let _ = fs::write(&self.0, &text[..text.floor_char_boundary(MAX_BYTES)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir_all(base.path().join("config")).unwrap();
        fs::write(base.path().join("config/processingjobconfig.json"), "{}").unwrap();
        let root = base.path().to_str().unwrap().to_owned();
        let file = MessageFile::detect_with(&|_| Some(root.clone())).unwrap();
        for (text, length) in
            [("short".to_owned(), 5), ("x".to_owned() + &"é".repeat(1000), 1023), ("€".repeat(999), 1023)]
        {
            file.write(&text);
            let written = fs::read_to_string(base.path().join("output/message")).unwrap();
            assert_eq!(written.len(), length);
            assert!(text.starts_with(&written));
        }
    }
}
