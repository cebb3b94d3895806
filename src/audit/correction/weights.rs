//! Weights under which labels have nothing to do with contexts and groups.

use serde::Serialize;

use crate::audit::groups::GROUPS;
use crate::audit::identity::LEAST;
use crate::audit::statistics::{effective, normalised_information};
use crate::audit::table::{Column, Table};

/// Rounds of raking, and the change at which it ends.
const ROUNDS: usize = 200;
const STILL: f64 = 1e-9;

/// The least and the greatest weight: beyond, a few rows would stand for many.
const BOUNDS: (f64, f64) = (0.05, 20.0);

/// One dependence, without and with the weights.
#[derive(Debug, Clone, Serialize)]
pub struct Weighed {
    /// `emotion × context`, `emotion × female`.
    pub of: String,
    /// Normalised mutual information.
    pub before: f64,
    pub after: f64,
}

/// A weight for each row, on average 1, under which the first label column is independent of each
/// context and each group of at least 30 rows; after Kamiran and Calders (KAIS 2012), whose weights
/// are these for one attribute, by raking (Deming and Stephan 1940) for several.
///
/// Rows without a label, or without exactly one, keep the weight 1. `None` without a label column.
pub fn weights(table: &Table) -> Option<(Vec<f64>, Vec<Weighed>)> {
    let label = table.labels().next()?;
    let rows: Vec<usize> = (0..table.rows()).filter(|row| label.only(*row).is_some()).collect();
    let of = |row: usize| label.only(row).unwrap_or(0);
    let attributes = attributes(table, &rows);
    let k = label.values.len();
    let tally = |weights: &[f64], attribute: &Attribute| {
        let mut out = vec![vec![0.0; attribute.values]; k];
        for row in &rows {
            if let Some(value) = attribute.of[*row] {
                out[of(*row)][value] += weights[*row];
            }
        }
        out
    };
    let mut weights = vec![1.0; table.rows()];
    let even = weights.clone();
    for _ in 0..ROUNDS {
        let mut change: f64 = 0.0;
        for attribute in &attributes {
            // The margins are those of the rows as they are.
            let wanted = independent(&tally(&even, attribute));
            let have = tally(&weights, attribute);
            for row in &rows {
                let Some(value) = attribute.of[*row] else { continue };
                let (wanted, have) = (wanted[of(*row)][value], have[of(*row)][value]);
                let factor = if have > 0.0 { wanted / have } else { 1.0 };
                change = change.max((factor - 1.0).abs());
                weights[*row] = (weights[*row] * factor).clamp(BOUNDS.0, BOUNDS.1);
            }
        }
        if change < STILL {
            break;
        }
    }
    let mean = rows.iter().map(|row| weights[*row]).sum::<f64>() / rows.len().max(1) as f64;
    rows.iter().for_each(|row| weights[*row] /= mean);
    let weighed = attributes.iter().map(|attribute| Weighed {
        of: format!("{} × {}", label.name, attribute.name),
        before: normalised_information(&tally(&even, attribute)),
        after: normalised_information(&tally(&weights, attribute)),
    });
    let weighed = weighed.collect();
    Some((weights, weighed))
}

/// The rows as their weights make them, to be measured again: as many as they are worth (Kish 1965, (Σw)² / Σw²),
/// each as often as its weight says, rounded to the next place at equal steps (systematic sampling).
///
/// So a copy of a row stands only for weight, and intervals are as wide as the weights leave them.
#[must_use]
pub fn drawn(table: &Table, weights: &[f64]) -> Table {
    let sum: f64 = weights.iter().sum();
    let worth = effective(weights.iter().copied()).floor();
    let step = sum / worth.max(1.0);
    let (mut rows, mut passed, mut next) = (Vec::new(), 0.0, step / 2.0);
    for (row, weight) in weights.iter().enumerate() {
        passed += weight;
        while next < passed && rows.len() < worth as usize {
            rows.push(row);
            next += step;
        }
    }
    table.only(&rows)
}

/// Something that labels should not depend on.
struct Attribute {
    name: String,
    values: usize,
    /// By row.
    of: Vec<Option<usize>>,
}

fn attributes(table: &Table, rows: &[usize]) -> Vec<Attribute> {
    let context = |column: &Column| Attribute {
        name: column.name.clone(),
        values: column.values.len(),
        of: (0..table.rows()).map(|row| column.only(row)).collect(),
    };
    let mut out: Vec<Attribute> = table.contexts().map(context).collect();
    for (group, name) in GROUPS.iter().enumerate() {
        let members = rows.iter().filter(|row| table.groups(**row).has(group)).count();
        if members >= LEAST {
            let of = (0..table.rows()).map(|row| Some(usize::from(table.groups(row).has(group)))).collect();
            out.push(Attribute { name: (*name).to_owned(), values: 2, of });
        }
    }
    out
}

/// The table of the same margins in which rows and columns are independent.
fn independent(counts: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let columns = counts.first().map_or(0, Vec::len);
    let column: Vec<f64> = (0..columns).map(|at| counts.iter().map(|row| row[at]).sum()).collect();
    let all: f64 = column.iter().sum::<f64>().max(1e-12);
    counts
        .iter()
        .map(|row| {
            let sum: f64 = row.iter().sum();
            column.iter().map(|column| sum * column / all).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Groups, Role};

    #[test]
    fn rows_are_drawn_as_often_as_they_weigh() {
        let mut table = Table::new([("l".into(), Role::Label)]);
        (0..400).for_each(|row| table.push(&row.to_string(), "a", [["x"]], Groups::default()));
        let weights: Vec<f64> = (0..400).map(|row| if row < 200 { 0.5 } else { 1.5 }).collect();
        let drawn = drawn(&table, &weights);
        // (Σw)² / Σw² = 400² / 500.
        assert_eq!(drawn.rows(), 320);
        let first = (0..320).filter(|row| drawn.id(*row).parse::<usize>().unwrap() < 200).count();
        assert_eq!(first, 80, "a quarter of the weight");
        assert_eq!(super::drawn(&table, &[1.0; 400]).rows(), 400);
    }
}
