//! `manyfit train` from bucket to bucket: the same as from folder to folder, whatever goes wrong on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use manyfit::artifact::{Found, inspect};
use serde_json::Value;

use super::{
    s3_server::{Fault, Seen, Server},
    support::{Ended, Files, artifacts, daily, fleet, folder, manyfit, train, train_command},
};

fn command(server: &Server, output: &str, settings: &[&str]) -> Command {
    let mut command = manyfit();
    command.args(["train", "--input", "s3://fleet/in", "--output", &format!("s3://fleet/{output}"), "--jobs=2"]);
    command.envs(server.environment());
    for setting in settings {
        command.args(["--set", setting]);
    }
    command
}

fn run(server: &Server, output: &str, settings: &[&str]) -> Ended {
    command(server, output, settings).output().unwrap().into()
}

/// Puts a folder's files into the bucket.
fn upload(server: &Server, folder: &Path) {
    for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        server.put(&format!("in/{}", file.file_name().to_str().unwrap()), std::fs::read(file.path()).unwrap());
    }
}

fn models(server: &Server, output: &str) -> Files {
    let prefix = format!("{output}/models/");
    let objects = server.objects().into_iter();
    objects.filter_map(|(key, stored)| Some((key.strip_prefix(&prefix)?.to_owned(), stored.bytes.to_vec()))).collect()
}

/// The rows of the manifest by customer, each once.
fn manifest(server: &Server, output: &str) -> BTreeMap<String, Value> {
    let text = server.objects()[&format!("{output}/manifest.jsonl")].bytes.clone();
    let rows = text.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    let mut by_customer = BTreeMap::new();
    for row in rows.map(|row| serde_json::from_slice::<Value>(row).unwrap()) {
        let customer = row["customer"].as_str().unwrap().to_owned();
        assert!(by_customer.insert(customer.clone(), row).is_none(), "{customer} has two rows");
    }
    by_customer
}

fn statuses(server: &Server, output: &str) -> [usize; 4] {
    let rows = manifest(server, output);
    ["fitted", "unchanged", "fallback", "failed"]
        .map(|status| rows.values().filter(|row| row["status"] == status).count())
}

/// Requests for artifacts, by operation.
fn requests(server: &Server) -> [usize; 3] {
    ["LIST", "GET", "PUT"].map(|operation| server.requests(operation))
}

#[test]
fn a_bucket_gets_the_bytes_that_a_folder_gets() {
    let customers = fleet(12, 30);
    let local = tempfile::tempdir().unwrap();
    train(customers.path(), local.path(), &["horizon=3"]).with_code(0);
    let server = Server::start();
    upload(&server, customers.path());
    let ended = run(&server, "out/1", &["horizon=3"]).with_code(0);
    assert!(ended.out.contains("12 customers in 12 files of s3://fleet/in"), "{}", ended.out);
    assert!(ended.out.contains("s3://fleet/out/1/manifest.jsonl"), "{}", ended.out);
    assert_eq!(models(&server, "out/1"), artifacts(&local.path().join("models")));
    let objects = server.objects();
    assert_eq!(objects["out/1/forecasts.csv"].bytes, std::fs::read(local.path().join("forecasts.csv")).unwrap());
    let summary: Value = serde_json::from_slice(&objects["out/1/summary.json"].bytes).unwrap();
    assert_eq!(summary["fitted"], 12);
    let report = &objects["out/1/report.html"].bytes;
    server.remove("out/1/report.html");
    let written: Ended =
        manyfit().args(["report", "s3://fleet/out/1"]).envs(server.environment()).output().unwrap().into();
    assert!(written.with_code(0).out.contains("wrote s3://fleet/out/1/report.html"));
    assert_eq!(server.objects()["out/1/report.html"].bytes, report, "from the bucket as from the folder before");
    let explained = manyfit().args(["explain", "s3://fleet/out/1", "customer-003"]).envs(server.environment()).output();
    assert!(Ended::from(explained.unwrap()).with_code(0).out.starts_with("customer-003: fitted, prophet\n"));
    assert_eq!(statuses(&server, "out/1"), [12, 0, 0, 0]);
    // One of each shape of bundle and of one directory per customer are lists of keys like any other.
    assert!(!objects.keys().any(|key| key.contains("sagemaker-ignore")), "{:?}", objects.keys());
}

