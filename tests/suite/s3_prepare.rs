//! `manyfit prepare` from bucket to bucket: the same files as from folder to folder.

use std::{fs, path::Path, process::Command, time::Duration};

use serde_json::Value;

use super::{
    s3_server::{Fault, Seen, Server},
    support::{Ended, Files, files, manyfit},
};

/// Forty customers in two tables, one of them large enough for several parts.
fn tables() -> [(&'static str, String); 2] {
    let row =
        |i: usize| format!("customer-{:02},2024-01-{:02},{},{}\n", i % 40, i / 40 % 28 + 1, i % 97, "-".repeat(90));
    let table = |rows: std::ops::Range<usize>| format!("customer,ds,y,note\n{}", rows.map(row).collect::<String>());
    [("big.csv", table(0..160_000)), ("small.csv", table(160_000..161_000))]
}

fn prepare(input: &str, output: &str, options: &[&str]) -> Command {
    let mut command = manyfit();
    command.args(["prepare", "--input", input, "--output", output, "--jobs=2", "--target=y"]).args(options);
    command
}

fn prepare_on(server: &Server, work: &Path, options: &[&str]) -> Ended {
    let mut command = prepare("s3://fleet/raw", "s3://fleet/out", options);
    command.arg("--work").arg(work).envs(server.environment());
    command.output().unwrap().into()
}

fn below(server: &Server, prefix: &str) -> Files {
    let objects = server.objects().into_iter();
    objects.filter_map(|(key, stored)| Some((key.strip_prefix(prefix)?.to_owned(), stored.bytes.to_vec()))).collect()
}

fn in_a_folder(options: &[&str]) -> (Files, Value) {
    let place = tempfile::tempdir().unwrap();
    let raw = place.path().join("raw");
    fs::create_dir(&raw).unwrap();
    for (name, text) in tables() {
        fs::write(raw.join(name), text).unwrap();
    }
    let output = place.path().join("out");
    let ended: Ended = prepare(raw.to_str().unwrap(), output.to_str().unwrap(), options).output().unwrap().into();
    ended.with_code(0);
    let summary = serde_json::from_slice(&fs::read(output.join("summary.json")).unwrap()).unwrap();
    (customers(files(&output)), summary)
}

/// The files of customers and for validation, among all files of an output.
fn customers(files: Files) -> Files {
    files.into_iter().filter(|(name, _)| name.starts_with("customers/") || name.starts_with("validation/")).collect()
}

fn filled(server: &Server) {
    for (name, text) in tables() {
        server.put(&format!("raw/{name}"), text);
    }
}

#[test]
fn a_bucket_gets_the_files_that_a_folder_gets_whatever_happens_on_the_way() {
    for options in [&[][..], &["--bundle=100kB"], &["--regression", "--validation-fraction=0.3"]] {
        let (expected, told) = in_a_folder(options);
        // The first request for each object goes wrong, each in its way.
        let plan = |seen: &Seen| {
            let faults = [Fault::SlowDown, Fault::Reset, Fault::Truncated, Fault::LostAnswer];
            (seen.earlier == 0).then(|| faults[seen.key.len() % faults.len()])
        };
        let server = Server::with_faults(Duration::ZERO, plan);
        filled(&server);
        let work = tempfile::tempdir().unwrap();
        prepare_on(&server, work.path(), options).with_code(0);
        assert_eq!(customers(below(&server, "out/")), expected);
        let reports = below(&server, "out/");
        let summary: Value = serde_json::from_slice(&reports["summary.json"]).unwrap();
        assert_eq!(summary["customers"], told["customers"]);
        assert_eq!(summary["rows"], told["rows"]);
        assert!(reports.contains_key("quality.csv") || reports.contains_key("quality.parquet"));
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 0, "the work folder is left empty");
    }
}

#[test]
fn one_table_of_a_bucket_is_named_by_its_key() {
    let server = Server::start();
    filled(&server);
    let work = tempfile::tempdir().unwrap();
    let mut command = prepare("s3://fleet/raw/small.csv", "s3://fleet/one", &[]);
    let ended: Ended = command.arg("--work").arg(work.path()).envs(server.environment()).output().unwrap().into();
    ended.with_code(0);
    let rows: usize =
        below(&server, "one/customers/").values().map(|file| file.split(|byte| *byte == b'\n').count() - 2).sum();
    assert_eq!(rows, 1000);
    // Another table of the same name and size is another preparation's.
    let text = tables()[1].1.replace("customer-39", "customer-38");
    server.put("raw/small.csv", text);
    let mut command = prepare("s3://fleet/raw/small.csv", "s3://fleet/one", &[]);
    let ended: Ended = command.arg("--work").arg(work.path()).envs(server.environment()).output().unwrap().into();
    ended.with_code(2).complains_of(&["exists already"]);
    let mut command = prepare("s3://fleet/raw/none.csv", "s3://fleet/two", &[]);
    let ended: Ended = command.arg("--work").arg(work.path()).envs(server.environment()).output().unwrap().into();
    ended.with_code(2).complains_of(&["s3://fleet/raw/none.csv", "there is no such table"]);
}

#[test]
fn a_preparation_to_a_bucket_goes_on_where_it_was_stopped() {
    let (expected, _) = in_a_folder(&[]);
    // The bucket refuses one customer's file until somebody mends that.
    let plan = |seen: &Seen| (seen.key.ends_with("customer-07.csv") && seen.earlier == 0).then_some(Fault::Denied);
    let server = Server::with_faults(Duration::ZERO, plan);
    filled(&server);
    let work = tempfile::tempdir().unwrap();
    prepare_on(&server, work.path(), &[]).with_code(3).complains_of(&["customer-07.csv", "access denied"]);
    assert!(!below(&server, "out/").contains_key("summary.json"));
    let of = "of the tables for their versions, of the tables to read, of the locks of shards, of the output";
    assert_eq!(server.requests("LIST"), 4, "{of}");
    let reads = server.requests("GET");
    let ended = prepare_on(&server, work.path(), &[]).with_code(0);
    assert!(ended.out.contains("continuing a run that was stopped"), "{}", ended.out);
    assert_eq!(customers(below(&server, "out/")), expected);
    assert!(server.requests("GET") <= reads + 8, "the tables are not read again");
    // Again, all is there; other options are another preparation's.
    prepare_on(&server, work.path(), &[]).with_code(0);
    prepare_on(&server, work.path(), &["--bundle=1MB"]).with_code(2).complains_of(&["exists already"]);
}

#[test]
fn a_bucket_needs_a_folder_for_the_rows_between() {
    let server = Server::start();
    let mut command = prepare("s3://fleet/raw", "s3://fleet/out", &[]);
    let ended: Ended = command.envs(server.environment()).output().unwrap().into();
    ended.with_code(2).complains_of(&["needs --work"]);
    let ended: Ended = prepare("s3://fleet/raw", "s3://fleet/raw/out", &[]).output().unwrap().into();
    ended.with_code(2).complains_of(&["is inside --input"]);
}
