//! The report: when it is written, and what is in it. `tests/browser` opens it.

use std::{fs, io::Read, path::Path};

use flate2::read::GzDecoder;
use serde_json::Value;

use super::support::{Ended, daily, fleet, folder, manyfit, train};

/// The text of a block of data.
fn block(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("<script type=\"text/plain\" id=\"{id}\">")).expect(id);
    let (text, _) = rest.split_once("</script>").unwrap();
    let mut unpacked = String::new();
    GzDecoder::new(&base64(text)[..]).read_to_string(&mut unpacked).unwrap();
    unpacked
}

fn base64(text: &str) -> Vec<u8> {
    let value = |digit: u8| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no digit of base64"),
    };
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let word = group.iter().fold(0_u32, |word, digit| word << 6 | u32::from(value(*digit)));
        let word = word << (6 * (4 - group.len()));
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    bytes
}

fn page(out: &Path) -> String {
    fs::read_to_string(out.join("report.html")).unwrap()
}

fn overview(page: &str) -> Value {
    serde_json::from_str(&block(page, "overview")).unwrap()
}

fn report(out: &Path) -> Ended {
    manyfit().arg("report").arg(out).output().unwrap().into()
}

#[test]
fn a_run_writes_its_report_and_the_command_writes_the_same() {
    let (input, out) = (fleet(5, 90), tempfile::tempdir().unwrap());
    let ended = train(input.path(), out.path(), &["model=theta", "horizon=3", "backtest=2"]).with_code(0);
    assert!(ended.out.lines().last().unwrap().ends_with("report.html"));
    let written = page(out.path());
    let overview = overview(&written);
    assert_eq!((&overview["summary"]["fitted"], &overview["shown"]), (&5.into(), &5.into()));
    assert_eq!(overview["calibration"]["rows"], serde_json::json!([10, 10, 10]));
    let series = block(&written, "series");
    for table in ["outcome", "history", "forecasts", "backtest"] {
        assert_eq!(series.lines().filter(|line| line.starts_with(&format!("[\"{table}\""))).count(), 5, "{table}");
    }
    fs::remove_file(out.path().join("report.html")).unwrap();
    assert!(report(out.path()).with_code(0).out.starts_with("wrote "));
    assert_eq!(page(out.path()), written);
}

#[test]
fn without_a_report_there_is_neither_a_page_nor_a_history_and_not_an_older_one() {
    let (input, out) = (fleet(2, 60), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["model=drift"]).with_code(0);
    let is_there = |name: &str| out.path().join(name).exists();
    assert!(is_there("report.html") && is_there("history.csv"));
    train(input.path(), out.path(), &["model=drift", "report=false"]).with_code(0);
    assert!(!is_there("report.html") && !is_there("history.csv"), "they would be of another run");
    report(out.path()).with_code(0);
    assert_eq!(overview(&page(out.path()))["has_history"], false);
}

#[test]
fn the_report_of_merged_shards_is_that_of_one_run_but_for_times() {
    let (input, whole, parts) = (fleet(9, 90), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = ["model=theta", "horizon=3", "backtest=2"];
    train(input.path(), whole.path(), &settings).with_code(0);
    let shards = parts.path().join("shards");
    for shard in ["--shard=0/2", "--shard=1/2"] {
        train(input.path(), &shards, &[&settings[..], &[shard]].concat()).with_code(0);
    }
    assert!(shards.join("report-0-of-2.html").exists() && shards.join("history-1-of-2.csv").exists());
    report(&shards).with_code(2).complains_of(&["manifest.jsonl", "shards are merged first"]);
    let merged = parts.path().join("merged");
    let merge = |set: &[&str]| -> Ended {
        let mut command = manyfit();
        command.arg("merge").arg("--input").arg(&shards).arg("--output").arg(&merged).args(set).output().unwrap().into()
    };
    merge(&["--set", "report=false"]).with_code(0);
    assert!(!merged.join("report.html").exists());
    merge(&[]).with_code(0);
    let [one, other] = [whole.path(), &merged].map(|out| overview(&page(out)));
    for part in ["distributions", "calibration", "worst", "best", "models", "causes", "shown", "has_history"] {
        assert_eq!(one[part], other[part], "{part}");
    }
    assert_eq!(one["summary"]["backtest"], other["summary"]["backtest"]);
    assert_eq!(one["summary"]["interval_width"], other["summary"]["interval_width"]);
    let history = |out: &Path| fs::read(out.join("history.csv")).unwrap();
    assert_eq!(history(whole.path()), history(&merged));
}

#[test]
fn an_interrupted_publication_leaves_no_page_of_other_results() {
    let (input, out) = (fleet(2, 60), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["model=drift"]).with_code(0);
    // The page cannot be written, but all else can.
    let page = out.path().join("report.html");
    fs::remove_file(&page).unwrap();
    fs::create_dir_all(page.join("in the way")).unwrap();
    train(input.path(), out.path(), &["model=theta"]).with_code(4).complains_of(&["report.html"]);
}

#[test]
fn names_from_cells_do_not_end_the_page_s_data() {
    let rows = daily(60, 1);
    let rows =
        rows.lines().skip(1).flat_map(|row| ["</script><b>", "ok", "\u{202e}x"].map(|name| format!("{name},{row}\n")));
    let table = format!("customer,ds,y\n{}", rows.collect::<String>());
    let (input, out) = (folder([("all.csv", table)]), tempfile::tempdir().unwrap());
    train(input.path(), out.path(), &["model=drift", "max_failures=3"]).with_code(0);
    let page = page(out.path());
    assert_eq!(page.matches("</script>").count(), 4, "three blocks of data and the script");
    assert!(!page.contains("<b>"));
    assert!(block(&page, "customers").contains("</script><b>"));
}

#[test]
fn what_is_no_run_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    report(empty.path()).with_code(2).complains_of(&["manifest.jsonl", "manyfit train or merge wrote"]);
    report(&empty.path().join("absent")).with_code(2).complains_of(&["there is no such folder"]);
    let strange = folder([("manifest.jsonl", "{\"customer\":1}\n")]);
    report(strange.path()).with_code(3).complains_of(&["line 1", "not a row of a manifest"]);
    let strange = folder([("manifest.jsonl", ""), ("backtest.csv", "customer,ds\n")]);
    report(strange.path()).with_code(3).complains_of(&["backtest.csv", "no column \"y\""]);
}
