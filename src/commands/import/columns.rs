//! Labels as columns have them.

use serde_json::{Map, Value};

use crate::labels::{Between, is_nothing, names};

/// Which columns hold what.
pub struct Columns {
    pub text: String,
    pub labels: Vec<String>,
    pub id: Option<String>,
    /// What stands between labels in one text, where that is said.
    pub separator: Option<String>,
    /// What labels that are numbers are called, from 0; none where numbers are names.
    pub names: Vec<String>,
    /// Whether files can have a row a rater.
    pub raters: bool,
}

impl Columns {
    /// The labels of a row; a column that it lacks says of none.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn labels_of(&self, fields: &Map<String, Value>) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        for column in &self.labels {
            let Some(value) = fields.get(column) else { continue };
            match self.labels.len() {
                1 => out.extend(self.of_value(column, value)?),
                _ => out.extend(flag(column, value)?.then(|| column.clone())),
            }
        }
        let mut seen = std::collections::HashSet::new();
        out.retain(|label| seen.insert(label.clone()));
        Ok(out)
    }

    fn of_value(&self, column: &str, value: &Value) -> Result<Vec<String>, String> {
        let names = names(column, Some(value), Between::from(self.separator.as_deref()))?;
        names.iter().map(|name| self.named(name)).collect()
    }

    /// A label, by its name or its number.
    fn named(&self, label: &str) -> Result<String, String> {
        if self.names.is_empty() || self.names.iter().any(|name| name == label) {
            return Ok(label.to_owned());
        }
        let name = label.parse().ok().and_then(|number: usize| self.names.get(number));
        name.cloned().ok_or_else(|| {
            format!("`{label}` is no label; a label is a name or a number from 0 to {}", self.names.len() - 1)
        })
    }
}

/// Whether a column of a label says that a text has it.
pub fn flag(column: &str, value: &Value) -> Result<bool, String> {
    let number = |number: f64| match number {
        0.0 => Some(false),
        1.0 => Some(true),
        _ => None,
    };
    let found = match value {
        Value::Null => Some(false),
        Value::Bool(flag) => Some(*flag),
        Value::Number(value) => value.as_f64().and_then(number),
        Value::String(text) if is_nothing(text.trim()) => Some(false),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "false" | "no" => Some(false),
            "true" | "yes" => Some(true),
            other => other.parse().ok().and_then(number),
        },
        _ => None,
    };
    found.ok_or_else(|| format!("`{column}` is {value}; where several columns are labels, each holds 0 or 1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(labels: &[&str], names: &[&str]) -> Columns {
        let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Columns {
            text: "text".into(),
            labels: owned(labels),
            id: None,
            separator: None,
            names: owned(names),
            raters: false,
        }
    }

    #[test]
    fn labels_are_read_as_tables_write_them() {
        let one = columns(&["mood"], &["joy", "anger"]);
        for (value, labels) in [
            (json!("joy, anger"), &["joy", "anger"][..]),
            (json!(["anger", 0]), &["anger", "joy"]),
            (json!("1"), &["anger"]),
            (json!(1), &["anger"]),
            (json!("[0 1]"), &["joy", "anger"]),
            (json!("['joy', \"anger\"]"), &["joy", "anger"]),
            (json!("joy,joy"), &["joy"]),
            (json!(""), &[]),
            (json!([]), &[]),
            (json!(null), &[]),
        ] {
            assert_eq!(
                one.labels_of(json!({ "mood": value }).as_object().unwrap()).unwrap(),
                labels,
                "{value}"
            );
        }
        for wrong in [json!("2"), json!("calm"), json!([[1]]), json!(true)] {
            assert!(one.labels_of(json!({ "mood": wrong }).as_object().unwrap()).is_err(), "{wrong}");
        }
        let free = columns(&["mood"], &[]);
        assert_eq!(free.labels_of(json!({ "mood": "3" }).as_object().unwrap()).unwrap(), ["3"]);
        assert!(free.labels_of(json!({ "tone": "3" }).as_object().unwrap()).unwrap().is_empty());
    }

    #[test]
    fn several_columns_are_labels_themselves() {
        let both = columns(&["joy", "anger"], &[]);
        for (joy, anger, labels) in [
            (json!("1"), json!("0"), &["joy"][..]),
            (json!(true), json!(1.0), &["joy", "anger"]),
            (json!(""), json!("False"), &[]),
            (json!("0.0"), json!(" 1.00 "), &["anger"]),
            (json!("nan"), json!("<NA>"), &[]),
        ] {
            let fields = json!({ "joy": joy, "anger": anger });
            assert_eq!(both.labels_of(fields.as_object().unwrap()).unwrap(), labels);
        }
        assert!(both.labels_of(json!({ "anger": 1 }).as_object().unwrap()).unwrap() == ["anger"]);
        assert!(both.labels_of(json!({ "joy": 3, "anger": 0 }).as_object().unwrap()).is_err());
    }
}
