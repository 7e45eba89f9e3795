//! Odd things where files are expected: each is one entry's failure or a named skip, at once, and nothing waits for it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::support::{Ended, artifacts, daily, fleet, manifest, manyfit, statuses, train, train_command};

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Runs a command that must not wait for anything.
fn at_once(command: &mut Command) -> Ended {
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            panic!("{command:?} hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap().into()
}

#[test]
fn what_is_no_file_among_the_input_is_one_entrys_failure() {
    let (input, output) = (fleet(4, 25), tempfile::tempdir().unwrap());
    let at = |name: &str| input.path().join(name);
    pipe(&at("pipe.csv"));
    let _socket = UnixListener::bind(at("socket.csv")).unwrap();
    symlink("loop.csv", at("loop.csv")).unwrap();
    symlink("nowhere.csv", at("dangling.csv")).unwrap();
    symlink("/dev/zero", at("device.csv")).unwrap();
    fs::write(input.path().join(OsStr::from_bytes(b"caf\xe9.csv")), daily(25, 7)).unwrap();
    fs::write(input.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "a note").unwrap();
    // Not among the customers, and no failure.
    symlink(input.path(), at("itself")).unwrap();
    fs::write(at("notes.md"), "a note").unwrap();
    let ended = at_once(&mut train_command(input.path(), output.path(), &["max_failures=6"])).with_code(0);
    assert_eq!(statuses(output.path()), [4, 0, 0, 6]);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    for (customer, reason) in [
        ("pipe", "it is a pipe, a socket or a device"),
        ("socket", "it is a pipe, a socket or a device"),
        ("device", "it is a pipe, a socket or a device"),
        ("loop", "symbolic links"),
        ("dangling", "it is a link to a file that does not exist"),
        ("caf\u{fffd}", "its name is not UTF-8: rename it"),
    ] {
        let found = rows[customer]["reason"].as_str().unwrap();
        assert!(found.contains(reason) && found.contains(&format!("{customer}.csv")), "{customer}: {found}");
    }
    assert!(ended.out.contains("skipped: 2 other files, such as"), "{}", ended.out);
    // Tables that would silently be missing from sums are refused.
    let mut prepare = manyfit();
    prepare.arg("prepare").arg("--input").arg(input.path()).arg("--output").arg(output.path().join("prepared"));
    at_once(&mut prepare).with_code(3).complains_of(&["caf\u{fffd}.csv: its name is not UTF-8"]);
}

#[test]
fn what_is_no_file_among_the_models_is_one_customers_failure() {
    let (input, output) = (fleet(4, 25), tempfile::tempdir().unwrap());
    let (output, models) = (output.path(), output.path().join("models"));
    train(input.path(), output, &[]).with_code(0);
    fs::remove_file(models.join("customer-000.tar.gz")).unwrap();
    pipe(&models.join("customer-000.tar.gz"));
    fs::remove_file(models.join("customer-001.tar.gz")).unwrap();
    File::create(models.join("customer-001.tar.gz")).unwrap().set_len(3 << 30).unwrap();
    let begun = Instant::now();
    for _ in 0..2 {
        at_once(&mut train_command(input.path(), output, &["max_failures=2", "stale=delete"])).with_code(0);
        assert_eq!(statuses(output), [0, 2, 0, 2]);
    }
    let rows = manifest(&output.join("manifest.jsonl"));
    let reason = |customer: &str| rows[customer]["reason"].as_str().unwrap().to_owned();
    assert!(reason("customer-000").contains("it is a pipe"), "{}", reason("customer-000"));
    assert!(reason("customer-001").contains("it has 3221225472 bytes"), "{}", reason("customer-001"));
    assert!(begun.elapsed() < Duration::from_secs(20), "three gigabytes were read");
    assert!(models.join("customer-001.tar.gz").exists(), "somebody's file");

    // The same of predict, and a name that is not UTF-8 is no matter there.
    let named = models.join(OsStr::from_bytes(b"caf\xe9.tar.gz"));
    fs::rename(models.join("customer-002.tar.gz"), named).unwrap();
    let mut predict = manyfit();
    predict.args(["predict", "--horizon=1", "--max-failures=2"]).arg(&models);
    let ended = at_once(&mut predict).with_code(0);
    assert!(ended.out.contains("customer-002,") && ended.out.contains("customer-003,"), "{}", ended.out);
    let ended = ended.complains_of(&["is not a regular file (it is a pipe", "it has 3221225472 bytes"]);
    assert!(ended.err.contains("2 customers predicted, 2 failed"), "{}", ended.err);
}

#[test]
fn a_pipe_that_takes_a_files_place_during_the_run_holds_nothing_up() {
    let (input, output) = (fleet(80, 60), tempfile::tempdir().unwrap());
    let models = output.path().join("models");
    let mut command = train_command(input.path(), output.path(), &["--jobs=1", "max_failures=80"]);
    let child = command.spawn().unwrap();
    let begun = Instant::now();
    while fs::read_dir(&models).map_or(0, Iterator::count) < 3 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the run does not begin");
        thread::sleep(Duration::from_millis(1));
    }
    // The files are read from the largest to the smallest.
    let mut files: Vec<_> = fs::read_dir(input.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| path.metadata().unwrap().len());
    for path in &files[..20] {
        fs::remove_file(path).unwrap();
        pipe(path);
    }
    let ended = Ended::from(child.wait_with_output().unwrap()).with_code(0);
    assert!(begun.elapsed() < Duration::from_mins(1));
    let [fitted, _, _, failed] = statuses(output.path());
    assert!(fitted + failed == 80 && failed > 0, "{}", ended.out);
    assert_eq!(artifacts(&models).len(), fitted);
    for row in manifest(&output.path().join("manifest.jsonl")).values().filter(|row| row["status"] == "failed") {
        assert!(row["reason"].as_str().unwrap().contains("it is a pipe"), "{row}");
    }
}

