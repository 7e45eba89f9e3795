//! Two of a command at once: the second is refused, or both are right; and what killed runs left is nobody's.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use super::support::{Ended, artifacts, fleet, folder, json, manifest, manyfit, prepare_command, train, train_command};

/// A process that writes, as its lock's file tells it.
const WRITER: &str = "manyfit-7-0123456789abcdef";

/// Takes a lock as another process would, until dropped.
fn held(path: PathBuf) -> File {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("{WRITER} process 7 on elsewhere\n")).unwrap();
    let lock = File::open(path).unwrap();
    lock.lock().unwrap();
    lock
}

fn predict_command(models: &Path, output: &Path) -> Command {
    let mut command = manyfit();
    command.args(["predict", "--horizon", "3", "--output"]).arg(output).arg(models);
    command
}

fn merge_command(input: &Path, output: &Path) -> Command {
    let mut command = manyfit();
    command.arg("merge").arg("--input").arg(input).arg("--output").arg(output);
    command
}

fn generate_command(output: &Path, seed: &str) -> Command {
    let mut command = manyfit();
    command.args(["generate", "energy", "--customers", "30", "--rows", "40", "--force", "--seed", seed, "--output"]);
    command.arg(output);
    command
}

fn ended(command: &mut Command) -> Ended {
    command.output().unwrap().into()
}

/// The temporary files below a folder.
fn temporary(folder: &Path) -> Vec<String> {
    let names = walkdir::WalkDir::new(folder).into_iter().map(|found| found.unwrap().file_name().to_owned());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".sagemaker-ignore")).collect()
}

#[test]
fn the_second_run_into_an_output_is_refused_and_told_who_has_it() {
    let (input, place) = (fleet(2, 25), tempfile::tempdir().unwrap());
    let (output, table) = (place.path().join("out"), place.path().join("t.csv"));
    train(input.path(), &output, &["horizon=1"]).with_code(0);
    let before = fs::read(output.join("manifest.jsonl")).unwrap();
    let whole = held(output.join("run.lock.sagemaker-ignore"));
    let of_table = held(table.with_file_name("t.csv.lock.sagemaker-ignore"));
    let commands = || {
        [
            train_command(input.path(), &output, &[]),
            train_command(input.path(), &output, &["--shard=0/2"]),
            merge_command(&place.path().join("shards"), &output),
            prepare_command(input.path(), &output, &[]),
            generate_command(&output, "1"),
            predict_command(&output.join("models"), &table),
        ]
    };
    train(input.path(), &place.path().join("shards"), &["horizon=1"]).with_code(0);
    for mut command in commands() {
        let begun = Instant::now();
        let ended = ended(&mut command).with_code(2);
        ended.complains_of(&["another run (process 7 on elsewhere) is writing", "choose another --output"]);
        assert!(begun.elapsed() < Duration::from_secs(10), "{command:?}");
    }
    assert_eq!(fs::read(output.join("manifest.jsonl")).unwrap(), before);
    assert!(!table.exists());
    drop((whole, of_table));
    for mut command in commands() {
        ended(&mut command).with_code(0);
    }
    assert_eq!(temporary(place.path()), Vec::<String>::new());
}

#[test]
fn shards_run_side_by_side_and_not_with_a_run_of_all() {
    let (input, output) = (fleet(30, 25), tempfile::tempdir().unwrap());
    let output = output.path();
    let start = |shard: &str| train_command(input.path(), output, &["horizon=1", shard]).spawn().unwrap();
    let children = ["--shard=0/3", "--shard=1/3", "--shard=2/3"].map(start);
    for child in children {
        Ended::from(child.wait_with_output().unwrap()).with_code(0);
    }
    assert_eq!(artifacts(&output.join("models")).len(), 30);
    let shared = File::create(output.join("run.lock.sagemaker-ignore")).unwrap();
    shared.lock_shared().unwrap();
    let _first = held(output.join("run-0-of-3.lock.sagemaker-ignore"));
    train(input.path(), output, &["--shard=1/3", "horizon=1"]).with_code(0);
    train(input.path(), output, &["--shard=0/3"]).with_code(2).complains_of(&["process 7 on elsewhere"]);
    train(input.path(), output, &[]).with_code(2).complains_of(&["a run of a part of the customers (--shard)"]);
}

