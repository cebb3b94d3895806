//! `extends`: a config that builds on another.

use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Report};
use super::file::read_named_from;
use super::forms::{lengthen, make_room, replaces};
use super::yaml::{self, Name, Node, Yaml};

/// The most configs that may build on each other in a row.
const DEEPEST: usize = 16;

/// Puts a config onto the one it extends, and that onto its own, and so on; says which files those
/// were.
///
/// Mappings merge, lists replace, `null` removes. A base's `name` is not taken over, since two
/// configs of a project cannot share one. Each value keeps its place in the file that wrote it.
///
/// # Errors
/// A base that cannot be read, and configs that extend each other in a circle.
pub fn extended(
    mut root: Node,
    path: &Path,
    report: &mut Report,
) -> Result<(Node, Vec<PathBuf>), Diagnostic> {
    let mut files = Vec::new();
    // What builds on `root`, the nearest last.
    let mut layers = Vec::new();
    let mut seen = vec![whole(path)];
    let mut folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut next = take_extends(&mut root)?;
    while let Some((file, at)) = next {
        let base_path = folder.join(&file);
        if seen.contains(&whole(&base_path)) || seen.len() > DEEPEST {
            return Err(Diagnostic::error("extends", "these configs extend each other in a circle").at(at));
        }
        let source = read_named_from(&folder, &file, at, report)?;
        let mut base = yaml::parse(&report.sources, source)?;
        if !matches!(base.value, Yaml::Map(_)) {
            return Err(Diagnostic::error("type", "a config must be a mapping").at(base.span));
        }
        next = take_extends(&mut base)?;
        if let Yaml::Map(entries) = &mut base.value {
            entries.retain(|(name, _)| name.text != "name");
        }
        layers.push(std::mem::replace(&mut root, base));
        seen.push(whole(&base_path));
        folder = base_path.parent().unwrap_or(Path::new("")).to_owned();
        files.push(base_path);
    }
    // From below: what one takes out of its base is to stay out of it.
    for layer in layers.into_iter().rev() {
        merge(&mut root, layer, &[]);
    }
    Ok((root, files))
}

fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn take_extends(root: &mut Node) -> Result<Option<(String, super::Span)>, Diagnostic> {
    let Yaml::Map(entries) = &mut root.value else { return Ok(None) };
    let Some(index) = entries.iter().position(|(name, _)| name.text == "extends") else { return Ok(None) };
    let (_, node) = entries.remove(index);
    match node.value {
        Yaml::Text(file) => Ok(Some((file, node.span))),
        _ => Err(Diagnostic::error("type", "`extends` must be the name of one file")
            .at(node.span)
            .help("such as `extends: base.yaml`, from this config's folder")),
    }
}

fn merge(base: &mut Node, mut over: Node, path: &[&str]) {
    if matches!(over.value, Yaml::Map(_)) {
        lengthen(base, path);
    }
    if matches!(base.value, Yaml::Map(_)) {
        lengthen(&mut over, path);
    }
    match (&mut base.value, over.value) {
        (Yaml::Map(below), Yaml::Map(above)) if !replaces(below, &above, path) => {
            for (name, node) in above {
                put(below, name, node, path);
            }
        }
        (_, value) => *base = Node { value, ..over },
    }
}

