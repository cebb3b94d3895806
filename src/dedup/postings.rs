//! Which texts are stored under a key.

use std::collections::HashMap;

use crate::model::Spread;

const SHARDS: usize = 64;

/// Set where a value is the place of a list, and not a text.
const LIST: u32 = 1 << 31;

/// Texts by key; different keys may share a list, now and then.
///
/// Most keys have one text only, which then stands in the table itself. The table is in parts, so
/// that not all of it grows at one moment.
#[derive(Debug)]
pub(super) struct Postings {
    shards: Vec<HashMap<u32, u32, Spread>>,
    lists: Vec<Vec<u32>>,
}

impl Default for Postings {
    fn default() -> Self {
        Self { shards: vec![HashMap::default(); SHARDS], lists: Vec::new() }
    }
}

impl Postings {
    pub fn get(&self, key: u64) -> &[u32] {
        match self.shards[shard(key)].get(&(key as u32)) {
            None => &[],
            Some(value) if value & LIST == 0 => std::slice::from_ref(value),
            Some(value) => &self.lists[(value & !LIST) as usize],
        }
    }

    pub fn add(&mut self, key: u64, text: u32) {
        debug_assert!(text < LIST);
        let value = self.shards[shard(key)].entry(key as u32).or_insert(text);
        if *value == text {
            return;
        }
        if *value & LIST == 0 {
            self.lists.push(vec![*value, text]);
            *value = LIST | (self.lists.len() - 1) as u32;
        } else {
            self.lists[(*value & !LIST) as usize].push(text);
        }
    }
}

fn shard(key: u64) -> usize {
    (key >> 58) as usize
}
