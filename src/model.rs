//! The ids that every layer speaks of, each a type of its own.

mod pair;
mod part;
pub mod random;
mod text_key;
mod untold;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

pub use pair::{PAIR, SWAPPED, pair_of};
pub use part::Split;
use serde::{Deserialize, Serialize};
pub use untold::{Noted, Untold};

/// A hasher for keys that are hashes already: 64 bits of one are taken as they are.
#[derive(Debug, Default, Clone, Copy)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A hasher for keys that are numbers, or hashes of which a part is used: it is quick, and withstands nobody who
/// chooses them to clash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spreader(u64);

/// Tables by such keys.
pub type Spread = BuildHasherDefault<Spreader>;

impl Hasher for Spreader {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// A table by hashes, which are ids of this module or 64 bits.
pub type ByHash<K, V> = HashMap<K, V, BuildHasherDefault<AsItIs>>;
/// A set of hashes.
pub type Hashes<K> = HashSet<K, BuildHasherDefault<AsItIs>>;

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub [u8; $bytes]);

        // It is a hash already: a part of it does for tables.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                let mut first = [0; 8];
                first.copy_from_slice(&self.0[..8]);
                state.write_u64(u64::from_le_bytes(first));
            }
        }

        impl $name {
            /// The first bytes of a BLAKE3 hash.
            pub fn from_hash(hash: &blake3::Hash) -> Self {
                let mut bytes = [0; $bytes];
                bytes.copy_from_slice(&hash.as_bytes()[..$bytes]);
                Self(bytes)
            }

            /// Reads the lower-case hexadecimal form that `Display` writes.
            pub fn parse(text: &str) -> Option<Self> {
                if text.len() != 2 * $bytes {
                    return None;
                }
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let mut bytes = [0; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
                }
                Some(Self(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let mut text = [0; 2 * $bytes];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!("expected {} hexadecimal digits", 2 * $bytes))
                })
            }
        }
    };
}

hex_id!(
    /// A text's place among duplicates: equal for texts that differ only in case, in blanks or in how
    /// Unicode spells their characters.
    TextKey,
    16
);

hex_id!(
    /// A cell's id: a hash of its own axis and value names, whatever their order in the config.
    CellId, 16
);
hex_id!(
    /// A row's id: a hash of fingerprint, choice and item; of a counterpart, of its original's id.
    RowId, 16
);
hex_id!(
    /// The hash of all that an ask sends, but for its `max_tokens`.
    Fingerprint, 32
);

impl CellId {
    /// The id of the cell with these (axis, value) names; their order does not matter.
    pub fn of<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        let parts: Vec<u8> = names.into_iter().flat_map(|(axis, value)| Self::part(axis, value)).collect();
        Self::from_hash(&blake3::hash(&parts))
    }

    /// What one axis and value add to what is hashed, each set off by its length.
    pub fn part(axis: &str, value: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + axis.len() + value.len());
        for part in [axis, value] {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// What the number of an item has in it where the counterpart of that item is meant.
pub const COUNTERPART: u32 = 1 << 31;

impl RowId {
    /// The id of the row that stands at this choice and item of a completion, or of its counterpart.
    pub fn of(fingerprint: &Fingerprint, choice: u32, item: u32) -> Self {
        let mut bytes = [0; 40];
        bytes[..32].copy_from_slice(&fingerprint.0);
        bytes[32..36].copy_from_slice(&choice.to_le_bytes());
        bytes[36..].copy_from_slice(&(item & !COUNTERPART).to_le_bytes());
        let id = Self::from_hash(&blake3::hash(&bytes));
        if item & COUNTERPART == 0 { id } else { id.counterpart() }
    }

    /// The id of this row's counterpart: whoever knows the one can tell the other.
    pub fn counterpart(&self) -> Self {
        let mut bytes = [0; 27];
        bytes[..11].copy_from_slice(b"counterpart");
        bytes[11..].copy_from_slice(&self.0);
        Self::from_hash(&blake3::hash(&bytes))
    }
}

/// A 64-bit hash of parts, each set off by its length, for seeds and picks.
///
/// The same parts give the same number on every machine and in every version.
pub fn hash64(parts: &[&[u8]]) -> u64 {
    let length: usize = parts.iter().map(|part| 8 + part.len()).sum();
    // A hasher that takes in part after part is large to set up, and most of these are short.
    let hash = if length <= 256 {
        let mut room = [0; 256];
        let mut rest = &mut room[..length];
        for part in parts {
            let (size, after) = rest.split_at_mut(8);
            size.copy_from_slice(&(part.len() as u64).to_le_bytes());
            let (copy, after) = after.split_at_mut(part.len());
            copy.copy_from_slice(part);
            rest = after;
        }
        blake3::hash(&room[..length])
    } else {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize()
    };
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cells_id_ignores_the_order_of_axes_but_not_which_axis_holds_a_name() {
        let id = CellId::of([("emotion", "joy"), ("context", "work")]);
        assert_eq!(id, CellId::of([("context", "work"), ("emotion", "joy")]));
        assert_ne!(id, CellId::of([("emotion", "work"), ("context", "joy")]));
        assert_ne!(CellId::of([("ab", "c")]), CellId::of([("a", "bc")]), "parts are set off from each other");
    }

    #[test]
    fn short_and_long_parts_are_hashed_alike() {
        let long = [7; 300];
        let cases: [&[&[u8]]; 4] =
            [&[b"ab", b"c", b""], &[&long[..240], b""], &[&long[..241], b""], &[&long]];
        for parts in cases {
            let mut hasher = blake3::Hasher::new();
            for part in parts {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            let first: [u8; 8] = hasher.finalize().as_bytes()[..8].try_into().unwrap();
            assert_eq!(hash64(parts), u64::from_le_bytes(first));
        }
    }

    #[test]
    fn hexadecimal_ids_are_read_back() {
        let id = CellId::of([("emotion", "joy")]);
        assert_eq!(CellId::parse(&id.to_string()), Some(id));
        for wrong in ["", "zz", "é", &"0".repeat(31), &"g".repeat(32), &"+f".repeat(16)] {
            assert_eq!(CellId::parse(wrong), None, "{wrong:?}");
        }
    }
}
