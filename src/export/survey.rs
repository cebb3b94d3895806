//! What a first pass over the rows finds: columns with their types, labels, parts.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::Record;
use super::split::{Assigned, Splitter};
use crate::labels;
use crate::model::{PAIR, pair_of};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Other values stand as JSON.
    Text,
    Integer,
    Number,
    Truth,
    /// A list of texts.
    Texts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// A column of labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classes {
    pub column: String,
    /// In order: a label's place is its id.
    pub names: Vec<String>,
    /// How many rows have each.
    pub counts: Vec<u64>,
    /// Whether some row has more than one of them.
    pub several: bool,
    between: labels::Between<'static>,
    numbers: HashMap<String, usize>,
    /// Whether what is not among `names` is a mistake.
    given: bool,
}

impl Classes {
    /// Those of a column that are known before; none where they are to be found.
    pub fn new(
        column: impl Into<String>,
        names: Option<Vec<String>>,
        between: labels::Between<'static>,
    ) -> Self {
        let given = names.is_some();
        let names = names.unwrap_or_default();
        let numbers = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let counts = vec![0; names.len()];
        Self { column: column.into(), names, counts, several: false, between, numbers, given }
    }

    /// The ids of a row's labels, in rising order.
    ///
    /// # Errors
    /// A value that is no label, or a label that is not among them.
    pub fn of(&self, fields: &Map<String, Value>) -> Result<Vec<usize>, String> {
        let mut found = Vec::new();
        for name in self.read(fields)? {
            let number = self.numbers.get(&name).ok_or_else(|| {
                let known = self.names.iter().take(40).map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("`{name}` in `{}` is none of the labels {known}", self.column)
            })?;
            if !found.contains(number) {
                found.push(*number);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn read(&self, fields: &Map<String, Value>) -> Result<Vec<String>, String> {
        labels::names(&self.column, fields.get(&self.column), self.between)
    }

    fn see(&mut self, fields: &Map<String, Value>) -> Result<Vec<usize>, String> {
        if !self.given {
            for name in self.read(fields)? {
                if !self.numbers.contains_key(&name) {
                    self.numbers.insert(name.clone(), self.names.len());
                    self.names.push(name);
                    self.counts.push(0);
                }
            }
        }
        let found = self.of(fields)?;
        self.several |= found.len() > 1;
        for label in &found {
            self.counts[*label] += 1;
        }
        Ok(found)
    }

    /// Found labels in order, whatever the order of the rows; says where each stands that had a number
    /// before.
    fn sort(&mut self) -> Vec<usize> {
        if self.given {
            return (0..self.names.len()).collect();
        }
        let met = std::mem::take(&mut self.names);
        let mut order: Vec<(String, u64)> = met.iter().cloned().zip(self.counts.drain(..)).collect();
        order.sort_by(|(a, _), (b, _)| labels::in_order(a, b));
        self.numbers = order.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        (self.names, self.counts) = order.into_iter().unzip();
        met.iter().map(|name| self.numbers[name]).collect()
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    pub rows: u64,
    pub columns: Vec<Column>,
    pub labels: Vec<Classes>,
    /// Rows without a label, which are left out where one is needed.
    pub unlabelled: u64,
    /// Which part each row goes to; one part where there is none.
    pub parts: Option<Assigned>,
    /// The column with the texts.
    pub text: String,
}

/// What was seen of a column's values: one bit a sort.
#[derive(Debug, Default, Clone, Copy)]
struct Seen(u8);

impl Seen {
    const INTEGER: u8 = 1;
    const NUMBER: u8 = 2;
    const TRUTH: u8 = 4;
    const TEXTS: u8 = 8;
    /// An empty list, which tells nothing of what is in it.
    const EMPTY: u8 = 16;
    const OTHER: u8 = 32;
    /// A whole number that a `Number` would round.
    const LARGE: u8 = 64;

    /// `letters` are those that the value was read in, where they are others than it is written in.
    fn see(&mut self, value: &Value, letters: Option<&str>) {
        self.0 |= match value {
            Value::Null => 0,
            Value::Bool(_) => Self::TRUTH,
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) if whole.unsigned_abs() > EXACT => Self::INTEGER | Self::LARGE,
                (Some(_), _) => Self::INTEGER,
                // An id of many digits: rounded it would be that of others.
                (None, Some(rounded)) if rounded.abs() > EXACT as f64 && is_whole(number, letters) => {
                    Self::OTHER
                }
                (None, _) => Self::NUMBER,
            },
            Value::Array(items) if items.is_empty() => Self::EMPTY,
            Value::Array(items) if items.iter().all(Value::is_string) => Self::TEXTS,
            Value::String(_) | Value::Array(_) | Value::Object(_) => Self::OTHER,
        };
    }

    fn kind(self) -> Kind {
        const WITH_EMPTY: u8 = Seen::TEXTS | Seen::EMPTY;
        const WIDE: u8 = Seen::INTEGER | Seen::LARGE;
        const BOTH: u8 = Seen::INTEGER | Seen::NUMBER;
        match self.0 {
            Self::INTEGER | WIDE => Kind::Integer,
            Self::NUMBER | BOTH => Kind::Number,
            Self::TRUTH => Kind::Truth,
            Self::TEXTS | WITH_EMPTY => Kind::Texts,
            _ => Kind::Text,
        }
    }
}

/// Up to here a `Number` holds every whole number.
const EXACT: u64 = 1 << 53;

/// Whether a number is written without a fraction and an exponent.
fn is_whole(number: &Number, letters: Option<&str>) -> bool {
    let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    letters.map_or_else(|| is_whole(&number.to_string()), is_whole)
}

/// Takes in rows one by one.
pub struct Surveyor {
    rows: u64,
    unlabelled: u64,
    columns: Vec<(String, Seen)>,
    labels: Vec<Classes>,
    splitter: Option<Splitter>,
    text: String,
    /// Whether rows without a label are left out.
    skip: bool,
}

impl Surveyor {
    /// `labels` are the columns that hold labels; with `skip`, rows without one of the first are left out.
    pub fn new(text: &str, labels: Vec<Classes>, splitter: Option<Splitter>, skip: bool) -> Self {
        Self { rows: 0, unlabelled: 0, columns: Vec::new(), labels, splitter, text: text.to_owned(), skip }
    }

    /// Takes in that there is a column of labels, of which no row so far has any.
    pub fn add_labels(&mut self, labels: Classes) {
        self.labels.push(labels);
    }

    /// Takes in a row with these fields; says whether it is to be written.
    ///
    /// # Errors
    /// A label that cannot be.
    pub fn see(&mut self, row: &dyn Record, fields: &Map<String, Value>) -> Result<bool, String> {
        let labels = self.labels.iter_mut().map(|classes| classes.see(fields));
        let labels: Vec<Vec<usize>> = labels.collect::<Result<_, _>>()?;
        if self.skip && labels.first().is_none_or(Vec::is_empty) {
            self.unlabelled += 1;
            return Ok(false);
        }
        self.rows += 1;
        // Nearly every row has the same fields in the same order.
        let same =
            fields.len() == self.columns.len() && fields.keys().eq(self.columns.iter().map(|(name, _)| name));
        if !same {
            for name in fields.keys() {
                if !self.columns.iter().any(|(known, _)| known == name) {
                    self.columns.push((name.clone(), Seen::default()));
                }
            }
        }
        for (name, seen) in &mut self.columns {
            if let Some(value) = fields.get(name) {
                seen.see(value, row.letters(name));
            }
        }
        if let Some(splitter) = &mut self.splitter {
            let text = fields.get(&self.text).and_then(Value::as_str).unwrap_or_default();
            let column = |name: &str| fields.get(name).and_then(Value::as_str);
            let pair = pair_of(column("id").unwrap_or_default(), column(PAIR));
            splitter.see(text, &labels, pair);
        }
        Ok(true)
    }

    pub fn finish(mut self) -> Survey {
        let places: Vec<Vec<usize>> = self.labels.iter_mut().map(Classes::sort).collect();
        Survey {
            rows: self.rows,
            unlabelled: self.unlabelled,
            columns: self
                .columns
                .into_iter()
                .map(|(name, seen)| Column { name, kind: seen.kind() })
                .collect(),
            labels: self.labels,
            parts: self.splitter.map(|splitter| splitter.finish(&places)),
            text: self.text,
        }
    }
}
