//! A bucket as a store, on a server that is slow, busy, broken or hostile.

use std::{io::Read, sync::mpsc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use manyfit::{
    error::Error,
    store::{Entry, S3Options, S3Store, Store},
};

use super::s3_server::{ACCESS_KEY, BUCKET, Fault, SECRET_KEY, Seen, Server};

fn client(server: &Server, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(Credentials::new(ACCESS_KEY, secret, None, None, "the test"))
        .region(Region::new("eu-central-1"))
        .endpoint_url(server.endpoint())
        .retry_config(RetryConfig::disabled())
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

pub(crate) fn store_with(server: &Server, prefix: &str, options: &S3Options) -> S3Store {
    S3Store::with_client(client(server, SECRET_KEY), BUCKET, prefix, options).unwrap()
}

/// The part of the server's bucket below a prefix.
pub(crate) fn store_at(server: &Server, prefix: &str) -> S3Store {
    store_with(server, prefix, &S3Options::default())
}

fn short() -> S3Options {
    S3Options { retry_for: Duration::from_millis(300), ..S3Options::default() }
}

fn read(store: &S3Store, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut buffer = Vec::new();
    store.read(key, &mut buffer).map(|found| found.then_some(buffer))
}

fn numbers(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

#[test]
fn faults_that_pass_are_outlasted_and_nothing_is_torn() {
    for fault in [Fault::SlowDown, Fault::Reset, Fault::Truncated, Fault::Corrupted, Fault::SlowBody] {
        // Whatever is asked fails twice; only objects have checksums.
        let concerns = move |seen: &Seen| fault != Fault::Corrupted || seen.operation == "GET";
        let plan = move |seen: &Seen| (seen.earlier < 2 && concerns(seen)).then_some(fault);
        let server = Server::with_faults(Duration::ZERO, plan);
        let store = store_at(&server, "in/");
        let bytes = numbers(100_000);
        store.publish("8.csv", &bytes).unwrap();
        assert!(read(&store, "8.csv").unwrap().as_deref() == Some(&bytes[..]), "{fault:?}");
        assert_eq!(store.list().unwrap(), [Entry { key: "8.csv".into(), size: 100_000 }], "{fault:?}");
        assert_eq!(read(&store, "9.csv").unwrap(), None, "{fault:?}");
        let repeated = server.requests("GET") > 2;
        assert_eq!(repeated, fault != Fault::SlowBody, "{fault:?}");
    }
}

#[test]
fn an_object_is_read_part_by_part_and_whole_or_not_at_all() {
    let plan = |seen: &Seen| {
        let faults = [Fault::Truncated, Fault::Reset, Fault::SlowDown];
        (seen.operation == "GET").then(|| faults.get(seen.earlier).copied()).flatten()
    };
    let server = Server::with_faults(Duration::ZERO, plan);
    let store = store_at(&server, "in/");
    let bytes = numbers(50_000_001);
    server.put("in/raw.csv", bytes.clone());
    server.put("in/empty.csv", Vec::new());
    let mut read = Vec::new();
    store.open("raw.csv").unwrap().unwrap().read_to_end(&mut read).unwrap();
    assert!(read == bytes, "{} bytes of {}", read.len(), bytes.len());
    assert!(server.requests("GET") > 6, "{} requests", server.requests("GET"));
    assert_eq!(store.open("empty.csv").unwrap().unwrap().read_to_end(&mut read).unwrap(), 0);
    assert!(store.open("absent.csv").unwrap().is_none());

    let mut replaced = store.open("raw.csv").unwrap().unwrap();
    replaced.read_exact(&mut [0; 1000]).unwrap();
    server.put("in/raw.csv", numbers(50_000_001));
    let error = replaced.read_to_end(&mut read).unwrap_err();
    assert!(error.to_string().contains("replaced while it was read"), "{error}");
}

#[test]
fn faults_that_stay_end_with_an_error_that_says_whose_they_are() {
    for (fault, code, words) in [
        (Fault::SlowDown, 4, &["stays busy", "SlowDown", "tried"][..]),
        (Fault::Reset, 4, &["check the network"]),
        (Fault::Truncated, 3, &["incomplete or corrupted"]),
        (Fault::Corrupted, 3, &["incomplete or corrupted"]),
        (Fault::Denied, 3, &["access denied", "AccessDenied"]),
        (Fault::Expired, 4, &["renew them", "ExpiredToken"]),
    ] {
        let plan = move |seen: &Seen| (seen.key.ends_with("bad.csv") && seen.operation == "GET").then_some(fault);
        let server = Server::with_faults(Duration::ZERO, plan);
        let store = store_with(&server, "in/", &short());
        store.publish("bad.csv", &numbers(1000)).unwrap();
        store.publish("good.csv", b"good").unwrap();
        let error = read(&store, "bad.csv").unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains("s3://fleet/in/bad.csv"), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
        }
        assert_eq!(read(&store, "good.csv").unwrap().as_deref(), Some(&b"good"[..]));
    }
}

#[test]
fn what_no_later_attempt_changes_is_said_at_once() {
    for (fault, words) in [
        (Fault::Unsupported, &["AWS_REQUEST_CHECKSUM_CALCULATION=when_required", "501 NotImplemented"][..]),
        (Fault::Full, &["no room is left", "403 QuotaExceeded"]),
    ] {
        let server = Server::with_faults(Duration::ZERO, move |seen: &Seen| (seen.operation == "PUT").then_some(fault));
        let error = store_at(&server, "out/").publish("8.csv", b"8").unwrap_err();
        assert_eq!((error.code(), server.requests("PUT")), (4, 1), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
        }
        assert!(!error.to_string().contains("s3:ListBucket"), "{error}");
    }
}

#[test]
fn wrong_credentials_and_buckets_are_faults_of_the_place() {
    let server = Server::start();
    let options = short();
    let wrong = S3Store::with_client(client(&server, "another-secret"), BUCKET, "", &options).unwrap();
    let missing = S3Store::with_client(client(&server, SECRET_KEY), "no-such-bucket", "", &options).unwrap();
    for (store, words) in [(wrong, "renew them"), (missing, "no such bucket")] {
        for error in [store.list().unwrap_err(), store.publish("x", b"x").unwrap_err()] {
            assert_eq!(error.code(), 4, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    // Nobody listens there any more.
    let gone = store_with(&server, "", &options);
    drop(server);
    let error = gone.list().unwrap_err();
    assert!(error.code() == 4 && error.to_string().contains("check the network"), "{error}");
}

#[test]
fn pages_of_a_list_make_one_list() {
    let server = Server::start();
    for i in 0..2_500 {
        server.put(&format!("in/{i:04}.csv"), format!("{i}"));
    }
    for (hidden, bytes) in [("in/", ""), ("in/sub/", ""), ("in/_SUCCESS", ""), ("in/.x/y", "1"), ("in-2/9.csv", "2")] {
        server.put(hidden, bytes);
    }
    let store = store_at(&server, "in/");
    let entries = store.list().unwrap();
    assert_eq!(entries.len(), 2_500);
    assert_eq!(entries[2_499], Entry { key: "2499.csv".into(), size: 4 });
    assert_eq!(server.requests("LIST"), 3);
    assert_eq!(store.survey().unwrap().unwrap().len(), 2_500);
    server.put("in/a//b.csv", "1");
    server.put("in//c.csv", "22");
    // Other programs write such keys: they are objects like others.
    let entries = store.list().unwrap();
    let mut bytes = Vec::new();
    for (key, size) in [("/c.csv", 2), ("a//b.csv", 1)] {
        assert!(entries.contains(&Entry { key: key.into(), size }), "{key}");
        assert!(store.read(key, &mut bytes).unwrap(), "{key}");
        assert_eq!(bytes.len() as u64, size);
        assert!(store.publish(key, b"x").unwrap_err().to_string().contains("empty part"));
    }
}

#[test]
fn a_large_object_travels_in_parts_and_leaves_none_behind_when_it_fails() {
    let bytes = numbers((16 << 20) * 2 + 12_345);
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("forecasts.csv");
    std::fs::write(&file, &bytes).unwrap();
    let options =
        S3Options { kms_key: Some("a-key".into()), storage_class: Some("STANDARD_IA".into()), ..S3Options::default() };

    // Each kind of request is repeated once.
    let server = Server::with_faults(Duration::ZERO, |seen| (seen.earlier == 0).then_some(Fault::SlowDown));
    let store = store_with(&server, "out/", &options);
    store.publish_file("forecasts.csv", &file).unwrap();
    store.publish("small", b"x").unwrap();
    let objects = server.objects();
    let stored = &objects["out/forecasts.csv"];
    assert!(stored.bytes == bytes);
    assert_eq!(stored.parts, 3);
    for stored in objects.values() {
        assert_eq!(stored.kms_key.as_deref(), Some("a-key"));
        assert_eq!(stored.storage_class.as_deref(), Some("STANDARD_IA"));
    }
    assert!(read(&store, "forecasts.csv").unwrap().as_deref() == Some(&bytes[..]));
    assert_eq!(server.unfinished_uploads(), 0);

    let server = Server::with_faults(Duration::ZERO, |seen| (seen.operation == "PUT").then_some(Fault::Denied));
    let error = store_with(&server, "out/", &options).publish("large", &bytes).unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    assert!(server.objects().is_empty());
    assert_eq!(server.unfinished_uploads(), 0);
}

#[test]
fn an_upload_whose_answer_is_lost_is_not_an_upload_that_failed() {
    let bytes = numbers((16 << 20) + 1);
    // Of the end of the upload, the first of its parts and the small object.
    let server = Server::with_faults(Duration::ZERO, |seen| {
        let ends = seen.operation == "POST" && seen.earlier == 1;
        (ends || (seen.operation == "PUT" && seen.earlier == 0)).then_some(Fault::LostAnswer)
    });
    let store = store_with(&server, "out/", &S3Options::default());
    store.publish("large", &bytes).unwrap();
    store.publish("small", b"x").unwrap();
    let objects = server.objects();
    assert!(objects["out/large"].bytes == bytes && *objects["out/small"].bytes == *b"x");

    // Somebody else's removal of an upload is no such loss, even where an older object stands.
    let server = Server::with_faults(Duration::ZERO, |seen| {
        (seen.operation == "POST" && seen.earlier == 1).then_some(Fault::GoneUpload)
    });
    server.put("out/large", bytes.clone());
    let error = store_with(&server, "out/", &S3Options::default()).publish("large", &bytes).unwrap_err();
    assert!(error.to_string().contains("NoSuchUpload"), "{error}");
}

#[test]
fn what_is_replaced_is_not_read_as_it_was_before() {
    let server = Server::with_faults(Duration::from_millis(5), |_| None);
    let entries: Vec<Entry> = (0..20).map(|i| Entry { key: format!("{i:02}"), size: 1 }).collect();
    for Entry { key, .. } in &entries {
        server.put(key, "1");
    }
    // Too little room for all: some are here, some on their way, some not begun.
    let store = store_with(&server, "", &S3Options { memory: 10, ..S3Options::default() });
    store.read_ahead(entries.clone());
    while server.requests("GET") < 8 {
        std::thread::yield_now();
    }
    for Entry { key, .. } in &entries {
        store.publish(key, b"2").unwrap();
    }
    for Entry { key, .. } in &entries {
        assert_eq!(read(&store, key).unwrap().as_deref(), Some(&b"2"[..]), "{key}");
    }
}

#[test]
fn what_is_announced_is_fetched_ahead_once_and_within_its_memory() {
    let server = Server::with_faults(Duration::from_millis(20), |_| None);
    let keys: Vec<String> = (0..200).map(|i| format!("{i:03}.csv")).collect();
    for key in &keys {
        server.put(&format!("in/{key}"), numbers(1000));
    }
    server.put("in/giant.csv", numbers(50_000));
    let entry = |key: &str, size| Entry { key: key.into(), size };
    let mut upcoming: Vec<Entry> = keys.iter().map(|key| entry(key, 1000)).collect();
    upcoming.insert(100, entry("giant.csv", 50_000));
    upcoming.insert(150, entry("absent.csv", 10));
    let store = store_with(&server, "in/", &S3Options { memory: 20_000, ..S3Options::default() });
    store.read_ahead(upcoming.clone());
    for Entry { key, size } in &upcoming {
        let found = read(&store, key).unwrap();
        assert_eq!(found.map(|bytes| bytes.len() as u64), (key != "absent.csv").then_some(*size), "{key}");
    }
    assert_eq!(server.requests("GET"), upcoming.len(), "each once");
    let most = server.most_under_way();
    assert!((2..=21).contains(&most), "{most} at once, of 1,000 bytes each in 20,000, and one that was asked for");

    // In another order than announced, and what is never asked for, keeps nobody waiting.
    let store = store_with(&server, "in/", &S3Options { memory: 5_000, ..S3Options::default() });
    store.read_ahead(upcoming.clone());
    for Entry { key, .. } in upcoming.iter().rev().step_by(7) {
        read(&store, key).unwrap();
    }
    store.read_ahead(Vec::new());
    assert_eq!(read(&store, "000.csv").unwrap().unwrap().len(), 1000);
}

#[test]
fn uploads_go_on_behind_their_sender_and_each_is_answered_for() {
    let plan = |seen: &Seen| match (seen.operation.as_str(), seen.key.as_str()) {
        ("PUT", "out/007") => Some(Fault::Denied),
        ("PUT", _) if seen.earlier == 0 && seen.number.is_multiple_of(5) => Some(Fault::Reset),
        _ => None,
    };
    let server = Server::with_faults(Duration::from_millis(20), plan);
    let store = store_at(&server, "out/");
    let (sender, answers) = mpsc::channel();
    for i in 0..100 {
        let key = format!("{i:03}");
        let sender = sender.clone();
        store.publish_behind(&key.clone(), key.clone().into_bytes(), {
            Box::new(move |result| sender.send((key, result)).unwrap())
        });
    }
    drop(sender);
    let mut answers: Vec<_> = answers.iter().collect();
    assert!(server.most_under_way() > 10, "only {} at once", server.most_under_way());
    answers.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(answers.len(), 100);
    let standing = store.survey().unwrap().unwrap();
    for (key, result) in answers {
        match result {
            Ok(stamp) => assert_eq!(stamp.as_ref(), standing.get(&key), "{key}"),
            Err(error) => assert!(key == "007" && error.to_string().contains("access denied"), "{key}: {error}"),
        }
    }
    assert_eq!(standing.len(), 99);
}
