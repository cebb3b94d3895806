//! What wants a look in the servers: those that were away, idle, or did not last.

use std::time::Duration;

use super::{FEW, look, percent};
use crate::report::morning::{Away, EndpointNight, Finding, remedy};
use crate::report::{Summary, duration, thousands};

/// A server that was idle for more than a third of its places.
pub(super) fn idle(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let enough = endpoint.requests as f64 >= (endpoint.slots * 8.0).max(FEW as f64);
    (enough && endpoint.busy < 0.66 && summary.seconds > 60.0).then(|| {
        look(
            format!("endpoint {name}: only {} of the time of {} was used", percent(endpoint.busy), slots(endpoint.slots)),
            &format!("endpoints.{name}"),
            "a limit (`requests_per_minute`, `tokens_per_minute`), waiting for a server, or fewer open cells \
             than slots; its log (`log.jsonl`) says which"
                .to_owned(),
        )
    })
}

/// A server of ours that did not last.
pub(super) fn started_again(name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let EndpointNight { restarts, hangs, .. } = *endpoint;
    let ended = restarts.saturating_sub(hangs);
    let times = |times: u32| if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let why = match (hangs, ended) {
        (0, _) => "it ended",
        (_, 0) => "it hung",
        _ => "it ended or hung",
    };
    (restarts > 0).then(|| {
        look(
            format!("the server of `{name}` was started again {}, since {why}", times(restarts)),
            &format!("endpoints.{name}.managed"),
            "read its logs, which `log.jsonl` names; a smaller `context` or fewer `slots` need less memory"
                .to_owned(),
        )
    })
}

fn slots(slots: f64) -> String {
    if slots == 1.0 { "1 slot".to_owned() } else { format!("{slots} slots") }
}

/// How long an endpoint that came back may have been away unsaid.
const SHORT: f64 = 60.0;

/// A server that was not there for a while, or is gone.
pub(super) fn away(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let away = endpoint.away.as_ref()?;
    let long = away.seconds >= SHORT.min(summary.asking_seconds / 10.0) && away.seconds >= 1.0;
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
    let class = faults.first().map_or("unreachable", |(class, _)| class.as_str());
    let remedy = remedy(class, name, endpoint.managed);
    Some(Finding {
        cause: (!cause.is_empty()).then(|| cause.join("; ")),
        ..look(
            format!("endpoint {name} was away {}", absence(away, summary.asking_seconds)),
            &remedy.key,
            remedy.advice.to_owned(),
        )
    })
}

/// `from 03:12 UTC on, 41 min of 2 h 05 min, and did not come back`.
pub(in crate::report::morning) fn absence(away: &Away, asking: f64) -> String {
    let time = |seconds: f64| duration(Duration::from_secs_f64(seconds.max(0.0)));
    let since = away.since.get(11..19).unwrap_or(&away.since);
    let of = format!("{} of {}", time(away.seconds), time(asking.max(away.seconds)));
    let times = if away.times == 1 { String::new() } else { format!("{} times, ", away.times) };
    match (away.is_back, away.times) {
        (true, 1) => format!("from {since} UTC on for {of}, and came back"),
        (true, _) => format!("{times}{of}, and came back"),
        (false, 1) => format!("from {since} UTC on, {of}, and did not come back"),
        (false, _) => format!("{times}{of}, from {since} UTC on for good"),
    }
}
