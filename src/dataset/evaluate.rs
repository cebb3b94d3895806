//! `evaluate(config, store) → rows, rejects, surplus, demands`.
//!
//! Each cell is a stream of candidates: its asks in order, in each the choices and items in order.
//! For rank r = 1 … N, each cell that wants so many rows in order of its id goes on in its stream to the first candidate
//! that passed its own checks, does not name its label once too often, is no duplicate of a row
//! accepted before, by its words or by what it means, and is accepted by the judge models, if there are
//! any: its r-th row. A candidate with a name in doubt is what a second look makes of it.
//! Where a stream comes to an ask that is not stored, or to a text that was not looked at again, embedded or
//! judged yet, that is a demand, and the cell takes no more part.
//!
//! A row that somebody gave a counterpart is followed by that, if it is good enough for a row. It counts for
//! nothing that its cell was to have, and rows after it are held against it as against any. Rows that single cells
//! get beyond the others have the last ranks.
//!
//! Nothing is gathered here: what comes about is told to a [`Sink`] as it does, and a cell that needs
//! no further row leaves nothing behind but its row's place among the duplicates.

mod book;
mod judged;
mod looked;
mod meant;
mod near;
mod paired;
mod quotas;
mod seen;
mod sink;
mod why;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::check::{Candidate, Counted, Reason};
use crate::dedup::{Direction, Directions};
use crate::model::Fingerprint;
pub use book::{Book, Stored};
pub use judged::{About, Judgement, Ruling, To};
pub use looked::{Look, Looked};
pub use meant::{Meaning, Meant};
use near::Taken;
pub use quotas::{Quotas, Raised, Rows};
pub use sink::{Accepted, Demand, Failed, Name, Place, Rejected, Sink};
pub use why::Why;

/// What an outcome comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Without counterparts, which no cell was to have.
    pub rows: u64,
    pub counterparts: u64,
    pub rejects: u64,
    pub failed: u64,
    /// Candidates in the asks that were reached, but never needed.
    pub surplus: u64,
    pub demands: u64,
    /// Rows missing in cells whose stream has ended.
    pub shortfall: u64,
    /// Completions that were reached.
    pub answers: u64,
}

impl Totals {
    /// Whether nothing more will come: every cell is full, or its stream has ended.
    pub fn is_final(&self) -> bool {
        self.demands == 0
    }
}

/// A cell's place in its stream.
struct Stream {
    cell: u32,
    /// The next ask to look up.
    ask: u32,
    /// The next candidate of the completion being read.
    index: u32,
    current: Option<(Fingerprint, Arc<[Candidate]>)>,
}

/// Where an advance of a stream has come to.
enum At {
    Row,
    End,
}

/// How many cells' asks are prepared together; few in tests, so that these see where one block ends.
const BLOCK: usize = if cfg!(test) { 3 } else { 8 << 10 };

/// Computes the dataset, and tells the sink of it; see the module for how.
///
/// # Errors
/// Only what the book fails with.
pub fn evaluate<N: Name, B: Book>(
    quotas: &Quotas,
    book: &mut B,
    sink: &mut impl Sink<N>,
) -> Result<Totals, B::Error> {
    let (taken, counted, totals) = (Taken::new(quotas.duplicates), Counted::default(), Totals::default());
    let judged = book.has_judges();
    let meanings = quotas.same_meaning.map(Directions::new);
    let mut work = Work { quotas, book, sink, taken, meanings, counted, totals, judged, rank: 1 };
    // Cells that want more rows than they have, and may get them.
    let mut active: Vec<Stream> = Vec::new();
    let mut asks: Vec<(usize, u32)> = Vec::with_capacity(BLOCK);
    let waits = |cell: &usize| !quotas.takes(*cell, 1) && quotas.rows(*cell) > 0;
    let mut cells = (0..quotas.cells()).filter(|cell| quotas.takes(*cell, 1));
    loop {
        asks.clear();
        asks.extend(cells.by_ref().take(BLOCK).map(|cell| (cell, 0)));
        if asks.is_empty() {
            break;
        }
        work.book.ahead(&asks)?;
        for (cell, ask) in &asks {
            let stream = Stream { cell: *cell as u32, ask: *ask, index: 0, current: None };
            active.extend(work.next_row(stream)?);
        }
    }
    if !quotas.raised.is_empty() {
        let waiting = (0..quotas.cells()).filter(waits);
        active.extend(waiting.map(|cell| Stream { cell: cell as u32, ask: 0, index: 0, current: None }));
        active.sort_unstable_by_key(|stream| stream.cell);
    }
    while !active.is_empty() {
        work.rank += 1;
        let mut still = Vec::new();
        let mut streams = active.into_iter().peekable();
        while streams.peek().is_some() {
            let together: Vec<Stream> = streams.by_ref().take(BLOCK).collect();
            asks.clear();
            let taking = together.iter().filter(|stream| quotas.takes(stream.cell as usize, work.rank));
            let read_out = taking.filter(|stream| stream.current.is_none());
            let within = read_out.filter(|stream| stream.ask < quotas.asks(stream.cell as usize));
            asks.extend(within.map(|stream| (stream.cell as usize, stream.ask)));
            work.book.ahead(&asks)?;
            for stream in together {
                match quotas.takes(stream.cell as usize, work.rank) {
                    true => still.extend(work.next_row(stream)?),
                    false => still.push(stream),
                }
            }
        }
        active = still;
    }
    Ok(work.totals)
}

