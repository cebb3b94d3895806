//! A value of an axis, as templates and rules see it.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, Serde};

use crate::config::resolved::AxisValue;

/// Prints as its name; `.name` and its attributes can be read.
#[derive(Debug)]
pub struct ValueObject {
    name: String,
    as_value: Value,
    attributes: Vec<(String, Value)>,
}

impl ValueObject {
    pub fn new(value: &AxisValue) -> Self {
        Self {
            name: value.name.clone(),
            as_value: Value::from(value.name.as_str()),
            attributes: value
                .attributes
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(Serde(value))))
                .collect(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }
}

impl Object for ValueObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "name" {
            return Some(self.as_value.clone());
        }
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.attribute_names().map(Value::from);
        Enumerator::Values(std::iter::once(Value::from("name")).chain(names).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The axis that an expression compares as if it were its name, such as `emotion == 'joy'`.
///
/// Such a comparison is never true, since a value is more than its name.
pub fn compared_bare<'a>(source: &str, axes: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    axes.into_iter().find(|axis| {
        source.match_indices(axis).any(|(at, _)| {
            let before = source[..at].trim_end();
            let glued = source[..at].chars().next_back().is_some_and(|c| is_word(c) || c == '.');
            let after = &source[at + axis.len()..];
            let quoted = source[..at].chars().next_back().is_some_and(|c| c == '\'' || c == '"');
            let rest = after.trim_start();
            let compared = |text: &str| text.starts_with("==") || text.starts_with("!=");
            let is_in = after.starts_with(' ') && (rest.starts_with("in [") || rest.starts_with("not in ["));
            let reversed = (before.ends_with("==") || before.ends_with("!="))
                && !after.starts_with(|c: char| is_word(c) || c == '.' || c == '[');
            !glued && !quoted && !after.starts_with(is_word) && (compared(rest) || is_in || reversed)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::compared_bare;

    #[test]
    fn bare_comparisons_are_told_from_good_ones() {
        let axes = ["emotion", "context"];
        for (source, expected) in [
            ("emotion == 'joy'", Some("emotion")),
            ("'joy' == emotion", Some("emotion")),
            ("emotion.name == 'joy'", None),
            ("emotion.polarity != 'x' and context in ['a', 'b']", Some("context")),
            ("emotion.name in ['emotion']", None),
            ("'emotion' == context.name", None),
            ("my_emotion == 'x'", None),
        ] {
            assert_eq!(compared_bare(source, axes), expected, "{source}");
        }
    }
}
