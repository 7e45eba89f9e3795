//! Packing a model and its metadata: the same content gives the same bytes, on every machine and at any time.

use super::{
    hex,
    metadata::{Metadata, ReferredFile},
};
use flate2::{Compression, GzBuilder};
use manyfit_models::Fitted;
use sha2::{Digest, Sha256};
use std::io::Write;

/// The archive member with the metadata; always the first.
pub(super) const METADATA_FILE: &str = ".manyfit.json";

/// The comment in the gzip header, by which even a truncated file is recognised as manyfit's.
pub(super) const COMMENT: &[u8] = b"manyfit";

/// Packs a model as `tar.gz`, and completes its metadata with the names of its files and their SHA-256.
#[must_use]
pub fn pack(metadata: &mut Metadata, model: &Fitted) -> Vec<u8> {
    let (file_name, content) = model.to_file();
    metadata.file = file_name.into();
    metadata.sha256 = hex(&Sha256::digest(&content));
    let member = model.member_file();
    metadata.refers_to = member
        .as_ref()
        .map(|(name, content)| ReferredFile { file: (*name).into(), sha256: hex(&Sha256::digest(content)) });
    let described = serde_json::to_vec(metadata).expect("plain data has a JSON form");

    let mut archive = Vec::with_capacity(described.len() + content.len() + 4096);
    append(&mut archive, METADATA_FILE, &described);
    append(&mut archive, file_name, &content);
    if let Some((name, content)) = member {
        append(&mut archive, name, &content);
    }
    // Two blocks of zeros end a tar archive.
    archive.resize(archive.len() + 1024, 0);

    // Higher levels save a few per cent of the size and double the time. Trees are numbers that hardly compress: level 3 takes
    // longer than the fit, level 1 takes a third of that for a quarter more bytes.
    let level = if matches!(model, Fitted::Rows(_)) { 1 } else { 3 };
    let mut gzip = GzBuilder::new()
        .comment(COMMENT)
        .mtime(0)
        .operating_system(255)
        .write(Vec::with_capacity(archive.len() / 2), Compression::new(level));
    gzip.write_all(&archive).and_then(|()| gzip.finish()).expect("writing to memory does not fail")
}

/// Appends a tar member; fields that depend on the clock or the user are fixed.
fn append(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).expect("member names are short and plain");
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    archive.extend_from_slice(header.as_bytes());
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}
