//! Imports go downward only.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Modules from top to bottom; those of one line do not import each other.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["commands"],
    &["learn", "pipeline"],
    &["dataset"],
    &["scheduler", "client", "store", "import", "mix", "export", "report"],
    &["prompt"],
    &["grid", "check", "refine", "split"],
    &["anonymize", "audit", "dedup", "eval", "probe"],
    &["fingerprint"],
    &["config"],
    &["table"],
    &["guard"],
    &["home", "labels", "model", "near", "staged", "tokens"],
];

/// What may be imported against that, and why.
const ALLOWED: &[(&str, &str)] = &[
    // Arguments are for whoever reads the command line.
    ("main", "cli"),
    ("commands", "cli"),
    // How a table is laid out is asked for alike by every command that takes one.
    ("cli", "dedup"),
    ("cli", "table"),
    // What can be asked of training, and the bounds that a model must keep.
    ("cli", "learn"),
    ("cli", "eval"),
    // The formats there are, and what is said of them.
    ("cli", "export"),
    // Steps that can be skipped, and what to do with labels that differ.
    ("cli", "import"),
    // Where a test asks for a sudden death, or for a wait.
    ("commands", "crash_point"),
    ("pipeline", "crash_point"),
    ("pipeline", "wait_point"),
    ("commands", "wait_point"),
    ("store", "crash_point"),
];

/// An import of another module: the file, its line, and what is imported.
#[derive(Debug, PartialEq)]
struct Import {
    line: usize,
    module: String,
}

/// The text with comments and the insides of strings blanked, so that places stay.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut quoted = false;
        let mut escaped = false;
        for (at, c) in line.char_indices() {
            if !quoted && line[at..].starts_with("//") {
                out.push('\n');
                break;
            }
            let quote = c == '"' && !escaped && !line[..at].ends_with('\'');
            out.push(if quoted && !quote && c != '\n' { ' ' } else { c });
            quoted ^= quote;
            escaped = c == '\\' && !escaped;
        }
    }
    out
}

/// The names at the head of each path after a prefix: of `a::b` it is `a`, of `{a::b, c}` both.
fn heads(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(inside) = text.strip_prefix('{') else {
        return vec![word(text)];
    };
    let mut depth = 0;
    let mut out = Vec::new();
    let mut start = 0;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                out.push(word(inside[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    out.retain(|name| !name.is_empty());
    out
}

/// Imports through `crate::`, through the crate's own name, and through `super::` where that
/// reaches the crate's root. `depth` is 1 in `src/store.rs`, 2 in `src/store/reader.rs`.
fn imports(text: &str, depth: usize) -> Vec<Import> {
    let code = code_only(text);
    let mut out = Vec::new();
    let mut inner = 0;
    let mut start = 0;
    for (number, line) in code.split_inclusive('\n').enumerate() {
        if line.trim_end().ends_with('{') && ["mod ", "pub mod "].iter().any(|word| line.starts_with(word)) {
            inner = 1;
        } else if line.starts_with('}') {
            inner = 0;
        }
        let supers = "super::".repeat(depth + inner);
        for prefix in ["crate::", "emogrid::", supers.as_str()] {
            for (at, _) in line.match_indices(prefix) {
                let glued = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                if glued || prefix == "crate::" && line[..at].ends_with('$') {
                    continue;
                }
                let after = &code[start + at + prefix.len()..];
                out.extend(heads(after).into_iter().map(|module| Import { line: number + 1, module }));
            }
        }
        start += line.len();
    }
    // `super` alone names the same modules as `self` does; another level up is a longer prefix.
    out.retain(|import| import.module != "super");
    out
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What is wrong with an import, if anything is.
fn violation(from: &str, to: &str) -> Option<String> {
    if from == to || ALLOWED.contains(&(from, to)) {
        return None;
    }
    match (layer(from), layer(to)) {
        (Some(above), Some(below)) if above < below => None,
        (Some(above), Some(below)) if above == below => Some(format!("`{from}` and `{to}` are of one layer")),
        (Some(_), Some(_)) => Some(format!("`{to}` stands above `{from}`")),
        (None, _) => Some(format!("`{from}` has no layer")),
        (_, None) => Some(format!("`{from}` may not import `{to}`")),
    }
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn imports_go_downward_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    all.sort();
    assert!(all.len() > 40, "too few files were found: {}", all.len());
    let mut wrong = String::new();
    let mut seen = 0;
    for file in &all {
        let place = file.strip_prefix(&source).unwrap().with_extension("");
        let parts: Vec<_> = place.iter().map(|part| part.to_str().unwrap()).collect();
        if parts == ["lib"] {
            continue;
        }
        for import in imports(&std::fs::read_to_string(file).unwrap(), parts.len()) {
            seen += 1;
            if let Some(why) = violation(parts[0], &import.module) {
                writeln!(
                    wrong,
                    "src/{}.rs:{}: imports `{}`: {why}",
                    place.display(),
                    import.line,
                    import.module
                )
                .unwrap();
            }
        }
    }
    assert!(seen > 80, "too few imports were found: {seen}");
    assert!(wrong.is_empty(), "imports must go downward only:\n{wrong}");
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "\
//! crate::comment is none.
use crate::config::{Config, keys};
use crate::{model::{A, B}, store,
    grid};
use super::report::Style;
use super::super::client;
fn f() { crate::export::csv(\"crate::quoted\"); }
mod tests {
    use super::*;
    use super::super::prompt;
}
";
    let found = imports(text, 1);
    let found: Vec<_> = found.iter().map(|import| (import.line, import.module.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, "config"),
            (3, "model"),
            (3, "store"),
            (3, "grid"),
            (5, "report"),
            (7, "export"),
            (10, "prompt")
        ]
    );
    assert!(imports("use super::reader;", 2).is_empty());
    assert_eq!(imports("use super::super::client;", 2).len(), 1);
}

#[test]
fn upward_and_sideways_imports_are_violations() {
    for (from, to) in [
        ("store", "client"),
        ("client", "pipeline"),
        ("report", "cli"),
        ("model", "config"),
        ("new", "model"),
    ] {
        assert!(violation(from, to).is_some(), "{from} → {to}");
    }
    for (from, to) in
        [("store", "store"), ("commands", "cli"), ("dataset", "report"), ("grid", "dedup"), ("main", "model")]
    {
        assert!(violation(from, to).is_none(), "{from} → {to}");
    }
}
