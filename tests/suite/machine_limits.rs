//! Limits of the machine are not the fault of a customer.

use std::collections::BTreeMap;

use super::support::{fleet, folder, manifest, statuses, train_command, under};

#[test]
fn too_many_open_files_end_the_run_with_the_way_out() {
    let customers = fleet(12, 30);
    let mut ended_early = 0;
    for limit in [4, 5, 6, 7, 8, 9, 10, 12, 16, 64] {
        let output = tempfile::tempdir().unwrap();
        let mut command = train_command(customers.path(), output.path(), &[]);
        command.arg("--jobs=4");
        let ended = under(&format!("ulimit -n {limit}"), &command);
        if ended.code == Some(4) {
            ended_early += 1;
            ended.complains_of(&["Too many open files", "ulimit -n"]);
            let manifest_file = output.path().join("manifest.jsonl");
            let rows = if manifest_file.exists() { manifest(&manifest_file) } else { BTreeMap::default() };
            assert!(rows.values().all(|row| row["status"] == "fitted"), "{limit}: {rows:?}");
        } else {
            assert_eq!(statuses(output.path()), [12, 0, 0, 0], "{limit}: {ended:?}");
            ended.with_code(0);
        }
    }
    assert!(ended_early > 0, "not even the lowest limit was felt");
}

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
    let customers = fleet(3, 30);
    let output = tempfile::tempdir().unwrap();
    let command = train_command(customers.path(), output.path(), &[]);
    under("ulimit -S -n 4", &command).with_code(0);
}

#[test]
fn threads_that_cannot_be_started_are_named_with_the_way_out() {
    let customers = fleet(3, 30);
    let output = tempfile::tempdir().unwrap();
    let mut command = train_command(customers.path(), output.path(), &[]);
    command.arg("--jobs=900");
    // Each thread reserves two megabytes of addresses for its stack.
    let ended = under("ulimit -v 600000", &command).with_code(4);
    ended.complains_of(&["no more threads can be started (set fewer --jobs", "ulimit -u"]);
}

#[test]
fn a_model_without_end_is_refused_before_it_fills_the_memory() {
    let table =
        (0..40).fold("y,a,b\n".to_owned(), |text, row| text + &format!("{},{},{}\n", row * 7 % 11, row, row % 3));
    let input = folder([("8.csv", table)]);
    for settings in [
        &["model=gradient-boosting", "target=y", "num_round=1000000000000"][..],
        &["model=random-forest", "target=y", "n_estimators=1000000000000"],
    ] {
        let output = tempfile::tempdir().unwrap();
        train_command(input.path(), output.path(), settings).output().unwrap();
        let rows = manifest(&output.path().join("manifest.jsonl"));
        let reason = rows["8"]["reason"].as_str().unwrap();
        assert!(reason.contains("lower num_round or max_depth"), "{reason}");
    }
}
