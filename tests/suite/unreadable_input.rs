//! Files of many customers of which a part cannot be read: that part fails, all others are trained, and the run says so.

use std::fs;

use super::support::{artifacts, daily, folder, manifest, statuses, train};

/// A table of so many customers, `name0` and so on.
fn bundle(name: &str, customers: u64) -> String {
    let rows = |number: u64| {
        let of = move |row: &str| format!("{name}{number},{row}\n");
        daily(25, number).lines().skip(1).map(of).collect::<Vec<_>>()
    };
    format!("customer,ds,y\n{}", (0..customers).flat_map(rows).collect::<String>())
}

#[test]
fn a_bad_row_of_a_bundle_is_that_rows_or_its_customers_failure() {
    let whole = bundle("a", 40);
    let with = |rows: &[u8]| [whole.as_bytes(), rows].concat();
    for (bytes, failed, reason) in [
        (with(b",2022-01-03,5\n"), "all.csv", "\"\" does not name a customer"),
        (with(b"NA,2022-01-03,5\n"), "", ""),
        (with(b"a7,2022-02-20,\"5\n"), "all.csv", "a quote is not closed"),
        (with(b"\"a7,2022-02-20,5"), "all.csv", "a quote is not closed"),
        (with(b"\xff\xfe,2022-01-03,5\n\xff\xfd,2022-01-03,5\n"), "\u{fffd}\u{fffd}", "is not UTF-8"),
        (with(b"a7,2022-02-20,x\n"), "a7", "is not a number"),
        (with(b"a7,2022-02-20\n"), "a7", "the row has 2 fields"),
        (with(b"x/y,2022-02-20,5\n"), "x/y", "is not safe in a file name"),
        (with(b"\n\n,,\n"), "", ""),
        (with("z".repeat(70_000).as_bytes()), "", "the row has 1 fields"),
    ] {
        let input = folder([("all.csv", bytes), ("more.csv", bundle("b", 10).into_bytes())]);
        let output = tempfile::tempdir().unwrap();
        let ended = train(input.path(), output.path(), &["model=mean", "max_failures=1"]).with_code(0);
        let [fitted, _, _, failures] = statuses(output.path());
        assert!(fitted >= 49 && failures <= 1, "{failed}: {}", ended.out);
        let rows = manifest(&output.path().join("manifest.jsonl"));
        assert_eq!(
            rows.values().filter(|row| row["status"] != "failed").count(),
            artifacts(&output.path().join("models")).len()
        );
        if !failed.is_empty() {
            assert!(rows[failed]["reason"].as_str().unwrap().contains(reason), "{}", rows[failed]);
            train(input.path(), output.path(), &["model=mean", "max_failures=0"]).with_code(3).complains_of(&[reason]);
        }
    }
}

#[test]
fn all_known_customers_of_a_file_that_cannot_be_read_count_as_failed() {
    let input = folder([("all.csv", bundle("a", 30)), ("more.csv", bundle("b", 30))]);
    let output = tempfile::tempdir().unwrap();
    let path = input.path().join("more.csv");
    train(input.path(), output.path(), &["model=mean", "horizon=1"]).with_code(0);
    let models = artifacts(&output.path().join("models"));
    let whole = fs::read(&path).unwrap();
    let torn_header =
        [b"customer,\"ds,y\n".as_slice(), &whole[whole.iter().position(|byte| *byte == b'\n').unwrap() + 1..]].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &whole).unwrap();
    let gzip = gzip.finish().unwrap();
    for bytes in [torn_header, Vec::new(), gzip[..gzip.len() / 2].to_vec(), b"\xff\xfec\0u\0".to_vec()] {
        fs::write(&path, bytes).unwrap();
        // Nobody's model is deleted because its file cannot be read.
        let settings = ["model=mean", "stale=delete"];
        let ended = train(input.path(), output.path(), &settings).with_code(3);
        ended.complains_of(&["31 of 61 customers failed, more than max_failures=10% allows"]);
        let rows = manifest(&output.path().join("manifest.jsonl"));
        assert_eq!(statuses(output.path()), [0, 30, 0, 31]);
        let reason = rows["b7"]["reason"].as_str().unwrap();
        assert!(reason.contains("may be in") && reason.contains("more.csv, which cannot be read"), "{reason}");
        train(input.path(), output.path(), &[&settings[..], &["max_failures=31"]].concat()).with_code(0);
        assert_eq!(artifacts(&output.path().join("models")), models);
    }
    // As their rows are there again, so are they.
    fs::write(&path, &whole).unwrap();
    train(input.path(), output.path(), &["model=mean"]).with_code(0);
    assert_eq!(statuses(output.path()), [0, 60, 0, 0]);
    // Customers of a file that is gone, and of one that can be read, are gone.
    fs::remove_file(&path).unwrap();
    train(input.path(), output.path(), &["model=mean", "stale=delete"]).with_code(0);
    assert_eq!(artifacts(&output.path().join("models")).len(), 30);
}

#[cfg(feature = "parquet")]
#[test]
fn rows_of_a_parquet_bundle_without_a_customer_are_nobodys() {
    use crate::parquet_files::{parquet, texts};
    use polars_arrow::array::{Float64Array, Utf8ViewArray};
    let names = (0..50).map(|row| (row % 5 != 4).then(|| format!("a{}", row % 5))).collect::<Vec<_>>();
    let dates = (0..50).map(|row| format!("2022-01-{:02}", 1 + row / 5)).collect::<Vec<_>>();
    let columns = [
        ("customer", Utf8ViewArray::from_slice(&names).boxed()),
        ("ds", texts(&dates)),
        ("y", Float64Array::from_vec((0..50).map(f64::from).collect()).boxed()),
    ];
    let input = folder([("all.parquet", parquet(&columns, 50))]);
    let output = tempfile::tempdir().unwrap();
    train(input.path(), output.path(), &["model=mean", "max_failures=1"]).with_code(0);
    assert_eq!(statuses(output.path()), [4, 0, 0, 1]);
    let rows = manifest(&output.path().join("manifest.jsonl"));
    assert!(rows["all.parquet"]["reason"].as_str().unwrap().contains("10 such rows are left out"), "{rows:?}");
}
