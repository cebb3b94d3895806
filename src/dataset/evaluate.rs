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

mod judged;
mod looked;
mod meant;
mod near;
mod paired;
mod quotas;
mod seen;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::check::{Candidate, Counted, Reason};
use crate::dedup::{Direction, Directions, Similarity};
use crate::model::{Fingerprint, RowId};
pub use judged::{About, Judgement, Ruling, To};
pub use looked::{Look, Looked};
pub use meant::{Meaning, Meant};
use near::Taken;
pub use quotas::{Quotas, Raised, Rows};

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

/// A completion that the dataset needs and the store lacks: of an ask, or about a candidate of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    /// `None`: the ask itself.
    pub about: Option<About>,
}

/// Where a candidate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    /// Its index among the candidates of its completion; of a counterpart, that of its original with
    /// `COUNTERPART` in it.
    pub index: usize,
}

/// By what a sink wants rows to be named: their ids, or nothing, which costs nothing.
pub trait Name: Copy + Send + Sync {
    fn of(fingerprint: &Fingerprint, candidate: &Candidate) -> Self;
}

impl Name for RowId {
    fn of(fingerprint: &Fingerprint, candidate: &Candidate) -> Self {
        RowId::of(fingerprint, candidate.choice, candidate.item)
    }
}

impl Name for () {
    fn of(_: &Fingerprint, _: &Candidate) -> Self {}
}

/// A row of the dataset.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a, N = RowId> {
    pub place: Place,
    /// Which row of its cell it is, from 1.
    pub rank: u32,
    pub name: N,
    pub candidate: &'a Candidate,
    /// All candidates of its completion.
    pub answer: &'a [Candidate],
    /// What it shows of its judges' answers, where texts are read.
    pub judged: Option<&'a Map<String, Value>>,
    /// Of a row with a counterpart, and of the counterpart, the row's name.
    pub pair: Option<N>,
}

impl<N> Accepted<'_, N> {
    /// Whether it stands beside a row and is none that its cell was to have.
    pub fn is_counterpart(&self) -> bool {
        self.candidate.is_counterpart()
    }
}

/// A candidate that was passed over.
#[derive(Debug, Clone, Copy)]
pub struct Rejected<'a, N = RowId> {
    pub place: Place,
    pub candidate: &'a Candidate,
    /// All candidates of its completion.
    pub answer: &'a [Candidate],
    pub why: Why<'a, N>,
}

/// Why a candidate was passed over.
#[derive(Debug, Clone, Copy)]
pub enum Why<'a, N = RowId> {
    /// It failed a check of its own.
    Own(&'a Reason),
    /// One more row of this label would name it too often.
    Named { label: &'a str },
    /// A row accepted before says the same.
    Duplicate { of: N },
    /// A row accepted before says nearly the same.
    NearDuplicate { of: N, similarity: Similarity },
    /// A row accepted before says the same in other words.
    Paraphrase { of: N, similarity: Similarity },
    /// What is left of it after a second look is no row, what it means cannot be told, or a judge model does
    /// not accept it.
    Judged(&'a Reason),
}

impl<N> Why<'_, N> {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Why::Own(reason) | Why::Judged(reason) => reason.name(),
            Why::Named { .. } => Reason::LABEL_LEAKAGE,
            Why::Duplicate { .. } => Reason::DUPLICATE,
            Why::NearDuplicate { .. } => Reason::NEAR_DUPLICATE,
            Why::Paraphrase { .. } => Reason::PARAPHRASE,
        }
    }

    /// Whether it is another row that keeps it out.
    pub fn is_duplicate(&self) -> bool {
        match self {
            Why::Own(_) | Why::Named { .. } | Why::Judged(_) => false,
            Why::Duplicate { .. } | Why::NearDuplicate { .. } | Why::Paraphrase { .. } => true,
        }
    }
}

