//! Which texts are the same, or nearly.
//!
//! A text is a multiset of words, each with a weight that says how rare it is. Two texts are as
//! similar as the weight of what they have in common to the weight of what either has: the weighted
//! Jaccard similarity. [`Index`] finds every kept text that is similar enough to a new one.

mod bag;
mod conflicts;
mod direction;
mod index;
mod keys;
mod ledger;
mod level;
mod minhash;
mod postings;
mod statistics;
mod sweep;
mod words;

pub use bag::{Bag, FEWEST_WORDS};
pub use conflicts::{Conflicts, conflicts};
pub use direction::{Direction, Directions, MOST_DIMENSIONS};
pub use index::{Index, Match, Ordinal, Tier, Verdict};
pub use ledger::LedgerError;
pub use level::{Level, Method, Rule, Similarity};
pub use statistics::{Counts, Statistics, StatisticsError};
pub use sweep::{Found, Line, Pair, Sweep};
pub use words::words;

pub use crate::model::TextKey;
