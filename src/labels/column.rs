//! Columns of labels, as tables write them.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::list;

/// Columns that hold labels where none is named, the first that is there: `labels` is what emogrid writes lists into.
pub const USUAL: [&str; 5] = ["labels", "emotion", "emotions", "label", "sentiment"];

/// The usual column of labels that a row has, the first of several.
pub fn usual(row: &Map<String, Value>) -> Option<&'static str> {
    USUAL.into_iter().find(|usual| row.contains_key(*usual))
}

/// What stands between several labels in one text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Between<'a> {
    /// Nothing: a text is one label.
    One,
    /// A comma, a semicolon or a bar, where nothing else is said.
    #[default]
    Usual,
    Text(&'a str),
}

impl<'a> From<Option<&'a str>> for Between<'a> {
    fn from(said: Option<&'a str>) -> Self {
        said.map_or(Self::Usual, Self::Text)
    }
}

/// The labels that a column's value names: a text, a number, or a list of these. One text can name several, also as a
/// list in the ways of JSON, Python and NumPy, and what pandas writes where there is nothing names none; where a text is
/// one label, it is that one whatever it says.
///
/// # Errors
/// A value that names none.
pub fn names(column: &str, value: Option<&Value>, between: Between<'_>) -> Result<Vec<String>, String> {
    let found: Vec<String> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => match between {
            Between::One => vec![text.clone()],
            _ => of_text(column, text.trim(), between)?,
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
        Value::Number(number) => Some(whole(&number.to_string()).to_owned()),
        Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// `1` of `1.0`: pandas makes one of the other where a row has none.
fn whole(number: &str) -> &str {
    let is_whole = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match number.split_once('.') {
        Some((whole, rest))
            if is_whole(whole.trim_start_matches('-')) && rest.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => number,
    }
}

/// What pandas and NumPy write where there is nothing.
const NOTHING: [&str; 3] = ["nan", "NaN", "<NA>"];

/// Whether a text is what tables have where there is nothing.
pub fn is_nothing(text: &str) -> bool {
    text.is_empty() || NOTHING.contains(&text)
}

/// `joy,anger`, and lists: `["joy", "anger"]`, `['joy', 'anger']`, `[3 17]`.
fn of_text(column: &str, text: &str, between: Between<'_>) -> Result<Vec<String>, String> {
    let found = match serde_json::from_str(text) {
        Ok(list @ Value::Array(_)) => names(column, Some(&list), between)?,
        Ok(Value::Object(_)) => return Err(format!("`{column}` holds {}", no_list("a mapping"))),
        _ => match list::items(text).map_err(|what| format!("`{column}` holds {}", no_list(what)))? {
            Some(items) => items,
            None => match between {
                Between::Text(separator) => text.split(separator).map(str::to_owned).collect(),
                _ => text.split([',', ';', '|']).map(str::to_owned).collect(),
            },
        },
    };
    let names = found.iter().map(|name| whole(name.trim()));
    Ok(names.filter(|name| !NOTHING.contains(name)).map(str::to_owned).collect())
}

fn no_list(what: &str) -> String {
    format!("{what}; expected labels, or a list of them")
}

/// Labels in order: numbers by what they are worth, then names.
pub fn in_order(a: &str, b: &str) -> Ordering {
    let number = |name: &str| {
        let is_number = name.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        name.parse::<f64>().ok().filter(|_| is_number)
    };
    match (number(a), number(b)) {
        (Some(one), Some(other)) => one.total_cmp(&other).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// A table's column of labels: the one that is named, else the first usual one that the first row with any of them has.
///
/// It is the same for every row: rows that were read from columns of two meanings would be a mixture. A row that lacks it
/// has no label, as one where it is empty; a table of which no row has it is refused.
#[derive(Debug, Clone)]
pub struct Column {
    name: Option<String>,
    is_named: bool,
    found: bool,
    /// Those of the first row.
    known: Option<Vec<String>>,
}

impl Column {
    pub fn new(named: Option<String>) -> Self {
        Self { is_named: named.is_some(), name: named, found: false, known: None }
    }

    /// The labels of the next row; none where it lacks the column.
    ///
    /// # Errors
    /// A value that names no label; a row with its labels in another column.
    pub fn of(&mut self, row: &Map<String, Value>) -> Result<Vec<String>, String> {
        self.known.get_or_insert_with(|| row.keys().cloned().collect());
        if self.name.is_none() {
            self.name = usual(row).map(str::to_owned);
        }
        let Some(name) = self.name.as_deref() else { return Ok(Vec::new()) };
        if !self.is_named {
            elsewhere(name, row)?;
        }
        self.found |= row.contains_key(name);
        names(name, row.get(name), Between::Usual)
    }

    /// Makes sure that some row had the column, where there was any row.
    ///
    /// # Errors
    /// That none had, in words.
    pub fn seen(&self) -> Result<(), String> {
        match &self.known {
            Some(known) if !self.found => Err(lacking(self.name.as_slice(), known)),
            _ => Ok(()),
        }
    }
}

/// Makes sure that a row which lacks the column of labels has none of the other usual ones: what stands there would go.
///
/// # Errors
/// That it has, in words.
pub fn elsewhere(column: &str, row: &Map<String, Value>) -> Result<(), String> {
    match USUAL.into_iter().find(|usual| !row.contains_key(column) && row.contains_key(*usual)) {
        Some(other) => Err(format!(
            "there is no column `{column}`, where rows before have their labels, but one `{other}`; give all rows the \
             same column, or name the one that counts with `--label`"
        )),
        None => Ok(()),
    }
}

/// That no row has a column of labels: the one that was named, or any of the usual ones.
pub fn lacking(named: &[String], known: &[String]) -> String {
    let wanted = if named.is_empty() { USUAL.join("` or `") } else { named.join("` or `") };
    let known = match known.is_empty() {
        true => "nor any other".to_owned(),
        false => format!("only `{}`", known.join("`, `")),
    };
    format!("no row has a column `{wanted}`, {known}; name the labels' column with `--label`")
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
            (json!("['joy' 'anger']"), &["joy", "anger"]),
            (json!("{'a'}"), &["a"]),
            (json!("('a')"), &["a"]),
            (json!("joy|anger"), &["joy", "anger"]),
            (json!("joy; anger"), &["joy", "anger"]),
            (json!("1.0"), &["1"]),
            (json!(1.0), &["1"]),
            (json!("[0. 1.]"), &["0", "1"]),
            (json!("0.5"), &["0.5"]),
            (json!("nan"), &[]),
            (json!("none"), &["none"]),
            (json!("(other)"), &["(other)"]),
        ] {
            assert_eq!(names("c", Some(&value), Between::Usual).unwrap(), labels, "{value}");
        }
        assert_eq!(
            names("c", Some(&json!("joy; rage, or so")), Between::Text(";")).unwrap(),
            ["joy", "rage, or so"]
        );
        // A value of a config is one, whatever is in it.
        assert_eq!(names("c", Some(&json!("[a], b")), Between::One).unwrap(), ["[a], b"]);
        for wrong in [
            json!([["joy"]]),
            json!([null]),
            json!({ "joy": 1 }),
            json!("[[1]]"),
            json!("{'joy': 1}"),
            json!(r#"{"joy": 1}"#),
        ] {
            assert!(names("c", Some(&wrong), Between::Usual).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_row_with_labels_says_which_column_it_is() {
        let row = |value: Value| value.as_object().unwrap().clone();
        let mut column = Column::new(None);
        for (fields, labels) in [
            (json!({ "text": "a" }), &[][..]),
            (json!({ "text": "a", "label": 1, "sentiment": "good" }), &["1"]),
            (json!({ "text": "a", "label": null }), &[]),
            (json!({ "text": "a" }), &[]),
        ] {
            assert_eq!(column.of(&row(fields)).unwrap(), labels);
        }
        let error = column.of(&row(json!({ "text": "a", "emotion": "joy" }))).unwrap_err();
        assert!(
            error.starts_with("there is no column `label`, where rows before have their labels, but"),
            "{error}"
        );
        assert_eq!(column.seen(), Ok(()));
        let mut column = Column::new(Some("mood".into()));
        assert_eq!(column.seen(), Ok(()), "there is no row");
        assert!(column.of(&row(json!({ "tone": null, "label": "joy" }))).unwrap().is_empty());
        let error = column.seen().unwrap_err();
        assert!(error.starts_with("no row has a column `mood`, only `tone`, `label`; name"), "{error}");
        assert_eq!(column.of(&row(json!({ "mood": "joy" }))).unwrap(), ["joy"]);
        assert_eq!(column.seen(), Ok(()));
    }

    #[test]
    fn numbers_stand_in_order_of_what_they_are_worth() {
        let mut labels = ["joy", "10", "2", "-1", "anger", "1.5", "infinity"];
        labels.sort_by(|a, b| in_order(a, b));
        assert_eq!(labels, ["-1", "1.5", "2", "10", "anger", "infinity", "joy"]);
    }
}
