//! A server's limits a minute: what is sent to it within a run, and outside of any.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::address::address;
use crate::config::Config;
use crate::config::resolved::Endpoint;
use crate::scheduler::{Limit, Limits, Rates};
use crate::store::{Sent, StoreDir};

/// How soon a turn that another process has is asked for again.
const TURN: Duration = Duration::from_millis(20);

/// What an endpoint may be sent.
pub(super) fn rates(endpoint: &Endpoint) -> Rates {
    Rates {
        requests_per_minute: endpoint.requests_per_minute.and_then(NonZeroU32::new),
        burst: NonZeroU32::new(endpoint.burst),
        tokens_per_minute: endpoint.tokens_per_minute.and_then(NonZeroU32::new),
    }
}

/// What is sent to an endpoint by whichever process. Where that cannot be kept, its limits are those of this one.
pub(super) fn sent(dir: &StoreDir, endpoint: &Endpoint) -> Option<Sent> {
    let opened = Sent::open(dir, &address(endpoint));
    opened
        .inspect_err(
            |error| tracing::warn!(endpoint = endpoint.name, %error, "cannot tell what other runs send"),
        )
        .ok()
}

/// Keeps one endpoint to its limits a minute outside of a run, together with the runs that ask it meanwhile.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    most: Option<NonZeroU32>,
    sent: Option<Sent>,
    began: Instant,
    next: u64,
}

impl Limiter {
    /// `None` where the endpoint has no limits.
    pub fn of(config: &Config, endpoint: &Endpoint) -> Option<Self> {
        let rates = rates(endpoint);
        rates.is_limited().then(|| Self {
            limits: Limits::new(rates),
            most: rates.tokens_per_minute,
            sent: sent(&StoreDir::new(config.project.store()), endpoint),
            began: Instant::now(),
            next: 0,
        })
    }

    /// Takes leave to send one request of at most `tokens` now; it is settled under the number that this returns.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub fn take(&mut self, tokens: u64) -> Result<u64, Duration> {
        // More than a minute allows is sent when nothing else was.
        let most = self.most.map_or(u32::MAX, NonZeroU32::get);
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX).min(most);
        let now = self.began.elapsed();
        let turn = match self.sent.as_ref().map(Sent::turn) {
            Some(Ok(None)) => return Err(TURN),
            Some(Ok(turn)) => turn,
            // Where nothing can be locked or kept, it keeps to its limits as far as it hears of others.
            Some(Err(_)) | None => None,
        };
        for noted in self.sent.as_mut().and_then(|sent| sent.of_others().ok()).unwrap_or_default() {
            match noted.used {
                true => self.limits.settle(noted.id, noted.tokens),
                false => self.limits.note(noted.id, noted.tokens, noted.ago, now),
            }
        }
        let id = self.next;
        self.limits
            .take(id, tokens, now)
            .map_err(|at| at.saturating_sub(now).max(Duration::from_millis(1)))?;
        self.next += 1;
        self.note(id, tokens, false);
        drop(turn);
        Ok(id)
    }

    /// Gives back what a request did not use.
    pub fn settle(&mut self, id: u64, used: u64) {
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        self.limits.settle(id, used);
        self.note(id, used, true);
    }

    /// Which limit held the last request.
    pub fn holds(&self) -> Option<Limit> {
        self.limits.holds()
    }

    fn note(&mut self, id: u64, tokens: u32, used: bool) {
        if let Some(sent) = &mut self.sent {
            // On a full disk others hear nothing of it.
            let _ = sent.note(id, tokens, used);
        }
    }
}
