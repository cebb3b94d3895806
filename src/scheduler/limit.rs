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

/// How long what was sent counts: a minute, and a little for what the way to the server takes longer for one
/// request than for another.
const WINDOW: Duration = Duration::from_millis(60_250);

/// What one server may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Never more requests than this in any 60 seconds.
    pub requests_per_minute: Option<NonZeroU32>,
    /// So many of them may go out at once; the rest is spread evenly, over what requests used so far.
    pub burst: Option<NonZeroU32>,
    /// Never more tokens than this in any 60 seconds: what a request may cost at most is reserved
    /// when it is sent, and what it did not use is given back.
    pub tokens_per_minute: Option<NonZeroU32>,
}

impl Rates {
    /// Whether there is any limit.
    pub fn is_limited(self) -> bool {
        self.requests_per_minute.is_some() || self.tokens_per_minute.is_some()
    }
}

/// Which limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    Requests,
    Tokens,
}

impl Limit {
    /// As configs name it.
    pub fn key(self) -> &'static str {
        match self {
            Limit::Requests => "requests_per_minute",
            Limit::Tokens => "tokens_per_minute",
        }
    }
}

/// Limits of one server on requests and tokens a minute.
#[derive(Debug, Default)]
pub struct Limits {
    /// What the last request had to wait for.
    holds: Option<Limit>,
    requests: Option<RequestLimit>,
    tokens: Option<TokenLimit>,
}

impl Limits {
    pub fn new(rates: Rates) -> Self {
        let burst = rates.burst.unwrap_or(NonZeroU32::MIN);
        Self {
            holds: None,
            requests: rates.requests_per_minute.map(|limit| RequestLimit::new(limit, burst)),
            tokens: rates.tokens_per_minute.map(|limit| TokenLimit::new(limit, burst)),
        }
    }

    /// Counts what others sent so long ago, under a number that is none of ours.
    pub fn note(&mut self, id: u64, tokens: u32, ago: Duration, now: Duration) {
        let Some(left) = WINDOW.checked_sub(ago).filter(|left| !left.is_zero()) else { return };
        if let Some(limit) = &mut self.requests {
            limit.note(now + left);
        }
        if let Some(limit) = &mut self.tokens {
            limit.note(id, tokens, now + left);
        }
    }

    /// Takes leave to send one request of at most `tokens` now, under the number `id`.
    ///
    /// # Errors
    /// The time at which to ask again; nothing is taken then.
    pub fn take(&mut self, id: u64, tokens: u32, now: Duration) -> Result<(), Duration> {
        self.holds = Some(Limit::Tokens);
        if let Some(limit) = &mut self.tokens {
            limit.fits(tokens, now)?;
        }
        self.holds = Some(Limit::Requests);
        if let Some(limit) = &mut self.requests {
            limit.take(now)?;
        }
        self.holds = None;
        if let Some(limit) = &mut self.tokens {
            limit.reserve(id, tokens, now);
        }
        Ok(())
    }

    /// Which limit held the last request that wanted to be sent; `None` where it was sent.
    pub fn holds(&self) -> Option<Limit> {
        self.holds
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
/// windows; so what was sent in the last minute is kept beside it.
#[derive(Debug)]
struct RequestLimit {
    pace: RateLimiter<NotKeyed, InMemoryState, ToldClock, NoOpMiddleware<Duration>>,
    clock: ToldClock,
    most: usize,
    /// Until when each request counts, in order.
    until: VecDeque<Duration>,
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
            until: VecDeque::new(),
        }
    }

    fn take(&mut self, now: Duration) -> Result<(), Duration> {
        while self.until.front().is_some_and(|until| *until <= now) {
            self.until.pop_front();
        }
        // As many as there are too many have to go first.
        if let Some(over) = (self.until.len() + 1).checked_sub(self.most).filter(|over| *over > 0) {
            return Err(self.until[over - 1]);
        }
        self.clock.0.store(now.as_nanos() as u64, Ordering::Relaxed);
        self.pace.check().map_err(|not_yet| now + not_yet.wait_time_from(now))?;
        self.until.push_back(now + WINDOW);
        Ok(())
    }

    fn note(&mut self, until: Duration) {
        let at = self.until.partition_point(|other| *other <= until);
        self.until.insert(at, until);
    }
}

/// A limit on tokens a minute, over a sliding window of what was reserved and then used.
///
/// Requests are spaced by what they used on the average so far, not by what they reserve: that is many times as much,
/// and would leave most of the limit unused.
#[derive(Debug)]
struct TokenLimit {
    most: u64,
    burst: u32,
    window: VecDeque<Sent>,
    sum: u64,
    /// When as much was sent as the limit lets through evenly.
    even: Duration,
    used: u64,
    used_by: u64,
}

/// What was sent and counts.
#[derive(Debug, Clone, Copy)]
struct Sent {
    until: Duration,
    id: u64,
    tokens: u32,
}

impl TokenLimit {
    fn new(limit: NonZeroU32, burst: NonZeroU32) -> Self {
        Self {
            most: limit.get().into(),
            burst: burst.get(),
            window: VecDeque::new(),
            sum: 0,
            even: Duration::ZERO,
            used: 0,
            used_by: 0,
        }
    }

