//! The directory for models: the checkpoint directory, which the platform uploads while the job runs.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{config, paths::Paths};
use crate::error::Result;

/// The warning for a job whose models go to the model directory.
const WITHOUT_CHECKPOINTS: &str = "the job has no CheckpointConfig (there is no checkpointconfig.json), so models go to the \
    model directory: it is uploaded only when the job ends, as one model.tar.gz, so a spot interruption loses every model and a \
    multi-model endpoint cannot serve them one by one; give the job a CheckpointConfig whose S3Uri ends in `/`";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CheckpointConfig {
    local_path: Option<String>,
}

/// The directory for models, and a warning if it is not a checkpoint directory.
pub(super) fn read(paths: &Paths) -> Result<(PathBuf, Option<String>)> {
    // An empty file does not promise an upload; the model directory is uploaded in any case.
    Ok(match config::read(&paths.config("checkpointconfig.json"))? {
        None => (paths.model(), Some(WITHOUT_CHECKPOINTS.to_owned())),
        Some(CheckpointConfig { local_path }) => {
            let local_path = local_path.filter(|path| !path.is_empty());
            (local_path.map_or_else(|| paths.checkpoints(), |path| paths.relocate(Path::new(&path))), None)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_text(text: Option<&str>) -> Result<(String, Option<String>)> {
        let base = tempfile::tempdir().unwrap();
        let paths = Paths::new(&|_| Some(base.path().to_str().unwrap().to_owned()));
        fs::create_dir_all(paths.config("")).unwrap();
        if let Some(text) = text {
            fs::write(paths.config("checkpointconfig.json"), text).unwrap();
        }
        let (directory, warning) = read(&paths)?;
        let below = directory.strip_prefix(base.path()).unwrap_or(&directory);
        Ok((below.to_str().unwrap().to_owned(), warning))
    }

    #[test]
    fn models_go_to_the_local_path_below_the_base_directory() {
        for (text, directory) in [
            (r#"{"LocalPath": "/opt/ml/checkpoints/"}"#, "checkpoints"),
            (r#"{"LocalPath": "/opt/ml/checkpoints/run-7", "S3Uri": "s3://b/models/"}"#, "checkpoints/run-7"),
            (r#"{"LocalPath": "/mnt/models"}"#, "/mnt/models"),
            (r#"{"LocalPath": ""}"#, "checkpoints"),
            ("{}", "checkpoints"),
        ] {
            assert_eq!(read_text(Some(text)).unwrap(), (directory.to_owned(), None), "{text}");
        }
    }

    #[test]
    fn without_checkpoints_models_go_to_the_model_directory_with_a_warning() {
        for text in [None, Some("")] {
            let (directory, warning) = read_text(text).unwrap();
            assert_eq!(directory, "model");
            assert!(warning.unwrap().contains("give the job a CheckpointConfig"));
        }
    }

    #[test]
    fn a_fault_names_the_file() {
        let error = read_text(Some(r#"{"LocalPath": 7}"#)).unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("input/config/checkpointconfig.json: "), "{error}");
    }
}
