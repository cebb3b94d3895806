//! The queue: a state machine that is told the time and what happened, and says what to do.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use super::fault::{Decision, Evidence, Fault, FaultKind, GiveUp, History, TRIES, decide, delay};
use super::limit::RateLimit;

/// What the queue keeps to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests at a time.
    pub slots: u32,
    pub requests_per_minute: Option<NonZeroU32>,
    /// How long a server may be away, or ask for pauses, before the queue gives up on it.
    pub patience: Duration,
    /// The server is known from before to answer such requests.
    pub proven: bool,
}

/// An item on its way, to be handed back with how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    Start(Ticket, T),
    /// Nothing before this time, unless something ends first.
    Wait(Duration, Waiting),
    /// Nothing before something under way ends.
    Busy,
    /// Nothing waits and nothing is under way.
    Empty,
}

/// Why nothing is sent although something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The server is away since then; it is probed at the time given.
    Away { since: Duration },
    /// The server asked for a pause.
    Paused,
    /// The limit of requests a minute.
    Rate,
    /// Items that failed wait for another try.
    Retry,
}

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum After<T> {
    /// The item will be tried again.
    Again,
    /// The item is out, for this reason.
    Out(T, GiveUp),
    /// Nothing more should be sent: no waiting will mend this.
    Stop(T),
    /// Nothing more should be sent: it was waited for so long, or the server asks for a longer wait
    /// than patience allows.
    Impatient { work: T, waited: Duration, asked: Option<Duration> },
}

#[derive(Debug)]
struct Item<T> {
    ticket: Ticket,
    work: T,
    history: History,
}

/// Whether the server is there.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Circuit {
    There,
    Away { since: Duration, probe_at: Duration, failures: u32, probing: Option<Ticket> },
}

/// Items to be sent to one server.
#[derive(Debug)]
pub struct Queue<T> {
    settings: Settings,
    slots: u32,
    ready: VecDeque<Item<T>>,
    /// Items that wait for a time of their own, soonest first.
    delayed: BinaryHeap<Reverse<(Duration, Ticket)>>,
    delayed_items: HashMap<Ticket, Item<T>>,
    /// With when each was sent.
    under_way: HashMap<Ticket, (History, Duration)>,
    rate: Option<RateLimit>,
    circuit: Circuit,
    paused_until: Duration,
    /// When the last pause was asked for.
    paused_at: Duration,
    /// Since when nothing went through and the server is away or asks for pauses.
    trouble_since: Option<Duration>,
    next_ticket: u64,
    evidence: Evidence,
    wants_proof: bool,
}

impl<T: Clone> Queue<T> {
    pub fn new(settings: Settings) -> Self {
        Self {
            slots: settings.slots.max(1),
            rate: settings.requests_per_minute.map(RateLimit::per_minute),
            ready: VecDeque::new(),
            delayed: BinaryHeap::new(),
            delayed_items: HashMap::new(),
            under_way: HashMap::new(),
            circuit: Circuit::There,
            paused_until: Duration::ZERO,
            paused_at: Duration::ZERO,
            trouble_since: None,
            next_ticket: 0,
            wants_proof: false,
            evidence: Evidence { proven: settings.proven, ..Evidence::default() },
            settings,
        }
    }

