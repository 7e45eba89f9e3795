//! Follows what the README, the guide and the notes of folders point to: links, headings, and files of the repository that they name.

use std::{collections::BTreeSet, fs, path::Path};

use super::support::repository;

const FOLDERS: [&str; 7] = ["", "docs", "container", "bench", "sample_data", "examples", "tests/data"];

/// Folders of the repository: a word that begins with one of them is the path of a file.
const ROOTS: [&str; 9] =
    [".ci/", "bench/", "benches/", "container/", "crates/", "docs/", "examples/", "src/", "tests/"];

/// Paths of the Markdown files of these folders, sorted.
pub(crate) fn pages(folders: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        for file in fs::read_dir(repository(folder)).unwrap().flatten() {
            let name = file.file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                found.push(if folder.is_empty() { name } else { format!("{folder}/{name}") });
            }
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn links_and_named_files_exist() {
    let mut faults = Vec::new();
    for page in pages(&FOLDERS) {
        let text = fs::read_to_string(repository(&page)).unwrap();
        faults.extend(broken(&page, &text).into_iter().map(|fault| format!("{page}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_broken_link_is_found() {
    let text = "# A heading, `coded`\n[a](README.md) [b](#a-heading-coded) `src/lib.rs` [c](none.md) [d](#none) [e](README.md#none) `src/none.rs`\n```text\nsrc/gone.rs → x\n```";
    assert_eq!(broken("README.md", text), ["none.md", "#none", "README.md#none", "src/none.rs", "src/gone.rs"]);
}

#[test]
fn every_page_of_the_guide_is_in_its_contents() {
    let contents = fs::read_to_string(repository("docs/README.md")).unwrap();
    for page in pages(&["docs"]).iter().filter(|page| *page != "docs/README.md") {
        let name = page.trim_start_matches("docs/");
        assert!(contents.contains(&format!("]({name})")), "{page} is not in docs/README.md");
    }
}

#[test]
fn the_readme_is_short() {
    assert!(fs::metadata(repository("README.md")).unwrap().len() <= 8192);
}

/// The targets of a page that do not exist.
fn broken(page: &str, text: &str) -> Vec<String> {
    let folder = Path::new(page).parent().unwrap();
    let exists = |target: &str| {
        let (path, heading) = target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
        let file = if path.is_empty() { repository(page) } else { repository(folder.to_str().unwrap()).join(path) };
        match heading {
            None => file.exists(),
            Some(_) if path.is_empty() && headings(text).is_empty() => false,
            Some(heading) if path.is_empty() => headings(text).contains(heading),
            Some(heading) => fs::read_to_string(file).is_ok_and(|text| headings(&text).contains(heading)),
        }
    };
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://") && !exists(link)).map(str::to_owned);
    let words = text.split(|c: char| c.is_whitespace() || "`(),;:→".contains(c)).map(|word| word.trim_end_matches('.'));
    let paths = words.filter_map(|word| word.split('#').next());
    let named = paths.filter(|word| ROOTS.iter().any(|root| word.starts_with(root)) && !repository(word).exists());
    links.chain(named.map(str::to_owned)).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}
