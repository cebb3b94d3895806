//! Which item goes where next.

use std::collections::VecDeque;
use std::time::Duration;

use super::{
    CostOf, Item, Next, OTHERS_FIRST, Queue, Room, STRAGGLER_LEAST, Spot, Ticket, UnderWay, Waiting,
};
use crate::scheduler::fault::History;
use crate::scheduler::server::Circuit;

impl<T: Clone> Queue<T> {
    /// Adds items behind those that wait, alike ones beside each other.
    pub fn push(&mut self, stretch: impl IntoIterator<Item = T>) {
        let begun = self.begun();
        let items: VecDeque<Item<T>> = self.items(stretch.into_iter().filter(begun)).collect();
        if !items.is_empty() {
            self.ready += items.len();
            self.stretches.push_back((items.len(), items));
        }
    }

    /// Adds items before all that nobody has begun: they go out as soon as a place is free.
    pub fn push_first(&mut self, items: impl IntoIterator<Item = T>) {
        let begun = self.begun();
        let items: Vec<Item<T>> = self.items(items.into_iter().filter(begun)).collect();
        self.ready += items.len();
        self.first.extend(items);
    }

    fn items(&mut self, work: impl IntoIterator<Item = T>) -> impl Iterator<Item = Item<T>> {
        work.into_iter().map(|work| {
            self.next_ticket += 1;
            Item { ticket: Ticket(self.next_ticket), work, history: History::default() }
        })
    }

    /// The next item for a spot: one that failed before, else one that goes first, else on in its own stretch, else a part of
    /// one that nobody began, else half of the longest that another place has.
    pub(super) fn take(&mut self, spot: Spot) -> Option<Item<T>> {
        let suspect = |item: &Item<T>| item.history.killed > 0 && self.may_go(item, spot.server);
        if let Some(at) = self.again.iter().position(suspect) {
            return self.again.remove(at);
        }
        // One that keeps failing must neither hold up the others nor starve.
        let turn = self.fresh_starts >= OTHERS_FIRST || self.ready == self.again.len();
        let fits = |item: &Item<T>| self.may_go(item, spot.server);
        if turn && let Some(at) = self.again.iter().position(fits) {
            self.fresh_starts = 0;
            return self.again.remove(at);
        }
        self.fresh_starts += 1;
        if let Some(item) = self.first.pop_front() {
            return Some(item);
        }
        let own = &mut self.servers[spot.server].places[spot.place].items;
        if let Some(item) = own.pop_front() {
            return Some(item);
        }
        if self.policy.in_turn
            && let Some(stolen) = self.steal()
        {
            return self.begin(spot, stolen);
        }
        let places = self.places();
        let (length, items) = match self.stretches.front_mut() {
            Some((length, items)) => (*length, items),
            None => {
                let stolen = self.steal()?;
                return self.begin(spot, stolen);
            }
        };
        let part = length.div_ceil(places).max(1).min(items.len());
        let begun = items.drain(..part).collect();
        if items.is_empty() {
            self.stretches.pop_front();
        }
        self.begin(spot, begun)
    }

    fn begin(&mut self, spot: Spot, mut items: VecDeque<Item<T>>) -> Option<Item<T>> {
        let first = items.pop_front();
        self.servers[spot.server].places[spot.place].items = items;
        first
    }

    fn steal(&mut self) -> Option<VecDeque<Item<T>>> {
        let places = self.servers.iter_mut().flat_map(|server| &mut server.places);
        let longest = places.max_by_key(|place| place.items.len())?;
        let keep = match (longest.items.len(), longest.busy) {
            (0, _) => return None,
            // Nobody goes on with it.
            (_, None) => 0,
            (length, Some(_)) => length / 2,
        };
        Some(longest.items.split_off(keep))
    }

    /// Whether an item that failed may go to this server: not where it was refused, and rather to
    /// another than where it broke.
    fn may_go(&self, item: &Item<T>, server: usize) -> bool {
        let history = &item.history;
        if history.refused_by(server) {
            return !self.others(server).any(|other| !history.refused_by(other));
        }
        let well = |other: usize| self.servers[other].is_there() && !history.refused_by(other);
        history.broke_last_at != Some(server) || !self.others(server).any(well)
    }

    /// The other servers that an item could go to, now or later.
    pub(super) fn others(&self, server: usize) -> impl Iterator<Item = usize> {
        let usable = move |index: &usize| *index != server && self.servers[*index].circuit != Circuit::Aside;
        (0..self.servers.len()).filter(usable)
    }

    /// With nothing left to send: the request that takes far too long, a second time.
    pub(super) fn tail(&mut self, now: Duration, cost: &mut CostOf<'_, T>) -> Option<Next<T>> {
        if self.held.is_some() || self.policy.hedge == 0 {
            return None;
        }
        // By kind: what is far too long.
        let far: Vec<Option<Duration>> = (0..self.took.kinds())
            .map(|kind| Some((self.took.usual(kind)? * self.policy.hedge).max(STRAGGLER_LEAST)))
            .collect();
        let due = |under_way: &UnderWay<T>| {
            let far = far.get((self.kind)(&under_way.work)).copied().flatten()?;
            Some(under_way.sent + far)
        };
        let (at, ticket, oldest) = self
            .under_way
            .iter()
            .filter(|(_, under_way)| {
                !under_way.hedged && !under_way.alone && !self.is_closed(&under_way.work)
            })
            .filter_map(|(ticket, under_way)| Some((due(under_way)?, ticket, under_way)))
            .min_by_key(|(at, ticket, _)| (*at, **ticket))?;
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
        let (first, work, mut history) = (*ticket, oldest.work.clone(), oldest.history.clone());
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
        let (twin_of, hedged) = (Some(first), true);
        let under_way =
            UnderWay { work: work.clone(), history, sent: now, spot, twin: twin_of, hedged, alone: false };
        self.under_way.insert(twin, under_way);
        Some(Next::Start(twin, work, spot))
    }
}
