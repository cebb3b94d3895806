//! A table from words to numbers.

/// From hashes to bits, filled once: open addressing, a quarter full.
#[derive(Debug)]
pub struct Table {
    slots: Vec<(u64, u64)>,
}

impl Table {
    /// Bits of the same hash are joined; an entry without any is none.
    pub fn of(entries: impl Iterator<Item = (u64, u64)>) -> Self {
        let entries: Vec<_> = entries.collect();
        let mut table = Self { slots: vec![(0, 0); (4 * entries.len().max(1)).next_power_of_two()] };
        for (hash, bits) in entries {
            let at = table.place(hash);
            table.slots[at] = (hash, table.slots[at].1 | bits);
        }
        table
    }

    fn place(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != 0 && self.slots[at].0 != hash {
            at = (at + 1) & mask;
        }
        at
    }

    pub fn get(&self, hash: u64) -> u64 {
        self.slots[self.place(hash)].1
    }
}
