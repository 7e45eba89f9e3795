//! Where the platform puts things in a training container.

use std::path::{Path, PathBuf};

/// The root of everything the platform mounts.
const BASE: &str = "/opt/ml";

/// Relocates the root: for tests and for trying a job on a laptop. The platform itself never sets it.
pub(super) const BASE_VARIABLE: &str = "SAGEMAKER_BASE_DIR";

/// The value of an environment variable, `None` when it is unset. Injected, so that tests need not change the process.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own variables; one that is not UTF-8 counts as unset.
pub(super) fn process_variables(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The tree of a training container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    base: PathBuf,
}

impl Paths {
    /// The tree of a real container, whatever the environment of this process says: for requests that name its paths.
    pub(crate) fn of_platform() -> Self {
        Self { base: BASE.into() }
    }

    pub(super) fn new(variables: Variables<'_>) -> Self {
        let base = variables(BASE_VARIABLE).filter(|base| !base.is_empty());
        Self { base: base.unwrap_or_else(|| BASE.to_owned()).into() }
    }

    /// Whether this process runs in a training container: the platform has written its configuration.
    pub(super) fn exist(&self) -> bool {
        self.base.join("input/config").is_dir()
    }

    /// A configuration file.
    pub(super) fn config(&self, name: &str) -> PathBuf {
        self.base.join("input/config").join(name)
    }

    /// The parent of the channels' directories.
    pub(super) fn channels(&self) -> PathBuf {
        self.base.join("input/data")
    }

    /// What is uploaded as one `model.tar.gz` when the job ends.
    pub(super) fn model(&self) -> PathBuf {
        self.base.join("model")
    }

    /// Where checkpoints are when the configuration does not say.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.base.join("checkpoints")
    }

    /// What is uploaded as one `output.tar.gz` when the job ends.
    pub(super) fn output_data(&self) -> PathBuf {
        self.base.join("output/data")
    }

    /// Why the job failed.
    pub(super) fn failure(&self) -> PathBuf {
        self.base.join("output/failure")
    }

    /// Whether this process runs in a processing container.
    pub(super) fn processing_exists(&self) -> bool {
        self.processing_config("processingjobconfig.json").is_file()
    }

    /// A configuration file of a processing container.
    pub(super) fn processing_config(&self, name: &str) -> PathBuf {
        self.base.join("config").join(name)
    }

    /// The parent of a processing job's inputs and outputs.
    pub(crate) fn processing(&self) -> PathBuf {
        self.base.join("processing")
    }

    /// How a processing job ended.
    pub(super) fn message(&self) -> PathBuf {
        self.base.join("output/message")
    }

    /// A path that the platform wrote into a file, which knows nothing of a relocated root.
    pub(super) fn relocate(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(BASE) {
            Ok(below) => self.base.join(below),
            // A relative path would hang on the directory the process was started in.
            Err(_) => self.base.join(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(base: Option<&str>) -> Paths {
        Paths::new(&|name| base.filter(|_| name == "SAGEMAKER_BASE_DIR").map(str::to_owned))
    }

    #[test]
    fn the_platform_tree_is_the_default() {
        for unset in [None, Some("")] {
            let paths = paths(unset);
            assert_eq!(paths.config("resourceconfig.json"), Path::new("/opt/ml/input/config/resourceconfig.json"));
            assert_eq!(paths.channels(), Path::new("/opt/ml/input/data"));
            assert_eq!(paths.failure(), Path::new("/opt/ml/output/failure"));
            assert_eq!(paths.relocate(Path::new("/opt/ml/checkpoints/")), Path::new("/opt/ml/checkpoints"));
        }
    }

    #[test]
    fn a_base_directory_moves_the_tree_and_the_paths_that_files_name() {
        let paths = paths(Some("/tmp/job"));
        assert_eq!(paths.model(), Path::new("/tmp/job/model"));
        assert_eq!(paths.checkpoints(), Path::new("/tmp/job/checkpoints"));
        assert_eq!(paths.output_data(), Path::new("/tmp/job/output/data"));
        for (written, meant) in [
            ("/opt/ml/checkpoints/", "/tmp/job/checkpoints"),
            ("/opt/ml", "/tmp/job"),
            ("/opt/mlx/checkpoints", "/opt/mlx/checkpoints"),
            ("/mnt/models", "/mnt/models"),
            ("models", "/tmp/job/models"),
        ] {
            assert_eq!(paths.relocate(Path::new(written)), Path::new(meant), "{written}");
        }
    }
}
