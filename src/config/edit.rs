//! Changes to a user's YAML that leave everything else of it as it stands: comments, order, layout.
//!
//! Each change is a few splices of the text, found by the places that the tree knows. Whatever came of them is
//! read again, and counts only if it says exactly what was meant.

mod list;
mod write;

use std::ops::Range;

use serde_json::{Map, Value};

use super::diagnostic::Sources;
use super::yaml::{self, Node, Yaml};
use write::{entry, flow, key_text};

/// One change. A path is a list of keys; in a list, a number is an item that is there.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Gives a key a value; mappings are made on the way. A mapping or list that is there is not replaced.
    Put { path: Vec<String>, value: Value },
    /// Gives a key another name and a value, where it stands.
    Rename { path: Vec<String>, to: String, value: Value },
    /// Makes a mapping of a list of names, each with `{}` for now, below a further key if one is given.
    Named { path: Vec<String>, under: Option<String> },
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it is no YAML")]
    NoYaml,
    #[error("`{0}` is no mapping")]
    NoMapping(String),
    #[error("there is no `{0}`")]
    Absent(String),
    #[error("`{0}` is no list of names")]
    NoNames(String),
    #[error("`{0}` is a mapping or a list")]
    Collection(String),
    #[error("`{0}` is written in a way that is not changed by machine")]
    Unusual(String),
}

impl Edit {
    pub fn put(path: &[&str], value: impl Into<Value>) -> Self {
        Self::Put { path: path.iter().map(|key| (*key).to_owned()).collect(), value: value.into() }
    }

    fn path(&self) -> &[String] {
        match self {
            Self::Put { path, .. } | Self::Rename { path, .. } | Self::Named { path, .. } => path,
        }
    }

    /// The text with the change.
    ///
    /// # Errors
    /// Where the path leads elsewhere, or the text is written so that the change would touch something else.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let root = read(text)?;
        let name = || self.path().join(".");
        let mut splices = match self {
            Self::Put { path, value } => put(text, &root, path, value)?,
            Self::Rename { path, to, value } => rename(text, &root, path, to, value)?,
            Self::Named { path, under } => {
                let at = walk(text, &root, path)?;
                list::named(text, &at, under.as_deref(), &name())?
            }
        };
        splices.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = text.to_owned();
        for (range, new) in splices.into_iter().rev() {
            if out.get(range.clone()).is_none() {
                return Err(EditError::Unusual(name()));
            }
            out.replace_range(range, &new);
        }
        let mut meant = root.to_json();
        self.change(text, &root, &mut meant).ok_or_else(|| EditError::Absent(name()))?;
        match read(&out) {
            Ok(found) if found.to_json() == meant => Ok(out),
            _ => Err(EditError::Unusual(name())),
        }
    }

    /// The same change to the value that the text means.
    fn change(&self, text: &str, tree: &Node, root: &mut Value) -> Option<()> {
        let (last, above) = self.path().split_last()?;
        let mut at = root;
        for key in above {
            at = below(at, key)?;
        }
        match self {
            Self::Put { value, .. } => *below(at, last)? = value.clone(),
            Self::Rename { to, value, .. } => {
                let entries = at.as_object_mut()?;
                entries.shift_remove(last)?;
                entries.insert(to.clone(), value.clone());
            }
            Self::Named { path, under } => {
                let items = walk(text, tree, path).ok()?.node.items();
                let names = items.iter().map(|item| Some((item.scalar()?, Value::Object(Map::new()))));
                let names: Value = names.collect::<Option<Map<_, _>>>()?.into();
                *at.get_mut(last)? = match under {
                    Some(key) => Value::Object(Map::from_iter([(key.clone(), names)])),
                    None => names,
                };
            }
        }
        Some(())
    }
}

fn below<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if let Value::Array(items) = value {
        return items.get_mut(key.parse::<usize>().ok()?);
    }
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    Some(value.as_object_mut()?.entry(key.to_owned()).or_insert(Value::Null))
}

fn read(text: &str) -> Result<Node, EditError> {
    let mut sources = Sources::default();
    let source = sources.add("config.yaml", text);
    yaml::parse(&sources, source).map_err(|_| EditError::NoYaml)
}

/// New texts for parts of a text; none overlaps another.
type Splices = Vec<(Range<usize>, String)>;

