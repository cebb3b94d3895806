//! What is audited: texts with their labels, contexts and ids, split into tokens once.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::clusters::clusters;
use super::groups::{Finder, Groups};
use super::token;

/// What a column is to the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Label,
    Context,
}

/// The values of one column. A row may have none or several.
#[derive(Debug)]
pub struct Column {
    pub name: String,
    pub role: Role,
    /// Names in order of first appearance; those that a config names stand before, and may have no row.
    pub values: Vec<String>,
    index: HashMap<String, u32>,
    /// By row.
    of: Vec<Box<[u32]>>,
}

impl Column {
    fn new(name: String, role: Role, rows: usize) -> Self {
        Self { name, role, values: Vec::new(), index: HashMap::new(), of: vec![Box::default(); rows] }
    }

    /// The values of a row.
    pub fn of(&self, row: usize) -> &[u32] {
        &self.of[row]
    }

    /// The value of a row that has exactly one.
    pub fn only(&self, row: usize) -> Option<usize> {
        match *self.of[row] {
            [value] => Some(value as usize),
            _ => None,
        }
    }

    /// The name of that value.
    pub fn name_of(&self, row: usize) -> Option<&str> {
        Some(self.values[self.only(row)?].as_str())
    }

    /// How many rows have each value.
    pub fn counts(&self) -> Vec<usize> {
        let mut out = vec![0; self.values.len()];
        self.of.iter().flatten().for_each(|value| out[*value as usize] += 1);
        out
    }

    fn intern(&mut self, name: &str) -> u32 {
        if let Some(value) = self.index.get(name) {
            return *value;
        }
        let value = self.values.len() as u32;
        self.values.push(name.to_owned());
        self.index.insert(name.to_owned(), value);
        value
    }
}

