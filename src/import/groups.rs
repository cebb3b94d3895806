//! Rows that belong together: texts that are the same or nearly, and what is like those.

use super::duplicates::Print;
use super::item::Item;
use super::split::Unit;
use super::step::Step;
use super::work::Settings;
use crate::dedup::Index;

/// The kept rows in groups of which none may be torn apart. Where duplicates were taken out each row is alone.
pub fn groups(items: &[Item], prints: &[Option<Print>], settings: &Settings) -> Vec<Unit> {
    let mut of: Vec<usize> = (0..items.len()).collect();
    let skipped = [Step::Duplicates, Step::NearDuplicates].iter().any(|step| settings.skip.contains(*step));
    if skipped {
        let mut index = Index::new(settings.rule);
        let least = settings.rule.threshold(items.len() as u32);
        let (mut rows, mut found) = (Vec::new(), Vec::new());
        for (row, print) in prints.iter().enumerate().filter(|(row, _)| items[*row].is_kept()) {
            let Some(print) = print else { continue };
            index.find_all(0, &print.bag, least, &mut found);
            for alike in &found {
                let (one, other) = (root(&mut of, rows[alike.of as usize]), root(&mut of, row));
                of[one.max(other)] = one.min(other);
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

/// The first row of a row's group; the way there is shortened.
fn root(of: &mut [usize], mut row: usize) -> usize {
    while of[row] != row {
        of[row] = of[of[row]];
        row = of[row];
    }
    row
}
