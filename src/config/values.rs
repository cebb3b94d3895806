//! The values of an axis, from a list, a mapping or a taxonomy, with their attributes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report, Span, cut, did_you_mean, shortened};
use super::resolved::{AxisValue, Project};
use super::taxonomy::taxonomy;
use super::yaml::{Name, Node, Yaml};

/// The values of one axis; `None` where a mistake was reported and no value is left.
pub fn values(axis: &Name, node: &Node, project: &Project, report: &mut Report) -> Option<Vec<AxisValue>> {
    if matches!(node.value, Yaml::List(_)) {
        return named(node, report);
    }
    let own = node.get("values");
    let Some(from) = node.get("from") else {
        let excused = node.excuses("from") || node.excuses("values");
        if let Some((name, changes)) = node.named("override").filter(|_| !excused)
            && changes.value != Yaml::Null
        {
            report.push(
                Diagnostic::error("override", "`override` has nothing to override without `from`")
                    .at(name.span)
                    .help("put the attributes under `values`, or name a taxonomy in `from`"),
            );
            return own.and_then(|own| named(own, report));
        }
        let Some(own) = own else {
            if !excused {
                report.push(
                    Diagnostic::error("missing", format!("axis `{}` needs `from` or `values`", axis.text))
                        .at(axis.span)
                        .help("such as `[joy, anger]`, or `{ from: goemotions }`"),
                );
            }
            return None;
        };
        return named(own, report);
    };
    let all = taxonomy(from, project, report)?;
    let source = from.text().unwrap_or("");
    let mut values = match own {
        Some(own) => picked(own, source, &all, report)?,
        None => all.clone(),
    };
    for (name, attributes) in node.get("override").map_or(&[][..], Node::entries) {
        if let Some(value) = values.iter_mut().find(|value| value.name == name.text) {
            value.attributes.extend(attributes_of(attributes, report));
        } else if all.iter().any(|value| value.name == name.text) {
            report.push(
                Diagnostic::error("unknown-value", format!("`values` leaves out `{}`", name.text))
                    .at(name.span)
                    .help("add it to `values`, or remove it here"),
            );
        } else {
            let message = format!("`{source}` has no value `{}`", cut(&name.text));
            report.push(unknown_value(message, &name.text, name.span, &all));
        }
    }
    Some(values)
}

/// Those of a taxonomy's values that a list names.
fn picked(own: &Node, source: &str, all: &[AxisValue], report: &mut Report) -> Option<Vec<AxisValue>> {
    if matches!(own.value, Yaml::Map(_)) {
        report.push(
            Diagnostic::error("values", "with `from`, `values` is a list that picks some of its values")
                .at(own.span)
                .help("to change attributes write them under `override`"),
        );
        return Some(all.to_vec());
    }
    let mut names = Vec::new();
    for item in own.items() {
        let Some(name) = item.scalar() else { continue };
        if all.iter().any(|value| value.name == name) {
            names.push((name, item.span));
            continue;
        }
        let message = format!("`{source}` has no value `{}`", cut(&name));
        report.push(unknown_value(message, &name, item.span, all));
        // What was meant goes on, so that a rule or template that names it is not wrong too.
        if let Some(near) = did_you_mean(&name, all.iter().map(|value| value.name.as_str()))
            && !names.iter().any(|(name, _)| name == near)
        {
            names.push((near.to_owned(), item.span));
        }
    }
    let names = unique(names, report);
    let find = |name: &String| all.iter().find(|value| value.name == *name).cloned();
    let values: Vec<_> = names.iter().filter_map(find).collect();
    (own.items().is_empty() || !values.is_empty()).then_some(values)
}

/// Says that there is no such value, with the nearest that there is.
pub fn unknown_value(message: String, name: &str, at: Span, values: &[AxisValue]) -> Diagnostic {
    let found = Diagnostic::error("unknown-value", message).at(at);
    let names = || values.iter().map(|value| value.name.as_str());
    match did_you_mean(name, names()) {
        Some(near) => found.help(format!("did you mean `{}`?", cut(near))),
        None => found.help(format!("it has: {}", shortened(names()))),
    }
}

