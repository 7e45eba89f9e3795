//! The platform's directory tree in a container.

use std::path::{Path, PathBuf};

/// The root of everything the platform mounts.
const BASE: &str = "/opt/ml";

/// Relocates the root, for tests and for running a job locally. The platform never sets it.
const BASE_VARIABLE: &str = "SAGEMAKER_BASE_DIR";

/// Looks up an environment variable; `None` if it is unset. Injected, so that tests do not change their process.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variables of this process; one that is not UTF-8 counts as unset.
pub(super) fn process_variables(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Nothing but the root of the tree.
pub(super) fn variables_below(base: &Path) -> impl Fn(&str) -> Option<String> {
    move |name| (name == BASE_VARIABLE).then(|| base.to_string_lossy().into_owned())
}

/// The directory tree of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    base: PathBuf,
}

impl Paths {
    /// The tree of a real container, whatever this process's environment says: for API requests that name its paths.
    pub(crate) fn of_platform() -> Self {
        Self { base: BASE.into() }
    }

    /// A tree elsewhere.
    pub(super) fn at(base: &Path) -> Self {
        Self { base: base.into() }
    }

    /// The environment variable that makes a process use this tree.
    pub(crate) fn variable(&self) -> (&'static str, &Path) {
        (BASE_VARIABLE, &self.base)
    }

    pub(super) fn new(variables: Variables<'_>) -> Self {
        let base = variables(BASE_VARIABLE).filter(|base| !base.is_empty());
        Self { base: base.unwrap_or_else(|| BASE.to_owned()).into() }
    }

    /// Whether this process runs in a training container, that is, whether the platform has written its configuration.
    pub(super) fn exist(&self) -> bool {
        self.base.join("input/config").is_dir()
    }

    /// A configuration file.
    pub(super) fn config(&self, name: &str) -> PathBuf {
        self.base.join("input/config").join(name)
    }

    /// The parent directory of the channels.
    pub(crate) fn channels(&self) -> PathBuf {
        self.base.join("input/data")
    }

    /// What is uploaded as one `model.tar.gz` when the job ends.
    pub(super) fn model(&self) -> PathBuf {
        self.base.join("model")
    }

    /// The default directory of checkpoints.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.base.join("checkpoints")
    }

    /// Below the directory of output: `data` is uploaded as one `output.tar.gz` when the job ends; `failure` says why a training
    /// job failed, `message` how a processing job ended.
    pub(crate) fn output(&self, name: &str) -> PathBuf {
        self.base.join("output").join(name)
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

    /// Moves a path that the platform wrote into a file below a relocated root.
    pub(super) fn relocate(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(BASE) {
            Ok(below) => self.base.join(below),
            // A relative path would depend on the working directory.
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
            assert_eq!(paths.output("failure"), Path::new("/opt/ml/output/failure"));
            assert_eq!(paths.relocate(Path::new("/opt/ml/checkpoints/")), Path::new("/opt/ml/checkpoints"));
        }
    }

    #[test]
    fn a_base_directory_moves_the_tree_and_the_paths_that_files_name() {
        let paths = paths(Some("/tmp/job"));
        assert_eq!(paths.model(), Path::new("/tmp/job/model"));
        assert_eq!(paths.checkpoints(), Path::new("/tmp/job/checkpoints"));
        assert_eq!(paths.output("data"), Path::new("/tmp/job/output/data"));
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
