//! Running again: what stands is kept, what is missing, changed or damaged is fitted, and what is somebody else's is left
//! alone, wherever the run before was cut off.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use manyfit::{
    artifact::{Found, inspect},
    store::{Durability, LocalStore, Store},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::support::{Files, artifacts, daily, files, fleet, folder, manifest, statuses, train, train_command};

/// What tells a file from another one of the same name and content.
type Identity = (u64, SystemTime);

#[cfg(unix)]
fn identities(models: &Path) -> BTreeMap<String, Identity> {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(models) else { return BTreeMap::new() };
    let entries = entries.map(Result::unwrap).filter(|entry| entry.path().extension().is_some_and(|end| end == "gz"));
    entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            (entry.file_name().into_string().unwrap(), (metadata.ino(), metadata.modified().unwrap()))
        })
        .collect()
}

#[cfg(unix)]
#[test]
fn a_second_run_leaves_every_artifact_as_it_is_and_a_change_costs_one_fit() {
    let input = fleet(12, 25);
    let output = tempfile::tempdir().unwrap();
    let (input, output, models) = (input.path(), output.path(), output.path().join("models"));
    train(input, output, &[]).with_code(0);
    assert_eq!(statuses(output), [12, 0, 0, 0]);
    let (before, bytes) = (identities(&models), artifacts(&models));

    // Where a run takes place, and how many threads it has, shape no artifact; nor does the horizon.
    train(input, output, &["--jobs=1", "horizon=2"]).with_code(0);
    assert_eq!(statuses(output), [0, 12, 0, 0]);
    assert_eq!(identities(&models), before);
    assert_eq!(fs::read_to_string(output.join("forecasts.csv")).unwrap().lines().count(), 1 + 2 * 12);

    // The same rows in another spelling are the same data.
    let text = daily(25, 0).replace("ds,y\n", "ds;y\r\n").replace(',', ";").replace(";1", ";+1");
    fs::write(input.join("customer-000.csv"), text).unwrap();
    fs::write(input.join("customer-007.csv"), format!("{}2022-03-01,7\n", daily(27, 7))).unwrap();
    train(input, output, &[]).with_code(0);
    assert_eq!(statuses(output), [1, 11, 0, 0]);
    let rows = manifest(&output.join("manifest.jsonl"));
    assert_eq!(rows["customer-007"]["status"], "fitted");
    assert_eq!(rows["customer-007"]["rows"], 28);
    let (now, now_bytes) = (identities(&models), artifacts(&models));
    for (name, identity) in &before {
        assert_eq!(now[name] == *identity, name != "customer-007.tar.gz", "{name}");
        assert_eq!(now_bytes[name] == bytes[name], name != "customer-007.tar.gz", "{name}");
    }

    // A setting that shapes the models changes them all.
    train(input, output, &["changepoint_prior_scale=0.5"]).with_code(0);
    assert_eq!(statuses(output), [12, 0, 0, 0]);
}

#[test]
fn a_damaged_artifact_is_replaced() {
    let input = fleet(2, 25);
    let output = tempfile::tempdir().unwrap();
    let (input, output, models) = (input.path(), output.path(), output.path().join("models"));
    train(input, output, &[]).with_code(0);
    let whole = artifacts(&models);
    let path = models.join("customer-000.tar.gz");
    let bytes = whole["customer-000.tar.gz"].clone();

    // Every kind of damage is known for what it is ...
    let cut = (0..bytes.len()).step_by(7).chain([bytes.len() - 1, bytes.len() - 8]).map(|end| bytes[..end].to_vec());
    let flip = (18..bytes.len()).step_by(5).map(|at| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        bytes
    });
    for damaged in cut.chain(flip) {
        assert!(matches!(inspect(&damaged), Found::Torn), "{} bytes", damaged.len());
    }
    // ... and a run mends it.
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    let zeros = [&bytes[..60], &vec![0; bytes.len() - 60]].concat();
    for damaged in [bytes[..0].to_vec(), bytes[..40].to_vec(), bytes[..bytes.len() - 1].to_vec(), flipped, zeros] {
        fs::write(&path, damaged).unwrap();
        train(input, output, &[]).with_code(0);
        assert_eq!(statuses(output), [1, 1, 0, 0]);
        assert_eq!(artifacts(&models), whole);
    }
}

