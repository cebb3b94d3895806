//! What the config's `alarm:` says of a run.

use super::{Advice, percent, rows};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Verdict};
use crate::report::{Summary, rate};

pub(super) fn alarms(summary: &Summary, limits: &Alarm, advice: &Advice<'_>) -> Vec<Finding> {
    let asked = summary.attempts > 0;
    let short = (summary.left.short + summary.elsewhere.short) as f64 / summary.wanted.max(1) as f64;
    let failed: u64 = summary.faults.values().sum();
    let speed = summary.tokens_per_second();
    let rows = summary.rows_per_hour();
    let opening = summary.openings.first().map(|opening| opening.share);
    let share: &dyn Fn(f64) -> String = &percent;
    let plain: &dyn Fn(f64) -> String = &|value| format!("{value:.3}");
    let rate: &dyn Fn(f64) -> String = &rate;
    let least = [
        ("accepted", "accepted texts", summary.acceptance(), limits.accepted, share),
        ("distinct_2", "distinct-2", summary.distinct_2, limits.distinct_2, plain),
        ("tokens_per_second", "tokens a second", speed, limits.tokens_per_second, rate),
        ("rows_per_hour", "rows an hour", rows, limits.rows_per_hour, rate),
    ];
    let most = [
        ("opening", "rows that open alike", opening, limits.opening, share),
        ("short", "rows that cannot be filled", Some(short), limits.short, share),
        (
            "faults",
            "sends that failed",
            asked.then(|| failed as f64 / summary.attempts as f64),
            limits.faults,
            share,
        ),
    ];
    let low = least.into_iter().map(|row| (row, false));
    let high = most.into_iter().map(|row| (row, true));
    let mut out = Vec::new();
    for ((key, what, value, limit, shown), over) in low.chain(high) {
        let (Some(value), Some(limit)) = (value, limit) else { continue };
        if if over { value > limit } else { value < limit } {
            let bound = if over { "at most" } else { "at least" };
            let rejects = (key == "accepted").then(|| rows::rejects(summary, advice));
            let (cause, told) =
                rejects.flatten().map_or((None, None), |(cause, _, told)| (Some(cause), Some(told)));
            out.push(Finding {
                verdict: Verdict::Look,
                what: format!("alarm: {what} {}, {bound} {} wanted", shown(value), shown(limit)),
                key: Some(format!("alarm.{key}")),
                cause,
                advice: told,
                alarm: true,
                ..Finding::default()
            });
        }
    }
    out
}
