//! Models as others hand them over: what is read, and what is refused with a sentence. No server here.

use std::{fs, io::Write, path::Path};

use crate::support::{daily, folder, members, repository, train};
use flate2::{Compression, write::GzEncoder};
use manyfit::{
    artifact::{Limits, open_archive, open_path},
    error::Error,
};
use manyfit_models::Fitted;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A tar of members (name, kind, declared size, content), as bytes on the wire: nothing checks them.
pub(crate) fn tar(members: &[(&str, tar::EntryType, u64, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, kind, size, content) in members {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(*size);
        header.set_mode(0o644);
        header.set_entry_type(*kind);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// An archive of plain files.
pub(crate) fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<_> =
        files.iter().map(|(name, content)| (*name, tar::EntryType::Regular, content.len() as u64, *content)).collect();
    gzip(&tar(&members))
}

/// An artifact that the program wrote, and the folder it lies in.
fn trained(settings: &[&str]) -> (TempDir, Vec<u8>) {
    let input = folder([("8.csv", daily(120, 8))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), settings).with_code(0);
    let bytes = fs::read(output.path().join("models/8.tar.gz")).unwrap();
    (output, bytes)
}

fn golden(name: &str) -> Vec<u8> {
    fs::read(repository("tests/golden").join(name)).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) {
    let error = open_archive(bytes, Limits::of_file(1 << 20)).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is missing in: {error}");
    }
}

#[test]
fn an_artifact_is_the_same_model_packed_and_unpacked() {
    for settings in [&[][..], &["model=seasonal-naive"]] {
        let (output, bytes) = trained(settings);
        let opened = open_archive(&bytes, Limits::default()).unwrap();
        let metadata = opened.metadata.clone().unwrap();
        assert_eq!((metadata.customer.as_str(), metadata.rows), ("8", 120));
        let unpacked = folder(members(&bytes));
        fs::create_dir(unpacked.path().join("code")).unwrap();
        assert_eq!(open_path(unpacked.path(), Limits::default()).unwrap(), opened);
        assert_eq!(open_path(&output.path().join("models/8.tar.gz"), Limits::default()).unwrap(), opened);
    }
}

#[test]
fn a_prophet_model_is_known_without_metadata_in_every_wrapping_that_tar_writes() {
    let (_output, bytes) = trained(&[]);
    let model = members(&bytes).into_iter().find(|(name, _)| name == "model.json").unwrap().1;
    let size = model.len() as u64;
    let file = tar::EntryType::Regular;
    for archive in [
        pack(&[("model.json", &model), ("code/inference.py", b"import prophet"), (".hidden", b"x")]),
        // As `tar -C directory .` writes it.
        gzip(&tar(&[("./", tar::EntryType::Directory, 0, b""), ("./model.json", file, size, &model)])),
        // As Python's tarfile writes it: a header of its own before each member.
        gzip(&tar(&[
            ("PaxHeader", tar::EntryType::XHeader, 38, b"27 mtime=1700000000.123456\n11 path=m\n\n"),
            ("ignored", file, size, &model),
        ])),
        gzip(&tar(&[("././@LongLink", tar::EntryType::GNULongName, 11, b"model.json\0"), ("cut", file, size, &model)])),
        pack(&[("model.json", b"an older one"), ("model.json", &model)]),
        pack(&[("prophet.json", &model), ("README", b"hello")]),
    ] {
        let opened = open_archive(&archive, Limits::default()).unwrap();
        assert_eq!(opened.metadata, None);
        assert!(matches!(opened.model, Fitted::Series(_)), "{opened:?}");
    }
}

#[test]
fn a_prophet_model_that_would_fill_the_memory_or_divide_by_zero_is_refused() {
    let (_output, bytes) = trained(&[]);
    let model = members(&bytes).into_iter().find(|(name, _)| name == "model.json").unwrap().1;
    let model: Value = serde_json::from_slice(&model).unwrap();
    let holidays = |number: usize, window: i64| {
        let row =
            json!({"ds": "2024-01-01T00:00:00.000", "holiday": "x", "lower_window": -window, "upper_window": window});
        Value::from(json!({"data": vec![row; number]}).to_string())
    };
    for (member, value, message) in [
        ("/seasonalities/1/weekly/fourier_order", json!(i64::MAX), "Fourier order 9223372036854775807"),
        ("/holidays", holidays(1, 2_000_000_000), "2000000000 days"),
        ("/holidays", holidays(500, 1_000), "1000500 days"),
        ("/uncertainty_samples", json!(1_000_000_000), "uncertainty_samples is 1000000000"),
        ("/t_scale", json!(0), "t_scale is 0"),
        ("/t_scale", json!(0.0004), "t_scale is 0.0004 s"),
        ("/start", json!(1e10), "start is 10000000000: pandas has no timestamp"),
        ("/history_dates", json!(r#"{"data":[9223372036854775807]}"#), "9223372036854775807: pandas has no timestamp"),
        ("/changepoints", json!(r#"{"data":["9999-12-31T00:00:00"]}"#), "253402214400000: pandas has no timestamp"),
        ("/y_scale", json!(-1.5), "y_scale is -1.5"),
    ] {
        let mut hostile = model.clone();
        *hostile.pointer_mut(member).unwrap_or_else(|| panic!("{member} is missing in {model}")) = value;
        let hostile = pack(&[("model.json", hostile.to_string().as_bytes())]);
        let refused = open_archive(&hostile, Limits::default()).unwrap_err().to_string();
        assert!(refused.contains(message), "{refused}");
    }
}

#[test]
fn a_baseline_that_ends_beyond_all_calendars_is_refused() {
    let baseline = |last: i64| {
        let content = json!({"model": "mean", "season": [3.5], "sigma": 1.0, "interval_width": 0.8, "last_date": last, "rows": 4});
        let files = [(".manyfit.json", metadata("baseline.json")), ("baseline.json", content.to_string().into_bytes())];
        open_archive(&pack(&files.each_ref().map(|(name, content)| (*name, &content[..]))), Limits::default())
    };
    assert!(baseline(9_223_372_036_854).is_ok());
    for last in [9_223_372_036_855, i64::MAX, i64::MIN] {
        let refused = baseline(last).unwrap_err().to_string();
        assert!(refused.contains(&format!("last_date is {last}")), "{refused}");
    }
}

#[test]
fn a_local_model_that_would_fill_the_memory_is_refused() {
    let local = |last: i64, steps: u64| {
        let naive = json!({"kind": "drift", "season": [3.5], "sigma": 1.0, "steps": 4});
        let content =
            json!({"naive": naive, "interval_width": 0.8, "last_date": last, "steps_without_value": steps, "rows": 4});
        let files = [(".manyfit.json", metadata("local.json")), ("local.json", content.to_string().into_bytes())];
        open_archive(&pack(&files.each_ref().map(|(name, content)| (*name, &content[..]))), Limits::default())
    };
    assert!(local(0, 20_000).is_ok());
    for (last, steps, message) in
        [(0, 20_001, "steps_without_value is 20001"), (i64::MIN, 0, "last_date is -9223372036")]
    {
        let refused = local(last, steps).unwrap_err().to_string();
        assert!(refused.contains(message), "{refused}");
    }
}

/// Metadata that name a file and do not vouch for its content.
fn metadata(file: &str) -> Vec<u8> {
    let metadata = json!({"format": 1, "manyfit": "0", "customer": "8", "fingerprint": "", "model": "", "file": file, "sha256": "",
        "rows": 1, "missing": 0});
    metadata.to_string().into_bytes()
}

#[test]
fn stock_xgboost_files_are_known_by_their_content_whatever_their_names() {
    for version in ["1.7.6", "2.1.4", "3.2.0"] {
        for (extension, names) in [("json", ["xgboost-model", "model.json"]), ("ubj", ["xgboost-model", "m.ubj"])] {
            let content = golden(&format!("xgboost-{version}-logistic.{extension}"));
            for name in names {
                let opened = open_archive(&pack(&[(name, &content)]), Limits::default()).unwrap();
                let Fitted::Rows(fitted) = opened.model else { panic!("{version} {name}: no trees") };
                assert_eq!(fitted.name(), "gradient-boosting");
                assert_eq!(opened.file, name);
            }
        }
    }
}

#[test]
fn members_that_lead_out_of_the_archive_are_refused() {
    let file = tar::EntryType::Regular;
    for name in ["../model.json", "/etc/model.json", "a/../../model.json"] {
        refused(&gzip(&tar(&[(name, file, 2, b"{}")])), &["leads out", name]);
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Char] {
        refused(&gzip(&tar(&[("model.json", kind, 0, b"")])), &["model.json", "link or a device"]);
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let file = tar::EntryType::Regular;
    // Ten gigabytes declared, none there.
    refused(&gzip(&tar(&[("model.json", file, 10 << 30, b"")])), &["model.json has 10737418240 bytes", "1048576"]);
    refused(&gzip(&tar(&[("././@LongLink", tar::EntryType::GNULongName, 8 << 20, b"")])), &["header", "8388608"]);
    // A bomb: 4 MiB of zeros in 4 KiB, beside a model and in its place.
    let zeros = vec![0; 4 << 20];
    refused(&gzip(&tar(&[("data/zeros", file, 4 << 20, &zeros)])), &["unpacks to more than 2097152 bytes"]);
    refused(&gzip(&zeros), &["unpacks to more than"]);
    let many = vec![("d/x", file, 0_u64, &b""[..]); 10_001];
    let limits = Limits { unpacked: 1 << 30, ..Limits::default() };
    let error = open_archive(&gzip(&tar(&many)), limits).unwrap_err();
    assert!(error.to_string().contains("more than 10000 files"), "{error}");
}

#[test]
fn every_beginning_of_an_archive_is_refused() {
    let (_output, bytes) = trained(&[]);
    for end in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        let error = open_archive(&bytes[..end], Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Data(_)), "{end}: {error}");
    }
}

#[test]
fn an_artifact_whose_model_was_changed_is_refused() {
    let (_output, bytes) = trained(&[]);
    let mut files = members(&bytes);
    let at = files[1].1.iter().position(|byte| *byte == b'5').unwrap();
    files[1].1[at] = b'6';
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    refused(&pack(&files), &["model.json is damaged", "SHA-256"]);
    refused(&pack(&files[..1]), &["model.json is missing"]);
    let newer = [(".manyfit.json", &br#"{"format": 99, "manyfit": "7.0.0"}"#[..]), files[1]];
    refused(&pack(&newer), &["format 99", "manyfit 7.0.0"]);
}

#[test]
fn what_holds_no_model_says_what_to_do() {
    for (bytes, words) in [
        (&b"PK\x03\x04zip"[..], &["no gzip header", "tar -czf"][..]),
        (&pack(&[]), &["no file in it", "model.json"]),
        (&pack(&[("model/model.json", b"{}")]), &["at the root", "model/model.json"]),
        (&pack(&[("a.json", b"{}"), ("b.json", b"{}")]), &["several files could be the model", "a.json, b.json"]),
        (&pack(&[("model.joblib", b"\x80\x04\x95")]), &["model.joblib", "pickle"]),
        (&pack(&[("model.json", b"{\"growth\": 1")]), &["model.json", "not a Prophet model"]),
        (&pack(&[("model.json", b"{\"learner\": {}}")]), &["model.json", "XGBoost"]),
        (&pack(&[("model.json", b"")]), &["model.json", "empty"]),
    ] {
        refused(bytes, words);
    }
    // A client of the server may name any directory, and is told nothing about it.
    let directory = folder([("secret-a.json", "{}"), ("secret-b.json", "{}")]);
    let error = open_path(directory.path(), Limits::default()).unwrap_err().to_string();
    assert!(error.contains("several files could be the model;") && !error.contains("secret"), "{error}");
}

#[test]
fn a_directory_s_links_may_not_lead_out_of_it() {
    let (_output, bytes) = trained(&[]);
    let outside = folder(members(&bytes));
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path().join("model.json"), directory.path().join("model.json")).unwrap();
    let error = open_path(directory.path(), Limits::default()).unwrap_err().to_string();
    assert!(error.contains("leads out"), "{error}");
    // As Kubernetes mounts a volume: the file is in a hidden directory of the same place.
    fs::remove_file(directory.path().join("model.json")).unwrap();
    fs::create_dir(directory.path().join("..data")).unwrap();
    fs::copy(outside.path().join("model.json"), directory.path().join("..data/model.json")).unwrap();
    std::os::unix::fs::symlink("..data/model.json", directory.path().join("model.json")).unwrap();
    open_path(directory.path(), Limits::default()).unwrap();
    let absent = open_path(Path::new("/no/such/model"), Limits::default()).unwrap_err();
    assert!(matches!(absent, Error::Storage { .. }), "{absent}");
}
