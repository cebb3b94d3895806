//! What wants a look in the asks: those that failed, and those that were not sent.

use super::{FEW, LONG, Why, look, percent, time};
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
    let Why { cause, key, .. } = failing(summary);
    let advice = "see that the server answers before the run begins; `log.jsonl` says what was waited for";
    look(format!("no answer came: {} failed", count(failed, "send")), Why::new(cause, key, advice))
}

/// What most sends failed with, and what mends that.
pub(super) fn failing(summary: &Summary) -> Why {
    let remedy = most(summary).and_then(|class| remedy_of(summary, class));
    match remedy {
        Some(Remedy { key, advice }) => Why::new(faults_of(summary), key, advice),
        None => Why::new(faults_of(summary), "endpoints", "look at the server's own log"),
    }
}

/// Its time was over before an answer came, most often since it waited for something.
fn out_of_time(summary: &Summary, key: &str) -> Finding {
    if summary.attempts > 0 {
        let advice = format!(
            "an answer takes longer than it had: give it more time (`{key}`), or lower `sampling.max_tokens`"
        );
        let sent = if summary.attempts == 1 { "was" } else { "were" };
        let cause = format!(
            "{} {sent} sent in {} of asking",
            count(summary.attempts, "request"),
            time(summary.asking())
        );
        return look("its time was over before an answer came".to_owned(), Why::new(cause, key, advice));
    }
    let longest = summary.waited.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    match longest.map(|waited| (waited, &waited.what)) {
        Some((Waited { seconds, .. }, what @ Awaited::Run { why })) => look(
            format!("its time went by waiting for {}", what.text()),
            Why::new(
                format!("{why}; it was waited for {} of {}", time(*seconds), time(summary.seconds)),
                key,
                format!(
                    "begin it when the other has ended, or give it more time (`{key}`); without `--wait` it says at \
                     once that another goes on"
                ),
            ),
        ),
        Some((waited, Awaited::Endpoint { name, class, managed, why })) => {
            let remedy = remedy(class, name, *managed);
            unanswered(waited, why, remedy, "its time went by waiting")
        }
        None => look(
            "its time was over before anything was asked".to_owned(),
            Why::new(
                format!("it had {}, and waited for nothing", time(summary.seconds)),
                key,
                format!("give it more time (`{key}`); `log.jsonl` says what it did meanwhile"),
            ),
        ),
    }
}

/// It was stopped while it waited for an endpoint that was not there.
fn stopped_waiting(summary: &Summary) -> Option<Finding> {
    let missed = summary.waited.iter().find_map(|waited| missed(waited, "it was stopped while it waited"))?;
    (summary.attempts == 0).then_some(missed)
}

/// An endpoint was not there for long before anything could be asked.
pub(super) fn came_late(summary: &Summary) -> Option<Finding> {
    let mut late = summary.waited.iter().filter(|waited| waited.seconds >= LONG && summary.requests > 0);
    late.find_map(|waited| missed(waited, "nothing could be asked for long: it waited"))
}

/// What is found of an endpoint that should have been there when it was waited for. One that loads its model soon is.
fn missed(waited: &Waited, said: &str) -> Option<Finding> {
    match &waited.what {
        Awaited::Run { .. } => None,
        Awaited::Endpoint { class, .. } if class == "loading" && waited.seconds < LONG => None,
        Awaited::Endpoint { name, class, managed, why } => {
            Some(unanswered(waited, why, remedy(class, name, *managed), said))
        }
    }
}

/// What was waited for in vain, or for long.
fn unanswered(Waited { what, seconds }: &Waited, why: &str, remedy: Remedy, said: &str) -> Finding {
    let cause = format!("{why}; it was waited for {}", time(*seconds));
    look(format!("{said} for {}", what.text()), Why::new(cause, remedy.key, remedy.advice))
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
    let advice =
        format!("set `{key}` to {takes} or more for each request that it should allow, or lower {lower}");
    look(
        format!("nothing was asked: `{key}` has no room for a single request"),
        Why::new(format!("a request may take {takes} {of}"), key, advice),
    )
}

/// More was spent than a budget allows: requests took more than anybody could expect of them.
pub(super) fn overspent(summary: &Summary) -> Option<Finding> {
    let Overspent { budget, spent, of } = summary.overspent.as_ref()?;
    let key = format!("run.{budget}");
    let amount = |of: f64| match budget.as_str() {
        "max_cost" => money(of),
        _ => count(of as u64, "token"),
    };
    let cause = format!(
        "{} took more tokens than their prompts and `max_tokens` let expect",
        count(summary.attempts, "request")
    );
    let advice = "with fewer requests at a time (`slots`) less is under way before that is known";
    Some(look(
        format!("{} spent, and `{key}` is {}", amount(*spent), amount(*of)),
        Why::new(cause, key, advice),
    ))
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
    let key = remedy.map_or_else(|| "run.tries".to_owned(), |remedy| remedy.key);
    let advice = "run again once the server is well: they are asked first";
    Some(look(format!("{} left open", count(open, "ask")), Why::new(faults_of(summary), key, advice)))
}

/// Failures by class, as a cause.
fn faults_of(summary: &Summary) -> String {
    let each = summary.faults.iter().map(|(class, times)| format!("{} {class}", thousands(*times)));
    match each.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!("none of {} failed", count(summary.attempts, "send")),
        some => some,
    }
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
    let cause = format!(
        "{}; {} of {} failed",
        reasons.join(", "),
        thousands(summary.faults.values().sum()),
        count(summary.attempts, "send")
    );
    Some(look(own_fault(summary.run.failed(), ""), Why::new(cause, key, advice)))
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
    let Why { cause, key, advice } = failing(summary);
    let open: u64 = summary.fault_costs.values().map(|cost| cost.left_open).sum();
    let cause = format!(
        "{cause}; {} given up, {} left open, the others tried again",
        count(summary.run.failed(), "ask"),
        thousands(open)
    );
    let what = format!(
        "{} of {} failed",
        percent(failed as f64 / summary.attempts as f64),
        count(summary.attempts, "send")
    );
    Some(look(what, Why::new(cause, key, advice)))
}
