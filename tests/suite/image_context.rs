//! What the image is compiled from: the paths that `container/Dockerfile` copies must be all that the program needs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::support::repository;

/// The paths that the first stage copies from the repository.
fn copied() -> Vec<String> {
    let dockerfile = fs::read_to_string(repository("container/Dockerfile")).unwrap();
    let first_stage = dockerfile.split("\nFROM ").nth(1).unwrap();
    let copies = first_stage.lines().filter_map(|line| line.strip_prefix("COPY "));
    copies
        .flat_map(|paths| {
            let mut paths: Vec<&str> = paths.split_whitespace().collect();
            paths.pop();
            paths.into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// Cargo's view of these paths alone: an error where a manifest names what is not there.
fn targets(paths: &[String]) -> Result<Vec<PathBuf>, String> {
    let context = tempfile::tempdir().unwrap();
    for path in paths {
        copy(&repository(path), &context.path().join(path));
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(context.path())
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let built = targets.filter(|target| matches!(target["kind"][0].as_str(), Some("lib" | "bin")));
    built
        .map(|target| {
            let path = Path::new(target["src_path"].as_str().unwrap());
            let path =
                path.strip_prefix(fs::canonicalize(context.path()).unwrap()).map_err(|error| error.to_string())?;
            Ok(path.to_owned())
        })
        .collect()
}

#[test]
fn the_image_is_compiled_from_all_that_the_program_needs() {
    let targets = targets(&copied()).unwrap();
    for needed in ["src/lib.rs", "src/main.rs", "crates/models/src/lib.rs"] {
        assert!(targets.iter().any(|target| target == Path::new(needed)), "{needed} is not in {targets:?}");
    }
}

#[test]
fn a_context_without_a_member_of_the_workspace_is_found() {
    let without = copied().into_iter().filter(|path| path != "crates").collect::<Vec<_>>();
    let error = targets(&without).unwrap_err();
    assert!(error.contains("crates/models"), "{error}");
}

#[test]
fn what_is_copied_is_not_ignored() {
    let ignored = fs::read_to_string(repository(".dockerignore")).unwrap();
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert_eq!(kept, copied());
}
