//! Numbers in place of keys.

use std::collections::HashMap;

use crate::model::Spread;

/// Keys in order of their first appearance, each known by its place.
#[derive(Debug, Default)]
pub struct Numbers(HashMap<u64, u32, Spread>);

impl Numbers {
    pub fn of(&mut self, key: u64) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(key).or_insert(next)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
