//! `manyfit predict` and `manyfit serve` over a bucket: the same as over a folder, and what only a bucket can do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use manyfit::{
    serve::{LogLevel, Models, Rules, Settings},
    store::S3Options,
};
use tempfile::TempDir;

use super::{
    s3_server::{Fault, Server as Bucket},
    s3_store::store_with,
    server::Server,
    support::{Ended, artifacts, fleet, manyfit, train},
};

/// A fleet that was trained into a folder.
fn trained(customers: u64, settings: &[&str]) -> TempDir {
    let (input, output) = (fleet(customers, 60), tempfile::tempdir().unwrap());
    train(input.path(), output.path(), settings).with_code(0);
    output
}

/// Puts the artifacts of a folder into the bucket.
fn upload(bucket: &Bucket, output: &TempDir, prefix: &str) {
    for (name, bytes) in artifacts(&output.path().join("models")) {
        bucket.put(&format!("{prefix}{name}"), bytes);
    }
}

fn predict(bucket: &Bucket, arguments: &[&str]) -> Ended {
    manyfit().arg("predict").args(arguments).envs(bucket.environment()).output().unwrap().into()
}

fn serve(bucket: &Bucket, place: &str, variables: &[(&str, &str)]) -> Server {
    let environment = bucket.environment();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(&["--models", place], &[&environment[..], variables].concat())
}

#[test]
fn models_of_a_bucket_are_asked_as_those_of_a_folder() {
    let output = trained(12, &[]);
    let models = output.path().join("models");
    let local: Ended =
        manyfit().arg("predict").arg(&models).args(["--horizon=3", "--components"]).output().unwrap().into();
    let bucket = Bucket::with_faults(Duration::from_millis(5), |_| None);
    upload(&bucket, &output, "run/models/");
    bucket.put("run/manifest.jsonl", "");

    let whole = predict(&bucket, &["s3://fleet/run", "--horizon=3", "--components"]).with_code(0);
    assert_eq!(whole.out, local.out);
    assert_eq!(bucket.requests("GET"), 2 * 12, "once for the columns' names and once for the rows");

    let one = predict(&bucket, &["s3://fleet/run/models/customer-007.tar.gz", "--horizon=3"]).with_code(0);
    assert!(one.out.lines().skip(1).all(|line| line.starts_with("customer-007,")), "{}", one.out);
    assert_eq!(one.out.lines().count(), 1 + 3);

    let table = ["s3://fleet/run/models", "--horizon=3", "--components", "--output=s3://fleet/tables/t.csv"];
    let ended = predict(&bucket, &table).with_code(0);
    assert!(ended.err.contains("wrote s3://fleet/tables/t.csv"), "{}", ended.err);
    assert_eq!(bucket.objects()["tables/t.csv"].bytes, local.out);

    for nothing in ["s3://fleet/elsewhere", "s3://fleet/run/models/customer-999.tar.gz"] {
        predict(&bucket, &[nothing, "--horizon=3"]).with_code(3).complains_of(&[nothing, "no model found"]);
    }
}

#[test]
fn tables_of_a_bucket_say_what_those_of_a_folder_say() {
    let output = trained(3, &[]);
    let models = output.path().join("models");
    let date = |customer: &str, days: &[u32]| {
        days.iter().fold(format!("{customer}ds\n"), |text, day| {
            let customer = if customer.is_empty() { "" } else { "customer-001," };
            text + &format!("{customer}2022-04-{day:02}\n")
        })
    };
    let tables = [
        ("all.csv", date("", &[5, 6])),
        ("some.csv", date("customer,", &[7])),
        ("each/customer-000.csv", date("", &[8, 9])),
        ("each/customer-002.csv", date("", &[10])),
        ("each/_SUCCESS", String::new()),
    ];
    let bucket = Bucket::start();
    let folder = super::support::folder(tables.clone());
    for (name, text) in tables {
        bucket.put(&format!("next/{name}"), text);
    }
    let ask = |place: &str| {
        let tolerated = ["--future", place, "--max-failures=3"];
        predict(&bucket, &[&[models.to_str().unwrap()], &tolerated[..]].concat()).with_code(0)
    };
    for (table, rows) in [("all.csv", 3 * 2), ("some.csv", 1), ("each", 3)] {
        let (local, distant) =
            (ask(folder.path().join(table).to_str().unwrap()), ask(&format!("s3://fleet/next/{table}")));
        assert_eq!(distant.out, local.out, "{table}");
        assert_eq!(distant.out.lines().count(), 1 + rows, "{table}");
    }
    let models = models.to_str().unwrap();
    for (table, complaint) in
        [("next/none.csv", "there is no such table"), ("nowhere", "there is no CSV or Parquet file")]
    {
        let place = format!("s3://fleet/{table}");
        predict(&bucket, &[models, "--future", &place]).with_code(2).complains_of(&[&place, complaint]);
    }
    let rows = predict(&bucket, &[models, "--input", "s3://fleet/next/some.csv", "--max-failures=3"]);
    rows.with_code(0).complains_of(&["customer-001", "--horizon or --future"]);
}

#[test]
fn an_object_that_is_denied_is_its_customers_failure_and_expired_credentials_end_a_prediction() {
    let output = trained(12, &[]);
    let bucket = Bucket::with_faults(Duration::ZERO, |seen| match seen.key.as_str() {
        "in/customer-003.tar.gz" if seen.operation == "GET" => Some(Fault::Denied),
        "late/customer-003.tar.gz" => Some(Fault::Expired),
        _ => None,
    });
    upload(&bucket, &output, "in/");
    upload(&bucket, &output, "late/");
    let ended = predict(&bucket, &["s3://fleet/in", "--horizon=2"]).with_code(0);
    assert!(ended.err.contains("s3://fleet/in/customer-003.tar.gz") && ended.err.contains("access denied"));
    assert_eq!(ended.out.lines().count(), 1 + 11 * 2);
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("t.csv");
    let arguments = ["s3://fleet/late", "--horizon=2", "--output", table.to_str().unwrap()];
    predict(&bucket, &arguments).with_code(4).complains_of(&["renew them", "ExpiredToken"]);
    assert!(!table.exists(), "a part of the table is no table");
}

