//! Where keys stand in a config.

use super::Opened;
use crate::config::diagnostic::COMMAND_LINE;

/// The file and line that set a key, or the nearest mapping above it that is written down.
pub fn place(opened: &Opened, key: &str) -> Option<String> {
    let mut node = &opened.tree;
    let mut found = None;
    // Changes of an axis are told by its name.
    let axes = node.get("grid").and_then(|grid| grid.get("axes"));
    let first = key.split('.').next().unwrap_or_default();
    if let Some(axes) = axes.filter(|axes| opened.tree.get(first).is_none() && axes.get(first).is_some()) {
        node = axes;
    }
    for part in key.split('.') {
        let part = part.split('[').next().unwrap_or(part);
        let below = |of: &str| node.get(of)?.get(part);
        let Some(next) = node.get(part).or_else(|| below("override")).or_else(|| below("values")) else {
            break;
        };
        node = next;
        found = Some(node);
    }
    let sources = &opened.warnings.sources;
    found.map(|node| match sources.path(node.span.source) {
        path if path.as_os_str() == COMMAND_LINE => "the command line".to_owned(),
        path => format!("{}:{}", path.display(), sources.line_column(node.span).0),
    })
}

/// The longest line that a change takes where changes are listed.
const LINE: usize = 74;

/// A change with the place of its key, and without its values where there is no room for both; that of a template says
/// its line itself.
pub fn placed(opened: &Opened, cause: &str) -> String {
    let key = cause.split([':', ' ']).next().filter(|key| !key.starts_with("prompts/"));
    let Some((key, place)) = key.and_then(|key| Some((key, place(opened, key)?))) else {
        return cause.to_owned();
    };
    let whole = format!("{cause} ({place})");
    match whole.chars().count() > LINE {
        true => format!("{key} ({place})"),
        false => whole,
    }
}
