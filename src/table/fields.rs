//! The columns of a row.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// A row's columns in order, which are written as they were read.
///
/// A [`Value`] rounds a number of many digits, and forgets that `1.10` ended with a nought. Ids are such numbers. What a
/// column would lose is kept beside its value, in the letters of the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    values: Map<String, Value>,
    /// By column, as JSON; few rows have any.
    letters: Vec<(String, Box<str>)>,
}

impl Fields {
    /// Reads an object, whose columns have a name each.
    pub(super) fn parse(json: &str) -> Result<Self, NoFields> {
        let values = match serde_json::from_str(json) {
            Ok(Columns { repeated: Some(name), .. }) => return Err(NoFields::Repeated(name)),
            Ok(Columns { values, .. }) => values,
            // What it is instead.
            Err(error) => return Err(NoFields::Other(serde_json::from_str(json).map_err(|_| error)?)),
        };
        let mut letters = Vec::new();
        if has_odd_number(json) {
            let raw: HashMap<String, &RawValue> = serde_json::from_str(json)?;
            for column in values.keys() {
                if let Some(raw) = raw.get(column).filter(|raw| has_odd_number(raw.get())) {
                    letters.push((column.clone(), raw.get().into()));
                }
            }
        }
        Ok(Self { values, letters })
    }

    /// Puts a value in place of the one that was there, or after all others.
    pub fn insert(&mut self, column: String, value: Value) {
        self.letters.retain(|(name, _)| *name != column);
        self.values.insert(column, value);
    }

    /// The same of a number that a value would round.
    pub(super) fn insert_number(&mut self, column: String, letters: String) {
        let value = serde_json::from_str(&letters).unwrap_or_default();
        self.insert(column.clone(), value);
        if has_odd_number(&letters) {
            self.letters.push((column, letters.into()));
        }
    }

    /// Takes a column out; the order of the others stays.
    pub fn remove(&mut self, column: &str) -> Option<Value> {
        self.letters.retain(|(name, _)| name != column);
        self.values.shift_remove(column)
    }

    /// A column in its own letters, where its value would be written in others.
    pub fn letters(&self, column: &str) -> Option<&str> {
        self.letters.iter().find(|(name, _)| name == column).map(|(_, letters)| &**letters)
    }

    /// A column as a text: as it is, or as JSON where it is none; empty where it is absent or null.
    pub fn text(&self, column: &str) -> String {
        match (self.letters(column), self.values.get(column)) {
            (Some(letters), _) => letters.to_owned(),
            (None, None | Some(Value::Null)) => String::new(),
            (None, Some(Value::String(text))) => text.clone(),
            (None, Some(other)) => other.to_string(),
        }
    }
}

impl Deref for Fields {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, letters: Vec::new() }
    }
}

impl From<Fields> for Map<String, Value> {
    fn from(fields: Fields) -> Self {
        fields.values
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        fields.into_iter().collect::<Map<_, _>>().into()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.letters.is_empty() {
            return self.values.serialize(to);
        }
        let mut map = to.serialize_map(Some(self.values.len()))?;
        for (column, value) in &self.values {
            match self.letters(column).and_then(|letters| serde_json::from_str::<&RawValue>(letters).ok()) {
                Some(letters) => map.serialize_entry(column, letters)?,
                None => map.serialize_entry(column, value)?,
            }
        }
        map.end()
    }
}

/// An object as it is read, and the first name that stands in it twice.
struct Columns {
    values: Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
                let mut out = Columns { values: Map::new(), repeated: None };
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if out.repeated.is_none() && out.values.contains_key(&name) {
                        out.repeated = Some(name.clone());
                    }
                    out.values.insert(name, value);
                }
                Ok(out)
            }
        }
        from.deserialize_map(Object)
    }
}

/// Why a line is no row.
pub(super) enum NoFields {
    Json(serde_json::Error),
    /// Two columns have this name.
    Repeated(String),
    Other(Value),
}

impl From<serde_json::Error> for NoFields {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Whether JSON has a number in other letters than its value is written with.
fn has_odd_number(json: &str) -> bool {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && matches!(bytes[at], b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
                {
                    at += 1;
                }
                if !is_exact(&json[start..at]) {
                    return true;
                }
            }
            _ => at += 1,
        }
    }
    false
}

/// Whether a number's value is written as it stands here.
fn is_exact(number: &str) -> bool {
    let digits = number.strip_prefix('-').filter(|digits| *digits != "0").unwrap_or(number);
    // What most numbers are needs no reading.
    if digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    serde_json::from_str::<Number>(number).is_ok_and(|read| read.to_string() == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Fields {
        Fields::parse(json).unwrap_or_else(|_| panic!("{json}"))
    }

    fn written(fields: &Fields) -> String {
        serde_json::to_string(fields).unwrap()
    }

    #[test]
    fn every_number_is_written_as_it_was() {
        for number in [
            "0",
            "-7",
            "12345678901234567890123",
            "-9223372036854775809",
            "1.10",
            "1e5",
            "1E+5",
            "-0",
            "-0.0",
            "0.1",
            "0.1234567890123456789",
            "3.0",
            "1e400",
            "[1, 2.50]",
            r#"{"n":[1e2,{"m":1.0}]}"#,
        ] {
            let json = format!(r#"{{"id":{number},"text":"12.0 \" 1e5","n":1}}"#);
            // What no value comes near is refused as it always was.
            let Ok(fields) = Fields::parse(&json) else {
                assert_eq!(number, "1e400");
                continue;
            };
            assert_eq!(written(&fields), json);
            assert_eq!(fields.text("id"), number);
        }
    }

    #[test]
    fn what_is_put_in_place_of_a_number_stands_there() {
        let mut fields = parse(r#"{"a":3.30,"similarity":0.50,"b":2.20}"#);
        assert_eq!(written(&fields), r#"{"a":3.30,"similarity":0.50,"b":2.20}"#);
        fields.insert("similarity".to_owned(), 0.25.into());
        fields.remove("a");
        assert_eq!(written(&fields), r#"{"similarity":0.25,"b":2.20}"#);
        assert_eq!(fields.letters("similarity"), None);
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        for json in [r#"{"a":1.10,"b":2,"a":3.30}"#, r#"{"a":1,"\u0061":1}"#] {
            assert!(matches!(Fields::parse(json), Err(NoFields::Repeated(name)) if name == "a"), "{json}");
        }
        assert_eq!(written(&parse(r#"{"a":{"b":1},"b":1}"#)), r#"{"a":{"b":1},"b":1}"#);
    }

    #[test]
    fn usual_rows_keep_no_letters() {
        for json in [r#"{"id":7,"p":0.25,"text":"1.10"}"#, r#"{"labels":[1,2],"n":-3}"#] {
            assert!(parse(json).letters.is_empty(), "{json}");
        }
    }
}