/// Values from a list of names, or from a mapping of names to attributes; `None` where all were
/// wrong.
pub fn named(node: &Node, report: &mut Report) -> Option<Vec<AxisValue>> {
    match &node.value {
        Yaml::List(items) => {
            let (mut names, mut mended) = (Vec::new(), Vec::new());
            for item in items {
                match item.scalar() {
                    Some(name) if fine(&name, item.span, report) => names.push((name, item.span)),
                    Some(name) => mended.push(name.trim().to_owned()),
                    None if item.value == Yaml::Wrong => {}
                    None => report.push(
                        Diagnostic::error("value", "a value in a list must be a name")
                            .at(item.span)
                            .label(item.found(&report.sources))
                            .help("for values with attributes write a mapping: `values: { joy: { description: … } }`"),
                    ),
                }
            }
            let mut names = unique(names, report);
            // Without its blanks a name goes on, so that a rule that names it is not wrong too.
            for name in mended {
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
            let values = names.into_iter().map(|name| AxisValue { name, ..AxisValue::default() });
            let values: Vec<_> = values.collect();
            (items.is_empty() || !values.is_empty()).then_some(values)
        }
        Yaml::Map(entries) => {
            let mut values = Vec::new();
            for (name, node) in entries {
                if fine(&name.text, name.span, report) {
                    let attributes = attributes_of(node, report);
                    values.push(AxisValue { name: name.text.clone(), attributes, endpoints: None });
                }
            }
            (entries.is_empty() || !values.is_empty()).then_some(values)
        }
        Yaml::Wrong => None,
        _ => {
            report.push(
                Diagnostic::error(
                    "type",
                    "values must be a list of names, or a mapping from name to attributes",
                )
                .at(node.span)
                .label(node.found(&report.sources)),
            );
            None
        }
    }
}

/// Whether a value may be called so: not empty, without blanks around it, on one line.
fn fine(name: &str, at: Span, report: &mut Report) -> bool {
    let shown = cut(name).escape_debug().to_string();
    let found = if name.trim().is_empty() {
        Diagnostic::error("value", "a value needs a name").label("this one is empty")
    } else if name.chars().any(char::is_control) {
        Diagnostic::error("value", format!("`{shown}` cannot name a value: it holds a control character"))
            .help("a value's name is one line of text; put the rest into an attribute")
    } else if name.trim() != name {
        Diagnostic::error("value", format!("`{shown}` begins or ends with a blank")).help("remove the blank")
    } else {
        return true;
    };
    report.push(found.at(at));
    false
}

/// The names without repetitions, each of which is reported.
fn unique(names: Vec<(String, Span)>, report: &mut Report) -> Vec<String> {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut out = Vec::new();
    for (name, span) in names {
        if let Some(first) = seen.get(&name) {
            report.push(
                Diagnostic::error("value", format!("`{}` stands twice in this list", cut(&name)))
                    .at(span)
                    .also(*first, "first here")
                    .help("remove one of them"),
            );
        } else {
            seen.insert(name.clone(), span);
            out.push(name);
        }
    }
    out
}

fn attributes_of(node: &Node, report: &mut Report) -> Map<String, Value> {
    if !matches!(node.value, Yaml::Map(_) | Yaml::Null | Yaml::Wrong) {
        report.push(
            Diagnostic::error("type", "a value's attributes must be a mapping")
                .at(node.span)
                .label(node.found(&report.sources))
                .help("give the attribute a name, such as `{ description: … }`"),
        );
    }
    let mut out = Map::new();
    for (name, value) in node.entries() {
        if name.text == "name" {
            report.push(
                Diagnostic::error(
                    "attribute",
                    "an attribute cannot be named `name`: that is the value itself",
                )
                .at(name.span)
                .help("choose another, such as `title`"),
            );
        }
        out.insert(name.text.clone(), value.to_json());
    }
    out
}
