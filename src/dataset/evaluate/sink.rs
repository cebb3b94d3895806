//! What an evaluation tells of, and who is told.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{About, Why};
use crate::check::Candidate;
use crate::model::{Fingerprint, RowId};

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

    /// A cell's stream goes on with an answer, from its first candidate on.
    fn answered(&mut self, _place: &Place, _answer: &[Candidate]) {}

    /// The next row or reject hangs on a second look at its text, answered or not.
    fn looking(&mut self, _cell: usize, _fingerprint: &Fingerprint) {}

    /// The next row or reject hangs on a request to a judge, by its index, answered or not.
    fn judging(&mut self, _cell: usize, _judge: u16, _fingerprint: &Fingerprint) {}

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

    fn answered(&mut self, place: &Place, answer: &[Candidate]) {
        (**self).answered(place, answer);
    }

    fn looking(&mut self, cell: usize, fingerprint: &Fingerprint) {
        (**self).looking(cell, fingerprint);
    }

    fn judging(&mut self, cell: usize, judge: u16, fingerprint: &Fingerprint) {
        (**self).judging(cell, judge, fingerprint);
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

    fn answered(&mut self, place: &Place, answer: &[Candidate]) {
        self.0.answered(place, answer);
        self.1.answered(place, answer);
    }

    fn looking(&mut self, cell: usize, fingerprint: &Fingerprint) {
        self.0.looking(cell, fingerprint);
        self.1.looking(cell, fingerprint);
    }

    fn judging(&mut self, cell: usize, judge: u16, fingerprint: &Fingerprint) {
        self.0.judging(cell, judge, fingerprint);
        self.1.judging(cell, judge, fingerprint);
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
