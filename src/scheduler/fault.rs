//! Faults by kind, and the pure decision about each.

use std::time::Duration;

use backon::BackoffBuilder;

/// What kind of failure it was, as far as scheduling cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The server is gone, loading, or says "not now": nobody's fault, and no ask is used up.
    Away,
    /// Too many requests at a time for it; fewer would go through.
    Crowded,
    /// Too many requests a minute; it may say when to come back.
    Limited,
    /// It failed over this request, or would over any: only others' success tells.
    Broken,
    /// No answer came in time: like `Broken`, but each further try takes as long again.
    Late,
    /// It died with this request under way, and was or will be started again: one of what was under
    /// way may have killed it.
    Killed,
    /// It refuses this request, or all of them: only others' success tells.
    Refused,
    /// It refuses this request because of the request's size.
    TooLong,
    /// No waiting will mend it.
    Fatal,
}

#[derive(Debug, Clone)]
pub struct Fault {
    pub kind: FaultKind,
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// How long to wait, where the server said so: longer the more often that did not help, since its clock may
    /// be behind ours, or it knows no better.
    fn told(&self, rounds: u32) -> Option<Duration> {
        let least = delay(rounds.saturating_sub(1), Duration::from_millis(60));
        self.retry_after.map(|wait| wait.max(least))
    }
}

/// Why an item is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// Its own fault: others went through.
    Its,
    /// It kept failing, and there was nothing left to compare it with, or a server is not there that
    /// might have taken it.
    Unproven,
}

/// What an item went through so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Failures that may have been its own.
    pub broken: u32,
    pub refused: u32,
    /// Times that a server died over it; from the first on it is only sent alone.
    pub killed: u32,
    /// Times that it was too much for the server with nothing else under way.
    pub crowded_alone: u32,
    /// Where it broke last.
    pub broke_last_at: Option<usize>,
    /// By server that it was sent to: how many others had succeeded there when it first was, and
    /// whether it was refused there.
    seen: Vec<(usize, u64, bool)>,
}

impl History {
    /// Whether nothing was held against it yet.
    pub fn is_fresh(&self) -> bool {
        self.broken == 0 && self.refused == 0 && self.killed == 0
    }

    /// It is sent to a server where so many have succeeded.
    pub fn sent(&mut self, server: usize, successes: u64) {
        if !self.seen.iter().any(|(of, ..)| *of == server) {
            self.seen.push((server, successes, false));
        }
    }

    pub fn refuse(&mut self, server: usize) {
        self.seen.iter_mut().filter(|(of, ..)| *of == server).for_each(|(.., refused)| *refused = true);
    }

    pub fn refused_by(&self, server: usize) -> bool {
        self.seen.iter().any(|(of, _, refused)| *of == server && *refused)
    }

    /// It got no answer in time: only who goes through from now on shows that the server was well.
    pub fn was_late(&mut self, server: usize, successes: u64) {
        let seen = self.seen.iter_mut().filter(|(of, ..)| *of == server);
        seen.for_each(|(_, before, _)| *before = successes);
    }

    /// Takes over what the same item's other request went through.
    pub fn absorb(&mut self, other: &Self) {
        self.broken = self.broken.max(other.broken);
        self.refused = self.refused.max(other.refused);
        self.killed = self.killed.max(other.killed);
        self.crowded_alone = self.crowded_alone.max(other.crowded_alone);
        for (server, successes, refused) in &other.seen {
            self.sent(*server, *successes);
            if *refused {
                self.refuse(*server);
            }
        }
    }

    /// How many had succeeded on a server when this was first sent there.
    fn successes_at_first(&self, server: usize) -> u64 {
        self.seen.iter().find(|(of, ..)| *of == server).map_or(0, |(_, successes, _)| *successes)
    }
}

/// What the config decides about failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Tries of one item before its failures are held against it.
    pub tries: u32,
    /// The same where each took until its timeout.
    pub timeouts: u32,
    /// Failures in a row that prove a server away, while there are items that did not fail yet.
    pub circuit: u32,
    /// A request that takes so many times as long as others do is sent a second time, once nothing else
    /// waits; 0: never.
    pub hedge: u32,
    /// What was pushed first is begun first, whichever place has it, at the cost of neighbours that are
    /// parted.
    pub in_turn: bool,
}

