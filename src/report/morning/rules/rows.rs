//! What wants a look in the rows: those that are missing, and how they are.

use super::{Advice, FEW, Why, look, percent, times};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Left, Verdict, outlook};
use crate::report::{Asked, AxisCount, RowChange, SLACK, Summary, count, most_of, own_fault, thousands};

pub(super) fn smaller(summary: &Summary) -> Option<Finding> {
    let less = u64::try_from(-summary.gained()).ok().filter(|less| *less > 0)?;
    let gone = summary.left.short + summary.elsewhere.short;
    // Who edits a config wants its rows remade; that nothing remakes them nobody asked for.
    if !summary.edits.is_empty() && gone <= summary.allowed_short {
        return Some(remade(summary, less));
    }
    Some(Finding {
        verdict: Verdict::Lost,
        what: format!("the dataset has {} fewer than before", count(less, "row")),
        cause: Some(format!("{}; {}", left(&summary.change), since(summary))),
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
    let first = summary.edits.first().map(String::as_str).unwrap_or_default();
    // A key has a place in the config; a change of a template is told by its own.
    let (key, place) = match first.strip_prefix("prompts/") {
        Some(_) => ("prompt", Some(first.to_owned())),
        None => (first.split([':', ' ']).next().unwrap_or_default(), None),
    };
    let cause = format!("{}; {}", left(&summary.change), changed_since(summary));
    let advice = format!("{asks}what was asked is stored, and undoing the edit brings the rows back free");
    Finding { place, ..look(what, Why::new(cause, key, advice)) }
}

/// How many rows left, and how.
fn left(change: &RowChange) -> String {
    let out = count(change.leaving + change.unjudged, "row");
    let are = if change.displaced == 1 { "became a duplicate" } else { "became duplicates" };
    let waits = change.waits().map_or_else(String::new, |waits| format!("; {waits}"));
    format!("{out} left it; {} {are}{waits}", thousands(change.displaced))
}

/// What helps where cells may not be asked often enough.
const RAISE: (&str, &str) = ("samples.max_asks", "raise `samples.max_asks`, or vary the prompt");

/// Rows that no more asks will fill: cells used them up, or have fewer left than they lack rows.
pub(super) fn exhausted(summary: &Summary, advice: &Advice<'_>) -> Option<Finding> {
    let rows = summary.left.short;
    if rows == 0 || rows <= summary.allowed_short || summary.state == "complete" {
        return None;
    }
    let used_up = match summary.exhausted_cells {
        0 => None,
        1 => Some("1 cell used up its asks".to_owned()),
        cells => Some(format!("{} used up their asks", count(cells, "cell"))),
    };
    let beyond = rows > summary.exhausted_rows;
    let too_few = beyond.then(|| "open cells have too few left".to_owned());
    let why = used_up.into_iter().chain(too_few).collect::<Vec<_>>().join(", ");
    Some(look(format!("{} cannot be filled: {why}", count(rows, "row")), shortage(summary, advice)))
}

/// Why no more asks will fill some rows.
pub(super) fn shortage(summary: &Summary, advice: &Advice<'_>) -> Why {
    let rows = summary.left.short;
    let rejected: u64 = summary.exhausted_rejected.values().sum();
    let failed = summary.exhausted_failed;
    // Where little was rejected or given up, it is the asks that are too few.
    match most_of(&summary.exhausted_rejected) {
        _ if failed > rejected && 2 * failed >= rows => Why::new(
            own_fault(failed, " of those cells"),
            "run.tries",
            "see why below; `--retry-failed` asks them again",
        ),
        Some((reason, times)) if 2 * rejected >= rows => {
            let (key, told) = advice(reason).unwrap_or(RAISE);
            let cause = format!(
                "{} of the {} that those cells had rejected: {reason}",
                thousands(times),
                count(rejected, "text")
            );
            Why::new(cause, key, told)
        }
        _ if rows > summary.exhausted_rows => {
            let Left { cells, asks, stored, rows, .. } = summary.left;
            let with = match stored {
                0 => String::new(),
                stored => format!(" with {} that are stored", count(stored, "answer")),
            };
            let (cells, rows) = (count(cells, "open cell"), count(rows, "row"));
            let cause = format!("{cells} may be asked {} more, which{with} can bring {rows}", times(asks));
            Why::new(cause, RAISE.0, RAISE.1)
        }
        _ => {
            let cause = format!(
                "those cells had {} rejected and {} given up, and may be asked no more",
                count(rejected, "text"),
                count(failed, "ask")
            );
            Why::new(cause, RAISE.0, RAISE.1)
        }
    }
}

/// What most texts of this run were rejected for, counted, with the key that decides it and what to do.
pub(super) fn rejects(summary: &Summary, advice: &Advice<'_>) -> Option<Why> {
    let (reason, times) = most_of(&summary.run.rejected)?;
    let rejected: u64 = summary.run.rejected.values().sum();
    let cause = format!("{} of the {} rejected: {reason}", thousands(times), count(rejected, "text"));
    let (key, told) = advice(reason)
        .unwrap_or(("prompt", "the page shows some of them, `rejected.jsonl` all; look at the prompt"));
    Some(Why::new(cause, key, told))
}

/// So many texts of which none passed are no chance, and so many of which some did: where half of all texts pass, so few
/// do in one night of 256, and in one of 169 (4 of 20).
const NONE_OF: u64 = 8;
pub(super) const SOME_OF: u64 = 20;

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
    let why = rejects(summary, advice)?;
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
    Some(look(what, why))
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
    let reason = most.map_or_else(String::new, |(reason, times)| {
        format!(", {} of these as {reason}", percent(times as f64 / rejected as f64))
    });
    let judged = summary.run.judged();
    let were = if judged == 1 { "was" } else { "were" };
    let share = percent(rejected as f64 / judged as f64);
    let cause = format!("{share} of {} {were} rejected in this run{reason}", count(judged, "text"));
    let what = format!(
        "at this rate {} of the {} still missing will not come: {} at most",
        thousands(lack),
        count(outlook.missing, "row"),
        count(outlook.requests, "more request")
    );
    Some(look(what, Why::new(cause, key, told)))
}

/// So many standard errors are no chance, though the worst of all values is looked at: of runs over 28 values in which all
/// are alike, fewer than one in a hundred has one that far below.
const SURE: f64 = 3.5;

/// Whether two shares, of so many each, may differ by chance alone: two proportions with their common variance.
pub(super) fn is_chance((one, of_one): (u64, u64), (other, of_other): (u64, u64)) -> bool {
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
                worst = Some((own / rest, look(what, why_uneven(summary, axis, value, count))));
            }
        }
    }
    worst.map(|(_, finding)| finding)
}

/// Of how many texts of a value of an axis, a prompt or a model so few became rows, and what mends that.
fn why_uneven(summary: &Summary, of: &str, value: &str, count: &AxisCount) -> Why {
    let is_asked = summary.run.by_ask.contains_key(of);
    let rejected = match is_asked {
        true => Some(Asked::sum_by(&summary.asked, of, value).rejected),
        false => summary.rejected_by.get(of).and_then(|values| values.get(value)).cloned(),
    };
    let most = rejected.as_ref().and_then(most_of);
    let most = most.map_or_else(String::new, |(reason, times)| {
        format!("; rejected most: {} × {reason}", thousands(times))
    });
    let (key, advice) = match (is_asked, of) {
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
            format!("grid.axes.{axis}.values.{value}"),
            "`emogrid preview` shows its prompts, rejected.jsonl its texts; describe it better, or give it a variant \
             of its own",
        ),
    };
    let (accepted, judged) = (thousands(count.accepted), crate::report::count(count.judged(), "text"));
    Why::new(format!("{accepted} of its {judged} became rows{most}"), key, advice)
}
