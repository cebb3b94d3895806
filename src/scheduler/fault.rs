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
    /// How many others had succeeded when it first failed.
    pub successes_at_first: u64,
}

/// What is known of the server as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    pub successes: u64,
    /// Different items that were refused, with no success so far.
    pub refused_items: u32,
    /// Failures since the last success.
    pub streak: u32,
    /// Items that are waiting or under way and have not failed yet.
    pub fresh: usize,
    /// The failure was that of a probe, while the server was held to be away.
    pub probing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This item again, after a pause of its own.
    Retry(Duration),
    /// Nothing at all for so long, or until a probe succeeds: the server is away.
    Away,
    /// Nothing at all for so long: the server said so.
    Pause(Duration),
    /// Fewer at a time, and this item again.
    Shrink,
    GiveUp(GiveUp),
    Stop,
}

/// Tries of one item before its failures are held against it.
const TRIES: u32 = 3;
/// Tries of one item when there is nothing else to compare it with.
const LONE_TRIES: u32 = 6;
/// Different items refused, with none accepted, that prove a server refuses all.
const ALL_REFUSED: u32 = 3;
/// Failures in a row, by items that were not at fault before, that prove a server away.
const AWAY_STREAK: u32 = 8;

/// What to do about a fault; `history` already counts it.
pub fn decide(fault: &Fault, history: &History, evidence: &Evidence) -> Decision {
    let others_succeeded = evidence.successes > history.successes_at_first;
    match fault.kind {
        FaultKind::Fatal => Decision::Stop,
        FaultKind::Away => match fault.retry_after {
            Some(wait) if !evidence.probing => Decision::Pause(wait),
            _ => Decision::Away,
        },
        FaultKind::Limited => {
            Decision::Pause(fault.retry_after.unwrap_or_else(|| {
                delay(evidence.streak.saturating_sub(1), Duration::from_secs(1))
            }))
        }
        FaultKind::Crowded => Decision::Shrink,
        FaultKind::Refused if evidence.successes > 0 => Decision::GiveUp(GiveUp::Its),
        FaultKind::Refused if evidence.refused_items >= ALL_REFUSED || evidence.fresh == 0 => {
            Decision::Stop
        }
        FaultKind::Refused => Decision::Retry(Duration::from_secs(1)),
        FaultKind::Broken if history.broken >= TRIES && others_succeeded => {
            Decision::GiveUp(GiveUp::Its)
        }
        FaultKind::Broken if evidence.fresh == 0 && evidence.successes > 0 => {
            match history.broken {
                0..LONE_TRIES => Decision::Retry(delay(
                    history.broken.saturating_sub(1),
                    Duration::from_millis(500),
                )),
                _ => Decision::GiveUp(GiveUp::Unproven),
            }
        }
        FaultKind::Broken if evidence.probing || evidence.streak >= AWAY_STREAK => Decision::Away,
        FaultKind::Broken => Decision::Retry(delay(
            history.broken.saturating_sub(1),
            Duration::from_millis(500),
        )),
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
        let fault = |kind| Fault {
            kind,
            retry_after: None,
        };
        let calm = Evidence {
            successes: 5,
            streak: 1,
            fresh: 10,
            ..Evidence::default()
        };
        let cold = Evidence {
            streak: 1,
            fresh: 10,
            ..Evidence::default()
        };
        let broken = |times, successes_at_first| History {
            broken: times,
            successes_at_first,
            refused: 0,
        };
        let ms = Duration::from_millis;
        let cases = [
            (
                "a wrong key",
                fault(FaultKind::Fatal),
                History::default(),
                calm,
                Decision::Stop,
            ),
            (
                "refused connection",
                fault(FaultKind::Away),
                History::default(),
                calm,
                Decision::Away,
            ),
            (
                "503 with a time",
                Fault {
                    kind: FaultKind::Away,
                    retry_after: Some(ms(700)),
                },
                History::default(),
                calm,
                Decision::Pause(ms(700)),
            ),
            (
                "429 with a time",
                Fault {
                    kind: FaultKind::Limited,
                    retry_after: Some(ms(200)),
                },
                History::default(),
                calm,
                Decision::Pause(ms(200)),
            ),
            (
                "429 without",
                fault(FaultKind::Limited),
                History::default(),
                calm,
                Decision::Pause(ms(1000)),
            ),
            (
                "third 429 in a row",
                fault(FaultKind::Limited),
                History::default(),
                Evidence { streak: 3, ..calm },
                Decision::Pause(ms(4000)),
            ),
            (
                "shared context full",
                fault(FaultKind::Crowded),
                History::default(),
                calm,
                Decision::Shrink,
            ),
            (
                "first 500",
                fault(FaultKind::Broken),
                broken(1, 5),
                calm,
                Decision::Retry(ms(500)),
            ),
            (
                "third 500, others fine",
                fault(FaultKind::Broken),
                broken(3, 4),
                calm,
                Decision::GiveUp(GiveUp::Its),
            ),
            (
                "third 500, no other since",
                fault(FaultKind::Broken),
                broken(3, 5),
                calm,
                Decision::Retry(ms(2000)),
            ),
            (
                "500s from all",
                fault(FaultKind::Broken),
                broken(2, 5),
                Evidence { streak: 8, ..calm },
                Decision::Away,
            ),
            (
                "500 to a probe",
                fault(FaultKind::Broken),
                broken(2, 5),
                Evidence {
                    probing: true,
                    ..calm
                },
                Decision::Away,
            ),
            (
                "the last item, 500",
                fault(FaultKind::Broken),
                broken(5, 5),
                Evidence {
                    fresh: 0,
                    streak: 9,
                    ..calm
                },
                Decision::Retry(ms(8000)),
            ),
            (
                "the last item, 500 again",
                fault(FaultKind::Broken),
                broken(6, 5),
                Evidence { fresh: 0, ..calm },
                Decision::GiveUp(GiveUp::Unproven),
            ),
            (
                "400, others fine",
                fault(FaultKind::Refused),
                History::default(),
                calm,
                Decision::GiveUp(GiveUp::Its),
            ),
            (
                "400, the first of all",
                fault(FaultKind::Refused),
                History::default(),
                Evidence {
                    refused_items: 1,
                    ..cold
                },
                Decision::Retry(ms(1000)),
            ),
            (
                "400 to three of three",
                fault(FaultKind::Refused),
                History::default(),
                Evidence {
                    refused_items: 3,
                    ..cold
                },
                Decision::Stop,
            ),
            (
                "400 to the only one",
                fault(FaultKind::Refused),
                History::default(),
                Evidence {
                    refused_items: 1,
                    fresh: 0,
                    ..cold
                },
                Decision::Stop,
            ),
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
