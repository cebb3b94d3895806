//! The accepted texts, by what makes another one a duplicate.

use super::Why;
use super::seen::Seen;
use crate::check::{Duplicates, Passed};
use crate::dedup::{Index, Match, Rule, Tier, Verdict};

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

    fn why(&self, found: Match) -> Why<'static, N> {
        let of = self.names[found.of as usize];
        match found.tier {
            Tier::Normal => Why::Duplicate { of },
            Tier::Words | Tier::Similar => Why::NearDuplicate { of, similarity: found.similarity },
            Tier::Meaning => Why::Paraphrase { of, similarity: found.similarity },
        }
    }
}
