//! Counterparts of rows: texts that differ from a row in whom they are about, and stand beside it.

use super::{Accepted, Book, Looked, Name, Place, Rejected, Ruled, Sink, Why, Work};
use crate::check::{Candidate, Reason};
use crate::model::COUNTERPART;

impl<N: Name, B: Book, S: Sink<N>> Work<'_, N, B, S> {
    /// Tells the sink of a row, which is the last that was accepted, and of its counterpart. That is held to all
    /// that a row is held to, but may be nearly the same as its original. While it waits for requests about it
    /// the row stands alone.
    pub(super) fn pair(&mut self, row: Accepted<'_, N>, counterpart: &Candidate) -> Result<(), B::Error> {
        let place = Place { index: row.place.index | COUNTERPART as usize, ..row.place };
        let looked = match self.is_in_doubt(&place, counterpart) {
            false => None,
            true => match self.look(&place, counterpart, 0)? {
                Looked::As(looked) => Some(looked),
                Looked::Open(_) => {
                    self.sink.row(&row);
                    return Ok(());
                }
            },
        };
        let candidate = looked.as_deref().unwrap_or(counterpart);
        let mut ruled = Ruled::default();
        let why = match &candidate.outcome {
            Err(reason) if looked.is_some() => Some(Why::Judged(reason)),
            Err(reason) => Some(Why::Own(reason)),
            Ok(_) if self.book.is_dropped(&place.fingerprint, candidate) => Some(Why::Own(&Reason::Curation)),
            Ok(passed) => {
                let (scope, labels) = (self.book.scope(place.cell), self.labels(place.cell));
                let allowance = self.quotas.allowance.as_ref();
                let refused = allowance.and_then(|all| all.refuses(&self.counted, &labels, passed.named));
                let original = row.candidate.outcome.as_ref().ok();
                let why = match refused {
                    Some(label) => Some(Why::Named { label }),
                    // Whether or not duplicates are looked for: it would stand for nothing.
                    None if original.is_some_and(|original| original.key == passed.key) => {
                        Some(Why::Duplicate { of: row.name })
                    }
                    None => self.taken.find_beside(scope, passed),
                };
                if why.is_none() {
                    ruled = self.look_into(&place, candidate, scope, None)?;
                }
                match (why, &ruled) {
                    (Some(why), _) => Some(why),
                    (None, Ruled::Open) => {
                        self.sink.row(&row);
                        return Ok(());
                    }
                    (None, Ruled::Same(why)) => Some(*why),
                    (None, Ruled::Refused(reason)) => Some(Why::Judged(reason)),
                    (None, Ruled::Good { meant, .. }) => {
                        let name = N::of(&place.fingerprint, candidate);
                        self.take(scope, meant.as_deref(), name);
                        self.taken.add(scope, passed, name);
                        if let Some(allowance) = allowance {
                            allowance.count(&mut self.counted, &labels, passed.named);
                        }
                        None
                    }
                }
            }
        };
        let (rank, answer) = (row.rank, row.answer);
        match why {
            Some(why) => {
                self.sink.row(&row);
                self.totals.rejects += 1;
                self.sink.reject(&Rejected { place, candidate, answer, why });
            }
            None => {
                let pair = Some(row.name);
                self.sink.row(&Accepted { pair, ..row });
                self.totals.counterparts += 1;
                let (name, judged) = (N::of(&place.fingerprint, candidate), ruled.columns());
                self.sink.row(&Accepted { place, rank, name, candidate, answer, judged, pair });
            }
        }
        Ok(())
    }
}