#[test]
fn what_somebody_else_put_in_an_artifacts_place_is_left_alone() {
    let input = fleet(3, 25);
    let foreign = b"PK\x03\x04 not ours".to_vec();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, b"somebody's tar").unwrap();
    for theirs in [foreign, gzip.finish().unwrap()] {
        let output = folder([("models/customer-001.tar.gz", &theirs)]);
        let ended = train(input.path(), output.path(), &[]).with_code(3);
        ended.complains_of(&["customer-001.tar.gz was not written by manyfit", "move it away"]);
        assert_eq!(statuses(output.path()), [2, 0, 0, 1]);
        assert_eq!(artifacts(&output.path().join("models"))["customer-001.tar.gz"], theirs);
    }
}

#[test]
fn nothing_that_is_not_this_runs_is_removed() {
    let input = fleet(2, 25);
    let others = [
        ("customer-900.tar.gz", "another host's"),
        ("customer-900.tar.gz.sagemaker-uploaded", ""),
        ("customer-000.tar.gz.sagemaker-uploading", ""),
        ("manyfit-1-0-0.sagemaker-ignore", "half of"),
        ("notes.txt", "stray"),
        (".hidden", "stray"),
        ("old/8.tar.gz", "older"),
    ];
    let output = folder(others.map(|(name, text)| (format!("models/{name}"), text)));
    for counts in [[2, 0, 0, 0], [0, 2, 0, 0]] {
        train(input.path(), output.path(), &[]).with_code(0);
        assert_eq!(statuses(output.path()), counts);
        for (name, text) in others {
            assert_eq!(fs::read_to_string(output.path().join("models").join(name)).unwrap(), text, "{name}");
        }
    }
}

/// Checks what a killed run left, against what stood before it and what an undisturbed run writes.
#[cfg(unix)]
fn whole_and_fitted_once(models: &Path, before: &BTreeMap<String, Identity>, expected: &Files) {
    let now = identities(models);
    for (name, identity) in before {
        assert_eq!(now.get(name), Some(identity), "{name} was fitted again");
    }
    for (name, bytes) in &files(models) {
        // Which are whole: they were inspected.
        assert!(expected.get(name) == Some(bytes), "{name} differs from the undisturbed run's");
    }
    let store = LocalStore::new(models, Durability::default());
    let listed: Vec<String> = store.list().unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(listed, now.into_keys().collect::<Vec<_>>(), "a temporary file is listed");
}

#[cfg(unix)]
#[test]
fn fifty_kills_lose_nothing_and_repeat_nothing() {
    const KILLS: usize = 50;
    const CUSTOMERS: u64 = 150;
    // Rows enough that a fit is short beside a run, and customers enough that kills fall among them.
    let input = fleet(CUSTOMERS, 60);
    let undisturbed = tempfile::tempdir().unwrap();
    train(input.path(), undisturbed.path(), &[]).with_code(0);
    let expected = artifacts(&undisturbed.path().join("models"));
    assert_eq!(expected.len() as u64, CUSTOMERS);
    for (name, bytes) in &expected {
        assert!(matches!(inspect(bytes), Found::Ours(_)), "{name}");
    }

    let mut rng = ChaCha8Rng::seed_from_u64(50);
    let (mut kills, mut in_the_middle) = (0, 0);
    while kills < KILLS {
        // As often as it takes, from an empty place to a whole fleet.
        let output = tempfile::tempdir().unwrap();
        let models = output.path().join("models");
        loop {
            let before = identities(&models);
            let mut child = train_command(input.path(), output.path(), &["--jobs=2"]).spawn().unwrap();
            if kills < KILLS {
                // At some moment of its start, or at some moment after some artifacts more.
                let more = if rng.random_bool(0.3) { 0 } else { rng.random_range(1..25) };
                let begun = Instant::now();
                while identities(&models).len() < before.len() + more && child.try_wait().unwrap().is_none() {
                    assert!(begun.elapsed() < Duration::from_mins(1), "the run stands still");
                    thread::sleep(Duration::from_micros(300));
                }
                thread::sleep(Duration::from_micros(rng.random_range(0..30_000)));
                if child.try_wait().unwrap().is_none() {
                    kills += 1;
                    child.kill().unwrap();
                }
            }
            let status = child.wait().unwrap();
            whole_and_fitted_once(&models, &before, &expected);
            let now = identities(&models).len();
            if status.code() == Some(0) {
                assert_eq!(statuses(output.path()), [expected.len() - before.len(), before.len(), 0, 0]);
                assert_eq!(now, expected.len());
                break;
            }
            assert_eq!(status.code(), None, "killed, and nothing else");
            in_the_middle += usize::from(now > before.len() && now < expected.len());
        }
    }
    assert!(in_the_middle >= KILLS / 3, "only {in_the_middle} of {kills} kills fell among the fits");
}
