//! Results are whole, or it is said: the files of a run vouch for each other, and nothing partial replaces them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::support::{Ended, files, fleet, json as read_json, manifest, manyfit, train, train_command};

fn merge(input: &Path, output: &Path) -> Ended {
    let mut command = manyfit();
    command.arg("merge").arg("--input").arg(input).arg("--output").arg(output);
    command.output().unwrap().into()
}

/// The results of a folder, without its models.
fn results(folder: &Path) -> super::support::Files {
    files(folder).into_iter().filter(|(name, _)| !name.starts_with("models/")).collect()
}

/// A run that is stopped by a signal when some more models are done.
fn stopped(input: &Path, output: &Path, settings: &[&str]) -> Ended {
    let models = output.join("models");
    let changed = || {
        let entries = fs::read_dir(&models).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()
    };
    let before = changed();
    let child = train_command(input, output, &[&["--jobs=1"], settings].concat()).spawn().unwrap();
    let begun = Instant::now();
    while changed() == before {
        assert!(begun.elapsed() < Duration::from_mins(1), "the run does not begin");
        thread::sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    Ended::from(child.wait_with_output().unwrap()).with_code(5)
}

#[test]
fn a_summary_says_what_is_in_the_files_beside_it() {
    let (input, output) = (fleet(3, 25), tempfile::tempdir().unwrap());
    let output = output.path();
    for (settings, tables) in [(&["horizon=2"][..], true), (&[], false)] {
        train(input.path(), output, settings).with_code(0);
        let summary = read_json(&output.join("summary.json"));
        let listed = summary["files"].as_object().unwrap();
        let mut names: Vec<&str> = listed.keys().map(String::as_str).collect();
        names.retain(|name| !name.ends_with(".parquet"));
        assert_eq!(
            names,
            if tables {
                &["forecasts.csv", "history.csv", "manifest.jsonl"][..]
            } else {
                &["history.csv", "manifest.jsonl"]
            }
        );
        for (name, file) in listed {
            let bytes = fs::read(output.join(name)).unwrap();
            let expected =
                json!({"bytes": bytes.len(), "xxh3": format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&bytes))});
            assert_eq!(*file, expected, "{name}");
        }
        // A table of the run before is gone with its manifest.
        assert_eq!(output.join("forecasts.csv").exists(), tables);
    }
}

