//! The layers and the fences of `src/lib.rs`, as rules about the source text.
//!
//! Comments are no source; inline modules and their tests are.

use std::{collections::BTreeMap, fs};

use super::support::repository;

/// Layer by module, from the table in `src/lib.rs`.
type Layers = BTreeMap<String, u32>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// Rust source as far as paths, braces and strings go.
fn tokens(source: &str) -> Vec<Token> {
    let characters: Vec<char> = source.chars().collect();
    let at = |i: usize| characters.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut i, mut found) = (0, Vec::new());
    while i < characters.len() {
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            while i < characters.len() && at(i) != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            i += 2;
            while i < characters.len() && !(at(i) == '*' && at(i + 1) == '/') {
                i += 1;
            }
            i += 2;
        } else if c == '"' {
            let begin = i + 1;
            i = begin;
            while i < characters.len() && at(i) != '"' {
                i += if at(i) == '\\' { 2 } else { 1 };
            }
            found.push(Token::Text(characters[begin..i.min(characters.len())].iter().collect()));
            i += 1;
        } else if (c == 'r' || c == 'b' && at(i + 1) == 'r') && raw_hashes(&characters, i).is_some() {
            let (begin, hashes) = raw_hashes(&characters, i).unwrap();
            i = begin;
            let ends = |i: usize| at(i) == '"' && (1..=hashes).all(|k| at(i + k) == '#');
            while i < characters.len() && !ends(i) {
                i += 1;
            }
            found.push(Token::Text(characters[begin..i].iter().collect()));
            i += 1 + hashes;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            // A character, not a lifetime.
            i += if at(i + 1) == '\\' { 3 } else { 2 };
            while i < characters.len() && at(i) != '\'' {
                i += 1;
            }
            i += 1;
        } else if is_word(c) {
            let begin = i;
            while is_word(at(i)) {
                i += 1;
            }
            found.push(Token::Word(characters[begin..i].iter().collect()));
        } else {
            if !c.is_whitespace() {
                found.push(Token::Sign(c));
            }
            i += 1;
        }
    }
    found
}

/// Where the content of a raw string that starts here begins, and its number of hashes.
fn raw_hashes(characters: &[char], start: usize) -> Option<(usize, usize)> {
    let mut i = start + if characters[start] == 'b' { 2 } else { 1 };
    // Not the end of a longer word.
    if start > 0 && (characters[start - 1].is_alphanumeric() || characters[start - 1] == '_') {
        return None;
    }
    let hashes = characters[i..].iter().take_while(|c| **c == '#').count();
    i += hashes;
    (characters.get(i) == Some(&'"')).then_some((i + 1, hashes))
}

/// The module path of a file below `src`: none for `lib.rs` and `main.rs`.
fn module_of(file: &str) -> Vec<&str> {
    let path = file.strip_suffix(".rs").unwrap();
    let mut parts: Vec<&str> = path.split('/').collect();
    if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
        parts.pop();
    }
    parts
}

