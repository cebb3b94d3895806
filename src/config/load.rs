//! From a file on disk to a resolved config, with every mistake found on the way.

use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Report, SourceId};
use super::file::read_text;
pub use super::file::{path_from, shown};
use super::keys::{self, Kind};
use super::night::Notify;
use super::resolved::{Config, Project};
pub use super::taxonomy::taxonomy_file;
use super::yaml::{self, Node, Yaml};
use super::{extend, resolve, set};
use crate::home;

/// A config that was read, with what was found on the way.
///
/// Where the report has errors, the config is only good for finding more of them: what is wrong in
/// the file is left out of it or stands in it with its default.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub report: Report,
    /// The config's own file, and those it extends.
    pub files: Vec<PathBuf>,
    /// The tree that the config was resolved from, each value with its place.
    pub tree: Node,
}

/// Reads a config and the files it names; whoever goes on with it asks `report.has_errors()`.
///
/// `sets` are `KEY.PATH=VALUE` overrides, the value read as YAML.
///
/// # Errors
/// A report with every mistake that could be found, each with its place, where too little of the
/// config is right to look any further.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Report> {
    let mut report = Report::default();
    match read_text(path, &mut report) {
        Some(source) => load_source(path, source, sets, report),
        None => Err(report),
    }
}

/// The same as if this text stood in the file.
///
/// # Errors
/// As of `load`.
pub fn load_text(path: &Path, text: &str) -> Result<Loaded, Report> {
    let mut report = Report::default();
    let source = report.sources.add(shown(path), text);
    load_source(path, source, &[], report)
}

fn load_source(path: &Path, source: SourceId, sets: &[String], mut report: Report) -> Result<Loaded, Report> {
    let mut root = match yaml::parse(&report.sources, source) {
        Ok(root) => root,
        Err(found) => {
            report.push(found);
            return Err(report);
        }
    };
    if !matches!(root.value, Yaml::Map(_)) {
        report.push(
            Diagnostic::error("type", "a config must be a mapping")
                .at(root.span)
                .label(root.found(&report.sources))
                .help("a config begins with keys such as `endpoints:`, `prompt:` and `grid:`"),
        );
        return Err(report);
    }
    let mut files = vec![path.to_owned()];
    match extend::extended(root, path, &mut report) {
        Ok((whole, bases)) => {
            root = whole;
            files.extend(bases);
        }
        Err(found) => {
            report.push(found);
            return Err(report);
        }
    }
    for set in sets {
        if let Err(found) = set::apply(&mut root, set, &mut report) {
            report.push(found);
        }
    }
    let found = keys::check(&mut root, &Kind::Section(&keys::CONFIG), &report.sources);
    found.into_iter().for_each(|diagnostic| report.push(diagnostic));
    let project = Project { root: project_root(path), config: path.to_owned() };
    match resolve::resolve(&root, project, &mut report) {
        Some(config) => Ok(Loaded { config, report, files, tree: root }),
        None => Err(report),
    }
}

/// The name under which a config's dataset goes; `None` where the file is no config.
pub fn name_of(path: &Path) -> Option<String> {
    let mut report = Report::default();
    let source = read_text(path, &mut report)?;
    let root = yaml::parse(&report.sources, source).ok()?;
    match root.get("name") {
        Some(name) => name.text().map(str::to_owned),
        None => path.file_stem()?.to_str().map(str::to_owned),
    }
}

/// The name of a config, and whom it tells of its runs, as far as that can be read of one with mistakes.
pub fn notified(path: &Path, sets: &[String]) -> Option<(String, Notify)> {
    let mut report = Report::default();
    let source = read_text(path, &mut report)?;
    let root = yaml::parse(&report.sources, source).ok()?;
    let (mut root, _) = extend::extended(root, path, &mut report).ok()?;
    for set in sets {
        // One that is wrong was said.
        let _ = set::apply(&mut root, set, &mut report);
    }
    let name = root.get("name").and_then(Node::text).map(str::to_owned);
    let name = name.or_else(|| path.file_stem()?.to_str().map(str::to_owned))?;
    Some((name, Notify::of(&root)?))
}

/// The nearest folder above the config that has `.emogrid/`, else the parent of `configs/`, else
/// the config's own folder.
pub fn project_root(config: &Path) -> PathBuf {
    let absolute = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    if let Some(root) = home::above(folder) {
        return root;
    }
    match folder.parent() {
        Some(parent) if folder.file_name().is_some_and(|name| name == "configs") => parent.to_owned(),
        _ => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads a config of its own; what came of it, and the codes of what was found.
    fn loaded(text: &str) -> (bool, Vec<&'static str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moods.yaml");
        std::fs::write(&path, text).unwrap();
        let (config, report) = match load(&path, &[]) {
            Ok(loaded) => (true, loaded.report),
            Err(report) => (false, report),
        };
        (config, report.found.iter().map(|found| found.code).collect())
    }

    const FINE: &str = "endpoints: { local: http://127.0.0.1:8080 }\nprompt: { user: Hi }\ngrid: { axes: { mood: [joy, anger] } }\n";

    #[test]
    fn a_config_goes_on_with_mistakes_beside_axes_and_prompt() {
        assert_eq!(loaded(FINE), (true, vec![]));
        assert_eq!(loaded(&format!("{FINE}seed: x\n")), (true, vec!["type"]));
        assert_eq!(loaded(&FINE.replace("http:", "htp:")), (true, vec!["url"]));
        assert_eq!(loaded(&FINE.replace("joy,", "joy, [a],")), (true, vec!["type"]));
        assert_eq!(loaded(&FINE.replace("[joy, anger]", "joy")), (true, vec!["type"]));
        assert_eq!(loaded("prompt: []\n"), (false, vec!["type", "missing", "missing"]));
    }

    #[test]
    fn a_mistake_is_said_once() {
        for (from, to) in [
            ("endpoints:", "endpoint:"),
            ("prompt:", "promt:"),
            ("user:", "usr:"),
            ("axes:", "axis:"),
            ("{ local: http://127.0.0.1:8080 }", "http://127.0.0.1:8080"),
            ("{ user: Hi }", "Hi"),
            ("{ user: Hi }", "{ user: [Hi] }"),
            ("[joy, anger]", "{ value: [joy] }"),
            ("[joy, anger]", "{ joy: {}, anger: {} }"),
            ("[joy, anger]", "[{ joy: 1 }]"),
        ] {
            let (_, codes) = loaded(&FINE.replace(from, to));
            assert_eq!(codes.len(), 1, "{to}: {codes:?}");
        }
    }
}