    /// Whether so many more fit now; else the time at which they will, if nothing is given back before.
    fn fits(&mut self, tokens: u32, now: Duration) -> Result<(), Duration> {
        while let Some(sent) = self.window.front().filter(|sent| sent.until <= now) {
            self.sum -= u64::from(sent.tokens);
            self.window.pop_front();
        }
        // One that is larger than the whole limit is refused by the config; should its estimate grow
        // past it, it goes alone.
        let mut over = (self.sum + u64::from(tokens)).saturating_sub(self.most.max(tokens.into()));
        if over == 0 {
            let ahead = self.space(tokens) * (self.burst - 1);
            return if self.even <= now + ahead { Ok(()) } else { Err(self.even - ahead) };
        }
        for sent in &self.window {
            over = over.saturating_sub(u64::from(sent.tokens));
            if over == 0 {
                return Err(sent.until);
            }
        }
        Err(now + WINDOW)
    }

    /// The time from one request to the next, of which one reserves so many tokens.
    fn space(&self, tokens: u32) -> Duration {
        let expected =
            if self.used_by == 0 { f64::from(tokens) } else { self.used as f64 / self.used_by as f64 };
        WINDOW.mul_f64((expected / self.most as f64).min(1.0))
    }

    fn reserve(&mut self, id: u64, tokens: u32, now: Duration) {
        self.even = self.even.max(now) + self.space(tokens);
        self.window.push_back(Sent { until: now + WINDOW, id, tokens });
        self.sum += u64::from(tokens);
    }

    fn settle(&mut self, id: u64, used: u32) {
        // What ends was mostly sent lately.
        let Some(sent) = self.window.iter_mut().rev().find(|sent| sent.id == id) else { return };
        self.sum = self.sum - u64::from(sent.tokens) + u64::from(used);
        if self.used_by == 0 {
            // What was spaced by a reservation is put right with the first that is known.
            let given_back = sent.tokens.saturating_sub(used);
            self.even = self.even.saturating_sub(WINDOW.mul_f64(f64::from(given_back) / self.most as f64));
        }
        sent.tokens = used;
        self.used += u64::from(used);
        self.used_by += 1;
    }

    fn note(&mut self, id: u64, tokens: u32, until: Duration) {
        let at = self.window.partition_point(|other| other.until <= until);
        self.window.insert(at, Sent { until, id, tokens });
        self.sum += u64::from(tokens);
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
        let expected = (600.0 / WINDOW.as_secs_f64() * 120.0) as u64;
        assert!((expected..=expected + 1).contains(&sent), "ten minutes at 120 a minute, {sent} sent");
    }

    #[test]
    fn tokens_that_are_used_are_spread_over_the_minute() {
        let mut limits = Limits::new(Rates { tokens_per_minute: some(6000), ..Rates::default() });
        // Each reserves 550 tokens, takes two seconds, and uses 150: with one under way, 34 fit into a minute.
        let (mut now, mut sent, mut ends) = (Duration::ZERO, Vec::new(), VecDeque::new());
        while now < Duration::from_secs(600) {
            while let Some((_, id)) = ends.front().copied().filter(|(at, _)| *at <= now) {
                limits.settle(id, 150);
                ends.pop_front();
            }
            let id = sent.len() as u64;
            if limits.take(id, 550, now).is_ok() {
                sent.push(now);
                ends.push_back((now + Duration::from_secs(2), id));
            }
            now += Duration::from_millis(10);
        }
        let in_seconds =
            |from: u64, to: u64| sent.iter().filter(|at| (from..to).contains(&at.as_secs())).count();
        assert!((335..=350).contains(&in_seconds(0, 600)), "{} in ten minutes", in_seconds(0, 600));
        let most = (10..590).map(|from| in_seconds(from, from + 10)).max();
        assert!(most <= Some(8), "{most:?} in ten seconds");
    }

    #[test]
    fn what_others_sent_counts_as_our_own() {
        let s = Duration::from_secs;
        let rates = Rates { requests_per_minute: some(3), burst: some(3), tokens_per_minute: some(1000) };
        let mut limits = Limits::new(rates);
        limits.note(u64::MAX, 100, s(61), s(5));
        limits.note(u64::MAX - 1, 100, s(20), s(5));
        limits.note(u64::MAX - 2, 100, s(50), s(5));
        assert_eq!(limits.take(0, 0, s(5)), Ok(()));
        let until = s(5) + WINDOW - s(50);
        assert_eq!(limits.holds(), None);
        assert_eq!(limits.take(1, 0, s(6)), Err(until), "the one that was sent first");
        assert_eq!(limits.holds(), Some(Limit::Requests));
        assert_eq!(limits.take(1, 950, until), Err(s(5) + WINDOW - s(20)));
        assert_eq!(limits.holds(), Some(Limit::Tokens));
        limits.settle(u64::MAX - 1, 10);
        assert_eq!(limits.take(1, 950, until), Ok(()));
    }

    #[test]
    fn what_was_not_used_is_given_back() {
        let rates = Rates { tokens_per_minute: some(1000), burst: some(9), ..Rates::default() };
        let mut limits = Limits::new(rates);
        let s = Duration::from_secs;
        assert_eq!(limits.take(0, 600, s(0)), Ok(()));
        assert_eq!(limits.take(1, 600, s(1)), Err(WINDOW));
        limits.settle(0, 100);
        assert_eq!(limits.take(1, 600, s(2)), Ok(()));
        assert_eq!(limits.take(2, 600, s(3)), Err(s(2) + WINDOW), "the first to leave frees too little");
        assert_eq!(limits.take(2, 400, WINDOW), Ok(()));
    }
}
