//! What a section says, or that it is not there.

use super::diagnostic::{Diagnostic, Report, Span};
use super::yaml::Node;

/// The text of a node, or what holds where there is none.
pub fn text_or(node: Option<&Node>, default: &str) -> String {
    node.and_then(Node::text).unwrap_or(default).to_owned()
}

/// Says that a section is missing, unless it is there with a mistake that was said.
pub fn missing(root: &Node, key: &str, help: &str, report: &mut Report) {
    if root.excuses(key) {
        return;
    }
    let top = Span { start: 0, end: 0, ..root.span };
    let at = root.named(key).map_or(top, |(name, _)| name.span);
    report.push(Diagnostic::error("missing", format!("`{key}` is missing")).at(at).help(help));
}
