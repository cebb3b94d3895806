//! Requests a minute: paced by governor, and never more than the limit in any 60 seconds.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

const WINDOW: Duration = Duration::from_secs(60);

/// A limit on requests a minute.
///
/// governor's algorithm (GCRA) spaces requests evenly, and lets one more than the limit into some
/// windows; so the sends of the last minute are kept beside it.
#[derive(Debug)]
pub struct RateLimit {
    pace: RateLimiter<NotKeyed, InMemoryState, ToldClock, NoOpMiddleware<Duration>>,
    clock: ToldClock,
    most: usize,
    sent: VecDeque<Duration>,
}

/// A clock that says what it was last told, as the time since the queue's start.
#[derive(Debug, Clone, Default)]
struct ToldClock(Arc<AtomicU64>);

impl Clock for ToldClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl RateLimit {
    pub fn per_minute(limit: NonZeroU32) -> Self {
        let clock = ToldClock::default();
        let quota = Quota::per_minute(limit).allow_burst(NonZeroU32::MIN);
        Self {
            pace: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            most: limit.get() as usize,
            sent: VecDeque::new(),
        }
    }

    /// Takes leave to send one request now.
    ///
    /// # Errors
    /// The time at which to ask again.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.sent.front().is_some_and(|sent| *sent + WINDOW <= now) {
            self.sent.pop_front();
        }
        if self.sent.len() >= self.most
            && let Some(oldest) = self.sent.front()
        {
            return Err(*oldest + WINDOW);
        }
        self.clock.0.store(now.as_nanos() as u64, Ordering::Relaxed);
        self.pace.check().map_err(|not_yet| now + not_yet.wait_time_from(now))?;
        self.sent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_of_a_minute_holds_more_than_the_limit(
            limit in 1..200u32,
            tries in prop::collection::vec(0..3000u64, 1..600),
        ) {
            let mut rate = RateLimit::per_minute(NonZeroU32::new(limit).unwrap());
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for gap in tries {
                now += Duration::from_millis(gap);
                match rate.take(now) {
                    Ok(()) => sent.push(now),
                    Err(at) => prop_assert!(at > now),
                }
            }
            for (index, from) in sent.iter().enumerate() {
                let in_window = sent[index..].iter().take_while(|at| **at < *from + WINDOW).count();
                prop_assert!(in_window <= limit as usize, "{in_window} of {limit}");
            }
        }
    }

    #[test]
    fn who_waits_as_told_gets_the_whole_rate() {
        let mut rate = RateLimit::per_minute(NonZeroU32::new(120).unwrap());
        let mut now = Duration::ZERO;
        let mut sent = 0;
        while now < Duration::from_secs(600) {
            match rate.take(now) {
                Ok(()) => sent += 1,
                Err(at) => now = at,
            }
        }
        assert!((1199..=1201).contains(&sent), "ten minutes at 120 a minute, {sent} sent");
    }
}
