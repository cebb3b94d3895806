//! How a total of rows is shared out among the cells.

use super::Grid;

/// Sweeps over the balanced axes before what is reached must do.
const SWEEPS: usize = 2000;
/// Sweeps in which the value that is farthest from its share must come nearer to it, and to which part of how far it
/// was: what the grid's holes allow no better stays where it is.
const NEARER: (usize, f64) = (20, 0.99);
/// How far a value may be from its share, relative to it, and still count as balanced.
const NEAR: f64 = 0.01;

/// A value that the rules keep from its share.
#[derive(Debug, Clone, PartialEq)]
pub struct Uneven {
    pub axis: usize,
    pub value: usize,
    /// Of all rows.
    pub wanted: f64,
    pub got: f64,
}

/// Rows for each cell, in order of id; they add up to `total`.
///
/// Each cell's share is the product of its values' weights. Where axes are to be balanced, the shares
/// are then fitted so that the values of each such axis get rows in proportion to their weights:
/// iterative proportional fitting (Deming and Stephan, 1940). Shares are rounded by the largest
/// remainder, ties by cell id. Also returns the value that is farthest from its share, where the
/// grid's holes allow no better. `None` where the weights of every cell's values come to 0.
pub fn share(grid: &Grid, total: u64, balance: &[usize]) -> Option<(Vec<u32>, Option<Uneven>)> {
    let weight = |axis: usize, value: usize| grid.axes[axis].values[value].weight();
    let product = |cell| (0..grid.axes.len()).map(|axis| weight(axis, grid.value_at(cell, axis))).product();
    let mut shares: Vec<f64> = (0..grid.size()).map(product).collect();
    if shares.iter().all(|share| *share == 0.0) {
        return None;
    }
    // By balanced axis: the share that each value should get, among those that any cell has.
    let targets: Vec<(usize, Vec<f64>)> = balance
        .iter()
        .map(|axis| {
            let mut target = vec![0.0; grid.axes[*axis].values.len()];
            for (cell, share) in shares.iter().enumerate() {
                if *share > 0.0 {
                    let value = grid.value_at(cell, *axis);
                    target[value] = weight(*axis, value);
                }
            }
            let sum: f64 = target.iter().sum();
            target.iter_mut().for_each(|share| *share /= sum);
            (*axis, target)
        })
        .collect();
    let (worst, _) = fit(grid, &mut shares, &targets);
    let uneven = worst.filter(|worst| worst.off() > NEAR);
    Some((rounded(&shares, total), uneven))
}

/// Sweeps over the balanced axes as long as that makes them more even; gives the value that is farthest from its share
/// then, and how many sweeps there were.
fn fit(grid: &Grid, shares: &mut [f64], targets: &[(usize, Vec<f64>)]) -> (Option<Uneven>, usize) {
    let mut before = f64::INFINITY;
    let mut worst = None;
    for sweep in 1..=SWEEPS {
        for (axis, target) in targets {
            let sums = sums(grid, shares, *axis);
            for (cell, share) in shares.iter_mut().enumerate() {
                let value = grid.value_at(cell, *axis);
                if sums[value] > 0.0 {
                    *share *= target[value] / sums[value];
                }
            }
        }
        worst = farthest(grid, shares, targets);
        let off = worst.as_ref().map_or(0.0, Uneven::off);
        let is_time = sweep.is_multiple_of(NEARER.0);
        if off < 1e-9 || is_time && off > before * NEARER.1 {
            return (worst, sweep);
        }
        if is_time {
            before = off;
        }
    }
    (worst, SWEEPS)
}

impl Uneven {
    /// How far it is from its share, relative to that.
    fn off(&self) -> f64 {
        (self.got / self.wanted - 1.0).abs()
    }
}

/// By value of an axis: its cells' shares together.
fn sums(grid: &Grid, shares: &[f64], axis: usize) -> Vec<f64> {
    let mut sums = vec![0.0; grid.axes[axis].values.len()];
    for (cell, share) in shares.iter().enumerate() {
        sums[grid.value_at(cell, axis)] += share;
    }
    sums
}

fn farthest(grid: &Grid, shares: &[f64], targets: &[(usize, Vec<f64>)]) -> Option<Uneven> {
    let whole: f64 = shares.iter().sum();
    let mut worst: Option<Uneven> = None;
    for (axis, target) in targets {
        let sums = sums(grid, shares, *axis);
        for (value, wanted) in target.iter().enumerate().filter(|(_, wanted)| **wanted > 0.0) {
            let got = sums[value] / whole;
            let this = Uneven { axis: *axis, value, wanted: *wanted, got };
            if worst.as_ref().is_none_or(|worst| this.off() > worst.off()) {
                worst = Some(this);
            }
        }
    }
    worst
}

