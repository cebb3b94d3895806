//! All asks of a config that are stored, whether an evaluation comes to them or not.

use super::{BookError, StoreBook};
use crate::dataset::snapshot::{AskHash, short};
use crate::fingerprint::Room;
use crate::model::Fingerprint;

/// An ask of which a completion or a tombstone is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAsk {
    pub cell: u32,
    pub ask: u32,
    pub hash: AskHash,
}

/// A cell's asks are looked for up to so many behind its last stored one. They are asked one after the other, so that
/// only those of a model that was not asked yet are passed over.
const BEHIND: u32 = 256;

impl StoreBook<'_> {
    /// All asks of the config, by cell and number, that are stored.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub fn stored_asks(&mut self) -> Result<Vec<StoredAsk>, BookError> {
        let Some(reader) = self.reader else { return Ok(Vec::new()) };
        let stored = reader.beginnings()?;
        let (cells, mut room) = (self.recipe.grid.size(), Room::default());
        let mut out = Vec::new();
        for cell in 0..cells {
            let mut until = BEHIND;
            for ask in 0..self.recipe.quotas.asks(cell) {
                if ask >= until {
                    break;
                }
                let hash = short(&self.recipe.fingerprint(&self.models, cell, ask, &mut room)?);
                if stored.contains(&hash) {
                    out.push(StoredAsk { cell: cell as u32, ask, hash });
                    until = ask.saturating_add(BEHIND);
                }
            }
            if let Some(progress) = &self.progress {
                progress.show("looking for stored answers", cell as u64, cells as u64);
            }
        }
        Ok(out)
    }

    /// The fingerprints of all that may be asked about the texts of such asks, as far as stored answers tell.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub fn asks_about(&mut self, asks: &[StoredAsk]) -> Result<Vec<Fingerprint>, BookError> {
        let mut out = Vec::new();
        if !self.recipe.looks_into_texts() {
            return Ok(out);
        }
        for (done, ask) in asks.iter().enumerate() {
            out.extend(self.requests_about(ask.cell as usize, ask.ask)?);
            if let Some(progress) = &self.progress {
                progress.show("looking for what was asked about texts", done as u64, asks.len() as u64);
            }
        }
        Ok(out)
    }
}
