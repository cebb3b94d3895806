//! The accepted texts, by what makes another one a duplicate.

use super::Why;
use super::seen::Seen;
use crate::check::{Duplicates, Passed};
use crate::dedup::{Bag, Index, Match, Ordinal, Rule, Tier, Verdict};

/// The texts accepted so far, with the name of the row that each is in.
#[derive(Debug)]
pub enum Taken<N> {
    /// No text is a duplicate.
    Off,
    Same(Seen<N>),
    Near(Box<NearRows<N>>),
}

/// Texts that may not be alike, by scope.
#[derive(Debug)]
pub struct NearRows<N> {
    index: Index,
    names: Vec<N>,
}

impl<N: Copy> Taken<N> {
    pub fn new(duplicates: Duplicates) -> Self {
        match duplicates {
            Duplicates::Off => Taken::Off,
            Duplicates::Same => Taken::Same(Seen::default()),
            Duplicates::Near(rule) => Taken::Near(Box::new(NearRows::new(rule))),
        }
    }

    /// Of which row a text is a duplicate within the scope.
    pub fn find(&mut self, scope: u64, passed: &Passed) -> Option<Why<'static, N>> {
        match self {
            Taken::Off => None,
            Taken::Same(seen) => seen.find(scope, passed.key).map(|of| Why::Duplicate { of }),
            Taken::Near(rows) => {
                let found = rows.index.find(scope, passed.bag.as_deref()?)?;
                Some(rows.why(found))
            }
        }
    }

    /// The same of a counterpart of the row that was taken in last: it may be like that one.
    pub fn find_beside(&mut self, scope: u64, passed: &Passed) -> Option<Why<'static, N>> {
        match self {
            Taken::Off | Taken::Same(_) => self.find(scope, passed),
            Taken::Near(rows) => {
                let found = rows.find_beside(scope, passed.bag.as_deref()?)?;
                Some(rows.why(found))
            }
        }
    }

    /// Takes in a text, whatever is like it.
    pub fn add(&mut self, scope: u64, passed: &Passed, name: N) {
        match self {
            Taken::Off => {}
            Taken::Same(seen) => drop(seen.insert(scope, passed.key, name)),
            Taken::Near(rows) => rows.add(scope, passed, name),
        }
    }

    /// Takes in a text unless it is a duplicate within the scope: then, of which row.
    pub fn insert(&mut self, scope: u64, passed: &Passed, name: N) -> Option<Why<'static, N>> {
        match self {
            Taken::Off => None,
            Taken::Same(seen) => seen.insert(scope, passed.key, name).map(|of| Why::Duplicate { of }),
            Taken::Near(rows) => rows.insert(scope, passed, name),
        }
    }
}

impl<N: Copy> NearRows<N> {
    fn new(rule: Rule) -> Self {
        Self { index: Index::new(rule), names: Vec::new() }
    }

    fn insert(&mut self, scope: u64, passed: &Passed, name: N) -> Option<Why<'static, N>> {
        let bag = passed.bag.as_deref()?;
        match self.index.offer(scope, bag) {
            Verdict::Kept(_) => {
                self.names.push(name);
                None
            }
            Verdict::Duplicate(found) => Some(self.why(found)),
        }
    }

    fn add(&mut self, scope: u64, passed: &Passed, name: N) {
        if let Some(bag) = passed.bag.as_deref() {
            self.index.add(scope, bag);
            self.names.push(name);
        }
    }

    /// The most similar kept text, but for the one that was kept last.
    fn find_beside(&mut self, scope: u64, bag: &Bag) -> Option<Match> {
        let last = self.names.len().checked_sub(1)? as Ordinal;
        self.index.find_but(scope, bag, &[last])
    }

    fn why(&self, found: Match) -> Why<'static, N> {
        let of = self.names[found.of as usize];
        match found.tier {
            Tier::Normal => Why::Duplicate { of },
            Tier::Words | Tier::Similar => Why::NearDuplicate { of, similarity: found.similarity },
            Tier::Meaning => Why::Paraphrase { of, similarity: found.similarity },
        }
    }
}
