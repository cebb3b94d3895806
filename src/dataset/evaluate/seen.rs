//! Which texts were accepted, in which scope: one flat table.

use std::num::NonZeroU16;

use crate::dedup::TextKey;

/// The texts accepted so far, with the name of the row that each is in.
///
/// A text takes ten bytes and its name's. Kept are 80 bits of the hash of scope and text: that two
/// among ten million rows that differ are taken for one has a probability of 4 in 10¹¹.
#[derive(Debug)]
pub struct Seen<N> {
    /// By the first bits of the hash. Each grows by itself, so that little is copied at a time.
    parts: Vec<Part<N>>,
}

/// The parts of the table.
const PARTS: usize = 16;

#[derive(Debug)]
struct Part<N> {
    slots: Vec<Option<Slot<N>>>,
    used: usize,
}

#[derive(Debug, Clone, Copy)]
struct Slot<N> {
    hash: Hash,
    name: N,
}

/// The first part is never zero, which tells a free slot at no cost.
type Hash = (NonZeroU16, [u16; 4]);

/// What is kept of a hash.
fn kept(hash: u128) -> Hash {
    let first = NonZeroU16::new(hash as u16).unwrap_or(NonZeroU16::MIN);
    (first, [16, 32, 48, 64].map(|bit| (hash >> bit) as u16))
}

impl<N: Copy> Default for Seen<N> {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Part { slots: Vec::new(), used: 0 }).collect() }
    }
}

impl<N: Copy> Seen<N> {
    /// The name of the row that a text is in, if the scope has it.
    pub fn find(&self, scope: u64, text: TextKey) -> Option<N> {
        let hash = text.scoped(scope);
        let part = &self.parts[(hash >> 124) as usize % PARTS];
        if part.slots.is_empty() {
            return None;
        }
        let slot = part.find(kept(hash)).ok()?;
        part.slots[slot].map(|slot| slot.name)
    }

    /// Takes in a text unless the scope has it: then, the name of the row that it is in.
    pub fn insert(&mut self, scope: u64, text: TextKey, name: N) -> Option<N> {
        let hash = text.scoped(scope);
        let part = &mut self.parts[(hash >> 124) as usize % PARTS];
        if part.used * 8 >= part.slots.len() * 7 {
            part.grow();
        }
        let hash = kept(hash);
        match part.find(hash) {
            Ok(slot) => part.slots[slot].map(|slot| slot.name),
            Err(free) => {
                part.slots[free] = Some(Slot { hash, name });
                part.used += 1;
                None
            }
        }
    }
}

impl<N: Copy> Part<N> {
    /// Where a hash stands, or where it would.
    fn find(&self, hash: Hash) -> Result<usize, usize> {
        let size = self.slots.len();
        let mut at = (((u64::from(hash.1[0]) << 16 | u64::from(hash.1[1])) * size as u64) >> 32) as usize;
        loop {
            match &self.slots[at] {
                None => return Err(at),
                Some(slot) if slot.hash == hash => return Ok(at),
                Some(_) => at = if at + 1 == size { 0 } else { at + 1 },
            }
        }
    }

    /// An eighth more room: doubling would leave the table half empty half of the time.
    fn grow(&mut self) {
        let size = (self.slots.len() + self.slots.len() / 8).max(self.slots.len() + 16);
        let before = std::mem::take(&mut self.slots);
        self.slots = Vec::with_capacity(size);
        self.slots.resize(size, None);
        for slot in before.into_iter().flatten() {
            let (Ok(at) | Err(at)) = self.find(slot.hash);
            self.slots[at] = Some(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::mem::size_of;

    use super::*;

    #[test]
    fn it_says_what_a_map_would_say() {
        let mut seen: Seen<u32> = Seen::default();
        let mut map: HashMap<(u64, TextKey), u32> = HashMap::new();
        for number in 0..60_000u32 {
            // Every text comes three times, in one of two scopes.
            let (scope, text) = (u64::from(number % 2), TextKey::of(&(number % 20_000).to_string()));
            let expected = map.get(&(scope, text)).copied();
            assert_eq!(seen.insert(scope, text, number), expected);
            map.entry((scope, text)).or_insert(number);
        }
    }

    #[test]
    fn a_text_takes_ten_bytes_and_little_more() {
        assert_eq!(size_of::<Option<Slot<()>>>(), 10);
        let mut seen: Seen<()> = Seen::default();
        for number in 0..50_000 {
            assert_eq!(seen.insert(0, TextKey::of(&number.to_string()), ()), None);
        }
        let slots: usize = seen.parts.iter().map(|part| part.slots.capacity()).sum();
        assert!(slots * 10 <= 50_000 * 14, "{} bytes a text", slots * 10 / 50_000);
    }
}
