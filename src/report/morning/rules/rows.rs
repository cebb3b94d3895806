//! What wants a look in the rows: those that are missing, and how they are.

use super::{Advice, FEW, look, percent, times};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Left, Verdict, outlook};
use crate::report::{AxisCount, RowChange, SLACK, Summary, count, most_of, own_fault, thousands};

pub(super) fn smaller(summary: &Summary) -> Option<Finding> {
    let less = u64::try_from(-summary.gained()).ok().filter(|less| *less > 0)?;
    let change = summary.change;
    let gone = summary.left.short + summary.elsewhere.short;
    // Who edits a config wants its rows remade; that nothing remakes them nobody asked for.
    if !summary.edits.is_empty() && gone <= summary.allowed_short {
        return Some(remade(summary, less));
    }
    Some(Finding {
        verdict: Verdict::Lost,
        what: format!("the dataset has {} fewer than before", count(less, "row")),
        cause: Some(format!(
            "{} left it; {} became duplicates; {}{}",
            count(change.leaving + change.unjudged, "row"),
            thousands(change.displaced),
            change.waits().map_or_else(String::new, |waits| format!("{waits}; ")),
            since(summary)
        )),
        advice: Some(format!(
            "`emogrid log` says what changed; what was asked is stored, and undoing the change brings it \
             back free{}",
            if summary.open > 0 { "; another run goes on remaking them" } else { "" }
        )),
        ..Finding::default()
    })
}

/// Why rows left.
fn since(summary: &Summary) -> String {
    let changed = summary.cells.changed;
    match &summary.model_change {
        Some(model) => format!("changed since the last run: {model}"),
        None if !summary.edits.is_empty() => changed_since(summary),
        None if changed > 0 => asked_otherwise(changed),
        None => "what was stored of them is gone, or they fail a check now".to_owned(),
    }
}

/// What was edited, as far as there is room.
fn changed_since(summary: &Summary) -> String {
    let mut edits: Vec<&str> = summary.edits.iter().take(CAUSES).map(String::as_str).collect();
    let more = format!("{} more", summary.edits.len().saturating_sub(CAUSES));
    if summary.edits.len() > CAUSES {
        edits.push(&more);
    }
    format!("changed since the last run: {}", edits.join("; "))
}

