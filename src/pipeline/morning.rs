//! What is gathered of an outcome for the summary that is read in the morning.

use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, HashSet};

use super::Opened;
use super::worker::Progress;
use crate::dataset::{Outcome, Recipe};
use crate::report::morning::{EndpointNight, Example, Exhausted, Opening, opening};
use crate::report::{self, Summary, shortened};

/// Rejected texts that are shown of a reason.
const EXAMPLES: usize = 3;

/// Cells that are shown of those that cannot be filled.
const EXHAUSTED: usize = 20;

/// Openings that are shown.
const OPENINGS: usize = 5;

/// Openings are counted over so many of the first rows: any head of a dataset is balanced.
const OPENINGS_OF: usize = 10_000;

/// Fills in what the outcome shows: examples of rejects, cells that cannot be filled, openings.
pub fn gather(summary: &mut Summary, recipe: &Recipe, outcome: &Outcome) {
    let describe = |cell: usize| recipe.grid.describe(recipe.grid.cells()[cell]);
    let mut by_cell: HashMap<usize, BTreeMap<&'static str, u64>> = HashMap::new();
    for reject in &outcome.rejects {
        let reason = reject.reason.name();
        *by_cell.entry(reject.place.cell).or_default().entry(reason).or_default() += 1;
        let examples = summary.examples.entry(reason.to_owned()).or_default();
        if examples.len() == EXAMPLES {
            continue;
        }
        let text = shortened(&reject.answer[reject.place.index].text, 300);
        if examples.iter().all(|shown| shown.text != text) {
            let cell = describe(reject.place.cell);
            examples.push(Example { cell, why: reject.reason.to_string(), text });
        }
    }
    let mut failed: HashMap<usize, u64> = HashMap::new();
    for ask in &outcome.failed {
        *failed.entry(ask.cell).or_default() += 1;
        *summary.failed_by.entry(ask.reason.to_string()).or_default() += 1;
    }
    let open: HashSet<usize> = outcome.demands.iter().map(|demand| demand.cell).collect();
    let missing = |cell: usize| recipe.quotas.rows[cell] - outcome.accepted[cell];
    let short = |cell: &usize| missing(*cell) > 0 && !open.contains(cell);
    let mut exhausted: Vec<usize> = (0..outcome.accepted.len()).filter(short).collect();
    summary.exhausted_cells = exhausted.len() as u64;
    exhausted.sort_by_key(|cell| (std::cmp::Reverse(missing(*cell)), *cell));
    let shown = exhausted.into_iter().take(EXHAUSTED).map(|cell| {
        let rejected = by_cell.get(&cell).into_iter().flatten();
        Exhausted {
            cell: describe(cell),
            wanted: recipe.quotas.rows[cell].into(),
            accepted: outcome.accepted[cell].into(),
            rejected: rejected.map(|(reason, times)| ((*reason).to_owned(), *times)).collect(),
            failed: failed.get(&cell).copied().unwrap_or(0),
        }
    });
    summary.exhausted = shown.collect();
    let texts = outcome.rows.iter().map(|row| row.answer[row.place.index].text.as_str());
    summary.openings = openings(texts.take(OPENINGS_OF));
}

/// The openings that most texts share, with their share of all.
fn openings<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Opening> {
    // A text's own words are only kept once a second text opens alike: most never meet one.
    enum Seen<'a> {
        Once(&'a str),
        Often(u64, &'a str),
    }
    let mut seen: HashMap<u64, Seen<'a>> = HashMap::new();
    let mut all = 0;
    for text in texts {
        all += 1;
        let Some(hash) = opening_hash(text) else { continue };
        match seen.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(Seen::Once(text));
            }
            Entry::Occupied(mut place) => {
                let next = match place.get() {
                    Seen::Once(first) => Seen::Often(2, first),
                    Seen::Often(times, first) => Seen::Often(times + 1, first),
                };
                place.insert(next);
            }
        }
    }
    let often = seen.into_values().filter_map(|seen| match seen {
        Seen::Once(_) => None,
        Seen::Often(rows, first) => Some((rows, opening(first)?)),
    });
    let mut often: Vec<(u64, String)> = often.collect();
    often.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let share = |rows: u64| (rows as f64 / f64::from(all.max(1)) * 10_000.0).round() / 10_000.0;
    let shown = often.into_iter().take(OPENINGS);
    shown.map(|(rows, words)| Opening { words, rows, share: share(rows) }).collect()
}

/// A hash of what `opening` gives, without making it.
fn opening_hash(text: &str) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut mix =
        |byte: u32| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
    let mut words = 0;
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_empty() {
            continue;
        }
        match word.is_ascii() {
            true => word.bytes().for_each(|byte| mix(byte.to_ascii_lowercase().into())),
            false => word.to_lowercase().chars().for_each(|c| mix(c.into())),
        }
        mix(' '.into());
        words += 1;
        if words == 3 {
            return Some(hash);
        }
    }
    None
}

/// Fills in what was done with each endpoint.
pub fn endpoints(summary: &mut Summary, recipe: &Recipe, progress: &Progress) {
    summary.asking_seconds = report::milliseconds(progress.asking);
    let seconds = progress.asking.as_secs_f64().max(1e-6);
    let all = recipe.config.endpoints.iter().zip(&progress.endpoints);
    summary.endpoints = all
        .filter(|(_, did)| did.requests > 0)
        .map(|(endpoint, did)| {
            let rate = did.completion_tokens as f64 / seconds;
            let busy = did.busy.as_secs_f64() / (seconds * f64::from(did.slots.max(1)));
            let night = EndpointNight {
                requests: did.requests,
                completion_tokens: did.completion_tokens,
                tokens_per_second: (rate * 10.0).round() / 10.0,
                slots: did.slots,
                // Where fewer are sent at a time in the end, there were more before.
                busy: (busy.min(1.0) * 1000.0).round() / 1000.0,
            };
            (endpoint.name.clone(), night)
        })
        .collect();
}

/// The file and line that set a key, or the nearest mapping above it that is written down.
pub fn place(opened: &Opened, key: &str) -> Option<String> {
    let mut node = &opened.tree;
    let mut found = None;
    for part in key.split('.') {
        let Some(next) = node.get(part) else { break };
        node = next;
        found = Some(node);
    }
    let sources = &opened.warnings.sources;
    found.map(|node| {
        format!("{}:{}", sources.path(node.span.source).display(), sources.line_column(node.span).0)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn openings_are_counted_and_ordered() {
        let texts =
            ["I can't even.", "“i CAN'T even”", "so it goes", "So, it goes on", "I can't EVEN now", "no"];
        let found = openings(texts.into_iter());
        let found: Vec<_> =
            found.iter().map(|found| (found.words.as_str(), found.rows, found.share)).collect();
        assert_eq!(found, [("i can't even", 3, 0.5), ("so it goes", 2, 0.3333)]);
    }

    proptest! {
        #[test]
        fn two_texts_hash_alike_if_they_open_alike(a in "[aAbBÉé!’ ]{0,12}", b in "[aAbBÉé!’ ]{0,12}") {
            prop_assert_eq!(opening(&a) == opening(&b), opening_hash(&a) == opening_hash(&b));
            prop_assert_eq!(opening(&a).is_some(), opening_hash(&a).is_some());
        }
    }
}
