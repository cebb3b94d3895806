//! Axes with their values, and the rules that thin the grid.

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report, Span, did_you_mean};
use super::load::read_text;
use super::resolve::beside;
use super::resolved::{Axis, AxisValue, Project, Rule};
use super::taxonomy;
use super::yaml::{self, Node, Yaml};

/// What a row or a template already calls by these names.
const RESERVED: &[&str] = &[
    "id",
    "text",
    "model",
    "prompt",
    "fingerprint",
    "reason",
    "why",
    "cell",
    "ask",
    "items",
    "lists",
    "if",
    "not",
    "in",
    "is",
    "and",
    "or",
    "else",
    "true",
    "false",
    "none",
    "loop",
    "self",
    "range",
    "namespace",
    "dict",
    "debug",
];

/// Reads `grid.axes`; each mistake goes to the report.
pub fn axes(root: &Node, project: &Project, report: &mut Report) -> Vec<Axis> {
    let help = "add what varies, such as\n\ngrid:\n  axes:\n    emotion: { from: goemotions, label: true }\n    sentiment: [positive, neutral, negative]";
    let Some(axes) = root.get("grid").and_then(|grid| grid.get("axes")) else {
        let at = root.get("grid").map_or(Span { start: 0, end: 0, ..root.span }, |grid| grid.span);
        report.push(Diagnostic::error("missing", "`grid.axes` is missing").at(at).help(help));
        return Vec::new();
    };
    if axes.entries().is_empty() {
        report.push(Diagnostic::error("missing", "`grid.axes` names no axis").at(axes.span).help(help));
    }
    let mut out = Vec::new();
    for (name, node) in axes.entries() {
        check_name(&name.text, name.span, report);
        let values = values(node, project, report);
        if values.as_ref().is_some_and(Vec::is_empty) {
            report.push(
                Diagnostic::error("empty-axis", format!("axis `{}` has no values", name.text)).at(node.span),
            );
        }
        out.push(Axis {
            name: name.text.clone(),
            label: node.get("label").and_then(Node::bool).unwrap_or(false),
            values: values.unwrap_or_default(),
            at: Some(name.span),
        });
    }
    out
}

fn check_name(name: &str, span: Span, report: &mut Report) {
    let mut letters = name.chars();
    let fine = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !fine {
        report.push(
            Diagnostic::error("axis-name", format!("`{name}` cannot name an axis"))
                .at(span)
                .help("templates call the axis by its name: use letters, digits and `_`, a letter first"),
        );
    } else if RESERVED.contains(&name) {
        report.push(
            Diagnostic::error("axis-name", format!("an axis cannot be named `{name}`"))
                .at(span)
                .help("rows or templates already have something of that name; choose another"),
        );
    }
}

/// The values of one axis; `None` where a mistake was reported.
fn values(node: &Node, project: &Project, report: &mut Report) -> Option<Vec<AxisValue>> {
    if matches!(node.value, Yaml::List(_)) {
        return named(node, report);
    }
    let own = node.get("values");
    let Some(from) = node.get("from") else {
        if let Some(changes) = node.get("override") {
            report.push(
                Diagnostic::error("override", "`override` has nothing to override without `from`")
                    .at(changes.span)
                    .help("put the attributes under `values`"),
            );
        }
        let Some(own) = own else {
            report.push(Diagnostic::error("missing", "an axis needs `from` or `values`").at(node.span));
            return None;
        };
        return named(own, report);
    };
    let mut values = taxonomy(from, project, report)?;
    if let Some(own) = own {
        if matches!(own.value, Yaml::Map(_)) {
            report.push(
                Diagnostic::error("values", "with `from`, `values` is a list that picks some of its values")
                    .at(own.span)
                    .help("to change attributes write them under `override`"),
            );
            return None;
        }
        let mut picked = Vec::new();
        for item in own.items() {
            let name = scalar(item)?;
            match values.iter().find(|value| value.name == name) {
                Some(value) => picked.push(value.clone()),
                None => report.push(unknown_value(&name, item.span, from.text().unwrap_or(""), &values)),
            }
        }
        values = unique(picked, own.items(), report);
    }
    for (name, attributes) in node.get("override").map_or(&[][..], Node::entries) {
        match values.iter_mut().find(|value| value.name == name.text) {
            Some(value) => value.attributes.extend(attributes_of(attributes, report)),
            None => report.push(unknown_value(&name.text, name.span, from.text().unwrap_or(""), &values)),
        }
    }
    Some(values)
}

fn unknown_value(name: &str, at: Span, of: &str, values: &[AxisValue]) -> Diagnostic {
    let found = Diagnostic::error("unknown-value", format!("`{of}` has no value `{name}`")).at(at);
    match did_you_mean(name, values.iter().map(|value| value.name.as_str())) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help(format!("it has: {}", shortened(values.iter().map(|value| value.name.as_str())))),
    }
}

fn shortened<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.len() {
        0..=12 => names.join(", "),
        more => format!("{}, … ({} in all)", names[..10].join(", "), more),
    }
}

