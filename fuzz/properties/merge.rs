//! Results of runs: manifests and summaries of shards, merged.

use std::fs;

use manyfit::{merge::merge, results::Outcome, settings::MaxFailures};

use super::{checked, side_tables::folder};

/// A manifest, a summary and a table of forecasts of one shard, with a zero byte between them, beside those of another.
pub(super) fn results(input: &[u8]) {
    let base = folder().join("results");
    let output = base.join("merged");
    for (shard, text) in [(0, input), (1, &b"{\"customer\":\"b\",\"status\":\"failed\",\"rows\":0,\"missing\":0,\"ms\":{\"read\":0,\"compare\":0,\"fit\":0,\"pack\":0,\"publish\":0,\"forecast\":0}}\n"[..])] {
        let mut parts = text.split(|byte| *byte == 0);
        for (name, extension) in [("manifest", "jsonl"), ("summary", "json"), ("forecasts", "csv")] {
            let path = base.join(format!("shard-{shard}/{name}-{shard}-of-2.{extension}"));
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a temporary folder is made");
            match parts.next() {
                Some(text) => fs::write(&path, text).expect("a temporary file is written"),
                None => _ = fs::remove_file(&path),
            }
        }
    }
    let folders = [base.join("shard-0"), base.join("shard-1")];
    if let Some(merged) = checked(merge(&folders, &output, None, MaxFailures::default(), true)) {
        checked(merged.summary.verdict());
        let manifest = fs::read_to_string(output.join("manifest.jsonl"));
        for line in manifest.iter().flat_map(|text| text.lines()) {
            let row: Outcome = serde_json::from_str(line).expect("what was merged is read");
            let written = serde_json::to_string(&row).expect("plain data has a JSON form");
            assert_eq!(serde_json::from_str::<Outcome>(&written).ok(), Some(row), "{written}");
        }
    }
    let _ = fs::remove_dir_all(&output);
}
