//! `manyfit simulate`: a job of many instances does what one process does, however files are dealt and instances stopped.

use std::{fs, path::Path};

use super::support::{Ended, fleet, folder, manyfit};

fn simulate(input: &Path, work: &Path, options: &[&str]) -> Ended {
    let mut command = manyfit();
    command.arg("simulate").arg("--input").arg(input).arg("--output").arg(work).args(options);
    command.output().unwrap().into()
}

#[test]
fn one_three_and_seven_instances_do_what_one_process_does() {
    let input = fleet(20, 25);
    for (instances, dealt, more) in [
        ("1", "20", &[][..]),
        ("3", "7 + 7 + 6", &["--shuffle-seed=5", "--set=horizon=2"]),
        ("7", "3 + 3 + 3 + 3 + 3 + 3 + 2", &["--shuffle-seed=6"]),
    ] {
        let work = tempfile::tempdir().unwrap();
        let options = [&["--instances", instances], more].concat();
        let ended = simulate(input.path(), work.path(), &options).with_code(0);
        assert!(
            ended.out.contains(&format!("{instances} instances with {dealt} keys, 0 running instances")),
            "{}",
            ended.out
        );
        assert!(
            ended.out.contains("20 artifacts of 20 customers are identical to those of one process"),
            "{}",
            ended.out
        );
    }
}

#[test]
fn instances_without_files_are_done() {
    let input = fleet(3, 25);
    let work = tempfile::tempdir().unwrap();
    let ended = simulate(input.path(), work.path(), &["--instances=7"]).with_code(0);
    assert!(ended.out.contains("1 + 1 + 1 + 0 + 0 + 0 + 0 keys"), "{}", ended.out);
    assert!(ended.out.contains("3 artifacts of 3 customers"), "{}", ended.out);
}

#[test]
fn stopped_instances_come_back_and_the_whole_is_the_same() {
    let input = fleet(120, 60);
    let mut at_work = 0;
    for seed in ["1", "2", "3"] {
        let work = tempfile::tempdir().unwrap();
        let options = ["--instances=3", "--spot-stops=6", "--shuffle-seed=9", "--seed", seed];
        let ended = simulate(input.path(), work.path(), &options).with_code(0);
        assert!(ended.out.contains("120 artifacts of 120 customers"), "{}", ended.out);
        let stops = ended.out.split(" keys, ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        at_work += stops.parse::<usize>().unwrap();
        // Each stop of a host at work left a tree of its own behind.
        assert_eq!(fs::read_dir(work.path().join("hosts")).unwrap().count(), 3 + stops.parse::<usize>().unwrap());
    }
    assert!(at_work >= 3, "only {at_work} stops hit a host at work");
}

#[test]
fn what_cannot_be_rehearsed_is_refused() {
    let input = fleet(2, 25);
    let occupied = folder([("something", "")]);
    simulate(input.path(), occupied.path(), &["--instances=2"]).with_code(2).complains_of(&["is not empty"]);
    let work = tempfile::tempdir().unwrap();
    let absent = work.path().join("absent");
    simulate(&absent, work.path(), &["--instances=2"]).with_code(2).complains_of(&["no such folder"]);
    simulate(input.path(), work.path(), &["--instances=2", "--set=hotizon=3"])
        .with_code(2)
        .complains_of(&["did you mean horizon"]);
}
