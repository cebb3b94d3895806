//! Requests about candidates, and what judge models say of them, as far as their answers are stored.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Book, Demand, Name, Place, Sink, Work};
use crate::check::{Candidate, Reason};
use crate::model::Fingerprint;

/// Who is asked about a text, in the order in which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// Which names in doubt are names.
    Names,
    /// What it means, as a vector.
    Embedder,
    /// Whether it is good: a judge, by its index.
    Judge(u16),
}

/// A request about a text: to whom, and about which candidate of the demand's ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    pub to: To,
    /// Which request about this text it is.
    pub number: u16,
    /// The candidate's index in its completion.
    pub index: u32,
}

/// What judges say of a candidate, and what that hangs on.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Requests, answered or not, each with its judge.
    pub asked: Vec<(u16, Fingerprint)>,
    pub ruling: Ruling,
}

#[derive(Debug, Clone)]
pub enum Ruling {
    /// All accept it; with what its row shows of that, where texts are read.
    Accepted(Option<Arc<Map<String, Value>>>),
    Refused(Arc<Reason>),
    /// These requests are not answered yet.
    Open(Vec<(About, Fingerprint)>),
}

impl Default for Ruling {
    fn default() -> Self {
        Ruling::Accepted(None)
    }
}

impl<N: Name, B: Book, S: Sink<N>> Work<'_, N, B, S> {
    /// Asks the book for the ruling on a candidate, and tells the sink what it hangs on and lacks.
    pub(super) fn rule(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        missing: u32,
    ) -> Result<Ruling, B::Error> {
        let Judgement { asked, ruling } = self.book.ruling(place, candidate)?;
        let open: &[_] = if let Ruling::Open(open) = &ruling { open } else { &[] };
        asked.iter().for_each(|(judge, asked)| self.sink.judging(place.cell, *judge, asked));
        self.lack(place, open, missing);
        Ok(ruling)
    }

    /// Tells the sink which requests about a candidate are not answered yet.
    pub(super) fn lack(&mut self, place: &Place, open: &[(About, Fingerprint)], missing: u32) {
        self.totals.demands += open.len() as u64;
        for (about, fingerprint) in open {
            let Place { cell, ask, .. } = *place;
            let demand = Demand { cell, ask, fingerprint: *fingerprint, about: Some(*about) };
            self.sink.demand(&demand, missing);
        }
    }
}
