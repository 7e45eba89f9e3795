//! `manyfit prepare` killed at any moment, or out of space: nothing is torn, and the next run ends as if there had been none.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[cfg(target_os = "linux")]
use super::support::under;
use super::support::{Files, daily_rows, files, folder, prepare, prepare_command};

fn table(customers: u64, rows: usize) -> String {
    let mut table = String::from("customer,ds,y\n");
    for at in 0..customers {
        for (date, value) in daily_rows(rows, at) {
            writeln!(table, "customer-{at},{date},{value}").unwrap();
        }
    }
    table
}

/// A run that reads every row and then cannot write all customers: a directory stands where a file should.
fn end_in_the_second_half(input: &Path, output: &Path, options: &[&str]) {
    let in_the_way = output.join("customers/customer-1.csv");
    fs::create_dir_all(&in_the_way).unwrap();
    prepare(input, output, options).with_code(4);
    fs::remove_dir(in_the_way).unwrap();
}

/// What a run leaves, without what it remembers of times.
fn result(output: &Path) -> Files {
    files(output).into_iter().filter(|(name, _)| name != "summary.json").collect()
}

#[test]
fn a_run_that_was_killed_anywhere_is_finished_by_the_next() {
    killed_anywhere(&[], &["customers"]);
}

#[test]
fn a_run_with_validation_rows_that_was_killed_anywhere_is_finished_in_both_places() {
    killed_anywhere(&["--regression", "--target=y", "--validation-fraction=0.3"], &["customers", "validation"]);
}

/// Kills runs with these options, and compares what the next one leaves with what a whole run does; files in the `places` are
/// never torn.
fn killed_anywhere(options: &[&str], places: &[&str]) {
    let input = folder([("t.csv", table(1000, 40))]);
    let whole = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    prepare(input.path(), whole.path(), options).with_code(0);
    let duration = begun.elapsed();
    let whole = result(whole.path());
    assert!(places.iter().all(|place| whole.contains_key(&format!("{place}/customer-1.csv"))));
    let mut chance = ChaCha8Rng::seed_from_u64(6);
    let mut resumed = 0;
    // Eight rounds, and more where the machine has become so much faster or slower that no kill meets the second half.
    for round in 0..40 {
        if round >= 8 && resumed > 0 {
            break;
        }
        let output = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let mut run = prepare_command(input.path(), output.path(), options).spawn().unwrap();
            thread::sleep(duration.mul_f64(chance.random_range(0.0..1.0)));
            // It may have ended by itself.
            let _ = run.kill();
            run.wait().unwrap();
            for place in places {
                for (name, bytes) in files(&output.path().join(place)) {
                    assert!(bytes == whole[&format!("{place}/{name}")], "{place}/{name} is torn");
                }
            }
        }
        let ended = prepare(input.path(), output.path(), options).with_code(0);
        resumed += u32::from(ended.out.contains("continuing a run that was stopped"));
        let found = result(output.path());
        assert_eq!(found.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        let odd: Vec<&String> =
            found.iter().filter(|(name, bytes)| whole[*name] != **bytes).map(|(name, _)| name).collect();
        assert!(odd.is_empty(), "{odd:?} differ");
        assert!(!output.path().join(".prepare").exists());
    }
    assert!(resumed > 0, "no kill fell into the second half");
}

#[cfg(unix)]
#[test]
fn a_signal_stops_the_run_in_order_and_the_next_goes_on() {
    let input = folder([("t.csv", table(3000, 60))]);
    let output = tempfile::tempdir().unwrap();
    let run = prepare_command(input.path(), output.path(), &["--jobs=1"]).spawn().unwrap();
    let customers = output.path().join("customers");
    let begun = Instant::now();
    while fs::read_dir(&customers).map_or(0, Iterator::count) < 50 && begun.elapsed() < Duration::from_mins(1) {
        thread::sleep(Duration::from_millis(1));
    }
    let kill = std::process::Command::new("kill").arg(run.id().to_string()).status().unwrap();
    assert!(kill.success());
    let ended = super::support::Ended::from(run.wait_with_output().unwrap());
    if ended.code != Some(0) {
        ended.with_code(5).complains_of(&["run it again to continue"]);
        let before = files(&customers).len();
        assert!(before < 3000);
        let ended = prepare(input.path(), output.path(), &[]).with_code(0);
        assert!(ended.out.contains("continuing a run that was stopped"), "{}", ended.out);
    }
    assert_eq!(files(&customers).len(), 3000);
}

