//! What wants a look in the asks: those that failed, and those that were not sent.

use super::{FEW, look, percent};
use crate::report::morning::{Ended, Finding, Needed, Remedy, Verdict, remedy};
use crate::report::{Summary, count, own_fault, thousands};

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

/// A run that was to ask ended before any answer came, whatever ended it.
pub(super) fn nothing_came(summary: &Summary) -> Option<Finding> {
    if summary.requests > 0 || summary.open == 0 && summary.accepted >= summary.wanted {
        return None;
    }
    let failed: u64 = summary.faults.values().sum();
    let before = if summary.attempts == 0 { "anything was asked" } else { "an answer came" };
    let what = match (failed, summary.stopped_by.as_deref()) {
        (0, None) => return None,
        (0, Some(budget @ ("token_budget" | "max_cost"))) if summary.attempts == 0 => {
            return Some(no_room(budget, summary.needed.unwrap_or_default()));
        }
        (0, Some("until" | "for")) => format!("its time was over before {before}"),
        (0, Some(_)) => format!("it was stopped before {before}"),
        (sends, _) => format!("no answer came: {} failed", count(sends, "send")),
    };
    let cause = (failed > 0).then(|| faults_of(summary));
    let remedy = most(summary).and_then(|class| remedy_of(summary, class));
    Some(Finding {
        cause,
        ..look(
            what,
            remedy.as_ref().map_or("endpoints", |remedy| remedy.key.as_str()),
            "see that the server answers before the run begins; `log.jsonl` says what was waited for"
                .to_owned(),
        )
    })
}

/// A budget that no request fits into.
fn no_room(budget: &str, needed: Needed) -> Finding {
    let key = format!("run.{budget}");
    let (takes, of, lower) = match budget {
        "max_cost" => (format!("{:.6}", needed.money), "at its endpoint's `price`", "`sampling.max_tokens`"),
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

/// It came to its end with asks left: they kept failing, and nothing proves that they are to blame.
pub(super) fn left_open(summary: &Summary, ended: Ended) -> Option<Finding> {
    if summary.open == 0 || summary.stopped_by.is_some() || ended.verdict() != Verdict::Look {
        return None;
    }
    let left = summary.costs.iter().filter(|(_, cost)| cost.left_open > 0);
    let class = left.max_by_key(|(_, cost)| cost.left_open).map(|(class, _)| class.as_str());
    let remedy = class.or(most(summary)).and_then(|class| remedy_of(summary, class));
    Some(Finding {
        cause: (!summary.faults.is_empty()).then(|| faults_of(summary)),
        ..look(
            format!("{} left open", count(summary.open, "ask")),
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

pub(super) fn given_up(summary: &Summary) -> Option<Finding> {
    let failed_by = &summary.run.failed_by;
    let reasons: Vec<_> = failed_by.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    let most = failed_by.iter().max_by_key(|(_, times)| **times)?;
    let (key, advice) = match (most.0.as_str(), remedy_of(summary, most.0)) {
        ("context-exceeded" | "timeout", Some(remedy)) => (remedy.key, remedy.advice),
        _ => ("run.tries".to_owned(), "`--retry-failed` asks them again"),
    };
    Some(Finding {
        cause: Some(reasons.join(", ")),
        ..look(own_fault(summary.run.failed(), ""), &key, advice.to_owned())
    })
}

/// More than one send in ten failed, beside those to endpoints that are found to be gone.
pub(super) fn faults(summary: &Summary, gone: &[&str]) -> Option<Finding> {
    let all: u64 = summary.faults.values().sum();
    let of_gone = summary.endpoints.iter().filter(|(name, _)| gone.contains(&name.as_str()));
    let of_gone: u64 = of_gone.flat_map(|(_, endpoint)| endpoint.faults.values()).sum();
    let failed = all.saturating_sub(of_gone);
    if summary.attempts < FEW || failed * 10 <= summary.attempts {
        return None;
    }
    let remedy = most(summary).and_then(|class| remedy_of(summary, class));
    let (key, advice) = match &remedy {
        Some(remedy) => (remedy.key.as_str(), remedy.advice),
        None => ("endpoints", "look at the server's own log"),
    };
    let open: u64 = summary.costs.values().map(|cost| cost.left_open).sum();
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
