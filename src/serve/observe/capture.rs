//! Data capture: requests and responses in the format of SageMaker's data capture, which multi-model endpoints lack.
//!
//! A background thread writes a share of the requests to `capture-<milliseconds>.jsonl`. Files are rotated by size, and the
//! oldest are deleted.

use super::background::Background;
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

/// What is captured, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureSettings {
    /// The folder for the files.
    pub directory: PathBuf,
    /// The share of requests that is captured, in per cent: above 0, at most 100.
    pub percent: f64,
    /// The size at which a file is rotated, in bytes.
    pub file_bytes: u64,
    /// The number of files to keep.
    pub files: usize,
}

/// The most captured requests that wait to be written.
const QUEUE: usize = 256;

/// How much of a body is captured, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// One request and its response.
#[derive(Debug)]
pub(in crate::serve) struct Captured {
    pub(in crate::serve) request_id: String,
    pub(in crate::serve) model: String,
    pub(in crate::serve) identity: String,
    pub(in crate::serve) input: CapturedBody,
    pub(in crate::serve) output: CapturedBody,
    pub(in crate::serve) status: u16,
    pub(in crate::serve) custom_attributes: Option<String>,
}

/// The beginning of a body, its length and its content type.
#[derive(Debug)]
pub(in crate::serve) struct CapturedBody {
    content_type: String,
    beginning: Box<[u8]>,
    bytes: usize,
}

/// A server's data capture.
#[derive(Debug)]
pub(in crate::serve) struct Capture {
    percent: f64,
    seen: AtomicU64,
    /// What it loses should have been captured: the queue or the disk was full.
    pub(in crate::serve) writer: Background<Captured>,
}

impl Capture {
    /// Opens the first file, so that a folder that cannot be written is an error at once.
    pub(in crate::serve) fn start(settings: &CaptureSettings) -> Result<Self> {
        let failed_to_start =
            |error| Error::storage(format_args!("capturing to {}", settings.directory.display()), error);
        let mut files = Files::open(settings, 0).map_err(failed_to_start)?;
        let write = move |captured: Captured| files.write(&captured.to_line());
        let writer = Background::start("capture", QUEUE, write).map_err(failed_to_start)?;
        Ok(Self { percent: settings.percent, seen: AtomicU64::new(0), writer })
    }

    /// Whether to capture the next request. Captured requests are evenly spread.
    pub(in crate::serve) fn wants_next(&self) -> bool {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) as f64;
        let captured = |requests: f64| (requests * self.percent / 100.0).floor();
        captured(seen + 1.0) > captured(seen)
    }
}

