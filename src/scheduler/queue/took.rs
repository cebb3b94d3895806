//! How long requests take, by their kind.

use std::collections::VecDeque;
use std::time::Duration;

/// So many of the last requests of a kind tell how long one takes.
const REMEMBERED: usize = 64;
/// So many tell how long is far too long.
const ENOUGH: usize = 8;

/// How long the last requests of each kind took.
#[derive(Debug, Default)]
pub(super) struct Took(Vec<VecDeque<Duration>>);

impl Took {
    pub fn push(&mut self, kind: usize, took: Duration) {
        if self.0.len() <= kind {
            self.0.resize_with(kind + 1, VecDeque::new);
        }
        let last = &mut self.0[kind];
        if last.len() >= REMEMBERED {
            last.pop_front();
        }
        last.push_back(took);
    }

    /// Kinds that may have been met, as numbers from 0.
    pub fn kinds(&self) -> usize {
        self.0.len()
    }

    /// How long a request of a kind takes that is longer than nine in ten, of the last.
    pub fn typical(&self, kind: usize) -> Option<Duration> {
        let mut took: Vec<Duration> = self.0.get(kind)?.iter().copied().collect();
        took.sort_unstable();
        took.get(took.len().saturating_sub(1) * 9 / 10).copied()
    }

    /// The same, where enough were met to say what is far more.
    pub fn usual(&self, kind: usize) -> Option<Duration> {
        self.0.get(kind).filter(|last| last.len() >= ENOUGH)?;
        self.typical(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_kept_apart_and_the_last_count() {
        let mut took = Took::default();
        assert_eq!((took.kinds(), took.typical(0)), (0, None));
        (1..=100).for_each(|s| took.push(2, Duration::from_secs(s)));
        took.push(0, Duration::from_millis(5));
        assert_eq!(took.kinds(), 3);
        let of = |kind| took.typical(kind).map(|took| took.as_millis());
        assert_eq!([of(0), of(1), of(2)], [Some(5), None, Some(93_000)]);
        assert_eq!((took.usual(0), took.usual(1)), (None, None));
        assert_eq!(took.usual(2), Some(Duration::from_secs(93)));
    }
}
