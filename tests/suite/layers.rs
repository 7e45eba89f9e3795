//! The layers and the fences of `src/lib.rs`, as rules about the source text.
//!
//! Comments are no source; inline modules and their tests are.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    source_graph::{Graph, Outline, Sources, Token, module_of, sources, tokens},
    support::repository,
};

/// Layer by module, from the table in `src/lib.rs`.
type Layers = BTreeMap<String, u32>;

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
        let own = &module_of(file)[0];
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
    let polars = ["input/frame/", "input/parquet/"];
    let rayon = ["generate/", "predict/", "prepare/", "run/", "train/"];
    let asynchronous = ["cli/serve.rs", "run/async_runtime.rs", "serve/", "store/s3/"];
    let outside = |place: &str| !file.starts_with(place);
    let platform = ["/opt/ml", "SAGEMAKER_", "TRAINING_JOB_NAME", "TRAINING_JOB_ARN", "SM_"];
    let runners = ["AWS_BATCH_", "SLURM_", "JOB_COMPLETION_INDEX"];
    let mut faults = Vec::new();
    for token in tokens(source) {
        let fault = match &token {
            Token::Text(text) if outside("sagemaker/") && platform.iter().any(|name| text.contains(name)) => {
                format!("{text:?} belongs to sagemaker")
            }
            Token::Word(word) if word.starts_with("polars") && polars.iter().all(|place| outside(place)) => {
                format!("polars is for {polars:?}")
            }
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
fn program() -> Sources {
    sources(&repository("src"))
}

/// The top-level modules that a file names in paths from the root of the crate.
fn imports(file: &str, source: &str) -> BTreeSet<String> {
    let outline = Outline::new(file, &tokens(source));
    outline.mentions.iter().filter_map(|mention| mention.root_path()?.into_iter().next()).collect()
}

#[test]
fn every_module_is_in_the_table_of_layers_once() {
    let sources = program();
    let layers = layers(&sources["lib.rs"]);
    let modules = sources.keys().filter(|file| !matches!(file.as_str(), "lib.rs" | "main.rs"));
    let modules: BTreeSet<String> = modules.map(|file| module_of(file)[0].clone()).collect();
    assert_eq!(layers.into_keys().collect::<BTreeSet<_>>(), modules);
}

#[test]
fn modules_import_from_rows_below_their_own_and_keep_to_the_fences() {
    let sources = program();
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
        ("train/plan.rs", "use polars_arrow::array::Array;"),
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
        ("input/parquet/values.rs", "use polars_arrow::array::Array;"),
        ("sagemaker/paths.rs", r#"const BASE: &str = "/opt/ml";"#),
        ("models/prophet/spec.rs", "use super::super::input;\nmod tests { use super::super::super::models; }"),
        ("input/csv.rs", "// use crate::train::Job; /opt/ml, unsafe\nuse super::train;"),
    ] {
        let sagemaker = [("sagemaker".to_owned(), 1)].into_iter().chain(layers.clone()).collect();
        assert_eq!(faults(&sagemaker, file, source), [""; 0], "{file}: {source}");
    }
}

#[test]
fn no_files_import_each_other() {
    for root in ["src", "crates/models/src"] {
        let graph = Graph::new(&sources(&repository(root)));
        assert_eq!(graph.globs, [""; 0], "{root}: name what is imported");
        let edges: usize = graph.edges.values().map(BTreeSet::len).sum();
        assert!(edges > 2 * graph.edges.len(), "{root}: only {edges} imports were seen: the check is blind");
        assert!(graph.rings().is_empty(), "{root}: rings of imports:\n{}", explain(&graph));
    }
}

/// Who imports whom in the rings.
fn explain(graph: &Graph) -> String {
    let rings = graph.rings();
    let inside = |ring: &Vec<String>, file: &String| {
        let others: Vec<&String> = graph.edges[file].iter().filter(|other| ring.contains(other)).collect();
        format!("  {file} -> {others:?}\n")
    };
    rings.iter().map(|ring| ring.iter().map(|file| inside(ring, file)).collect::<String>() + "\n").collect()
}

/// The rings of a made-up crate.
fn rings_of(files: &[(&str, &str)]) -> Vec<String> {
    let root = [("lib.rs", "")];
    let sources = files.iter().chain(&root).map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect();
    Graph::new(&sources).rings().iter().map(|ring| ring.join(" ")).collect()
}

#[test]
fn rings_are_seen_through_every_way_of_naming() {
    let leaf = ("a/leaf.rs", "use super::other::Other;\npub(super) struct Leaf;");
    for (files, rings) in [
        // Directly, around, and by a path without `use`.
        (
            &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "use super::a::A; pub struct B;")][..],
            &["a.rs b.rs"][..],
        ),
        (
            &[
                ("a.rs", "use crate::b::B; pub fn a() {}"),
                ("b.rs", "use crate::{c::{C, D as E}}; pub struct B;"),
                ("c.rs", "pub enum C { X } pub type D = u8; fn f() { crate::a::a() }"),
            ],
            &["a.rs b.rs c.rs"],
        ),
        // A re-export leads to the file that defines the name.
        (
            &[
                ("a/mod.rs", "mod leaf; mod other; pub use self::leaf::Leaf; pub(crate) use other::Other as Another;"),
                ("a/leaf.rs", "use super::Another; pub struct Leaf;"),
                ("a/other.rs", "use crate::a::Leaf; pub struct Other;"),
            ],
            &["a/leaf.rs a/other.rs"],
        ),
        // A module that is imported, and its items named by it.
        (
            &[
                ("a/mod.rs", "mod leaf; mod other;"),
                leaf,
                ("a/other.rs", "use super::leaf; pub struct Other(leaf::Leaf);"),
            ],
            &["a/leaf.rs a/other.rs"],
        ),
        // A parent that uses a child, and not only hands it on.
        (
            &[("a/mod.rs", "pub use b::B; pub struct A(B);"), ("a/b.rs", "pub struct B(super::A);")],
            &["a/b.rs a/mod.rs"],
        ),
        (
            &[("a/mod.rs", "pub struct A; fn f() { b::g() }"), ("a/b.rs", "use super::A; pub fn g() {}")],
            &["a/b.rs a/mod.rs"],
        ),
        // From within an inline module.
        (
            &[
                ("a.rs", "pub struct A; mod inner { fn f() { super::super::b::g() } }"),
                ("b.rs", "use crate::a::A; pub fn g() {}"),
            ],
            &["a.rs b.rs"],
        ),
        // Two rings at once.
        (
            &[
                ("a.rs", "use crate::b::B; pub struct A;"),
                ("b.rs", "use crate::a::A; use crate::c::C; pub struct B;"),
                ("c.rs", "use crate::d::D; pub struct C;"),
                ("d.rs", "use crate::c::C; pub struct D;"),
            ],
            &["a.rs b.rs", "c.rs d.rs"],
        ),
    ] {
        assert_eq!(rings_of(files), rings, "{files:?}");
    }
}

#[test]
fn names_that_are_handed_on_and_tests_make_no_ring() {
    for files in [
        &[("a/mod.rs", "mod b; pub use b::B; pub struct A;"), ("a/b.rs", "use super::A; pub struct B;")][..],
        &[
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
        ],
        &[("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B; #[cfg(test)] use crate::a::A;")],
        &[
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B; // crate::a::A\nconst S: &str = \"crate::a::A\";"),
        ],
        &[("a.rs", "use std::b::B; pub struct A;"), ("b.rs", "use crate::a::A; pub struct B;")],
        &[("a.rs", "use crate::b; pub struct A;"), ("b.rs", "use crate::a::A; pub struct B;")],
    ] {
        assert_eq!(rings_of(files), [""; 0], "{files:?}");
    }
}
