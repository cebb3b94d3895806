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
    /// Rows that leave until requests about their own texts are answered, which must be judged, embedded or looked at
    /// anew.
    #[serde(default)]
    pub unjudged: u64,
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

    /// Rows that leave: another must be made for them, or they must be judged again.
    pub fn lost(&self) -> u64 {
        self.leaving + self.unjudged + self.displaced
    }

    /// What becomes of rows that are to be judged again, if any are: `240 leave until they are judged again`.
    pub fn judged_again(&self) -> Option<String> {
        (self.unjudged > 0).then(|| {
            let leave = if self.unjudged == 1 { "leaves until it is" } else { "leave until they are" };
            format!("{} {leave} judged again", thousands(self.unjudged))
        })
    }

    /// What rows wait for, if any do: `wait behind 3 open asks`.
    pub fn waits(&self) -> Option<String> {
        (self.waiting > 0).then(|| {
            let wait = if self.waiting == 1 { "waits" } else { "wait" };
            format!("{} {wait} behind {}", thousands(self.waiting), count(self.waiting_for, "open ask"))
        })
    }
}
