//! What the store has for asks that no evaluation has come to.

use rayon::prelude::*;

use super::{BookError, Stand, StoreBook};
use crate::dataset::evaluate::Place;
use crate::dataset::{Book, Stored};
use crate::fingerprint::Room;
use crate::model::Fingerprint;
use crate::store::{Reader, StoreError, Tombstone};

/// What is stored for an ask, whatever it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Missing,
    Answer,
    /// One that is not good under today's limit: it had reached so many tokens.
    Cut(u32),
    /// It is not asked again, and has no texts.
    GivenUp,
}

impl Held {
    /// Whether a cell that comes to it asks for it.
    pub fn is_sent(self) -> bool {
        matches!(self, Held::Missing | Held::Cut(_))
    }
}

/// What is stored for an ask, and how far each text of its answer is where texts are asked about.
#[derive(Debug)]
pub struct Found {
    pub held: Held,
    pub texts: Option<Vec<Stand>>,
}

impl StoreBook<'_> {
    /// What is stored for some asks. None is judged or remembered, but each is rendered, where anything is stored.
    ///
    /// # Errors
    /// A store that cannot be read. An ask that cannot be rendered is missing: it fails when it is due.
    pub fn held(&self, asks: &[(usize, u32)]) -> Result<Vec<Held>, BookError> {
        let nothing = || vec![Held::Missing; asks.len()];
        let Some(reader) = self.reader else { return Ok(nothing()) };
        if self.no_tombstones && !reader.has_completions()? {
            return Ok(nothing());
        }
        let (recipe, models) = (self.recipe, &self.models);
        let render =
            |room: &mut Room, (cell, ask): &(usize, u32)| recipe.fingerprint(models, *cell, *ask, room);
        let asks = asks.par_iter().with_min_len(64);
        let fingerprints: Vec<_> = asks.map_init(Room::default, |room, ask| render(room, ask).ok()).collect();
        let max_tokens = recipe.config.sampling.max_tokens;
        let look_up = |fingerprint: Option<Fingerprint>| {
            let Some(fingerprint) = fingerprint else { return Ok(Held::Missing) };
            if reader.has_answer(&fingerprint, max_tokens)? {
                return Ok(Held::Answer);
            }
            if !self.no_tombstones && self.tombstone(reader, &fingerprint)?.is_some() {
                return Ok(Held::GivenUp);
            }
            Ok(reader.reached(&fingerprint)?.map_or(Held::Missing, Held::Cut))
        };
        fingerprints.into_iter().map(look_up).collect()
    }

    /// The same, with the texts of answers: they are read and held to all that is stored about them.
    ///
    /// # Errors
    /// As `held`, and a template that fails.
    pub fn found(&mut self, asks: &[(usize, u32)]) -> Result<Vec<Found>, BookError> {
        let looks = self.recipe.looks_into_texts();
        let held = self.held(asks)?;
        let with_texts = held.into_iter().zip(asks).map(|(held, (cell, ask))| {
            let texts = match held {
                Held::Answer if looks => Some(self.stand_of(*cell, *ask)?),
                _ => None,
            };
            Ok(Found { held, texts })
        });
        with_texts.collect()
    }

    /// How far the texts of a stored answer are.
    fn stand_of(&mut self, cell: usize, ask: u32) -> Result<Vec<Stand>, BookError> {
        let (fingerprint, stored) = self.read(cell, ask)?;
        let Stored::Answer(answer) = stored else { return Ok(Vec::new()) };
        let each = answer.iter().enumerate().map(|(index, candidate)| {
            if candidate.outcome.is_err() || self.is_dropped(&fingerprint, candidate) {
                return Ok(Stand::Refused);
            }
            self.stand(&Place { cell, ask, fingerprint, index }, candidate)
        });
        each.collect()
    }

    /// What tells that an ask was given up, and that nothing this hangs on has changed.
    pub(super) fn tombstone(
        &self,
        reader: &Reader,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Tombstone>, StoreError> {
        let holds = |stone: &Tombstone| self.settings.iter().any(|now| stone.settings.still_hold(now));
        Ok(reader.tombstone(fingerprint)?.filter(holds))
    }
}
