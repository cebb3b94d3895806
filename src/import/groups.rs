//! Rows that belong together: pairs, texts that are the same or nearly, and what is like those.

use std::collections::HashMap;

use super::duplicates::Print;
use super::item::Item;
use super::settings::Settings;
use super::split::Unit;
use super::step::Step;
use crate::dedup::Index;

/// The kept rows in groups of which none may be torn apart: pairs, and what is alike where that was not taken out.
pub fn groups(items: &[Item], prints: &[Option<Print>], settings: &Settings) -> Vec<Unit> {
    let mut of: Vec<usize> = (0..items.len()).collect();
    for rows in pairs(items).into_values() {
        for pair in rows.windows(2) {
            join(&mut of, pair[0], pair[1]);
        }
    }
    let skipped = [Step::Duplicates, Step::NearDuplicates].iter().any(|step| settings.skip.contains(*step));
    if skipped {
        let mut index = Index::new(settings.rule);
        let least = settings.rule.threshold(items.len() as u32);
        let (mut rows, mut found) = (Vec::new(), Vec::new());
        for (row, print) in prints.iter().enumerate().filter(|(row, _)| items[*row].is_kept()) {
            let Some(print) = print else { continue };
            index.find_all(0, &print.bag, least, &mut found);
            for alike in &found {
                join(&mut of, rows[alike.of as usize], row);
            }
            index.add(0, &print.bag);
            rows.push(row);
        }
    }
    let mut units: Vec<Unit> = Vec::new();
    let mut unit_of: Vec<Option<usize>> = vec![None; items.len()];
    for row in (0..items.len()).filter(|row| items[*row].is_kept()) {
        let first = root(&mut of, row);
        let unit = *unit_of[first].get_or_insert_with(|| {
            units.push(Unit::default());
            units.len() - 1
        });
        units[unit].rows.push(row);
    }
    units
}

/// Takes the pair from rows that stand alone by now, in the part that they are in.
pub fn part_pairs(items: &mut [Item]) {
    let both = pairs(items);
    for row in 0..items.len() {
        let Some(pair) = &items[row].pair else { continue };
        let beside = |other: &usize| *other != row && items[*other].split == items[row].split;
        if !both.get(pair).is_some_and(|rows| rows.iter().any(beside)) {
            items[row].pair = None;
        }
    }
}

/// By pair: its rows that are kept.
fn pairs(items: &[Item]) -> HashMap<Box<str>, Vec<usize>> {
    let mut out: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (row, item) in items.iter().enumerate().filter(|(_, item)| item.is_kept()) {
        if let Some(pair) = &item.pair {
            out.entry(pair.clone()).or_default().push(row);
        }
    }
    out
}

/// Makes the groups of two rows one.
fn join(of: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(of, one), root(of, other));
    of[one.max(other)] = one.min(other);
}

/// The first row of a row's group; the way there is shortened.
fn root(of: &mut [usize], mut row: usize) -> usize {
    while of[row] != row {
        of[row] = of[of[row]];
        row = of[row];
    }
    row
}
