//! What candidates mean, as far as their embeddings are stored, and the accepted texts by that.

use std::sync::Arc;

use super::{About, Book, Name, Place, Sink, Why, Work};
use crate::check::{Candidate, Reason};
use crate::dedup::{Direction, Directions, Similarity};
use crate::model::Fingerprint;

/// What a candidate means, and what that hangs on.
#[derive(Debug, Clone, Default)]
pub struct Meaning {
    /// Requests, answered or not.
    pub asked: Vec<Fingerprint>,
    pub meant: Meant,
}

#[derive(Debug, Clone)]
pub enum Meant {
    Known(Arc<Direction>),
    /// It cannot be told.
    Refused(Arc<Reason>),
    /// These requests are not answered yet.
    Open(Vec<(About, Fingerprint)>),
}

impl Default for Meant {
    fn default() -> Self {
        Meant::Open(Vec::new())
    }
}

/// What the texts accepted so far mean, with the name of the row that each is in.
#[derive(Debug)]
pub struct Meanings<N> {
    directions: Directions,
    names: Vec<N>,
}

impl<N: Copy> Meanings<N> {
    pub fn new(threshold: Similarity) -> Self {
        Self { directions: Directions::new(threshold), names: Vec::new() }
    }

    /// Which row of the scope says the same.
    pub fn find(&self, scope: u64, direction: &Direction) -> Option<Why<'static, N>> {
        let (of, similarity) = self.directions.find(scope, direction)?;
        Some(Why::Paraphrase { of: self.names[of as usize], similarity })
    }
}

impl<N: Name, B: Book, S: Sink<N>> Work<'_, N, B, S> {
    /// Asks the book what a candidate means, and tells the sink what that hangs on and lacks.
    pub(super) fn mean(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        missing: u32,
    ) -> Result<Meant, B::Error> {
        let Meaning { asked, meant } = self.book.meaning(place, candidate)?;
        let open: &[_] = if let Meant::Open(open) = &meant { open } else { &[] };
        asked.iter().for_each(|asked| self.sink.embedding(place.cell, asked));
        self.lack(place, open, missing);
        Ok(meant)
    }

    /// Takes in what an accepted text means.
    pub(super) fn take(&mut self, scope: u64, meant: Option<&Direction>, name: N) {
        if let (Some(meanings), Some(meant)) = (&mut self.meanings, meant) {
            meanings.directions.insert(scope, meant);
            meanings.names.push(name);
        }
    }
}
