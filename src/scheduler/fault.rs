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

/// Why an item is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// Its own fault: others went through.
    Its,
    /// It kept failing, and there was nothing left to compare it with.
    Unproven,
}

/// What an item went through so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Failures that may have been its own.
    pub broken: u32,
    pub refused: u32,
    /// Times that it was too much for the server with nothing else under way.
    pub crowded_alone: u32,
    /// How many others had succeeded when it was first sent.
    pub successes_at_first: u64,
    pub was_sent: bool,
}

impl History {
    /// Whether nothing was held against it yet.
    pub fn is_fresh(&self) -> bool {
        self.broken == 0 && self.refused == 0
    }
}

/// What is known of the server as a whole.
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
    /// Different items that broke since the last success.
    pub broken_items: u32,
    /// Times that the server asked for a pause since the last success; requests that were under
    /// way together count as one.
    pub rounds: u32,
    /// Other items, waiting or under way, that have not failed yet.
    pub fresh: usize,
    /// Other items, waiting or under way.
    pub others: usize,
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
    GiveUp(GiveUp),
    Stop,
}

/// Tries of one item before its failures are held against it.
pub const TRIES: u32 = 5;
/// Tries of one item when there is nothing else to compare it with.
const LONE_TRIES: u32 = 7;
/// Different items refused in a row that prove a server refuses all: when it never accepted any,
/// and when it did.
const ALL_REFUSED: (u32, u32) = (3, 8);
/// Failures in a row that prove a server away, while there are items that did not fail yet.
const AWAY_STREAK: u32 = 8;

/// What to do about a fault; `history` already counts it.
pub fn decide(fault: &Fault, history: &History, evidence: &Evidence) -> Decision {
    let others_succeeded = evidence.successes > history.successes_at_first;
    let first_pause = Duration::from_millis(125);
    let again = Decision::Retry(delay(history.broken.saturating_sub(1), first_pause));
    match fault.kind {
        FaultKind::Fatal => Decision::Stop,
        FaultKind::Away => match fault.retry_after {
            Some(wait) if !evidence.probing => Decision::Pause(wait),
            _ => Decision::Away,
        },
        FaultKind::Limited => Decision::Pause(
            fault
                .retry_after
                .unwrap_or_else(|| delay(evidence.rounds.saturating_sub(1), Duration::from_secs(1))),
        ),
        FaultKind::Crowded if history.crowded_alone >= TRIES => Decision::GiveUp(GiveUp::Its),
        FaultKind::Crowded => Decision::Shrink,
        FaultKind::TooLong if evidence.refused_items >= ALL_REFUSED.0 && !evidence.proven => Decision::Stop,
        FaultKind::TooLong | FaultKind::Refused if evidence.refused_items >= ALL_REFUSED.1 => Decision::Stop,
        FaultKind::TooLong => Decision::GiveUp(GiveUp::Its),
        FaultKind::Refused if others_succeeded => Decision::GiveUp(GiveUp::Its),
        FaultKind::Refused if evidence.proven && history.refused <= LONE_TRIES => {
            Decision::Retry(Duration::from_millis(250))
        }
        FaultKind::Refused if evidence.refused_items >= ALL_REFUSED.0 || evidence.fresh == 0 => {
            Decision::Stop
        }
        FaultKind::Refused => Decision::Retry(Duration::from_secs(1)),
        FaultKind::Broken if history.broken >= TRIES && others_succeeded => Decision::GiveUp(GiveUp::Its),
        FaultKind::Broken if evidence.others == 0 && evidence.proven => match history.broken {
            0..LONE_TRIES => again,
            _ => Decision::GiveUp(GiveUp::Unproven),
        },
        FaultKind::Broken
            if evidence.probing
                || evidence.streak >= AWAY_STREAK
                || (evidence.fresh == 0 && evidence.broken_items > 1) =>
        {
            Decision::Away
        }
        FaultKind::Broken => again,
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
        let lone = Evidence { fresh: 0, others: 0, broken_items: 1, ..calm };
        let broken =
            |times, successes_at_first| History { broken: times, successes_at_first, ..History::default() };
        let crowded = |times| History { crowded_alone: times, ..History::default() };
        let none = History::default();
        let ms = Duration::from_millis;
        use Decision::{Away as GoAway, GiveUp as Out, Pause, Retry, Shrink, Stop};
        let cases = [
            ("a wrong key", fault(Fatal), none, calm, Stop),
            ("refused connection", fault(Away), none, calm, GoAway),
            ("503 with a time", timed(Away, 700), none, calm, Pause(ms(700))),
            ("429 with a time", timed(Limited, 200), none, calm, Pause(ms(200))),
            ("429 without", fault(Limited), none, Evidence { rounds: 1, ..calm }, Pause(ms(1000))),
            ("third round of 429", fault(Limited), none, Evidence { rounds: 3, ..calm }, Pause(ms(4000))),
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
            ("400, others fine", fault(Refused), none, calm, Out(GiveUp::Its)),
            ("400, no other since", fault(Refused), broken(0, 5), calm, Retry(ms(250))),
            (
                "400 to the only one, others fine before",
                fault(Refused),
                none,
                Evidence { refused_items: 1, ..lone },
                Out(GiveUp::Its),
            ),
            (
                "400, the first of all",
                fault(Refused),
                none,
                Evidence { refused_items: 1, ..cold },
                Retry(ms(1000)),
            ),
            ("400 to three of three", fault(Refused), none, Evidence { refused_items: 3, ..cold }, Stop),
            (
                "400 to the only one",
                fault(Refused),
                none,
                Evidence { refused_items: 1, fresh: 0, ..cold },
                Stop,
            ),
            ("400 to eight in a row", fault(Refused), none, Evidence { refused_items: 8, ..calm }, Stop),
            ("too long", fault(TooLong), none, Evidence { refused_items: 1, ..cold }, Out(GiveUp::Its)),
            ("all too long", fault(TooLong), none, Evidence { refused_items: 3, ..cold }, Stop),
        ];
        for (name, fault, history, evidence, expected) in cases {
            assert_eq!(decide(&fault, &history, &evidence), expected, "{name}");
        }
    }

    #[test]
    fn delays_double_up_to_half_a_minute() {
        let of = |failures| delay(failures, Duration::from_secs(1)).as_secs();
        assert_eq!([of(0), of(1), of(4), of(5), of(200)], [1, 2, 16, 30, 30]);
    }
}
