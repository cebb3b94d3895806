//! Keys that similar texts have in common most likely.

use super::level::Rule;
use super::statistics::fold;

const BANDS: usize = 45;
const ROWS: usize = 5;

/// Elements whose values are remembered: a few thousand words make up nine tenths of most texts.
const REMEMBERED: usize = 4096;
const VALUES: usize = BANDS * ROWS;

/// Makes keys, and remembers the values of the elements that it met last.
#[derive(Debug, Default)]
pub(super) struct MinHash {
    /// By the last bits of an element: which one it is.
    elements: Vec<Option<u64>>,
    values: Vec<[u64; VALUES]>,
}

impl MinHash {
    /// A key of each band: the least elements of a text in five random orders.
    ///
    /// Banded MinHash (Broder 1997; Indyk and Motwani 1998). An element of weight w has the value
    /// −log₂(u)/w, with u from its hash: an exponential variate of rate w, so that two texts have the
    /// same least element with a probability that is their weighted similarity s (Efraimidis and
    /// Spirakis 2006 draw samples so), and a band with s⁵. Of pairs with s = 0.45, 0.6, 0.8 the 45 bands
    /// find 57, 97 and 100 in a hundred.
    ///
    /// The elements are in order.
    pub fn bands(&mut self, rule: &Rule, elements: &[u64], scope: u64, out: &mut Vec<u64>) {
        debug_assert!(elements.is_sorted());
        let mut least = [u64::MAX; VALUES];
        let mut whose = [0u64; VALUES];
        for element in elements {
            // Of equal values the first element's counts.
            let values = self.values(rule, *element);
            for ((least, whose), value) in least.iter_mut().zip(&mut whose).zip(values) {
                // Without a branch, which nobody could foresee.
                let less = *value < *least;
                *least = if less { *value } else { *least };
                *whose = if less { *element } else { *whose };
            }
        }
        for (band, rows) in whose.chunks(ROWS).enumerate() {
            out.push(
                rows.iter()
                    .fold(scope ^ band as u64, |key, element| fold(key ^ element, 0xd6e8_feb8_6659_fd93)),
            );
        }
    }

    /// An element's value in each order.
    fn values(&mut self, rule: &Rule, element: u64) -> &[u64; VALUES] {
        if self.elements.is_empty() {
            self.elements = vec![None; REMEMBERED];
            self.values = vec![[0; VALUES]; REMEMBERED];
        }
        let at = (fold(element, 0x9fb2_1c65_1e98_df25) % REMEMBERED as u64) as usize;
        if self.elements[at] != Some(element) {
            self.elements[at] = Some(element);
            let rate = (1 << 20) / u64::from(rule.weight(element));
            let mut state = fold(element, 0x9e6c_63d0_876a_9a63);
            for (row, value) in self.values[at].iter_mut().enumerate() {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let hash = fold(state, 0xbf58_476d_1ce4_e5b9 ^ row as u64);
                *value = exponential(hash) * rate;
            }
        }
        &self.values[at]
    }
}

/// −log₂ of a hash as a fraction of 2⁶⁴, with 32 bits after the point.
fn exponential(hash: u64) -> u64 {
    let hash = hash | 1;
    let zeros = hash.leading_zeros();
    // 1 + m, and log₂(1 + m) ≈ m + 0.3431 m (1 − m), to 0.9 in a hundred.
    let m = (hash << zeros << 1) >> 32;
    let bend = (((m * ((1 << 32) - m)) >> 32) * 22_485) >> 16;
    (u64::from(zeros + 1) << 32) - (m + bend).min(1 << 32)
}
