//! Shards of array jobs, and `manyfit merge`: together they are one run, and what is missing is named.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::support::{Ended, artifacts, daily, fleet, json, manifest, manyfit, train, train_command};

fn merge(inputs: &[&Path], output: &Path, customers: Option<&Path>) -> Ended {
    let mut command = manyfit();
    command.arg("merge").arg("--output").arg(output);
    for input in inputs {
        command.arg("--input").arg(input);
    }
    if let Some(customers) = customers {
        command.arg("--customers").arg(customers);
    }
    command.output().unwrap().into()
}

/// A run as one task of an array job.
fn task(input: &Path, output: &Path, shard: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = train_command(input, output, &["horizon=2", "max_failures=1"]);
    command.arg("--shard").arg(shard).envs(variables.iter().copied());
    command.output().unwrap().into()
}

/// Rows of a manifest without what depends on the clock.
fn rows(path: &Path) -> BTreeMap<String, serde_json::Value> {
    let mut rows = manifest(path);
    for row in rows.values_mut() {
        row.as_object_mut().unwrap().remove("ms");
    }
    rows
}

#[test]
fn tasks_of_array_jobs_share_the_customers_out_and_merge_into_one_run() {
    let input = fleet(17, 25);
    fs::write(input.path().join("bad.csv"), "ds,y\n2022-01-01,x\n").unwrap();
    let (input, place) = (input.path(), tempfile::tempdir().unwrap());
    let whole = place.path().join("whole");
    train(input, &whole, &["horizon=2"]).with_code(0);

    let shared = place.path().join("shared");
    task(input, &shared, "auto", &[("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "3")]).with_code(0);
    task(input, &shared, "auto/3", &[("JOB_COMPLETION_INDEX", "1")]).with_code(0);
    let merged = place.path().join("merged");
    let early = merge(&[&shared], &merged, Some(input)).with_code(5);
    assert!(early.out.contains("no manifest of the shards 2/3"), "{}", early.out);
    let missing = fs::read_to_string(merged.join("missing.txt")).unwrap();
    assert!(early.out.contains(missing.lines().next().unwrap()), "{}", early.out);
    assert_eq!(missing.lines().count() + manifest(&merged.join("manifest.jsonl")).len(), 18);

    let slurm = [("SLURM_ARRAY_TASK_ID", "12"), ("SLURM_ARRAY_TASK_MIN", "10"), ("SLURM_ARRAY_TASK_COUNT", "3")];
    task(input, &shared, "auto", &slurm).with_code(0);
    let merged = place.path().join("all");
    let ended = merge(&[&shared], &merged, Some(input)).with_code(0);
    assert!(ended.out.contains("17 fitted, 1 failed"), "{}", ended.out);
    assert_eq!(rows(&merged.join("manifest.jsonl")), rows(&whole.join("manifest.jsonl")));
    assert_eq!(fs::read(merged.join("forecasts.csv")).unwrap(), fs::read(whole.join("forecasts.csv")).unwrap());
    let (summary, expected) = (json(&merged.join("summary.json")), json(&whole.join("summary.json")));
    for name in ["customers", "fitted", "failed", "bytes", "failures"] {
        assert_eq!(summary[name], expected[name], "{name}");
    }
    assert!(!merged.join("missing.txt").exists());
    // Beside complete results that stay, the next complete merge removes the list of what one between them missed.
    let fewer = place.path().join("fewer");
    fs::create_dir(&fewer).unwrap();
    for entry in fs::read_dir(&shared).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        if !entry.file_name().to_string_lossy().contains("-2-of-3") {
            fs::copy(entry.path(), fewer.join(entry.file_name())).unwrap();
        }
    }
    merge(&[&fewer], &merged, Some(input)).with_code(5);
    assert!(merged.join("missing.txt").exists());
    merge(&[&shared], &merged, Some(input)).with_code(0);
    assert!(!merged.join("missing.txt").exists());
    assert_eq!(artifacts(&shared.join("models")), artifacts(&whole.join("models")));
}

#[test]
fn a_shard_without_a_table_that_others_have_is_not_whole() {
    let (input, output) = (fleet(4, 60), tempfile::tempdir().unwrap());
    let out = |shard: u8| output.path().join(shard.to_string());
    for (shard, table) in [(0, "true"), (1, "false")] {
        let settings = ["model=drift", "horizon=2", "backtest=1", &format!("backtest_table={table}")];
        let mut command = train_command(input.path(), &out(shard), &settings);
        let ended: Ended = command.arg(format!("--shard={shard}/2")).output().unwrap().into();
        ended.with_code(0);
    }
    let ended = merge(&[&out(0), &out(1)], &output.path().join("all"), None);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.out.contains("incomplete: shard 1/2: it has no backtest.csv, unlike others"), "{}", ended.out);
}

#[test]
fn a_shard_without_a_report_is_whole() {
    let (input, output) = (fleet(4, 60), tempfile::tempdir().unwrap());
    let out = |shard: u8| output.path().join(shard.to_string());
    for (shard, report) in [(0, "true"), (1, "false")] {
        let settings = ["model=drift", "horizon=2", &format!("report={report}")];
        let mut command = train_command(input.path(), &out(shard), &settings);
        let ended: Ended = command.arg(format!("--shard={shard}/2")).output().unwrap().into();
        ended.with_code(0);
    }
    merge(&[&out(0), &out(1)], &output.path().join("all"), None).with_code(0);
}

#[test]
fn results_of_hosts_that_overlap_are_counted_once() {
    let (first, second) = (fleet(3, 25), fleet(3, 25));
    // The second host has a customer of its own, lacks one, and has a better row of a third.
    fs::remove_file(second.path().join("customer-000.csv")).unwrap();
    fs::write(second.path().join("other.csv"), daily(25, 9)).unwrap();
    fs::write(first.path().join("customer-002.csv"), "ds,y\n2022-01-01,x\n").unwrap();
    let place = tempfile::tempdir().unwrap();
    let folders: Vec<PathBuf> = [(&first, "a"), (&second, "b")]
        .map(|(input, name)| {
            let output = place.path().join(name);
            train(input.path(), &output, &["max_failures=1"]).with_code(0);
            let index = usize::from(name == "b");
            for table in ["history.csv", "manifest.jsonl", "summary.json"] {
                let (stem, extension) = table.split_once('.').unwrap();
                fs::rename(output.join(table), output.join(format!("{stem}-{index}-of-2.{extension}"))).unwrap();
            }
            output
        })
        .into();
    let merged = place.path().join("merged");
    let ended = merge(&[&folders[0], &folders[1]], &merged, None).with_code(0);
    assert!(ended.out.contains("2 customers in the manifests of several shards"), "{}", ended.out);
    let rows = manifest(&merged.join("manifest.jsonl"));
    assert_eq!(rows.len(), 4);
    assert_eq!(rows["customer-002"]["status"], "fitted");
    merge(&[&folders[0], &folders[0]], &merged, None).with_code(2).complains_of(&["of the same shard"]);
}

#[test]
fn what_is_no_result_is_refused_with_its_name() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let folder = |name: &str, files: &[(&str, &str)]| {
        fs::create_dir_all(at(name)).unwrap();
        for (file, text) in files {
            fs::write(at(name).join(file), text).unwrap();
        }
        at(name)
    };
    let empty = folder("empty", &[("notes.txt", "")]);
    merge(&[&empty], &at("out"), None).with_code(2).complains_of(&["no manifest-I-of-N.jsonl", "empty"]);
    let two = folder("two", &[("manifest-0-of-2.jsonl", ""), ("manifest-0-of-3.jsonl", "")]);
    merge(&[&two], &at("out"), None).with_code(2).complains_of(&["2 shards and of 3"]);
    let broken = folder("broken", &[("manifest.jsonl", "{\"customer\": \"a\"}\n")]);
    merge(&[&broken], &at("out"), None).with_code(3).complains_of(&["manifest.jsonl: line 1"]);
    merge(&[&empty], &empty, None).with_code(2).complains_of(&["is one of the inputs"]);
    let input = fleet(1, 25);
    task(input.path(), &at("out"), "auto", &[])
        .with_code(2)
        .complains_of(&["not a task of an array job", "--shard I/N"]);
    task(input.path(), &at("out"), "auto", &[("JOB_COMPLETION_INDEX", "1")]).with_code(2).complains_of(&["auto/N"]);
    let size = [("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")];
    task(input.path(), &at("out"), "auto/3", &size).with_code(2).complains_of(&["the runner reports 4 tasks"]);
}