/// Rows that are audited together.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<Column>,
    ids: Vec<Box<str>>,
    texts: Vec<Box<str>>,
    tokens: Vec<u32>,
    /// Where each row's tokens end.
    ends: Vec<usize>,
    vocabulary: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
    is_word: Vec<bool>,
    /// Whether a term for a group of people begins with a token, so that few rows are looked through for them.
    begins: Vec<bool>,
    groups: Vec<Groups>,
    finder: Finder,
    clusters: OnceLock<Vec<u32>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: impl IntoIterator<Item = (String, Role)>) -> Self {
        Self {
            columns: columns.into_iter().map(|(name, role)| Column::new(name, role, 0)).collect(),
            ids: Vec::new(),
            texts: Vec::new(),
            tokens: Vec::new(),
            ends: Vec::new(),
            vocabulary: Vec::new(),
            index: HashMap::new(),
            is_word: Vec::new(),
            begins: Vec::new(),
            groups: Vec::new(),
            finder: Finder::default(),
            clusters: OnceLock::new(),
        }
    }

    /// An empty table with the columns of this one and all their values.
    #[must_use]
    pub fn like(&self) -> Self {
        let mut out = Self::new(self.columns.iter().map(|column| (column.name.clone(), column.role)));
        for (at, column) in self.columns.iter().enumerate() {
            column.values.iter().for_each(|value| out.expect(at, value));
        }
        out
    }

    /// Adds a column of labels behind those there are, of which no row so far has any.
    pub fn add_labels(&mut self, name: String) {
        let column = Column::new(name, Role::Label, self.rows());
        let labels = self.labels().count();
        self.columns.insert(labels, column);
    }

    /// Says that a column can have a value, so that it counts where no row has it.
    pub fn expect(&mut self, column: usize, value: &str) {
        self.columns[column].intern(value);
    }

    /// Adds a row: for each column its values, and the groups that spans of it are known to be of.
    /// Columns that are not given have no value in this row.
    pub fn push<V, N>(&mut self, id: &str, text: &str, values: V, known: Groups)
    where
        V: IntoIterator,
        V::Item: IntoIterator<Item = N>,
        N: AsRef<str>,
    {
        let mut values = values.into_iter();
        for column in &mut self.columns {
            let mut of: Vec<u32> = Vec::new();
            for name in values.next().into_iter().flatten() {
                let value = column.intern(name.as_ref());
                if !of.contains(&value) {
                    of.push(value);
                }
            }
            column.of.push(of.into());
        }
        let lower = text.to_lowercase();
        let start = self.tokens.len();
        for word in token::tokens(&lower) {
            let token = match self.index.get(word) {
                Some(token) => *token,
                None => {
                    let token = self.vocabulary.len() as u32;
                    self.vocabulary.push(word.into());
                    self.index.insert(word.into(), token);
                    self.is_word.push(token::is_word(word));
                    self.begins.push(self.finder.begins(word));
                    token
                }
            };
            self.tokens.push(token);
        }
        self.ends.push(self.tokens.len());
        let tokens = self.tokens[start..].iter().map(|token| *token as usize);
        let groups = match tokens.clone().any(|token| self.begins[token]) {
            true => {
                let words = tokens.filter(|token| self.is_word[*token]);
                self.finder.find(words.map(|token| &*self.vocabulary[token]))
            }
            false => Groups::default(),
        };
        self.groups.push(groups.with_spans(known));
        self.clusters = OnceLock::new();
        self.ids.push(id.into());
        self.texts.push(text.into());
    }

    /// A table of some of the rows, in this order.
    #[must_use]
    pub fn only(&self, rows: &[usize]) -> Self {
        let column = |column: &Column| Column {
            name: column.name.clone(),
            role: column.role,
            values: column.values.clone(),
            index: column.index.clone(),
            of: rows.iter().map(|row| column.of[*row].clone()).collect(),
        };
        let mut ends = Vec::with_capacity(rows.len());
        let mut tokens = Vec::new();
        for row in rows {
            tokens.extend_from_slice(self.tokens(*row));
            ends.push(tokens.len());
        }
        Self {
            columns: self.columns.iter().map(column).collect(),
            ids: rows.iter().map(|row| self.ids[*row].clone()).collect(),
            texts: rows.iter().map(|row| self.texts[*row].clone()).collect(),
            tokens,
            ends,
            vocabulary: self.vocabulary.clone(),
            index: self.index.clone(),
            is_word: self.is_word.clone(),
            begins: self.begins.clone(),
            groups: rows.iter().map(|row| self.groups[*row]).collect(),
            finder: Finder::default(),
            clusters: OnceLock::new(),
        }
    }

    /// The same rows, but for those that are dropped, and with new texts for some.
    #[must_use]
    pub fn revised(&self, drop: impl Fn(usize) -> bool, text: impl Fn(usize) -> Option<String>) -> Self {
        let mut out = self.like();
        for row in (0..self.rows()).filter(|row| !drop(*row)) {
            let values = self
                .columns
                .iter()
                .map(|column| column.of(row).iter().map(|value| column.values[*value as usize].as_str()));
            match text(row) {
                // What spans told was of the text as it was.
                Some(text) => out.push(self.id(row), &text, values, Groups::default()),
                None => out.push(self.id(row), self.text(row), values, self.groups(row)),
            }
        }
        out
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    pub fn id(&self, row: usize) -> &str {
        &self.ids[row]
    }

    pub fn text(&self, row: usize) -> &str {
        &self.texts[row]
    }

    /// The row's tokens, as numbers below [`Table::vocabulary`].
    pub fn tokens(&self, row: usize) -> &[u32] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.tokens[start..self.ends[row]]
    }

    /// The row's tokens without marks.
    pub fn words(&self, row: usize) -> impl Iterator<Item = u32> {
        self.tokens(row).iter().copied().filter(|token| self.is_word[*token as usize])
    }

    /// The text of a token, in lower case.
    pub fn token(&self, token: u32) -> &str {
        &self.vocabulary[token as usize]
    }

    /// How many different tokens there are.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary.len()
    }

    /// The groups of people that a row speaks of.
    pub fn groups(&self, row: usize) -> Groups {
        self.groups[row]
    }

    /// For each row the number of its cluster: rows that are nearly the same are in one.
    pub fn clusters(&self) -> &[u32] {
        self.clusters.get_or_init(|| clusters((0..self.rows()).map(|row| self.words(row))))
    }

    pub fn labels(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.role == Role::Label)
    }

    pub fn contexts(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.role == Role::Context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_values_tokens_and_groups() {
        let columns = [("emotion".to_owned(), Role::Label), ("context".to_owned(), Role::Context)];
        let mut table = Table::new(columns);
        table.push("a", "My sister is HERE!", [vec!["joy", "love", "joy"], vec!["home"]], Groups::default());
        table.push("b", "", [Vec::<&str>::new()], Groups::default());
        assert_eq!((table.rows(), table.id(1), table.text(0)), (2, "b", "My sister is HERE!"));
        let words: Vec<&str> = table.tokens(0).iter().map(|token| table.token(*token)).collect();
        assert_eq!(words, ["my", "sister", "is", "here", "!"]);
        assert_eq!(table.words(0).count(), 4);
        assert!(table.tokens(1).is_empty());
        assert_eq!(table.groups(0).names().collect::<Vec<_>>(), ["female"]);
        assert_eq!(table.columns[0].of(0), [0, 1]);
        assert_eq!((table.columns[0].only(0), table.columns[1].only(0)), (None, Some(0)));
        assert!(table.columns[1].of(1).is_empty(), "a column that the row does not give");
        assert_eq!(table.columns[0].counts(), [1, 1]);
        table.expect(0, "grief");
        table.expect(0, "joy");
        assert_eq!(table.columns[0].counts(), [1, 1, 0], "a value that no row has");
        let like = table.like();
        assert_eq!((like.rows(), like.columns[0].counts()), (0, vec![0, 0, 0]));
        assert_eq!(table.revised(|row| row == 0, |_| None).columns[0].counts(), [0, 0, 0]);
    }
}
