//! The properties that libFuzzer looks for counterexamples of, on its corpora, on a few changes of them, and on every fault that
//! was found: what `fuzz/run` drives compiles and holds.

#[path = "../../fuzz/properties/mod.rs"]
mod properties;

use std::{env, fs, panic, path::PathBuf};

use crate::support::repository;

/// The files of a folder of `fuzz`, sorted.
fn files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(repository("fuzz").join(folder)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The inputs of a reader: its corpus, and the faults that were found.
fn inputs(name: &str) -> Vec<Vec<u8>> {
    let corpus = files(&format!("corpus/{name}"));
    assert!(!corpus.is_empty(), "{name} has no corpus");
    corpus.iter().chain(&files(&format!("found/{name}"))).map(|file| fs::read(file).unwrap()).collect()
}

/// Insists that the inputs keep the property; the panic above the message says why one does not.
#[track_caller]
fn check(name: &str, property: properties::Property, inputs: impl IntoIterator<Item = Vec<u8>>) {
    for input in inputs {
        if panic::catch_unwind(|| property(&input)).is_err() {
            let kept = env::temp_dir().join(format!("manyfit-fuzz-{name}"));
            fs::write(&kept, &input).unwrap();
            panic!("{name} breaks its property on {}: {:?}", kept.display(), String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn every_reader_keeps_its_property_on_the_corpora_and_on_the_faults_that_were_found() {
    for &(name, property) in properties::TARGETS {
        check(name, property, inputs(name));
    }
}

/// `FUZZ_CHANGES`: how many of each corpus, for longer runs where libFuzzer cannot be built.
#[test]
fn every_reader_keeps_its_property_on_changed_corpora() {
    let changes = env::var("FUZZ_CHANGES").ok().map_or(60, |text| text.parse().unwrap());
    let wanted = env::var("FUZZ_TARGET").ok();
    for &(name, property) in properties::TARGETS.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|w| w == name)) {
        let inputs = inputs(name);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        check(name, property, (0..changes).map(|_| random.changed(&inputs)));
    }
}

/// Readers of lines, whose corpora grow by their last lines.
#[cfg(target_os = "linux")]
const LINE_BY_LINE: [&str; 7] =
    ["csv_features", "csv_series", "csv_split", "serve_forecast", "serve_rows", "settings", "side_tables"];

/// Quadratic work would take 64 times the time.
#[test]
#[cfg(target_os = "linux")]
fn eight_times_the_lines_take_about_eight_times_the_time() {
    use std::time::Duration;
    // Of this thread, so that a busy machine does not matter; counted in ticks of the kernel.
    let on_processor = || {
        let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())
    };
    for &(name, property) in properties::TARGETS.iter().filter(|(name, _)| LINE_BY_LINE.contains(name)) {
        for input in inputs(name) {
            // The last byte chooses among the options.
            let (choice, lines) = input.split_last().unwrap();
            let start = lines.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let last = [lines[start..].trim_ascii_end(), b"\n"].concat();
            let [short, long] = [25_000, 200_000].map(|size: usize| {
                let grown = [lines.trim_ascii_end(), b"\n", &last.repeat(size / last.len()), &[*choice]].concat();
                let before = on_processor();
                property(&grown);
                on_processor().saturating_sub(before)
            });
            let most = 24 * short.max(Duration::from_millis(8));
            assert!(long <= most, "{name}: {short:?}, then {long:?}: {:?}", String::from_utf8_lossy(&input));
        }
    }
}

/// An xorshift generator: any sequence will do, as long as it is always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// One of the inputs with some bytes changed, removed, repeated, or replaced by a part of another one.
    fn changed(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        const ODD: &[u8] = b"\0\n\r\t\"',;:{}[]-+.0129eENZT%\x7f\x80\xc2\xff";
        let mut input = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            let end = (at + 1 + self.below(12)).min(input.len());
            match self.below(6) {
                0 if at < end => input[at] ^= 1 << self.below(8),
                1 if at < end => input[at] = ODD[self.below(ODD.len())],
                2 => input.insert(at, ODD[self.below(ODD.len())]),
                3 => _ = input.drain(at..end),
                4 => {
                    let part = input[at..end].repeat(1 + self.below(8));
                    input.splice(at..at, part);
                }
                _ => {
                    let other = &inputs[self.below(inputs.len())];
                    let from = self.below(other.len() + 1);
                    let part = other[from..(from + self.below(40)).min(other.len())].to_vec();
                    input.splice(at..end, part);
                }
            }
        }
        input
    }
}

#[test]
#[cfg(all(feature = "parquet", feature = "s3"))]
fn every_corpus_has_a_reader_and_all_are_small() {
    let known: std::collections::BTreeSet<&str> = properties::TARGETS.iter().map(|(name, _)| *name).collect();
    let mut total = 0;
    for folder in ["corpus", "found"] {
        for path in files(folder) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(known.contains(name.as_str()), "{} is of no reader", path.display());
            let files = files(&format!("{folder}/{name}"));
            total += files.iter().map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
        }
    }
    assert!(total < 300_000, "{total} bytes: fuzz/run keeps what it learns elsewhere");
}
