//! Rust source as far as paths go: tokens, the names that a file refers to, and which file imports which. No tests here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    path::Path,
};

/// A module or an item, from the root of its crate: `["input", "csv", "Reader"]`.
pub(crate) type Names = Vec<String>;

/// Source text by file name.
pub(crate) type Sources = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// Rust source as far as paths, braces and strings go.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
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

/// The module of a file below `src`: none for `lib.rs` and `main.rs`.
pub(crate) fn module_of(file: &str) -> Names {
    let path = file.strip_suffix(".rs").unwrap();
    let mut parts: Names = path.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// Every file below a directory, by its path there.
pub(crate) fn sources(root: &Path) -> Sources {
    let walk = walkdir::WalkDir::new(root).into_iter().map(Result::unwrap);
    walk.filter(|found| found.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|found| {
            let name = found.path().strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(found.path()).unwrap())
        })
        .collect()
}

/// One mention of a path, as it is written.
pub(crate) struct Mention {
    /// The module that mentions it, inline modules included.
    pub(crate) module: Names,
    path: Names,
    /// For a `use` declaration: the name that it brings in, and whether it is a re-export.
    import: Option<(String, bool)>,
}

impl Mention {
    /// The path from the root of the crate, if it begins with `crate`, `manyfit`, `self` or `super`.
    pub(crate) fn root_path(&self) -> Option<Names> {
        root_path(&self.module, &self.path)
    }
}

fn root_path(module: &[String], path: &[String]) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" | "manyfit" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => {
            let ups = path.iter().take_while(|name| *name == "super").count();
            Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat())
        }
        _ => None,
    }
}

/// A file as far as names go.
#[derive(Default)]
pub(crate) struct Outline {
    pub(crate) mentions: Vec<Mention>,
    /// Modules of the file, with the items that each defines.
    items: BTreeMap<Names, BTreeSet<String>>,
    /// Every word outside of `use` declarations.
    words: BTreeSet<String>,
}

impl Outline {
    /// Reads a file's tokens.
    pub(crate) fn new(file: &str, tokens: &[Token]) -> Self {
        let word = |i: usize| match tokens.get(i) {
            Some(Token::Word(word)) => word.as_str(),
            _ => "",
        };
        let sign = |i: usize, c: char| tokens.get(i) == Some(&Token::Sign(c));
        let colons = |i: usize| sign(i, ':') && sign(i + 1, ':');
        let mut outline = Self::default();
        let mut module = module_of(file);
        outline.items.insert(module.clone(), BTreeSet::new());
        // The depths of braces at which the inline modules around this place begin.
        let mut inline = Vec::new();
        let (mut depth, mut i) = (0, 0);
        while i < tokens.len() {
            let at_top = depth == inline.last().copied().unwrap_or(0);
            let followed = !word(i + 1).is_empty();
            match word(i) {
                "" => {
                    if sign(i, '{') {
                        depth += 1;
                    } else if sign(i, '}') {
                        if inline.last() == Some(&depth) {
                            inline.pop();
                            module.pop();
                        }
                        depth -= 1;
                    }
                }
                "mod" if followed && sign(i + 2, '{') => {
                    module.push(word(i + 1).to_owned());
                    outline.items.insert(module.clone(), BTreeSet::new());
                    depth += 1;
                    inline.push(depth);
                    i += 2;
                }
                "use" if !sign(i + 1, '<') => {
                    let reexport = i > 0 && (word(i - 1) == "pub" || sign(i - 1, ')'));
                    let mut leaves = Vec::new();
                    i = use_tree(tokens, i + 1, &[], &mut leaves);
                    outline.mentions.extend(leaves.into_iter().map(|(path, name)| Mention {
                        module: module.clone(),
                        path,
                        import: Some((name, reexport && at_top)),
                    }));
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union" if at_top && followed => {
                    outline.items.get_mut(&module).unwrap().insert(word(i + 1).to_owned());
                    i += 1;
                    continue;
                }
                first => {
                    outline.words.insert(first.to_owned());
                    let continues = i > 1 && colons(i - 2) || i > 0 && sign(i - 1, '.');
                    let mut path = vec![first.to_owned()];
                    while !continues && colons(i + 1) && !word(i + 3).is_empty() {
                        i += 3;
                        path.push(word(i).to_owned());
                        outline.words.insert(word(i).to_owned());
                    }
                    if path.len() > 1 {
                        outline.mentions.push(Mention { module: module.clone(), path, import: None });
                    }
                }
            }
            i += 1;
        }
        outline
    }
}

/// Reads a tree of `use` that begins here: path and name of each leaf. The end of the tree.
fn use_tree(tokens: &[Token], mut i: usize, before: &[String], leaves: &mut Vec<(Names, String)>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(i) {
            Some(Token::Word(word)) if word == "as" => {
                let Some(Token::Word(name)) = tokens.get(i + 1) else { return i };
                leaves.push((path, name.clone()));
                return i + 2;
            }
            Some(Token::Word(word)) => path.push(word.clone()),
            Some(Token::Sign('*')) => path.push("*".into()),
            Some(Token::Sign(':')) => {}
            Some(Token::Sign('{')) => {
                i += 1;
                while tokens.get(i).is_some_and(|token| *token != Token::Sign('}')) {
                    i = use_tree(tokens, i, &path, leaves);
                    i += usize::from(tokens.get(i) == Some(&Token::Sign(',')));
                }
                return i + 1;
            }
            _ => {
                if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = path.last().cloned().unwrap_or_default();
                // The comma after the last of several leaves is not the end of another one.
                if path.len() > before.len() || !name.is_empty() && tokens.get(i) != Some(&Token::Sign('}')) {
                    leaves.push((path, name));
                }
                return i;
            }
        }
        i += 1;
    }
}