/// Starts two commands at once. Each is done, or refused because of the other; at least one is done.
fn two_at_once(mut first: Command, mut second: Command) -> [Option<i32>; 2] {
    let children: [Child; 2] = [first.spawn().unwrap(), second.spawn().unwrap()];
    let codes = children.map(|child| {
        let ended = Ended::from(child.wait_with_output().unwrap());
        assert!(matches!(ended.code, Some(0 | 2)), "{ended:#?}");
        if ended.code == Some(2) {
            assert!(ended.err.contains("another run") || ended.err.contains("another preparation"), "{ended:#?}");
        }
        ended.code
    });
    assert!(codes.contains(&Some(0)), "both were refused");
    codes
}

fn refused_or_right(rounds: usize) {
    let (input, place) = (fleet(25, 30), tempfile::tempdir().unwrap());
    let of = |name: &str| place.path().join(name);
    train(input.path(), &of("expected"), &["horizon=3"]).with_code(0);
    let expected = |file: &str| fs::read(of("expected").join(file)).unwrap();
    ended(&mut predict_command(&of("expected/models"), &of("expected.csv"))).with_code(0);
    let two_shards = of("shards");
    for shard in ["--shard=0/2", "--shard=1/2"] {
        train(input.path(), &two_shards, &["horizon=3", shard]).with_code(0);
    }
    for seed in ["1", "2"] {
        ended(&mut generate_command(&of(&format!("generated-{seed}")), seed)).with_code(0);
    }
    ended(&mut prepare_command(input.path(), &of("prepared"), &[])).with_code(0);
    for round in 0..rounds {
        let output = |name: &str| of(&format!("{round}-{name}"));
        let out = output("train");
        // With other settings, so that rows of the one would not be those of the other.
        let with = |horizon: &str| train_command(input.path(), &out, &["--jobs=1", horizon]);
        let codes = two_at_once(with("horizon=3"), with("horizon=2"));
        let rows = manifest(&out.join("manifest.jsonl"));
        assert_eq!(rows.len(), 25);
        let text = fs::read(out.join("forecasts.csv")).unwrap();
        assert!(codes[0] == Some(2) || codes[1] == Some(0) || text == expected("forecasts.csv"));
        assert_eq!(json(&out.join("summary.json"))["files"]["forecasts.csv"]["bytes"], text.len());
        assert_eq!(artifacts(&out.join("models")), artifacts(&of("expected/models")));

        let table = output("t.csv");
        let predict = || predict_command(&of("expected/models"), &table);
        two_at_once(predict(), predict());
        assert_eq!(fs::read(&table).unwrap(), fs::read(of("expected.csv")).unwrap());

        let merged = output("merged");
        two_at_once(merge_command(&two_shards, &merged), merge_command(&two_shards, &merged));
        assert_eq!(fs::read(merged.join("forecasts.csv")).unwrap(), expected("forecasts.csv"));
        assert_eq!(manifest(&merged.join("manifest.jsonl")).len(), 25);

        let prepared = output("prepared");
        let prepare = || prepare_command(input.path(), &prepared, &[]);
        two_at_once(prepare(), prepare());
        let customers = |folder: &Path| super::support::files(&folder.join("customers"));
        assert_eq!(customers(&prepared), customers(&of("prepared")));

        let generated = output("generated");
        let codes = two_at_once(generate_command(&generated, "1"), generate_command(&generated, "2"));
        let found = super::support::files(&generated);
        let of_seed = |seed: usize| super::support::files(&of(&format!("generated-{seed}")));
        let possible = (1..=2).filter(|seed| codes[seed - 1] == Some(0)).any(|seed| found == of_seed(seed));
        assert!(possible, "files of both seeds");
        assert_eq!(temporary(place.path()), Vec::<String>::new());
    }
}

#[test]
fn two_of_every_command_at_once_are_refused_or_right() {
    refused_or_right(2);
}

#[test]
#[ignore = "minutes: the same, often"]
fn two_of_every_command_at_once_are_refused_or_right_many_times() {
    refused_or_right(100);
}

