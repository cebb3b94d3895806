//! What wants a look in the rows: those that are missing, and how they are.

use std::collections::BTreeMap;

use super::{FEW, look, percent};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Verdict, outlook};
use crate::report::{AxisCount, Summary, count, thousands};

pub(super) fn smaller(summary: &Summary) -> Option<Finding> {
    let less = u64::try_from(-summary.gained()).ok().filter(|less| *less > 0)?;
    let change = summary.change;
    Some(Finding {
        verdict: Verdict::Lost,
        what: format!("the dataset has {} fewer than before", count(less, "row")),
        cause: Some(format!(
            "{} left it, since their prompt changed or they fail a check now; {} became duplicates",
            count(change.leaving, "row"),
            thousands(change.displaced)
        )),
        advice: Some(format!(
            "`emogrid log` says what changed; what was asked is stored, and undoing the change brings it \
             back free{}",
            if summary.open > 0 { "; another run goes on remaking them" } else { "" }
        )),
        ..Finding::default()
    })
}

/// The dataset's files could not be written.
pub(super) fn unwritten(summary: &Summary) -> Option<Finding> {
    Some(Finding {
        verdict: Verdict::Lost,
        what: summary.unwritten.as_ref()?.text(),
        cause: Some(format!(
            "what was received is stored, and makes {}",
            count(summary.accepted, "row")
        )),
        advice: Some("look at the disk and the folder's permissions; the next run writes them, and asks nothing for it".into()),
        key: Some("output.dir".into()),
        ..Finding::default()
    })
}

/// Rows that no more asks will fill: cells used them up, or have fewer left than they lack rows.
pub(super) fn exhausted(
    summary: &Summary,
    advice: &dyn Fn(&str) -> Option<(&'static str, &'static str)>,
) -> Option<Finding> {
    let beyond = summary.out_of_reach();
    let rows = summary.shortfall + beyond;
    if rows == 0 || rows <= summary.allowed_short || summary.state == "complete" {
        return None;
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, times) in summary.exhausted.iter().flat_map(|cell| &cell.rejected) {
        *reasons.entry(reason).or_default() += times;
    }
    let rejected: u64 = reasons.values().sum();
    let failed: u64 = summary.exhausted.iter().map(|cell| cell.failed).sum();
    let most = reasons.iter().max_by_key(|(_, times)| **times);
    let raise = ("samples.max_asks", "raise `samples.max_asks`, or vary the prompt");
    // Where little was rejected or given up, it is the asks that are too few.
    let (cause, (key, told)) = match most {
        _ if failed > rejected && 2 * failed >= rows => (
            Some(format!("{} of those cells failed by their own fault", count(failed, "ask"))),
            ("run.tries", "see why below; `--retry-failed` asks them again"),
        ),
        Some((reason, times)) if 2 * rejected >= rows => {
            let share = percent(*times as f64 / rejected as f64);
            let cause = format!("{share} of what those cells had rejected is {reason}");
            (Some(cause), advice(reason).unwrap_or(raise))
        }
        _ if beyond > 0 => (
            Some(format!(
                "{} may be asked {} more, which can bring {}",
                count(summary.left.cells, "open cell"),
                times(summary.left.asks),
                count(summary.left.rows, "row")
            )),
            raise,
        ),
        _ => (None, raise),
    };
    let used_up = match summary.exhausted_cells {
        0 => None,
        1 => Some("1 cell used up its asks".to_owned()),
        cells => Some(format!("{} used up their asks", count(cells, "cell"))),
    };
    let too_few = (beyond > 0).then(|| "open cells have too few left".to_owned());
    let why = used_up.into_iter().chain(too_few).collect::<Vec<_>>().join(", ");
    Some(Finding {
        cause,
        ..look(format!("{} cannot be filled: {why}", count(rows, "row")), key, told.to_owned())
    })
}

/// By how much fewer rows are to come than are missing before it is worth a word: chance is in both.
const SLACK: f64 = 0.05;

