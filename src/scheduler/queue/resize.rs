//! Another number of requests at a time for a server.

use std::collections::VecDeque;

use super::Queue;
use crate::scheduler::server::{Place, Server};
use crate::scheduler::steer::Steer;

impl<T: Clone> Queue<T> {
    /// How many at a time were found to be best on a server, if any other number was tried.
    pub fn found(&self, server: usize) -> Option<u32> {
        self.servers.get(server)?.steer.found()
    }

    /// Requests at a time for a server, from now on, within its places; it is not steered any more. Says how
    /// many there are now.
    pub fn set_level(&mut self, server: usize, level: u32) -> u32 {
        let Some(server) = self.servers.get_mut(server) else { return 0 };
        server.told = Some(level);
        server.resize(server.settings.places, None);
        server.level()
    }

    /// A server takes so many requests at a time at the most from now on. What was found out about its best number holds
    /// no more; what it was told does, within that.
    pub fn resize(&mut self, server: usize, places: u32, steer: Option<(u32, u32)>) {
        if let Some(server) = self.servers.get_mut(server) {
            server.resize(places, steer);
        }
    }
}

impl<T> Server<T> {
    /// Takes so many at a time at the most, beginning at the second of `steer` and going down to the first.
    pub fn resize(&mut self, places: u32, steer: Option<(u32, u32)>) {
        let most = places.max(1);
        // Those that there are too many of end what is under way there, and what waits there goes to others: with fewer
        // at a time the first that is free is one of the first.
        let more = (self.places.len()..most as usize).map(|_| Place {
            items: VecDeque::new(),
            busy: None,
            resting: false,
        });
        self.places.extend(more);
        self.settings.places = most;
        self.crowd = most;
        self.steer = match (self.told, steer) {
            (Some(level), _) => {
                let level = level.clamp(1, most);
                Steer::new(level, level, level)
            }
            (None, Some((least, first))) => Steer::new(least.clamp(1, most), most, first),
            (None, None) => Steer::new(most, most, most),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::scheduler::{Next, Policy, Queue, Rates, ServerSettings, Ticket};

    /// Sends all that may be under way; the places that it went to.
    fn fill(queue: &mut Queue<u32>, tickets: &mut Vec<Ticket>) -> Vec<usize> {
        let mut at = Vec::new();
        while let Next::Start(ticket, _, spot) = queue.next(Duration::ZERO) {
            tickets.push(ticket);
            at.push(spot.place);
        }
        at
    }

    #[test]
    fn a_server_gets_as_many_as_it_takes_now_and_no_item_is_left_behind() {
        let settings = ServerSettings {
            places: 2,
            steer: Some((1, 2)),
            rates: Rates::default(),
            patience: Duration::from_secs(900),
            proven: true,
            may_hedge: false,
        };
        let mut queue = Queue::new(Policy::default(), vec![settings]);
        queue.push(0..40);
        let mut tickets = Vec::new();
        assert_eq!(fill(&mut queue, &mut tickets), [0, 1]);
        queue.resize(0, 8, Some((1, 8)));
        assert_eq!(fill(&mut queue, &mut tickets), [2, 3, 4, 5, 6, 7]);
        queue.resize(0, 3, Some((1, 3)));
        for ticket in tickets.drain(..6) {
            queue.done(ticket, None, 1, Duration::ZERO);
        }
        // Two of the places that there are too many of are still at work.
        assert_eq!(fill(&mut queue, &mut tickets), [0]);
        // What it was told it keeps to.
        assert_eq!(queue.set_level(0, 2), 2);
        queue.resize(0, 8, Some((1, 8)));
        assert_eq!(queue.level(0), 2);
        let mut done = 6;
        while let Some(ticket) = tickets.pop() {
            queue.done(ticket, None, 1, Duration::ZERO);
            done += 1;
            assert!(fill(&mut queue, &mut tickets).iter().all(|place| *place < 2));
        }
        assert_eq!((done, queue.waiting()), (40, 0));
    }
}