/// A value in the tree, with what stands around it.
struct At<'t> {
    node: &'t Node,
    /// Where its key stands, if it has one.
    key: Option<Range<usize>>,
    /// Whether it stands within brackets.
    inside: bool,
}

fn walk<'t>(text: &str, root: &'t Node, path: &[String]) -> Result<At<'t>, EditError> {
    let mut at = At { node: root, key: None, inside: false };
    for (depth, key) in path.iter().enumerate() {
        at = step(text, &at, key)?.ok_or_else(|| EditError::Absent(path[..=depth].join(".")))?;
    }
    Ok(at)
}

/// The value under a key of a mapping, or at a number of a list.
fn step<'t>(text: &str, at: &At<'t>, key: &str) -> Result<Option<At<'t>>, EditError> {
    let inside = at.inside || bracket(text, at.node).is_some();
    match &at.node.value {
        _ if is_alias(text, at.node) => Err(EditError::Unusual(key.to_owned())),
        Yaml::Map(_) => Ok(at.node.named(key).map(|(name, node)| At {
            node,
            key: Some(name.span.start..name.span.end),
            inside,
        })),
        Yaml::List(items) => {
            let item = key.parse::<usize>().ok().and_then(|number| items.get(number));
            Ok(item.map(|node| At { node, key: None, inside }))
        }
        _ => Ok(None),
    }
}

fn bracket(text: &str, node: &Node) -> Option<u8> {
    let collection = matches!(node.value, Yaml::Map(_) | Yaml::List(_));
    text.as_bytes().get(node.span.start).copied().filter(|byte| collection && matches!(byte, b'[' | b'{'))
}

fn is_alias(text: &str, node: &Node) -> bool {
    text.as_bytes().get(node.span.start) == Some(&b'*') && !matches!(node.value, Yaml::Null)
}

fn put(text: &str, root: &Node, path: &[String], value: &Value) -> Result<Splices, EditError> {
    let mut at = At { node: root, key: None, inside: false };
    for (depth, key) in path.iter().enumerate() {
        match step(text, &at, key)? {
            Some(next) => at = next,
            None => return insert(text, &at, path, depth, value),
        }
    }
    let name = || path.join(".");
    match &at.node.value {
        Yaml::Null => fill(text, &at, value).ok_or_else(|| EditError::Unusual(name())),
        Yaml::Map(_) | Yaml::List(_) => Err(EditError::Collection(name())),
        _ if is_alias(text, at.node) => Err(EditError::Unusual(name())),
        _ => Ok(vec![(at.node.span.start..at.node.span.end, flow(value))]),
    }
}

/// Puts the rest of a path into what is there of it.
fn insert(text: &str, at: &At, path: &[String], depth: usize, value: &Value) -> Result<Splices, EditError> {
    let name = || path[..depth].join(".");
    let key = &path[depth];
    let value = path[depth + 1..]
        .iter()
        .rev()
        .fold(value.clone(), |value, key| Value::Object(Map::from_iter([(key.clone(), value)])));
    let whole = || Value::Object(Map::from_iter([(key.clone(), value.clone())]));
    match &at.node.value {
        Yaml::Null => fill(text, at, &whole()).ok_or_else(|| EditError::Unusual(name())),
        Yaml::Map(entries) if bracket(text, at.node).is_some() => {
            let new = format!("{}: {}", key_text(key), flow(&value));
            let Some((last, node)) = entries.last() else {
                let inner = at.node.span.start + 1;
                let tight = text[inner..].starts_with('}');
                return Ok(vec![(inner..inner, format!(" {new}{}", if tight { " " } else { "" }))]);
            };
            let end = match node.value {
                Yaml::Null => null_place(text, last.span.end, node).map_or(last.span.end, |range| range.end),
                _ => node.span.end,
            };
            Ok(vec![(end..end, format!(", {new}"))])
        }
        Yaml::Map(entries) => {
            let Some((first, _)) = entries.first() else {
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                return Ok(vec![(text.len()..text.len(), format!("{gap}{}\n", entry(key, &value, 0)))]);
            };
            let column = column_of(text, first.span.start);
            let end = end_of_block(text, at.node, column);
            let newline = newline(text);
            let lines = entry(key, &value, column).replace('\n', newline);
            let gap = if text[..end].ends_with('\n') { "" } else { newline };
            Ok(vec![(end..end, format!("{gap}{lines}{newline}"))])
        }
        _ => Err(EditError::NoMapping(name())),
    }
}

