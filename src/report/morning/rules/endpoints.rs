//! What wants a look in the servers: those that were away, idle, or did not last.

use super::{FEW, LONG, look, percent, time, times};
use crate::report::morning::{Away, EndpointNight, Finding, remedy};
use crate::report::{Summary, thousands};

/// The share of its places' time that an endpoint is held by limits, from which on who waits for it waits for these.
const LIMITED: f64 = 0.33;

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
    if !enough || endpoint.busy + by_limits >= 0.66 || summary.seconds <= 60.0 {
        return None;
    }
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
    let cause = free(summary, endpoint);
    Some(Finding {
        cause: (!cause.is_empty()).then_some(cause),
        ..look(
            format!(
                "endpoint {name}: only {} of the time of {} was used",
                percent(endpoint.busy),
                slots(endpoint.slots)
            ),
            &key,
            advice,
        )
    })
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
    (restarts > 0).then(|| {
        look(
            format!("the server of `{name}` was started again {}, since {why}", times(restarts.into())),
            &format!("endpoints.{name}.managed"),
            "read its logs, which `log.jsonl` names; a smaller `context` or fewer `slots` need less memory"
                .to_owned(),
        )
    })
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
    let mut faults: Vec<_> = endpoint.faults.iter().collect();
    faults.sort_by_key(|(class, times)| (std::cmp::Reverse(**times), class.as_str()));
    let counted: Vec<_> =
        faults.iter().map(|(class, times)| format!("{} {class}", thousands(**times))).collect();
    let said = away.error.as_ref().map(|error| error.lines().next().unwrap_or_default().to_owned());
    let cause: Vec<_> = (!counted.is_empty()).then(|| counted.join(", ")).into_iter().chain(said).collect();
    let class = match away.is_other {
        true => "wrong-model",
        false => faults.first().map_or("unreachable", |(class, _)| class.as_str()),
    };
    let remedy = remedy(class, name, endpoint.managed);
    let advice = match away.is_back {
        true => "it answers again; its own log of that time says why it did not",
        false => remedy.advice,
    };
    Some(Finding {
        cause: (!cause.is_empty()).then(|| cause.join("; ")),
        ..look(
            format!("endpoint {name} was away {}", absence(away, summary.span())),
            &remedy.key,
            advice.to_owned(),
        )
    })
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
