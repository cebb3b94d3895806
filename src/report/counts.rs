//! How many rows and rejects there are, by what they are of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Rows of one value of an axis, of one prompt or of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisCount {
    /// Nought where no number is wanted: of prompts and models.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub wanted: u64,
    pub accepted: u64,
    pub rejected: u64,
}

/// Counts by what they are of, such as an axis, and by its values.
pub type Counts = BTreeMap<String, BTreeMap<String, AxisCount>>;

/// What one run brought, beside what the dataset has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Rows more than there were of the same config before anything was asked.
    pub accepted: u64,
    /// Texts that were rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Asks that were given up, by reason.
    pub failed_by: BTreeMap<String, u64>,
    /// Rows and rejects by axis and value; what is wanted is that of the dataset.
    pub by_axis: Counts,
    /// The same by what was asked: `prompt`, where there are several variants, and `model`, where there are several;
    /// of none of these a number is wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_ask: Counts,
}

fn is_nought(wanted: &u64) -> bool {
    *wanted == 0
}

impl AxisCount {
    /// Texts that were judged.
    pub fn judged(&self) -> u64 {
        self.accepted + self.rejected
    }

    /// The share of them that became rows.
    pub fn acceptance(&self) -> Option<f64> {
        (self.judged() > 0).then(|| self.accepted as f64 / self.judged() as f64)
    }
}

impl RunCounts {
    /// By axis, and by what was asked.
    pub fn by(&self) -> impl Iterator<Item = (&String, &BTreeMap<String, AxisCount>)> {
        self.by_axis.iter().chain(&self.by_ask)
    }

    /// What came about between two evaluations of the same config.
    ///
    /// A row that a later one made a duplicate counts as rejected, and is taken off those that came.
    pub fn between(before: &Self, after: &Self) -> Self {
        let more = |then: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>| {
            let each = now.iter().map(|(name, times)| {
                (name.clone(), times.saturating_sub(then.get(name).copied().unwrap_or(0)))
            });
            each.filter(|(_, times)| *times > 0).collect()
        };
        let since = |before: &Counts, after: &Counts| {
            let by = after.iter().map(|(by, values)| {
                let then = before.get(by);
                let each = values.iter().map(|(value, now)| {
                    let then = then.and_then(|values| values.get(value)).copied().unwrap_or_default();
                    let count = AxisCount {
                        wanted: now.wanted,
                        accepted: now.accepted.saturating_sub(then.accepted),
                        rejected: now.rejected.saturating_sub(then.rejected),
                    };
                    (value.clone(), count)
                });
                (by.clone(), each.collect())
            });
            by.collect()
        };
        Self {
            accepted: after.accepted.saturating_sub(before.accepted),
            rejected: more(&before.rejected, &after.rejected),
            failed_by: more(&before.failed_by, &after.failed_by),
            by_axis: since(&before.by_axis, &after.by_axis),
            by_ask: since(&before.by_ask, &after.by_ask),
        }
    }

    /// Texts that were judged.
    pub fn judged(&self) -> u64 {
        self.accepted + self.rejected.values().sum::<u64>()
    }

    /// The share of them that became rows.
    pub fn acceptance(&self) -> Option<f64> {
        (self.judged() > 0).then(|| self.accepted as f64 / self.judged() as f64)
    }

    /// Asks that were given up.
    pub fn failed(&self) -> u64 {
        self.failed_by.values().sum()
    }
}