/// Whole numbers in proportion to shares that add up to a total: largest remainders, ties by id, in
/// whose order the shares are.
fn rounded(shares: &[f64], total: u64) -> Vec<u32> {
    let whole: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| share / whole * total as f64).collect();
    let mut rows: Vec<u32> = exact.iter().map(|rows| rows.floor() as u32).collect();
    let given: u64 = rows.iter().map(|rows| u64::from(*rows)).sum();
    let mut order: Vec<usize> = (0..shares.len()).filter(|cell| shares[*cell] > 0.0).collect();
    // To a millionth, so that what is equal but for rounding is decided by id.
    let remainder = |cell: usize| ((exact[cell] - exact[cell].floor()) * 1e6).round() as u64;
    order.sort_by_key(|cell| (std::cmp::Reverse(remainder(*cell)), *cell));
    let left = total.saturating_sub(given) as usize;
    for cell in order.iter().cycle().take(if order.is_empty() { 0 } else { left }) {
        rows[*cell] += 1;
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grid::tests::grid;

    /// Rows by value of an axis.
    fn by(grid: &Grid, rows: &[u32], axis: usize) -> Vec<u32> {
        let mut out = vec![0; grid.axes[axis].values.len()];
        for (cell, rows) in rows.iter().enumerate() {
            out[grid.value_at(cell, axis)] += rows;
        }
        out
    }

    #[test]
    fn without_balance_cells_share_by_weight() {
        let grid = grid("    a: { values: { x: { weight: 3 }, y: {} } }\n    b: [p, q]\n");
        let (rows, uneven) = share(&grid, 80, &[]).unwrap();
        assert_eq!((by(&grid, &rows, 0), by(&grid, &rows, 1)), (vec![60, 20], vec![40, 40]));
        assert_eq!(uneven, None);
    }

    #[test]
    fn balance_mends_what_holes_make_uneven() {
        // x has three cells, y one: by cells alone x would get three quarters.
        let holed = "    a: [x, y]\n    b: [p, q, r]\n  exclude: [{ a: y, b: [q, r] }]\n";
        let grid = grid(holed);
        assert_eq!(by(&grid, &share(&grid, 120, &[]).unwrap().0, 0), [90, 30]);
        let (rows, uneven) = share(&grid, 120, &[0]).unwrap();
        assert_eq!((by(&grid, &rows, 0), uneven), (vec![60, 60], None));
    }

    #[test]
    fn what_no_fitting_can_balance_is_named() {
        // y goes only with p, so p has at least half, and a third was wanted.
        let grid = grid("    a: [x, y]\n    b: [p, q, r]\n  exclude: [{ a: y, b: [q, r] }]\n");
        let (rows, uneven) = share(&grid, 120, &[0, 1]).unwrap();
        assert!(uneven.is_some());
        assert_eq!(rows.iter().sum::<u32>(), 120);
        // As soon as it gets no better, nothing more is tried.
        let (mut shares, even) =
            (vec![1.0; grid.size()], |values| vec![1.0 / f64::from(values); values as usize]);
        let (worst, sweeps) = fit(&grid, &mut shares, &[(0, even(2)), (1, even(3))]);
        assert!(worst.unwrap().off() > NEAR && sweeps <= 4 * NEARER.0, "{sweeps}");
    }

    #[test]
    fn what_weighs_nothing_has_no_share() {
        let grid = grid("    a: { values: { x: { weight: 0 }, y: { weight: 0 } } }\n    b: [p, q]\n");
        assert_eq!(share(&grid, 10, &[]), None);
        assert_eq!(share(&grid, 10, &[0]), None);
    }

    proptest! {
        #[test]
        fn rounding_adds_up_and_is_near(shares in prop::collection::vec(0.01f64..9.0, 1..40), total in 0..5000u64) {
            let rows = rounded(&shares, total);
            prop_assert_eq!(rows.iter().map(|rows| u64::from(*rows)).sum::<u64>(), total);
            let whole: f64 = shares.iter().sum();
            for (rows, share) in rows.iter().zip(&shares) {
                prop_assert!((f64::from(*rows) - share / whole * total as f64).abs() <= 1.0 + 1e-6);
            }
        }
    }
}
