//! Reading a model that is to be used, whoever wrote it.
//!
//! | written by | file | known by |
//! |---|---|---|
//! | manyfit | the one that `.manyfit.json` names, and its SHA-256 | `.manyfit.json` |
//! | Python Prophet | `model.json`, or the only JSON file | its first keys |
//! | XGBoost | `xgboost-model`, or the only JSON or UBJSON file | its first keys or bytes |
//!
//! Files whose names begin with a dot, and whatever lies in sub-directories (such as `code/`), are passed over.

use super::{
    archive::{METADATA_FILE, hex},
    members::{Content, Limits, Member, Members},
    metadata::{FORMAT, Metadata},
};
use manyfit_models::{Fitted, FittedRows, FittedSeries, Sidecar};
use serde::{Deserialize, de::IgnoredAny};
use sha2::{Digest, Sha256};
use std::{fs, io, path::Path};

/// A model that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// What the artifact says about itself; nothing where others wrote it.
    pub metadata: Option<Metadata>,
    /// The model.
    pub model: Fitted,
    /// Name of the file that it was in.
    pub file: String,
}

/// Why a model was not read: a sentence that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing in that place.
    #[error("{0}")]
    Missing(String),
    /// It is larger than the caller allows.
    #[error("{0}")]
    TooLarge(String),
    /// It is damaged, hostile, or of a kind that is not known.
    #[error("{0}")]
    Refused(String),
    /// The place cannot be read.
    #[error("{what}: {source}")]
    Storage {
        /// What was being done, and where.
        what: String,
        /// What the system answered.
        source: io::Error,
    },
}

/// Reads the model in an unpacked artifact.
pub fn open_directory(directory: &Path, limits: Limits) -> Result<Opened, OpenError> {
    Members::of_directory(directory, limits)?.open(limits)
}

/// Reads the model in the bytes of a `tar.gz`.
pub fn open_archive(bytes: &[u8], limits: Limits) -> Result<Opened, OpenError> {
    Members::of_archive(bytes, limits)?.open(limits)
}

/// Reads the model in the bytes of an object: a `tar.gz`, or a model file as it is.
pub fn open_object(name: &str, bytes: Vec<u8>, limits: Limits) -> Result<Opened, OpenError> {
    if is_packed(Path::new(name), &bytes) {
        return open_archive(&bytes, limits);
    }
    let name = name.rsplit('/').next().unwrap_or(name).to_owned();
    let file = Member { name, content: Content::Bytes(bytes) };
    Members { metadata: None, files: vec![file], elsewhere: Vec::new() }.open(limits)
}

fn is_packed(path: &Path, bytes: &[u8]) -> bool {
    let named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz") || end.eq_ignore_ascii_case("tgz"));
    named || bytes.starts_with(&[0x1f, 0x8b])
}

/// Reads the model at a path: an unpacked artifact where that is a directory, a `tar.gz`, or a model file as it is.
pub fn open_path(path: &Path, limits: Limits) -> Result<Opened, OpenError> {
    let cannot = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing(format!("there is no {}", path.display())),
        _ => OpenError::Storage { what: format!("reading {}", path.display()), source },
    };
    let found = fs::metadata(path).map_err(cannot)?;
    if found.is_dir() {
        return open_directory(path, limits);
    }
    if !found.is_file() {
        return Err(OpenError::Refused(format!("{} is neither a directory nor a file", path.display())));
    }
    if found.len() > limits.unpacked {
        return Err(OpenError::TooLarge(format!(
            "{} has {} bytes, the limit is {}",
            path.display(),
            found.len(),
            limits.unpacked
        )));
    }
    let bytes = fs::read(path).map_err(cannot)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if is_packed(path, &bytes) {
        return open_archive(&bytes, limits);
    }
    // A model file of an unpacked artifact has its facts beside it.
    let beside = path.parent().map(|folder| folder.join(METADATA_FILE)).and_then(|facts| fs::read(facts).ok());
    let metadata = beside.filter(|content| read_metadata(content).is_ok_and(|metadata| metadata.file == name));
    let file = Member { name, content: Content::Bytes(bytes) };
    Members { metadata, files: vec![file], elsewhere: Vec::new() }.open(limits)
}

