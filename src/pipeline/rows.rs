//! How the rows of a dataset stand to those of the one before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::check::{Candidate, Reason};
use crate::dataset::evaluate::{
    Accepted, Failed, Judgement, Look, Looked, Meaning, Meant, Name, Place, Quotas, Rejected, Ruling, Sink,
    Why,
};
use crate::dataset::{Book, Stored, evaluate};
use crate::model::{Fingerprint, RowId};
use crate::report::RowChange;

/// Compares rows, as they are accepted, with those of the dataset before; counterparts are none.
///
/// Both come in nearly the same order, so that only what differs is kept, at eight bytes a row: the
/// beginning of its id.
#[derive(Debug)]
pub struct Rows<I> {
    before: I,
    /// Rows of before that were read, and not yet met now.
    ahead: VecDeque<u64>,
    only_before: Vec<u64>,
    only_now: Vec<u64>,
    /// Candidates that are rejected as duplicates now.
    duplicates: Vec<u64>,
    kept: u64,
}

/// How far ahead in the rows of before one of now is looked for.
const AHEAD: usize = 256;

impl<I: Iterator<Item = RowId>> Rows<I> {
    /// `before` are the rows of the dataset before, in its order.
    pub fn new(before: I) -> Self {
        Self {
            before,
            ahead: VecDeque::with_capacity(AHEAD),
            only_before: Vec::new(),
            only_now: Vec::new(),
            duplicates: Vec::new(),
            kept: 0,
        }
    }

    fn now(&mut self, id: u64) {
        while self.ahead.len() < AHEAD && self.ahead.front() != Some(&id) {
            match self.before.next() {
                Some(before) => self.ahead.push_back(first(before)),
                None => break,
            }
            if self.ahead.back() == Some(&id) {
                break;
            }
        }
        let found = match self.ahead.back() == Some(&id) {
            true => Some(self.ahead.len() - 1),
            false => self.ahead.iter().position(|before| *before == id),
        };
        match found {
            Some(at) => {
                self.only_before.extend(self.ahead.drain(..at));
                self.ahead.pop_front();
                self.kept += 1;
            }
            None => self.only_now.push(id),
        }
    }

    /// How the rows of before stand to those of now.
    pub fn finish(mut self) -> Compared {
        self.only_before.extend(self.ahead);
        self.only_before.extend(self.before.map(first));
        self.only_now.sort_unstable();
        self.duplicates.sort_unstable();
        let mut out = Compared::default();
        out.change.kept = self.kept;
        for id in self.only_before {
            match (self.only_now.binary_search(&id), self.duplicates.binary_search(&id)) {
                (Ok(_), _) => out.change.kept += 1,
                (Err(_), Ok(_)) => out.change.displaced += 1,
                (Err(_), Err(_)) => out.leaving.push(id),
            }
        }
        out.change.leaving = out.leaving.len() as u64;
        out.leaving.sort_unstable();
        out
    }
}

/// Rows of before, compared with those of now.
#[derive(Debug, Default)]
pub struct Compared {
    /// Nothing waits in it: all that is gone leaves.
    pub change: RowChange,
    /// The beginnings of the ids of the rows that leave, in order.
    leaving: Vec<u64>,
}

impl Compared {
    /// Tells rows that only wait from those that leave: their answers are stored, and make rows again once the open
    /// asks before them, and what is open about texts of these, are answered. `is_asked` says of which cells these are
    /// to be answered. A row that is itself to be judged, embedded or looked at again leaves.
    ///
    /// # Errors
    /// Only what the book fails with.
    pub fn waiting<B: Book>(
        &self,
        quotas: &Quotas,
        book: &mut B,
        is_asked: impl Fn(usize) -> bool,
    ) -> Result<RowChange, B::Error> {
        let mut out = self.change;
        if !self.leaving.is_empty() {
            let mut back =
                Back { leaving: &self.leaving, open: HashMap::new(), rows: 0, asks: 0, unjudged: 0 };
            let open = Arc::new(Reason::Finish { reason: String::new() });
            evaluate::<(), _>(quotas, &mut PassedOver { book, is_asked, none: "".into(), open }, &mut back)?;
            (out.waiting, out.waiting_for, out.unjudged) = (back.rows, back.asks, back.unjudged);
            out.leaving -= back.rows + back.unjudged;
        }
        Ok(out)
    }
}

/// Rows that come back where open asks are passed over.
struct Back<'a> {
    leaving: &'a [u64],
    /// By cell: the asks that were passed over, or texts of them, and that no row was found behind yet; and the last of
    /// them.
    open: HashMap<usize, (u64, u32)>,
    rows: u64,
    asks: u64,
    /// Rows whose own texts wait for further requests.
    unjudged: u64,
}

impl Back<'_> {
    fn is_leaving(&self, place: &Place, candidate: &Candidate) -> bool {
        let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        !candidate.is_counterpart() && self.leaving.binary_search(&first(id)).is_ok()
    }

    fn passed_over(&mut self, cell: usize, ask: u32) {
        let (asks, last) = self.open.entry(cell).or_insert((0, u32::MAX));
        // Several texts of one ask may wait.
        *asks += u64::from(*last != ask);
        *last = ask;
    }
}

impl Sink<()> for Back<'_> {
    fn row(&mut self, row: &Accepted<'_, ()>) {
        if self.is_leaving(&row.place, row.candidate) {
            self.rows += 1;
            // The last stays known: more of its texts may wait behind this row.
            self.asks += self.open.get_mut(&row.place.cell).map_or(0, |(asks, _)| std::mem::take(asks));
        }
    }

    fn failed(&mut self, failed: &Failed) {
        if failed.reason.is_empty() {
            self.passed_over(failed.cell, failed.ask);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, ()>) {
        let is_open = matches!(reject.why, Why::Judged(Reason::Finish { reason }) if reason.is_empty());
        // A row does not wait for its counterpart.
        if is_open && !reject.candidate.is_counterpart() {
            self.passed_over(reject.place.cell, reject.place.ask);
            self.unjudged += u64::from(self.is_leaving(&reject.place, reject.candidate));
        }
    }
}

