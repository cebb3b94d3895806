//! Shares of cells as whole rows.

use std::collections::HashMap;

/// Below this a part of a row is what is left of adding fractions up.
const TINY: f64 = 1e-6;
/// How often rows change places among values that are balanced, at most.
const PASSES: usize = 32;
/// With how many others a place is compared before the next is tried.
const TRIED: usize = 16;

/// An axis whose values are to get their rows.
pub struct Balanced {
    /// By cell: its value.
    pub of: Vec<u32>,
    /// By value: the rows that it should get, as a fraction.
    pub wanted: Vec<f64>,
}

/// Rows for each cell, in proportion to its share; they add up to `total`.
///
/// Cells that have the same values on all balanced axes are first one: their rows together are what
/// decides how balanced these axes are. They are rounded by the largest remainder; then rows change
/// places as long as that brings balanced values nearer to what they should get. What cells that are alike
/// get is then shared out among them. Ties are decided by the order of cells.
pub fn rows(shares: &[f64], total: u64, balanced: &[Balanced]) -> Vec<u32> {
    let whole: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| share / whole * total as f64).collect();
    let alike = Alike::of(&exact, balanced);
    let sums: Vec<f64> =
        alike.cells.iter().map(|cells| cells.iter().map(|cell| exact[*cell]).sum()).collect();
    let mut counts = rounded(&sums, total);
    even(&sums, &mut counts, &alike.values, balanced);
    let mut rows = vec![0; shares.len()];
    for (cells, count) in alike.cells.iter().zip(counts) {
        let of: Vec<f64> = cells.iter().map(|cell| exact[*cell]).collect();
        for (cell, count) in cells.iter().zip(rounded(&of, u64::from(count))) {
            rows[*cell] = count;
        }
    }
    rows
}

/// Cells with a share, in groups that have the same values on all balanced axes; groups are in order of their first cell.
struct Alike {
    cells: Vec<Vec<usize>>,
    /// By group: its value on each balanced axis.
    values: Vec<Vec<u32>>,
}

impl Alike {
    fn of(exact: &[f64], balanced: &[Balanced]) -> Self {
        let mut out = Self { cells: Vec::new(), values: Vec::new() };
        let mut known: HashMap<u64, usize> = HashMap::new();
        for cell in (0..exact.len()).filter(|cell| exact[*cell] > 0.0) {
            let key = |key, axis: &Balanced| key * axis.wanted.len() as u64 + u64::from(axis.of[cell]);
            let group = *known.entry(balanced.iter().fold(0, key)).or_insert_with(|| {
                out.values.push(balanced.iter().map(|axis| axis.of[cell]).collect());
                out.cells.push(Vec::new());
                out.cells.len() - 1
            });
            out.cells[group].push(cell);
        }
        out
    }
}

fn floor(exact: f64) -> f64 {
    (exact + TINY).floor()
}

/// Whole numbers near these that add up to a total: largest remainders, ties by order.
fn rounded(exact: &[f64], total: u64) -> Vec<u32> {
    let mut rows: Vec<u32> = exact.iter().map(|rows| floor(*rows) as u32).collect();
    let given: u64 = rows.iter().map(|rows| u64::from(*rows)).sum();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    // To a millionth, so that what is equal but for rounding is decided by the order.
    let remainder = |at: usize| ((exact[at] - floor(exact[at])) / TINY).round() as i64;
    order.sort_by_key(|at| (std::cmp::Reverse(remainder(*at)), *at));
    if !order.is_empty() {
        for at in order.iter().cycle().take(total.saturating_sub(given) as usize) {
            rows[*at] += 1;
        }
    }
    for at in order.iter().rev().filter(|at| exact[**at] >= 1.0).take(given.saturating_sub(total) as usize) {
        rows[*at] -= 1;
    }
    rows
}

/// Moves single rows from group to group, each staying within one of its share, as long as some value is a row or more
/// off and that lowers the sum of squares of what values are off by.
fn even(sums: &[f64], counts: &mut [u32], values: &[Vec<u32>], balanced: &[Balanced]) {
    if balanced.len() < 2 {
        // By the largest remainder one axis is as even as can be.
        return;
    }
    let mut off: Vec<Vec<f64>> =
        balanced.iter().map(|axis| axis.wanted.iter().map(|wanted| -wanted).collect()).collect();
    for (count, values) in counts.iter().zip(values) {
        off.iter_mut().zip(values).for_each(|(off, value)| off[*value as usize] += f64::from(*count));
    }
    // What one row less, or more, of a group changes in the sum of squares.
    let cost = |off: &[Vec<f64>], group: usize, by: f64| -> f64 {
        off.iter().zip(&values[group]).map(|(off, value)| 1.0 + 2.0 * by * off[*value as usize]).sum()
    };
    let both = |off: &[Vec<f64>], from: usize, to: usize| -> f64 {
        let same = values[from].iter().zip(&values[to]).filter(|(a, b)| a == b).count();
        cost(off, from, -1.0) + cost(off, to, 1.0) - 2.0 * same as f64
    };
    for _ in 0..PASSES {
        if off.iter().flatten().all(|off| off.abs() < 1.0 - TINY) {
            break;
        }
        let sorted = |by: f64, may: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let may = (0..counts.len()).filter(|group| may(*group));
            let mut out: Vec<(i64, usize)> =
                may.map(|group| ((cost(&off, group, by) / TINY).round() as i64, group)).collect();
            out.sort_unstable();
            out.into_iter().map(|(_, group)| group).collect()
        };
        let part = |group: usize| f64::from(counts[group]) - sums[group];
        let mut from = sorted(-1.0, &|group| part(group) > TINY);
        // The best come last, where one is taken out for nothing.
        from.reverse();
        let to = sorted(1.0, &|group| part(group) < -TINY);
        let mut has_moved = false;
        for to in to {
            // Two groups have at most all axes but one in common.
            let best =
                from.last().map_or(f64::INFINITY, |from| cost(&off, *from, -1.0)) + cost(&off, to, 1.0);
            if best >= 2.0 * (balanced.len() - 1) as f64 - TINY {
                continue;
            }
            let better = |at: &usize| both(&off, from[*at], to) < -TINY;
            let Some(at) = (0..from.len()).rev().take(TRIED).find(better) else { continue };
            let from = from.remove(at);
            counts[from] -= 1;
            counts[to] += 1;
            for (off, (a, b)) in off.iter_mut().zip(values[from].iter().zip(&values[to])) {
                off[*a as usize] -= 1.0;
                off[*b as usize] += 1.0;
            }
            has_moved = true;
        }
        if !has_moved {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_adds_up_and_is_near(shares in prop::collection::vec(0.01f64..9.0, 1..40), total in 0..5000u64) {
            let rows = rows(&shares, total, &[]);
            prop_assert_eq!(rows.iter().map(|rows| u64::from(*rows)).sum::<u64>(), total);
            let whole: f64 = shares.iter().sum();
            for (rows, share) in rows.iter().zip(&shares) {
                prop_assert!((f64::from(*rows) - share / whole * total as f64).abs() <= 1.0 + 1e-6);
            }
        }
    }
}
