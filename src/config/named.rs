//! Values as they are written: a list of names, or names with their attributes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report, Span, cut};
use super::resolved::AxisValue;
use super::yaml::{Node, Yaml};

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
pub fn unique(names: Vec<(String, Span)>, report: &mut Report) -> Vec<String> {
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

/// The attributes of a value.
pub fn attributes_of(node: &Node, report: &mut Report) -> Map<String, Value> {
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
        let is_share = value.number().is_some_and(|number| number.is_finite() && number >= 0.0);
        if name.text == "weight" && !is_share && !matches!(value.value, Yaml::Null | Yaml::Wrong) {
            report.push(
                Diagnostic::error("weight", "a value's `weight` must be a number, 0 or more")
                    .at(value.span)
                    .label(value.found(&report.sources))
                    .help("it is the value's share of `samples.total`, beside 1 for those that say none"),
            );
        }
        out.insert(name.text.clone(), value.to_json());
    }
    out
}