    /// Adds an item behind those that wait.
    pub fn push(&mut self, work: T) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.ready.push_back(Item { ticket, work, history: History::default() });
    }

    /// Items that wait, for a slot or for a time.
    pub fn waiting(&self) -> usize {
        self.ready.len() + self.delayed.len()
    }

    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Requests at a time, now.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Forgets everything that waits; what is under way goes on.
    pub fn clear(&mut self) -> Vec<T> {
        self.delayed.clear();
        let delayed = std::mem::take(&mut self.delayed_items);
        let ready = std::mem::take(&mut self.ready);
        ready.into_iter().chain(delayed.into_values()).map(|item| item.work).collect()
    }

    /// What to do at a time; the clock counts from the queue's start.
    pub fn next(&mut self, now: Duration) -> Next<T> {
        self.wake(now);
        if self.ready.is_empty() {
            return match self.delayed.peek() {
                Some(Reverse((at, _))) => Next::Wait(*at, Waiting::Retry),
                None if self.under_way.is_empty() => Next::Empty,
                None => Next::Busy,
            };
        }
        if let Circuit::Away { since, probe_at, probing, .. } = self.circuit {
            if probing.is_some() {
                return Next::Busy;
            }
            if now < probe_at {
                return Next::Wait(probe_at, Waiting::Away { since });
            }
        }
        if now < self.paused_until {
            return Next::Wait(self.paused_until, Waiting::Paused);
        }
        if self.under_way.len() >= self.slots as usize {
            return Next::Busy;
        }
        if let Some(rate) = &mut self.rate
            && let Err(at) = rate.take(now)
        {
            return Next::Wait(at, Waiting::Rate);
        }
        let Some(mut item) = self.ready.pop_front() else {
            return Next::Empty;
        };
        if let Circuit::Away { probing, .. } = &mut self.circuit {
            *probing = Some(item.ticket);
        }
        if !item.history.was_sent {
            item.history.was_sent = true;
            item.history.successes_at_first = self.evidence.successes;
        }
        self.under_way.insert(item.ticket, (item.history, now));
        Next::Start(item.ticket, item.work)
    }

    fn wake(&mut self, now: Duration) {
        while let Some(Reverse((at, ticket))) = self.delayed.peek().copied() {
            if at > now {
                break;
            }
            self.delayed.pop();
            if let Some(item) = self.delayed_items.remove(&ticket) {
                // Behind the rest: one that keeps failing must not hold up the others.
                self.ready.push_back(item);
            }
        }
    }

    /// An item went through.
    pub fn done(&mut self, ticket: Ticket) {
        self.under_way.remove(&ticket);
        self.evidence =
            Evidence { successes: self.evidence.successes + 1, proven: true, ..Evidence::default() };
        self.trouble_since = None;
        self.circuit = Circuit::There;
        if self.slots < self.settings.slots {
            // What was too crowded may not be for long: one more slot for every full round.
            if self.evidence.successes.is_multiple_of(u64::from(self.slots) * 8) {
                self.slots += 1;
            }
        }
    }

    /// Whether all that is left has failed, so that only a request that went through before can tell
    /// whose fault that is. Asking takes the wish back.
    pub fn wants_proof(&mut self) -> bool {
        std::mem::take(&mut self.wants_proof)
    }

    /// A request that went through before did so again: the server is well.
    pub fn proven(&mut self) {
        self.evidence.successes += 1;
        self.evidence.streak = 0;
        self.evidence.broken_items = 0;
        self.evidence.refused_items = 0;
        self.circuit = Circuit::There;
        self.trouble_since = None;
    }

    /// An item was given up from outside, such as at an interrupt.
    pub fn dropped(&mut self, ticket: Ticket) {
        self.under_way.remove(&ticket);
        self.end_probe(ticket);
    }

    /// An item failed; says what becomes of it.
    pub fn failed(&mut self, ticket: Ticket, work: T, fault: &Fault, now: Duration) -> After<T> {
        let (mut history, sent_at) = self.under_way.remove(&ticket).unwrap_or_default();
        let probing = self.end_probe(ticket);
        let is_away = self.circuit != Circuit::There;
        let evidence = &mut self.evidence;
        evidence.streak += 1;
        evidence.probing = probing;
        evidence.others = self.ready.len() + self.delayed.len() + self.under_way.len();
        evidence.fresh = usize::from(self.ready.iter().any(|item| item.history.is_fresh()))
            + self.under_way.values().filter(|(history, _)| history.is_fresh()).count();
        match fault.kind {
            // Failures while the server is away say nothing of the item, unless all that is left fails.
            FaultKind::Broken if !is_away || evidence.fresh == 0 => {
                evidence.broken_items += u32::from(history.broken == 0);
                history.broken += 1;
            }
            FaultKind::Refused | FaultKind::TooLong => {
                evidence.refused_items += u32::from(history.refused == 0);
                history.refused += 1;
            }
            FaultKind::Crowded if self.under_way.is_empty() => history.crowded_alone += 1,
            // Requests that were under way together meet one and the same limit.
            FaultKind::Limited if evidence.rounds == 0 || sent_at >= self.paused_at => {
                evidence.rounds += 1;
                self.paused_at = now;
            }
            _ => {}
        }
        let decision = decide(fault, &history, &self.evidence);
        // In time for the decision about the next failure.
        let failed_enough = match fault.kind {
            FaultKind::Broken => history.broken + 1 >= TRIES || decision == Decision::Away,
            FaultKind::Refused => true,
            _ => false,
        };
        self.wants_proof = failed_enough && self.evidence.fresh == 0;
        if matches!(decision, Decision::Away | Decision::Pause(_)) {
            let since = *self.trouble_since.get_or_insert(now);
            let waited = now.saturating_sub(since);
            let asked = match decision {
                Decision::Pause(wait) => Some(wait),
                _ => None,
            };
            if waited + asked.unwrap_or_default() > self.settings.patience {
                return After::Impatient { work, waited, asked: fault.retry_after.and(asked) };
            }
        }
        let item = Item { ticket, work, history };
        match decision {
            Decision::Stop => return After::Stop(item.work),
            Decision::GiveUp(why) => return After::Out(item.work, why),
            Decision::Retry(wait) => self.delay(item, now + wait),
            Decision::Shrink => {
                self.slots = (self.slots / 2).max(1);
                self.delay(item, now + Duration::from_millis(200));
            }
            Decision::Pause(wait) => {
                self.paused_until = self.paused_until.max(now + wait);
                self.ready.push_front(item);
            }
            Decision::Away => {
                self.go_away(probing, now);
                match fault.kind {
                    // Another item probes next, in case this one is what breaks the server.
                    FaultKind::Broken => self.ready.push_back(item),
                    _ => self.ready.push_front(item),
                }
            }
        }
        After::Again
    }

    /// Holds the server to be away, and sets the time of the next probe.
    fn go_away(&mut self, probing: bool, now: Duration) {
        let (since, failures) = match self.circuit {
            Circuit::Away { since, failures, .. } if probing => (since, failures + 1),
            // A late failure of what was sent before.
            Circuit::Away { .. } => return,
            Circuit::There => (now, 0),
        };
        let wait = delay(failures, Duration::from_millis(500)).min(Duration::from_secs(10));
        // The last probe is at the end of patience, so that a server that comes late is met.
        let last = self.trouble_since.unwrap_or(now) + self.settings.patience;
        let probe_at = (now + wait).min(last.max(now + Duration::from_millis(50)));
        self.circuit = Circuit::Away { since, probe_at, failures, probing: None };
    }

    /// Leaves the way free for another probe, if this was one.
    fn end_probe(&mut self, ticket: Ticket) -> bool {
        match &mut self.circuit {
            Circuit::Away { probing, .. } if *probing == Some(ticket) => {
                *probing = None;
                true
            }
            _ => false,
        }
    }

    fn delay(&mut self, item: Item<T>, until: Duration) {
        self.delayed.push(Reverse((until, item.ticket)));
        self.delayed_items.insert(item.ticket, item);
    }
}