/// The top-level modules that a file names in paths: after `crate::` and `manyfit::`, or after enough `super::`.
fn imports(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let word = |i: usize| match tokens.get(i) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    let sign = |i: usize, c: char| tokens.get(i) == Some(&Token::Sign(c));
    let colons = |i: usize| sign(i, ':') && sign(i + 1, ':');
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut inline: Vec<usize> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        match &tokens[i] {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth = depth.saturating_sub(1);
                inline.retain(|opened| *opened <= depth);
            }
            Token::Word(mod_word) if mod_word == "mod" && sign(i + 2, '{') => inline.push(depth + 1),
            Token::Word(first) if !(i > 1 && colons(i - 2)) => {
                let levels = module_of(file).len() + inline.len();
                let mut next = i;
                let mut at_root = (first == "crate" || first == "manyfit") && colons(i + 1);
                if at_root {
                    next = i + 3;
                } else {
                    let mut ups = 0;
                    while word(next) == "super" && colons(next + 1) {
                        (ups, next) = (ups + 1, next + 3);
                    }
                    at_root = ups > 0 && ups == levels;
                }
                if at_root && sign(next, '{') {
                    let mut braces = 1;
                    let mut k = next + 1;
                    let mut begins = true;
                    while braces > 0 && k < tokens.len() {
                        match &tokens[k] {
                            Token::Sign('{') => braces += 1,
                            Token::Sign('}') => braces -= 1,
                            Token::Sign(',') if braces == 1 => begins = true,
                            Token::Word(name) if begins => {
                                found.push(name.clone());
                                begins = false;
                            }
                            _ => {}
                        }
                        k += 1;
                    }
                } else if at_root && !word(next).is_empty() {
                    found.push(word(next).to_owned());
                }
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// The table of layers in the documentation of `lib.rs`.
fn layers(lib: &str) -> Layers {
    let mut layers = Layers::new();
    for row in lib.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some((number, modules)) = row.split_once(" | ") else { continue };
        let Ok(number) = number.trim().parse() else { continue };
        // A part without a name goes on about the module before it.
        for name in modules.split("; ").filter_map(|part| part.split('`').nth(1)) {
            assert_eq!(layers.insert(name.to_owned(), number), None, "{name} stands in two layers");
        }
    }
    layers
}

/// What is wrong with a file, in sentences.
fn faults(layers: &Layers, file: &str, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    // `main.rs` stands above the table.
    if file != "main.rs" && file != "lib.rs" {
        let own = module_of(file)[0];
        match layers.get(own) {
            None => faults.push(format!("{file}: {own} is not in the table of layers")),
            Some(layer) => {
                for import in imports(file, source).iter().filter(|import| *import != own) {
                    match layers.get(import) {
                        None => faults.push(format!("{file}: names {import}, which is not in the table of layers")),
                        Some(other) if other >= layer => {
                            faults.push(format!("{file}: layer {layer} imports {import} of layer {other}"));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
    faults.extend(fence_faults(file, source));
    faults
}

/// The fences.
fn fence_faults(file: &str, source: &str) -> Vec<String> {
    let polars = [
        "input/parquet.rs",
        "input/parquet_values.rs",
        "input/table_parquet.rs",
        "prepare/parquet_read.rs",
        "prepare/parquet_write.rs",
        "tables/parquet.rs",
    ];
    let rayon = ["predict/", "prepare/", "run/", "train/"];
    let asynchronous = ["cli/serve.rs", "serve/", "store/s3/"];
    let outside = |place: &str| !file.starts_with(place);
    let platform = ["/opt/ml", "SAGEMAKER_", "TRAINING_JOB_NAME", "TRAINING_JOB_ARN", "SM_"];
    let runners = ["AWS_BATCH_", "SLURM_", "JOB_COMPLETION_INDEX"];
    let mut faults = Vec::new();
    for token in tokens(source) {
        let fault = match &token {
            Token::Text(text) if outside("sagemaker/") && platform.iter().any(|name| text.contains(name)) => {
                format!("{text:?} belongs to sagemaker")
            }
            Token::Word(word) if word == "polars" && !polars.contains(&file) => format!("polars is for {polars:?}"),
            Token::Text(text) if file != "shard/runner.rs" && runners.iter().any(|name| text.contains(name)) => {
                format!("{text:?} belongs to shard/runner.rs")
            }
            Token::Word(word) if word.starts_with("aws_") && outside("store/s3/") => "the SDK is for store/s3".into(),
            Token::Word(word) if word == "rayon" && rayon.iter().all(|place| outside(place)) => {
                format!("rayon is for {rayon:?}")
            }
            Token::Word(word)
                if ["async", "tokio"].contains(&word.as_str()) && asynchronous.iter().all(|place| outside(place)) =>
            {
                format!("{word} is for {asynchronous:?}")
            }
            Token::Word(word) if word == "exit" => "main returns an exit code, nothing else exits".into(),
            Token::Word(word) if word == "abort" => "an abort is nobody's failure".into(),
            Token::Word(word) if word == "unsafe" => "unsafe code".into(),
            _ => continue,
        };
        faults.push(format!("{file}: {fault}"));
    }
    faults
}

/// Every file below `src`, by its path there.
fn sources() -> BTreeMap<String, String> {
    let root = repository("src");
    let walk = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    walk.filter(|found| found.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|found| {
            let name = found.path().strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(found.path()).unwrap())
        })
        .collect()
}

#[test]
fn every_module_is_in_the_table_of_layers_once() {
    let sources = sources();
    let layers = layers(&sources["lib.rs"]);
    let modules = sources.keys().filter(|file| !matches!(file.as_str(), "lib.rs" | "main.rs"));
    let mut modules: Vec<&str> = modules.map(|file| module_of(file)[0]).collect();
    modules.dedup();
    assert_eq!(layers.keys().map(String::as_str).collect::<Vec<_>>(), modules);
}

#[test]
fn modules_import_from_rows_below_their_own_and_keep_to_the_fences() {
    let sources = sources();
    let layers = layers(&sources["lib.rs"]);
    let found: Vec<String> = sources.iter().flat_map(|(file, source)| faults(&layers, file, source)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let imports: usize = sources.iter().map(|(file, source)| imports(file, source).len()).sum();
    assert!(imports > 50, "only {imports} imports were seen: the check is blind");
}

#[test]
fn the_check_sees_what_it_forbids() {
    let layers: Layers = [("cli", 6), ("train", 5), ("input", 2), ("models", 2), ("error", 0)]
        .map(|(name, layer)| (name.to_owned(), layer))
        .into();
    for (file, source) in [
        ("input/csv.rs", "use crate::train::Job;"),
        ("input/csv.rs", "use crate::{error::Result, models::SeriesSpec};"),
        ("input/csv.rs", "use crate::{\n    error::{Error, Result},\n    models,\n};"),
        ("input/csv.rs", "fn f() { let x = crate::models::fit(); }"),
        ("input/csv.rs", "use super::super::models::SeriesSpec;"),
        ("models/mod.rs", "use super::input::Reader;"),
        ("models/mod.rs", "mod tests { use super::super::input::Reader; }"),
        ("models/mod.rs", "fn f() -> char { '\"' }\nuse crate::input::Reader; // \""),
        ("error.rs", "use crate::elsewhere::X;"),
        ("elsewhere.rs", ""),
        ("input/csv.rs", r#"const PATH: &str = "/opt/ml/input";"#),
        ("main.rs", r##"const PATH: &str = r#"a "SAGEMAKER_BASE_DIR" b"#;"##),
        ("train/plan.rs", "use polars::prelude::DataFrame;"),
        ("models/mod.rs", "use rayon::prelude::*;"),
        ("models/mod.rs", "use aws_sdk_s3::Client;"),
        ("main.rs", "fn main() { std::process::exit(1) }"),
        ("train/plan.rs", "fn f() { unsafe { g() } }"),
    ] {
        assert_eq!(faults(&layers, file, source).len(), 1, "{file}: {source}: {:?}", faults(&layers, file, source));
    }
    for (file, source) in [
        ("train/plan.rs", "use crate::{error::{Error, Result}, input::Reader, models};\nuse super::worker::train;"),
        ("train/plan.rs", "use rayon::prelude::*;"),
        ("input/parquet.rs", "use polars::prelude::*;"),
        ("sagemaker/paths.rs", r#"const BASE: &str = "/opt/ml";"#),
        ("models/prophet/spec.rs", "use super::super::input;\nmod tests { use super::super::super::models; }"),
        ("input/csv.rs", "// use crate::train::Job; /opt/ml, unsafe\nuse super::train;"),
    ] {
        let sagemaker = [("sagemaker".to_owned(), 1)].into_iter().chain(layers.clone()).collect();
        assert_eq!(faults(&sagemaker, file, source), [""; 0], "{file}: {source}");
    }
}
