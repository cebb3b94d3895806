//! Which rows to take out.

use std::collections::BTreeMap;

use crate::audit::{Options, Report, Table, audit, metric};

/// Rounds of dropping and measuring again.
const ROUNDS: usize = 4;

/// The greatest share of rows that is dropped: beyond, the prompts must change.
const MOST: f64 = 0.4;

/// Of these too many rows are not the fault of any one of them, so that none is dropped for them.
fn by_quota(key: &str) -> bool {
    let quotas = [
        &metric::BALANCE,
        &metric::BALANCE_ASKED,
        &metric::CELLS,
        &metric::CELLS_ASKED,
        &metric::REPRESENTATION,
        // Nor is a row to blame for what a model makes of it.
        &metric::COUNTERFACTUAL,
    ];
    quotas.iter().any(|metric| metric.key == key)
}

/// A row to be dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    pub row: usize,
    /// The metrics that it is dropped for.
    pub why: Vec<&'static str>,
}

/// What is to be dropped, with the audit before and after.
#[derive(Debug)]
pub struct Drops {
    pub before: Report,
    pub after: Report,
    /// In the table's order.
    pub rows: Vec<Drop>,
}

/// The worst rows of every alarm, until there is none or too much is gone; each round measures what
/// is left anew.
pub fn drops(table: &Table, options: &Options, mut progress: impl FnMut(&str, f64)) -> Drops {
    let before = audit(table, options, |what, share| progress(what, share / ROUNDS as f64));
    let mut dropped: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
    let mut kept: Vec<usize> = (0..table.rows()).collect();
    let mut after = before.clone();
    for round in 1..=ROUNDS {
        let room = (table.rows() as f64 * MOST) as usize - dropped.len();
        let mut chosen: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
        let alarms: Vec<_> = after.alarms().filter(|measure| !by_quota(measure.metric)).collect();
        for measure in &alarms {
            for row in &measure.offenders {
                let full = chosen.len() >= room;
                let row = kept[*row];
                let Some(why) =
                    (if full { chosen.get_mut(&row) } else { Some(chosen.entry(row).or_default()) })
                else {
                    continue;
                };
                if !why.contains(&measure.metric) {
                    why.push(measure.metric);
                }
            }
        }
        if chosen.is_empty() {
            break;
        }
        dropped.append(&mut chosen);
        kept.retain(|row| !dropped.contains_key(row));
        after = audit(&table.only(&kept), options, |what, share| {
            progress(what, (round as f64 + share) / (ROUNDS + 1) as f64);
        });
    }
    Drops { before, after, rows: dropped.into_iter().map(|(row, why)| Drop { row, why }).collect() }
}