/// What further requests about a text come to.
enum Ruled<N> {
    /// They are not answered yet.
    Open,
    /// A row accepted before says the same.
    Same(Why<'static, N>),
    Refused(Arc<Reason>),
    Good {
        meant: Option<Arc<Direction>>,
        columns: Option<Arc<Map<String, Value>>>,
    },
}

impl<N> Default for Ruled<N> {
    fn default() -> Self {
        Ruled::Good { meant: None, columns: None }
    }
}

impl<N> Ruled<N> {
    /// What a row shows of its judges' answers.
    fn columns(&self) -> Option<&Map<String, Value>> {
        match self {
            Ruled::Good { columns, .. } => columns.as_deref(),
            _ => None,
        }
    }
}

struct Work<'a, N, B, S> {
    quotas: &'a Quotas,
    book: &'a mut B,
    sink: &'a mut S,
    taken: Taken<N>,
    /// What the accepted texts mean, where they are compared by that.
    meanings: Option<Directions<N>>,
    counted: Counted,
    totals: Totals,
    /// Whether judge models have a say.
    judged: bool,
    /// The rank that is being filled, from 1.
    rank: u32,
}

impl<N: Name, B: Book, S: Sink<N>> Work<'_, N, B, S> {
    /// Goes on in a cell's stream for its row of this rank; returns the stream if it is to be gone
    /// on with.
    fn next_row(&mut self, mut stream: Stream) -> Result<Option<Stream>, B::Error> {
        let cell = stream.cell as usize;
        match self.advance(&mut stream)? {
            At::End => Ok(None),
            At::Row => {
                let left =
                    stream.current.as_ref().map_or(0, |(_, answer)| answer.len() - stream.index as usize);
                if left == 0 {
                    stream.current = None;
                }
                if self.quotas.goes_on(cell, self.rank) {
                    return Ok(Some(stream));
                }
                self.totals.surplus += left as u64;
                Ok(None)
            }
        }
    }

    /// What a text that is no duplicate by its words means, and what the judges say of it: what is cheap
    /// to ask comes first. `missing` are rows that its cell lacks; none is said of a counterpart, which may mean
    /// what the last accepted row means.
    fn look_into(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        scope: u64,
        missing: Option<u32>,
    ) -> Result<Ruled<N>, B::Error> {
        let (beside, missing) = (missing.is_none(), missing.unwrap_or(0));
        let mut meant = None;
        if self.meanings.is_some() {
            match self.mean(place, candidate, missing)? {
                Meant::Open(_) => return Ok(Ruled::Open),
                Meant::Refused(reason) => return Ok(Ruled::Refused(reason)),
                Meant::Known(direction) => {
                    let same = self.meanings.as_ref().and_then(|meanings| match beside {
                        false => meanings.find(scope, &direction),
                        true => meanings.find_but_last(scope, &direction),
                    });
                    if let Some((of, similarity)) = same {
                        return Ok(Ruled::Same(Why::Paraphrase { of, similarity }));
                    }
                    meant = Some(direction);
                }
            }
        }
        if !self.judged {
            return Ok(Ruled::Good { meant, columns: None });
        }
        Ok(match self.rule(place, candidate, missing)? {
            Ruling::Open(_) => Ruled::Open,
            Ruling::Refused(reason) => Ruled::Refused(reason),
            Ruling::Accepted(columns) => Ruled::Good { meant, columns },
        })
    }

    /// Goes on in a cell's stream to its next row, a demand, or the end.
    fn advance(&mut self, stream: &mut Stream) -> Result<At, B::Error> {
        let cell = stream.cell as usize;
        // Rows that the cell will not have, or not yet.
        let before = self.quotas.before(cell, self.rank);
        let missing = self.quotas.rows(cell) - before;
        loop {
            let Some((fingerprint, answer)) = &stream.current else {
                if stream.ask >= self.quotas.asks(cell) {
                    self.totals.shortfall += u64::from(missing);
                    return Ok(At::End);
                }
                let ask = stream.ask;
                let (fingerprint, stored) = self.book.read(cell, ask)?;
                self.sink.reached(cell, ask, &fingerprint);
                stream.ask += 1;
                match stored {
                    Stored::Missing => {
                        self.totals.demands += 1;
                        self.sink.demand(&Demand { cell, ask, fingerprint, about: None }, missing);
                        return Ok(At::End);
                    }
                    Stored::Tombstone(reason) => {
                        self.totals.failed += 1;
                        self.sink.failed(&Failed { cell, ask, fingerprint, reason });
                    }
                    Stored::Answer(answer) => {
                        self.totals.answers += 1;
                        self.sink.answered(&Place { cell, ask, fingerprint, index: 0 }, &answer);
                        stream.current = Some((fingerprint, answer));
                        stream.index = 0;
                    }
                }
                continue;
            };
            let index = stream.index as usize;
            let Some(candidate) = answer.get(index) else {
                stream.current = None;
                continue;
            };
            stream.index += 1;
            let place = Place { cell, ask: stream.ask - 1, fingerprint: *fingerprint, index };
            let mut ruled = Ruled::default();
            let looked = match self.is_in_doubt(&place, candidate) {
                false => None,
                true => match self.look(&place, candidate, missing)? {
                    Looked::Open(_) => return Ok(At::End),
                    Looked::As(looked) => Some(looked),
                },
            };
            let candidate = looked.as_deref().unwrap_or(candidate);
            let why = match &candidate.outcome {
                Err(reason) if looked.is_some() => Why::Judged(reason),
                Err(reason) => Why::Own(reason),
                // Before duplicates, so that it keeps nobody else out.
                Ok(_) if self.book.is_dropped(fingerprint, candidate) => Why::Own(&Reason::Curation),
                Ok(passed) => {
                    let name = N::of(fingerprint, candidate);
                    let allowance = self.quotas.allowance.as_ref();
                    let labels = self.labels(cell);
                    let refused = allowance.and_then(|all| all.refuses(&self.counted, &labels, passed.named));
                    let scope = self.book.scope(cell);
                    let out = match refused {
                        Some(label) => Some(Why::Named { label }),
                        None if self.judged || self.meanings.is_some() => {
                            match self.taken.find(scope, passed) {
                                Some(why) => Some(why),
                                None => {
                                    ruled = self.look_into(&place, candidate, scope, Some(missing))?;
                                    match &ruled {
                                        Ruled::Open => return Ok(At::End),
                                        Ruled::Same(why) => Some(*why),
                                        Ruled::Refused(reason) => Some(Why::Judged(reason)),
                                        Ruled::Good { meant, .. } => {
                                            self.take(scope, meant.as_deref(), name);
                                            self.taken.insert(scope, passed, name)
                                        }
                                    }
                                }
                            }
                        }
                        None => self.taken.insert(scope, passed, name),
                    };
                    match out {
                        Some(why) => why,
                        None => {
                            if let Some(allowance) = allowance {
                                allowance.count(&mut self.counted, &labels, passed.named);
                            }
                            self.totals.rows += 1;
                            let judged = ruled.columns();
                            let rank = before + 1;
                            let row = Accepted { place, rank, name, candidate, answer, judged, pair: None };
                            match self.book.counterpart(&place, candidate) {
                                None => self.sink.row(&row),
                                Some(counterpart) => self.pair(row, &counterpart)?,
                            }
                            return Ok(At::Row);
                        }
                    }
                }
            };
            self.totals.rejects += 1;
            self.sink.reject(&Rejected { place, candidate, answer, why });
        }
    }
}

#[cfg(test)]
mod tests;
