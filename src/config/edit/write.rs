//! Values as YAML.

use serde_json::Value;

/// Lines become no longer than this where they can be broken.
const WIDTH: usize = 100;

/// A key or a text without quotes where it means the same.
pub fn key_text(text: &str) -> String {
    let mut characters = text.chars();
    let begins = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        || text.starts_with("./")
        || text.starts_with("../");
    let fine = begins
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.' | '/' | '\'' | '’'))
        && !text.ends_with(' ');
    let word = text.to_ascii_lowercase();
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", ".nan", ".inf"];
    match fine && !special.contains(&word.as_str()) {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

/// A value on one line.
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => key_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", key_text(key), flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a mapping has mappings in it, so that it is better read on several lines.
pub fn is_deep(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| entries.values().any(Value::is_object))
}

/// A key with its value, from a column on; without the last line's end.
pub fn entry(key: &str, value: &Value, column: usize) -> String {
    let blanks = " ".repeat(column);
    let short = format!("{blanks}{}: {}", key_text(key), flow(value));
    let long = short.chars().count() > WIDTH && value.as_object().is_some_and(|entries| !entries.is_empty());
    match is_deep(value) || long {
        true => format!("{blanks}{}:\n{}", key_text(key), lines(value, column + 2)),
        false => short,
    }
}

/// A mapping's entries a line each, from a column on.
pub fn lines(value: &Value, column: usize) -> String {
    let Value::Object(entries) = value else { return format!("{}{}", " ".repeat(column), flow(value)) };
    let lines: Vec<String> = entries.iter().map(|(key, value)| entry(key, value, column)).collect();
    lines.join("\n")
}
