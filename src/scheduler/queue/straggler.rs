//! Requests that take far too long.

use std::time::Duration;

use super::{CostOf, Next, Queue, Room, Spot, Ticket, UnderWay, Waiting};

/// A straggler takes `Policy::hedge` times as long as nine in ten of its kind do, and at least this.
const LEAST: Duration = Duration::from_secs(5);

impl<T: Clone> Queue<T> {
    /// By kind: how long is far too long, where enough were answered to tell.
    fn far(&self) -> Vec<Option<Duration>> {
        let far = |kind| Some((self.took.usual(kind)? * self.policy.hedge).max(LEAST));
        (0..self.took.kinds()).map(far).collect()
    }

    /// Whether nothing is done about what takes too long.
    fn is_patient(&self) -> bool {
        self.held.is_some() || self.policy.hedge == 0
    }

    /// Requests under way, each with when it has taken far too long since a time of its own.
    fn overdue(
        &self,
        since: impl Fn(&UnderWay<T>) -> Duration,
    ) -> impl Iterator<Item = (Duration, Ticket, &UnderWay<T>)> {
        let far = self.far();
        self.under_way.iter().filter_map(move |(ticket, under_way)| {
            let far = far.get((self.kind)(&under_way.work)).copied().flatten()?;
            Some((since(under_way) + far, *ticket, under_way))
        })
    }

    /// With nothing left to send: the request that takes far too long, a second time.
    pub(super) fn tail(&mut self, now: Duration, cost: &mut CostOf<'_, T>) -> Option<Next<T>> {
        if self.is_patient() {
            return None;
        }
        let (at, first, oldest) = self
            .overdue(|under_way| under_way.sent)
            .filter(|(_, _, of)| !of.hedged && !of.alone && !self.is_closed(&of.work))
            .min_by_key(|(at, ticket, _)| (*at, *ticket))?;
        let from = oldest.spot.server;
        let may_hedge = |server: &usize| {
            let other = &self.servers[*server];
            let refused = oldest.history.refused_by(*server);
            let allowed = !refused && (*server != from || other.settings.may_hedge);
            allowed && other.is_there() && matches!(self.room(*server, now), Room::Free(_))
        };
        let server = (0..self.servers.len()).filter(may_hedge).max_by_key(|server| *server != from)?;
        if now < at {
            return Some(Next::Wait(at, Waiting::Tail));
        }
        let cost = cost(&oldest.work, server)?;
        let (work, mut history) = (oldest.work.clone(), oldest.history.clone());
        history.sent(server, self.servers[server].evidence.successes);
        let place = self.servers[server].free_place()?;
        self.next_ticket += 1;
        let twin = Ticket(self.next_ticket);
        if let Err(at) = self.servers[server].limits.take(twin.0, cost, now) {
            return Some(Next::Wait(at, Waiting::Rate { server }));
        }
        let spot = Spot { server, place };
        self.occupy(twin, spot);
        let straggler = self.under_way.get_mut(&first)?;
        (straggler.twin, straggler.hedged) = (Some(twin), true);
        let second =
            UnderWay { twin: Some(first), hedged: true, ..UnderWay::new(work.clone(), history, now, spot) };
        self.under_way.insert(twin, second);
        Some(Next::Start(twin, work, spot))
    }

    /// Where a request hangs whose second this is.
    pub fn second_of(&self, ticket: Ticket) -> Option<Spot> {
        let first = self.under_way.get(&ticket)?.twin.filter(|first| *first < ticket)?;
        Some(self.under_way.get(&first)?.spot)
    }

    /// The request that takes far too long at a server that is sent nothing twice, and tells what it works on; and from
    /// when on that is to be looked at.
    pub fn straggler(&self) -> Option<(Duration, Ticket)> {
        if self.is_patient() {
            return None;
        }
        let late = self
            .overdue(|under_way| under_way.heard)
            .filter(|(_, _, of)| !of.looked_at && !self.servers[of.spot.server].settings.may_hedge);
        late.map(|(at, ticket, _)| (at, ticket)).min()
    }

    /// It is being looked at whether its server works on a request.
    pub fn looks_at(&mut self, ticket: Ticket) {
        if let Some(under_way) = self.under_way.get_mut(&ticket) {
            under_way.looked_at = true;
        }
    }

    /// Its server works on a request, as far as one can tell: it is given as long again.
    pub fn is_worked_on(&mut self, ticket: Ticket, now: Duration) {
        if let Some(under_way) = self.under_way.get_mut(&ticket) {
            (under_way.looked_at, under_way.heard) = (false, now);
        }
    }
}