impl Policy {
    /// How often an item may fail in this way before that is held against it.
    pub fn most(&self, kind: FaultKind) -> u32 {
        match kind {
            FaultKind::Late => self.timeouts.min(self.tries),
            _ => self.tries,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { tries: 5, timeouts: 2, circuit: 8, hedge: 3, in_turn: false }
    }
}

/// What is known of one server as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Items that went through.
    pub successes: u64,
    /// The server is known to answer such requests, from this run or from before.
    pub proven: bool,
    /// Failures since the last success.
    pub streak: u32,
    /// Different items that were refused since the last success.
    pub refused_items: u32,
    /// What went through before was refused too, since the last success.
    pub disproved: bool,
    /// Requests under way that nothing is held against: they may yet show that the server is well.
    pub unheard: usize,
    /// Different items that broke since the last success.
    pub broken_items: u32,
    /// Times that the server asked for a pause since the last success; requests that were under
    /// way together count as one.
    pub rounds: u32,
    /// Most of what it answered lately was that it is sent too much.
    pub limited: bool,
    /// Other items, waiting or under way, that have not failed yet.
    pub fresh: usize,
    /// Other items, waiting or under way.
    pub others: usize,
    /// Another server could take the item, now or later.
    pub elsewhere: bool,
    /// Another server that was set aside did not refuse it.
    pub untried: bool,
    /// The failure was that of a probe, while the server was held to be away.
    pub probing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This item again, after a pause of its own.
    Retry(Duration),
    /// Nothing at all until a probe succeeds: the server is away.
    Away,
    /// Nothing at all for so long: the server said so.
    Pause(Duration),
    /// Fewer at a time, and this item again.
    Shrink,
    /// This item again, on another server.
    Elsewhere,
    GiveUp(GiveUp),
    Stop,
}

/// Further tries of one item when there is nothing else to compare it with.
const LONE: u32 = 2;
/// Different items refused in a row, with nothing else under way, that prove that a server refuses all.
pub(super) const ALL_REFUSED: u32 = 3;
/// The same of a server that accepted some before: then one of these is sent again, and decides.
pub(super) const MANY_REFUSED: u32 = 8;

/// What to do about a fault on a server; `history` and `evidence` already count it.
pub fn decide(
    fault: &Fault,
    history: &History,
    server: usize,
    evidence: &Evidence,
    policy: &Policy,
) -> Decision {
    let others_succeeded = evidence.successes > history.successes_at_first(server);
    let first_pause = Duration::from_millis(125);
    let again = Decision::Retry(delay(history.broken.saturating_sub(1), first_pause));
    let its_fault = match (evidence.elsewhere, evidence.untried) {
        (true, _) => Decision::Elsewhere,
        (false, true) => Decision::GiveUp(GiveUp::Unproven),
        (false, false) => Decision::GiveUp(GiveUp::Its),
    };
    let tries = policy.most(fault.kind);
    let lone_tries = tries + LONE;
    let all_refused = evidence.refused_items >= ALL_REFUSED || evidence.fresh == 0;
    match fault.kind {
        FaultKind::Fatal => Decision::Stop,
        FaultKind::Away => match fault.told(evidence.rounds) {
            Some(wait) if !evidence.probing => Decision::Pause(wait),
            _ => Decision::Away,
        },
        FaultKind::Limited => {
            let own = || delay(evidence.rounds.saturating_sub(1), Duration::from_secs(1));
            let wait = fault.told(evidence.rounds).unwrap_or_else(own);
            // While others go through, a pause for all would leave slots idle for nothing.
            match evidence.limited {
                true => Decision::Pause(wait),
                false => Decision::Retry(wait),
            }
        }
        FaultKind::Crowded if history.crowded_alone >= policy.tries => its_fault,
        FaultKind::Crowded => Decision::Shrink,
        // Sent alone, it was the only one that can have done it, and would do it to the next one too.
        FaultKind::Killed if history.killed > 1 && evidence.proven => Decision::GiveUp(GiveUp::Its),
        FaultKind::Killed => Decision::Away,
        FaultKind::TooLong if evidence.refused_items < ALL_REFUSED || evidence.proven => its_fault,
        FaultKind::Refused if others_succeeded => its_fault,
        FaultKind::Refused if evidence.disproved => Decision::Stop,
        FaultKind::Refused if evidence.proven && history.refused <= lone_tries => {
            Decision::Retry(Duration::from_millis(250))
        }
        FaultKind::TooLong | FaultKind::Refused if all_refused && evidence.unheard == 0 => Decision::Stop,
        FaultKind::TooLong | FaultKind::Refused => Decision::Retry(Duration::from_secs(1)),
        FaultKind::Broken | FaultKind::Late if history.broken >= tries && others_succeeded => {
            Decision::GiveUp(GiveUp::Its)
        }
        FaultKind::Broken | FaultKind::Late if evidence.others == 0 && evidence.proven => {
            match history.broken < lone_tries {
                true => again,
                false => Decision::GiveUp(GiveUp::Unproven),
            }
        }
        FaultKind::Broken | FaultKind::Late
            if evidence.probing
                || evidence.streak >= policy.circuit
                || (evidence.fresh == 0 && evidence.broken_items > 1) =>
        {
            Decision::Away
        }
        FaultKind::Broken | FaultKind::Late => again,
    }
}

