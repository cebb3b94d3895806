//! What one would write first: MinHash signatures of 128 values, and 32 bands of 4 rows.

use std::collections::HashMap;

use emogrid::dedup::words;

use crate::edits::Random;

const VALUES: usize = 128;
const ROWS: usize = 4;

pub struct MinHash {
    /// How many words make a shingle.
    shingle: usize,
    seeds: Vec<u64>,
    bands: HashMap<(usize, u64), Vec<u32>>,
    signatures: Vec<Vec<u64>>,
}

impl MinHash {
    pub fn new(shingle: usize) -> Self {
        let mut random = Random(11);
        Self {
            shingle,
            seeds: (0..VALUES).map(|_| random.next() | 1).collect(),
            bands: HashMap::new(),
            signatures: Vec::new(),
        }
    }

    pub fn signature(&self, text: &str) -> Vec<u64> {
        let mut all = Vec::new();
        words(text, |word| {
            all.push(
                word.bytes()
                    .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)),
            );
        });
        let mut out = vec![u64::MAX; VALUES];
        for shingle in all.windows(self.shingle.min(all.len()).max(1)) {
            let hash = shingle
                .iter()
                .fold(7u64, |h, word| h.rotate_left(23) ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            for (least, seed) in out.iter_mut().zip(&self.seeds) {
                let value = (hash ^ seed >> 7).wrapping_mul(*seed);
                *least = (*least).min(value ^ value >> 31);
            }
        }
        out
    }

    pub fn estimate(one: &[u64], other: &[u64]) -> f64 {
        one.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / VALUES as f64
    }

    /// Keeps a text, unless a kept one seems as similar.
    pub fn offer(&mut self, text: &str, threshold: f64) -> bool {
        let signature = self.signature(text);
        let band = |band: usize| {
            let rows = &signature[band * ROWS..(band + 1) * ROWS];
            (
                band,
                rows.iter().fold(0u64, |key, value| {
                    (key.rotate_left(17) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                }),
            )
        };
        for at in 0..VALUES / ROWS {
            let near = self.bands.get(&band(at)).into_iter().flatten();
            for of in near {
                if Self::estimate(&signature, &self.signatures[*of as usize]) >= threshold {
                    return false;
                }
            }
        }
        let number = self.signatures.len() as u32;
        for at in 0..VALUES / ROWS {
            self.bands.entry(band(at)).or_default().push(number);
        }
        self.signatures.push(signature);
        true
    }
}
