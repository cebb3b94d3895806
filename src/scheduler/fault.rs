//! Faults by kind, and the pure decision about each.

use std::time::Duration;

use backon::BackoffBuilder;

/// What kind of failure it was, as far as scheduling cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The server is gone, or loads: nobody's fault, and no ask is used up.
    Away,
    /// It, or what stands before it, says "not now": it is away, unless others go through beside this one.
    NotNow,
    /// Too many requests at a time for it; fewer would go through.
    Crowded,
    /// Too many requests for now; it may say when to come back.
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
    /// It forbids this request, or whoever sends it any: only what goes through once more tells.
    Forbidden,
    /// It refuses this request because of the request's size.
    TooLong,
    /// No waiting will mend it.
    Fatal,
}

impl FaultKind {
    /// Whether a server that failed so is there all the same.
    pub fn shows_it_there(self) -> bool {
        self.refuses() || matches!(self, FaultKind::Crowded | FaultKind::Limited)
    }

    /// Whether it was read, and will not be done.
    pub fn refuses(self) -> bool {
        matches!(self, FaultKind::Refused | FaultKind::Forbidden | FaultKind::TooLong)
    }

    /// Whether a server that failed so took the request.
    pub fn took_it(self) -> bool {
        !matches!(self, FaultKind::Away | FaultKind::NotNow)
    }
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
    /// Times that it was told "not now", and since when, of the time in which patience is used up.
    pub put_off: u32,
    pub put_off_since: Option<Duration>,
    /// Times that it was told so where others went through since the last time.
    pub passed_by: u32,
    /// Where it broke last.
    pub broke_last_at: Option<usize>,
    seen: Vec<Seen>,
}

/// What an item met at a server that it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    server: usize,
    /// How many others had succeeded there when it first was sent.
    successes: u64,
    refused: bool,
    /// How often the server had proved itself, or was about to, when it first was forbidden or put off there.
    turned_away: Option<u32>,
}

impl History {
    /// Whether nothing was held against it yet.
    pub fn is_fresh(&self) -> bool {
        self.broken == 0 && self.passed_by == 0 && self.refused == 0 && self.killed == 0
    }

    /// It is sent to a server where so many have succeeded.
    pub fn sent(&mut self, server: usize, successes: u64) {
        if self.at(server).is_none() {
            self.seen.push(Seen { server, successes, refused: false, turned_away: None });
        }
    }

    pub fn refuse(&mut self, server: usize) {
        self.at_mut(server).for_each(|seen| seen.refused = true);
    }

    pub fn refused_by(&self, server: usize) -> bool {
        self.at(server).is_some_and(|seen| seen.refused)
    }

    /// Only who goes through from now on shows that the server was well.
    pub fn begin_anew(&mut self, server: usize, successes: u64) {
        self.at_mut(server).for_each(|seen| seen.successes = successes);
    }

    /// It is forbidden, or put off, by a server that proved itself so often: whether it did since the first time.
    pub fn turn_away(&mut self, server: usize, proofs: u32) -> bool {
        let before = self.at(server).and_then(|seen| seen.turned_away);
        self.at_mut(server).for_each(|seen| seen.turned_away = Some(before.unwrap_or(proofs)));
        before.is_some_and(|before| before < proofs)
    }

