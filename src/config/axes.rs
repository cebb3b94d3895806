//! The axes of the grid: their names, and which of them are labels.

use super::diagnostic::{Diagnostic, Report, Span};
use super::resolved::{Axis, Project};
use super::values::values;
use super::yaml::Node;

/// What a row or a template already calls by these names.
const RESERVED: &[&str] = &[
    "id",
    "text",
    "model",
    "prompt",
    "spans",
    "fingerprint",
    "reason",
    "why",
    "cell",
    "mended",
    "ask",
    "items",
    "lists",
    "exemplars",
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
    "True",
    "False",
    "None",
    "loop",
    "self",
    "range",
    "namespace",
    "dict",
    "debug",
];

/// Reads `grid.axes`; each mistake goes to the report.
///
/// An axis with a mistake has the values that are right, perhaps none; `None` where no axis is
/// known.
pub fn axes(root: &Node, project: &Project, report: &mut Report) -> Option<Vec<Axis>> {
    let help = "add what varies, such as\n\ngrid:\n  axes:\n    emotion: { from: goemotions, label: true }\n    sentiment: [positive, neutral, negative]";
    let grid = root.get("grid");
    let Some(axes) = grid.and_then(|grid| grid.get("axes")) else {
        if !root.excuses("grid") && !grid.is_some_and(|grid| grid.excuses("axes")) {
            let name = grid.and_then(|grid| grid.named("axes")).or_else(|| root.named("grid"));
            let top = Span { start: 0, end: 0, ..root.span };
            let at = name.map_or(top, |(name, _)| name.span);
            report.push(Diagnostic::error("missing", "`grid.axes` is missing").at(at).help(help));
        }
        return None;
    };
    if axes.entries().is_empty() {
        report.push(Diagnostic::error("missing", "`grid.axes` names no axis").at(axes.span).help(help));
        return None;
    }
    let mut out: Vec<Axis> = Vec::new();
    for (name, node) in axes.entries() {
        check_name(&name.text, name.span, report);
        alike(&name.text, name.span, &out, report);
        let values = values(name, node, project, report);
        if values.as_ref().is_some_and(Vec::is_empty) {
            let message = format!("axis `{}` has no values", name.text);
            let found = Diagnostic::error("empty-axis", message).at(name.span);
            report.push(found.help("give it at least one, or remove the axis"));
        }
        out.push(Axis {
            name: name.text.clone(),
            label: node.get("label").and_then(Node::bool).unwrap_or(false),
            values: values.unwrap_or_default(),
            at: Some(name.span),
        });
    }
    Some(out)
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

/// Warns of a name that only its case tells from another axis.
fn alike(name: &str, span: Span, others: &[Axis], report: &mut Report) {
    let Some(other) = others.iter().find(|axis| axis.name.to_lowercase() == name.to_lowercase()) else {
        return;
    };
    let message = format!("axes `{}` and `{name}` differ in case only", other.name);
    let found = Diagnostic::warning("axis-name", message).at(span).help("give one of them another name");
    report.push(match other.at {
        Some(first) => found.also(first, "the other"),
        None => found,
    });
}
