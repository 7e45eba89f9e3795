//! Reading a model, whichever program wrote it.
//!
//! | written by | file | recognised by |
//! |---|---|---|
//! | manyfit | the one that `.manyfit.json` names, with its SHA-256 | `.manyfit.json` |
//! | Python Prophet | `model.json`, or the only JSON file | its first keys |
//! | XGBoost | `xgboost-model`, or the only JSON or UBJSON file | its first keys or bytes |
//!
//! Hidden files and subdirectories (such as `code/`) are ignored.

use super::{
    hex,
    members::{LARGEST_HEADER, Limits, Members, is_gzip, read_file},
    metadata::{FORMAT, Metadata},
    pack::{COMMENT, METADATA_FILE},
};
use crate::error::{Error, Result};
use manyfit_models::{Fitted, FittedRows, FittedSeries, Sidecar};
use serde::{Deserialize, de::IgnoredAny};
use sha2::{Digest, Sha256};
use std::path::Path;

/// A model that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The artifact's metadata; `None` if manyfit did not write it.
    pub metadata: Option<Metadata>,
    /// The model.
    pub model: Fitted,
    /// Name of the file that held it.
    pub file: String,
}

/// An intact artifact of this format.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its model.
    pub model: Fitted,
}

/// What an existing file with an artifact's name is.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// An intact artifact of this format.
    Ours(Box<Artifact>),
    /// A truncated, damaged or older artifact of manyfit's: it may be replaced.
    Torn,
    /// Not written by manyfit: it must not be touched.
    Foreign,
}

/// The largest artifact that is read back, in bytes of its model file: far more than any model needs, far less than memory.
const INSPECTED: Limits = Limits::of_file(2 << 30);

/// How [`pack`](super::pack()) begins a file, but for the two bytes before the comment.
const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 16, 0, 0, 0, 0];

/// Classifies the existing file in an artifact's place. Only an artifact whose checksums all agree is [`Found::Ours`].
#[must_use]
pub fn inspect(bytes: &[u8]) -> Found {
    // Of a torn artifact there may be only the beginning of the gzip header that `pack` writes.
    let agrees = |bytes: &[u8], expected: &[u8]| bytes.iter().zip(expected).all(|(byte, expected)| byte == expected);
    if !agrees(bytes, GZIP_HEADER) || !agrees(bytes.get(10..).unwrap_or_default(), COMMENT) {
        return Found::Foreign;
    }
    match open_archive(bytes, INSPECTED) {
        Ok(Opened { metadata: Some(metadata), model, .. }) if metadata.format == FORMAT => {
            Found::Ours(Box::new(Artifact { metadata, model }))
        }
        _ => Found::Torn,
    }
}

/// Reads the model in the bytes of a `tar.gz`.
pub fn open_archive(bytes: &[u8], limits: Limits) -> Result<Opened> {
    open(Members::of_archive(bytes, limits)?, limits)
}

/// Reads the model in the bytes of an object: a `tar.gz`, or a bare model file.
pub fn open_object(name: &str, bytes: Vec<u8>, limits: Limits) -> Result<Opened> {
    if is_packed(Path::new(name), &bytes) {
        return open_archive(&bytes, limits);
    }
    let name = name.rsplit('/').next().unwrap_or(name).to_owned();
    open(Members::of_file(None, name, bytes), limits)
}

/// Reads the model at a path: an unpacked artifact if it is a directory, a `tar.gz`, or a bare model file.
pub fn open_path(path: &Path, limits: Limits) -> Result<Opened> {
    if path.is_dir() {
        return open(Members::of_directory(path)?, limits);
    }
    open_file(path, read_file(path, path.display(), limits.unpacked)?, limits)
}