/// At this rate the asks that are left bring far fewer rows than are missing.
pub(super) fn will_lack(
    summary: &Summary,
    advice: &dyn Fn(&str) -> Option<(&'static str, &'static str)>,
) -> Option<Finding> {
    let outlook = outlook(summary).filter(|_| summary.run.judged() >= FEW)?;
    let lack = outlook.missing - outlook.rows;
    let all = lack + summary.shortfall + summary.out_of_reach();
    if lack as f64 <= SLACK * outlook.missing as f64 || all <= summary.allowed_short {
        return None;
    }
    let rejected: u64 = summary.run.rejected.values().sum();
    let most = summary.run.rejected.iter().max_by_key(|(_, times)| **times);
    let raise = ("samples.max_asks", "raise `samples.max_asks`, or vary the prompt");
    let (key, told) = most.and_then(|(reason, _)| advice(reason)).unwrap_or(raise);
    let cause = most.map(|(reason, times)| {
        format!(
            "{} of {} were rejected in this run, {} of these as {reason}",
            percent(rejected as f64 / summary.run.judged() as f64),
            count(summary.run.judged(), "text"),
            percent(*times as f64 / rejected as f64)
        )
    });
    let what = format!(
        "at this rate {} of the {} still missing will not come: {} at most",
        thousands(lack),
        count(outlook.missing, "row"),
        count(outlook.requests, "more request")
    );
    Some(Finding { cause, ..look(what, key, told.to_owned()) })
}

fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{} times", thousands(number)) }
}

/// The value of an axis that is accepted least, if far less than the rest of its axis.
pub(super) fn uneven(summary: &Summary) -> Option<Finding> {
    let mut worst: Option<(f64, Finding)> = None;
    for (axis, values) in &summary.run.by_axis {
        let sum = |of: fn(&AxisCount) -> u64| values.values().map(of).sum::<u64>();
        let (accepted, rejected) = (sum(|count| count.accepted), sum(|count| count.rejected));
        for (value, count) in values {
            let judged = count.accepted + count.rejected;
            let others = accepted + rejected - judged;
            if judged < FEW || others < FEW {
                continue;
            }
            let own = count.accepted as f64 / judged as f64;
            let rest = (accepted - count.accepted) as f64 / others as f64;
            if own < 0.6 * rest && worst.as_ref().is_none_or(|(least, _)| own / rest < *least) {
                let what =
                    format!("{axis} {value}: {} accepted, of the others {}", percent(own), percent(rest));
                let advice = "`emogrid preview` shows its prompts, rejected.jsonl its texts; describe it \
                              better, or give it a variant of its own"
                    .to_owned();
                worst = Some((own / rest, look(what, &format!("grid.axes.{axis}"), advice)));
            }
        }
    }
    worst.map(|(_, finding)| finding)
}

/// Distinct-2 fell by a twentieth since the run before.
pub(super) fn less_varied(summary: &Summary) -> Option<Finding> {
    let now = summary.distinct_2.filter(|_| summary.distinct_2_texts >= FEW)?;
    // It falls with the number of texts, so fewer of them are no measure.
    let enough = summary.distinct_2_texts * 9 / 10;
    let comparable = summary.past.iter().rev().filter(|past| past.accepted >= enough);
    let before = comparable.filter_map(|past| past.distinct_2).next()?;
    (now < before - 0.05).then(|| {
        look(
            format!("the texts vary less: distinct-2 fell from {before:.3} to {now:.3}"),
            "sampling.temperature",
            "`emogrid log` says what changed between; more `lists` with `pick` vary a prompt".to_owned(),
        )
    })
}

pub(super) fn same_opening(summary: &Summary, limits: &Alarm) -> Option<Finding> {
    let first = summary.openings.first()?;
    let bound = limits.opening.unwrap_or(0.1);
    (limits.opening.is_none() && summary.accepted >= FEW && first.share > bound).then(|| {
        look(
            format!("{} of the rows open with “{}”", percent(first.share), first.words),
            "prompt",
            "vary how the prompt asks to begin, such as `Begin with {{ openings | pick }}`".to_owned(),
        )
    })
}
