//! How many places there were for requests, and which server was away, over time.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Worker;
use super::event::Request;
use crate::report::{Happened, count};
use crate::scheduler::Limit;

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

    /// How long ago it went, the last time.
    fn gone_for(&self, now: Timestamp) -> Duration {
        let lasted = self.since.map(|since| now.duration_since(since).unsigned_abs());
        lasted.unwrap_or_default()
    }
}

/// What places of a server are free for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Free {
    /// A limit a minute holds what waits.
    Held(Limit),
    /// The server asked to be sent nothing for a while.
    Asked,
    /// Nothing waits that it could take, and an endpoint of another model is still at work.
    Waits(usize),
    /// Nothing waits at all.
    Spare,
}

/// How long an endpoint is there before it is said that it waits for another most of the time.
const TELLING: Duration = Duration::from_secs(3);

impl Worker<'_> {
    /// Takes down which places are free from now on, and says of each limit once that it holds an endpoint.
    pub(super) fn note_free(&mut self) {
        self.free = (0..self.servers.len()).map(|endpoint| self.free_at(endpoint)).collect();
        for endpoint in 0..self.servers.len() {
            let server = &self.servers[endpoint];
            let Some(limit) = self.queues[server.model].held_by(server.index) else { continue };
            let config = &self.recipe.config.endpoints[endpoint];
            let (most, what) = match limit {
                Limit::Requests => (config.requests_per_minute, "request"),
                Limit::Tokens => (config.tokens_per_minute, "token"),
            };
            if self.said.insert((endpoint, limit.key())) {
                self.watcher.say(&format!(
                    "`{name}` is held to {} a minute (`endpoints.{name}.{}`)",
                    count(most.unwrap_or(0).into(), what),
                    limit.key(),
                    name = config.name
                ));
            }
        }
        self.say_who_waits();
    }

    /// Says once of an endpoint that it is idle for more than half of the time, since cells wait for another model.
    ///
    /// Asks that go out in turn are not asked ahead of one that is open: they would make no row before it is answered.
    fn say_who_waits(&mut self) {
        if !self.limits.is_limited() {
            return;
        }
        for (endpoint, did) in self.progress.endpoints.iter().enumerate() {
            let waits = did.free.iter().filter_map(|(why, lasted)| match why {
                Free::Waits(other) => Some((*lasted, *other)),
                Free::Held(_) | Free::Asked | Free::Spare => None,
            });
            let Some((lasted, other)) = waits.max() else { continue };
            let awaited = &self.servers[other];
            // What one that is gone is to answer keeps nobody from anything.
            let is_there = self.queues[awaited.model].is_there(awaited.index);
            // Of one that only judges or embeds, a weight lowers nothing.
            let is_weighed = self.recipe.config.endpoints[other].weight > 0.0;
            let is_told = is_there && is_weighed && did.there >= TELLING && lasted * 2 >= did.offered;
            if is_told && self.said.insert((endpoint, "waits")) {
                let name = |endpoint: usize| &self.recipe.config.endpoints[endpoint].name;
                self.watcher.say(&format!(
                    "`{}` waits for `{other}` most of the time, whose answers its cells need next: a lower \
                     `endpoints.{other}.weight` means fewer of them",
                    name(endpoint),
                    other = name(other)
                ));
            }
        }
    }

    fn free_at(&self, endpoint: usize) -> Option<(u32, Free)> {
        let server = &self.servers[endpoint];
        let queue = &self.queues[server.model];
        let places = queue.level(server.index).saturating_sub(queue.under_way_at(server.index));
        let why = match queue.held_by(server.index) {
            Some(limit) => Free::Held(limit),
            None if queue.is_put_off(server.index, self.now()) => Free::Asked,
            None if queue.waiting() == 0 => self.awaited(server.model).map_or(Free::Spare, Free::Waits),
            None => return None,
        };
        (places > 0).then_some((places, why))
    }

    /// The endpoint of another model that is waited for: one that a limit holds, else the one with most under way.
    fn awaited(&self, model: usize) -> Option<usize> {
        let at_work = self.servers.iter().enumerate().filter_map(|(endpoint, server)| {
            let queue = &self.queues[server.model];
            let under_way = queue.under_way_at(server.index);
            let is_meant = server.model != model && (under_way > 0 || queue.waiting() > 0);
            is_meant.then(|| (queue.held_by(server.index).is_some(), under_way, endpoint))
        });
        at_work
            .max_by_key(|(held, under_way, endpoint)| (*held, *under_way, Reverse(*endpoint)))
            .map(|most| most.2)
    }

    /// Counts the places of the time since the last call: as many as each server was given then.
    ///
    /// What one tries for a while counts for that while only, and a server that is away, and a run that is
    /// to end, or was paused, offers nothing.
    pub(super) fn measure(&mut self) {
        let now = Instant::now();
        let since = now - std::mem::replace(&mut self.measured, now);
        let passed = if self.paused { Duration::ZERO } else { since };
        self.progress.paused += since - passed;
        if self.is_deserted {
            self.progress.deserted += passed;
        }
        // What a run that ends does not try is not seen to be back.
        if self.is_over() {
            for did in self.progress.endpoints.iter_mut().filter(|did| did.away.is_now) {
                did.away.lasted += passed;
            }
            return;
        }
        let by_endpoint = self.servers.iter_mut().zip(&mut self.progress.endpoints);
        for (endpoint, (server, did)) in by_endpoint.enumerate() {
            let queue = &self.queues[server.model];
            // One that is to be tried again is back once it has answered.
            let is_there = queue.is_there(server.index) && !(did.away.is_now && server.was_gone);
            let at = Timestamp::now();
            did.away.seen(is_there, passed, at);
            let state = match queue.state(server.index) {
                "there" if !is_there => server.state,
                state => state,
            };
            if !is_there {
                server.gone_since.get_or_insert(now);
            }
            if std::mem::replace(&mut server.state, state) != state {
                let endpoint = &self.recipe.config.endpoints[endpoint].name;
                let error = server.last_error();
                self.watcher.happened(&match state {
                    "there" => Happened::Back { endpoint, after: did.away.gone_for(at) },
                    "aside" => Happened::Aside { endpoint, error },
                    _ => Happened::Away { endpoint, error },
                });
            }
            if is_there && !self.paused {
                did.there += since;
                did.offered += since * queue.level(server.index);
                if let Some((places, why)) = self.free.get(endpoint).copied().flatten() {
                    *did.free.entry(why).or_default() += since * places;
                }
            }
        }
        self.is_deserted = self.is_deserted();
    }

    /// Whether something waits, and none of the servers that are there has anything to do.
    fn is_deserted(&self) -> bool {
        let is_away = |endpoint: usize| self.progress.endpoints[endpoint].away.is_now;
        let of = |endpoint: usize| (&self.queues[self.servers[endpoint].model], self.servers[endpoint].index);
        let asked = |endpoint: usize| {
            let (queue, index) = of(endpoint);
            !is_away(endpoint) && (queue.waiting() > 0 || queue.under_way_at(index) > 0)
        };
        (0..self.servers.len()).any(is_away) && !(0..self.servers.len()).any(asked)
    }

    /// A request is over that a server took.
    pub(super) fn was_at_work(&mut self, endpoint: usize, send: &Request) {
        let now = Instant::now();
        self.servers[endpoint].heard = now;
        self.progress.endpoints[endpoint].busy += now - send.sent;
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
