//! Runs the commands of the README and the guide, so that what a reader copies works.
//!
//! - A block ` ```sh ` is run as it stands by `sh -e`, with this build's `manyfit` on the path. The blocks of a page are run in order in
//!   one temporary folder that has `sample_data`, as a clone has.
//! - ` ```sh exit=3 ` must end with that exit code instead of 0.
//! - ` ```sh no-run=KIND ` is not run, for one of the reasons in [`NOT_RUN`], and must contain what the reason is about.
//! - After a block, the files that it names with `--output` and `>` must exist. A table whose first heading is ``in `folder/` `` must list
//!   files of that folder that exist at this point of the page.
//! - A block ` ```text ` that follows a command directly is what it prints; `…` stands for what is left out.
//! - Other blocks (`text`, `json`, …) and indented text must not look like commands.
//!
//! Servers that a block starts in the background listen on a free port in place of 8080 and are ended with the page.

use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    os::unix::{fs::symlink, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::support::repository;

/// Why a block may be left out, and the text that it must contain.
const NOT_RUN: [(&str, &str); 7] = [
    ("aws", "aws "),
    ("bench", "bench"),
    ("bucket", "s3://"),
    ("cargo", "cargo "),
    ("docker", "docker"),
    ("pip", "pip install "),
    ("venv", "venv/bin/"),
];

/// Languages of blocks that are not commands.
const NOT_COMMANDS: [&str; 6] = ["csv", "json", "python", "rust", "text", "toml"];

/// Programs whose commands must stand in a `sh` block.
const PROGRAMS: [&str; 6] = ["aws", "cargo", "curl", "docker", "manyfit", "python3"];

/// Pages whose commands are run.
const FOLDERS: [&str; 6] = ["", "docs", "container", "bench", "sample_data", "examples"];

/// Pages for the developers of this repository, whose commands need tools that are installed apart.
const FOR_DEVELOPERS: [&str; 1] = ["CONTRIBUTING.md"];

/// Defines a test for each page, and the list of pages.
macro_rules! pages {
    ($($test:ident: $path:literal,)*) => {
        const PAGES: &[&str] = &[$($path),*];
        $(
            #[test]
            fn $test() {
                run_page(&fs::read_to_string(repository($path)).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", $path));
            }
        )*
    };
}

pages! {
    changelog: "CHANGELOG.md",
    readme: "README.md",
    bench: "bench/README.md",
    container: "container/README.md",
    notebook: "container/notebook.md",
    contents: "docs/README.md",
    accuracy: "docs/accuracy.md",
    architecture: "docs/architecture.md",
    backtests: "docs/backtests.md",
    benchmarks: "docs/benchmarks.md",
    data_checks: "docs/data-checks.md",
    distributed: "docs/distributed.md",
    exit_codes: "docs/exit-codes.md",
    forecasting: "docs/forecasting.md",
    guarantees: "docs/guarantees.md",
    input: "docs/input.md",
    local_models: "docs/local-models.md",
    predict: "docs/predict.md",
    prepare: "docs/prepare.md",
    prophet: "docs/prophet.md",
    python: "docs/python.md",
    regression: "docs/regression.md",
    releasing: "docs/releasing.md",
    report: "docs/report.md",
    s3_and_shards: "docs/s3-and-shards.md",
    sagemaker: "docs/sagemaker.md",
    scaling: "docs/scaling.md",
    serve: "docs/serve.md",
    settings: "docs/settings.md",
    tutorial: "docs/tutorial.md",
    examples: "examples/README.md",
    sample_data: "sample_data/README.md",
}

#[test]
fn every_page_is_in_the_list() {
    let mut found = super::documented_links::pages(&FOLDERS);
    found.retain(|path| !FOR_DEVELOPERS.contains(&path.as_str()));
    let mut listed = PAGES.to_vec();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn a_page_with_a_wrong_command_is_an_error() {
    let fails = |page: &str, part: &str| {
        let error = run_page(page).expect_err(page);
        assert!(error.contains(part), "{part:?} is missing in {error:?}");
    };
    let good = "# Page\n\n```sh\nmanyfit train --input sample_data/energy --output out\n```\n\n| in `out/` | |\n|---|---|\n| `models/{customer}.tar.gz` | |\n";
    run_page(good).unwrap();
    fails(&good.replace("--input", "--inputt"), "line 3: exit code 2");
    fails(&good.replace("manyfit train", "manyfit trian"), "line 3: exit code 2");
    fails(&good.replace("```sh", "```sh exit=3"), "line 3: exit code 0");
    fails(&good.replace("{customer}.tar.gz", "{customer}.zip"), "line 9: out/models/{customer}.zip");
    fails(&good.replace("`out/`", "`other/`"), "line 9: other/models");
    fails("```sh\necho --output nothing.csv\n```\n", "line 1: nothing.csv");
    fails("```sh\nfalse\ntrue\n```\n", "line 1: exit code 1");
    fails("```sh no-run=docker\nmanyfit train\n```\n", "line 1: no docker");
    fails("```sh no-run=later\nmanyfit train\n```\n", "line 1: \"no-run=later\"");
    fails("```text\nmanyfit train\n```\n", "line 1: a command");
    let printed = "```sh\necho one two; echo three\n```\n\n```text\none … three\n```\n";
    run_page(printed).unwrap();
    fails(&printed.replace("one …", "two one …"), "line 5: \"two one\" is not printed");
    fails("Then\n\n    manyfit train\n", "line 3: a command");
    fails("```\nmanyfit train\n```\n", "line 1: a block without a language");
    fails("```sh\ntrue\n", "line 1: the block has no end");
}

#[test]
fn a_server_of_a_page_is_ended_with_it() {
    let folder = TempDir::new().unwrap();
    let mark = folder.path().join("id");
    run_page(&format!("```sh\nsleep 1000 &\necho $! > {}\n```\n", mark.display())).unwrap();
    let id = fs::read_to_string(mark).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while Command::new("kill").args(["-0", id.trim()]).stderr(Stdio::null()).status().unwrap().success() {
        assert!(Instant::now() < deadline, "process {id} is still running");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Checks a page from its first line to its last.
fn run_page(text: &str) -> Result<(), String> {
    let mut terminal = Terminal::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).peekable();
    let mut table_of: Option<&str> = None;
    let mut after_blank = true;
    while let Some((number, line)) = lines.next() {
        let at = |error: String| format!("line {number}: {error}");
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let mut block = String::new();
            loop {
                let (_, line) = lines.next().ok_or_else(|| at("the block has no end".into()))?;
                if line.trim_start().starts_with("```") {
                    break;
                }
                writeln!(block, "{}", line.get(indent..).unwrap_or_default()).unwrap();
            }
            terminal.block(language, &block).map_err(at)?;
        } else if let Some(cells) = line.strip_prefix("| in `") {
            table_of = cells.split('`').next();
        } else if let (Some(folder), Some(cells)) = (table_of, line.strip_prefix('|')) {
            let names = cells.split('|').next().unwrap_or_default().split('`').skip(1).step_by(2);
            names.map(|name| format!("{folder}{name}")).try_for_each(|path| terminal.has(&path)).map_err(at)?;
        } else if line.starts_with("    ") && after_blank && is_command(line) {
            return Err(at("a command in indented text; make it a block of sh".into()));
        }
        if !line.starts_with('|') {
            table_of = None;
        }
        if !line.trim().is_empty() && !line.trim_start().starts_with("```") {
            terminal.printed = None;
        }
        after_blank = line.trim().is_empty();
    }
    Ok(())
}

/// Whether a line begins with one of the programs of this guide.
fn is_command(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| PROGRAMS.contains(&word))
}

/// A reader's terminal, in a folder of its own.
struct Terminal {
    folder: TempDir,
    port: u16,
    /// Process groups of the blocks so far, which may hold servers.
    groups: Vec<u32>,
    /// What the block just above printed.
    printed: Option<String>,
}

impl Terminal {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        symlink(repository("sample_data"), folder.path().join("sample_data")).unwrap();
        // Free again as soon as it is known; the system does not give it to another process at once.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, groups: Vec::new(), printed: None }
    }

    /// Does with a block what its language says.
    fn block(&mut self, language: &str, text: &str) -> Result<(), String> {
        let (language, rest) = language.trim().split_once(' ').unwrap_or((language.trim(), ""));
        match (language, rest.split_once('=')) {
            ("sh", None) if rest.is_empty() => self.run(text, 0),
            ("sh", Some(("exit", code))) => {
                self.run(text, code.parse().map_err(|_| format!("{rest:?} is not a code"))?)
            }
            ("sh", Some(("no-run", reason))) => match NOT_RUN.iter().find(|(name, _)| *name == reason) {
                Some((_, part)) if text.contains(part) => Ok(()),
                Some(_) => Err(format!("no {reason} in a block that is not run because of it")),
                None => Err(format!("{rest:?} is not a reason to leave a block out")),
            },
            ("", _) => Err("a block without a language".into()),
            _ if NOT_COMMANDS.contains(&language) && language != "text" => Ok(()),
            ("text", _) if text.lines().any(is_command) => Err("a command in a block of text".into()),
            ("text", _) => self.printed.take().map_or(Ok(()), |printed| prints(&printed, text)),
            _ => Err(format!("{language:?} {rest:?} is unknown")),
        }
    }

    /// Runs a block and compares its exit code.
    fn run(&mut self, text: &str, expected: i32) -> Result<(), String> {
        if text.contains("curl ") && Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("left out, as there is no curl: {text}");
            return Ok(());
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_manyfit")).parent().unwrap().to_owned();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(binary).chain(std::env::split_paths(&others))).unwrap();
        let log = self.folder.path().with_extension("log");
        let file = fs::File::create(&log).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", &text.replace("localhost:8080", &format!("127.0.0.1:{}", self.port))]);
        shell.current_dir(self.folder.path()).env_clear().env("PATH", path).env("HOME", self.folder.path());
        shell.env("SAGEMAKER_BASE_DIR", "/no/such/base");
        shell.env("MANYFIT_LISTEN", format!("127.0.0.1:{}", self.port)).stdin(Stdio::null());
        // A file, as a pipe would wait for servers to close it. A group of its own, so that they can be ended.
        shell.stdout(file.try_clone().unwrap()).stderr(file).process_group(0);
        let mut child = shell.spawn().unwrap();
        self.groups.push(child.id());
        let deadline = Instant::now() + Duration::from_mins(5);
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > deadline => return Err("still running after 300 s".into()),
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        let printed = fs::read_to_string(&log).unwrap_or_default();
        fs::remove_file(&log).unwrap();
        if status.code() != Some(expected) {
            let code = status.code().map_or_else(|| "none".into(), |code| code.to_string());
            return Err(format!("exit code {code} in place of {expected}:\n{text}\n{printed}"));
        }
        self.printed = Some(printed);
        let words: Vec<&str> = text.split_whitespace().collect();
        let written = words.windows(2).filter(|pair| ["--output", ">"].contains(&pair[0])).map(|pair| pair[1]);
        written.filter(|path| expected == 0 && !path.starts_with("s3://")).try_for_each(|path| self.has(path))
    }

    /// Insists on a file or a folder; `{customer}` in its last part stands for any name.
    fn has(&self, path: &str) -> Result<(), String> {
        let exists = match path.split_once("{customer}") {
            None => self.folder.path().join(path).exists(),
            Some((folder, ending)) => fs::read_dir(self.folder.path().join(folder))
                .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_string_lossy().ends_with(ending))),
        };
        if exists { Ok(()) } else { Err(format!("{path} does not exist")) }
    }
}

/// Insists on an output as a page shows it: all but what stands at `…`, whatever the line breaks.
fn prints(output: &str, shown: &str) -> Result<(), String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let output = words(output);
    let mut rest = output.as_str();
    for part in shown.split('…').map(words) {
        let found = rest.find(&part).ok_or_else(|| format!("{part:?} is not printed, but {output:?}"))?;
        rest = &rest[found + part.len()..];
    }
    Ok(())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        for group in &self.groups {
            // Most groups have no process left.
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
        }
    }
}
