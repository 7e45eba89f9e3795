//! One run at a time into the results of a bucket.

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{
    s3_server::{Fault, Seen, Server},
    support::{Ended, fleet, manyfit},
};

const LOCK: &str = "out/run.lock.json";

fn command(server: &Server, input: &Path, options: &[&str]) -> Command {
    let mut command = manyfit();
    command.args(["train", "--output", "s3://fleet/out", "--input"]).arg(input).args(options);
    command.envs(server.environment());
    command
}

fn run(server: &Server, input: &Path, options: &[&str]) -> Ended {
    command(server, input, options).output().unwrap().into()
}

/// What another machine's run writes, so many seconds ago.
fn owner(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let renewed = now - seconds;
    json!({"lease": "other", "host": "elsewhere", "process": 7, "began": "1", "machine": "other", "renewed": renewed})
        .to_string()
}

fn fitted(server: &Server) -> usize {
    let text = server.objects()["out/manifest.jsonl"].bytes.clone();
    let rows = text.split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    rows.map(|row| serde_json::from_slice::<Value>(row).unwrap()).filter(|row| row["status"] != "failed").count()
}

#[test]
fn a_second_run_is_refused_and_a_dead_ones_place_is_taken() {
    let (input, server) = (fleet(3, 25), Server::start());
    server.put(LOCK, owner(40));
    let begun = Instant::now();
    run(&server, input.path(), &[]).with_code(2).complains_of(&[
        "s3://fleet/out/run.lock.json: another run (process 7 on elsewhere, heard of 4",
        "choose another --output; if it was killed, its hold ends 3 minutes after",
    ]);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(server.objects().len(), 1, "nothing is written");
    server.put(LOCK, owner(200));
    run(&server, input.path(), &[]).with_code(0);
    assert_eq!(fitted(&server), 3);
    assert!(server.objects()[LOCK].bytes.is_empty(), "released");
    server.put(LOCK, "somebody's");
    run(&server, input.path(), &[]).with_code(3).complains_of(&["run.lock.json", "is not manyfit's"]);
    assert_eq!(server.objects()[LOCK].bytes, "somebody's");
}

#[test]
fn shards_run_side_by_side_and_none_beside_a_run_of_all_customers() {
    let (input, server) = (fleet(3, 25), Server::start());
    server.put(LOCK, owner(40));
    run(&server, input.path(), &["--shard=0/2"]).with_code(2).complains_of(&[
        "s3://fleet/out/run.lock.json: another run (process 7 on elsewhere",
        "choose another --output",
    ]);
    server.put(LOCK, "");
    server.put("out/run-1-of-2.lock.json", owner(40));
    run(&server, input.path(), &["--shard=0/2"]).with_code(0);
    run(&server, input.path(), &[]).with_code(2).complains_of(&["s3://fleet/out/run-1-of-2.lock.json: another run"]);
    assert!(server.objects()[LOCK].bytes.is_empty(), "a run that is refused leaves nothing behind");
    server.put("out/run-1-of-2.lock.json", owner(200));
    run(&server, input.path(), &[]).with_code(0);
    assert_eq!(fitted(&server), 3);
}

#[test]
fn two_at_once_are_one() {
    let (input, server) = (fleet(30, 25), Server::with_faults(Duration::from_millis(5), |_| None));
    for round in 1..=3 {
        let children = [(); 2].map(|()| command(&server, input.path(), &["--jobs=1"]).spawn().unwrap());
        let codes = children.map(|child| {
            let ended = Ended::from(child.wait_with_output().unwrap());
            assert!(ended.code == Some(0) || ended.err.contains("another run"), "{ended:#?}");
            ended.code
        });
        assert!(codes.contains(&Some(0)), "{codes:?} in round {round}");
        assert_eq!(fitted(&server), 30);
    }
}

#[test]
fn stores_without_conditions_and_lost_answers_are_no_hindrance() {
    let input = fleet(3, 25);
    let is_lock = |seen: &Seen| seen.operation == "PUT" && seen.key == LOCK;
    // Conditions come with the first attempt and with the release, and each is made again without.
    let server = Server::with_faults(Duration::ZERO, move |seen| {
        (is_lock(seen) && seen.earlier % 2 == 0).then_some(Fault::Unsupported)
    });
    run(&server, input.path(), &[]).with_code(0);
    assert_eq!(fitted(&server), 3);
    assert!(server.objects()[LOCK].bytes.is_empty(), "released");
    let server = Server::with_faults(Duration::ZERO, move |seen| {
        (is_lock(seen) && seen.earlier == 0).then_some(Fault::LostAnswer)
    });
    run(&server, input.path(), &[]).with_code(0);
    assert_eq!(fitted(&server), 3);
    assert!(server.objects()[LOCK].bytes.is_empty(), "released");
}

#[test]
fn a_run_whose_place_another_has_taken_stops() {
    // Slow enough for a renewal.
    let (input, server) = (fleet(400, 25), Server::with_faults(Duration::from_millis(40), |_| None));
    let child = command(&server, input.path(), &["--jobs=1", "--s3-concurrency=1"]).spawn().unwrap();
    let begun = Instant::now();
    while !server.objects().keys().any(|key| key.starts_with("out/models/")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the run does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    let other = owner(0);
    server.put(LOCK, other.clone());
    let ended = Ended::from(child.wait_with_output().unwrap()).with_code(2);
    ended.complains_of(&["another run writes its results to the same --output: this one stops"]);
    assert!(!server.objects().contains_key("out/manifest.jsonl"), "the other's results stay");
    assert_eq!(server.objects()[LOCK].bytes, other, "and so does its lock");
}
