//! `manyfit pipeline` and `manyfit job`: what they refuse and that they print the same text for the same options.
//!
//! What they print is compared with the platform's own description and tools in `tests/interop/test_launch.py`.

use super::support::{Ended, manyfit};

const ROLE: &str = "arn:aws:iam::123456789012:role/manyfit";

fn run(arguments: &[&str]) -> Ended {
    manyfit().args(arguments).output().unwrap().into()
}

/// A launch with everything it needs, and more options after it.
fn launch<'a>(command: &[&'a str], more: &[&'a str]) -> Ended {
    let places = ["--role", ROLE, "--image", "manyfit:1", "--input", "s3://bucket/raw/", "--output", "s3://bucket/out"];
    run(&[command, &places, more].concat())
}

#[test]
fn the_same_options_print_the_same_text() {
    for command in [&["pipeline", "--name", "a"][..], &["job", "fit", "--name", "a"]] {
        let first = launch(command, &["--set", "horizon=7", "--set", "growth=flat"]).with_code(0).out;
        let second = launch(command, &["--set", "growth=flat", "--set", "horizon=7"]).with_code(0).out;
        assert_eq!(first, second);
    }
}

#[test]
fn everything_that_is_missing_or_beyond_a_limit_is_told_at_once() {
    run(&["pipeline", "--name", "a_b", "--input", "bucket/raw", "--instances", "0", "--instance-type", "c5.xlarge"])
        .with_code(2)
        .complains_of(&[
            "8 options are invalid",
            r#"--name "a_b": use 1 to 50 letters"#,
            r#"--endpoint "a_b": use 1 to 63 letters"#,
            "--role is missing",
            "--image is missing",
            "--output is missing",
            r#"--input "bucket/raw": use an address that starts with s3://"#,
            r#"--instance-type "c5.xlarge": use a SageMaker instance type"#,
            "--instances 0: use at least 1",
        ]);
}

#[test]
fn the_prefix_of_the_input_ends_in_a_slash_and_a_table_does_not() {
    for (input, expected) in [
        ("s3://bucket/raw", "s3://bucket/raw/"),
        ("s3://bucket/raw/", "s3://bucket/raw/"),
        ("s3://bucket/raw/all.csv.gz", "s3://bucket/raw/all.csv.gz"),
    ] {
        let places = ["--role", ROLE, "--image", "manyfit:1", "--input", input, "--output", "s3://bucket/out"];
        let ended = run(&[&["job", "prepare", "--name", "a"][..], &places].concat()).with_code(0);
        assert!(ended.out.contains(&format!("\"S3Uri\": \"{expected}\"")), "{}", ended.out);
    }
}

#[test]
fn a_step_asks_for_no_more_than_it_needs() {
    run(&["job", "endpoint", "--name", "a"]).with_code(0);
    run(&["job", "endpoint-config", "--name", "a"]).with_code(0);
    run(&["job", "model", "--name", "a"]).with_code(2).complains_of(&["--role", "--image", "--output"]);
    assert!(!run(&["job", "model", "--name", "a"]).err.contains("--input"));
}

#[test]
fn options_of_the_preparation_are_checked_before_a_job_is_paid_for() {
    for (options, complaint) in [
        (
            &["--targt=kwh"][..],
            "--prepare-argument: unexpected argument '--targt' found; tip: a similar argument exists",
        ),
        (&["--filter=kwh"], "invalid condition"),
        (&["--keep=*,a"], "--prepare-argument: --keep: * keeps every column"),
        (&["--format=parquet", "--no-header"], "--no-header is for CSV"),
        (&["--shard=0/2"], "--prepare-argument: --shard: the platform sets this in a job"),
        (&["--work=/tmp"], "--prepare-argument: --work"),
        (&["--input=raw", "--output=out"], "--prepare-argument: --input"),
        (&["--help"], "--prepare-argument: --help has no use in a job"),
    ] {
        let options: Vec<String> = options.iter().map(|option| format!("--prepare-argument={option}")).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        for command in [&["pipeline", "--name", "a"][..], &["job", "prepare", "--name", "a"]] {
            launch(command, &options).with_code(2).complains_of(&[complaint]);
        }
    }
    let options = ["--prepare-argument=--target", "--prepare-argument=kwh", "--prepare-argument=--format=parquet"];
    launch(&["job", "prepare", "--name", "a"], &options).with_code(0);
}

#[test]
fn limits_of_single_options() {
    for (options, complaint) in [
        (&["--max-runtime", "3600", "--max-wait", "3599"][..], "--max-wait 3599: it includes the run and the wait"),
        (&["--max-runtime", "2419201"], "--max-runtime 2419201: the platform allows 2419200"),
        (&["--volume", "0"], "--volume 0: use at least 1"),
        (&["--max-wait", "4294967295"], "--max-wait 4294967295: the platform allows 2147483647"),
        (&["--instances", "4294967295"], "--instances 4294967295: the platform allows 2147483647"),
        (&["--set", "hotizon=7"], "did you mean horizon?"),
        (&["--set", "horizon"], "write a name and a value"),
        (
            &["--versions", "names", "--set", "version=v2"],
            "--set version: --versions names sets it from the run's name",
        ),
        (&["--role", "manyfit"], "cannot be used multiple times"),
    ] {
        launch(&["job", "fit", "--name", "a"], options).with_code(2).complains_of(&[complaint]);
    }
    let long = "a".repeat(60);
    launch(&["job", "fit", "--name", &long], &[]).with_code(2).complains_of(&["use 1 to 59 letters"]);
    launch(&["job", "prepare", "--name", "a"], &["--prepare-instances", "101"])
        .with_code(2)
        .complains_of(&["--prepare-instances 101: the platform allows 100"]);
    launch(&["job", "prepare", "--name", "a"], &["--max-runtime", "777601"])
        .with_code(2)
        .complains_of(&["--max-runtime 777601: the platform allows 777600"]);
    launch(&["pipeline", "--name", "a"], &["--cache", "7d"])
        .with_code(2)
        .complains_of(&["--cache \"7d\": use an ISO 8601"]);
}
