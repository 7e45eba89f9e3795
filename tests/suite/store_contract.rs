//! What every [`Store`] promises, written once and run on each implementation.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

#[cfg(feature = "s3")]
use super::{s3_server::Server, s3_store::store_at};
use manyfit::store::{Durability, Entry, LocalStore, MemoryStore, Store};

#[test]
fn a_directory_keeps_the_contract() {
    for durability in [Durability::ProcessDeath, Durability::PowerLoss] {
        holds(&|root| Box::new(LocalStore::new(root, durability)), 20);
    }
}

#[test]
fn memory_keeps_the_contract() {
    holds(&|_| Box::new(MemoryStore::default()), 20);
}

#[cfg(feature = "s3")]
#[test]
fn a_bucket_keeps_the_contract() {
    let server = Server::start();
    let make = |root: PathBuf| -> Box<dyn Store> {
        let prefix = format!("{}/", root.display()).trim_start_matches('/').to_owned();
        Box::new(store_at(&server, &prefix))
    };
    // Requests take far longer than files.
    holds(&make, 3);
}

/// Runs every clause on a store of its own, made by `make` at an absent place; `rounds` is how long writers contend.
fn holds(make: &dyn Fn(PathBuf) -> Box<dyn Store>, rounds: usize) {
    let clauses: [fn(&dyn Store); 7] = [
        an_absent_place_is_empty,
        what_is_published_is_listed_and_read,
        the_list_is_sorted_by_key,
        odd_names_are_names,
        publish_replaces,
        keys_stay_inside,
        removed_objects_are_gone,
    ];
    let contended: [fn(&dyn Store, usize); 2] =
        [writers_of_one_key_leave_one_whole_object, readers_see_whole_objects_while_they_are_replaced];
    for clause in clauses {
        let place = tempfile::tempdir().unwrap();
        clause(&*make(place.path().join("store")));
    }
    for clause in contended {
        let place = tempfile::tempdir().unwrap();
        clause(&*make(place.path().join("store")), rounds);
    }
}

fn read(store: &dyn Store, key: &str) -> Option<Vec<u8>> {
    let mut buffer = b"left over from the last object".to_vec();
    let found = store.read(key, &mut buffer).unwrap();
    assert!(found || buffer.is_empty(), "{key}: absent, but the buffer is not empty");
    found.then_some(buffer)
}

fn an_absent_place_is_empty(store: &dyn Store) {
    assert_eq!(store.list().unwrap(), []);
    assert_eq!(read(store, "nothing"), None);
    assert_eq!(read(store, "no/thing"), None);
    assert_eq!(store.list().unwrap(), [], "reading creates nothing");
}

fn what_is_published_is_listed_and_read(store: &dyn Store) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let objects: [(&str, &[u8]); 3] = [("empty", b""), ("large", &large), ("small", b"one line\n")];
    for (key, bytes) in objects {
        store.publish(key, bytes).unwrap();
    }
    let entry = |(key, bytes): &(&str, &[u8])| Entry { key: (*key).into(), size: bytes.len() as u64 };
    assert_eq!(store.list().unwrap(), objects.iter().map(entry).collect::<Vec<_>>());
    for (key, bytes) in objects {
        assert!(read(store, key).as_deref() == Some(bytes), "{key}");
        assert!(store.describe(key).ends_with(key), "{}", store.describe(key));
    }
    assert_eq!(read(store, "absent"), None);
    assert_eq!(read(store, "small/inside"), None, "an object has no inside");
}

fn the_list_is_sorted_by_key(store: &dyn Store) {
    // In the order of their bytes; a walk from directory to directory would put `a/b` before `a-b`.
    let sorted = ["B", "a", "a!/z", "a-b", "a.b", "b/1", "b/10", "b/2", "b/a/c", "é"];
    for key in sorted.iter().rev().filter(|key| **key != "a") {
        store.publish(key, b"x").unwrap();
    }
    store.publish("a", b"x").unwrap();
    let keys: Vec<String> = store.list().unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, sorted);
}