    fn at(&self, server: usize) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.server == server)
    }

    fn at_mut(&mut self, server: usize) -> impl Iterator<Item = &mut Seen> {
        self.seen.iter_mut().filter(move |seen| seen.server == server)
    }

    /// Takes over what the same item's other request went through.
    pub fn absorb(&mut self, other: &Self) {
        self.broken = self.broken.max(other.broken);
        self.passed_by = self.passed_by.max(other.passed_by);
        self.refused = self.refused.max(other.refused);
        self.killed = self.killed.max(other.killed);
        self.crowded_alone = self.crowded_alone.max(other.crowded_alone);
        self.put_off = self.put_off.max(other.put_off);
        self.put_off_since = self.put_off_since.or(other.put_off_since);
        for seen in &other.seen {
            self.sent(seen.server, seen.successes);
            if seen.refused {
                self.refuse(seen.server);
            }
            if let Some(proofs) = seen.turned_away {
                self.turn_away(seen.server, proofs);
            }
        }
    }

    /// Whether any server is not to be sent it again.
    pub fn refused_anywhere(&self) -> bool {
        self.seen.iter().any(|seen| seen.refused)
    }

    /// Whether others went through on a server since this was first sent there, of so many that ever did.
    pub fn others_succeeded(&self, server: usize, successes: u64) -> bool {
        let at_first = self.at(server).map_or(0, |seen| seen.successes);
        successes > at_first
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
    /// What went through before did so once more since the item was first forbidden, or put off.
    pub cleared: bool,
    /// Requests under way that nothing is held against: they may yet show that the server is well.
    pub unheard: usize,
    /// Different items that broke since the last success.
    pub broken_items: u32,
    /// Times that the server asked for a pause since the last success; requests that were under
    /// way together count as one.
    pub rounds: u32,
    /// Most of what it answered lately was that it is sent too much.
    pub limited: bool,
    /// What is left of its patience with an item that it put off.
    pub left: Duration,
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

impl Decision {
    /// The name under which it is logged.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Retry(_) => "retry",
            Decision::Away => "away",
            Decision::Pause(_) => "pause",
            Decision::Shrink => "shrink",
            Decision::Elsewhere => "elsewhere",
            Decision::GiveUp(_) => "give-up",
            Decision::Stop => "stop",
        }
    }

    /// How long the item, or all that its server is sent, waits for it.
    pub fn wait(self) -> Option<Duration> {
        match self {
            Decision::Retry(wait) | Decision::Pause(wait) => Some(wait),
            _ => None,
        }
    }
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
    let others_succeeded = history.others_succeeded(server, evidence.successes);
    let first_pause = Duration::from_millis(125);
    let again = Decision::Retry(delay(history.broken.saturating_sub(1), first_pause));
    let elsewhere_or = |why| match evidence.elsewhere {
        true => Decision::Elsewhere,
        false => Decision::GiveUp(why),
    };
    let its_fault = elsewhere_or(if evidence.untried { GiveUp::Unproven } else { GiveUp::Its });
    let tries = policy.most(fault.kind);
    let lone_tries = tries + LONE;
    let all_refused = evidence.refused_items >= ALL_REFUSED || evidence.fresh == 0;
    let many_refused = if evidence.proven { MANY_REFUSED } else { ALL_REFUSED };
    match fault.kind {
        FaultKind::Fatal => Decision::Stop,
        FaultKind::Away => Decision::Away,
        FaultKind::Limited => {
            // Where another goes through meanwhile it is this one.
            let all = evidence.limited && !evidence.cleared;
            let rounds = if all { evidence.rounds } else { history.put_off };
            let own = || delay(rounds.saturating_sub(1), Duration::from_secs(1));
            let wait = fault.told(rounds).unwrap_or_else(own);
            match all {
                // It is this one that is too much, or is asked to wait for longer than it is waited for.
                all if wait > evidence.left && (others_succeeded || !all) => elsewhere_or(GiveUp::Unproven),
                true => Decision::Pause(wait),
                // While others go through, a pause for all would leave slots idle for nothing.
                false => Decision::Retry(wait),
            }
        }
        FaultKind::Crowded if history.crowded_alone >= policy.tries => its_fault,
        FaultKind::Crowded => Decision::Shrink,
        // Sent alone, it was the only one that can have done it, and would do it to the next one too.
        FaultKind::Killed if history.killed > 1 && evidence.proven => Decision::GiveUp(GiveUp::Its),
        FaultKind::Killed => Decision::Away,
        FaultKind::TooLong if evidence.refused_items < many_refused => its_fault,
        FaultKind::TooLong | FaultKind::Refused if others_succeeded => its_fault,
        FaultKind::Forbidden if evidence.cleared => its_fault,
        // Nothing could be sent that would tell.
        FaultKind::Forbidden if others_succeeded && history.refused > lone_tries => {
            elsewhere_or(GiveUp::Unproven)
        }
        FaultKind::TooLong | FaultKind::Refused | FaultKind::Forbidden => match evidence.disproved {
            true => Decision::Stop,
            false if evidence.proven && history.refused <= lone_tries => {
                Decision::Retry(Duration::from_millis(250))
            }
            false if all_refused && evidence.unheard == 0 => Decision::Stop,
            false => Decision::Retry(Duration::from_secs(1)),
        },
        FaultKind::Broken | FaultKind::Late if history.broken >= tries && others_succeeded => {
            Decision::GiveUp(GiveUp::Its)
        }
        // What it broke at elsewhere may be broken for all.
        FaultKind::NotNow if history.passed_by >= tries && others_succeeded => Decision::GiveUp(GiveUp::Its),
        FaultKind::NotNow => Decision::Away,
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
mod tests;
