//! The ids of many cells, and their order.

use super::GridAxis;
use crate::model::CellId;

/// What goes into cells' ids, put down once for each value: the same ids as `CellId::of`.
#[derive(Debug)]
pub struct CellIds {
    /// By axis in order of their names: which axis it is, and what each value adds to the hash.
    parts: Vec<(usize, Vec<Box<[u8]>>)>,
}

/// Room on the stack for the names of one cell; longer ones are hashed part by part.
const ROOM: usize = 512;

impl CellIds {
    pub fn new(axes: &[GridAxis]) -> Self {
        let mut parts: Vec<(usize, Vec<Box<[u8]>>)> = axes
            .iter()
            .enumerate()
            .map(|(index, axis)| {
                let part = |name| CellId::part(&axis.name, name).into_boxed_slice();
                (index, axis.values.iter().map(|value| part(value.name())).collect())
            })
            .collect();
        parts.sort_unstable_by(|(a, _), (b, _)| axes[*a].name.cmp(&axes[*b].name));
        Self { parts }
    }

    /// The id of the cell whose value on each axis, as an index, `value` tells.
    pub fn of(&self, value: impl Fn(usize) -> usize) -> CellId {
        let mut buffer = [0; ROOM];
        let mut length = 0;
        for (axis, parts) in &self.parts {
            let part = &parts[value(*axis)];
            let Some(free) = buffer.get_mut(length..length + part.len()) else {
                return self.of_long(value);
            };
            free.copy_from_slice(part);
            length += part.len();
        }
        CellId::from_hash(&blake3::hash(&buffer[..length]))
    }

    fn of_long(&self, value: impl Fn(usize) -> usize) -> CellId {
        let mut hasher = blake3::Hasher::new();
        for (axis, parts) in &self.parts {
            hasher.update(&parts[value(*axis)]);
        }
        CellId::from_hash(&hasher.finalize())
    }
}

/// Combinations put in order of their cells' ids, at eight bytes each: the first bits of the id
/// with the combination below them.
#[derive(Debug, Default)]
pub struct SortedCells(Vec<u64>);

/// Bits of a combination's number: enough for the most that are looked at.
const BITS: u32 = 26;
const _: () = assert!(super::MOST_COMBINATIONS <= 1 << BITS);

impl SortedCells {
    pub fn push(&mut self, id: CellId, combination: u32) {
        let mut first = [0; 8];
        first.copy_from_slice(&id.0[..8]);
        self.0.push(u64::from_be_bytes(first) >> BITS << BITS | u64::from(combination));
    }

    /// The combinations in order of their ids; `id` tells a combination's whole id, where the first
    /// bits of two are the same.
    pub fn finish(mut self, id: impl Fn(u32) -> CellId) -> Combinations {
        self.0.sort_unstable();
        let combination = |key: u64| (key & ((1 << BITS) - 1)) as u32;
        for same in self.0.chunk_by_mut(|a, b| a >> BITS == b >> BITS) {
            if same.len() > 1 {
                same.sort_unstable_by_key(|key| id(combination(*key)));
            }
        }
        // In the same room, which is then given back by half.
        let size = self.0.len();
        for index in 0..size {
            let number = u64::from(combination(self.0[index]));
            let pair = if index % 2 == 0 { number } else { self.0[index / 2] | number << 32 };
            self.0[index / 2] = pair;
        }
        self.0.truncate(size.div_ceil(2));
        self.0.shrink_to_fit();
        Combinations { pairs: self.0, size }
    }
}

/// The numbers of combinations, four bytes each.
#[derive(Debug)]
pub struct Combinations {
    pairs: Vec<u64>,
    size: usize,
}

impl Combinations {
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn get(&self, index: usize) -> u32 {
        (self.pairs[index / 2] >> (32 * (index % 2))) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::tests::grid;

    #[test]
    fn ids_are_those_of_their_names_whatever_their_length() {
        let long = "l".repeat(400);
        let grid = grid(&format!("    b: [p, {long}]\n    a: [x, {long}, y]\n"));
        for cell in grid.cells() {
            assert_eq!(cell.id, CellId::of(grid.names(cell)));
        }
        assert!(grid.cells().map(|cell| cell.id).is_sorted());
        assert_eq!(grid.size(), 6);
    }

    #[test]
    fn cells_whose_ids_begin_alike_are_told_apart_by_the_rest() {
        let id = |combination: u32| {
            let mut bytes = [7; 16];
            bytes[15] = 9 - combination as u8;
            bytes[0] += u8::from(combination == 0);
            CellId(bytes)
        };
        let mut cells = SortedCells::default();
        (0..5).for_each(|combination| cells.push(id(combination), combination));
        let sorted = cells.finish(id);
        let sorted: Vec<u32> = (0..sorted.size()).map(|index| sorted.get(index)).collect();
        assert_eq!(sorted, [4, 3, 2, 1, 0]);
    }
}
