//! Columns of labels, as tables write them.

use serde_json::{Map, Value};

/// Columns that hold labels where none is named, the first that is there: `labels` is what emogrid writes lists into.
pub const USUAL: [&str; 5] = ["labels", "emotion", "emotions", "label", "sentiment"];

/// What stands between several labels in one text, where nothing else is said.
pub const SEPARATOR: &str = ",";

/// The labels that a column's value names: a text, a number, or a list of these. With a `separator` one text names
/// several, also as a list in the ways of JSON, Python and NumPy; without it a text is one label.
///
/// # Errors
/// A value that names none.
pub fn names(column: &str, value: Option<&Value>, separator: Option<&str>) -> Result<Vec<String>, String> {
    let found: Vec<String> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => match separator {
            Some(separator) => of_text(column, text.trim(), separator)?,
            None => vec![text.clone()],
        },
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                one(item).ok_or_else(|| format!("`{column}` lists {item}; expected texts or numbers"))
            })
            .collect::<Result<_, _>>()?,
        Some(other) => vec![one(other).ok_or_else(|| {
            format!("`{column}` is {other}; expected a text, a number, or a list of these")
        })?],
    };
    Ok(found.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// `joy,anger`, and lists: `["joy", "anger"]`, `['joy', 'anger']`, `[3 17]`.
fn of_text(column: &str, text: &str, separator: &str) -> Result<Vec<String>, String> {
    let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Ok(text.split(separator).map(str::to_owned).collect());
    };
    if let Ok(list @ Value::Array(_)) = serde_json::from_str(text) {
        return names(column, Some(&list), Some(separator));
    }
    let numbers = inside.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace());
    Ok(match numbers {
        true => inside.split_ascii_whitespace().map(str::to_owned).collect(),
        false => inside.split(',').map(|part| part.trim().trim_matches(['\'', '"']).to_owned()).collect(),
    })
}

/// A table's column of labels: the one that is named, else the first usual one that its first row has.
///
/// It is the same for every row: rows that were read from columns of two meanings would be a mixture.
#[derive(Debug, Clone)]
pub struct Column {
    name: Option<String>,
    is_named: bool,
}

impl Column {
    pub fn new(named: Option<String>) -> Self {
        Self { is_named: named.is_some(), name: named }
    }

    /// The labels of the next row.
    ///
    /// # Errors
    /// A row that lacks the column, or a value that names no label.
    pub fn of(&mut self, row: &Map<String, Value>) -> Result<Vec<String>, String> {
        if self.name.is_none() {
            self.name = USUAL.into_iter().find(|usual| row.contains_key(*usual)).map(str::to_owned);
        }
        match self.name.as_deref().filter(|name| row.contains_key(*name)) {
            Some(name) => names(name, row.get(name), Some(SEPARATOR)),
            None => Err(self.lacking(row)),
        }
    }

    fn lacking(&self, row: &Map<String, Value>) -> String {
        let known = row.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match &self.name {
            Some(name) if !self.is_named => format!(
                "there is no column `{name}`, where the first row has its labels, only {known}; give all rows that \
                 column, or name another one with `--label`"
            ),
            Some(name) => {
                format!("there is no column `{name}`, only {known}; name the labels' column with `--label`")
            }
            None => format!(
                "there is no column `{}`, only {known}; name the labels' column with `--label`",
                USUAL.join("` or `")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_read_as_tables_write_them() {
        for (value, labels) in [
            (json!("joy, anger"), &["joy", "anger"][..]),
            (json!("[\"joy\",\"ang,er\"]"), &["joy", "ang,er"]),
            (json!("['joy', \"anger\"]"), &["joy", "anger"]),
            (json!("[0 17]"), &["0", "17"]),
            (json!(" [3, 17] "), &["3", "17"]),
            (json!("[]"), &[]),
            (json!(["joy ", 3, true]), &["joy", "3", "true"]),
            (json!(1), &["1"]),
            (json!("joy,,"), &["joy"]),
            (json!(""), &[]),
            (json!([]), &[]),
            (json!(null), &[]),
        ] {
            assert_eq!(names("c", Some(&value), Some(",")).unwrap(), labels, "{value}");
        }
        assert_eq!(names("c", Some(&json!("joy; rage")), Some(";")).unwrap(), ["joy", "rage"]);
        // A value of a config is one, whatever is in it.
        assert_eq!(names("c", Some(&json!("[a], b")), None).unwrap(), ["[a], b"]);
        for wrong in [json!([["joy"]]), json!([null]), json!({ "joy": 1 }), json!("[[1]]")] {
            assert!(names("c", Some(&wrong), Some(",")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_row_says_which_column_it_is() {
        let row = |value: Value| value.as_object().unwrap().clone();
        let mut column = Column::new(None);
        assert_eq!(column.of(&row(json!({ "text": "a", "label": 1, "sentiment": "good" }))).unwrap(), ["1"]);
        let error = column.of(&row(json!({ "text": "a", "emotion": "joy" }))).unwrap_err();
        assert!(error.contains("there is no column `label`, where the first row has its labels"), "{error}");
        assert!(Column::new(None).of(&row(json!({ "text": "a" }))).is_err());
        let named = Column::new(Some("mood".into())).of(&row(json!({ "mood": null, "label": "joy" })));
        assert!(named.unwrap().is_empty());
    }
}
