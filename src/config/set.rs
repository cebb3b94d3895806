//! Overrides of the command line: `--set a.b.c=VALUE`.

use super::diagnostic::{Diagnostic, Report, SourceId, Sources, Span, did_you_mean};
use super::yaml::{self, Name, Node, Yaml};
use super::{forms, keys};

/// Flags that stand for a key; `--until=06:30` is `run.until=06:30`, and errors name the flag.
const FLAGS: &[(&str, &str)] = &[
    ("--until", "run.until"),
    ("--for", "run.for"),
    ("--max-requests", "run.max_requests"),
    ("--token-budget", "run.token_budget"),
    ("--max-cost", "run.max_cost"),
];

/// Puts the value of `a.b.c=VALUE`, or of a flag, into the tree, making mappings on the way; `null` removes the key.
pub fn apply(root: &mut Node, set: &str, report: &mut Report) -> Result<(), Diagnostic> {
    let flag =
        FLAGS.iter().find_map(|(flag, key)| Some((*flag, *key, set.strip_prefix(flag)?.strip_prefix('=')?)));
    let (name, text) = flag.map_or(("--set", set), |(flag, _, value)| (flag, value));
    let source = report.sources.add(name, text);
    let whole = Span { source, start: 0, end: text.len() };
    let bad = |message: &str| {
        Diagnostic::error("set", message).at(whole).help("write it as `--set samples.per_cell=3`")
    };
    let (path, value, offset) = match flag {
        Some((_, key, value)) => (key, value, 0),
        None => {
            let (path, value) = set.split_once('=').ok_or_else(|| bad("`--set` needs KEY=VALUE"))?;
            (path, value, path.len() + 1)
        }
    };
    if path.split('.').any(|part| part.trim().is_empty()) {
        return Err(bad("`--set` needs a key before the `=`"));
    }
    if path.trim() == "extends" {
        return Err(Diagnostic::error(
            "set",
            "`extends` cannot be set for one call: it says what a file builds on",
        )
        .at(whole)
        .help("write a config that extends the other, and name that"));
    }
    if value.trim().is_empty() {
        let written = if flag.is_some() { name.to_owned() } else { format!("--set {path}=") };
        let found = Diagnostic::error("set", format!("`{written}` has no value"));
        return Err(found.at(whole).help(format!("`--set {path}=null` takes the key out")));
    }
    let mut sources = Sources::default();
    let inner = sources.add("--set", value);
    let node = yaml::document(&sources, inner).map_err(|found| Diagnostic {
        at: found.at.map(|span| moved(span, source, offset)),
        also: Vec::new(),
        ..found
    })?;
    let Some(mut node) = node else { return remove(root, path, whole) };
    relocate(&mut node, source, offset);
    let mut target = root;
    let mut start = 0;
    let parts: Vec<&str> = path.split('.').map(str::trim).collect();
    for (depth, part) in path.split('.').enumerate() {
        let span = match flag {
            Some(_) => whole,
            None => Span { source, start, end: start + part.len() },
        };
        target = child(target, &parts[..depth], parts[depth], span)
            .ok_or_else(|| bad(&format!("`--set {path}`: `{part}` is not inside a mapping")))?;
        start += part.len() + 1;
    }
    *target = node;
    Ok(())
}

/// Takes a key out of the tree. One that is not there need not be, if there is such a key.
fn remove(root: &mut Node, path: &str, at: Span) -> Result<(), Diagnostic> {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut target = Some(root);
    for part in above.split('.').filter(|part| !part.is_empty()) {
        target = target.and_then(|node| {
            let Yaml::Map(entries) = &mut node.value else { return None };
            entries.iter_mut().find(|(name, _)| name.text == part.trim()).map(|(_, node)| node)
        });
    }
    let last = last.trim();
    let mut beside = Vec::new();
    if let Some(Node { value: Yaml::Map(entries), .. }) = target {
        if let Some(index) = entries.iter().position(|(name, _)| name.text == last) {
            entries.remove(index);
            return Ok(());
        }
        beside.extend(entries.iter().map(|(name, _)| name.text.as_str()));
    }
    if keys::is_known(path) {
        return Ok(());
    }
    let found = Diagnostic::error("set", format!("there is no `{path}` to remove")).at(at);
    Err(match did_you_mean(last, beside) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help("`emogrid check CONFIG --resolved` shows every key that is set"),
    })
}

/// The value under a key, made if it is absent; `None` in what is no mapping.
fn child<'a>(node: &'a mut Node, path: &[&str], key: &str, span: Span) -> Option<&'a mut Node> {
    forms::lengthen(node, path);
    if node.value == Yaml::Null {
        node.value = Yaml::Map(Vec::new());
    }
    let Yaml::Map(entries) = &mut node.value else {
        return None;
    };
    forms::make_room(entries, key, path);
    let index = match entries.iter().position(|(name, _)| name.text == key) {
        Some(index) => index,
        None => {
            entries.push((Name { span, text: key.to_owned() }, Node::new(span, Yaml::Null)));
            entries.len() - 1
        }
    };
    Some(&mut entries[index].1)
}

fn moved(span: Span, source: SourceId, offset: usize) -> Span {
    Span { source, start: span.start + offset, end: span.end + offset }
}

fn relocate(node: &mut Node, source: SourceId, offset: usize) {
    node.span = moved(node.span, source, offset);
    match &mut node.value {
        Yaml::List(items) => items.iter_mut().for_each(|item| relocate(item, source, offset)),
        Yaml::Map(entries) => {
            for (name, value) in entries {
                name.span = moved(name.span, source, offset);
                relocate(value, source, offset);
            }
        }
        _ => {}
    }
}
