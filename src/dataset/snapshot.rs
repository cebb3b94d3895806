//! What a run would have asked, kept to say later what has changed.

use std::collections::HashMap;

use crate::model::{CellId, Fingerprint};
use crate::report::CellChange;

/// The asks that each cell's stream reached in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellAsks {
    cells: HashMap<CellId, Vec<AskHash>>,
}

/// The first bytes of a fingerprint: enough to see that it changed.
pub type AskHash = [u8; 8];

impl CellAsks {
    /// The beginnings of a cell's fingerprints then.
    pub fn asks(&self, cell: &CellId) -> &[AskHash] {
        self.cells.get(cell).map_or(&[], Vec::as_slice)
    }

    /// The beginnings of all fingerprints in it.
    pub fn all(&self) -> impl Iterator<Item = &AskHash> {
        self.cells.values().flatten()
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Writes down cells in order of id: the id, the number of asks, and their hashes.
    pub fn to_bytes<'a>(cells: impl Iterator<Item = (CellId, &'a [Fingerprint])>) -> Vec<u8> {
        let mut out = Vec::with_capacity(cells.size_hint().0 * 28);
        for (id, asks) in cells {
            out.extend_from_slice(&id.0);
            out.extend_from_slice(&(asks.len() as u32).to_le_bytes());
            for ask in asks {
                out.extend_from_slice(&short(ask));
            }
        }
        out
    }

    /// Reads what `to_bytes` wrote; `None` for anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut cells = HashMap::new();
        while !bytes.is_empty() {
            let id = CellId(bytes.get(..16)?.try_into().ok()?);
            let asks = u32::from_le_bytes(bytes.get(16..20)?.try_into().ok()?) as usize;
            let end = asks.checked_mul(8)?.checked_add(20)?;
            let hashes = bytes.get(20..end)?.chunks_exact(8).filter_map(|c| c.try_into().ok()).collect();
            cells.insert(id, hashes);
            bytes = &bytes[end..];
        }
        Some(Self { cells })
    }

    /// How a cell of now stands to this snapshot; `None` where it was not in it.
    ///
    /// A stream that only goes further or less far than then is not changed.
    pub fn is_changed(&self, cell: &CellId, asks: &[Fingerprint]) -> Option<bool> {
        let then = self.cells.get(cell)?;
        Some(then.iter().zip(asks).any(|(then, now)| *then != short(now)))
    }

    /// Compares the cells of now, each with what its stream reached and whether it has a demand.
    pub fn difference<'a>(&self, now: impl Iterator<Item = (CellId, &'a [Fingerprint], bool)>) -> CellChange {
        let mut out = CellChange::default();
        let mut met = 0;
        for (cell, asks, demanded) in now {
            match self.is_changed(&cell, asks) {
                Some(changed) => {
                    met += 1;
                    *(if changed { &mut out.changed } else { &mut out.kept }) += 1;
                }
                None if demanded => out.new += 1,
                None => out.restored += 1,
            }
        }
        out.dropped = self.cells.len() as u64 - met;
        out
    }
}

/// The beginning of a fingerprint.
pub fn short(fingerprint: &Fingerprint) -> AskHash {
    let mut out = [0; 8];
    out.copy_from_slice(&fingerprint.0[..8]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(of: &[u8]) -> Vec<Fingerprint> {
        of.iter().map(|byte| Fingerprint([*byte; 32])).collect()
    }

    #[test]
    fn each_way_to_differ_is_told_apart() {
        let reached = [(1, &[1u8, 2][..]), (2, &[3]), (3, &[4, 5]), (4, &[6])];
        let reached = reached.map(|(cell, reached)| (CellId([cell; 16]), asks(reached)));
        let bytes = CellAsks::to_bytes(reached.iter().map(|(cell, reached)| (*cell, reached.as_slice())));
        let then = CellAsks::from_bytes(&bytes).unwrap();
        for (cell, reached) in &reached {
            assert_eq!(then.asks(cell), reached.iter().map(short).collect::<Vec<_>>());
        }
        let now = [
            (CellId([1; 16]), asks(&[1, 2, 9]), true), // goes further
            (CellId([2; 16]), asks(&[8]), true),       // another first ask
            (CellId([3; 16]), asks(&[4, 7]), false),   // another second ask
            (CellId([5; 16]), asks(&[9]), true),       // never seen
            (CellId([6; 16]), asks(&[9]), false),      // stored from before
        ];
        let difference = then.difference(now.iter().map(|(id, asks, open)| (*id, asks.as_slice(), *open)));
        assert_eq!(difference, CellChange { kept: 1, new: 1, changed: 2, restored: 1, dropped: 1 });
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused() {
        for bytes in [&[0u8; 3][..], &[0; 17], &[255; 20]] {
            assert_eq!(CellAsks::from_bytes(bytes), None);
        }
    }
}