/// Gives a key without a value one.
fn fill(text: &str, at: &At, value: &Value) -> Option<Splices> {
    let place = null_place(text, at.key.clone()?.end, at.node)?;
    let column = column_of(text, at.key.clone()?.start);
    let written = place.start < place.end;
    let deep = !at.inside && write::is_deep(value);
    if !deep {
        let blank = if written { "" } else { " " };
        return Some(vec![(place, format!("{blank}{}", flow(value)))]);
    }
    let newline = newline(text);
    let (start, end) = line_of(text, place.end);
    let lines = write::lines(value, column + 2).replace('\n', newline);
    let gap = if text[start..end].ends_with('\n') { "" } else { newline };
    let mut splices = vec![(end..end, format!("{gap}{lines}{newline}"))];
    if written {
        splices.push((place, String::new()));
    }
    Some(splices)
}

/// Where the value of a key that has none stands, or would.
fn null_place(text: &str, key_end: usize, node: &Node) -> Option<Range<usize>> {
    let rest = text.get(key_end..)?;
    let colon = rest.len() - rest.trim_start_matches(' ').len();
    if !rest[colon..].starts_with(':') {
        return None;
    }
    let after = key_end + colon + 1;
    let value = text.get(node.span.start..node.span.end).unwrap_or("");
    match value {
        "~" | "null" | "Null" | "NULL" if node.span.start >= after => Some(node.span.start..node.span.end),
        _ => Some(after..after),
    }
}

fn rename(text: &str, root: &Node, path: &[String], to: &str, value: &Value) -> Result<Splices, EditError> {
    let at = walk(text, root, path)?;
    let name = || path.join(".");
    let key = at.key.clone().ok_or_else(|| EditError::Absent(name()))?;
    if matches!(at.node.value, Yaml::Map(_) | Yaml::List(_) | Yaml::Null) || is_alias(text, at.node) {
        return Err(EditError::Unusual(name()));
    }
    Ok(vec![(key, key_text(to)), (at.node.span.start..at.node.span.end, flow(value))])
}

/// The line around a place, with its end; in bytes, both of them between characters.
fn line_of(text: &str, at: usize) -> (usize, usize) {
    let (before, after) = text.as_bytes().split_at(at.min(text.len()));
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = after.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| before.len() + end + 1);
    (start, end)
}

fn column_of(text: &str, at: usize) -> usize {
    text.get(line_of(text, at).0..at).map_or(0, |before| before.chars().count())
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Behind the last line of a mapping without brackets whose keys stand in this column, with the comments that
/// follow at once.
fn end_of_block(text: &str, node: &Node, column: usize) -> usize {
    let Some((name, last)) = node.entries().last() else { return node.span.end };
    let deepest = deepest(last);
    let scalar = text.get(deepest.span.start..).is_some_and(|rest| rest.starts_with(['|', '>']))
        && matches!(deepest.value, Yaml::Text(_));
    let is_list = matches!(last.value, Yaml::List(_)) && bracket(text, last).is_none();
    let mut end = line_of(text, name.span.start.max(node.span.end.saturating_sub(1))).1;
    let mut at = end;
    let mut gap = false;
    while at < text.len() {
        let (start, next) = line_of(text, at);
        let line = text[start..next].trim_end();
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = &line[indent..];
        let item = is_list && indent == column && (rest == "-" || rest.starts_with("- "));
        let content = indent > column && (scalar || !rest.starts_with('#')) || item;
        let comment = indent >= column && rest.starts_with('#') && !gap;
        if rest.is_empty() {
            gap = true;
        } else if content || comment {
            (end, gap) = (next, false);
        } else {
            break;
        }
        at = next;
    }
    end
}

fn deepest(node: &Node) -> &Node {
    match &node.value {
        Yaml::List(items) => items.last().map_or(node, deepest),
        Yaml::Map(entries) => entries.last().map_or(node, |(_, last)| deepest(last)),
        _ => node,
    }
}

#[cfg(test)]
mod tests;