#[test]
fn what_is_stale_in_a_bucket_is_named_and_deleted() {
    let server = Server::start();
    let input = fleet(3, 20);
    upload(&server, input.path());
    server.put("in//odd.csv", daily(20, 8));
    run(&server, "out", &["horizon=3"]).with_code(0);
    assert_eq!(models(&server, "out").len(), 4);
    assert!(server.objects().contains_key("out/forecasts.csv"));

    server.remove("in/customer-001.csv");
    server.put("in/customer-002.csv", "ds,y\n2024-01-01,x\n");
    let ended = run(&server, "out", &["max_failures=1"]).with_code(0);
    assert!(ended.out.contains("stale: 2 artifacts"), "{}", ended.out);
    assert_eq!(manifest(&server, "out")["customer-001"]["status"], "stale");
    assert_eq!(manifest(&server, "out")["customer-002"]["stale"], "customer-002.tar.gz");
    assert!(!server.objects().contains_key("out/forecasts.csv"));
    let ended = run(&server, "out", &["max_failures=1", "stale=delete"]).with_code(0);
    assert!(ended.out.contains("deleted 2 artifacts"), "{}", ended.out);
    assert_eq!(models(&server, "out").into_keys().collect::<Vec<_>>(), ["customer-000.tar.gz", "odd.tar.gz"]);
    // A prefix that is empty, or one object's name.
    let before = server.objects().len();
    for (place, code) in [("s3://fleet/inn", 3), ("s3://fleet/in/customer-000.csv", 0)] {
        let mut command = manyfit();
        command.args(["train", "--input", place, "--output", "s3://fleet/other"]).envs(server.environment());
        Ended::from(command.output().unwrap()).with_code(code);
        assert_eq!(server.objects().len() > before, code == 0, "{place}");
    }
}

#[test]
fn looking_at_what_stands_costs_one_list() {
    let customers = fleet(20, 30);
    let server = Server::start();
    upload(&server, customers.path());
    run(&server, "out", &[]).with_code(0);
    let [_, gets, puts] = requests(&server);
    // The file that is inspected for the columns is not fetched again.
    assert_eq!(gets, 20 + 2, "besides, a checkpoint and a summary; no artifact is asked for where the list has none");
    assert_eq!(
        puts,
        20 + 2 + 4,
        "the artifacts, the checkpoint twice, the history, the manifest, the summary, the report"
    );
    let before = models(&server, "out");

    run(&server, "out", &[]).with_code(0);
    assert_eq!(statuses(&server, "out"), [0, 20, 0, 0]);
    let [lists, gets_again, puts_again] = requests(&server);
    assert_eq!(lists, 6, "one of the input, one of the models and one of the locks of shards, each time");
    assert_eq!(gets_again - gets, 20 + 2 + 2, "the input, and the rows and the summary of the run before");
    assert_eq!(puts_again - puts, 6, "no artifact");

    // A changed customer is fitted, an artifact that somebody replaced is looked at.
    server.put("in/customer-007.csv", format!("{}2022-03-01,7\n", daily(31, 7)));
    server.put("out/models/customer-003.tar.gz", b"\x1f\x8b\x08\x10".to_vec());
    server.put("out/models/customer-004.tar.gz", b"somebody's".to_vec());
    let ended = run(&server, "out", &["max_failures=1"]).with_code(0);
    assert_eq!(statuses(&server, "out"), [2, 17, 0, 1]);
    assert!(ended.out.contains("customer-004.tar.gz was not written by manyfit"), "{}", ended.out);
    let after = models(&server, "out");
    let changed: Vec<&str> =
        after.iter().filter(|(key, bytes)| before[*key] != **bytes).map(|(key, _)| &**key).collect();
    assert_eq!(changed, ["customer-004.tar.gz", "customer-007.tar.gz"]);

    // To forecast with a model, it must be there.
    run(&server, "out", &["horizon=2", "max_failures=1"]).with_code(0);
    assert_eq!(statuses(&server, "out"), [0, 19, 0, 1]);
    let forecasts = String::from_utf8(server.objects()["out/forecasts.csv"].bytes.to_vec()).unwrap();
    assert_eq!(forecasts.lines().count(), 1 + 19 * 2);
}

