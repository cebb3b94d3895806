//! How a dataset stands to the one before.

use serde::{Deserialize, Serialize};

use super::{count, thousands};

/// How the cells of now stand to those of a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellChange {
    /// Asked in the same way as then.
    pub kept: u64,
    /// Not there then, and something of it must be asked.
    pub new: u64,
    /// There then, but asked in another way now.
    pub changed: u64,
    /// Not there then, but stored from an earlier time.
    pub restored: u64,
    /// There then, not now.
    pub dropped: u64,
}

/// How the rows of now stand to those of the dataset before; counterparts, which follow their rows, are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    /// Rows that stay.
    pub kept: u64,
    /// Rows that leave until they are remade: their ask changed, or they fail a check now.
    pub leaving: u64,
    /// Rows that come back as soon as open asks of their cells are answered: nothing is wrong with them.
    #[serde(default)]
    pub waiting: u64,
    /// How many asks these are.
    #[serde(default)]
    pub waiting_for: u64,
    /// Rows that nothing is wrong with, but that another row now makes a duplicate.
    pub displaced: u64,
}

impl RowChange {
    /// Rows of the dataset before.
    pub fn before(&self) -> u64 {
        self.kept + self.lost() + self.waiting
    }

    /// Rows that another must be made for.
    pub fn lost(&self) -> u64 {
        self.leaving + self.displaced
    }

    /// What rows wait for, if any do: `wait behind 3 open asks`.
    pub fn waits(&self) -> Option<String> {
        (self.waiting > 0).then(|| {
            format!("{} wait behind {}", thousands(self.waiting), count(self.waiting_for, "open ask"))
        })
    }
}
