//! Overrides of the command line: `--set a.b.c=VALUE`.

use super::diagnostic::{COMMAND_LINE, Diagnostic, Report, SourceId, Sources, Span};
use super::keys;
use super::yaml::{self, Name, Node, Yaml};

/// Puts the value of `a.b.c=VALUE` into the tree, making mappings on the way.
pub fn apply(root: &mut Node, set: &str, report: &mut Report) -> Result<(), Diagnostic> {
    let source = report.sources.add(COMMAND_LINE, set);
    let whole = Span { source, start: 0, end: set.len() };
    let bad = |message: &str| {
        Diagnostic::error("set", message).at(whole).help("write it as `--set samples.per_cell=3`")
    };
    let (path, value) = set.split_once('=').ok_or_else(|| bad("`--set` needs KEY=VALUE"))?;
    if path.split('.').any(|part| part.trim().is_empty()) {
        return Err(bad("`--set` needs a key before the `=`"));
    }
    let offset = path.len() + 1;
    let mut sources = Sources::default();
    let inner = sources.add("--set", value);
    let mut node = yaml::parse(&sources, inner).map_err(|found| Diagnostic {
        at: found.at.map(|span| moved(span, source, offset)),
        also: Vec::new(),
        ..found
    })?;
    if value.trim().is_empty() {
        node.value = Yaml::Null;
    }
    relocate(&mut node, source, offset);
    let mut target = root;
    let mut start = 0;
    for part in path.split('.') {
        let span = Span { source, start, end: start + part.len() };
        target = child(target, part.trim(), span)
            .ok_or_else(|| bad(&format!("`--set {path}`: `{part}` is not inside a mapping")))?;
        start += part.len() + 1;
    }
    *target = node;
    Ok(())
}

/// The value under a key, made if it is absent; `None` in what is no mapping.
fn child<'a>(node: &'a mut Node, key: &str, span: Span) -> Option<&'a mut Node> {
    // `endpoints.local: http://…` is short for a mapping, so an override below it must still work.
    if let Yaml::Text(text) = &node.value
        && (text.contains("://") || keys::ENDPOINT.keys.iter().any(|known| known.name == key))
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
