//! Rows that belong together: pairs, texts that are the same or nearly, and what is like those.

use std::collections::HashMap;

use super::duplicates::Print;
use super::item::Item;
use super::settings::Settings;
use super::step::Step;
use crate::split::Groups;

/// The kept rows, by their place among them, in groups of which none may be torn apart: pairs, and what is alike where
/// that was not taken out.
pub fn groups(items: &[Item], kept: &[usize], prints: &[Option<Print>], settings: &Settings) -> Groups {
    let mut groups = Groups::new(kept.len());
    for rows in pairs(kept.iter().map(|row| &items[*row])).into_values() {
        rows.windows(2).for_each(|both| groups.join(both[0], both[1]));
    }
    let skipped = [Step::Duplicates, Step::NearDuplicates].iter().any(|step| settings.skip.contains(*step));
    if skipped {
        let bag = |(at, row): (usize, &usize)| Some((at, &prints[*row].as_ref()?.bag));
        groups.join_alike(kept.iter().enumerate().filter_map(bag).collect(), settings.rule);
    }
    groups
}

/// Takes the pair from rows that stand alone by now, in the part that they are in.
pub fn part_pairs(items: &mut [Item]) {
    let both = pairs(items.iter());
    for row in 0..items.len() {
        let Some(pair) = &items[row].pair else { continue };
        let beside = |other: &usize| *other != row && items[*other].split == items[row].split;
        if !both.get(pair).is_some_and(|rows| rows.iter().any(beside)) {
            items[row].pair = None;
        }
    }
}

/// By pair: its rows that are kept.
fn pairs<'a>(items: impl Iterator<Item = &'a Item>) -> HashMap<Box<str>, Vec<usize>> {
    let mut out: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (row, item) in items.enumerate().filter(|(_, item)| item.is_kept()) {
        if let Some(pair) = &item.pair {
            out.entry(pair.clone()).or_default().push(row);
        }
    }
    out
}
