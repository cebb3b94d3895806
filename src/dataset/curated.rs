//! Rows that say what a file of decisions wants them to say, and rows that it puts beside others.

use std::borrow::Cow;
use std::sync::Arc;

use super::evaluate::Place;
use super::recipe::Recipe;
use crate::check::{Candidate, Reason};
use crate::config::curation::Rewritten;
use crate::model::{COUNTERPART, Fingerprint, RowId};

impl Recipe {
    /// What the file under `curation` lets a candidate say in place of what it says.
    pub fn rewritten(&self, fingerprint: &Fingerprint, candidate: &Candidate) -> Option<&Rewritten> {
        let curation = self.config.curation.as_ref().filter(|curation| !curation.rewritten.is_empty())?;
        // A text that somebody wished away is nobody's to bring back.
        if matches!(candidate.outcome, Err(Reason::Forgotten)) {
            return None;
        }
        curation.rewritten.get(&RowId::of(fingerprint, candidate.choice, candidate.item))
    }

    /// Whether the file under `curation` gives any row a counterpart.
    pub fn has_counterparts(&self) -> bool {
        self.config.curation.as_ref().is_some_and(|curation| !curation.counterparts.is_empty())
    }

    /// The counterpart that the file under `curation` gives a candidate, which may be left out or reworded like
    /// any row, by its own id.
    pub fn counterpart(
        &self,
        cell: usize,
        fingerprint: &Fingerprint,
        candidate: &Candidate,
    ) -> Option<Candidate> {
        let curation = self.config.curation.as_ref().filter(|curation| !curation.counterparts.is_empty())?;
        let id = RowId::of(fingerprint, candidate.choice, candidate.item);
        let text = curation.counterparts.get(&id)?;
        let text = curation.rewritten.get(&id.counterpart()).map_or(text, |rewritten| &rewritten.text);
        Some(self.judge.counterpart(candidate, text, &self.values(cell)))
    }

    /// The candidate at a place, of those of its completion.
    pub fn candidate_at<'a>(&self, place: &Place, answer: &'a [Candidate]) -> Option<Cow<'a, Candidate>> {
        let candidate = answer.get(place.index & !(COUNTERPART as usize))?;
        match place.index & COUNTERPART as usize {
            0 => Some(Cow::Borrowed(candidate)),
            _ => self.counterpart(place.cell, &place.fingerprint, candidate).map(Cow::Owned),
        }
    }

    /// The candidates of a stored answer with the texts that the file under `curation` gives them, each
    /// held to all that any text is held to.
    pub fn curated(
        &self,
        cell: usize,
        fingerprint: &Fingerprint,
        answer: Arc<[Candidate]>,
    ) -> Arc<[Candidate]> {
        if answer.iter().all(|candidate| self.rewritten(fingerprint, candidate).is_none()) {
            return answer;
        }
        let values = self.values(cell);
        let candidates = answer.iter().map(|candidate| match self.rewritten(fingerprint, candidate) {
            Some(rewritten) => self.judge.reworded(candidate, &rewritten.text, &values),
            None => candidate.clone(),
        });
        candidates.collect()
    }
}