impl Members {
    fn open(mut self, limits: Limits) -> Result<Opened, OpenError> {
        let metadata = self.metadata.as_deref().map(read_metadata).transpose()?;
        let file = self.choose(metadata.as_ref())?;
        let at = self.files.iter().position(|member| member.name == file);
        let content = match at {
            Some(at) => self.files.swap_remove(at).read(limits)?,
            None => return Err(OpenError::Refused(format!("{file} is missing beside .manyfit.json"))),
        };
        if let Some(metadata) = metadata.as_ref().filter(|metadata| !metadata.sha256.is_empty())
            && hex(&Sha256::digest(&content)) != metadata.sha256
        {
            return Err(OpenError::Refused(format!(
                "{file} is damaged: its SHA-256 is not the one in .manyfit.json; write or upload it again"
            )));
        }
        let sidecar = metadata.as_ref().map(Metadata::sidecar).unwrap_or_default();
        let model =
            read_model(&file, &content, sidecar).map_err(|fault| OpenError::Refused(format!("{file}: {fault}")))?;
        Ok(Opened { metadata, model, file })
    }

    /// The file that holds the model.
    fn choose(&self, metadata: Option<&Metadata>) -> Result<String, OpenError> {
        if let Some(metadata) = metadata {
            return Ok(metadata.file.clone());
        }
        let named = |name: &str| self.files.iter().find(|member| member.name == name);
        let only = |wanted: &dyn Fn(&Member) -> bool| {
            let mut wanted = self.files.iter().filter(|member| wanted(member));
            wanted.next().filter(|_| wanted.next().is_none())
        };
        let has_extension = |member: &Member| {
            let extension = Path::new(&member.name).extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("json" | "ubj" | "ubjson"))
        };
        ["model.json", "xgboost-model"]
            .into_iter()
            .find_map(named)
            .or_else(|| only(&has_extension))
            // AWS's XGBoost container takes a model file of any name.
            .or_else(|| only(&|_| true))
            .map(|member| member.name.clone())
            .ok_or_else(|| OpenError::Refused(self.describe()))
    }

    /// Why no file is the model.
    fn describe(&self) -> String {
        let names = |names: &mut dyn Iterator<Item = &str>| names.take(5).collect::<Vec<_>>().join(", ");
        if !self.files.is_empty() {
            let files = names(&mut self.files.iter().map(|member| member.name.as_str()));
            return format!(
                "which of these files is the model is not clear: {files}; leave only one of them at the root"
            );
        }
        if self.elsewhere.is_empty() {
            return "there is no file in it: put model.json or xgboost-model at its root".into();
        }
        let elsewhere = names(&mut self.elsewhere.iter().map(String::as_str));
        format!("there is no model file at the root, only {elsewhere}: put the file itself there (tar -C DIRECTORY .)")
    }
}

fn read_metadata(content: &[u8]) -> Result<Metadata, OpenError> {
    /// What every format has.
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
        #[serde(default)]
        manyfit: String,
    }
    let fault = |error: serde_json::Error| OpenError::Refused(format!(".manyfit.json cannot be read: {error}"));
    let Versioned { format, manyfit } = serde_json::from_slice(content).map_err(fault)?;
    if format > FORMAT {
        return Err(OpenError::Refused(format!(
            "the artifact was written by manyfit {manyfit} in format {format}; this one reads formats up to {FORMAT}: take \
             manyfit {manyfit} or later"
        )));
    }
    serde_json::from_slice(content).map_err(fault)
}

/// Reads a model file by what is in it; the names tell manyfit's own families apart.
fn read_model(file: &str, content: &[u8], sidecar: Sidecar) -> manyfit_models::Result<Fitted> {
    let known_as = match file {
        FittedSeries::BASELINE_FILE | FittedRows::RIDGE_FILE => file,
        _ if is_prophet(content) => FittedSeries::PROPHET_FILE,
        _ => FittedRows::XGBOOST_FILE,
    };
    Fitted::from_file(known_as, content, sidecar)
}

/// Whether this is a JSON object that does not look like XGBoost's.
fn is_prophet(content: &[u8]) -> bool {
    /// Keys that only one of the two has.
    #[derive(Deserialize)]
    struct Keys {
        learner: Option<IgnoredAny>,
    }
    let text = content.trim_ascii_start();
    let begins_with = |key: &[u8]| text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(key));
    // As Python Prophet and XGBoost write them; whatever wrote another order costs a second look at the whole file.
    if begins_with(b"\"growth\"") {
        return true;
    }
    begins_with(b"\"")
        && !begins_with(b"\"learner\"")
        && !serde_json::from_slice::<Keys>(text).is_ok_and(|keys| keys.learner.is_some())
}