impl Captured {
    /// A line in SageMaker's capture schema, with an additional key `manyfit`.
    fn to_line(&self) -> Vec<u8> {
        let line = json!({
            "captureData": {
                "endpointInput": self.input.to_json("INPUT"),
                "endpointOutput": self.output.to_json("OUTPUT"),
            },
            "eventMetadata": {
                "eventId": self.request_id,
                "inferenceTime": Timestamp::now().to_string(),
                "customAttributes": self.custom_attributes.as_ref().map(|attributes| [attributes]),
            },
            "eventVersion": "0",
            "manyfit": {"model": self.model, "identity": self.identity, "status": self.status},
        });
        let mut line = line.to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

impl CapturedBody {
    /// Copies the beginning, so that the whole body is not in memory until it is written.
    pub(in crate::serve) fn new(content_type: &str, bytes: &[u8]) -> Self {
        let beginning = bytes[..bytes.len().min(LARGEST_BODY)].into();
        Self { content_type: content_type.to_owned(), beginning, bytes: bytes.len() }
    }

    fn to_json(&self, mode: &str) -> Value {
        let beginning = &*self.beginning;
        let (data, encoding) = match std::str::from_utf8(beginning) {
            Ok(text) if self.content_type.contains("json") => (text.to_owned(), "JSON"),
            Ok(text) if self.content_type.contains("csv") => (text.to_owned(), "CSV"),
            Ok(text) => (text.to_owned(), "TEXT"),
            // Truncated within a character: what precedes it is text.
            Err(error) if error.error_len().is_none() => {
                (String::from_utf8_lossy(&beginning[..error.valid_up_to()]).into_owned(), "TEXT")
            }
            Err(_) => (crate::artifact::hex(beginning), "HEX"),
        };
        json!({
            "observedContentType": self.content_type,
            "mode": mode,
            "data": data,
            "encoding": encoding,
            "bytes": self.bytes,
        })
    }
}

/// The files of a capture; the latest is open.
struct Files {
    settings: CaptureSettings,
    file: File,
    written: u64,
    /// When it was opened, in milliseconds since the epoch: its name.
    opened: i64,
}

impl Files {
    /// Opens a file that is later than the one opened `before`: two within a millisecond need two names.
    fn open(settings: &CaptureSettings, before: i64) -> io::Result<Self> {
        fs::create_dir_all(&settings.directory)?;
        let opened = Timestamp::now().as_millisecond().max(before + 1);
        let path = settings.directory.join(format!("capture-{opened:013}.jsonl"));
        let file = File::options().create(true).append(true).open(path)?;
        remove_oldest(settings);
        Ok(Self { settings: settings.clone(), file, written: 0, opened })
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.written > 0 && self.written + line.len() as u64 > self.settings.file_bytes {
            *self = Self::open(&self.settings, self.opened)?;
        }
        self.file.write_all(line)?;
        self.written += line.len() as u64;
        Ok(())
    }
}

/// Removes the oldest capture files, of earlier runs too, beyond the number to keep. One that cannot be removed is tried again
/// at the next rotation.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "names that the program gave")]
fn remove_oldest(settings: &CaptureSettings) {
    let entries = fs::read_dir(&settings.directory).into_iter().flatten().filter_map(Result::ok);
    let is_capture = |name: &str| name.starts_with("capture-") && name.ends_with(".jsonl");
    let captures = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_capture));
    let mut paths: Vec<PathBuf> = captures.map(|entry| entry.path()).collect();
    // The names contain the time of opening, always with 13 digits.
    paths.sort();
    let over = paths.len().saturating_sub(settings.files.max(1));
    for path in &paths[..over] {
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(body: &[u8]) -> Captured {
        Captured {
            request_id: "r-1".into(),
            model: "8".into(),
            identity: "customer=8".into(),
            input: CapturedBody::new("application/json", body),
            output: CapturedBody::new("text/csv", b"1,2"),
            status: 200,
            custom_attributes: None,
        }
    }

    #[test]
    fn files_rotate_and_the_oldest_are_removed_even_those_of_earlier_runs() {
        let directory = tempfile::tempdir().unwrap();
        let settings =
            CaptureSettings { directory: directory.path().into(), percent: 100.0, file_bytes: 2000, files: 3 };
        // Files of earlier runs count; one that cannot be removed, here a folder, is skipped.
        for earlier in 0..9 {
            fs::write(directory.path().join(format!("capture-000000000000{earlier}.jsonl")), "{}").unwrap();
        }
        let stuck = directory.path().join("capture-0000000000009.jsonl");
        fs::create_dir(&stuck).unwrap();
        let mut files = Files::open(&settings, 0).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
        for _ in 0..40 {
            files.write(&captured(b"{}").to_line()).unwrap();
        }
        fs::remove_dir(stuck).unwrap();
        let sizes: Vec<u64> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert_eq!(sizes.len(), 3);
        assert!(sizes.iter().all(|size| (1..=2000).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_line_has_the_bodies_verbatim_and_long_ones_truncated() {
        let line: Value = serde_json::from_slice(&captured(b"{\"horizon\": 7}").to_line()).unwrap();
        let input = &line["captureData"]["endpointInput"];
        assert_eq!((&input["data"], &input["encoding"]), (&json!("{\"horizon\": 7}"), &json!("JSON")));
        assert_eq!(line["captureData"]["endpointOutput"]["encoding"], "CSV");
        let long = captured("ä".repeat(LARGEST_BODY).as_bytes());
        assert_eq!(long.input.beginning.len(), LARGEST_BODY, "a queued body is truncated already");
        let long: Value = serde_json::from_slice(&long.to_line()).unwrap();
        let input = &long["captureData"]["endpointInput"];
        assert_eq!(input["data"].as_str().unwrap().len(), LARGEST_BODY);
        assert_eq!(input["bytes"], 2 * LARGEST_BODY);
    }

    #[test]
    fn the_share_is_spread_evenly() {
        let directory = tempfile::tempdir().unwrap();
        for (percent, expected) in [(100.0, 100), (25.0, 25), (1.0, 1), (0.1, 0)] {
            let settings = CaptureSettings { directory: directory.path().into(), percent, file_bytes: 1000, files: 1 };
            let capture = Capture::start(&settings).unwrap();
            assert_eq!((0..100).filter(|_| capture.wants_next()).count(), expected);
        }
    }
}