/// A book in which open asks are such as have no candidates, and texts that wait for further requests no rows, for a
/// reason without a name.
struct PassedOver<'a, B, F> {
    book: &'a mut B,
    is_asked: F,
    none: Arc<str>,
    open: Arc<Reason>,
}

impl<B: Book, F: Fn(usize) -> bool> Book for PassedOver<'_, B, F> {
    type Error = B::Error;

    fn scope(&self, cell: usize) -> u64 {
        self.book.scope(cell)
    }

    fn labels(&self, cell: usize) -> Vec<usize> {
        self.book.labels(cell)
    }

    fn ahead(&mut self, asks: &[(usize, u32)]) -> Result<(), B::Error> {
        self.book.ahead(asks)
    }

    fn read(&mut self, cell: usize, ask: u32) -> Result<(Fingerprint, Stored), B::Error> {
        let (fingerprint, stored) = self.book.read(cell, ask)?;
        Ok(match stored {
            Stored::Missing if (self.is_asked)(cell) => (fingerprint, Stored::Tombstone(self.none.clone())),
            stored => (fingerprint, stored),
        })
    }

    fn is_dropped(&self, fingerprint: &Fingerprint, candidate: &Candidate) -> bool {
        self.book.is_dropped(fingerprint, candidate)
    }

    fn counterpart(&self, place: &Place, candidate: &Candidate) -> Option<Candidate> {
        self.book.counterpart(place, candidate)
    }

    fn second_look(&mut self, place: &Place, candidate: &Candidate) -> Result<Look, B::Error> {
        let mut look = self.book.second_look(place, candidate)?;
        if matches!(look.looked, Looked::Open(_)) && (self.is_asked)(place.cell) {
            let outcome = Err((*self.open).clone());
            look.looked = Looked::As(Arc::new(Candidate { outcome, ..candidate.clone() }));
        }
        Ok(look)
    }

    fn has_judges(&self) -> bool {
        self.book.has_judges()
    }

    fn ruling(&mut self, place: &Place, candidate: &Candidate) -> Result<Judgement, B::Error> {
        let mut judgement = self.book.ruling(place, candidate)?;
        if matches!(judgement.ruling, Ruling::Open(_)) && (self.is_asked)(place.cell) {
            judgement.ruling = Ruling::Refused(self.open.clone());
        }
        Ok(judgement)
    }

    fn meaning(&mut self, place: &Place, candidate: &Candidate) -> Result<Meaning, B::Error> {
        let mut meaning = self.book.meaning(place, candidate)?;
        if matches!(meaning.meant, Meant::Open(_)) && (self.is_asked)(place.cell) {
            meaning.meant = Meant::Refused(self.open.clone());
        }
        Ok(meaning)
    }
}

impl<N: Name, I: Iterator<Item = RowId>> Sink<N> for Rows<I> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        if !row.is_counterpart() {
            self.now(first(RowId::of(&row.place.fingerprint, row.candidate.choice, row.candidate.item)));
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if reject.why.is_duplicate() {
            let candidate = reject.candidate;
            let id = RowId::of(&reject.place.fingerprint, candidate.choice, candidate.item);
            self.duplicates.push(first(id));
        }
    }
}

/// The beginning of a row's id: enough to count by.
pub fn first(id: RowId) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id.0[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::check::{Mends, Reason};

    fn place(number: u32) -> Place {
        Place { cell: 0, ask: number, fingerprint: Fingerprint([number as u8; 32]), index: 0 }
    }

    proptest! {
        /// However rows moved, the counts are those of sets.
        #[test]
        fn rows_are_compared_as_sets_are(
            before in prop::collection::hash_set(0..60u8, 0..50),
            now in prop::collection::vec(0..60u8, 0..50),
            duplicates in prop::collection::hash_set(0..60u8, 0..20),
            shuffled in any::<bool>(),
        ) {
            let candidate =
                Candidate { choice: 0, item: 0, text: String::new(), mended: Mends::default(), outcome: Err(Reason::Empty) };
            let id = |number: u8| RowId::of(&place(number.into()).fingerprint, 0, 0);
            let mut before: Vec<u8> = before.into_iter().collect();
            let mut now: Vec<u8> = now.into_iter().collect::<HashSet<_>>().into_iter().collect();
            if !shuffled {
                before.sort_unstable();
                now.sort_unstable();
            }
            let mut rows = Rows::new(before.iter().map(|number| id(*number)));
            for number in &now {
                let row = Accepted { place: place((*number).into()), rank: 1, name: (), candidate: &candidate, answer: &[], judged: None, pair: None };
                Sink::<()>::row(&mut rows, &row);
            }
            for number in &duplicates {
                let why = crate::dataset::evaluate::Why::Duplicate { of: () };
                let reject = Rejected { place: place((*number).into()), candidate: &candidate, answer: &[], why };
                Sink::<()>::reject(&mut rows, &reject);
            }
            let mut expected = RowChange::default();
            for number in &before {
                *match (now.contains(number), duplicates.contains(number)) {
                    (true, _) => &mut expected.kept,
                    (false, true) => &mut expected.displaced,
                    (false, false) => &mut expected.leaving,
                } += 1;
            }
            prop_assert_eq!(rows.finish().change, expected);
        }
    }
}
