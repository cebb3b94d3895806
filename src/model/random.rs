//! Chance that is the same on every machine: numbers from a seed.

use super::hash64;

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for each purpose.
    pub fn of(seed: u64, purpose: &str) -> Self {
        Self(hash64(&[&seed.to_le_bytes(), purpose.as_bytes()]))
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which is not 0; the bias is below 2⁻³² for any table that fits memory.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// From 0 to just below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Moves `wanted` items that are chosen by lot, in the order of the lot, to the front.
    pub fn choose<T>(&mut self, items: &mut [T], wanted: usize) {
        let all = items.len();
        for at in 0..wanted.min(all) {
            let from = at + self.below(all - at);
            items.swap(at, from);
        }
    }
}

/// The finaliser of SplitMix64, a permutation of 64-bit numbers.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_purpose_make_one_sequence() {
        let draw = |seed, purpose| {
            let mut random = Random::of(seed, purpose);
            (0..4).map(|_| random.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
    }

    #[test]
    fn a_choice_is_fair_and_holds_each_item_once() {
        let mut random = Random::of(0, "test");
        let mut seen = [0; 5];
        for _ in 0..5000 {
            let mut items = [0, 1, 2, 3, 4];
            random.choose(&mut items, 2);
            seen[items[0]] += 1;
            seen[items[1]] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3, 4]);
        }
        assert!(seen.iter().all(|times| (1850..2150).contains(times)), "{seen:?}");
    }
}
