//! Limits of the machine are not the fault of a customer.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::support::{Ended, fleet, folder, manifest, manyfit, repository, statuses, train_command, under};

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

#[test]
fn threads_that_a_server_cannot_start_end_it_with_the_way_out() {
    let models = folder([("8.tar.gz", "")]);
    let mut command = manyfit();
    command.arg("serve").arg("--models").arg(models.path()).args(["--listen=127.0.0.1:0", "--jobs=900"]);
    let ended = under("ulimit -v 600000", &command).with_code(4);
    ended.complains_of(&["no more threads can be started (set fewer --jobs", "ulimit -u"]);
}

#[test]
fn files_that_would_fill_the_memory_fail_alone() {
    let input = fleet(3, 30);
    for name in ["many_rows", "large_page"] {
        let file = format!("{name}.parquet");
        fs::copy(repository("tests/golden").join(&file), input.path().join(file)).unwrap();
    }
    File::create(input.path().join("sparse.csv")).unwrap().set_len(1 << 30).unwrap();
    let output = tempfile::tempdir().unwrap();
    let command = train_command(input.path(), output.path(), &["--jobs=1", "max_failures=3"]);
    under("ulimit -v 1500000", &command).with_code(0);
    assert_eq!(statuses(output.path()), [3, 0, 0, 3]);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    for (customer, reason) in [
        ("many_rows", "unpacks to more than 96000000 bytes, a 16th of the memory: cut it into smaller files"),
        ("large_page", "a page claims 2147483647 bytes"),
        ("sparse", "has more than 384000000 bytes, a quarter of the memory: cut it into smaller files"),
    ] {
        let found = rows[customer]["reason"].as_str().unwrap();
        assert!(found.contains(reason), "{found}");
    }
}

/// 10 billion draws: minutes.
const LONG: [&str; 3] = ["--jobs=1", "horizon=100000", "uncertainty_samples=100000"];

#[test]
fn a_forecast_hears_the_signal_and_the_time_limit() {
    let (input, output) = (fleet(1, 60), tempfile::tempdir().unwrap());
    let out = output.path();
    train_command(input.path(), out, &[&LONG[..], &["customer_time_limit=1"]].concat()).output().unwrap();
    let (_, row) = manifest(&out.join("manifest.jsonl")).pop_first().unwrap();
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains("the forecast did not end within its time limit: ask for fewer dates"), "{reason}");

    // The artifact is there: training and predicting both begin with the forecast.
    let mut predict = manyfit();
    predict.arg("predict").arg(out.join("models")).args(["--horizon=100000", "--output"]).arg(out.join("t.csv"));
    for mut command in [train_command(input.path(), out, &LONG), predict] {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(Duration::from_secs(2));
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let begun = Instant::now();
        Ended::from(child.wait_with_output().unwrap()).with_code(5);
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
    assert!(!out.join("t.csv").exists());
}
