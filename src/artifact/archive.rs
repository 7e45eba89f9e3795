//! The archive: deterministic bytes out, and three kinds of bytes in: ours, a torn one of ours, somebody else's.

use super::metadata::{FORMAT, Metadata};
use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use manyfit_models::Fitted;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};

/// The member that says what the archive is; always the first.
pub(super) const METADATA_FILE: &str = ".manyfit.json";

/// Marks the gzip header, so that a torn file is known for one of ours from its first bytes.
const COMMENT: &[u8] = b"manyfit";

/// The largest member that is read back: far more than any model, far less than memory.
const LARGEST_MEMBER: u64 = 2 << 30;

/// A model with its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// What it is.
    pub metadata: Metadata,
    /// The model.
    pub model: Fitted,
}

/// What stands in an artifact's place.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A whole artifact of ours.
    Ours(Box<Artifact>),
    /// The beginning of one of ours, or one that was damaged: it may be replaced.
    Torn,
    /// Something that manyfit did not write: it is left alone.
    Foreign,
}

impl Artifact {
    /// The archive: the same content gives the same bytes, on every machine and at any time.
    #[must_use]
    pub fn pack(metadata: &mut Metadata, model: &Fitted) -> Vec<u8> {
        let content = model.to_bytes();
        metadata.file = model.file_name().into();
        metadata.sha256 = hex(&Sha256::digest(&content));
        let described = serde_json::to_vec(metadata).expect("plain data has a JSON form");

        let mut archive = Vec::with_capacity(described.len() + content.len() + 4096);
        append(&mut archive, METADATA_FILE, &described);
        append(&mut archive, model.file_name(), &content);
        // Two blocks of zeros end a tar archive.
        archive.resize(archive.len() + 1024, 0);

        // Higher levels save a few bytes in a hundred and cost twice the time. Trees are so many numbers, which hardly
        // compress, that level 3 takes longer than the fit; level 1 takes a third of it for a quarter more bytes.
        let level = if matches!(model, Fitted::Rows(_)) { 1 } else { 3 };
        let mut gzip = GzBuilder::new()
            .comment(COMMENT)
            .mtime(0)
            .operating_system(255)
            .write(Vec::with_capacity(archive.len() / 2), Compression::new(level));
        gzip.write_all(&archive).and_then(|()| gzip.finish()).expect("writing to memory does not fail")
    }
}

/// Appends one tar member with everything fixed that a clock or a user could change.
fn append(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).expect("the names of members are short and plain");
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

/// Says what stands in an artifact's place, and trusts nothing that is not whole.
#[must_use]
pub fn inspect(bytes: &[u8]) -> Found {
    let mut header = vec![0x1f, 0x8b, 8, 16, 0, 0, 0, 0];
    let begins_like_ours = {
        let fixed = bytes.len().min(header.len());
        header.truncate(fixed);
        let comment = bytes.get(10..).unwrap_or_default();
        let length = comment.len().min(COMMENT.len());
        bytes[..fixed] == header && comment[..length] == COMMENT[..length]
    };
    match (begins_like_ours, read(bytes)) {
        (true, Some(artifact)) => Found::Ours(Box::new(artifact)),
        (true, None) => Found::Torn,
        (false, _) => Found::Foreign,
    }
}

/// The artifact, if every byte of it is there and agrees with its checksums.
fn read(bytes: &[u8]) -> Option<Artifact> {
    let mut gzip = GzDecoder::new(bytes);
    let mut members = tar::Archive::new(&mut gzip);
    let mut members = members.entries().ok()?;
    let mut next = || {
        let mut member = members.next()?.ok()?;
        let name = member.path().ok()?.to_str()?.to_owned();
        if member.size() > LARGEST_MEMBER {
            return None;
        }
        let mut content = Vec::with_capacity(member.size() as usize);
        member.read_to_end(&mut content).ok()?;
        Some((name, content))
    };
    let (name, content) = next().filter(|(name, _)| name == METADATA_FILE)?;
    debug_assert_eq!(name, METADATA_FILE);
    let metadata: Metadata = serde_json::from_slice(&content).ok().filter(|m: &Metadata| m.format == FORMAT)?;
    let (name, content) = next()?;
    if name != metadata.file || hex(&Sha256::digest(&content)) != metadata.sha256 {
        return None;
    }
    let model = Fitted::from_file(&name, &content, metadata.sidecar()).ok()?;
    // The gzip checksum stands at the very end.
    std::io::copy(&mut gzip.take(LARGEST_MEMBER), &mut std::io::sink()).ok()?;
    Some(Artifact { metadata, model })
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}
