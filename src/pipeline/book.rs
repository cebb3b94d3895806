//! What `evaluate` reads, over a compiled config and the store.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::check::Candidate;
use crate::check::answer::Answer;
use crate::dataset::{Book, Models, Recipe, Stored};
use crate::model::Fingerprint;
use crate::prompt::RenderError;
use crate::store::{Reader, Settings, StoreError};

/// Asks and stored answers of one config and its models, remembered once read.
#[derive(Debug)]
pub struct StoreBook<'a> {
    recipe: &'a Recipe,
    models: Models,
    reader: Option<&'a Reader>,
    /// Of today, by endpoint; tombstones are held against them.
    settings: Vec<Settings>,
    /// Tombstones count as missing, or there is none.
    no_tombstones: bool,
    /// Nothing was stored when the book was opened: what is learnt later is all there is.
    empty: bool,
    fingerprints: Vec<Vec<Fingerprint>>,
    known: HashMap<Fingerprint, Stored>,
}

#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'a> StoreBook<'a> {
    /// # Errors
    /// A template that cannot be rendered for some cell's first ask, and a store that cannot be read.
    pub fn new(
        recipe: &'a Recipe,
        models: Models,
        reader: Option<&'a Reader>,
        settings: Vec<Settings>,
        retry_failed: bool,
    ) -> Result<Self, BookError> {
        // Nearly every evaluation needs every cell's first ask, so they are rendered side by side.
        let fingerprints = (0..recipe.grid.cells().len())
            .into_par_iter()
            .map(|cell| Ok(vec![recipe.fingerprint(&models, cell, 0)?]))
            .collect::<Result<_, RenderError>>()?;
        let (settings_now, known) = (settings, HashMap::new());
        let (no_tombstones, empty, settings) = (true, true, Vec::new());
        let book = Self { recipe, models, reader: None, settings, no_tombstones, empty, fingerprints, known };
        book.over(reader, settings_now, retry_failed)
    }

    /// The same asks over what is stored by now; answers that were read stay known.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn over<'b>(
        mut self,
        reader: Option<&'b Reader>,
        settings: Vec<Settings>,
        retry_failed: bool,
    ) -> Result<StoreBook<'b>, BookError>
    where
        'a: 'b,
    {
        let no_tombstones = retry_failed || !reader.map_or(Ok(false), Reader::has_tombstones)?;
        let empty = no_tombstones && !reader.map_or(Ok(false), Reader::has_completions)?;
        self.known.retain(|_, stored| matches!(stored, Stored::Answer(_)));
        Ok(StoreBook { reader, settings, no_tombstones, empty, ..self })
    }

    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Takes in what was just stored.
    pub fn learn(&mut self, fingerprint: Fingerprint, stored: Stored) {
        self.known.insert(fingerprint, stored);
    }

    /// Goes back to passing over asks that were given up, where they were to be asked again and were
    /// not answered.
    pub fn honour_tombstones(&mut self) {
        self.no_tombstones = false;
        self.empty = false;
        self.known.retain(|_, stored| !matches!(stored, Stored::Missing));
    }

    /// Reads the store again for an ask when it is next needed.
    pub fn forget(&mut self, fingerprint: &Fingerprint) {
        self.empty = false;
        self.known.remove(fingerprint);
    }

    fn read(&self, fingerprint: &Fingerprint) -> Result<Stored, StoreError> {
        let Some(reader) = self.reader.filter(|_| !self.empty) else {
            return Ok(Stored::Missing);
        };
        if let Some(raw) = reader.answer(fingerprint, self.recipe.config.sampling.max_tokens)? {
            return Ok(Stored::Answer(self.recipe.judge.candidates(&raw).into()));
        }
        let tombstone = match self.no_tombstones {
            true => None,
            false => reader.tombstone(fingerprint)?,
        };
        Ok(match tombstone {
            Some(stone) if self.settings.iter().any(|now| stone.settings.still_hold(now)) => {
                Stored::Tombstone(stone.reason.into())
            }
            _ => Stored::Missing,
        })
    }

    /// The candidates of an answer, by this config's rules.
    pub fn judge(&self, answer: &Answer) -> Arc<[Candidate]> {
        self.recipe.judge.judge(answer).into()
    }
}

impl Book for StoreBook<'_> {
    type Error = BookError;

    fn fingerprint(&mut self, cell: usize, ask: u32) -> Result<Fingerprint, BookError> {
        let known = &mut self.fingerprints[cell];
        while known.len() <= ask as usize {
            let next = known.len() as u32;
            known.push(self.recipe.fingerprint(&self.models, cell, next)?);
        }
        Ok(known[ask as usize])
    }

    fn stored(&mut self, fingerprint: &Fingerprint) -> Result<Stored, BookError> {
        if let Some(known) = self.known.get(fingerprint) {
            return Ok(known.clone());
        }
        let stored = self.read(fingerprint)?;
        self.known.insert(*fingerprint, stored.clone());
        Ok(stored)
    }
}
