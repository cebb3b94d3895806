//! Columns that commands add to the rows of a table.

use serde_json::Value;

use super::Fields;

/// Columns that are added to rows, none of which is written over.
#[derive(Debug, Clone)]
pub struct Added {
    names: Vec<String>,
}

impl Added {
    /// `prefix` stands before each name, for tables that have such columns already.
    pub fn new(names: &[&str], prefix: Option<&str>) -> Self {
        let prefix = prefix.unwrap_or_default();
        Self { names: names.iter().map(|name| format!("{prefix}{name}")).collect() }
    }

    /// What they are called.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Makes sure that a row has none of them.
    ///
    /// # Errors
    /// The first that it has, and what to do, in words.
    pub fn lacking_in(&self, row: &Fields) -> Result<(), String> {
        self.names.iter().find(|name| row.contains_key(*name)).map_or(Ok(()), |name| Err(taken(name)))
    }

    /// Puts them behind the others, or in place of what was put there before.
    pub fn put(&self, row: &mut Fields, values: impl IntoIterator<Item = Value>) {
        for (name, value) in self.names.iter().zip(values) {
            row.insert(name.clone(), value);
        }
    }
}

/// That a column of this name is there already.
pub fn taken(name: &str) -> String {
    format!(
        "a column `{name}` is there already, and would be written over; give the new one another name with \
         `--prefix`, such as `--prefix new_`"
    )
}
