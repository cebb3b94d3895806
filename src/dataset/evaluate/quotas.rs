//! How many rows each cell gets, and in which order.

use std::collections::BTreeMap;

use crate::check::{Allowance, Duplicates};
use crate::dedup::Similarity;

/// How many rows are wanted, and how far a stream may go.
#[derive(Debug, Clone)]
pub struct Quotas {
    pub rows: Rows,
    pub raised: Raised,
    /// Of a cell that is not raised.
    pub max_asks: u32,
    pub duplicates: Duplicates,
    /// From which similarity on two texts say the same, where they are compared by what they mean.
    pub same_meaning: Option<Similarity>,
    /// How many rows of a label may name it, where that is limited.
    pub allowance: Option<Allowance>,
}

/// Rows that are wanted, by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    Alike { cells: usize, rows: u32 },
    Each(Vec<u32>),
}

/// Rows that single cells get beyond these. Their ranks come after all others, so that they move no row of
/// another cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Raised {
    by_cell: BTreeMap<usize, u32>,
    /// The most rows that a cell gets without them.
    most: u32,
}

impl Rows {
    pub fn cells(&self) -> usize {
        match self {
            Rows::Alike { cells, .. } => *cells,
            Rows::Each(rows) => rows.len(),
        }
    }

    pub fn of(&self, cell: usize) -> u32 {
        match self {
            Rows::Alike { rows, .. } => *rows,
            Rows::Each(rows) => rows[cell],
        }
    }

    /// The most rows of one cell.
    pub fn most(&self) -> u32 {
        match self {
            Rows::Alike { rows, .. } => *rows,
            Rows::Each(rows) => rows.iter().copied().max().unwrap_or(0),
        }
    }
}

impl Raised {
    /// `by_cell` are the rows that cells get beyond `rows`.
    pub fn new(rows: &Rows, mut by_cell: BTreeMap<usize, u32>) -> Self {
        by_cell.retain(|_, add| *add > 0);
        match by_cell.is_empty() {
            true => Self::default(),
            false => Self { by_cell, most: rows.most() },
        }
    }

    pub fn is_empty(&self) -> bool {
        self.by_cell.is_empty()
    }

    pub fn of(&self, cell: usize) -> u32 {
        if self.is_empty() { 0 } else { self.by_cell.get(&cell).copied().unwrap_or(0) }
    }

    /// Cells that get more rows.
    pub fn cells(&self) -> u64 {
        self.by_cell.len() as u64
    }

    pub fn rows(&self) -> u64 {
        self.by_cell.values().map(|add| u64::from(*add)).sum()
    }
}

impl Quotas {
    pub fn cells(&self) -> usize {
        self.rows.cells()
    }

    /// Rows of one cell.
    pub fn rows(&self, cell: usize) -> u32 {
        self.rows.of(cell).saturating_add(self.raised.of(cell))
    }

    /// The most rows of one cell.
    pub fn most_rows(&self) -> u32 {
        let raised = self.raised.by_cell.keys().map(|cell| self.rows(*cell)).max();
        self.rows.most().max(raised.unwrap_or(0))
    }

    /// Rows of all cells together.
    pub fn wanted(&self) -> u64 {
        let rows = match &self.rows {
            Rows::Alike { cells, rows } => *cells as u64 * u64::from(*rows),
            Rows::Each(rows) => rows.iter().map(|rows| u64::from(*rows)).sum(),
        };
        rows + self.raised.rows()
    }

    /// How often a cell may be asked: more often where it is raised, in proportion to the most rows of others.
    pub fn asks(&self, cell: usize) -> u32 {
        let add = self.raised.of(cell);
        if add == 0 {
            return self.max_asks;
        }
        let (rows, most) = (u64::from(self.rows(cell)), u64::from(self.raised.most.max(1)));
        let asks = (u64::from(self.max_asks) * rows).div_ceil(most);
        (asks.min(u64::from(u32::MAX)) as u32).max(self.max_asks)
    }

    /// Whether a cell gets a row of this rank, from 1.
    pub(super) fn takes(&self, cell: usize, rank: u32) -> bool {
        rank <= self.rows.of(cell) || {
            let beyond = rank.saturating_sub(self.raised.most);
            beyond > 0 && beyond <= self.raised.of(cell)
        }
    }

    /// Whether a cell gets a row of a later rank.
    pub(super) fn goes_on(&self, cell: usize, rank: u32) -> bool {
        let raised = self.raised.of(cell);
        rank < self.rows.of(cell) || raised > 0 && rank < self.raised.most.saturating_add(raised)
    }

    /// The rows that a cell has before this rank, if it takes part in it.
    pub(super) fn before(&self, cell: usize, rank: u32) -> u32 {
        let own = self.rows.of(cell);
        if rank <= own { rank - 1 } else { own + (rank - 1).saturating_sub(self.raised.most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(rows: Rows, add: &[(usize, u32)], max_asks: u32) -> Quotas {
        let raised = Raised::new(&rows, add.iter().copied().collect());
        let (duplicates, same_meaning, allowance) = (Duplicates::Off, None, None);
        Quotas { rows, raised, max_asks, duplicates, same_meaning, allowance }
    }

    #[test]
    fn raised_cells_go_on_once_all_others_are_full() {
        let quotas = quotas(Rows::Each(vec![1, 3, 0]), &[(0, 2), (2, 1), (1, 0)], 4);
        let ranks = |cell: usize| (1..8).filter(|rank| quotas.takes(cell, *rank)).collect::<Vec<_>>();
        assert_eq!([ranks(0), ranks(1), ranks(2)], [vec![1, 4, 5], vec![1, 2, 3], vec![4]]);
        for cell in 0..3 {
            let ranks = ranks(cell);
            let before: Vec<u32> = ranks.iter().map(|rank| quotas.before(cell, *rank)).collect();
            assert_eq!(before, (0..ranks.len() as u32).collect::<Vec<_>>(), "cell {cell}");
            for rank in 1..8 {
                let later = ranks.iter().any(|other| *other > rank);
                assert_eq!(quotas.goes_on(cell, rank), later, "cell {cell}, rank {rank}");
            }
        }
        assert_eq!((quotas.wanted(), quotas.most_rows()), (7, 3));
        assert_eq!((quotas.raised.rows(), quotas.raised.cells()), (3, 2));
    }

    #[test]
    fn raised_cells_may_be_asked_more_often_in_proportion() {
        let alike = quotas(Rows::Alike { cells: 3, rows: 4 }, &[(1, 2), (2, 400)], 6);
        assert_eq!([0, 1, 2].map(|cell| alike.asks(cell)), [6, 9, 606]);
        let each = quotas(Rows::Each(vec![8, 1]), &[(1, 2)], 6);
        assert_eq!([0, 1].map(|cell| each.asks(cell)), [6, 6], "it still has fewer rows than the other");
        let none = quotas(Rows::Each(vec![0, 0]), &[(1, 2)], 3);
        assert_eq!((none.asks(1), none.takes(1, 1), none.takes(0, 1)), (6, true, false));
    }
}