#[test]
fn a_change_of_the_input_or_the_options_begins_anew() {
    let input = folder([("t.csv", table(30, 60))]);
    let output = tempfile::tempdir().unwrap();
    end_in_the_second_half(input.path(), output.path(), &[]);
    fs::remove_dir_all(output.path().join("customers")).unwrap();
    fs::write(input.path().join("u.csv"), "customer,ds,y\nnew,2024-01-01,1\n").unwrap();
    let ended = prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(!ended.out.contains("continuing"), "{}", ended.out);
    assert_eq!(files(&output.path().join("customers")).len(), 31);
}

#[test]
fn a_command_that_is_refused_leaves_an_earlier_run_what_it_goes_on_with() {
    let input = folder([("t.csv", table(30, 60))]);
    let output = tempfile::tempdir().unwrap();
    end_in_the_second_half(input.path(), output.path(), &[]);
    let refused = prepare(input.path(), output.path(), &["--no-header"]).with_code(2);
    refused.complains_of(&["exists already"]);
    prepare(input.path(), output.path(), &["--keep=y=target"]).with_code(2).complains_of(&["two columns"]);
    let ended = prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(ended.out.contains("continuing a run that was stopped"), "{}", ended.out);
}

#[test]
fn a_run_beside_another_into_the_same_output_is_refused() {
    let input = folder([("t.csv", table(30, 60))]);
    let output = tempfile::tempdir().unwrap();
    fs::create_dir(output.path().join(".prepare")).unwrap();
    let other = fs::File::create(output.path().join(".prepare/lock")).unwrap();
    other.lock().unwrap();
    prepare(input.path(), output.path(), &[])
        .with_code(2)
        .complains_of(&["another preparation is running in", "--work"]);
    assert!(!output.path().join("customers").exists());
    drop(other);
    prepare(input.path(), output.path(), &[]).with_code(0);
}

#[test]
fn what_a_killed_run_was_writing_is_swept_and_what_others_write_is_not() {
    let input = folder([("t.csv", table(30, 60))]);
    let output = tempfile::tempdir().unwrap();
    end_in_the_second_half(input.path(), output.path(), &[]);
    let customers = output.path().join("customers");
    let own = customers.join("manyfit-9-0123456789abcdef-7.sagemaker-ignore");
    let theirs = customers.join("manyfit-1-0123456789abcdef-7.sagemaker-ignore");
    // What a process that was killed leaves.
    fs::write(output.path().join(".prepare/lock"), "manyfit-9-0123456789abcdef process 9 on a host\n").unwrap();
    fs::write(&own, "half a f").unwrap();
    fs::write(&theirs, "half a f").unwrap();
    prepare(input.path(), output.path(), &[]).with_code(0);
    assert!(!own.exists() && theirs.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn rejects_take_no_memory_however_many_they_are() {
    let rows: String =
        (0..200_000).fold("customer,ds,y\na,2024-01-01,1\n".into(), |rows, at| rows + &format!("b,yesterday,{at}\n"));
    let input = folder([("t.csv", rows)]);
    let output = tempfile::tempdir().unwrap();
    let options = ["--max-bad-rows=200000", "--memory=8MB", "--jobs=2"];
    under("ulimit -d 60000", &prepare_command(input.path(), output.path(), &options)).with_code(0);
    let rejects = fs::read_to_string(output.path().join("rejects.csv")).unwrap();
    let lines = rejects.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse::<usize>().unwrap());
    assert!(lines.eq(3..200_003), "in the order of the table, each once");
}

/// A limit on the size of files stands in for a disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_write_that_fails_says_where_and_leaves_nothing_half_written() {
    let input = folder([("t.csv", table(300, 60))]);
    let output = tempfile::tempdir().unwrap();
    let limited = |blocks: u32, options: &[&str]| {
        under(&format!("ulimit -f {blocks}; trap '' XFSZ"), &prepare_command(input.path(), output.path(), options))
    };
    // Between reading and writing.
    limited(200, &[]).with_code(4).complains_of(&["writing", ".prepare/rows"]);
    assert!(!output.path().join(".prepare").exists(), "what no run can continue from is removed");
    assert!(files(output.path()).is_empty());
    // Among the customers: one bundle is larger than all buckets.
    let wide = ["--bundle=4MB", "--memory=64MB", "--output-timezone=UTC", "--timezone=Asia/Tokyo", "--keep=y=again"];
    limited(1400, &wide).with_code(4).complains_of(&["cannot write", "customers/"]);
    assert!(files(&output.path().join("customers")).is_empty());
    // With room, the next run goes on with what stands between.
    let ended = prepare(input.path(), output.path(), &wide).with_code(0);
    assert!(ended.out.contains("continuing a run that was stopped"), "{}", ended.out);
    assert_eq!(files(&output.path().join("customers")).len(), 1);
}
