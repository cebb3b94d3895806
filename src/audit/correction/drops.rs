//! Which rows to take out.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Options, Report, Table, Verdict, audit, metric};

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
    /// Why no more is dropped, though there are alarms and rows to blame.
    pub held: Option<Held>,
}

/// What keeps rows to blame in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Without them something could not be measured any more.
    Measures,
    /// Too great a share of the rows would go.
    Share,
}

/// Rows below which something could not be told any more that can be told of a report's.
fn needed(report: &Report) -> usize {
    let told = report.measures.iter().filter(|measure| measure.verdict != Verdict::CannotTell);
    told.filter_map(|measure| measure.metric()).map(|metric| metric.least).max().unwrap_or(0)
}

/// Whether something cannot be told any more.
fn tells_less(before: &Report, after: &Report) -> bool {
    let told = before.measures.iter().filter(|measure| measure.verdict != Verdict::CannotTell);
    told.into_iter().any(|then| {
        let now = after.measures.iter().find(|now| now.metric == then.metric && now.of == then.of);
        now.is_none_or(|now| now.verdict == Verdict::CannotTell)
    })
}

/// The worst rows of every alarm, until there is none, too much is gone, or without them nothing could be told; each
/// round measures what is left anew.
pub fn drops(table: &Table, options: &Options, mut progress: impl FnMut(&str, f64)) -> Drops {
    let before = audit(table, options, |what, share| progress(what, share / ROUNDS as f64));
    let mut dropped: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
    let mut kept: Vec<usize> = (0..table.rows()).collect();
    let mut after = before.clone();
    let (most, least) = ((table.rows() as f64 * MOST) as usize, needed(&before));
    let mut held = None;
    for round in 1..=ROUNDS {
        let by_share = most - dropped.len();
        let room = by_share.min(kept.len().saturating_sub(least));
        let mut blamed: Vec<usize> = Vec::new();
        let mut why: BTreeMap<usize, Vec<&'static str>> = BTreeMap::new();
        for measure in after.alarms().filter(|measure| !by_quota(measure.metric)) {
            for row in &measure.offenders {
                let row = kept[*row];
                let of = why.entry(row).or_insert_with(|| {
                    blamed.push(row);
                    Vec::new()
                });
                if !of.contains(&measure.metric) {
                    of.push(measure.metric);
                }
            }
        }
        held = match blamed.len() > room {
            true if room < by_share => Some(Held::Measures),
            true => Some(Held::Share),
            false => None,
        };
        // The first were blamed by the worst alarms.
        blamed.truncate(room);
        while !blamed.is_empty() {
            let out: BTreeSet<usize> = blamed.iter().copied().collect();
            let left: Vec<usize> = kept.iter().copied().filter(|row| !out.contains(row)).collect();
            let audited = audit(&table.only(&left), options, |what, share| {
                progress(what, (round as f64 + share) / (ROUNDS + 1) as f64);
            });
            if !tells_less(&before, &audited) {
                kept = left;
                after = audited;
                break;
            }
            held = Some(Held::Measures);
            blamed.truncate(blamed.len() / 2);
        }
        if blamed.is_empty() {
            break;
        }
        dropped.extend(blamed.into_iter().filter_map(|row| Some((row, why.remove(&row)?))));
    }
    let rows = dropped.into_iter().map(|(row, why)| Drop { row, why }).collect();
    Drops { before, after, rows, held }
}
