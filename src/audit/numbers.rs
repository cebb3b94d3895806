//! Numbers in place of keys.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::random::mix;

/// A hasher for keys that are numbers: the default one takes longer for each than what is done with it.
#[derive(Debug, Clone, Default)]
pub struct Mixer(u64);

pub type Mixed = BuildHasherDefault<Mixer>;

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Keys in order of their first appearance, each known by its place.
#[derive(Debug, Default)]
pub struct Numbers(HashMap<u64, u32, Mixed>);

impl Numbers {
    pub fn of(&mut self, key: u64) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