#[test]
fn a_folder_that_cannot_be_listed_is_one_failure_and_its_customers_are_not_forgotten() {
    let (input, output) = (fleet(30, 25), tempfile::tempdir().unwrap());
    let hidden = input.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    for number in 0..3 {
        fs::write(hidden.join(format!("h{number}.csv")), daily(25, 90 + number)).unwrap();
    }
    train(input.path(), output.path(), &[]).with_code(0);
    let mode = |mode: &str| assert!(Command::new("chmod").arg(mode).arg(&hidden).status().unwrap().success());
    mode("000");
    if fs::read_dir(&hidden).is_ok() {
        // The superuser may list everything.
        return mode("755");
    }
    let ended = train(input.path(), output.path(), &["stale=delete"]);
    mode("755");
    ended.with_code(3).complains_of(&["4 of 34 customers failed"]);
    assert_eq!(artifacts(&output.path().join("models")).len(), 33, "their models stay");
}

#[test]
fn a_stray_file_of_another_kind_fails_alone_or_is_read_as_what_it_is() {
    let (input, output) = (fleet(60, 25), tempfile::tempdir().unwrap());
    let rows = |customer: &str, seed| {
        daily(25, seed).lines().skip(1).map(|row| format!("{customer},{row}\n")).collect::<Vec<_>>().concat()
    };
    fs::write(input.path().join("!export.csv"), format!("customer,ds,y\n{}{}", rows("north", 1), rows("south", 2)))
        .unwrap();
    train(input.path(), output.path(), &[]).with_code(0);
    assert_eq!(statuses(output.path()), [62, 0, 0, 0]);
    // The models are those of a run without it, and of the customers' own files.
    let expected = tempfile::tempdir().unwrap();
    fs::remove_file(input.path().join("!export.csv")).unwrap();
    fs::write(input.path().join("north.csv"), daily(25, 1)).unwrap();
    fs::write(input.path().join("south.csv"), daily(25, 2)).unwrap();
    train(input.path(), expected.path(), &[]).with_code(0);
    assert_eq!(artifacts(&output.path().join("models")), artifacts(&expected.path().join("models")));
}
