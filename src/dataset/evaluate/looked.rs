//! Candidates with a name in doubt, and what a second look at them makes of their text, as far as it is stored.

use std::sync::Arc;

use super::{About, Book, Name, Place, Sink, Work};
use crate::check::Candidate;
use crate::model::Fingerprint;

/// What a second look makes of a candidate, and what that hangs on.
#[derive(Debug, Clone)]
pub struct Look {
    /// Requests, answered or not.
    pub asked: Vec<Fingerprint>,
    pub looked: Looked,
}

#[derive(Debug, Clone)]
pub enum Looked {
    /// The candidate as it is then: nothing in it is in doubt any more.
    As(Arc<Candidate>),
    /// These requests are not answered yet.
    Open(Vec<(About, Fingerprint)>),
}

impl<N: Name, B: Book, S: Sink<N>> Work<'_, N, B, S> {
    /// Whether a candidate would be a row but for a name in doubt. What becomes of it otherwise does not hang
    /// on that.
    pub(super) fn is_in_doubt(&self, place: &Place, candidate: &Candidate) -> bool {
        let Ok(passed) = &candidate.outcome else { return false };
        let refused = || {
            let labels = self.labels(place.cell);
            self.quotas.allowance.as_ref()?.refuses(&self.counted, &labels, passed.named)
        };
        passed.doubtful.is_some()
            && !self.book.is_dropped(&place.fingerprint, candidate)
            && refused().is_none()
    }

    /// The cell's values on the label axes, where naming a label is limited.
    pub(super) fn labels(&self, cell: usize) -> Vec<usize> {
        self.quotas.allowance.as_ref().map_or_else(Vec::new, |_| self.book.labels(cell))
    }

    /// Asks the book what a second look makes of a candidate, and tells the sink what that hangs on and lacks.
    pub(super) fn look(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        missing: u32,
    ) -> Result<Looked, B::Error> {
        let Look { asked, looked } = self.book.second_look(place, candidate)?;
        let open: &[_] = if let Looked::Open(open) = &looked { open } else { &[] };
        asked.iter().for_each(|asked| self.sink.looking(place.cell, asked));
        self.lack(place, open, missing);
        Ok(looked)
    }
}
