//! From a file on disk to a resolved config, with every mistake found on the way.

use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Report, SourceId, Span, did_you_mean};
use super::keys::{self, Kind};
use super::resolve;
use super::resolved::{Config, Project};
use super::yaml::{self, Name, Node, Yaml};

/// A config that was read, with the warnings found on the way.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub report: Report,
}

/// Reads a config and the files it names.
///
/// `sets` are `KEY.PATH=VALUE` overrides, the value read as YAML.
///
/// # Errors
/// A report with every mistake that could be found, each with its place.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Report> {
    let mut report = Report::default();
    let Some(source) = read_text(path, None, &mut report) else {
        return Err(report);
    };
    let mut root = match yaml::parse(&report.sources, source) {
        Ok(root) => root,
        Err(found) => {
            report.push(found);
            return Err(report);
        }
    };
    for set in sets {
        if let Err(found) = apply_set(&mut root, set, &mut report) {
            report.push(found);
        }
    }
    let mut found = Vec::new();
    keys::check(&root, &Kind::Section(&keys::CONFIG), "", &mut found);
    if !matches!(root.value, Yaml::Map(_)) {
        found.clear();
        found.push(
            Diagnostic::error("type", "a config must be a mapping")
                .at(root.span)
                .label(format!("found {}", root.kind())),
        );
    }
    found.into_iter().for_each(|diagnostic| report.push(diagnostic));
    let project = Project { root: project_root(path), config: path.to_owned() };
    let config = resolve::resolve(&root, project, &mut report);
    match config {
        Some(config) if !report.has_errors() => Ok(Loaded { config, report }),
        _ => Err(report),
    }
}

/// The name under which a config's dataset goes; `None` where the file is no config.
pub fn name_of(path: &Path) -> Option<String> {
    let mut report = Report::default();
    let source = read_text(path, None, &mut report)?;
    let root = yaml::parse(&report.sources, source).ok()?;
    match root.get("name") {
        Some(name) => name.text().map(str::to_owned),
        None => path.file_stem()?.to_str().map(str::to_owned),
    }
}

/// The nearest folder above the config that has `.emogrid/`, else the parent of `configs/`, else
/// the config's own folder.
pub fn project_root(config: &Path) -> PathBuf {
    let absolute = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    if let Some(root) = folder.ancestors().find(|above| above.join(".emogrid").is_dir()) {
        return root.to_owned();
    }
    match folder.parent() {
        Some(parent) if folder.file_name().is_some_and(|name| name == "configs") => parent.to_owned(),
        _ => folder.to_owned(),
    }
}

/// Reads a UTF-8 file into the report's sources; a failure becomes a diagnostic at `named`.
pub fn read_text(path: &Path, named: Option<Span>, report: &mut Report) -> Option<SourceId> {
    let shown = shown(path);
    let fail = |diagnostic: Diagnostic, report: &mut Report| {
        report.push(match named {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
        None
    };
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => {
                let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
                Some(report.sources.add(shown, text))
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("`{}` is not UTF-8 from its line {line} on", shown.display());
                fail(Diagnostic::error("encoding", message).help("save the file as UTF-8"), report)
            }
        },
        Err(error) => {
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => format!("there is no file `{}`", shown.display()),
                _ => format!("cannot read `{}`: {error}", shown.display()),
            };
            let mut diagnostic = Diagnostic::error("file", message);
            if let Some(near) = nearest_file(path) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            fail(diagnostic, report)
        }
    }
}

/// The path as a user would write it: relative to where they stand, where that is shorter.
pub fn shown(path: &Path) -> PathBuf {
    std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned))
        .unwrap_or_else(|| path.to_owned())
}

fn nearest_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?.to_owned();
    let names: Vec<String> = std::fs::read_dir(path.parent()?)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    did_you_mean(&wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// Puts the value of `a.b.c=VALUE` into the tree, making mappings on the way.
fn apply_set(root: &mut Node, set: &str, report: &mut Report) -> Result<(), Diagnostic> {
    let source = report.sources.add("--set", set);
    let whole = Span { source, start: 0, end: set.len() };
    let bad = |message: &str| {
        Diagnostic::error("set", message).at(whole).help("write it as `--set samples.per_cell=3`")
    };
    let (path, value) = set.split_once('=').ok_or_else(|| bad("`--set` needs KEY=VALUE"))?;
    if path.split('.').any(|part| part.trim().is_empty()) {
        return Err(bad("`--set` needs a key before the `=`"));
    }
    let offset = path.len() + 1;
    let mut sources = super::diagnostic::Sources::default();
    let inner = sources.add("--set", value);
    let mut node = yaml::parse(&sources, inner).map_err(|found| Diagnostic { at: Some(whole), ..found })?;
    if value.trim().is_empty() {
        node.value = Yaml::Null;
    }
    relocate(&mut node, source, offset);
    let mut target = root;
    for part in path.split('.') {
        target = child(target, part.trim(), whole)
            .ok_or_else(|| bad(&format!("`--set {path}`: `{part}` is not inside a mapping")))?;
    }
    *target = node;
    Ok(())
}

/// The value under a key, made if it is absent; `None` in what is no mapping.
fn child<'a>(node: &'a mut Node, key: &str, span: Span) -> Option<&'a mut Node> {
    // `endpoints.local: http://…` is short for a mapping, so an override below it must still work.
    if let Yaml::Text(text) = &node.value
        && keys::ENDPOINT.keys.iter().any(|known| known.name == key)
    {
        let url = Node::new(node.span, Yaml::Text(text.clone()));
        node.value = Yaml::Map(vec![(Name { span: node.span, text: "url".into() }, url)]);
    }
    if node.value == Yaml::Null {
        node.value = Yaml::Map(Vec::new());
    }
    let Yaml::Map(entries) = &mut node.value else {
        return None;
    };
    let index = match entries.iter().position(|(name, _)| name.text == key) {
        Some(index) => index,
        None => {
            entries.push((Name { span, text: key.to_owned() }, Node::new(span, Yaml::Null)));
            entries.len() - 1
        }
    };
    Some(&mut entries[index].1)
}

fn relocate(node: &mut Node, source: SourceId, offset: usize) {
    let moved = |span: Span| Span { source, start: span.start + offset, end: span.end + offset };
    node.span = moved(node.span);
    match &mut node.value {
        Yaml::List(items) => items.iter_mut().for_each(|item| relocate(item, source, offset)),
        Yaml::Map(entries) => {
            for (name, value) in entries {
                name.span = moved(name.span);
                relocate(value, source, offset);
            }
        }
        _ => {}
    }
}
