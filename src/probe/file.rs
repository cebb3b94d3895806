//! A probe as a file.
//!
//! `emogrid-probe 1` and a line feed; the length of the head as a little-endian u32, the head as
//! JSON; the number of n-grams as a u32; of each its hash (u64), then of each its inverse document
//! frequency (f32), then of each its weights (i16, one a label); at last the BLAKE3 hash of all that.

use super::vocabulary::Vocabulary;
use super::{Head, Probe};
use crate::labels::MOST_LABELS;

pub(super) const MAGIC: &[u8] = b"emogrid-probe 1\n";

/// The beginning of any version's file.
const KIND: &[u8] = b"emogrid-probe ";

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("this is no probe; `emogrid train --probe --model FILE` writes one")]
    Other,
    #[error("this probe was written by another version of emogrid; train it again")]
    Version,
    #[error("the file is cut off or was changed: its hash is not that of its content; train it again")]
    Hash,
    #[error("the file is inconsistent ({0}); train it again")]
    Content(&'static str),
}

impl Probe {
    /// The file's content: the same bytes for the same probe.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing a head cannot fail: it has no maps, and its floats are finite.
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let ngrams = self.vocabulary.hashes().len();
        let size = MAGIC.len() + 8 + head.len() + ngrams * 12 + self.weights.len() * 2 + 32;
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(MAGIC);
        out.extend((head.len() as u32).to_le_bytes());
        out.extend(head);
        out.extend((ngrams as u32).to_le_bytes());
        self.vocabulary.hashes().iter().for_each(|hash| out.extend(hash.to_le_bytes()));
        self.vocabulary.idf().iter().for_each(|idf| out.extend(idf.to_le_bytes()));
        self.weights.iter().for_each(|weight| out.extend(weight.to_le_bytes()));
        let hash = blake3::hash(&out);
        out.extend(hash.as_bytes());
        out
    }

    /// The hash that its file ends with, in hexadecimal.
    pub fn hash(&self) -> String {
        let bytes = self.to_bytes();
        bytes
            .last_chunk::<32>()
            .map_or_else(String::new, |hash| blake3::Hash::from(*hash).to_hex().to_string())
    }

    /// Reads what `to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProbeError> {
        if !bytes.starts_with(KIND) {
            return Err(ProbeError::Other);
        }
        let (content, hash) = bytes.split_last_chunk::<32>().ok_or(ProbeError::Hash)?;
        if !bytes.starts_with(MAGIC) {
            return Err(ProbeError::Version);
        }
        if blake3::hash(content) != *hash {
            return Err(ProbeError::Hash);
        }
        let mut rest = content.get(MAGIC.len()..).ok_or(ProbeError::Hash)?;
        let length = number(&mut rest)?;
        let head = taken(&mut rest, length)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| ProbeError::Content("its head"))?;
        let labels = head.labels.len();
        let lengths = [head.counts.len(), head.thresholds.len(), head.bias.len(), head.unit.len()];
        if !(1..=MOST_LABELS).contains(&labels) || lengths.iter().any(|length| *length != labels) {
            return Err(ProbeError::Content("the number of its labels"));
        }
        let ngrams = number(&mut rest)?;
        let expected = (ngrams as u64) * (12 + 2 * labels as u64);
        if rest.len() as u64 != expected {
            return Err(ProbeError::Content("its size"));
        }
        let hashes = taken(&mut rest, ngrams * 8)?.as_chunks().0.iter().copied().map(u64::from_le_bytes);
        let idf = taken(&mut rest, ngrams * 4)?.as_chunks().0.iter().copied().map(f32::from_le_bytes);
        let weights = rest.as_chunks().0.iter().copied().map(i16::from_le_bytes).collect();
        let idf: Vec<f32> = idf.collect();
        let floats = [&head.thresholds, &head.bias, &head.unit, &idf];
        if floats.into_iter().flatten().any(|number| !number.is_finite()) {
            return Err(ProbeError::Content("a number that is none"));
        }
        Ok(Self { head, vocabulary: Vocabulary::new(hashes.collect(), idf), weights })
    }
}

fn taken<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], ProbeError> {
    let (taken, left) = rest.split_at_checked(length).ok_or(ProbeError::Content("its size"))?;
    *rest = left;
    Ok(taken)
}

fn number(rest: &mut &[u8]) -> Result<usize, ProbeError> {
    let (number, left) = rest.split_first_chunk().ok_or(ProbeError::Content("its size"))?;
    *rest = left;
    Ok(u32::from_le_bytes(*number) as usize)
}
