//! One server as the queue sees it: its places, its limits, and whether it is there.

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{Evidence, delay};
use super::item::{Item, Ticket};
use super::limit::{Limits, Rates};
use super::steer::{Steer, Step};

/// What a queue may do with one server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The most requests at a time.
    pub places: u32,
    /// The fewest that the queue may go down to in search of the best, and where it begins; `None`
    /// keeps to `places`.
    pub steer: Option<(u32, u32)>,
    pub rates: Rates,
    /// How long it may be away, or ask for pauses, before the queue gives up on it.
    pub patience: Duration,
    /// It is known from before to answer such requests.
    pub proven: bool,
    /// A request may be sent to it a second time, should the first take far too long. One that is not sent the same
    /// twice tells whether it works on what it was sent.
    pub may_hedge: bool,
}

/// Whether the server is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Circuit {
    There,
    Away {
        since: Duration,
        probe_at: Duration,
        failures: u32,
        probing: Option<Ticket>,
    },
    /// No waiting will mend it.
    Aside,
}

/// A place for one request at a time, with the stretch of items that it goes through.
#[derive(Debug)]
pub(super) struct Place<T> {
    pub items: VecDeque<Item<T>>,
    pub busy: Option<Ticket>,
    /// The server may still work on what was given up here.
    pub resting: bool,
}

#[derive(Debug)]
pub(super) struct Server<T> {
    pub settings: ServerSettings,
    pub places: Vec<Place<T>>,
    /// Requests at a time, now, for being too crowded with more.
    pub crowd: u32,
    pub steer: Steer,
    /// Requests at a time that somebody told it, in place of trials.
    pub told: Option<u32>,
    pub limits: Limits,
    pub circuit: Circuit,
    pub paused_until: Duration,
    /// When the last pause was asked for.
    pub paused_at: Duration,
    pub lately: Lately,
    /// Since when nothing went through and the server is away or asks for pauses.
    pub trouble_since: Option<Duration>,
    /// What it asks for in trouble, beyond what was waited.
    pub asked: Option<Duration>,
    pub evidence: Evidence,
    pub under_way: u32,
    /// What is under way must be the only one.
    pub is_occupied_alone: bool,
    /// A request that went through before should be sent again, or is, and decides what the failures mean.
    pub wants_proof: bool,
    pub proving: bool,
    /// How often one did so again.
    pub proofs: u32,
}

/// Which of a server's last answers were that it is sent too much.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lately {
    /// The newest is the lowest bit.
    limited: u16,
    known: u32,
}

impl Lately {
    pub fn push(&mut self, limited: bool) {
        self.limited = self.limited << 1 | u16::from(limited);
        self.known = (self.known + 1).min(u16::BITS);
    }

    /// Whether three quarters of the last answers were so: of as many as are sent at a time, up to 16. At the
    /// beginning those under way may yet be others.
    pub fn is_limited(self, at_a_time: u32, under_way: u32) -> bool {
        let of = at_a_time.clamp(1, u16::BITS).min((self.known + under_way).max(1));
        let limited = (self.limited & (u16::MAX >> (u16::BITS - of))).count_ones();
        limited * 4 >= of * 3
    }
}

impl<T> Server<T> {
    pub fn new(settings: ServerSettings) -> Self {
        let (places, steer) = (settings.places, settings.steer);
        let mut server = Self {
            places: Vec::new(),
            crowd: 1,
            steer: Steer::new(1, 1, 1),
            told: None,
            limits: Limits::new(settings.rates),
            circuit: Circuit::There,
            paused_until: Duration::ZERO,
            paused_at: Duration::ZERO,
            lately: Lately::default(),
            trouble_since: None,
            asked: None,
            evidence: Evidence { proven: settings.proven, ..Evidence::default() },
            under_way: 0,
            is_occupied_alone: false,
            wants_proof: false,
            proving: false,
            proofs: 0,
            settings,
        };
        server.resize(places, steer);
        server
    }

    /// Requests at a time, now.
    pub fn level(&self) -> u32 {
        self.crowd.min(self.steer.level())
    }

    pub fn is_there(&self) -> bool {
        self.circuit == Circuit::There
    }

    /// The first place that is free, where one more request is due.
    pub fn free_place(&self) -> Option<usize> {
        let resting = self.places.iter().filter(|place| place.resting && place.busy.is_none()).count();
        if self.under_way + resting as u32 >= self.level() {
            return None;
        }
        self.places.iter().position(|place| place.busy.is_none() && !place.resting)
    }

