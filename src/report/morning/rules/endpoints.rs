//! What wants a look in the servers: those that were away, idle, or did not last.

use super::{FEW, LONG, Why, look, percent, time, times};
use crate::report::morning::{Away, EndpointNight, Finding, remedy};
use crate::report::{Summary, count, rate, thousands};

/// The share of its places' time that an endpoint is held by limits, from which on who waits for it waits for these.
const LIMITED: f64 = 0.33;

/// Less than this share of its places' time at work is idle.
const USED: f64 = 0.66;

fn is_limited(endpoint: &EndpointNight) -> bool {
    endpoint.held.values().sum::<f64>() >= LIMITED
}

/// A server that was idle for more than a third of its places. That it kept to its limits, or waited for one that did, is
/// what the config says; that it asked to wait is told among what failed.
pub(super) fn idle(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let enough = endpoint.requests as f64 >= (endpoint.slots * 8.0).max(FEW as f64);
    let limited = |other: &str| summary.endpoints.get(other).is_some_and(is_limited);
    let by_limits = endpoint.held.values().sum::<f64>()
        + endpoint.asked_off
        + endpoint.waited.iter().filter(|(other, _)| limited(other)).map(|(_, share)| share).sum::<f64>();
    if !enough || endpoint.busy + by_limits >= USED || summary.seconds <= 60.0 {
        return None;
    }
    let what = format!(
        "endpoint {name}: only {} of the time of {} was used",
        percent(endpoint.busy),
        slots(endpoint.slots)
    );
    Some(look(what, unused(summary, name, endpoint)))
}

