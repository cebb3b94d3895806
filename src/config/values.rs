//! The values of an axis, from a list, a mapping or a taxonomy, with their attributes.

use super::diagnostic::{Diagnostic, Report, Span, cut, did_you_mean, shortened};
use super::named::{attributes_of, named, unique};
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