impl Why<'_> {
    pub fn reason(&self) -> Reason {
        match self {
            Why::Own(reason) | Why::Judged(reason) => (*reason).clone(),
            Why::Named { label } => Reason::LabelLeakage { label: (*label).to_owned() },
            Why::Duplicate { of } => Reason::Duplicate { of: *of },
            Why::NearDuplicate { of, similarity } => {
                Reason::NearDuplicate { of: *of, similarity: *similarity }
            }
            Why::Paraphrase { of, similarity } => Reason::Paraphrase { of: *of, similarity: *similarity },
        }
    }
}

/// An ask that failed by its own fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    pub reason: Arc<str>,
}

/// What is made of an outcome: it is told of everything in the order in which it comes about.
///
/// Ranks follow one another, and within a rank cells are told of in order.
pub trait Sink<N: Name = RowId> {
    /// A cell's stream reached an ask, with what is stored for it or not.
    fn reached(&mut self, _cell: usize, _ask: u32, _fingerprint: &Fingerprint) {}

    /// The next row or reject hangs on a second look at its text, answered or not.
    fn looking(&mut self, _cell: usize, _fingerprint: &Fingerprint) {}

    /// The next row or reject hangs on a request to a judge, answered or not.
    fn judging(&mut self, _cell: usize, _fingerprint: &Fingerprint) {}

    /// The next row or reject hangs on an embedding of its text, there or not.
    fn embedding(&mut self, _cell: usize, _fingerprint: &Fingerprint) {}

    /// The next row of the dataset; a counterpart comes right after its original.
    fn row(&mut self, _row: &Accepted<'_, N>) {}

    fn reject(&mut self, _reject: &Rejected<'_, N>) {}

    fn failed(&mut self, _failed: &Failed) {}

    /// A cell's stream ends for now at what is not stored, an ask or one or more requests about a text; so
    /// many rows it still lacks. Where it is a counterpart that waits, none, and the stream goes on.
    fn demand(&mut self, _demand: &Demand, _missing: u32) {}
}

impl<N: Name, S: Sink<N>> Sink<N> for &mut S {
    fn reached(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) {
        (**self).reached(cell, ask, fingerprint);
    }

    fn looking(&mut self, cell: usize, fingerprint: &Fingerprint) {
        (**self).looking(cell, fingerprint);
    }

    fn judging(&mut self, cell: usize, fingerprint: &Fingerprint) {
        (**self).judging(cell, fingerprint);
    }

    fn embedding(&mut self, cell: usize, fingerprint: &Fingerprint) {
        (**self).embedding(cell, fingerprint);
    }

    fn row(&mut self, row: &Accepted<'_, N>) {
        (**self).row(row);
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        (**self).reject(reject);
    }

    fn failed(&mut self, failed: &Failed) {
        (**self).failed(failed);
    }

    fn demand(&mut self, demand: &Demand, missing: u32) {
        (**self).demand(demand, missing);
    }
}

/// Nobody is told.
impl<N: Name> Sink<N> for () {}

/// Two sinks at once.
impl<N: Name, A: Sink<N>, B: Sink<N>> Sink<N> for (A, B) {
    fn reached(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) {
        self.0.reached(cell, ask, fingerprint);
        self.1.reached(cell, ask, fingerprint);
    }

    fn looking(&mut self, cell: usize, fingerprint: &Fingerprint) {
        self.0.looking(cell, fingerprint);
        self.1.looking(cell, fingerprint);
    }

    fn judging(&mut self, cell: usize, fingerprint: &Fingerprint) {
        self.0.judging(cell, fingerprint);
        self.1.judging(cell, fingerprint);
    }

    fn embedding(&mut self, cell: usize, fingerprint: &Fingerprint) {
        self.0.embedding(cell, fingerprint);
        self.1.embedding(cell, fingerprint);
    }

    fn row(&mut self, row: &Accepted<'_, N>) {
        self.0.row(row);
        self.1.row(row);
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        self.0.reject(reject);
        self.1.reject(reject);
    }

    fn failed(&mut self, failed: &Failed) {
        self.0.failed(failed);
        self.1.failed(failed);
    }

    fn demand(&mut self, demand: &Demand, missing: u32) {
        self.0.demand(demand, missing);
        self.1.demand(demand, missing);
    }
}

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