#[test]
fn what_killed_runs_left_is_swept_by_the_next_and_what_others_write_is_not() {
    let (input, output) = (fleet(60, 40), tempfile::tempdir().unwrap());
    let (output, models) = (output.path(), output.path().join("models"));
    for more in [1, 5, 9] {
        let done = || fs::read_dir(&models).map_or(0, Iterator::count);
        let before = done();
        let mut child = train_command(input.path(), output, &["--jobs=2", "horizon=1"]).spawn().unwrap();
        let begun = Instant::now();
        while done() < before + more && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the run does not begin");
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // As a run that was killed while it wrote them.
    let lock = output.join("run.lock.sagemaker-ignore");
    let left = fs::read_to_string(&lock).unwrap_or_default();
    fs::write(lock, format!("{left}{WRITER} process 7 on elsewhere\n")).unwrap();
    for name in
        [format!("models/{WRITER}-3"), format!("{WRITER}-0"), "forecasts.spool".into(), "predictions.spool".into()]
    {
        fs::write(output.join(format!("{name}.sagemaker-ignore")), "half a f").unwrap();
    }
    let theirs = "manyfit-8-0123456789abcdef-3.sagemaker-ignore";
    fs::write(models.join(theirs), "half a f").unwrap();
    train(input.path(), output, &["horizon=1"]).with_code(0);
    assert_eq!(temporary(output), [theirs]);
    assert_eq!(manifest(&output.join("manifest.jsonl")).len(), 60);
    assert!(!output.join("manifest.partial.jsonl").exists());

    // The same of a table that predict was writing.
    let table = output.join("t.csv");
    fs::write(output.join("t.csv.lock.sagemaker-ignore"), format!("{WRITER} process 7 on elsewhere\n")).unwrap();
    fs::write(output.join(format!("{WRITER}-0.sagemaker-ignore")), "half a t").unwrap();
    ended(&mut predict_command(&models, &table)).with_code(0);
    assert_eq!(temporary(output), [theirs]);
}

#[test]
fn a_link_under_the_name_of_an_unfinished_file_is_not_followed() {
    let (input, place) = (fleet(2, 25), folder([("theirs", "theirs")]));
    let (theirs, output) = (place.path().join("theirs"), place.path().join("out"));
    fs::create_dir_all(output.join("models")).unwrap();
    let names = [
        "manifest.partial.jsonl",
        "forecasts.spool.sagemaker-ignore",
        "forecasts.csv.sagemaker-ignore",
        "manifest.jsonl.sagemaker-ignore",
        "summary.json.sagemaker-ignore",
        "t.csv.sagemaker-ignore",
        "forecasts.csv",
        "t.csv",
        "models/customer-000.tar.gz.sagemaker-ignore",
    ];
    for name in &names {
        symlink(&theirs, output.join(name)).unwrap();
    }
    train(input.path(), &output, &["horizon=1"]).with_code(0);
    ended(&mut predict_command(&output.join("models"), &output.join("t.csv"))).with_code(0);
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
    assert_eq!(fs::read_to_string(output.join("forecasts.csv")).unwrap().lines().count(), 3);
    // The lock is not taken through a link either.
    symlink(&theirs, output.join("run.lock.sagemaker-ignore")).unwrap();
    train(input.path(), &output, &[])
        .with_code(4)
        .complains_of(&["run.lock.sagemaker-ignore", "a link is in its place"]);
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
}

#[cfg(feature = "s3")]
#[test]
fn drafts_of_killed_runs_are_removed_and_those_in_use_are_not() {
    let (temporary, input) = (tempfile::tempdir().unwrap(), folder([("8.csv", super::support::daily(25, 1))]));
    let draft = |name: &str| temporary.path().join(name);
    for name in ["manyfit-killed", "manyfit-in-use", "manyfit-unknown", "other"] {
        fs::create_dir(draft(name)).unwrap();
        fs::write(draft(name).join("forecasts.csv"), "half a t").unwrap();
    }
    for name in ["manyfit-killed", "manyfit-in-use", "other"] {
        fs::write(draft(name).join("in-use"), "").unwrap();
    }
    let in_use = File::open(draft("manyfit-in-use/in-use")).unwrap();
    in_use.lock().unwrap();
    let server = super::s3_server::Server::start();
    let mut command = manyfit();
    command.args(["train", "--output", "s3://fleet/out", "--input"]).arg(input.path()).envs(server.environment());
    ended(command.env("TMPDIR", temporary.path())).with_code(0);
    let left = |name: &str| draft(name).join("forecasts.csv").exists();
    assert_eq!(["manyfit-killed", "manyfit-in-use", "manyfit-unknown", "other"].map(left), [false, true, true, true]);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 3, "its own is gone");
}
