//! What candidates mean, as far as their embeddings are stored.

use std::sync::Arc;

use super::{About, Book, Name, Place, Sink, Work};
use crate::check::{Candidate, Reason};
use crate::dedup::Direction;
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
            meanings.insert(scope, meant, name);
        }
    }
}