/// Why cells are asked in another way where neither the config nor a model changed.
pub fn asked_otherwise(cells: u64) -> String {
    format!(
        "the config is that of the last run, and yet {} asked in another way: by another version of emogrid",
        match cells {
            1 => "1 cell is".to_owned(),
            cells => format!("{} cells are", thousands(cells)),
        }
    )
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

/// Causes that a finding names.
const CAUSES: usize = 3;

/// Rows that an edit took out, and that are to be remade.
fn remade(summary: &Summary, less: u64) -> Finding {
    let missing = summary.wanted.saturating_sub(summary.accepted);
    let RowChange { leaving, unjudged, displaced, waiting, .. } = summary.change;
    let what = match (leaving + unjudged + displaced + waiting, missing) {
        (_, 0) => format!("{} fewer than before, as the config wants it now", count(less, "row")),
        // What came in their place is all that makes the difference.
        (out, missing) if out >= less => format!(
            "an edit took {} out and {} came since; {} of {} are still to come",
            count(out, "row"),
            thousands(out - less),
            thousands(missing),
            thousands(summary.wanted)
        ),
        (_, missing) => format!(
            "{} fewer than before an edit; {} of {} are still to come",
            count(less, "row"),
            thousands(missing),
            thousands(summary.wanted)
        ),
    };
    let asks = if summary.open > 0 { "another run goes on remaking them; " } else { "" };
    // A key has a place in the config; the place of a template is in its cause.
    let key = summary.edits[0].split([':', ' ']).next().filter(|_| !summary.edits[0].starts_with("prompts/"));
    Finding {
        verdict: Verdict::Look,
        what,
        cause: Some(changed_since(summary)),
        advice: Some(format!(
            "{asks}what was asked is stored, and undoing the edit brings the rows back free"
        )),
        key: key.map(str::to_owned),
        ..Finding::default()
    }
}

/// What helps where cells may not be asked often enough.
const RAISE: (&str, &str) = ("samples.max_asks", "raise `samples.max_asks`, or vary the prompt");

/// Rows that no more asks will fill: cells used them up, or have fewer left than they lack rows.
pub(super) fn exhausted(summary: &Summary, advice: &Advice<'_>) -> Option<Finding> {
    let rows = summary.left.short;
    if rows == 0 || rows <= summary.allowed_short || summary.state == "complete" {
        return None;
    }
    let beyond = rows.saturating_sub(summary.exhausted_rows);
    let rejected: u64 = summary.exhausted_rejected.values().sum();
    let failed = summary.exhausted_failed;
    let most = most_of(&summary.exhausted_rejected);
    // Where little was rejected or given up, it is the asks that are too few.
    let (cause, (key, told)) = match most {
        _ if failed > rejected && 2 * failed >= rows => (
            Some(own_fault(failed, " of those cells")),
            ("run.tries", "see why below; `--retry-failed` asks them again"),
        ),
        Some((reason, times)) if 2 * rejected >= rows => {
            let share = percent(times as f64 / rejected as f64);
            let cause = format!("{share} of what those cells had rejected is {reason}");
            (Some(cause), advice(reason).unwrap_or(RAISE))
        }
        _ if beyond > 0 => {
            let Left { cells, asks, stored, rows, .. } = summary.left;
            let with = match stored {
                0 => String::new(),
                stored => format!(" with {} that are stored", count(stored, "answer")),
            };
            let (cells, rows) = (count(cells, "open cell"), count(rows, "row"));
            (Some(format!("{cells} may be asked {} more, which{with} can bring {rows}", times(asks))), RAISE)
        }
        _ => (None, RAISE),
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

/// What most texts of this run were rejected for, counted, with the key that decides it and what to do.
pub(super) fn rejects(summary: &Summary, advice: &Advice<'_>) -> Option<(String, &'static str, String)> {
    let (reason, times) = most_of(&summary.run.rejected)?;
    let rejected: u64 = summary.run.rejected.values().sum();
    let cause = format!("{} of the {} rejected: {reason}", thousands(times), count(rejected, "text"));
    let (key, told) = advice(reason)
        .unwrap_or(("prompt", "the page shows some of them, `rejected.jsonl` all; look at the prompt"));
    Some((cause, key, told.to_owned()))
}

/// So many texts of which none passed are no chance, and so many of which some did: where half of all texts pass, so few
/// do in one night of 256, and in one of 169 (4 of 20).
const NONE_OF: u64 = 8;
const SOME_OF: u64 = 20;

/// Fewer than this of the judged texts are hardly any: each row then takes more than four.
const HARDLY: f64 = 0.25;

/// None or hardly any of the judged texts passed. Where the config says how many should, its alarm tells of it.
pub(super) fn hardly_any(summary: &Summary, limits: &Alarm, advice: &Advice<'_>) -> Option<Finding> {
    let (judged, accepted) = (summary.run.judged(), summary.run.accepted);
    let hardly = match accepted {
        0 => judged >= NONE_OF,
        some => judged >= SOME_OF && (some as f64) < HARDLY * judged as f64,
    };
    // A dataset that is complete all the same wants nothing.
    if !hardly || limits.accepted.is_some() || summary.state == "complete" {
        return None;
    }
    let (cause, key, told) = rejects(summary, advice)?;
    let what = match accepted {
        0 => format!("none of {} passed in this run", count(judged, "text")),
        some => {
            format!(
                "only {} of {} passed in this run",
                percent(some as f64 / judged as f64),
                count(judged, "text")
            )
        }
    };
    Some(Finding { cause: Some(cause), ..look(what, key, told) })
}

/// At this rate the asks that are left bring far fewer rows than are missing.
pub(super) fn will_lack(summary: &Summary, advice: &Advice<'_>) -> Option<Finding> {
    let outlook = outlook(summary).filter(|_| summary.run.judged() >= FEW)?;
    let lack = outlook.missing - outlook.rows;
    let all = lack + summary.left.short;
    if lack as f64 <= SLACK * outlook.missing as f64 || all <= summary.allowed_short {
        return None;
    }
    let rejected: u64 = summary.run.rejected.values().sum();
    let most = most_of(&summary.run.rejected);
    let (key, told) = most.and_then(|(reason, _)| advice(reason)).unwrap_or(RAISE);
    let cause = most.map(|(reason, times)| {
        format!(
            "{} of {} were rejected in this run, {} of these as {reason}",
            percent(rejected as f64 / summary.run.judged() as f64),
            count(summary.run.judged(), "text"),
            percent(times as f64 / rejected as f64)
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

/// So many standard errors are no chance, though the worst of all values is looked at: of runs over 28 values in which all
/// are alike, fewer than one in a hundred has one that far below.
const SURE: f64 = 3.5;

/// Whether two shares, of so many each, may differ by chance alone: two proportions with their common variance.
fn is_chance((one, of_one): (u64, u64), (other, of_other): (u64, u64)) -> bool {
    let share = (one + other) as f64 / (of_one + of_other) as f64;
    let error = (share * (1.0 - share) * (1.0 / of_one as f64 + 1.0 / of_other as f64)).sqrt();
    (one as f64 / of_one as f64 - other as f64 / of_other as f64).abs() < SURE * error
}

/// The value of an axis, the prompt or the model that is accepted least, if far less than the others.
pub(super) fn uneven(summary: &Summary) -> Option<Finding> {
    let mut worst: Option<(f64, Finding)> = None;
    for (axis, values) in summary.run.by() {
        // Labels are of different difficulty; prompts and models are there to be chosen among.
        let far = if summary.run.by_ask.contains_key(axis) { 0.8 } else { 0.6 };
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
            if own < far * rest
                && !is_chance((count.accepted, judged), (accepted - count.accepted, others))
                && worst.as_ref().is_none_or(|(least, _)| own / rest < *least)
            {
                let what =
                    format!("{axis} {value}: {} accepted, of the others {}", percent(own), percent(rest));
                let (key, advice) = remedy_of(summary, axis, value);
                worst = Some((own / rest, look(what, &key, advice.to_owned())));
            }
        }
    }
    worst.map(|(_, finding)| finding)
}

/// The key that mends a value of an axis, a prompt or a model, and how.
fn remedy_of(summary: &Summary, of: &str, value: &str) -> (String, &'static str) {
    match (summary.run.by_ask.contains_key(of), of) {
        (true, "prompt") => (
            format!("prompt.user.{value}"),
            "rejected.jsonl has its texts under `prompt`; edit it, give it a lower `weight`, or take it out",
        ),
        (true, _) => (
            "endpoints".to_owned(),
            "rejected.jsonl has its texts under `model`; give it another prompt (`prompt.user.NAME.model`), or its \
             endpoints a lower `weight`",
        ),
        (false, axis) => (
            format!("grid.axes.{axis}"),
            "`emogrid preview` shows its prompts, rejected.jsonl its texts; describe it better, or give it a variant \
             of its own",
        ),
    }
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
