//! What an evaluation reads.

use std::sync::Arc;

use super::{Judgement, Look, Looked, Meaning, Place};
use crate::check::Candidate;
use crate::model::Fingerprint;

/// What `evaluate` reads: which ask comes next in a cell, and what is stored for it.
///
/// Cells are numbered in order of their ids.
pub trait Book {
    type Error;

    /// Within which group of cells a text of this cell may stand only once.
    fn scope(&self, cell: usize) -> u64;

    /// The cell's values on the label axes, as indices; asked for where naming a label is limited.
    fn labels(&self, cell: usize) -> Vec<usize>;

    /// Told which asks will be read next, in order, so that they can be prepared together.
    ///
    /// # Errors
    /// As `read`.
    fn ahead(&mut self, asks: &[(usize, u32)]) -> Result<(), Self::Error>;

    /// The fingerprint of a cell's `ask`-th request, and what is stored under it.
    ///
    /// # Errors
    /// A request that cannot be made, or a store that cannot be read.
    fn read(&mut self, cell: usize, ask: u32) -> Result<(Fingerprint, Stored), Self::Error>;

    /// Whether somebody decided to leave a candidate out, whatever it says.
    fn is_dropped(&self, _fingerprint: &Fingerprint, _candidate: &Candidate) -> bool {
        false
    }

    /// The counterpart that somebody decided a row is to have, as a candidate of its own.
    fn counterpart(&self, _place: &Place, _candidate: &Candidate) -> Option<Candidate> {
        None
    }

    /// What a second look makes of a candidate with a name in doubt that would be a row without it.
    ///
    /// # Errors
    /// As `read`.
    fn second_look(&mut self, _place: &Place, candidate: &Candidate) -> Result<Look, Self::Error> {
        Ok(Look { asked: Vec::new(), looked: Looked::As(Arc::new(candidate.clone())) })
    }

    /// Whether judge models have a say.
    fn has_judges(&self) -> bool {
        false
    }

    /// What they say of a candidate that would be a row without them.
    ///
    /// # Errors
    /// As `read`.
    fn ruling(&mut self, _place: &Place, _candidate: &Candidate) -> Result<Judgement, Self::Error> {
        Ok(Judgement::default())
    }

    /// What a candidate means; asked for where texts are compared by that.
    ///
    /// # Errors
    /// As `read`.
    fn meaning(&mut self, _place: &Place, _candidate: &Candidate) -> Result<Meaning, Self::Error> {
        Ok(Meaning::default())
    }
}

#[derive(Debug, Clone)]
pub enum Stored {
    Missing,
    /// The ask failed by its own fault, and has no candidates.
    Tombstone(Arc<str>),
    Answer(Arc<[Candidate]>),
}