    /// Takes so long a time off what it was waited for.
    pub fn forgive(&mut self, lasted: Duration) {
        self.trouble_since = self.trouble_since.map(|since| since + lasted);
    }

    /// Whether patience with it may end with one wait more behind one that lasts so long.
    pub fn is_short_of_patience(&self, wait: Duration, now: Duration) -> bool {
        let waited = self.trouble_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        waited + wait * 3 > self.settings.patience
    }

    /// Whether patience with it is at its end.
    pub fn is_lost(&self, now: Duration) -> bool {
        let patience = self.settings.patience;
        // What it asks for is not waited for, where patience would end before.
        let until = if self.asked.is_some() { self.paused_until.max(now) } else { now };
        self.circuit == Circuit::Aside
            || self.paused_until > now + patience
            || self.trouble_since.is_some_and(|since| until.saturating_sub(since) > patience)
    }

    /// A request went through, and did some work.
    pub fn succeeded(&mut self, work: u64, saturated: bool, now: Duration) -> Option<Step> {
        self.evidence =
            Evidence { successes: self.evidence.successes + 1, proven: true, ..Evidence::default() };
        self.is_well();
        self.lately.push(false);
        let most = self.settings.places.max(1);
        // What was too crowded may not be for long: one more for every full round.
        if self.crowd < most && self.evidence.successes.is_multiple_of(u64::from(self.crowd) * 8) {
            self.crowd += 1;
        }
        self.steer.ended(work, saturated && self.crowd >= self.steer.level(), now)
    }

    /// It is there, and in no trouble.
    pub fn is_well(&mut self) {
        self.trouble_since = None;
        self.asked = None;
        self.is_back();
    }

    /// It is there, if it was away. One that was set aside stays so, whatever was still under way there.
    pub fn is_back(&mut self) {
        if matches!(self.circuit, Circuit::Away { .. }) {
            self.circuit = Circuit::There;
        }
    }

    /// Fewer at a time.
    pub fn shrink(&mut self) {
        self.crowd = (self.level() / 2).max(1);
        self.steer.disturb();
    }

    /// Holds the server to be away, and sets the time of the next probe.
    pub fn go_away(&mut self, probing: bool, now: Duration) {
        self.trouble_since.get_or_insert(now);
        self.asked = None;
        let (since, failures) = match self.circuit {
            Circuit::Away { since, failures, .. } if probing => (since, failures + 1),
            // A late failure of what was sent before.
            Circuit::Away { .. } | Circuit::Aside => return,
            Circuit::There => (now, 0),
        };
        let wait = delay(failures, Duration::from_millis(500)).min(Duration::from_secs(10));
        // The last probe is at the end of patience, so that a server that comes late is met.
        let last = self.trouble_since.unwrap_or(now) + self.settings.patience;
        let last = if last > now { last } else { now + wait };
        let probe_at = (now + wait).min(last.max(now + Duration::from_millis(50)));
        self.circuit = Circuit::Away { since, probe_at, failures, probing: None };
        self.steer.disturb();
    }

    /// Sends nothing for so long, as the server asked.
    pub fn pause(&mut self, wait: Duration, told: bool, now: Duration) {
        self.trouble_since.get_or_insert(now);
        self.asked = told.then_some(wait);
        self.paused_until = self.paused_until.max(now + wait);
        self.steer.disturb();
    }

    /// Leaves the way free for another probe, if this was one.
    pub fn end_probe(&mut self, ticket: Ticket) -> bool {
        match &mut self.circuit {
            Circuit::Away { probing, .. } if *probing == Some(ticket) => {
                *probing = None;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lately;

    #[test]
    fn a_server_is_limited_when_most_answers_say_so() {
        let after = |answers: &str| {
            let mut lately = Lately::default();
            answers.chars().for_each(|answer| lately.push(answer == '4'));
            lately
        };
        assert!(
            !after("4").is_limited(4, 3) && !after("44").is_limited(4, 3) && after("444").is_limited(4, 3)
        );
        for (answers, at_a_time, limited) in [
            ("4", 1, true),
            ("..4", 1, true),
            ("4", 64, true),
            (".4", 64, false),
            ("444.", 4, true),
            ("44..", 4, false),
            ("44....44.444", 4, true),
            (".4444444444444444", 64, true),
            ("4444444444444444....", 64, true),
            ("4444444444444444.....", 64, false),
            ("........4.......4", 64, false),
        ] {
            assert_eq!(after(answers).is_limited(at_a_time, 0), limited, "{answers} {at_a_time}");
        }
    }
}