#[test]
fn every_customer_is_done_or_named_whatever_happens_on_the_way() {
    const CUSTOMERS: u64 = 120;
    let customers = fleet(CUSTOMERS, 25);
    let local = tempfile::tempdir().unwrap();
    train(customers.path(), local.path(), &[]).with_code(0);
    let expected = artifacts(&local.path().join("models"));
    let plan = |seen: &Seen| match (seen.operation.as_str(), seen.key.as_str()) {
        ("GET", "in/customer-013.csv") | ("PUT", "out/models/customer-017.tar.gz") => Some(Fault::Denied),
        ("GET", "in/customer-019.csv") => Some(Fault::Truncated),
        // Everything else goes wrong now and then, but not for ever.
        _ if seen.earlier > 3 => None,
        _ => match seen.number % 11 {
            1 => Some(Fault::SlowDown),
            3 => Some(Fault::Reset),
            5 => Some(Fault::SlowBody),
            7 => Some(Fault::Truncated),
            _ => None,
        },
    };
    let server = Server::with_faults(Duration::from_millis(2), plan);
    upload(&server, customers.path());
    let mut command = command(&server, "out", &["max_failures=3"]);
    Ended::from(command.args(["--s3-patience", "4"]).output().unwrap()).with_code(0);
    let rows = manifest(&server, "out");
    assert_eq!(rows.len() as u64, CUSTOMERS);
    let failed: Vec<_> = rows.iter().filter(|(_, row)| row["status"] == "failed").collect();
    let reasons = ["access denied", "access denied", "incomplete or corrupted"];
    assert_eq!(failed.len(), 3, "{failed:?}");
    for ((customer, row), (number, reason)) in failed.iter().zip(["013", "017", "019"].iter().zip(reasons)) {
        assert!(customer.ends_with(number) && row["reason"].as_str().unwrap().contains(reason), "{row}");
    }
    let stored = models(&server, "out");
    assert_eq!(stored.len() as u64, CUSTOMERS - 3);
    for (name, bytes) in &stored {
        assert!(matches!(inspect(bytes), Found::Ours(_)), "{name} is torn");
        assert!(expected[name] == *bytes, "{name} differs from the folder's");
    }
}

#[test]
fn credentials_that_expire_stop_the_run_and_the_next_one_goes_on() {
    let customers = fleet(60, 25);
    let server = Server::with_faults(Duration::ZERO, |seen| (70..110).contains(&seen.number).then_some(Fault::Expired));
    upload(&server, customers.path());
    run(&server, "out", &[]).with_code(4).complains_of(&["renew them, then run again", "ExpiredToken"]);
    let done = models(&server, "out");
    assert!(!done.is_empty() && done.len() < 60, "{} artifacts", done.len());
    let mut runs = 0;
    while run(&server, "out", &[]).code != Some(0) {
        runs += 1;
        assert!(runs < 50, "the credentials are good again");
    }
    assert_eq!(models(&server, "out").len(), 60);
    let [fitted, unchanged, ..] = statuses(&server, "out");
    assert_eq!((fitted, unchanged), (60 - done.len(), done.len()), "nothing is fitted twice");
    run(&server, "out", &[]).with_code(0);

    let mut nobody = command(&server, "out", &[]);
    nobody.env_remove("AWS_ACCESS_KEY_ID").env("AWS_EC2_METADATA_DISABLED", "true");
    let ended = Ended::from(nobody.output().unwrap()).with_code(4);
    let ended = ended.complains_of(&["no credentials for S3", "AWS_PROFILE"]);
    assert!(!ended.err.contains('{') && !ended.err.contains("ProviderError"), "{}", ended.err);
}

#[test]
fn a_refused_connection_is_named_while_it_is_tried_again() {
    let server = Server::start();
    // A port on which nobody listens any more.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut refused = command(&server, "out", &[]);
    refused
        .arg("--s3-patience=4")
        .env("AWS_ENDPOINT_URL_S3", format!("http://{free}"))
        .env("AWS_ENDPOINT_URL", format!("http://{free}"));
    let ended = Ended::from(refused.output().unwrap()).with_code(4);
    assert_eq!(ended.err.matches("trying for up to 4 s").count(), 1, "{}", ended.err);
    ended.complains_of(&["s3://fleet", "onnection refused", "check the network"]);
}