#[test]
fn a_signal_leaves_the_complete_results_of_an_earlier_run() {
    let (input, place) = (fleet(60, 60), tempfile::tempdir().unwrap());
    let (output, merged) = (place.path().join("out"), place.path().join("merged"));
    train(input.path(), &output, &["horizon=1"]).with_code(0);
    let before = results(&output);
    merge(&output, &merged).with_code(0);
    let merged_before = results(&merged);

    // Other models, a longer table.
    let settings = ["horizon=3", "changepoint_prior_scale=0.5"];
    let ended = stopped(input.path(), &output, &settings);
    assert!(ended.out.contains("complete results of an earlier run stay as they are"), "{}", ended.out);
    let mut after = results(&output);
    let partial = after.remove("manifest.partial.jsonl").unwrap();
    assert!(after == before, "{:?}", after.keys());
    let rows = partial.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    let done = rows.map(|row| serde_json::from_slice::<Value>(row).unwrap()).filter(|row| row["status"] == "fitted");
    assert!((1..60).contains(&done.count()));

    // Models and results are of different runs now, and a merge says so.
    let ended = merge(&output, &merged).with_code(5);
    assert!(
        ended.out.contains("incomplete: shard 0/1: a run was stopped or killed after these results"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("complete results of an earlier merge stay as they are"), "{}", ended.out);
    assert_eq!(results(&merged), merged_before);
    let mut predict = manyfit();
    let predict: Ended = predict.args(["predict", "--horizon=1"]).arg(output.join("models")).output().unwrap().into();
    predict.with_code(0).complains_of(&["note: ", "manifest.partial.jsonl: a run was stopped or killed"]);

    train(input.path(), &output, &settings).with_code(0);
    assert!(!output.join("manifest.partial.jsonl").exists());
    merge(&output, &merged).with_code(0);
    assert_eq!(fs::read(merged.join("forecasts.csv")).unwrap(), fs::read(output.join("forecasts.csv")).unwrap());

    // Where nothing complete is, what is done is written.
    let new = place.path().join("new");
    let ended = stopped(input.path(), &new, &settings);
    assert!(ended.out.contains("wrote "), "{}", ended.out);
    let done = manifest(&new.join("manifest.jsonl")).len();
    assert!((1..60).contains(&done) && !new.join("manifest.partial.jsonl").exists());
    assert_eq!(fs::read_to_string(new.join("forecasts.csv")).unwrap().lines().count(), 1 + 3 * done);
    let ended = merge(&new, &place.path().join("merged-new")).with_code(5);
    let left = format!("incomplete: shard 0/1: the run was stopped with {} of 60 customers to go", 60 - done);
    assert!(ended.out.contains(&left), "{}", ended.out);
    assert_eq!(read_json(&place.path().join("merged-new/summary.json"))["stopped"], true);
}

#[test]
fn a_shard_that_is_not_whole_is_named() {
    let (input, place) = (fleet(12, 25), tempfile::tempdir().unwrap());
    let shards = place.path().join("shards");
    for shard in ["--shard=0/3", "--shard=1/3", "--shard=2/3"] {
        train(input.path(), &shards, &["horizon=2", shard]).with_code(0);
    }
    let merged = place.path().join("merged");
    merge(&shards, &merged).with_code(0);
    let before = results(&merged);
    let at = |name: &str| shards.join(name);
    let all: Vec<(PathBuf, Vec<u8>)> = results(&shards).into_iter().map(|(name, bytes)| (at(&name), bytes)).collect();
    let restore = || {
        let files = fs::read_dir(&shards).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        for file in files {
            fs::remove_file(file).unwrap();
        }
        for (path, bytes) in &all {
            fs::write(path, bytes).unwrap();
        }
    };
    let cut = |name: &str| {
        let bytes = fs::read(at(name)).unwrap();
        // Whole rows, as a table has of which some are missing.
        let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        fs::write(at(name), &bytes[..end]).unwrap();
    };
    let harms: [(&dyn Fn(), &str); 6] = [
        (&|| fs::remove_file(at("forecasts-1-of-3.csv")).unwrap(), "1/3: forecasts.csv is missing"),
        (&|| cut("forecasts-1-of-3.csv"), "1/3: forecasts.csv is not the one that the summary was written with"),
        (&|| cut("manifest-2-of-3.jsonl"), "2/3: manifest.jsonl is not the one that the summary was written with"),
        (&|| fs::remove_file(at("summary-0-of-3.json")).unwrap(), "0/3: it has no summary: its run was killed"),
        (&|| fs::write(at("manifest.partial-0-of-3.jsonl"), "").unwrap(), "0/3: a run was stopped or killed after"),
        (&|| drop(train(input.path(), &shards, &["--shard=2/3"]).with_code(0)), "2/3: it has no forecasts.csv, unlike"),
    ];
    for (harm, reason) in harms {
        harm();
        let ended = merge(&shards, &merged).with_code(5);
        assert!(ended.out.contains(&format!("incomplete: shard {reason}")), "{reason}: {}", ended.out);
        let ended = ended.complains_of(&["1 incomplete shard: run", "merge again"]);
        assert!(ended.out.contains("complete results of an earlier merge stay"), "{}", ended.out);
        assert_eq!(results(&merged), before, "{reason}");
        // Where nothing complete is, what there is is merged.
        let new = tempfile::tempdir().unwrap();
        merge(&shards, new.path()).with_code(5);
        assert_eq!(read_json(&new.path().join("summary.json"))["stopped"], true, "{reason}");
        restore();
    }
    if cfg!(feature = "parquet") {
        // It is not merged, and may be elsewhere; if it is there, it is the run's.
        fs::write(at("forecasts-1-of-3.parquet"), "another's").unwrap();
        let ended = merge(&shards, &merged).with_code(5);
        assert!(ended.out.contains("1/3: forecasts.parquet is not the one that the summary"), "{}", ended.out);
        fs::remove_file(at("forecasts-1-of-3.parquet")).unwrap();
    }
    merge(&shards, &merged).with_code(0);
    assert_eq!(results(&merged), before);
}
