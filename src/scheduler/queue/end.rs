//! What becomes of items as their requests end.

use std::cmp::Reverse;
use std::time::Duration;

use super::{After, Ended, Item, Proof, Queue, Spot, Ticket, UnderWay};
use crate::scheduler::fault::{Decision, Fault, FaultKind, GiveUp, History, MANY_REFUSED, decide};
use crate::scheduler::server::Circuit;

impl<T: Clone> Queue<T> {
    /// An item went through, and used some tokens, of which some were written by the model.
    pub fn done(&mut self, ticket: Ticket, used: Option<u32>, work: u64, now: Duration) -> Ended {
        let saturated = self.ready > 0;
        let Some(ended) = self.end(ticket) else { return Ended::default() };
        self.took.push((self.kind)(&ended.work), now.saturating_sub(ended.sent));
        let server = &mut self.servers[ended.spot.server];
        if let Some(used) = used {
            server.limits.settle(ticket.0, used);
        }
        Ended { twin: ended.twin, step: server.succeeded(work.max(1), saturated, now) }
    }

    /// The server over whose failures a request that went through before should decide, if its limits
    /// let one more go out now. Nothing else goes to it until `proven` says.
    pub fn wants_proof(&mut self, now: Duration) -> Option<usize> {
        let server = self.wants_proof?;
        self.next_ticket += 1;
        self.servers[server].limits.take(self.next_ticket, self.cost, now).ok()?;
        self.servers[server].proving = true;
        self.wants_proof.take()
    }

    /// What came of sending a request again that went through before.
    pub fn proven(&mut self, server: usize, proof: Proof) {
        let Some(server) = self.servers.get_mut(server) else { return };
        server.proving = false;
        match proof {
            Proof::Well => {
                server.evidence.successes += 1;
                server.evidence.streak = 0;
                server.evidence.broken_items = 0;
                server.evidence.refused_items = 0;
                server.evidence.disproved = false;
                server.is_well();
            }
            Proof::Refused => server.evidence.disproved = true,
            Proof::None => {}
        }
    }

    /// Whether a request is under way alone since its server died over it once: should it do so again, that is its fault.
    pub fn is_suspect(&self, ticket: Ticket) -> bool {
        let alone = self.under_way.get(&ticket).filter(|under_way| under_way.alone);
        alone.is_some_and(|alone| self.servers[alone.spot.server].evidence.proven)
    }

    /// An item was given up from outside, such as at an interrupt.
    pub fn dropped(&mut self, ticket: Ticket) {
        if let Some(ended) = self.end(ticket) {
            self.servers[ended.spot.server].end_probe(ticket);
        }
    }

    /// An item failed; says what becomes of it.
    pub fn failed(&mut self, ticket: Ticket, fault: &Fault, now: Duration) -> After<T> {
        let Some(mut failed) = self.end(ticket) else { return After::Again };
        let spot = failed.spot;
        let probing = self.witness(ticket, &mut failed, fault, now);
        let decision =
            decide(fault, &failed.history, spot.server, &self.servers[spot.server].evidence, &self.policy);
        self.remember(&mut failed.history, fault, spot.server, &decision);
        if let Some(twin) = failed.twin.and_then(|twin| self.under_way.get_mut(&twin)) {
            // The other request is still on its way, and decides.
            twin.history.absorb(&failed.history);
            let server = &mut self.servers[spot.server];
            match (decision, fault.kind) {
                (Decision::Stop, FaultKind::Fatal) => {
                    server.circuit = Circuit::Aside;
                    return After::Aside;
                }
                (Decision::Away, _) => server.go_away(probing, now),
                _ => {}
            }
            return After::Again;
        }
        let item = Item { ticket, work: failed.work, history: failed.history };
        self.carry_out(decision, item, (spot, probing), fault, now)
    }

    /// Notes a failure in what is known of its server and of its item. Says whether it was the server's probe.
    fn witness(&mut self, ticket: Ticket, failed: &mut UnderWay<T>, fault: &Fault, now: Duration) -> bool {
        let UnderWay { history, sent, spot, .. } = failed;
        let others = self.waiting() + self.under_way.len();
        let fresh = self.fresh();
        let elsewhere = self.others(spot.server).any(|other| !history.refused_by(other));
        let unheard = self.under_way.values().filter(|other| other.spot.server == spot.server);
        let unheard = unheard.filter(|other| other.history.is_fresh()).count();
        let untried = (0..self.servers.len())
            .any(|other| other != spot.server && !history.refused_by(other) && self.is_aside(other));
        let server = &mut self.servers[spot.server];
        let probing = server.end_probe(ticket);
        let is_away = !server.is_there();
        if fault.kind == FaultKind::Limited {
            server.lately.push(true);
        }
        // That nothing at all is sent for longer than patience lasts takes more than a few answers.
        let long = fault.retry_after.is_some_and(|wait| wait > server.settings.patience);
        let many = if long { u16::BITS } else { server.level() };
        let limited = server.lately.is_limited(many, server.under_way);
        let evidence = &mut server.evidence;
        evidence.limited = limited;
        evidence.streak += 1;
        evidence.probing = probing;
        evidence.others = others;
        evidence.fresh = fresh;
        evidence.elsewhere = elsewhere;
        evidence.untried = untried;
        evidence.unheard = unheard;
        match fault.kind {
            // Failures while the server is away say nothing of the item, unless all that is left fails.
            FaultKind::Broken | FaultKind::Late if !is_away || fresh == 0 => {
                evidence.broken_items += u32::from(history.broken == 0);
                history.broken += 1;
                history.broke_last_at = Some(spot.server);
            }
            FaultKind::Killed => {
                history.killed += 1;
                history.broke_last_at = Some(spot.server);
            }
            FaultKind::Refused | FaultKind::TooLong => {
                evidence.refused_items += u32::from(history.refused == 0);
                history.refused += 1;
            }
            FaultKind::Crowded if server.under_way == 0 => history.crowded_alone += 1,
            // Requests that were under way together meet one and the same limit.
            FaultKind::Limited | FaultKind::Away if evidence.rounds == 0 || *sent >= server.paused_at => {
                evidence.rounds += 1;
                server.paused_at = now;
            }
            _ => {}
        }
        probing
    }