#[test]
fn a_killed_run_is_taken_up_by_the_next() {
    let customers = fleet(80, 25);
    let server = Server::with_faults(Duration::from_millis(3), |_| None);
    upload(&server, customers.path());
    let count = || models(&server, "out").len();
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let before = models(&server, "out");
        let mut child = command(&server, "out", &[]).spawn().unwrap();
        while count() < before.len() + 15 && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let after = models(&server, "out");
        assert!(before.iter().all(|(name, bytes)| after[name] == *bytes));
        assert!(after.values().all(|bytes| matches!(inspect(bytes), Found::Ours(_))), "a torn artifact");
        seen.insert(after.len());
    }
    let done = count();
    run(&server, "out", &[]).with_code(0);
    assert_eq!(statuses(&server, "out"), [80 - done, done, 0, 0], "kills at {seen:?}");
}

#[test]
fn the_rows_of_a_killed_run_vouch_for_its_artifacts() {
    let customers = fleet(20, 25);
    let server = Server::start();
    upload(&server, customers.path());
    run(&server, "out", &[]).with_code(0);
    let rows = server.objects()["out/manifest.jsonl"].bytes.to_vec();
    // As it stands where the run was killed before it could write a manifest, and in the middle of a row.
    server.put("out/manifest.jsonl", "");
    server.put("out/checkpoint.jsonl", [&rows[..], &rows[..100]].concat());
    let [_, gets, puts] = requests(&server);
    run(&server, "out", &[]).with_code(0);
    assert_eq!(statuses(&server, "out"), [0, 20, 0, 0]);
    let [_, gets_again, puts_again] = requests(&server);
    assert_eq!(gets_again - gets, 20 + 2 + 2, "no artifact is looked at");
    assert_eq!(puts_again - puts, 6, "no artifact is written");
    assert!(server.objects()["out/checkpoint.jsonl"].bytes.is_empty(), "the manifest takes its place");
}

#[test]
fn validation_rows_are_fetched_ahead_each_file_once() {
    let table = |rows: std::ops::Range<usize>| {
        rows.fold("price,feet\n".to_owned(), |text, row| text + &format!("{},{}\n", 3 * row % 40, row % 40))
    };
    let training = folder((0..30).map(|i| (format!("city-{i:02}_train.csv"), table(i..i + 60))));
    let judged: Vec<(String, String)> = (0..30).map(|i| (format!("city-{i:02}_val.csv"), table(i..i + 20))).collect();
    let fit = |output: &Path, validation: &str, server: &Server| {
        let settings = ["model=gradient-boosting", "num_round=2", "target=price", "--jobs=1", validation];
        let mut command = train_command(training.path(), output, &settings);
        Ended::from(command.envs(server.environment()).output().unwrap()).with_code(0)
    };
    let server = Server::with_faults(Duration::from_millis(20), |_| None);
    for (name, text) in &judged {
        server.put(&format!("val/{name}"), text.as_bytes());
    }
    let output = tempfile::tempdir().unwrap();
    let ended = fit(output.path(), "--validation=s3://fleet/val", &server);
    assert!(ended.out.contains("30 of them have validation rows in s3://fleet/val"), "{}", ended.out);
    assert_eq!(server.requests("GET"), 30, "each once, the one that is inspected for its columns too");
    assert!(server.most_under_way() > 1, "one worker that asks for each in its turn has one under way");

    let (judged, expected) = (folder(judged), tempfile::tempdir().unwrap());
    fit(expected.path(), &format!("--validation={}", judged.path().display()), &server);
    let predictions = |output: &Path| std::fs::read(output.join("predictions.csv")).unwrap();
    assert_eq!(predictions(output.path()), predictions(expected.path()));
}

#[test]
fn an_output_that_cannot_be_written_is_known_before_the_work() {
    let customers = fleet(3, 25);
    let denied = |seen: &Seen| (seen.operation == "PUT").then_some(Fault::Denied);
    let server = Server::with_faults(Duration::ZERO, denied);
    upload(&server, customers.path());
    run(&server, "out", &[]).with_code(3).complains_of(&["access denied", "s3:PutObject", "run.lock.json"]);
    assert!(server.requests("PUT") == 0, "nothing was fitted for it");
    run(&server, "in/out", &[]).with_code(2).complains_of(&["is inside --input s3://fleet/in"]);
}
