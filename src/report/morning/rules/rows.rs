//! What wants a look in the rows: those that are missing, and how they are.

use std::collections::BTreeMap;

use super::{FEW, look, percent};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Verdict};
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

pub(super) fn exhausted(
    summary: &Summary,
    advice: &dyn Fn(&str) -> Option<(&'static str, &'static str)>,
) -> Option<Finding> {
    if summary.shortfall == 0 || summary.state == "complete" {
        return None;
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, times) in summary.exhausted.iter().flat_map(|cell| &cell.rejected) {
        *reasons.entry(reason).or_default() += times;
    }
    let all: u64 = reasons.values().sum();
    // Where little was rejected, it is the asks that are too few.
    let most = reasons.iter().max_by_key(|(_, times)| **times).filter(|_| 2 * all >= summary.shortfall);
    let (key, told) = most
        .and_then(|(reason, _)| advice(reason))
        .unwrap_or(("samples.max_asks", "raise `samples.max_asks`, or vary the prompt"));
    Some(Finding {
        cause: most.map(|(reason, times)| {
            format!("{} of what those cells had rejected is {reason}", percent(*times as f64 / all as f64))
        }),
        ..look(
            format!(
                "{} cannot be filled: {} used up {} asks",
                count(summary.shortfall, "row"),
                count(summary.exhausted_cells, "cell"),
                if summary.exhausted_cells == 1 { "its" } else { "their" }
            ),
            key,
            told.to_owned(),
        )
    })
}

/// Cells that can still be asked, but not often enough.
pub(super) fn out_of_reach(summary: &Summary) -> Option<Finding> {
    let rows = summary.out_of_reach();
    if rows == 0 || summary.shortfall + rows <= summary.allowed_short {
        return None;
    }
    Some(Finding {
        cause: Some(format!(
            "{} may be asked {} more, which can bring {} of {}",
            count(summary.left.cells, "open cell"),
            times(summary.left.asks),
            thousands(summary.left.rows),
            count(summary.left.rows + rows, "row")
        )),
        ..look(
            format!("{} cannot come, though their cells are open: too few asks are left", count(rows, "row")),
            "samples.max_asks",
            "raise `samples.max_asks`, which asks nothing again; or want several texts an answer \
             (`response.items`)"
                .to_owned(),
        )
    })
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
