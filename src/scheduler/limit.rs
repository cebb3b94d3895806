//! Requests and tokens a minute: paced by governor, and never more than the limit in any 60 seconds.

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

/// What one server may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Never more requests than this in any 60 seconds.
    pub requests_per_minute: Option<NonZeroU32>,
    /// So many of them may go out at once; the rest is spread evenly.
    pub burst: Option<NonZeroU32>,
    /// Never more tokens than this in any 60 seconds: what a request may cost at most is reserved
    /// when it is sent, and what it did not use is given back.
    pub tokens_per_minute: Option<NonZeroU32>,
}

/// Limits of one server on requests and tokens a minute.
#[derive(Debug, Default)]
pub struct Limits {
    requests: Option<RequestLimit>,
    tokens: Option<TokenLimit>,
}

impl Limits {
    pub fn new(rates: Rates) -> Self {
        Self {
            requests: rates
                .requests_per_minute
                .map(|limit| RequestLimit::new(limit, rates.burst.unwrap_or(NonZeroU32::MIN))),
            tokens: rates.tokens_per_minute.map(TokenLimit::new),
        }
    }

    /// Takes leave to send one request of at most `tokens` now, under the number `id`.
    ///
    /// # Errors
    /// The time at which to ask again; nothing is taken then.
    pub fn take(&mut self, id: u64, tokens: u32, now: Duration) -> Result<(), Duration> {
        if let Some(limit) = &mut self.tokens {
            limit.fits(tokens, now)?;
        }
        if let Some(limit) = &mut self.requests {
            limit.take(now)?;
        }
        if let Some(limit) = &mut self.tokens {
            limit.reserve(id, tokens, now);
        }
        Ok(())
    }

    /// Says what a request that was sent has used, in place of what was reserved for it.
    pub fn settle(&mut self, id: u64, used: u32) {
        if let Some(limit) = &mut self.tokens {
            limit.settle(id, used);
        }
    }
}

/// A limit on requests a minute.
///
/// governor's algorithm (GCRA) spaces requests evenly, and lets burst and rate together into some
/// windows; so the sends of the last minute are kept beside it.
#[derive(Debug)]
struct RequestLimit {
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

impl RequestLimit {
    fn new(limit: NonZeroU32, burst: NonZeroU32) -> Self {
        let clock = ToldClock::default();
        let quota = Quota::per_minute(limit).allow_burst(burst);
        Self {
            pace: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            most: limit.get() as usize,
            sent: VecDeque::new(),
        }
    }

    fn take(&mut self, now: Duration) -> Result<(), Duration> {
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

/// A limit on tokens a minute, over a sliding window of what was reserved and then used.
#[derive(Debug)]
struct TokenLimit {
    most: u64,
    /// When sent, under which number, and how many tokens; oldest first.
    window: VecDeque<(Duration, u64, u32)>,
    sum: u64,
}

impl TokenLimit {
    fn new(limit: NonZeroU32) -> Self {
        Self { most: limit.get().into(), window: VecDeque::new(), sum: 0 }
    }

    /// Whether so many more fit now; else the time at which enough will have left the window, if
    /// nothing is given back before.
    fn fits(&mut self, tokens: u32, now: Duration) -> Result<(), Duration> {
        while let Some((sent, _, tokens)) = self.window.front().copied() {
            if sent + WINDOW > now {
                break;
            }
            self.window.pop_front();
            self.sum -= u64::from(tokens);
        }
        // One that is larger than the whole limit is refused by the config; should its estimate grow
        // past it, it goes alone.
        let mut over = (self.sum + u64::from(tokens)).saturating_sub(self.most.max(tokens.into()));
        if over == 0 {
            return Ok(());
        }
        for (sent, _, tokens) in &self.window {
            over = over.saturating_sub(u64::from(*tokens));
            if over == 0 {
                return Err(*sent + WINDOW);
            }
        }
        Err(now + WINDOW)
    }

    fn reserve(&mut self, id: u64, tokens: u32, now: Duration) {
        self.window.push_back((now, id, tokens));
        self.sum += u64::from(tokens);
    }

    fn settle(&mut self, id: u64, used: u32) {
        // What ends was mostly sent lately.
        if let Some((_, _, tokens)) = self.window.iter_mut().rev().find(|(_, of, _)| *of == id) {
            self.sum = self.sum - u64::from(*tokens) + u64::from(used);
            *tokens = used;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some(n: u32) -> Option<NonZeroU32> {
        NonZeroU32::new(n)
    }

    proptest! {
        #[test]
        fn no_window_of_a_minute_holds_more_than_the_limits(
            limit in 1..200u32,
            burst in 1..20u32,
            token_limit in 500..5000u32,
            tries in prop::collection::vec((0..3000u64, 1..500u32, 0..100u32, 0..5usize), 1..600),
        ) {
            let mut limits = Limits::new(Rates {
                requests_per_minute: some(limit),
                burst: some(burst),
                tokens_per_minute: some(token_limit),
            });
            let mut now = Duration::ZERO;
            // By number: when it was sent, and the tokens that count for it by now.
            let mut sent: Vec<Option<(Duration, u32)>> = Vec::new();
            for (id, (gap, tokens, used, back)) in tries.into_iter().enumerate() {
                now += Duration::from_millis(gap);
                let taken = limits.take(id as u64, tokens, now);
                if let Err(at) = taken {
                    prop_assert!(at > now);
                }
                sent.push(taken.is_ok().then_some((now, tokens)));
                let window: Vec<(Duration, u32)> =
                    sent.iter().flatten().filter(|(at, _)| *at + WINDOW > now).copied().collect();
                prop_assert!(window.len() <= limit as usize);
                let sum: u32 = window.iter().map(|(_, tokens)| tokens).sum();
                prop_assert!(sum <= token_limit, "{sum} of {token_limit}");
                prop_assert!(window.iter().filter(|(at, _)| *at == now).count() <= burst as usize);
                let ended = id.saturating_sub(back);
                if let Some((_, tokens)) = &mut sent[ended] {
                    *tokens = used.min(*tokens);
                    limits.settle(ended as u64, *tokens);
                }
            }
        }
    }

    #[test]
    fn who_waits_as_told_gets_the_whole_rate() {
        let mut limits = Limits::new(Rates { requests_per_minute: some(120), ..Rates::default() });
        let mut now = Duration::ZERO;
        let mut sent = 0;
        while now < Duration::from_secs(600) {
            match limits.take(sent, 0, now) {
                Ok(()) => sent += 1,
                Err(at) => now = at,
            }
        }
        assert!((1199..=1201).contains(&sent), "ten minutes at 120 a minute, {sent} sent");
    }

    #[test]
    fn what_was_not_used_is_given_back() {
        let mut limits = Limits::new(Rates { tokens_per_minute: some(1000), ..Rates::default() });
        let s = Duration::from_secs;
        assert_eq!(limits.take(0, 600, s(0)), Ok(()));
        assert_eq!(limits.take(1, 600, s(1)), Err(s(60)));
        limits.settle(0, 100);
        assert_eq!(limits.take(1, 600, s(2)), Ok(()));
        assert_eq!(limits.take(2, 600, s(3)), Err(s(62)), "the first to leave frees too little");
        assert_eq!(limits.take(2, 400, s(60)), Ok(()));
    }
}