fn odd_names_are_names(store: &dyn Store) {
    let long = format!("{}.tar.gz", "n".repeat(200));
    let mut names = vec![
        "a b.csv",
        "a=b&c",
        "100%",
        "x%2Fy",
        "plus+",
        "#1",
        "it's",
        "say \"hi\"",
        "~home",
        "-rf",
        "$HOME",
        "日本/東京",
        "é",
        "a..b",
        "tar.gz",
        "x.sagemaker",
        "CON",
        &long,
    ];
    for name in &names {
        store.publish(name, name.as_bytes()).unwrap();
    }
    names.sort_unstable();
    let keys: Vec<String> = store.list().unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, names);
    for name in names {
        assert_eq!(read(store, name).as_deref(), Some(name.as_bytes()), "{name}");
    }
}

fn publish_replaces(store: &dyn Store) {
    for bytes in [&b"a long first version"[..], b"short", b"", b"longer again"] {
        store.publish("sub/key", bytes).unwrap();
        assert_eq!(read(store, "sub/key").as_deref(), Some(bytes));
        assert_eq!(store.list().unwrap(), [Entry { key: "sub/key".into(), size: bytes.len() as u64 }]);
    }
}

fn removed_objects_are_gone(store: &dyn Store) {
    for key in ["kept", "sub/removed"] {
        store.publish(key, b"1").unwrap();
    }
    for _ in 0..2 {
        store.remove("sub/removed").unwrap();
        assert_eq!(read(store, "sub/removed"), None);
    }
    assert!(store.remove("../kept").is_err());
    assert_eq!(read(store, "kept").as_deref(), Some(&b"1"[..]));
}

fn keys_stay_inside(store: &dyn Store) {
    let refused = [
        "",
        "/",
        "/tmp/x",
        "..",
        "../x",
        "a/../../x",
        "./a",
        "a//b",
        "a/",
        ".hidden",
        "_SUCCESS",
        "a/_b",
        "x.sagemaker-ignore",
        "x.sagemaker-uploading",
        "x.sagemaker-uploaded",
    ];
    for key in refused {
        assert!(store.publish(key, b"x").is_err(), "published {key:?}");
        assert!(!matches!(store.read(key, &mut Vec::new()), Ok(true)), "read {key:?}");
    }
    assert_eq!(store.list().unwrap(), []);
}

/// Bytes that tell whether they are whole: a length, and one byte repeated as often.
fn version(writer: u8) -> Vec<u8> {
    let length = 20_000 + 3_000 * u32::from(writer);
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.resize(4 + length as usize, writer);
    bytes
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|writer| version(*writer) == bytes)
}

fn writers_of_one_key_leave_one_whole_object(store: &dyn Store, rounds: usize) {
    thread::scope(|scope| {
        for writer in 0..8 {
            scope.spawn(move || {
                let bytes = version(writer);
                for round in 0..rounds {
                    store.publish("contested/key", &bytes).unwrap();
                    store.publish(&format!("own/{writer}-{round}"), &bytes).unwrap();
                }
            });
        }
    });
    assert!(is_whole(&read(store, "contested/key").unwrap()));
    let entries = store.list().unwrap();
    assert_eq!(entries.len(), 1 + 8 * rounds, "and nothing else");
    for entry in &entries {
        assert!(is_whole(&read(store, &entry.key).unwrap()), "{}", entry.key);
    }
}

fn readers_see_whole_objects_while_they_are_replaced(store: &dyn Store, rounds: usize) {
    store.publish("key", &version(0)).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut buffer = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    assert!(store.read("key", &mut buffer).unwrap(), "a replaced object is never absent");
                    assert!(is_whole(&buffer), "a torn object of {} bytes", buffer.len());
                    let [entry] = &store.list().unwrap()[..] else { panic!("an unfinished write was listed") };
                    assert_eq!((entry.size - 20_004) % 3_000, 0, "a torn size");
                }
            });
        }
        let published = (0..15 * rounds).try_for_each(|round| store.publish("key", &version((round % 7) as u8)));
        // Before any panic: the scope waits for the readers.
        done.store(true, Ordering::Relaxed);
        published.unwrap();
    });
}