fn put(below: &mut Vec<(Name, Node)>, name: Name, node: Node, path: &[&str]) {
    if node.value == Yaml::Null {
        below.retain(|(known, _)| known.text != name.text);
        return;
    }
    make_room(below, &name.text, path);
    match below.iter_mut().find(|(known, _)| known.text == name.text) {
        Some((_, known)) => merge(known, node, &[path, &[&name.text]].concat()),
        None => below.push((name, node)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::load::load;
    use crate::config::resolved::Amount;
    use crate::config::resolved::Slots;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const BASE: &str = "name: base\nendpoints: { local: http://127.0.0.1:8080 }\nprompt: { user: 'Hi {{ mood }} {{ lists.l | pick }}' }\n\
        grid: { axes: { mood: [joy, anger], tone: [dry, warm] }, exclude: [{ mood: joy, tone: dry }] }\n\
        samples: { per_cell: 2, max_asks: 9 }\nlists: { l: l.txt }\n";

    #[test]
    fn mappings_merge_lists_replace_null_removes_and_paths_stay_with_their_file() {
        let folder = folder(&[
            ("shared/base.yaml", BASE),
            ("shared/l.txt", "a\n"),
            ("own/m.txt", "b\n"),
            (
                "own/middle.yaml",
                "extends: ../shared/base.yaml\nendpoints: { local: { slots: 2 } }\nlists: { m: m.txt }\n",
            ),
            (
                "own/top.yaml",
                "extends: middle.yaml\nsamples: { per_cell: 5 }\ngrid: { axes: { mood: { label: true }, tone: null }, exclude: null }\n",
            ),
        ]);
        let loaded = load(&folder.path().join("own/top.yaml"), &[]).unwrap();
        assert!(!loaded.report.has_errors(), "{}", loaded.report);
        let config = loaded.config;
        assert_eq!(config.name, "top", "a base's name is its own");
        assert_eq!(config.samples.amount, Amount::PerCell { per_cell: 5 });
        assert_eq!(config.samples.max_asks, Some(9));
        assert_eq!(config.endpoints[0].slots, Slots::Exactly(2));
        assert_eq!(config.axes.len(), 1);
        assert!(config.axes[0].label && config.axes[0].values.len() == 2);
        assert!(config.exclude.is_empty());
        let lists: Vec<&str> = config.lists.iter().map(|list| list.name.as_str()).collect();
        assert_eq!(lists, ["l", "m"]);
        assert_eq!(loaded.files.len(), 3);
    }

    #[test]
    fn what_is_taken_out_does_not_come_back_from_further_below() {
        let base = format!("{BASE}checks: {{ words: [3, 45] }}\nsampling: {{ temperature: 0.3 }}\n")
            .replace("user: 'Hi", "user: { one: 'A {{ mood }}', two: 'Hi")
            .replace("| pick }}' }", "| pick }}' } }");
        let middle = "extends: a.yaml\nprompt: { user: { one: 'B {{ mood }}', two: null } }\n\
            checks: { words: [4, 50] }\nsampling: { temperature: 0.5 }\n";
        let top = "extends: b.yaml\nprompt: { user: { one: null, two: 'C {{ mood }}' } }\n\
            checks: { words: null }\nsampling: null\n";
        let folder = folder(&[("a.yaml", &base), ("b.yaml", middle), ("c.yaml", top), ("l.txt", "a\n")]);
        let tree = load(&folder.path().join("c.yaml"), &[]).unwrap().tree.to_json();
        assert_eq!(tree["prompt"]["user"], json!({ "two": "C {{ mood }}" }));
        assert_eq!((&tree["checks"], &tree["sampling"]), (&json!({}), &json!(null)));
        let tree = load(&folder.path().join("b.yaml"), &[]).unwrap().tree.to_json();
        assert_eq!(tree["prompt"]["user"], json!({ "one": "B {{ mood }}" }));
    }

    #[test]
    fn short_forms_are_built_upon_and_of_keys_that_exclude_each_other_the_last_stays() {
        let base = "endpoints: { a: { managed: quickstart } }\nprompt: { user: { x: One, y: { from: y.j2, weight: 2 } } }\n\
            grid: { axes: { mood: [joy] } }\nsamples: { total: 9 }\n\
            checks: { toxicity: mild, judges: { j: { prompt: 'Is {{ text }} good?', accept: ok } } }\n";
        let over = "extends: base.yaml\nendpoints: { a: { managed: { slots: 2 } } }\n\
            prompt: { user: { x: { weight: 3 }, y: Two } }\nsamples: { per_cell: 4 }\n\
            checks: { toxicity: { terms: t.txt }, judges: { j: { prompt: { from: j.j2 } } } }\n";
        let folder = folder(&[("base.yaml", base), ("own.yaml", over), ("t.txt", "x\n")]);
        let tree = load(&folder.path().join("own.yaml"), &[]).unwrap().tree.to_json();
        assert_eq!(tree["endpoints"]["a"], json!({ "managed": { "model": "quickstart", "slots": 2 } }));
        let user = json!({ "x": { "text": "One", "weight": 3 }, "y": { "text": "Two", "weight": 2 } });
        assert_eq!(tree["prompt"]["user"], user);
        assert_eq!(tree["samples"], json!({ "per_cell": 4 }));
        assert_eq!(tree["checks"]["toxicity"], json!({ "level": "mild", "terms": "t.txt" }));
        assert_eq!(tree["checks"]["judges"]["j"]["prompt"], json!({ "from": "j.j2" }));
    }

    #[test]
    fn circles_and_missing_bases_are_said_where_they_are_named() {
        let folder = folder(&[
            ("a.yaml", "extends: b.yaml\n"),
            ("b.yaml", "extends: a.yaml\n"),
            ("c.yaml", "extends: d.yaml\n"),
            ("e.yaml", "extends: [a.yaml, b.yaml]\n"),
        ]);
        for (file, said) in
            [("a.yaml", "in a circle"), ("c.yaml", "there is no file"), ("e.yaml", "one file")]
        {
            let report = load(&folder.path().join(file), &[]).unwrap_err();
            assert!(report.to_string().contains(said), "{file}: {report}");
        }
    }
}
