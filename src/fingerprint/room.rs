//! Where canonical forms are written and hashed.

use crate::model::Fingerprint;

/// Where canonical forms are written, one after the other.
///
/// Most begin alike, up to their last message: what they begin with is hashed once.
#[derive(Debug, Default)]
pub struct Room {
    pub(super) text: String,
    /// What the last one began with.
    begun: Vec<u8>,
    /// A hash that has taken that in.
    hasher: blake3::Hasher,
}

impl Room {
    /// The hash of the text, whose last message begins at `last`.
    pub(super) fn hash(&mut self, last: usize) -> Fingerprint {
        let (begin, rest) = self.text.as_bytes().split_at(last);
        if self.begun != begin {
            self.begun.clear();
            self.begun.extend_from_slice(begin);
            self.hasher.reset();
            self.hasher.update(begin);
        }
        let mut hasher = self.hasher.clone();
        hasher.update(rest);
        Fingerprint(*hasher.finalize().as_bytes())
    }
}
