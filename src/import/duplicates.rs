//! Rows of one text, within a split and across splits.

use std::borrow::Cow;
use std::collections::HashMap;

use rayon::prelude::*;

use super::item::Item;
use super::labels::merged;
use super::settings::{Conflicts, Settings};
use super::step::Step;
use crate::anonymize::Action;
use crate::dedup::{Bag, Index, Ordinal, Statistics, TextKey, Tier};
use crate::labels::LabelSet;
use crate::model::Split;

/// How often labels differed where texts did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Differing {
    /// Texts that stood in several rows of a split with other labels.
    pub texts: u64,
    /// Rows of these texts.
    pub rows: u64,
    /// Near-duplicates whose labels are others than those of the row that stays.
    pub near: u64,
}

/// A text, ready to be compared.
pub struct Print {
    pub key: TextKey,
    pub bag: Bag,
}

/// Prints of all rows that are kept.
pub fn prints(items: &[Item]) -> Vec<Option<Print>> {
    let statistics = Statistics::shipped();
    let of = |item: &Item| {
        item.is_kept().then(|| {
            let key = TextKey::of(&item.text);
            Print { key, bag: Bag::with_key(&masked(item), key, statistics) }
        })
    };
    items.par_iter().map(of).collect()
}

/// The text with `[NAME]` for each `Person A`: texts are not alike because both speak of somebody, and only
/// the mask is known to the word statistics as the frequent word that it is.
fn masked(item: &Item) -> Cow<'_, str> {
    let people =
        || item.spans.iter().filter(|span| matches!(span.action, Action::Person | Action::Pseudonym));
    if people().next().is_none() {
        return Cow::Borrowed(&item.text);
    }
    let mut out = String::with_capacity(item.text.len());
    let mut people = people().peekable();
    for (at, c) in item.text.chars().enumerate() {
        while people.next_if(|span| span.end <= at).is_some() {}
        match people.peek() {
            Some(span) if at == span.start => out.push_str(span.category.mask()),
            Some(span) if at > span.start => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Takes out duplicates. Where a text stands in several splits the test part keeps it, else the dev part.
pub fn settle(items: &mut [Item], prints: &[Option<Print>], settings: &Settings) -> Differing {
    let mut above = Index::new(settings.rule);
    let mut above_rows: Vec<usize> = Vec::new();
    let mut same_above: HashMap<TextKey, usize> = HashMap::new();
    let mut differing = Differing::default();
    let across = !settings.skip.contains(Step::Overlap);
    for split in [Some(Split::Test), Some(Split::Dev), Some(Split::Train), None] {
        let rows: Vec<usize> =
            (0..items.len()).filter(|row| items[*row].is_kept() && items[*row].split == split).collect();
        if across && !above_rows.is_empty() {
            for row in &rows {
                let Some(print) = &prints[*row] else { continue };
                let same = same_above.get(&print.key).map(|of| (*of, None));
                let like =
                    || above.find(0, &print.bag).map(|m| (above_rows[m.of as usize], Some(m.similarity)));
                if let Some((of, similarity)) = same.or_else(like) {
                    let part = items[of].split.map_or("other", Split::name);
                    let why = match similarity {
                        None => format!("the same text as {} of the {part} part", items[of].id),
                        Some(alike) => format!("like {} of the {part} part ({alike})", items[of].id),
                    };
                    items[*row].remove(Step::Overlap, why);
                }
            }
        }
        within(items, &rows, prints, settings, &mut differing);
        for row in rows.into_iter().filter(|row| items[*row].is_kept()) {
            if let Some(print) = &prints[row] {
                same_above.entry(print.key).or_insert(row);
                above.add(0, &print.bag);
                above_rows.push(row);
            }
        }
    }
    differing
}

/// The duplicates among rows of one split.
fn within(
    items: &mut [Item],
    rows: &[usize],
    prints: &[Option<Print>],
    settings: &Settings,
    differing: &mut Differing,
) {
    let on = |step| !settings.skip.contains(step);
    let mut kept = Index::new(settings.rule);
    let mut kept_rows: Vec<usize> = Vec::new();
    let mut pairs: HashMap<Box<str>, Vec<Ordinal>> = HashMap::new();
    let mut first: HashMap<TextKey, usize> = HashMap::new();
    // By the row that stays: all of its text.
    let mut copies: HashMap<usize, Vec<usize>> = HashMap::new();
    for &row in rows {
        let Some(print) = prints[row].as_ref().filter(|_| items[row].is_kept()) else { continue };
        if on(Step::Duplicates)
            && let Some(&of) = first.get(&print.key)
        {
            copies.entry(of).or_insert_with(|| vec![of]).push(row);
            let why = format!("the same text as {}", items[of].id);
            items[row].remove(Step::Duplicates, why);
            continue;
        }
        if on(Step::NearDuplicates) {
            // Those of a pair are alike on purpose.
            let own =
                items[row].pair.as_ref().and_then(|pair| pairs.get(pair)).map_or(&[][..], Vec::as_slice);
            match kept.find_but(0, &print.bag, own) {
                // That is a duplicate, which is asked to stay.
                Some(found) if found.tier == Tier::Normal => continue,
                Some(found) => {
                    let of = kept_rows[found.of as usize];
                    differing.near += u64::from(items[of].labels != items[row].labels);
                    let why = format!("like {} ({})", items[of].id, found.similarity);
                    items[row].remove(Step::NearDuplicates, why);
                    continue;
                }
                None => {
                    let ordinal = kept.add(0, &print.bag);
                    kept_rows.push(row);
                    if let Some(pair) = &items[row].pair {
                        pairs.entry(pair.clone()).or_default().push(ordinal);
                    }
                }
            }
        }
        first.insert(print.key, row);
    }
    let mut copies: Vec<_> = copies.into_iter().collect();
    copies.sort_unstable();
    for (of, rows) in copies {
        merge(items, of, &rows, settings.conflicts, differing);
    }
}

/// Makes one row of several of one text.
fn merge(items: &mut [Item], of: usize, rows: &[usize], conflicts: Conflicts, differing: &mut Differing) {
    let sets: Vec<LabelSet> = rows.iter().map(|row| items[*row].labels).collect();
    let differ = sets.iter().any(|set| *set != sets[0]);
    if differ {
        differing.texts += 1;
        differing.rows += rows.len() as u64;
    }
    if differ && conflicts == Conflicts::Drop {
        items[of].remove(Step::Duplicates, "its text stands under different labels");
        return;
    }
    for row in rows.iter().filter(|row| **row != of) {
        let votes = std::mem::take(&mut items[*row].votes);
        let Item { raters, copies, .. } = items[*row];
        let to = &mut items[of];
        to.raters = to.raters.saturating_add(raters);
        to.copies += copies;
        for (label, count) in &votes {
            match to.votes.iter_mut().find(|(known, _)| known == label) {
                Some((_, all)) => *all += count,
                None => to.votes.push((*label, *count)),
            }
        }
        to.votes.sort_unstable();
        items[*row].votes = votes;
    }
    let to = &mut items[of];
    let labels = merged(&sets);
    if differ && conflicts == Conflicts::Merge && labels != to.labels {
        to.labels_before = Some(std::mem::replace(&mut to.labels, labels));
        to.changed.insert(Step::Duplicates);
    }
}
