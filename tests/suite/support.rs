//! What the other modules need to start the program and to look at what it wrote. No tests here.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Bytes by file name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The program, without anything that this machine would tell it.
pub(crate) fn manyfit() -> Command {
    let mut command = isolated(env!("CARGO_BIN_EXE_manyfit"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command that knows neither the caller's variables and home folder nor a container of the platform: a test that ran
/// in one, or on a machine with `/opt/ml`, would read and write there.
fn isolated(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("SAGEMAKER_BASE_DIR", "/no/such/base").env("AWS_EC2_METADATA_DISABLED", "true");
    // Where temporary files go and coverage is written is the caller's choice.
    command.envs(["TMPDIR", "LLVM_PROFILE_FILE"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

impl Ended {
    /// Insists on an exit code; hands itself back.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Insists on words that were printed on the standard error.
    #[track_caller]
    pub(crate) fn complains_of(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing in:\n{}", self.err);
        }
        self
    }
}

/// A `manyfit train` from one folder to another; `settings` are `name=value`, or options where they begin with `--`.
pub(crate) fn train_command(input: &Path, output: &Path, settings: &[&str]) -> Command {
    let mut command = manyfit();
    command.arg("train").arg("--input").arg(input).arg("--output").arg(output);
    for setting in settings {
        if setting.starts_with("--") {
            command.arg(setting);
        } else {
            command.arg("--set").arg(setting);
        }
    }
    command
}

/// Runs [`train_command`] to its end.
pub(crate) fn train(input: &Path, output: &Path, settings: &[&str]) -> Ended {
    train_command(input, output, settings).output().unwrap().into()
}

/// A `manyfit prepare` from tables to a folder.
pub(crate) fn prepare_command(input: &Path, output: &Path, options: &[&str]) -> Command {
    let mut command = manyfit();
    command.arg("prepare").arg("--input").arg(input).arg("--output").arg(output).args(options);
    command
}

/// Runs [`prepare_command`] to its end.
pub(crate) fn prepare(input: &Path, output: &Path, options: &[&str]) -> Ended {
    prepare_command(input, output, options).output().unwrap().into()
}

/// Runs a command behind what a shell does first, such as setting a limit.
#[cfg(target_os = "linux")]
pub(crate) fn under(first: &str, command: &Command) -> Ended {
    let mut shell = isolated("sh");
    shell.arg("-c").arg(format!("{first}; exec \"$@\"")).arg("sh");
    shell.arg(command.get_program()).args(command.get_args());
    shell.output().unwrap().into()
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder with files.
pub(crate) fn folder<N: AsRef<Path>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// A CSV of daily rows from 2022-01-03, a Monday: a level, a slope, a week and noise, all decided by the seed.
pub(crate) fn daily(rows: usize, seed: u64) -> String {
    let mut text = String::from("ds,y\n");
    for (date, y) in daily_rows(rows, seed) {
        writeln!(text, "{date},{y}").unwrap();
    }
    text
}

/// The rows of [`daily`].
pub(crate) fn daily_rows(rows: usize, seed: u64) -> Vec<(String, f64)> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = || {
        // An xorshift generator: any sequence will do, as long as it is always the same.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let first = jiff::civil::date(2022, 1, 3);
    let date = |day: usize| first.checked_add(jiff::Span::new().days(day as i64)).unwrap().to_string();
    let level = 100.0 + (seed % 17) as f64;
    let value = |day: usize, noise: f64| level + 0.05 * day as f64 + 4.0 * (day % 7) as f64 + 3.0 * noise;
    (0..rows).map(|day| (date(day), (value(day, noise()) * 1000.0).round() / 1000.0)).collect()
}

/// A folder of so many customers, `customer-000` and so on, of [`daily`] rows.
pub(crate) fn fleet(customers: u64, rows: usize) -> TempDir {
    // Of slightly different lengths, so that no two calendars are the same.
    folder((0..customers).map(|i| (format!("customer-{i:03}.csv"), daily(rows + i as usize % 5, i))))
}

/// Every artifact below a directory of models, with its bytes; a file with another ending is a fault.
pub(crate) fn artifacts(models: &Path) -> Files {
    let files = files(models);
    for name in files.keys() {
        assert!(name.ends_with(".tar.gz"), "{name} is no artifact");
    }
    files
}

/// Every file below a directory that the platform would upload, with its bytes; none where there is no directory.
pub(crate) fn files(directory: &Path) -> Files {
    if !directory.exists() {
        return Files::new();
    }
    // A run that goes on renames its files: what is gone before it is read was under a temporary name.
    let walk = walkdir::WalkDir::new(directory).into_iter().filter_map(Result::ok);
    let files = walk.filter(|found| found.file_type().is_file()).filter_map(|found| {
        let name = found.path().strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
        let temporary = name.ends_with(".sagemaker-ignore");
        (!temporary).then(|| (name, fs::read(found.path()).unwrap()))
    });
    files.collect()
}

/// The members of an artifact in their order.
pub(crate) fn members(artifact: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(artifact));
    let read = |member: Result<tar::Entry<'_, _>, std::io::Error>| {
        let mut member = member.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut content).unwrap();
        (member.path().unwrap().to_str().unwrap().to_owned(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// The rows of a manifest by customer.
pub(crate) fn manifest(path: &Path) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<(String, Value)> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| (row["customer"].as_str().unwrap().to_owned(), row))
        .collect();
    let number = rows.len();
    assert!(rows.is_sorted_by_key(|(customer, _)| customer.clone()), "the manifest is sorted");
    let rows = BTreeMap::from_iter(rows);
    assert_eq!(rows.len(), number, "a customer has one row");
    rows
}

/// How many customers of a manifest have each status: fitted, unchanged, fallback, failed.
pub(crate) fn statuses(output: &Path) -> [usize; 4] {
    let manifest = manifest(&output.join("manifest.jsonl"));
    ["fitted", "unchanged", "fallback", "failed"]
        .map(|status| manifest.values().filter(|row| row["status"] == status).count())
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