/// Tokens without the items that are compiled for tests alone.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::new();
    let is = |token: Option<&Token>, c: char| token == Some(&Token::Sign(c));
    let mut i = 0;
    while i < tokens.len() {
        let is_attribute = |i: usize| is(tokens.get(i), '#') && is(tokens.get(i + 1), '[');
        let after = |i: usize| {
            let closes = tokens[i..].iter().position(|token| *token == Token::Sign(']'));
            i + closes.map_or(tokens.len() - i, |at| at + 1)
        };
        let has = |range: &[Token], name: &str| range.contains(&Token::Word(name.into()));
        if !is_attribute(i) || !has(&tokens[i..after(i)], "cfg") || !has(&tokens[i..after(i)], "test") {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        while is_attribute(i) {
            i = after(i);
        }
        let mut depth = 0;
        while i < tokens.len() {
            let token = &tokens[i];
            i += 1;
            match token {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']') => depth -= 1,
                Token::Sign('}') => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Token::Sign(';') if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

/// The files of a crate and what each takes from the others, tests left out.
pub(crate) struct Graph {
    modules: BTreeMap<Names, Module>,
    /// The files that each file imports from.
    pub(crate) edges: BTreeMap<String, BTreeSet<String>>,
    /// Glob imports of this crate's modules, which hide what is imported.
    pub(crate) globs: Vec<String>,
}

#[derive(Default)]
struct Module {
    file: String,
    items: BTreeSet<String>,
    imports: BTreeMap<String, Names>,
}

impl Graph {
    pub(crate) fn new(sources: &Sources) -> Self {
        let mut graph = Self { modules: BTreeMap::new(), edges: BTreeMap::new(), globs: Vec::new() };
        let files = sources.iter().filter(|(file, _)| *file != "main.rs");
        let mut outlines: Vec<(&String, Outline)> =
            files.map(|(file, source)| (file, Outline::new(file, &without_tests(&tokens(source))))).collect();
        for (file, outline) in &mut outlines {
            for (module, items) in mem::take(&mut outline.items) {
                graph.modules.insert(module, Module { file: (*file).clone(), items, ..Module::default() });
            }
            for Mention { module, path, import } in &outline.mentions {
                if let Some((name, _)) = import {
                    graph.modules.get_mut(module).unwrap().imports.insert(name.clone(), path.clone());
                }
            }
        }
        for (file, outline) in &outlines {
            let mut edges = BTreeSet::new();
            for Mention { module, path, import } in &outline.mentions {
                let Some(path) = graph.absolute(module, path, 0) else { continue };
                if path.last().is_some_and(|last| last == "*") {
                    graph.globs.push(format!("{file}: use {}", path.join("::")));
                }
                // A name that is handed on, and not used here, is no dependency.
                let is_used = |name: &String| outline.words.contains(name);
                if import.as_ref().is_none_or(|(name, reexport)| !reexport || is_used(name)) {
                    edges.extend(graph.file_of(&path, 0));
                }
            }
            edges.remove(*file);
            graph.edges.insert((*file).clone(), edges);
        }
        graph
    }

    /// A path as a module writes it, from the root of the crate; `None` for names of other crates and of the language.
    fn absolute(&self, module: &[String], path: &[String], steps: usize) -> Option<Names> {
        if let Some(path) = root_path(module, path) {
            return Some(path);
        }
        let (first, rest) = path.split_first()?;
        if self.modules.contains_key(&[module, &path[..1]].concat()) {
            return Some([module, path].concat());
        }
        let import = self.modules.get(module)?.imports.get(first).filter(|import| steps < 9 && import[0] != *first)?;
        Some([self.absolute(module, import, steps + 1)?.as_slice(), rest].concat())
    }

    /// The file that defines what an absolute path names; `None` for a module as a whole, whose items are named elsewhere.
    fn file_of(&self, path: &[String], steps: usize) -> Option<String> {
        let mut at = Names::new();
        for (i, name) in path.iter().enumerate() {
            let module = &self.modules[&at];
            let is_last = i + 1 == path.len();
            at.push(name.clone());
            if self.modules.contains_key(&at) && !(is_last && module.items.contains(name)) {
                continue;
            }
            at.pop();
            if module.items.contains(name) {
                return Some(module.file.clone());
            }
            let import = module.imports.get(name).filter(|_| steps < 9)?;
            let onward = [self.absolute(&at, import, 0)?.as_slice(), &path[i + 1..]].concat();
            return self.file_of(&onward, steps + 1);
        }
        None
    }

    /// Files that import each other, directly or around; each ring sorted.
    pub(crate) fn rings(&self) -> BTreeSet<Vec<String>> {
        let reached = |from: &String| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
            while let Some(file) = next.pop() {
                next.extend(self.edges[file].iter().filter(|file| reached.insert((*file).clone())));
            }
            reached
        };
        let reached: BTreeMap<&String, BTreeSet<String>> =
            self.edges.keys().map(|file| (file, reached(file))).collect();
        let ring = |file: &String| {
            let others = reached[file].iter().filter(|other| reached[other].contains(file));
            others.cloned().collect::<Vec<String>>()
        };
        self.edges.keys().map(ring).filter(|ring| !ring.is_empty()).collect()
    }
}
