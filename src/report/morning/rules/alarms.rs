//! What the config's `alarm:` says of a run, where there is enough of it to judge by.

use super::rows::{SOME_OF, rejects, shortage};
use super::{Advice, Why, asks, endpoints, look, percent, variety};
use crate::config::night::Alarm;
use crate::report::morning::{Ended, Finding};
use crate::report::{Summary, count, rate};

/// So many sends are enough for a share of them, and for a rate.
const SENDS: u64 = 20;

/// A run that completes the dataset in less than so many seconds of asking had its tail to ask, in which most places are
/// free and the hardest cells are left: its rates are those of no night.
const TAIL: f64 = 300.0;

/// Something that an alarm may be about.
struct Figure<'a> {
    key: &'static str,
    what: &'static str,
    /// Of this run, where that is enough to judge by.
    value: Option<f64>,
    limit: Option<f64>,
    /// The limit is the most that it may be; else the least.
    is_most: bool,
    shown: fn(f64) -> String,
    why: &'a dyn Fn() -> Why,
}

impl Figure<'_> {
    fn rings(&self) -> Option<Finding> {
        let (value, limit) = (self.value?, self.limit?);
        let (is_kept, bound) = match self.is_most {
            true => (value <= limit, "at most"),
            false => (value >= limit, "at least"),
        };
        let Self { key, what, shown, why, .. } = self;
        (!is_kept).then(|| Finding {
            alarm: true,
            ..look(format!("`alarm.{key}`: {what} {}, {bound} {} wanted", shown(value), shown(limit)), why())
        })
    }
}

pub(super) fn alarms(summary: &Summary, ended: Ended, limits: &Alarm, advice: &Advice<'_>) -> Vec<Finding> {
    let enough = summary.attempts >= SENDS;
    let is_tail = ended == Ended::Complete && summary.asking() < TAIL;
    let of_time = |value: Option<f64>| value.filter(|_| enough && !is_tail);
    let failed: u64 = summary.faults.values().sum();
    let short = (summary.left.short + summary.elsewhere.short) as f64 / summary.wanted.max(1) as f64;
    let varied = variety::judged(summary);
    let alike = || variety::alike(&summary.variety);
    let slow = || slow(summary);
    let figures = [
        Figure {
            key: "accepted",
            what: "accepted texts",
            value: summary.acceptance().filter(|_| summary.run.judged() >= SOME_OF),
            limit: limits.accepted,
            is_most: false,
            shown: percent,
            why: &|| rejects(summary, advice).unwrap_or_else(slow),
        },
        Figure {
            key: "distinct_2",
            what: "distinct-2",
            value: varied.and_then(|variety| variety.distinct_2),
            limit: limits.distinct_2,
            is_most: false,
            shown: |value| format!("{value:.3}"),
            why: &alike,
        },
        Figure {
            key: "tokens_per_second",
            what: "tokens a second",
            value: of_time(summary.tokens_per_second()),
            limit: limits.tokens_per_second,
            is_most: false,
            shown: rate,
            why: &slow,
        },
        Figure {
            key: "rows_per_hour",
            what: "rows an hour",
            value: of_time(summary.rows_per_hour()),
            limit: limits.rows_per_hour,
            is_most: false,
            shown: rate,
            why: &|| few(summary, advice),
        },
        Figure {
            key: "opening",
            what: "rows that open alike",
            value: variety::opening(summary),
            limit: limits.opening,
            is_most: true,
            shown: percent,
            why: &alike,
        },
        Figure {
            key: "short",
            what: "rows that cannot be filled",
            value: Some(short),
            limit: limits.short,
            is_most: true,
            shown: percent,
            why: &|| shortage(summary, advice),
        },
        Figure {
            key: "faults",
            what: "sends that failed",
            value: enough.then(|| failed as f64 / summary.attempts as f64),
            limit: limits.faults,
            is_most: true,
            shown: percent,
            why: &|| asks::failing(summary),
        },
    ];
    figures.iter().filter_map(Figure::rings).collect()
}

/// Why a run had few rows an hour: most of its texts were rejected, or it was slow.
fn few(summary: &Summary, advice: &Advice<'_>) -> Why {
    let rows = format!("{} of {}", count(summary.brought(), "row"), count(summary.run.judged(), "text"));
    let Why { cause, key, advice } = match rejects(summary, advice) {
        Some(why) if 2 * summary.run.accepted < summary.run.judged() => why,
        _ => slow(summary),
    };
    Why::new(format!("{rows}; {cause}"), key, advice)
}

/// Why a run was slow: many of its sends failed, or what its endpoints did.
fn slow(summary: &Summary) -> Why {
    let failed: u64 = summary.faults.values().sum();
    match failed * 10 > summary.attempts {
        true => asks::failing(summary),
        false => endpoints::slow(summary),
    }
}
