//! The rules that thin the grid: `exclude` and `only`.

use super::diagnostic::{Diagnostic, Report, cut, did_you_mean, shortened};
use super::expression::literal;
use super::resolved::{Axis, Rule};
use super::values::unknown_value;
use super::yaml::{Name, Node, Yaml};

/// Reads `grid.exclude` or `grid.only` against the axes; a rule with a mistake is left out.
///
/// Of `only` all are left out then: the others alone would leave too little.
pub fn rules(root: &Node, key: &str, axes: &[Axis], report: &mut Report) -> Vec<Rule> {
    let Some(node) = root.get("grid").and_then(|grid| grid.get(key)) else {
        return Vec::new();
    };
    if key == "only" && matches!(&node.value, Yaml::List(items) if items.is_empty()) {
        report.push(
            Diagnostic::error("rule", "`only` is empty, so it would leave no cell")
                .at(node.span)
                .help("remove it to keep every combination"),
        );
    }
    let rules: Vec<Option<Rule>> = node.items().iter().map(|item| rule(item, key, axes, report)).collect();
    if key == "only" && rules.contains(&None) {
        return Vec::new();
    }
    rules.into_iter().flatten().collect()
}

/// One rule; `None` where a mistake was reported.
fn rule(item: &Node, key: &str, axes: &[Axis], report: &mut Report) -> Option<Rule> {
    if item.value == Yaml::Wrong {
        return None;
    }
    if item.entries().is_empty() {
        report.push(
            Diagnostic::error("rule", format!("an item of `{key}` must say what it matches"))
                .at(item.span)
                .help("such as `{ emotion: grief, context: [sport, food] }`, or `if: emotion.polarity == 'negative'`"),
        );
        return None;
    }
    let mut rule = Rule { values: Vec::new(), condition: None, at: Some(item.span), condition_at: None };
    let mut fine = true;
    for (name, value) in item.entries() {
        if name.text == "if" {
            match value.text() {
                Some(text) => {
                    rule.condition = Some(text.to_owned());
                    rule.condition_at = Some(value.span);
                }
                None => {
                    let at = if value.value == Yaml::Null { name.span } else { value.span };
                    report.push(
                        Diagnostic::error("type", "`if` must be an expression, as a text")
                            .at(at)
                            .label(value.found(&report.sources)),
                    );
                    fine = false;
                }
            }
            continue;
        }
        let Some(index) = axes.iter().position(|axis| axis.name == name.text) else {
            // Without axes nothing can be said of a rule's.
            if !axes.is_empty() {
                report.push(unknown_axis(name, value, axes));
            }
            fine = false;
            continue;
        };
        match matching(name, value, &axes[index], report) {
            Some(matching) => rule.values.push((index, matching)),
            None => fine = false,
        }
    }
    fine.then_some(rule)
}

/// Which of an axis's values a rule names; `None` where a mistake was reported.
fn matching(name: &Name, value: &Node, axis: &Axis, report: &mut Report) -> Option<Vec<usize>> {
    let nodes = match &value.value {
        Yaml::List(items) if items.is_empty() => {
            report.push(
                Diagnostic::error("rule", "an empty list matches nothing")
                    .at(value.span)
                    .help(format!("name values of `{}`, or remove the rule", axis.name)),
            );
            return None;
        }
        Yaml::List(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut out = Vec::new();
    let mut fine = !axis.values.is_empty();
    for node in nodes {
        let Some(wanted) = node.scalar() else {
            report.push(no_value(name, node, axis, report));
            fine = false;
            continue;
        };
        match axis.values.iter().position(|value| value.name == wanted) {
            Some(at) => out.push(at),
            None if axis.values.is_empty() => {}
            None => {
                let message = format!("axis `{}` has no value `{}`", axis.name, cut(&wanted));
                let found = unknown_value(message, &wanted, node.span, &axis.values);
                report.push(match wanted.strip_prefix('!') {
                    Some(negated) => found.help(format!(
                        "write `if: {}.name != {}`",
                        axis.name,
                        literal(&cut(negated.trim()))
                    )),
                    None if wanted == "*" => found.help(format!(
                        "leave `{}` out: a rule matches any value of an axis that it does not name",
                        axis.name
                    )),
                    None => found,
                });
                fine = false;
            }
        }
    }
    fine.then_some(out)
}

/// Says that something is no value's name, such as a mapping of attributes.
fn no_value(name: &Name, node: &Node, axis: &Axis, report: &Report) -> Diagnostic {
    let at = if node.value == Yaml::Null { name.span } else { node.span };
    let found = Diagnostic::error("value", "expected a value's name, or a list of them")
        .at(at)
        .label(node.found(&report.sources));
    match node.entries().first() {
        Some((attribute, value)) => {
            let value = value.scalar().unwrap_or_else(|| "…".into());
            found.help(format!(
                "write `if: {}.{} == {}`",
                axis.name,
                cut(&attribute.text),
                literal(&cut(&value))
            ))
        }
        None => found,
    }
}

fn unknown_axis(name: &Name, value: &Node, axes: &[Axis]) -> Diagnostic {
    let names = axes.iter().map(|axis| axis.name.as_str());
    let message = format!("there is no axis `{}`", cut(&name.text));
    let found = Diagnostic::error("unknown-axis", message).at(name.span);
    if let Some((axis, attribute)) = name.text.split_once('.')
        && names.clone().any(|name| name == axis)
    {
        let value = value.scalar().unwrap_or_else(|| "…".into());
        return found.help(format!("write `if: {axis}.{attribute} == {}`", literal(&cut(&value))));
    }
    match did_you_mean(&name.text, names.clone().chain(["if"])) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help(format!("axes: {}", shortened(names))),
    }
}
