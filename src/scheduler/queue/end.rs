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

    /// A server over whose failures a request that went through before should decide, if its limits
    /// let one more go out now. Nothing else goes to it until `proven` says.
    pub fn wants_proof(&mut self, now: Duration) -> Option<usize> {
        for (index, server) in self.servers.iter_mut().enumerate() {
            if !server.wants_proof || server.circuit == Circuit::Aside || now < server.paused_until {
                continue;
            }
            self.next_ticket += 1;
            if server.limits.take(self.next_ticket, self.cost, now).is_ok() {
                (server.wants_proof, server.proving) = (false, true);
                return Some(index);
            }
        }
        None
    }

    /// What came of sending a request again that went through before.
    pub fn proven(&mut self, server: usize, proof: Proof) {
        let Some(server) = self.servers.get_mut(server) else { return };
        server.proving = false;
        match proof {
            Proof::Well => {
                server.proofs += 1;
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
        let Some(mut failed) = self.end(ticket) else { return After::Again(Decision::Away) };
        let spot = failed.spot;
        let probing = self.witness(ticket, &mut failed, fault, now);
        let decision =
            decide(fault, &failed.history, spot.server, &self.servers[spot.server].evidence, &self.policy);
        self.remember(&mut failed.history, fault, spot.server, &decision, now);
        self.carry_out_at_its_server(&decision, spot.server, probing, fault, now);
        if let Some(twin) = failed.twin.and_then(|twin| self.under_way.get_mut(&twin)) {
            // The other request is still on its way, and decides what becomes of the item.
            twin.history.absorb(&failed.history);
            return if decision == Decision::Stop { After::Aside } else { After::Again(decision) };
        }
        let item = Item { ticket, work: failed.work, history: failed.history };
        self.carry_out(decision, item, spot, fault, now)
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
        let waited = now.saturating_sub(self.was_held);
        let server = &mut self.servers[spot.server];
        let probing = server.end_probe(ticket);
        let is_away = !server.is_there();
        match fault.kind {
            FaultKind::Limited => server.is_back(),
            // One that refuses asks for no patience.
            kind if is_away && kind.shows_it_there() => server.is_well(),
            _ => {}
        }
        history.put_off += u32::from(matches!(fault.kind, FaultKind::NotNow | FaultKind::Limited));
        let patience = server.settings.patience;
        // One under way was sent before, and tells nothing of it.
        let proofs = server.proofs + u32::from(server.proving);
        let is_turned_away = matches!(fault.kind, FaultKind::Forbidden | FaultKind::Limited);
        let cleared = is_turned_away && history.turn_away(spot.server, proofs);
        let left = match fault.kind {
            FaultKind::Limited => {
                let since = *history.put_off_since.get_or_insert(waited);
                // Where little is sent in a minute, a few tries may take long.
                let enough = history.put_off >= self.policy.tries;
                patience.saturating_sub(if enough { waited.saturating_sub(since) } else { Duration::ZERO })
            }
            _ => patience,
        };
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
        evidence.left = left;
        evidence.cleared = cleared;
        match fault.kind {
            // Failures while the server is away say nothing of the item, unless all that is left fails.
            FaultKind::Broken | FaultKind::Late if !is_away || fresh == 0 => {
                evidence.broken_items += u32::from(history.broken == 0);
                history.broken += 1;
                history.broke_last_at = Some(spot.server);
            }
            // Each outage may meet it once.
            FaultKind::NotNow if history.others_succeeded(spot.server, evidence.successes) => {
                history.passed_by += 1;
                history.broke_last_at = Some(spot.server);
            }
            FaultKind::Killed => {
                history.killed += 1;
                history.broke_last_at = Some(spot.server);
            }
            FaultKind::Refused | FaultKind::Forbidden | FaultKind::TooLong => {
                evidence.refused_items += u32::from(history.refused == 0);
                history.refused += 1;
            }
            FaultKind::Crowded if server.under_way == 0 => history.crowded_alone += 1,
            // Requests that were under way together meet one and the same limit.
            FaultKind::Limited if evidence.rounds == 0 || *sent >= server.paused_at => {
                evidence.rounds += 1;
                server.paused_at = now;
            }
            _ => {}
        }
        probing
    }

    /// Notes what was decided, in time for the decision about the next failure: where the item is not to be sent
    /// again, and whether its server has to prove itself.
    fn remember(
        &mut self,
        history: &mut History,
        fault: &Fault,
        server: usize,
        decision: &Decision,
        now: Duration,
    ) {
        if fault.kind.refuses() && *decision != Decision::Stop {
            history.refuse(server);
        }
        if *decision == Decision::Elsewhere {
            history.refuse(server);
            // The other one hears it from the beginning.
            history.crowded_alone = 0;
            (history.put_off, history.put_off_since) = (0, None);
        }
        let evidence = &self.servers[server].evidence;
        if matches!(fault.kind, FaultKind::Late | FaultKind::NotNow) {
            history.begin_anew(server, evidence.successes);
        }
        let failed_enough = match fault.kind {
            FaultKind::Broken | FaultKind::Late => {
                let enough = history.broken + 1 >= self.policy.most(fault.kind);
                evidence.fresh == 0 && (enough || *decision == Decision::Away)
            }
            FaultKind::Refused => evidence.fresh == 0 || evidence.refused_items >= MANY_REFUSED,
            FaultKind::TooLong => evidence.refused_items >= MANY_REFUSED,
            FaultKind::Forbidden => {
                history.refused <= self.policy.tries && matches!(decision, Decision::Retry(_))
            }
            // Items that stand together are alike, and so one that is at fault may be followed by its like: what went
            // through before tells of the server.
            FaultKind::NotNow => {
                let is_asked = evidence.probing || history.put_off > 1 && self.all_failed();
                is_asked && !matches!(decision, Decision::GiveUp(_))
            }
            // What goes through once tells that of all further ones, as long as patience lasts.
            FaultKind::Limited => {
                let is_urgent = match *decision {
                    Decision::Pause(wait) => self.servers[server].is_short_of_patience(wait, now),
                    _ => false,
                };
                let enough = history.put_off >= self.policy.tries || is_urgent;
                enough && !evidence.cleared && !matches!(decision, Decision::GiveUp(_)) && self.all_failed()
            }
            _ => false,
        };
        let server = &mut self.servers[server];
        server.wants_proof = failed_enough && !server.proving;
    }

    /// Does with the server at which an item failed what was decided.
    fn carry_out_at_its_server(
        &mut self,
        decision: &Decision,
        server: usize,
        probing: bool,
        fault: &Fault,
        now: Duration,
    ) {
        let server = &mut self.servers[server];
        match decision {
            Decision::Stop => server.circuit = Circuit::Aside,
            Decision::Shrink => server.shrink(),
            Decision::Pause(wait) => server.pause(*wait, fault.retry_after.is_some(), now),
            Decision::Away => server.go_away(probing, now),
            // Others went through: it was not the server.
            Decision::GiveUp(GiveUp::Its) => server.is_well(),
            Decision::Retry(_) | Decision::Elsewhere | Decision::GiveUp(GiveUp::Unproven) => {}
        }
    }

    /// Does with an item that failed what was decided.
    fn carry_out(
        &mut self,
        decision: Decision,
        item: Item<T>,
        spot: Spot,
        fault: &Fault,
        now: Duration,
    ) -> After<T> {
        match (decision, fault.kind) {
            (Decision::Stop, _) => {
                self.put_back(item, spot);
                return After::Aside;
            }
            (Decision::GiveUp(why), _) => return After::Out(item.work, why),
            (Decision::Retry(wait), _) => self.delay(item, now + wait),
            (Decision::Shrink, _) => self.delay(item, now + Duration::from_millis(200)),
            // It has nothing to do with this.
            (Decision::Away, FaultKind::Away | FaultKind::Killed) => self.put_back(item, spot),
            // Another item is sent next, in case it is this one.
            (Decision::Elsewhere | Decision::Pause(_) | Decision::Away, _) => self.back(item),
        }
        After::Again(decision)
    }

    /// Whether no other item waits or is under way that met no failure yet.
    fn all_failed(&self) -> bool {
        let met_none = |history: &History| history.is_fresh() && history.put_off == 0;
        !self.waiting_items().any(|item| met_none(&item.history))
            && !self.under_way.values().any(|under_way| met_none(&under_way.history))
    }

    /// Other items, waiting or under way, that may yet go through: nothing is held against them, nor were they put off
    /// again and again.
    fn fresh(&self) -> usize {
        let tries = self.policy.tries;
        let hopeful = |history: &History| history.is_fresh() && history.put_off < tries;
        usize::from(self.waiting_items().any(|item| hopeful(&item.history)))
            + self.under_way.values().filter(|under_way| hopeful(&under_way.history)).count()
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
        queue.servers[0].wants_proof = true;
        assert_eq!(queue.wants_proof(Duration::from_secs(59)), None);
        let later = Duration::from_secs(61);
        assert_eq!(queue.wants_proof(later), Some(0));
        queue.proven(0, Proof::Well);
        assert!(matches!(queue.next(later), Next::Wait(at, _) if at > Duration::from_secs(120)), "it counts");
    }

    fn settings(places: u32) -> ServerSettings {
        ServerSettings {
            places,
            steer: None,
            rates: Rates::default(),
            patience: Duration::from_secs(900),
            proven: true,
            may_hedge: false,
        }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// A server that answers is there, whatever it answers.
    #[test]
    fn an_absence_ends_with_the_first_answer() {
        use FaultKind::*;
        let kinds = [
            (Refused, true),
            (Forbidden, true),
            (TooLong, true),
            (Limited, true),
            (Crowded, true),
            (NotNow, false),
            (Away, false),
        ];
        for (kind, there) in kinds {
            let mut queue = Queue::new(Policy::default(), vec![settings(2)]);
            queue.push(0..20);
            queue.away(0, Duration::ZERO);
            let Next::Start(probe, ..) = queue.next(secs(1)) else { panic!("a probe is due") };
            assert_eq!(queue.next(secs(1)), Next::Busy);
            queue.failed(probe, &Fault { kind, retry_after: None }, secs(1));
            assert_eq!(queue.is_there(0), there, "{kind:?}");
        }
    }

    /// Once an item is found at fault its server was not away, also where nothing is left to be sent there.
    #[test]
    fn a_verdict_on_an_item_clears_its_server() {
        let mut queue = Queue::new(Policy::default(), vec![settings(1)]);
        queue.push(0..40);
        let mut now = Duration::ZERO;
        loop {
            match queue.next(now) {
                Next::Start(ticket, 0, _) => {
                    let fault = Fault { kind: FaultKind::NotNow, retry_after: None };
                    if matches!(queue.failed(ticket, &fault, now), After::Out(0, GiveUp::Its)) {
                        break;
                    }
                    assert_eq!(queue.state(0), "away");
                }
                Next::Start(ticket, ..) => drop(queue.done(ticket, None, 1, now)),
                Next::Wait(at, _) => now = at,
                Next::Empty | Next::Busy => panic!("it was not found at fault"),
            }
            while let Some(server) = queue.wants_proof(now) {
                queue.proven(server, Proof::Well);
            }
        }
        assert_eq!((queue.state(0), queue.trouble(0)), ("there", None));
    }

    #[test]
    fn only_taking_it_back_ends_that_a_server_is_set_aside() {
        let mut queue = Queue::new(Policy::default(), vec![settings(2)]);
        queue.push(0..20);
        let Next::Start(ticket, ..) = queue.next(secs(1)) else { panic!("a place is free") };
        queue.set_aside(0);
        queue.done(ticket, None, 1, secs(2));
        queue.proven(0, Proof::Well);
        assert_eq!((queue.state(0), queue.next(secs(2))), ("aside", Next::Busy));
        queue.take_back(0);
        assert!(matches!(queue.next(secs(2)), Next::Start(..)));
    }

    /// What a failure tells of its server holds also where the item's other request is under way.
    #[test]
    fn one_of_two_requests_of_an_item_tells_of_its_server() {
        let minute = Some(secs(60));
        let hours = Some(secs(7200));
        for (kind, retry_after) in [
            (FaultKind::Limited, minute),
            (FaultKind::Crowded, None),
            (FaultKind::Limited, hours),
            (FaultKind::Fatal, None),
        ] {
            let mut queue = Queue::new(Policy::default(), vec![settings(2), settings(2)]);
            for item in 0..20 {
                queue.push([item]);
                let Next::Start(ticket, ..) = queue.next(secs(1)) else { panic!("a place is free") };
                queue.done(ticket, None, 1, secs(1));
            }
            queue.push([20]);
            let Next::Start(first, _, from) = queue.next(secs(1)) else { panic!("a place is free") };
            let Next::Start(second, _, to) = queue.next(secs(100)) else { panic!("it takes too long") };
            let other = to.server;
            assert!(other != from.server);
            // Whatever it answers, it answers so to most.
            (0..16).for_each(|_| queue.servers[other].lately.push(retry_after == minute));
            let after = queue.failed(second, &Fault { kind, retry_after }, secs(101));
            let is_aside = kind == FaultKind::Fatal;
            assert_eq!(after == After::Aside, is_aside, "{kind:?}: {after:?}");
            assert_eq!(queue.state(other), if is_aside { "aside" } else { "there" });
            assert_eq!(queue.is_put_off(other, secs(102)), retry_after == minute, "{kind:?}");
            assert_eq!(queue.level(other), if kind == FaultKind::Crowded { 1 } else { 2 });
            // The first goes on, and is not sent again where it is asked to wait for hours.
            queue.failed(first, &Fault { kind: FaultKind::Broken, retry_after: None }, secs(103));
            let next = queue.next(secs(104));
            let goes = matches!(next, Next::Start(_, 20, spot) if spot.server == other);
            assert_eq!(goes, kind == FaultKind::Crowded, "{kind:?}: {next:?}");
        }
    }
}
