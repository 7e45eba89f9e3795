//! Artifacts: tar.gz files, their members, and what they hold.

use std::io::{Read, Write};

use flate2::{Compression, write::GzEncoder};
use manyfit::artifact::{Found, Limits, Opened, inspect, open_archive, open_object, pack};

use super::checked;

/// Far more than an input can hold, so that what an archive claims decides nothing.
const LIMITS: Limits = Limits::of_file(4 << 20);

/// The bytes of an object: a tar.gz, or a bare model file.
pub(super) fn archive(input: &[u8]) {
    for name in ["8.tar.gz", "model.json", "xgboost-model"] {
        if let Some(opened) = checked(open_object(name, input.to_vec(), LIMITS)) {
            check_opened(opened);
        }
    }
    if let Found::Ours(ours) = inspect(input) {
        let opened = open_archive(input, LIMITS).expect("it was read before");
        assert_eq!((Some(ours.metadata), ours.model), (opened.metadata, opened.model));
    }
}

/// A tar, packed here: gzip's checksum would stop nearly every change.
pub(super) fn tar(input: &[u8]) {
    let packed = packed(input);
    let opened = checked(open_archive(&packed, LIMITS));
    let Some(opened) = opened else { return };
    // The model is a member that the tar crate finds, too.
    let mut archive = tar::Archive::new(input);
    let entries = archive.entries().expect("memory is read").filter_map(Result::ok);
    let names: Vec<String> = entries
        .map(|entry| String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").trim_matches('/').to_owned())
        .collect();
    assert!(names.contains(&opened.file), "{} of {names:?}", opened.file);
    check_opened(opened);
}

/// Metadata and a model file, with a zero byte between them, in an archive with the names that the metadata says.
pub(super) fn artifact(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (metadata, content) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    for file in ["model.json", "baseline.json", "local.json", "ridge.json", "xgboost-model"] {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in [(".manyfit.json", metadata), (file, content)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, name, bytes).expect("memory is written");
        }
        let packed = packed(&builder.into_inner().expect("memory is written"));
        if let Some(opened) = checked(open_archive(&packed, LIMITS)) {
            assert!(opened.metadata.is_some() && opened.file == file, "{opened:?}");
            check_opened(opened);
        }
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::none());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("memory is written")
}

/// What was opened is packed and opened again as the same, and the bytes are the same each time.
fn check_opened(opened: Opened) {
    let Opened { metadata, model, .. } = opened;
    let mut metadata = metadata.unwrap_or_default();
    let bytes = pack(&mut metadata, &model);
    let again = open_archive(&bytes, Limits::default()).expect("what was packed is opened");
    let mut metadata_again = again.metadata.expect("it was packed with metadata");
    assert_eq!(pack(&mut metadata_again, &again.model), bytes);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).expect("flate2 unpacks it");
    let mut archive = tar::Archive::new(&unpacked[..]);
    assert_eq!(archive.entries().expect("memory is read").filter_map(Result::ok).count(), 2);
}
