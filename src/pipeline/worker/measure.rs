//! How many places there were for requests, and which server was away, over time.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Worker;

/// When a server was not there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Since when, the last time.
    pub since: Option<Timestamp>,
    pub times: u32,
    /// How long in all.
    pub lasted: Duration,
    pub is_now: bool,
}

impl Absence {
    /// Takes in that a server is there now or is not, and that so long has passed since the last time.
    fn seen(&mut self, is_there: bool, passed: Duration, now: Timestamp) {
        if self.is_now {
            self.lasted += passed;
        }
        if !is_there && !self.is_now {
            self.since = Some(now);
            self.times += 1;
        }
        self.is_now = !is_there;
    }
}

impl Worker<'_> {
    /// Counts the places of the time since the last call: as many as each server was given then.
    ///
    /// What one tries for a while counts for that while only, and a server that is away, and a run that is
    /// to end, or was paused, offers nothing.
    pub(super) fn measure(&mut self) {
        let now = Instant::now();
        let since = now - std::mem::replace(&mut self.measured, now);
        let passed = if self.paused { Duration::ZERO } else { since };
        self.progress.paused += since - passed;
        // What a run that ends does not try is not seen to be back.
        if self.is_over() {
            for did in self.progress.endpoints.iter_mut().filter(|did| did.away.is_now) {
                did.away.lasted += passed;
            }
            return;
        }
        for (server, did) in self.servers.iter().zip(&mut self.progress.endpoints) {
            let queue = &self.queues[server.model];
            // One that is to be tried again is back once it has answered.
            let is_there = queue.is_there(server.index) && !(did.away.is_now && server.was_gone);
            did.away.seen(is_there, passed, Timestamp::now());
            if is_there && !self.paused {
                did.there += since;
                did.offered += since * queue.level(server.index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There, away for two looks, there, away until the end: time counts from the look that found it away.
    #[test]
    fn an_absence_is_counted_from_when_it_was_seen() {
        let (mut away, second) = (Absence::default(), Duration::from_secs(1));
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (second_now, is_there) in [(1, true), (2, false), (3, false), (4, true), (5, true), (6, false)] {
            away.seen(is_there, second, at(second_now));
        }
        away.seen(false, second * 3, at(9));
        let lasted = second * (2 + 3);
        assert_eq!(away, Absence { since: Some(at(6)), times: 2, lasted, is_now: true });
    }
}
