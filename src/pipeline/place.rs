//! Where keys stand in a config.

use super::Opened;
use crate::config::load::taxonomy_file;
use crate::config::yaml::Node;

/// The file and line that set a key, or the nearest mapping above it that is written down.
pub fn place(opened: &Opened, key: &str) -> Option<String> {
    let parts: Vec<&str> = key.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect();
    // Changes of an axis are told by its name.
    let of_axis = match parts.as_slice() {
        ["grid", "axes", axis, "values", rest @ ..] => Some((axis, rest)),
        _ => None,
    };
    let (first, rest) = of_axis.or_else(|| parts.split_first())?;
    let axis = opened.tree.get("grid").and_then(|grid| grid.get("axes")?.get(first));
    let sources = &opened.warnings.sources;
    let said = |node: &Node| match sources.flag(node.span) {
        Some(_) => "the command line".to_owned(),
        None => {
            let path = sources.path(node.span.source).display();
            format!("{path}:{}", sources.line_column(node.span).0)
        }
    };
    let Some(axis) = axis.filter(|_| of_axis.is_some() || opened.tree.get(first).is_none()) else {
        return deepest(&opened.tree, &parts).map(|(_, node)| said(node));
    };
    // A value stands below one of these, or in the file that the axis is taken from.
    let file = axis.get("from").and_then(|from| taxonomy_file(from, &opened.recipe.config.project, sources));
    let below = [axis.get("override"), axis.get("values"), file.as_ref().and_then(|file| file.get("values"))];
    let own = deepest(axis, rest).unwrap_or((0, axis));
    let listed = [Some(axis), axis.get("values")].into_iter().flatten().flat_map(Node::items);
    let listed = listed.filter(|item| item.scalar().as_deref() == rest.first().copied());
    let listed = listed.map(|item| (1, item));
    let found = below.into_iter().flatten().filter_map(|values| deepest(values, rest)).chain(listed);
    // Of places as deep the first.
    let best = found.fold(own, |best, this| if this.0 > best.0 { this } else { best });
    Some(said(best.1))
}

/// The node that is reached by most of a path, and how many parts that takes; none where there is not even the first.
fn deepest<'a>(root: &'a Node, parts: &[&str]) -> Option<(usize, &'a Node)> {
    let steps = parts.iter().scan(root, |node, part| {
        *node = node.get(part)?;
        Some(*node)
    });
    steps.enumerate().last().map(|(at, node)| (at + 1, node))
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