/// Reads the model in the bytes of a file: a `tar.gz`, or a bare model file.
pub fn open_file(path: &Path, bytes: Vec<u8>, limits: Limits) -> Result<Opened> {
    if is_packed(path, &bytes) {
        return open_archive(&bytes, limits);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // The model file of an unpacked artifact has its metadata in the same directory.
    let metadata = path.parent().and_then(|folder| {
        let path = folder.join(METADATA_FILE);
        read_file(&path, METADATA_FILE, LARGEST_HEADER).ok()
    });
    let metadata = metadata.filter(|content| read_metadata(content).is_ok_and(|metadata| metadata.file == name));
    open(Members::of_file(metadata, name, bytes), limits)
}

fn is_packed(path: &Path, bytes: &[u8]) -> bool {
    let named = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz") || end.eq_ignore_ascii_case("tgz"));
    named || is_gzip(bytes)
}

/// Finds, checks and reads the model file.
fn open(mut members: Members, limits: Limits) -> Result<Opened> {
    let metadata = members.metadata.as_deref().map(read_metadata).transpose()?;
    let file = metadata.as_ref().map_or_else(|| members.model_file(), |metadata| Ok(metadata.file.clone()))?;
    let mut content = |file: &str, sha256: Option<&str>| {
        let at = members.files.iter().position(|member| member.name == file);
        let at = at.ok_or_else(|| Error::Data(format!("{file} is missing, but .manyfit.json names it")))?;
        let content = members.files.swap_remove(at).read(limits)?;
        match sha256 {
            Some(sha256) if !sha256.is_empty() && hex(&Sha256::digest(&content)) != sha256 => {
                Err(Error::Data(format!(
                    "{file} is damaged: its SHA-256 differs from the one in .manyfit.json; write or upload it again"
                )))
            }
            _ => Ok(content),
        }
    };
    let mut sidecar = metadata.as_ref().map(Metadata::sidecar).unwrap_or_default();
    if let Some(other) = metadata.as_ref().and_then(|metadata| metadata.refers_to.as_ref()) {
        sidecar.member = Some(content(&other.file, Some(&other.sha256))?);
    } else if metadata.is_none() && file == FittedSeries::COMBINATION_FILE {
        // Whether it has a Prophet among its members its own file says.
        sidecar.member = content(FittedSeries::PROPHET_FILE, None).ok();
    }
    let content = content(&file, metadata.as_ref().map(|metadata| metadata.sha256.as_str()))?;
    let model = read_model(&file, &content, sidecar).map_err(|error| Error::Data(format!("{file}: {error}")))?;
    Ok(Opened { metadata, model, file })
}

fn read_metadata(content: &[u8]) -> Result<Metadata> {
    /// What every format has.
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
        #[serde(default)]
        manyfit: String,
    }
    let invalid = |error: serde_json::Error| Error::Data(format!(".manyfit.json is invalid: {error}"));
    let Versioned { format, manyfit } = serde_json::from_slice(content).map_err(invalid)?;
    if format > FORMAT {
        return Err(Error::Data(format!(
            "the artifact was written by manyfit {manyfit} in format {format}; this version reads formats up to {FORMAT}: \
             use manyfit {manyfit} or later"
        )));
    }
    serde_json::from_slice(content).map_err(invalid)
}

/// Reads a model file by its content; only manyfit's own families are told apart by name.
fn read_model(file: &str, content: &[u8], sidecar: Sidecar) -> manyfit_models::Result<Fitted> {
    let known_as = match file {
        FittedSeries::LOCAL_FILE
        | FittedSeries::BASELINE_FILE
        | FittedSeries::COMBINATION_FILE
        | FittedRows::RIDGE_FILE => file,
        _ if is_prophet(content) => FittedSeries::PROPHET_FILE,
        _ => FittedRows::XGBOOST_FILE,
    };
    Fitted::from_file(known_as, content, sidecar)
}

/// Whether this is a JSON object that does not look like XGBoost's.
fn is_prophet(content: &[u8]) -> bool {
    /// The key that only XGBoost's files have.
    #[derive(Deserialize)]
    struct Keys {
        learner: Option<IgnoredAny>,
    }
    let text = content.trim_ascii_start();
    let begins_with = |key: &[u8]| text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(key));
    // The order in which Python Prophet and XGBoost write their keys; another order costs a second parse of the file.
    if begins_with(b"\"growth\"") {
        return true;
    }
    begins_with(b"\"")
        && !begins_with(b"\"learner\"")
        && !serde_json::from_slice::<Keys>(text).is_ok_and(|keys| keys.learner.is_some())
}