fn taxonomy(from: &Node, project: &Project, report: &mut Report) -> Option<Vec<AxisValue>> {
    let name = from.text()?;
    let source = match taxonomy::built_in(name) {
        Some(text) => report.sources.add(format!("<built in>/{name}.yaml"), text),
        None => {
            let looks_like_a_file = name.contains(['/', '.']);
            if !looks_like_a_file {
                let mut found =
                    Diagnostic::error("taxonomy", format!("there is no built-in taxonomy `{name}`"))
                        .at(from.span);
                found = match did_you_mean(name, taxonomy::names()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!(
                        "built in: {}; a file of your own is named with its ending, from the config's folder: `../taxonomies/{name}.yaml`",
                        taxonomy::names().collect::<Vec<_>>().join(", ")
                    )),
                };
                report.push(found);
                return None;
            }
            read_text(&beside(project, name), Some(from.span), report)?
        }
    };
    let tree = match yaml::parse(&report.sources, source) {
        Ok(tree) => tree,
        Err(found) => {
            report.push(found);
            return None;
        }
    };
    let Some(values) = tree.get("values") else {
        report.push(
            Diagnostic::error("taxonomy", "a taxonomy needs `values`")
                .at(tree.span)
                .help("`values:` is a list of names, or a mapping from name to attributes"),
        );
        return None;
    };
    for (key, _) in tree.entries() {
        if !["description", "values"].contains(&key.text.as_str()) {
            report.push(
                Diagnostic::error("unknown-key", format!("unknown key `{}` in a taxonomy", key.text))
                    .at(key.span)
                    .help("known here: description, values"),
            );
        }
    }
    named(values, report)
}

/// Values from a list of names, or from a mapping of names to attributes.
fn named(node: &Node, report: &mut Report) -> Option<Vec<AxisValue>> {
    match &node.value {
        Yaml::List(items) => {
            let values = items
                .iter()
                .filter_map(|item| match scalar(item) {
                    Some(name) if !name.trim().is_empty() => Some(AxisValue { name, attributes: Map::new() }),
                    _ => {
                        report.push(
                            Diagnostic::error("value", "a value in a list must be a name")
                                .at(item.span)
                                .label(format!("found {}", item.kind()))
                                .help(
                                    "for values with attributes write a mapping: `joy: { description: … }`",
                                ),
                        );
                        None
                    }
                })
                .collect();
            Some(unique(values, items, report))
        }
        Yaml::Map(entries) => {
            let values = entries.iter().map(|(name, node)| AxisValue {
                name: name.text.clone(),
                attributes: attributes_of(node, report),
            });
            Some(values.collect())
        }
        _ => {
            report.push(
                Diagnostic::error(
                    "type",
                    "values must be a list of names, or a mapping from name to attributes",
                )
                .at(node.span)
                .label(format!("found {}", node.kind())),
            );
            None
        }
    }
}

fn unique(values: Vec<AxisValue>, items: &[Node], report: &mut Report) -> Vec<AxisValue> {
    let mut seen = std::collections::HashSet::new();
    for (value, item) in values.iter().zip(items) {
        if !seen.insert(value.name.clone()) {
            report.push(
                Diagnostic::error("value", format!("`{}` stands twice in this list", value.name))
                    .at(item.span),
            );
        }
    }
    values
}

fn attributes_of(node: &Node, report: &mut Report) -> Map<String, Value> {
    if !matches!(node.value, Yaml::Map(_) | Yaml::Null) {
        report.push(
            Diagnostic::error("type", "a value's attributes must be a mapping")
                .at(node.span)
                .label(format!("found {}", node.kind())),
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
                .at(name.span),
            );
        }
        out.insert(name.text.clone(), value.to_json());
    }
    out
}

/// A value's name as text: `5`, `true` and `joy` are all names.
fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Yaml::Text(text) => Some(text.clone()),
        Yaml::Bool(yes) => Some(yes.to_string()),
        Yaml::Whole(number) => Some(number.to_string()),
        Yaml::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads `grid.exclude` or `grid.only` against the axes.
pub fn rules(root: &Node, key: &str, axes: &[Axis], report: &mut Report) -> Vec<Rule> {
    let node = root.get("grid").and_then(|grid| grid.get(key));
    let mut out = Vec::new();
    for item in node.map_or(&[][..], Node::items) {
        let mut rule = Rule { values: Vec::new(), condition: None, at: Some(item.span), condition_at: None };
        if item.entries().is_empty() {
            report.push(
                Diagnostic::error("rule", format!("an item of `{key}` must say what it matches"))
                    .at(item.span)
                    .help("such as `{ emotion: grief, context: [sport, food] }`, or `if: emotion.polarity == 'negative'`"),
            );
        }
        for (name, value) in item.entries() {
            if name.text == "if" {
                match value.text() {
                    Some(text) => {
                        rule.condition = Some(text.to_owned());
                        rule.condition_at = Some(value.span);
                    }
                    None => report.push(
                        Diagnostic::error("type", "`if` must be an expression, as a text")
                            .at(value.span)
                            .label(format!("found {}", value.kind())),
                    ),
                }
                continue;
            }
            let Some(index) = axes.iter().position(|axis| axis.name == name.text) else {
                let names = axes.iter().map(|axis| axis.name.as_str());
                let mut found =
                    Diagnostic::error("unknown-axis", format!("there is no axis `{}`", name.text))
                        .at(name.span);
                found = match did_you_mean(&name.text, names.clone().chain(["if"])) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("axes: {}", shortened(names))),
                };
                report.push(found);
                continue;
            };
            let axis = &axes[index];
            let nodes = match &value.value {
                Yaml::List(items) => items.iter().collect(),
                _ => vec![value],
            };
            let mut matching = Vec::new();
            for node in nodes {
                let wanted = scalar(node).unwrap_or_default();
                match axis.values.iter().position(|value| value.name == wanted) {
                    Some(at) => matching.push(at),
                    None if axis.values.is_empty() => {}
                    None => {
                        let of = format!("axis {}", axis.name);
                        let mut found = unknown_value(&wanted, node.span, &of, &axis.values);
                        found.message = format!("axis `{}` has no value `{wanted}`", axis.name);
                        report.push(found);
                    }
                }
            }
            rule.values.push((index, matching));
        }
        out.push(rule);
    }
    out
}
