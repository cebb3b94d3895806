//! What wants a look in the asks: those that failed, and those that were not sent.

use super::{FEW, LONG, look, percent, time};
use crate::report::morning::{Awaited, Ended, Finding, Needed, Overspent, Remedy, Verdict, Waited, remedy};
use crate::report::{Summary, count, money, money_at_least, own_fault, thousands};

/// What mends failures of a class at the endpoint that met most of them; `None` where none did.
fn remedy_of(summary: &Summary, class: &str) -> Option<Remedy> {
    let met = |times: Option<&u64>| times.copied().unwrap_or(0);
    let most = summary.endpoints.iter().max_by_key(|(_, endpoint)| met(endpoint.faults.get(class)));
    let (name, endpoint) = most.filter(|(_, endpoint)| endpoint.faults.contains_key(class))?;
    Some(remedy(class, name, endpoint.managed))
}

/// The class of most failures.
fn most(summary: &Summary) -> Option<&str> {
    let (class, _) = summary.faults.iter().max_by_key(|(_, times)| **times)?;
    Some(class)
}

/// A run that was to ask ended before any answer came, and not because somebody wished so.
pub(super) fn nothing_came(summary: &Summary) -> Option<Finding> {
    if summary.requests > 0 || summary.open == 0 && summary.accepted >= summary.wanted {
        return None;
    }
    let failed: u64 = summary.faults.values().sum();
    match summary.stopped_by.as_deref() {
        _ if failed > 0 => Some(all_failed(summary, failed)),
        None => None,
        Some(budget @ ("token_budget" | "max_cost")) if summary.attempts == 0 => {
            Some(no_room(budget, summary.needed.unwrap_or_default()))
        }
        Some(clock @ ("until" | "for")) => Some(out_of_time(summary, &format!("run.{clock}"))),
        Some(_) => stopped_waiting(summary),
    }
}

fn all_failed(summary: &Summary, failed: u64) -> Finding {
    let remedy = most(summary).and_then(|class| remedy_of(summary, class));
    Finding {
        cause: Some(faults_of(summary)),
        ..look(
            format!("no answer came: {} failed", count(failed, "send")),
            remedy.as_ref().map_or("endpoints", |remedy| remedy.key.as_str()),
            "see that the server answers before the run begins; `log.jsonl` says what was waited for"
                .to_owned(),
        )
    }
}

/// Its time was over before an answer came, most often since it waited for something.
fn out_of_time(summary: &Summary, key: &str) -> Finding {
    if summary.attempts > 0 {
        let advice = format!(
            "an answer takes longer than it had: give it more time (`{key}`), or lower `sampling.max_tokens`"
        );
        return look("its time was over before an answer came".to_owned(), key, advice);
    }
    let longest = summary.waited.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    match longest.map(|waited| (waited, &waited.what)) {
        Some((Waited { seconds, .. }, what @ Awaited::Run { why })) => Finding {
            cause: Some(format!("{why}; it was waited for {} of {}", time(*seconds), time(summary.seconds))),
            ..look(
                format!("its time went by waiting for {}", what.text()),
                key,
                format!(
                    "begin it when the other has ended, or give it more time (`{key}`); without `--wait` it says at \
                     once that another goes on"
                ),
            )
        },
        Some((waited, Awaited::Endpoint { .. })) => unanswered(waited, "its time went by waiting"),
        None => look(
            "its time was over before anything was asked".to_owned(),
            key,
            format!("give it more time (`{key}`); `log.jsonl` says what it did meanwhile"),
        ),
    }
}

/// It was stopped while it waited for an endpoint that was not there.
fn stopped_waiting(summary: &Summary) -> Option<Finding> {
    let missed = summary.waited.iter().find(|waited| is_missed(waited))?;
    (summary.attempts == 0).then(|| unanswered(missed, "it was stopped while it waited"))
}

/// An endpoint was not there for long before anything could be asked.
pub(super) fn came_late(summary: &Summary) -> Option<Finding> {
    let late = summary.waited.iter().find(|waited| waited.seconds >= LONG && is_missed(waited))?;
    (summary.requests > 0).then(|| unanswered(late, "nothing could be asked for long: it waited"))
}

/// Whether what was waited for is an endpoint that should have been there. One that loads its model soon is.
fn is_missed(waited: &Waited) -> bool {
    match &waited.what {
        Awaited::Run { .. } => false,
        Awaited::Endpoint { class, .. } => class != "loading" || waited.seconds >= LONG,
    }
}

/// What was waited for in vain, or for long.
fn unanswered(Waited { what, seconds }: &Waited, said: &str) -> Finding {
    let (why, remedy) = match what {
        Awaited::Run { why } => (why, None),
        Awaited::Endpoint { name, class, managed, why } => (why, Some(remedy(class, name, *managed))),
    };
    Finding {
        verdict: Verdict::Look,
        what: format!("{said} for {}", what.text()),
        cause: Some(format!("{why}; it was waited for {}", time(*seconds))),
        advice: remedy.as_ref().map(|remedy| remedy.advice.to_owned()),
        key: remedy.map(|remedy| remedy.key),
        ..Finding::default()
    }
}

