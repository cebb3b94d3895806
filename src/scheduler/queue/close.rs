//! Kinds of requests of which no more are begun.

use std::cmp::Reverse;

use super::{Item, Queue};

impl<T: Clone> Queue<T> {
    /// Begins no more of a kind: what waits of it is forgotten, and what is under way of it is not tried again.
    /// Says whether anything waited.
    pub fn close(&mut self, kind: usize) -> bool {
        if self.is_closed_kind(kind) {
            return false;
        }
        self.closed.push(kind);
        let before = self.waiting();
        let of = self.kind;
        let stays = |item: &Item<T>| of(&item.work) != kind;
        for place in self.servers.iter_mut().flat_map(|server| &mut server.places) {
            place.items.retain(stays);
        }
        self.stretches.iter_mut().for_each(|(_, items)| items.retain(stays));
        self.stretches.retain(|(_, items)| !items.is_empty());
        self.first.retain(stays);
        self.again.retain(stays);
        self.delayed_items.retain(|_, item| stays(item));
        let delayed = &self.delayed_items;
        self.delayed.retain(|Reverse((_, ticket))| delayed.contains_key(ticket));
        self.ready = self.waiting_items().count() - self.delayed_items.len();
        self.waiting() < before
    }

    /// Which items are of a kind that is still begun.
    pub(super) fn begun(&self) -> impl Fn(&T) -> bool + use<T> {
        let (kind, closed) = (self.kind, self.closed.clone());
        move |work| closed.is_empty() || !closed.contains(&kind(work))
    }

    fn is_closed_kind(&self, kind: usize) -> bool {
        self.closed.contains(&kind)
    }

    /// Whether no more of an item's kind are begun.
    pub(super) fn is_closed(&self, work: &T) -> bool {
        !self.closed.is_empty() && self.is_closed_kind((self.kind)(work))
    }
}
