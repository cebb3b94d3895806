//! What differs between two values, in the words of a config.

mod by_name;
mod forgotten;
mod written;

use std::sync::LazyLock;

pub use by_name::by_name;
use forgotten::restored;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use written::{Written, written};

/// One place where two values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// In the values themselves, such as `axes.emotion.values.joy.attributes.definition`.
    pub path: String,
    pub then: Value,
    pub now: Value,
}

/// All places where two values differ, but for what was forgotten of the one of then. Items of lists that have a `name`
/// are compared by it.
pub fn changes(then: &Value, now: &Value) -> Vec<Change> {
    let mut out = Vec::new();
    differ(String::new(), &restored(then, now), now, &mut out);
    out
}

fn differ(path: String, then: &Value, now: &Value, out: &mut Vec<Change>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (then, now) {
        (a, b) if a == b => {}
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> =
                a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))).collect();
            keys.dedup();
            for key in keys {
                differ(
                    below(key),
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                    out,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if named(a) && named(b) => {
            let find = |list: &'_ [Value], name: &Value| list.iter().position(|item| item["name"] == *name);
            for item in a.iter().chain(b.iter().filter(|item| find(a, &item["name"]).is_none())) {
                let name = item["name"].as_str().unwrap_or_default();
                let of =
                    |list: &[Value]| find(list, &item["name"]).map_or(Value::Null, |at| list[at].clone());
                match (of(a), of(b)) {
                    (Value::Null, added) => {
                        out.push(Change { path: below(name), then: Value::Null, now: added });
                    }
                    (removed, Value::Null) => {
                        out.push(Change { path: below(name), then: removed, now: Value::Null });
                    }
                    (a, b) => differ(below(name), &a, &b, out),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(format!("{path}[{index}]"), a, b, out);
            }
        }
        (then, now) => out.push(Change { path, then: then.clone(), now: now.clone() }),
    }
}

fn named(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| item["name"].is_string())
}

impl Change {
    /// The change on one line, by the key that a user writes: what was, what is; long values are left out.
    /// `None` where it only follows from others.
    pub fn line(&self) -> Option<String> {
        let Written { key: path, tells } = written(&self.path)?;
        if !tells {
            return Some(path);
        }
        let (then, now) = (self.or_default(&self.then), self.or_default(&self.now));
        if then == now {
            return None;
        }
        let shown = |value: &Value| match value {
            Value::Object(_) | Value::Array(_) => None,
            other => Some(other.to_string()).filter(|text| text.chars().count() <= 30),
        };
        Some(match (then, now) {
            (Value::Null, Value::Object(_)) => format!("{path} added"),
            (Value::Object(_), Value::Null) => format!("{path} removed"),
            (then, now) => match (shown(then), shown(now)) {
                (Some(then), Some(now)) => format!("{path}: {then} → {now}"),
                _ => path,
            },
        })
    }
}

impl Change {
    /// What holds where a value has no such attribute.
    fn or_default<'a>(&self, value: &'a Value) -> &'a Value {
        static ONE: LazyLock<Value> = LazyLock::new(|| 1.into());
        match self.path.starts_with("axes.") && self.path.ends_with(".attributes.weight") {
            true if value.is_null() => &ONE,
            _ => value,
        }
    }
}

/// The lines of changes, each key once: of two about one key the one that shows values.
pub fn lines_of(changes: &[Change]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in changes.iter().filter_map(Change::line) {
        if !out.iter().any(|known| tells_of(known, &line)) {
            out.retain(|known| !tells_of(&line, known));
            out.push(line);
        }
    }
    out
}

/// Whether a line says all that another does.
fn tells_of(line: &str, other: &str) -> bool {
    line.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

/// Where two texts first differ: the line in the one of now, from 1.
pub fn first_line(then: &str, now: &str) -> usize {
    let mut line = 1;
    for (a, b) in then.lines().zip(now.lines()) {
        if a != b {
            break;
        }
        line += 1;
    }
    line
}

/// The lines that were removed and added, each with its sign, indented.
pub fn lines(then: &str, now: &str, indent: &str) -> String {
    let diff = TextDiff::from_lines(then, now);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changed
        .map(|change| format!("{indent}{} {}\n", change.tag(), change.value().trim_end_matches('\n')))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_named_as_in_a_config() {
        let of = |definition: &str, temperature: f64, values: &[&str]| {
            let values: Vec<_> = values
                .iter()
                .map(|v| json!({ "name": v, "attributes": { "definition": definition } }))
                .collect();
            json!({ "sampling": { "temperature": temperature }, "axes": [{ "name": "emotion", "values": values }] })
        };
        let lines = |a: &Value, b: &Value| lines_of(&changes(a, b));
        let then = of("bright", 0.8, &["joy", "anger"]);
        assert_eq!(lines(&then, &then), Vec::<String>::new());
        assert_eq!(lines(&then, &of("bright", 0.9, &["anger", "joy"])), ["sampling.temperature: 0.8 → 0.9"]);
        assert_eq!(
            lines(&then, &of("glad", 0.8, &["joy"])),
            ["emotion.joy.definition: \"bright\" → \"glad\"", "emotion.anger removed"]
        );
        assert_eq!(lines(&of("bright", 0.8, &["joy"]), &then), ["emotion.anger added"]);
        assert_eq!(first_line("a\nb\nc", "a\nx\nc"), 2);
    }

    #[test]
    fn keys_are_those_that_are_written() {
        for (path, key) in [
            ("prompt.user.two.template", "prompt.user.two"),
            ("prompt.user.two.template.from", "prompt.user.two.from"),
            ("prompt.user.two.weight", "prompt.user.two.weight"),
            ("prompt.user.default.template", "prompt.user"),
            ("prompt.user.default", "prompt.user.default"),
            ("prompt.system", "prompt.system"),
            ("lists.names.hash", "lists.names"),
            ("exemplars.path", "exemplars.from"),
            ("dedup.against[0].hash", "dedup.against[0]"),
            ("exclude[0].if", "grid.exclude[0].if"),
            ("scope", "dedup.scope"),
            ("output", "output.dir"),
            ("anonymize.actions.names", "anonymize.names"),
            ("checks.judges.a.schema.properties.path", "checks.judges.a.schema.properties.path"),
            ("response.schema.properties.hash", "response.schema.properties.hash"),
            ("axes.mood.label", "grid.axes.mood.label"),
        ] {
            assert_eq!(written(path).map(|written| written.key).as_deref(), Some(key));
        }
    }
}