/// What an endpoint's places were free for, and what fills them.
fn unused(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Why {
    let most = endpoint
        .waited
        .iter()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .filter(|(_, share)| **share >= endpoint.spare);
    let (key, advice) = match most {
        Some((other, _)) => (
            format!("endpoints.{other}.weight"),
            format!(
                "lower the `weight` of `{other}`, so that fewer asks are for its model, or give it more slots"
            ),
        ),
        None if endpoint.spare > 0.0 => (
            format!("endpoints.{name}.slots"),
            "fewer cells are open than it has slots; `log.jsonl` says how many requests waited".to_owned(),
        ),
        None => (
            format!("endpoints.{name}"),
            "see in `log.jsonl` what failed, and what was waited for".to_owned(),
        ),
    };
    let cause = match free(summary, endpoint) {
        none if none.is_empty() => {
            format!("{} in {}", count(endpoint.requests, "request"), time(summary.asking()))
        }
        free => free,
    };
    Why::new(cause, key, advice)
}

/// Why a run was slow, by what its endpoints did: the one with most of its time unused decides.
pub(super) fn slow(summary: &Summary) -> Why {
    let each = summary.endpoints.iter().map(|(name, did)| {
        let free = Some(free(summary, did)).filter(|free| !free.is_empty());
        format!(
            "`{name}`: {} tokens/s with {}, {} of their time used{}",
            rate(did.tokens_per_second),
            slots(did.slots),
            percent(did.busy),
            free.map_or_else(String::new, |free| format!(" ({free})"))
        )
    });
    let cause = match each.collect::<Vec<_>>().join("; ") {
        none if none.is_empty() => format!("no endpoint answered in {}", time(summary.asking())),
        each => each,
    };
    let most = summary.endpoints.iter().max_by(|(_, a), (_, b)| {
        let unused = |did: &EndpointNight| (1.0 - did.busy) * did.slots;
        unused(a).total_cmp(&unused(b))
    });
    match most {
        Some((name, did)) if did.busy < USED && !is_limited(did) => {
            let Why { key, advice, .. } = unused(summary, name, did);
            Why::new(cause, key, advice)
        }
        Some((name, did)) if is_limited(did) => {
            let limit = did.held.iter().max_by(|a, b| a.1.total_cmp(b.1)).map(|(limit, _)| limit.as_str());
            let limit = limit.unwrap_or("requests_per_minute");
            Why::new(
                cause,
                format!("endpoints.{name}.{limit}"),
                "raise the limit, where the server allows more",
            )
        }
        Some((name, _)) => Why::new(
            cause,
            format!("endpoints.{name}.slots"),
            "see that nothing else takes the server's machine; `slots: auto` finds how many at a time it does best",
        ),
        None => {
            Why::new(cause, "endpoints", "see that a server answers; `log.jsonl` says what was waited for")
        }
    }
}

/// What its places were free for, where that is more than a moment: ``72 % waited for `three`, which `tokens_per_minute`
/// held``.
pub(in crate::report::morning) fn free(summary: &Summary, endpoint: &EndpointNight) -> String {
    let mut out = Vec::new();
    let mut push = |share: f64, what: String| {
        if share >= 0.01 {
            out.push(format!("{} {what}", percent(share)));
        }
    };
    for (limit, share) in &endpoint.held {
        push(*share, format!("held by `{limit}`"));
    }
    for (other, share) in &endpoint.waited {
        let limits = summary.endpoints.get(other).filter(|other| is_limited(other)).map(|other| &other.held);
        let limit = limits.and_then(|held| held.iter().max_by(|a, b| a.1.total_cmp(b.1)));
        // Where no limit holds it, that is a finding, which names the key.
        let held = |limit: &str| format!(", which `{limit}` held (`endpoints.{other}.weight`)");
        let which = limit.map_or_else(String::new, |(limit, _)| held(limit));
        push(*share, format!("waited for `{other}`{which}"));
    }
    push(endpoint.asked_off, "as it asked to wait".to_owned());
    push(endpoint.spare, "with nothing to ask".to_owned());
    out.join("; ")
}

/// A server of ours that did not last.
pub(super) fn started_again(name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let EndpointNight { restarts, hangs, .. } = *endpoint;
    let ended = restarts.saturating_sub(hangs);
    let why = match (hangs, ended) {
        (0, _) => "it ended",
        (_, 0) => "it hung",
        _ => "it ended or hung",
    };
    let counted = [(ended, "ended"), (hangs, "hung")].into_iter().filter(|(number, _)| *number > 0);
    let counted = counted.map(|(number, how)| format!("it {how} {}", times(number.into())));
    let faults = failures(endpoint);
    let cause = counted.chain((!faults.is_empty()).then_some(faults)).collect::<Vec<_>>().join("; ");
    let advice =
        "read its logs, which `log.jsonl` names; a smaller `context` or fewer `slots` need less memory";
    (restarts > 0).then(|| {
        look(
            format!("the server of `{name}` was started again {}, since {why}", times(restarts.into())),
            Why::new(cause, format!("endpoints.{name}.managed"), advice),
        )
    })
}

/// Its sends that failed, the most frequent class first.
fn failures(endpoint: &EndpointNight) -> String {
    let mut faults: Vec<_> = endpoint.faults.iter().collect();
    faults.sort_by_key(|(class, times)| (std::cmp::Reverse(**times), class.as_str()));
    let each = faults.iter().map(|(class, times)| format!("{} {class}", thousands(**times)));
    each.collect::<Vec<_>>().join(", ")
}

fn slots(slots: f64) -> String {
    if slots == 1.0 { "1 slot".to_owned() } else { format!("{slots} slots") }
}

/// A server that was not there for a while, or is gone.
pub(super) fn away(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let away = endpoint.away.as_ref()?;
    let long = away.seconds >= LONG.min(summary.span() / 10.0) && away.seconds >= 1.0;
    // That one of ours was started again is a finding of its own, and that nothing answered at all.
    let told = endpoint.restarts > 0 && away.is_back || summary.requests == 0;
    if told || away.is_back && !long {
        return None;
    }
    let said = away.error.as_ref().map(|error| error.lines().next().unwrap_or_default().to_owned());
    let counted = Some(failures(endpoint)).filter(|counted| !counted.is_empty());
    let cause: Vec<_> = counted.into_iter().chain(said).collect();
    let cause = match cause.as_slice() {
        [] => format!("none of its {} failed", count(endpoint.requests, "request")),
        some => some.join("; "),
    };
    let most =
        endpoint.faults.iter().max_by_key(|(class, times)| (**times, std::cmp::Reverse(class.as_str())));
    let class = match away.is_other {
        true => "wrong-model",
        false => most.map_or("unreachable", |(class, _)| class.as_str()),
    };
    let remedy = remedy(class, name, endpoint.managed);
    let advice = match away.is_back {
        true => "it answers again; its own log of that time says why it did not",
        false => remedy.advice,
    };
    let what = format!("endpoint {name} was away {}", absence(away, summary.span()));
    Some(look(what, Why::new(cause, remedy.key, advice)))
}

/// `from 03:12 UTC on, 41 min of 2 h 05 min, and did not come back`.
pub(in crate::report::morning) fn absence(away: &Away, span: f64) -> String {
    let since = away.since.get(11..19).unwrap_or(&away.since);
    let of = format!("{} of {}", time(away.seconds), time(span.max(away.seconds)));
    let times = if away.times == 1 { String::new() } else { format!("{} times, ", away.times) };
    match (away.is_back, away.times) {
        (true, 1) => format!("from {since} UTC on for {of}, and came back"),
        (true, _) => format!("{times}{of}, and came back"),
        (false, 1) => format!("from {since} UTC on, {of}, and did not come back"),
        (false, _) => format!("{times}{of}, from {since} UTC on for good"),
    }
}