    /// Notes what was decided, in time for the decision about the next failure: where the item is not to be sent
    /// again, and whether its server has to prove itself.
    fn remember(&mut self, history: &mut History, fault: &Fault, server: usize, decision: &Decision) {
        if matches!(fault.kind, FaultKind::Refused | FaultKind::TooLong) && *decision != Decision::Stop {
            history.refuse(server);
        }
        if *decision == Decision::Elsewhere {
            history.refuse(server);
            // The other one hears it from the beginning.
            history.crowded_alone = 0;
        }
        let evidence = &self.servers[server].evidence;
        if fault.kind == FaultKind::Late {
            history.was_late(server, evidence.successes);
        }
        let failed_enough = match fault.kind {
            FaultKind::Broken | FaultKind::Late => {
                let enough = history.broken + 1 >= self.policy.most(fault.kind);
                evidence.fresh == 0 && (enough || *decision == Decision::Away)
            }
            FaultKind::Refused => evidence.fresh == 0 || evidence.refused_items >= MANY_REFUSED,
            _ => false,
        };
        if failed_enough && !self.servers[server].proving {
            self.wants_proof = Some(server);
        } else if self.wants_proof == Some(server) {
            self.wants_proof = None;
        }
    }

    /// Does with an item and the server that it failed at what was decided.
    fn carry_out(
        &mut self,
        decision: Decision,
        item: Item<T>,
        (spot, probing): (Spot, bool),
        fault: &Fault,
        now: Duration,
    ) -> After<T> {
        let server = &mut self.servers[spot.server];
        match decision {
            Decision::Stop => {
                server.circuit = Circuit::Aside;
                self.put_back(item, spot);
                return After::Aside;
            }
            Decision::GiveUp(why) => return After::Out(item.work, why),
            // A server that asks for more than it is waited for is not waited for; another may take the item.
            Decision::Retry(wait) if wait > server.settings.patience => {
                if !server.evidence.elsewhere {
                    return After::Out(item.work, GiveUp::Unproven);
                }
                let mut item = item;
                item.history.refuse(spot.server);
                self.back(item);
            }
            Decision::Retry(wait) => self.delay(item, now + wait),
            Decision::Elsewhere => self.back(item),
            Decision::Shrink => {
                server.shrink();
                self.delay(item, now + Duration::from_millis(200));
            }
            Decision::Pause(wait) => {
                server.pause(wait, fault.retry_after.is_some(), now);
                self.put_back(item, spot);
            }
            Decision::Away => {
                server.go_away(probing, now);
                match fault.kind {
                    // Another item probes next, in case this one is what breaks the server.
                    FaultKind::Broken | FaultKind::Late => self.back(item),
                    _ => self.put_back(item, spot),
                }
            }
        }
        After::Again
    }

    /// Other items, waiting or under way, that nothing is held against.
    fn fresh(&self) -> usize {
        usize::from(self.waiting_items().any(|item| item.history.is_fresh()))
            + self.under_way.values().filter(|under_way| under_way.history.is_fresh()).count()
    }

    /// Puts an item behind the others that failed.
    fn back(&mut self, item: Item<T>) {
        if !self.is_closed(&item.work) {
            self.ready += 1;
            self.again.push_back(item);
        }
    }

    /// Puts an item back where the next request of its place, or of another server, finds it first.
    fn put_back(&mut self, item: Item<T>, spot: Spot) {
        if self.is_closed(&item.work) {
            return;
        }
        self.ready += 1;
        self.lay_back(item, spot);
    }

    fn delay(&mut self, item: Item<T>, until: Duration) {
        if self.is_closed(&item.work) {
            return;
        }
        self.delayed.push(Reverse((until, item.ticket)));
        self.delayed_items.insert(item.ticket, item);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::scheduler::{Next, Policy, Rates, ServerSettings};

    #[test]
    fn a_proof_is_held_by_the_limits_as_any_other_request() {
        let settings = ServerSettings {
            places: 2,
            steer: None,
            rates: Rates { requests_per_minute: NonZeroU32::new(1), burst: None, tokens_per_minute: None },
            patience: Duration::from_secs(900),
            proven: false,
            may_hedge: false,
        };
        let mut queue = Queue::new(Policy::default(), vec![settings]);
        queue.push([1, 2]);
        assert!(matches!(queue.next(Duration::ZERO), Next::Start(..)));
        queue.wants_proof = Some(0);
        assert_eq!(queue.wants_proof(Duration::from_secs(59)), None);
        let later = Duration::from_secs(61);
        assert_eq!(queue.wants_proof(later), Some(0));
        queue.proven(0, Proof::Well);
        assert!(matches!(queue.next(later), Next::Wait(at, _) if at > Duration::from_secs(120)), "it counts");
    }
}
