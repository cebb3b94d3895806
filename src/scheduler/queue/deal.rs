//! Which item goes where next.

use std::collections::VecDeque;

use super::{Item, OTHERS_FIRST, Queue, Spot, Ticket};
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
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scheduler::{Fault, FaultKind, Next, Policy, Rates, ServerSettings};

    /// What one server asks to be waited for too long is for another alone, also where that has no room for it just now.
    #[test]
    fn what_is_to_go_elsewhere_is_not_taken_back() {
        for at in 0..2 {
            let settings = ServerSettings {
                places: 1,
                steer: None,
                rates: Rates::default(),
                patience: Duration::from_secs(900),
                proven: true,
                may_hedge: false,
            };
            let mut queue = Queue::new(Policy::default(), vec![settings; 2]);
            let now = Duration::from_secs(1);
            for _ in 0..20 {
                queue.push([0, 0]);
                let tickets = [queue.next(now), queue.next(now)].map(|next| match next {
                    Next::Start(ticket, ..) => ticket,
                    other => panic!("both have a place free: {other:?}"),
                });
                for ticket in tickets {
                    queue.done(ticket, None, 1, now);
                }
            }
            queue.push([1]);
            let only = |server| move |_: &i32, of: usize| (of == server).then_some(0);
            let Next::Start(ticket, 1, spot) = queue.next_fitting(now, &mut only(at)) else {
                panic!("it may go")
            };
            assert_eq!(spot.server, at);
            let hours = Fault { kind: FaultKind::Limited, retry_after: Some(Duration::from_secs(7200)) };
            queue.failed(ticket, &hours, now);
            for _ in 0..3 {
                assert_eq!(queue.next_fitting(now, &mut only(at)), Next::Busy, "it was sent back to {at}");
            }
            assert!(matches!(queue.next(now), Next::Start(_, 1, spot) if spot.server != at));
        }
    }
}
