//! A sweep's lines as bytes, for the next call.

use super::bag::Bag;
use super::index::{Match, Tier};
use super::level::Similarity;
use super::sweep::{Fate, Line, Sweep};

const MAGIC: &[u8] = b"emogrid-dedup ";
const VERSION: &[u8] = b"2\n";

/// Why bytes are no ledger for a sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("this is no index of `emogrid dedup`")]
    Foreign,
    #[error("the index was made by another version of emogrid, and has to be made anew")]
    Version,
    #[error("the index is torn: its end does not fit its content")]
    Torn,
    /// What was otherwise when it was made, setting by setting.
    #[error("the index was made with other settings: {0}")]
    Settings(String),
}

impl Sweep<'_> {
    /// All its lines: ids, labels, groups, hashes of words and verdicts, and no text.
    ///
    /// `settings` is a line for each thing that decides verdicts, `name: value`.
    pub fn to_bytes(&self, settings: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + settings.len() + self.lines.len() * 180);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(VERSION);
        text(&mut out, settings);
        out.extend_from_slice(&(self.lines.len() as u64).to_le_bytes());
        for line in &self.lines {
            text(&mut out, &line.id);
            text(&mut out, &line.label);
            text(&mut out, &line.group);
            out.extend_from_slice(&line.bag.key().to_le_bytes());
            out.extend_from_slice(&(line.bag.elements().len() as u32).to_le_bytes());
            for element in line.bag.elements() {
                out.extend_from_slice(&element.to_le_bytes());
            }
            let (kind, found) = match line.fate {
                Fate::Kept => (0u8, None),
                Fate::Duplicate(found) => (1, Some(found)),
                Fate::OffLimits(found) => (2, Some(found)),
            };
            out.push(kind);
            if let Some(found) = found {
                out.extend_from_slice(&found.of.to_le_bytes());
                out.extend_from_slice(&found.similarity.0.to_le_bytes());
                out.push(match found.tier {
                    Tier::Normal => 0,
                    Tier::Words => 1,
                    Tier::Similar => 2,
                    Tier::Meaning => 3,
                });
            }
        }
        let sum = *blake3::hash(&out).as_bytes();
        out.extend_from_slice(&sum);
        out
    }

    /// Goes on where [`to_bytes`](Self::to_bytes) was called; off limits must be told before.
    ///
    /// # Errors
    /// Bytes that are none of its own, not whole, or made with other settings.
    pub fn restore(&mut self, bytes: &[u8], settings: &str) -> Result<(), LedgerError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(LedgerError::Foreign)?;
        if !rest.starts_with(VERSION) {
            return Err(LedgerError::Version);
        }
        let (body, sum) = bytes.split_last_chunk::<32>().ok_or(LedgerError::Torn)?;
        if blake3::hash(body).as_bytes() != sum {
            return Err(LedgerError::Torn);
        }
        let mut from = Bytes(&body[MAGIC.len() + VERSION.len()..]);
        let then = from.text().ok_or(LedgerError::Torn)?;
        if then != settings {
            return Err(LedgerError::Settings(difference(then, settings)));
        }
        let lines = from.lines(self.off_limits_len()).ok_or(LedgerError::Torn)?;
        self.resume(lines);
        Ok(())
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// `level: strict then, default now` for each line that differs.
fn difference(then: &str, now: &str) -> String {
    let name = |line: &str| line.split(": ").next().unwrap_or_default().to_owned();
    let value = |lines: &str, of: &str| {
        let line = lines.lines().find(|line| name(line) == of);
        line.and_then(|line| line.split_once(": ")).map_or("none", |(_, value)| value).to_owned()
    };
    let mut names: Vec<String> = now.lines().chain(then.lines()).map(name).collect();
    let mut met = std::collections::HashSet::new();
    names.retain(|name| met.insert(name.clone()));
    let differing = names.into_iter().filter_map(|name| {
        let (was, is) = (value(then, &name), value(now, &name));
        (was != is).then(|| format!("{name}: {was} then, {is} now"))
    });
    differing.collect::<Vec<_>>().join("; ")
}

/// Bytes that are read from the front; `None` where there are too few.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    /// The length that stands before a text.
    fn length(&mut self) -> Option<usize> {
        self.u32().map(|length| length as usize)
    }

    fn lines(&mut self, off_limits: usize) -> Option<Vec<Line>> {
        let count = usize::try_from(self.u64()?).ok()?;
        let mut out: Vec<Line> = Vec::with_capacity(count.min(self.0.len() / 16));
        for number in 0..count {
            let id = self.text()?.into();
            let label = self.text()?.into();
            let group = self.text()?.into();
            let key = self.u64()?;
            let length = self.length()?;
            let (elements, rest) = self.0.split_at_checked(length.checked_mul(8)?)?;
            self.0 = rest;
            let elements = elements.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok());
            let bag = Bag::restored(key, elements.map(u64::from_le_bytes).collect())?;
            let [kind] = self.take()?;
            let fate = match kind {
                0 => Fate::Kept,
                1 => {
                    let found = self.found()?;
                    let of = found.of as usize;
                    out.get(of).filter(|line| of < number && line.fate == Fate::Kept)?;
                    Fate::Duplicate(found)
                }
                2 => Fate::OffLimits(self.found().filter(|found| (found.of as usize) < off_limits)?),
                _ => return None,
            };
            out.push(Line { id, label, group, bag, fate });
        }
        self.0.is_empty().then_some(out)
    }

    fn found(&mut self) -> Option<Match> {
        let of = self.u32()?;
        let similarity = Similarity(u16::from_le_bytes(self.take()?));
        let tier = match self.take()? {
            [0] => Tier::Normal,
            [1] => Tier::Words,
            [2] => Tier::Similar,
            [3] => Tier::Meaning,
            _ => return None,
        };
        Some(Match { of, similarity, tier })
    }
}