#[test]
fn an_endpoint_over_a_bucket_answers_as_over_a_folder() {
    let output = trained(6, &[]);
    let bucket = Bucket::start();
    upload(&bucket, &output, "run/models/");
    let models = output.path().join("models");
    let folder = Server::start(&["--models", models.to_str().unwrap()], &[]);
    let server = serve(&bucket, "s3://fleet/run/models", &[]);
    for name in ["customer-001.tar.gz", "customer-004.tar.gz", "customer-001.tar.gz"] {
        let path = format!("/models/{name}/invoke");
        let (expected, answer) = (folder.post(&path, r#"{"horizon": 5}"#), server.post(&path, r#"{"horizon": 5}"#));
        assert_eq!(answer.with(200).body, expected.with(200).body, "{name}");
    }
    // The look for a model that is not there, when the server began, and one for each model.
    assert_eq!(bucket.requests("GET"), 1 + 2, "a model in memory is not fetched again");
    assert_eq!(
        server.get("/models").with(200).json()["models"][0]["modelUrl"],
        "s3://fleet/run/models/customer-000.tar.gz",
        "all that the bucket offers"
    );
    for absent in ["customer-999.tar.gz", "_hidden.tar.gz", "..%2Fmanifest.jsonl", "a%2F%2Fb"] {
        let answer = server.post(&format!("/models/{absent}/invoke"), r#"{"horizon": 5}"#);
        answer.fault(404, "ModelNotFoundException", "");
    }
}

#[test]
fn models_of_a_bucket_share_the_memory_as_those_of_a_folder_do() {
    let output = trained(40, &[]);
    let bucket = Bucket::start();
    upload(&bucket, &output, "");
    let server = serve(&bucket, "s3://fleet", &[("MANYFIT_MEMORY", "220K")]);
    for _ in 0..2 {
        for number in 0..40 {
            let path = format!("/models/customer-{number:03}.tar.gz/invoke");
            server.post(&path, r#"{"horizon": 1}"#).with(200);
        }
        assert!(server.metric("manyfit_model_memory_bytes") <= f64::from(220 << 10));
    }
    assert!(server.metric("manyfit_evictions_total") >= 40.0, "{}", server.get("/metrics").body);
    let giant = serve(&bucket, "s3://fleet", &[("MANYFIT_MEMORY", "100K")]);
    let answer = giant.post("/models/customer-000.tar.gz/invoke", r#"{"horizon": 1}"#).with(507);
    assert!(answer.body.contains("raise --memory"), "{answer:?}");
}

#[test]
fn a_replaced_object_is_noticed_and_a_bucket_out_of_reach_keeps_nobody_from_an_answer() {
    let (before, after) = (trained(1, &[]), trained(1, &["growth=flat"]));
    let broken = Arc::new(AtomicBool::new(false));
    let is_broken = Arc::clone(&broken);
    let bucket =
        Bucket::with_faults(Duration::ZERO, move |_| is_broken.load(Ordering::Relaxed).then_some(Fault::SlowDown));
    upload(&bucket, &before, "");
    let options = S3Options { retry_for: Duration::from_millis(100), ..S3Options::default() };
    let models = Models::Bucket(Arc::new(store_with(&bucket, "", &options)));
    assert_eq!(models.check_every(), Duration::from_secs(10), "a check costs money");
    let check_every = Duration::from_millis(100);
    let server = Server::in_this_process(Settings {
        models,
        check_every,
        memory: 1 << 30,
        max_request: 1 << 20,
        bodies: 1 << 20,
        jobs: 2,
        queue: 100,
        timeout: Duration::from_secs(10),
        connections: 10,
        rules: Rules::default(),
        capture: None,
        log_level: LogLevel::Errors,
    });
    let name = bucket.objects().keys().next().unwrap().clone();
    let ask = || server.post(&format!("/models/{name}/invoke"), r#"{"horizon": 3}"#).with(200).body;
    let first = ask();
    upload(&bucket, &after, "");
    let begun = Instant::now();
    let second = loop {
        let answer = ask();
        if answer != first {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the new model is not noticed");
        thread::sleep(check_every / 4);
    };
    let expected = Server::start(&["--models", after.path().join("models").to_str().unwrap()], &[]);
    assert_eq!(expected.post(&format!("/models/{name}/invoke"), r#"{"horizon": 3}"#).with(200).body, second);

    broken.store(true, Ordering::Relaxed);
    thread::sleep(2 * check_every);
    assert_eq!(ask(), second, "what is in memory answers");
    server.post("/models/another.tar.gz/invoke", r#"{"horizon": 3}"#).fault(
        500,
        "InternalServerException",
        "stays busy",
    );
}

#[test]
fn a_bucket_that_cannot_be_used_is_known_before_the_first_request() {
    let bucket = Bucket::with_faults(Duration::ZERO, |seen| seen.key.starts_with("secret").then_some(Fault::Denied));
    let start = |place: &str| -> Ended {
        let mut command = manyfit();
        command.args(["serve", "--listen", "127.0.0.1:0", "--models", place]).envs(bucket.environment());
        command.output().unwrap().into()
    };
    start("s3://another").with_code(4).complains_of(&["no such bucket"]);
    start("s3://fleet/secret").with_code(3).complains_of(&["access denied", "s3:ListBucket"]);
}
