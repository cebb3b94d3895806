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
//! Nothing is gathered here: what comes about is told to a [`Sink`] as it does, and a cell that needs
//! no further row leaves nothing behind but its row's place among the duplicates.

mod judged;
mod looked;
mod meant;
mod near;
mod seen;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::check::{Allowance, Candidate, Counted, Duplicates, Reason};
use crate::dedup::{Direction, Directions, Similarity};
use crate::model::{Fingerprint, RowId};
pub use judged::{About, Judgement, Ruling, To};
pub use looked::{Look, Looked};
pub use meant::{Meaning, Meant};
use near::Taken;

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

/// How many rows are wanted, and how far a stream may go.
#[derive(Debug, Clone)]
pub struct Quotas {
    pub rows: Rows,
    pub max_asks: u32,
    pub duplicates: Duplicates,
    /// From which similarity on two texts say the same, where they are compared by what they mean.
    pub same_meaning: Option<Similarity>,
    /// How many rows of a label may name it, where that is limited.
    pub allowance: Option<Allowance>,
}

/// Rows that are wanted, by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    Alike { cells: usize, rows: u32 },
    Each(Vec<u32>),
}

impl Quotas {
    pub fn cells(&self) -> usize {
        match &self.rows {
            Rows::Alike { cells, .. } => *cells,
            Rows::Each(rows) => rows.len(),
        }
    }

    /// Rows of one cell.
    pub fn rows(&self, cell: usize) -> u32 {
        match &self.rows {
            Rows::Alike { rows, .. } => *rows,
            Rows::Each(rows) => rows[cell],
        }
    }

    /// The most rows of one cell.
    pub fn most_rows(&self) -> u32 {
        match &self.rows {
            Rows::Alike { rows, .. } => *rows,
            Rows::Each(rows) => rows.iter().copied().max().unwrap_or(0),
        }
    }

    /// Rows of all cells together.
    pub fn wanted(&self) -> u64 {
        match &self.rows {
            Rows::Alike { cells, rows } => *cells as u64 * u64::from(*rows),
            Rows::Each(rows) => rows.iter().map(|rows| u64::from(*rows)).sum(),
        }
    }
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
    /// Its index among the candidates of its completion.
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

    /// The next row of the dataset.
    fn row(&mut self, _row: &Accepted<'_, N>) {}

    fn reject(&mut self, _reject: &Rejected<'_, N>) {}

    fn failed(&mut self, _failed: &Failed) {}

    /// A cell's stream ends for now at what is not stored, an ask or one or more requests about a text; so
    /// many rows it still lacks.
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
    pub rows: u64,
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

/// How many cells' asks are prepared together: the more, the fewer pages of a store are read twice, and the more
/// texts are held. Few in tests, so that these see where one block ends.
fn block(cells: usize) -> usize {
    if cfg!(test) { 3 } else { (cells / 4).clamp(2 << 10, 8 << 10) }
}

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
    let block = block(quotas.cells());
    let mut asks: Vec<(usize, u32)> = Vec::with_capacity(block);
    let mut cells = (0..quotas.cells()).filter(|cell| quotas.rows(*cell) > 0);
    loop {
        asks.clear();
        asks.extend(cells.by_ref().take(block).map(|cell| (cell, 0)));
        if asks.is_empty() {
            break;
        }
        work.book.ahead(&asks)?;
        for (cell, ask) in &asks {
            let stream = Stream { cell: *cell as u32, ask: *ask, index: 0, current: None };
            active.extend(work.next_row(stream)?);
        }
    }
    while !active.is_empty() {
        work.rank += 1;
        let mut still = Vec::new();
        let mut streams = active.into_iter().peekable();
        while streams.peek().is_some() {
            let together: Vec<Stream> = streams.by_ref().take(block).collect();
            asks.clear();
            let read_out = together.iter().filter(|stream| stream.current.is_none());
            let within = read_out.filter(|stream| stream.ask < quotas.max_asks);
            asks.extend(within.map(|stream| (stream.cell as usize, stream.ask)));
            work.book.ahead(&asks)?;
            for stream in together {
                still.extend(work.next_row(stream)?);
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
                if self.quotas.rows(cell) > self.rank {
                    return Ok(Some(stream));
                }
                self.totals.surplus += left as u64;
                Ok(None)
            }
        }
    }

    /// What a text that is no duplicate by its words means, and what the judges say of it: what is cheap
    /// to ask comes first.
    fn look_into(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        scope: u64,
        missing: u32,
    ) -> Result<Ruled<N>, B::Error> {
        let mut meant = None;
        if self.meanings.is_some() {
            match self.mean(place, candidate, missing)? {
                Meant::Open(_) => return Ok(Ruled::Open),
                Meant::Refused(reason) => return Ok(Ruled::Refused(reason)),
                Meant::Known(direction) => {
                    let same = self.meanings.as_ref().and_then(|meanings| meanings.find(scope, &direction));
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
        let missing = self.quotas.rows(cell) - (self.rank - 1);
        loop {
            let Some((fingerprint, answer)) = &stream.current else {
                if stream.ask >= self.quotas.max_asks {
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
                                    ruled = self.look_into(&place, candidate, scope, missing)?;
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
                            let rank = self.rank;
                            self.sink.row(&Accepted { place, rank, name, candidate, answer, judged });
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
