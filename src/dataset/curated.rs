//! Rows that say what a file of decisions wants them to say.

use std::sync::Arc;

use super::recipe::Recipe;
use crate::check::{Candidate, Reason};
use crate::config::curation::Rewritten;
use crate::model::{Fingerprint, RowId};

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
