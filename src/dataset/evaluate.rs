//! `evaluate(config, store) → rows, rejects, surplus, demands`.
//!
//! Each cell is a stream of candidates: its asks in order, in each the choices and items in order.
//! For rank r = 1 … N, each cell that wants so many rows in order of its id goes on in its stream to the first candidate
//! that passed its own checks and is no duplicate of a row accepted before: its r-th row. Where a
//! stream comes to an ask that is not stored, that ask is a demand, and the cell takes no more part.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::check::{Candidate, Reason};
use crate::dedup::TextKey;
use crate::model::{Fingerprint, RowId};

/// What `evaluate` reads: which ask comes next in a cell, and what is stored for it.
///
/// Cells are numbered in order of their ids.
pub trait Book {
    type Error;

    /// The fingerprint of a cell's `ask`-th request.
    fn fingerprint(&mut self, cell: usize, ask: u32) -> Result<Fingerprint, Self::Error>;

    /// What is stored under a fingerprint.
    fn stored(&mut self, fingerprint: &Fingerprint) -> Result<Stored, Self::Error>;
}

#[derive(Debug, Clone)]
pub enum Stored {
    Missing,
    /// The ask failed by its own fault, and has no candidates.
    Tombstone(Arc<str>),
    Answer(Arc<[Candidate]>),
}

/// How many rows are wanted, and how far a stream may go.
#[derive(Debug, Clone)]
pub struct Quotas {
    /// By cell.
    pub rows: Vec<u32>,
    pub max_asks: u32,
    /// By cell: within which group of cells a text may stand only once.
    pub scope: Vec<u64>,
}

impl Quotas {
    /// Rows of all cells together.
    pub fn wanted(&self) -> u64 {
        self.rows.iter().map(|rows| u64::from(*rows)).sum()
    }
}

/// An ask whose completion the dataset needs and the store lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
}

/// Where a candidate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    /// Its index among the candidates of its completion.
    pub index: usize,
}

/// A row of the dataset, in order of acceptance.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub place: Place,
    pub id: RowId,
    pub answer: Arc<[Candidate]>,
}

/// A candidate that was passed over.
#[derive(Debug, Clone)]
pub struct Rejected {
    pub place: Place,
    pub answer: Arc<[Candidate]>,
    pub reason: Reason,
}

/// An ask that failed by its own fault.
#[derive(Debug, Clone)]
pub struct Failed {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    pub reason: Arc<str>,
}

/// All that follows from a config and what is stored.
#[derive(Debug, Default)]
pub struct Outcome {
    pub rows: Vec<Accepted>,
    pub rejects: Vec<Rejected>,
    pub failed: Vec<Failed>,
    /// Candidates in the asks that were reached, but never needed.
    pub surplus: u64,
    pub demands: Vec<Demand>,
    /// By cell: the asks that its stream reached, in order, with the demanded one.
    pub reached: Vec<Vec<Fingerprint>>,
    /// By cell: accepted rows.
    pub accepted: Vec<u32>,
    /// Rows missing in cells whose stream has ended.
    pub shortfall: u64,
    /// Completions that were reached.
    pub answers: u64,
}

impl Outcome {
    /// Whether nothing more will come: every cell is full, or its stream has ended.
    pub fn is_final(&self) -> bool {
        self.demands.is_empty()
    }
}

/// A cell's place in its stream.
#[derive(Default)]
struct Stream {
    /// The next ask to look up.
    ask: u32,
    /// The completion being read, and the next candidate in it.
    current: Option<(Fingerprint, Arc<[Candidate]>)>,
    index: usize,
    over: bool,
}

/// Computes the dataset; see the module for how.
///
/// # Errors
/// Only what the book fails with.
pub fn evaluate<B: Book>(quotas: &Quotas, book: &mut B) -> Result<Outcome, B::Error> {
    let cells = quotas.scope.len();
    let mut outcome =
        Outcome { reached: vec![Vec::new(); cells], accepted: vec![0; cells], ..Outcome::default() };
    let mut streams: Vec<Stream> = Vec::new();
    streams.resize_with(cells, Stream::default);
    let mut seen: HashMap<(u64, TextKey), RowId> = HashMap::new();
    let mut active: Vec<usize> = (0..cells).filter(|cell| quotas.rows[*cell] > 0).collect();
    let mut rank = 0;
    while !active.is_empty() {
        rank += 1;
        let mut still = Vec::with_capacity(active.len());
        for cell in active {
            advance(cell, &mut streams[cell], quotas, &mut seen, book, &mut outcome)?;
            if !streams[cell].over && quotas.rows[cell] > rank {
                still.push(cell);
            }
        }
        active = still;
    }
    for stream in &streams {
        if let Some((_, answer)) = &stream.current {
            outcome.surplus += (answer.len() - stream.index) as u64;
        }
    }
    let wanted = quotas.wanted();
    let waiting: u64 = outcome
        .demands
        .iter()
        .map(|demand| u64::from(quotas.rows[demand.cell] - outcome.accepted[demand.cell]))
        .sum();
    outcome.shortfall = wanted - outcome.rows.len() as u64 - waiting;
    Ok(outcome)
}

/// Goes on in a cell's stream to its next row, a demand, or the end.
fn advance<B: Book>(
    cell: usize,
    stream: &mut Stream,
    quotas: &Quotas,
    seen: &mut HashMap<(u64, TextKey), RowId>,
    book: &mut B,
    outcome: &mut Outcome,
) -> Result<(), B::Error> {
    loop {
        let Some((fingerprint, answer)) = &stream.current else {
            if stream.ask >= quotas.max_asks {
                stream.over = true;
                return Ok(());
            }
            let ask = stream.ask;
            let fingerprint = book.fingerprint(cell, ask)?;
            // Mostly there is one.
            outcome.reached[cell].reserve_exact(1);
            outcome.reached[cell].push(fingerprint);
            match book.stored(&fingerprint)? {
                Stored::Missing => {
                    outcome.demands.push(Demand { cell, ask, fingerprint });
                    stream.over = true;
                    return Ok(());
                }
                Stored::Tombstone(reason) => {
                    outcome.failed.push(Failed { cell, ask, fingerprint, reason });
                }
                Stored::Answer(answer) => {
                    outcome.answers += 1;
                    stream.current = Some((fingerprint, answer));
                    stream.index = 0;
                }
            }
            stream.ask += 1;
            continue;
        };
        let (fingerprint, answer) = (*fingerprint, answer.clone());
        let Some(candidate) = answer.get(stream.index) else {
            stream.current = None;
            continue;
        };
        let place = Place { cell, ask: stream.ask - 1, fingerprint, index: stream.index };
        stream.index += 1;
        let reason = match &candidate.outcome {
            Err(reason) => reason.clone(),
            Ok(passed) => {
                let id = RowId::of(&fingerprint, candidate.choice, candidate.item);
                match seen.entry((quotas.scope[cell], passed.key)) {
                    Entry::Occupied(of) => Reason::Duplicate { of: *of.get() },
                    Entry::Vacant(free) => {
                        free.insert(id);
                        outcome.accepted[cell] += 1;
                        outcome.rows.push(Accepted { place, id, answer });
                        return Ok(());
                    }
                }
            }
        };
        outcome.rejects.push(Rejected { place, answer, reason });
    }
}

#[cfg(test)]
mod tests;