/// A budget that no request fits into.
fn no_room(budget: &str, needed: Needed) -> Finding {
    let key = format!("run.{budget}");
    let (takes, of, lower) = match budget {
        "max_cost" => (money_at_least(needed.money), "at its endpoint's `price`", "`sampling.max_tokens`"),
        _ => (
            count(needed.tokens, "token"),
            "for its prompt and `sampling.max_tokens`",
            "`sampling.max_tokens`",
        ),
    };
    Finding {
        cause: Some(format!("a request may take {takes} {of}")),
        ..look(
            format!("nothing was asked: `{key}` has no room for a single request"),
            &key,
            format!("set `{key}` to {takes} or more for each request that it should allow, or lower {lower}"),
        )
    }
}

/// More was spent than a budget allows: requests took more than anybody could expect of them.
pub(super) fn overspent(summary: &Summary) -> Option<Finding> {
    let Overspent { budget, spent, of } = summary.overspent.as_ref()?;
    let key = format!("run.{budget}");
    let amount = |of: f64| match budget.as_str() {
        "max_cost" => money(of),
        _ => count(of as u64, "token"),
    };
    Some(Finding {
        cause: Some("requests took more tokens than their prompts and `max_tokens` let expect".to_owned()),
        ..look(
            format!("{} spent, and `{key}` is {}", amount(*spent), amount(*of)),
            &key,
            "with fewer requests at a time (`slots`) less is under way before that is known".to_owned(),
        )
    })
}

/// It came to its end with asks left: they kept failing, and nothing proves that they are to blame.
pub(super) fn left_open(summary: &Summary, ended: Ended) -> Option<Finding> {
    // Of cells that were not chosen nothing was asked.
    let open = summary.left.to_go.now;
    if open == 0 || summary.stopped_by.is_some() || ended.verdict() != Verdict::Look {
        return None;
    }
    let left = summary.fault_costs.iter().filter(|(_, cost)| cost.left_open > 0);
    let class = left.max_by_key(|(_, cost)| cost.left_open).map(|(class, _)| class.as_str());
    let remedy = class.or(most(summary)).and_then(|class| remedy_of(summary, class));
    Some(Finding {
        cause: (!summary.faults.is_empty()).then(|| faults_of(summary)),
        ..look(
            format!("{} left open", count(open, "ask")),
            remedy.as_ref().map_or("run.tries", |remedy| remedy.key.as_str()),
            "run again once the server is well: they are asked first".to_owned(),
        )
    })
}

/// Failures by class, as a cause.
fn faults_of(summary: &Summary) -> String {
    let each = summary.faults.iter().map(|(class, times)| format!("{} {class}", thousands(*times)));
    each.collect::<Vec<_>>().join(", ")
}

/// The class of most asks that were given up in this run.
fn most_given_up(summary: &Summary) -> Option<&str> {
    let (class, _) = summary.run.failed_by.iter().max_by_key(|(_, times)| **times)?;
    Some(class)
}

pub(super) fn given_up(summary: &Summary) -> Option<Finding> {
    let failed_by = &summary.run.failed_by;
    let reasons: Vec<_> = failed_by.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    let most = most_given_up(summary)?;
    let (key, advice) = match (most, remedy_of(summary, most)) {
        ("context-exceeded" | "timeout", Some(remedy)) => (remedy.key, remedy.advice),
        _ => ("run.tries".to_owned(), "`--retry-failed` asks them again"),
    };
    Some(Finding {
        cause: Some(format!(
            "{}; {} of {} failed",
            reasons.join(", "),
            thousands(summary.faults.values().sum()),
            count(summary.attempts, "send")
        )),
        ..look(own_fault(summary.run.failed(), ""), &key, advice.to_owned())
    })
}

/// So many sends an ask that is given up accounts for at the most.
const TRIES: u64 = 10;

/// More than one send in ten failed, beside those to endpoints that are found to be gone.
pub(super) fn faults(summary: &Summary, gone: &[&str]) -> Option<Finding> {
    let all: u64 = summary.faults.values().sum();
    let of_gone = summary.endpoints.iter().filter(|(name, _)| gone.contains(&name.as_str()));
    let of_gone: u64 = of_gone.flat_map(|(_, endpoint)| endpoint.faults.values()).sum();
    let failed = all.saturating_sub(of_gone);
    if summary.attempts < FEW || failed * 10 <= summary.attempts {
        return None;
    }
    // They were tries of asks that were given up, which is told.
    let is_told = failed <= TRIES * summary.run.failed() && most_given_up(summary) == most(summary);
    if is_told {
        return None;
    }
    let remedy = most(summary).and_then(|class| remedy_of(summary, class));
    let (key, advice) = match &remedy {
        Some(remedy) => (remedy.key.as_str(), remedy.advice),
        None => ("endpoints", "look at the server's own log"),
    };
    let open: u64 = summary.fault_costs.values().map(|cost| cost.left_open).sum();
    Some(Finding {
        cause: Some(format!(
            "{}; {} given up, {} left open, the others tried again",
            faults_of(summary),
            count(summary.run.failed(), "ask"),
            thousands(open)
        )),
        ..look(
            format!(
                "{} of {} failed",
                percent(failed as f64 / summary.attempts as f64),
                count(summary.attempts, "send")
            ),
            key,
            advice.to_owned(),
        )
    })
}