/// Exponential: `first`, doubled with every failure, at most 30 s.
pub fn delay(failures: u32, first: Duration) -> Duration {
    let most = Duration::from_secs(30);
    backon::ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(most)
        .with_factor(2.0)
        .without_max_times()
        .build()
        .nth(failures.min(64) as usize)
        .unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_policy() {
        use FaultKind::*;
        let fault = |kind| Fault { kind, retry_after: None };
        let timed = |kind, ms| Fault { kind, retry_after: Some(Duration::from_millis(ms)) };
        let calm =
            Evidence { successes: 5, proven: true, streak: 1, fresh: 10, others: 10, ..Evidence::default() };
        let cold = Evidence { successes: 0, proven: false, ..calm };
        let limited = Evidence { limited: true, ..calm };
        let lone = Evidence { fresh: 0, others: 0, broken_items: 1, ..calm };
        let broken = |times, successes_at_first| {
            let mut history = History { broken: times, ..History::default() };
            history.sent(0, successes_at_first);
            history
        };
        let crowded = |times| History { crowded_alone: times, ..broken(0, 0) };
        let killed = |times| History { killed: times, ..broken(0, 0) };
        let none = broken(0, 0);
        let ms = Duration::from_millis;
        use Decision::{Away as GoAway, Elsewhere, GiveUp as Out, Pause, Retry, Shrink, Stop};
        let two = Evidence { elsewhere: true, ..calm };
        let cases = [
            ("a wrong key", fault(Fatal), none.clone(), calm, Stop),
            ("refused connection", fault(Away), none.clone(), calm, GoAway),
            ("503 with a time", timed(Away, 700), none.clone(), calm, Pause(ms(700))),
            ("429 with a time", timed(Limited, 200), none.clone(), limited, Pause(ms(200))),
            ("429 while others go through", timed(Limited, 200), none.clone(), calm, Retry(ms(200))),
            ("429 without", fault(Limited), none.clone(), Evidence { rounds: 1, ..limited }, Pause(ms(1000))),
            (
                "third round of 429",
                fault(Limited),
                none.clone(),
                Evidence { rounds: 3, ..limited },
                Pause(ms(4000)),
            ),
            ("shared context full", fault(Crowded), crowded(0), calm, Shrink),
            ("shared context full by it alone", fault(Crowded), crowded(5), lone, Out(GiveUp::Its)),
            ("first 500", fault(Broken), broken(1, 5), calm, Retry(ms(125))),
            ("fifth 500, others fine", fault(Broken), broken(5, 4), calm, Out(GiveUp::Its)),
            ("fifth 500, no other since", fault(Broken), broken(5, 5), calm, Retry(ms(2000))),
            ("500s from all", fault(Broken), broken(2, 5), Evidence { streak: 8, ..calm }, GoAway),
            ("500 to a probe", fault(Broken), broken(2, 5), Evidence { probing: true, ..calm }, GoAway),
            (
                "500 to all that is left",
                fault(Broken),
                broken(1, 5),
                Evidence { others: 3, broken_items: 2, ..lone },
                GoAway,
            ),
            (
                "the last item, 500",
                fault(Broken),
                broken(6, 5),
                Evidence { streak: 9, ..lone },
                Retry(ms(4000)),
            ),
            ("the last item, 500 again", fault(Broken), broken(7, 5), lone, Out(GiveUp::Unproven)),
            (
                "the only item ever, 500",
                fault(Broken),
                broken(6, 0),
                Evidence { successes: 0, proven: false, streak: 6, ..lone },
                Retry(ms(4000)),
            ),
            ("400, others fine", fault(Refused), none.clone(), calm, Out(GiveUp::Its)),
            ("400, no other since", fault(Refused), broken(0, 5), calm, Retry(ms(250))),
            (
                "400, and what went through before is refused too",
                fault(Refused),
                broken(0, 5),
                Evidence { disproved: true, ..calm },
                Stop,
            ),
            (
                "400 to the only one, others fine before",
                fault(Refused),
                none.clone(),
                Evidence { refused_items: 1, ..lone },
                Out(GiveUp::Its),
            ),
            (
                "400, the first of all",
                fault(Refused),
                none.clone(),
                Evidence { refused_items: 1, ..cold },
                Retry(ms(1000)),
            ),
            (
                "400 to three of three",
                fault(Refused),
                none.clone(),
                Evidence { refused_items: 3, ..cold },
                Stop,
            ),
            (
                "400 to the only one",
                fault(Refused),
                none.clone(),
                Evidence { refused_items: 1, fresh: 0, ..cold },
                Stop,
            ),
            (
                "400 to three, while others are under way",
                fault(Refused),
                none.clone(),
                Evidence { refused_items: 3, unheard: 1, ..cold },
                Retry(ms(1000)),
            ),
            (
                "400 to eight in a row, where others went through before",
                fault(Refused),
                broken(0, 5),
                Evidence { refused_items: 8, ..calm },
                Retry(ms(250)),
            ),
            (
                "too long",
                fault(TooLong),
                none.clone(),
                Evidence { refused_items: 1, ..cold },
                Out(GiveUp::Its),
            ),
            ("too long, and another server may hold it", fault(TooLong), none.clone(), two, Elsewhere),
            ("400, others fine, and another server", fault(Refused), none.clone(), two, Elsewhere),
            ("fifth 500, others fine, another server", fault(Broken), broken(5, 4), two, Out(GiveUp::Its)),
            ("all too long", fault(TooLong), none.clone(), Evidence { refused_items: 3, ..cold }, Stop),
            (
                "too long, like many before, where others went through",
                fault(TooLong),
                none.clone(),
                Evidence { refused_items: 30, ..calm },
                Out(GiveUp::Its),
            ),
            ("no answer in time, once", fault(Late), broken(1, 5), calm, Retry(ms(125))),
            ("no answer in time, twice, others fine", fault(Late), broken(2, 4), calm, Out(GiveUp::Its)),
            ("killed the server, among others", fault(Killed), killed(1), calm, GoAway),
            ("killed the server, alone", fault(Killed), killed(2), calm, Out(GiveUp::Its)),
            ("killed a server that never answered", fault(Killed), killed(2), cold, GoAway),
        ];
        for (name, fault, history, evidence, expected) in cases {
            assert_eq!(decide(&fault, &history, 0, &evidence, &Policy::default()), expected, "{name}");
        }
    }

    #[test]
    fn delays_double_up_to_half_a_minute() {
        let of = |failures| delay(failures, Duration::from_secs(1)).as_secs();
        assert_eq!([of(0), of(1), of(4), of(5), of(200)], [1, 2, 16, 30, 30]);
    }
}
