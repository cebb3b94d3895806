use std::collections::BTreeMap;

use super::*;
use crate::report::FaultCost;
use crate::report::morning::{Away, EndpointNight};

/// One endpoint that met so many failures of a class.
fn met(class: &str, times: u64) -> BTreeMap<String, EndpointNight> {
    let faults = [(class.to_owned(), times)].into_iter().collect();
    let night = EndpointNight { requests: 400, slots: 4.0, busy: 0.9, faults, ..EndpointNight::default() };
    let well = EndpointNight { requests: 400, slots: 4.0, busy: 0.9, ..EndpointNight::default() };
    [("gpu".to_owned(), night), ("other".to_owned(), well)].into_iter().collect()
}

/// Whatever failed most decides which key is named, at the endpoint that met it.
#[test]
fn failures_name_the_key_that_decides_them() {
    let failed = |class: &str, times| [(class.to_owned(), times)].into_iter().collect::<BTreeMap<_, _>>();
    let asks = |class: &str| Summary {
        run: RunCounts { failed_by: failed(class, 3), ..RunCounts::default() },
        faults: failed(class, 3),
        endpoints: met(class, 3),
        ..complete()
    };
    let sends = |class: &str| Summary { faults: failed(class, 60), endpoints: met(class, 60), ..complete() };
    let left = |class: &str| Summary {
        open: 2,
        left: open(2),
        state: "short".into(),
        fault_costs: [(class.to_owned(), FaultCost { left_open: 2, ..FaultCost::default() })]
            .into_iter()
            .collect(),
        ..asks(class)
    };
    let nothing = |class: &str| Summary { requests: 0, accepted: 0, state: "short".into(), ..sends(class) };
    for (summary, what, key) in [
        (asks("timeout"), "3 asks failed by their own fault", "endpoints.gpu.timeout"),
        (asks("context-exceeded"), "3 asks failed by their own fault", "sampling.max_tokens"),
        (asks("server-error"), "3 asks failed by their own fault", "run.tries"),
        (sends("rate-limited"), "15 % of 400 sends failed", "endpoints.gpu.requests_per_minute"),
        (sends("unreachable"), "15 % of 400 sends failed", "endpoints.gpu.url"),
        (left("dropped"), "2 asks left open", "endpoints.gpu.url"),
        (nothing("loading"), "no answer came: 60 sends failed", "endpoints.gpu.patience"),
    ] {
        let found = judged(summary, Alarm::default(), None);
        let finding = found.findings.iter().find(|finding| finding.what == what);
        assert_eq!(
            finding.and_then(|finding| finding.key.as_deref()),
            Some(key),
            "{what}: {:?}",
            found.findings
        );
    }
}

#[test]
fn an_endpoint_that_was_away_is_named_with_its_times() {
    let away = |times, seconds, is_back| Away {
        is_other: false,
        since: "2026-11-23T03:12:44Z".into(),
        times,
        seconds,
        is_back,
        error: (!is_back).then(|| "connection refused".to_owned()),
    };
    let night = |away| {
        let mut endpoints = met("unreachable", 7);
        endpoints.entry("gpu".to_owned()).and_modify(|gpu| gpu.away = Some(away));
        Summary { endpoints, asking_seconds: 7200.0, ..complete() }
    };
    for (away, what) in [
        (away(1, 2460.0, false), "from 03:12:44 UTC on, 41 min 00 s of 2 h 00 min, and did not come back"),
        (away(3, 2460.0, false), "3 times, 41 min 00 s of 2 h 00 min, from 03:12:44 UTC on for good"),
        (away(1, 60.0, true), "from 03:12:44 UTC on for 1 min 00 s of 2 h 00 min, and came back"),
        (away(2, 90.0, true), "2 times, 1 min 30 s of 2 h 00 min, and came back"),
        // However short: it is gone.
        (away(1, 0.2, false), "from 03:12:44 UTC on, 0.2 s of 2 h 00 min, and did not come back"),
    ] {
        let is_back = away.is_back;
        let found = judged(night(away), Alarm::default(), None);
        assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
        let finding = &found.findings[0];
        assert_eq!(finding.what, format!("endpoint gpu was away {what}"));
        assert_eq!(finding.key.as_deref(), Some("endpoints.gpu.url"));
        let cause = if is_back { "7 unreachable" } else { "7 unreachable; connection refused" };
        assert_eq!(finding.cause.as_deref(), Some(cause));
        let starts = finding.advice.as_deref().is_some_and(|advice| advice.starts_with("start the server"));
        assert_eq!(starts, !is_back, "{finding:?}");
        assert!(found.headline.starts_with("LOOK moods: "), "{}", found.headline);
    }
    assert_eq!(judged(night(away(1, 59.0, true)), Alarm::default(), None).findings, [], "it was short");
    let gone = away(1, 2460.0, false);
    let ailment =
        Ailment { what: "gone".into(), advice: String::new(), key: Some("endpoints.gpu.url".into()) };
    let mut summary = night(gone);
    // Nor are the sends to it told of once more.
    summary.faults = [("unreachable".to_owned(), 60)].into();
    summary.endpoints.entry("gpu".to_owned()).and_modify(|gpu| gpu.faults = summary.faults.clone());
    judge_so(&mut summary, Ended::Failed, Some(&ailment), &Alarm::default());
    assert_eq!(summary.findings.len(), 1, "it is what ended the run");
}

/// Nine of ten failures are of an endpoint that is gone, which is said already.
#[test]
fn failures_of_what_is_gone_are_not_told_twice() {
    let night = |of_gone| {
        let mut endpoints = met("unreachable", of_gone);
        let away = Away { times: 1, seconds: 60.0, ..Away::default() };
        endpoints.entry("gpu".to_owned()).and_modify(|gpu| gpu.away = Some(away));
        let faults = [("unreachable".to_owned(), of_gone), ("timeout".to_owned(), 80 - of_gone)];
        Summary { faults: faults.into_iter().collect(), endpoints, ..complete() }
    };
    let findings = |of_gone| judged(night(of_gone), Alarm::default(), None).findings.len();
    assert_eq!((findings(72), findings(20)), (1, 2));
}

/// Of 400 sends, 64 were tries of asks that were given up; or nearly all of them were not.
#[test]
fn tries_of_what_was_given_up_are_not_told_twice() {
    let found = |given_up| {
        let failed_by = [("timeout".to_owned(), given_up)].into();
        let run = RunCounts { failed_by, ..RunCounts::default() };
        let faults = [("timeout".to_owned(), 64)].into();
        let night = Summary { run, faults, endpoints: met("timeout", 64), ..complete() };
        judged(night, Alarm::default(), None).findings
    };
    let told = found(32);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].cause.as_deref(), Some("32 timeout; 64 of 400 sends failed"));
    assert_eq!(found(1).len(), 2);
}

/// An endpoint that worked at its limit, and one that waited for that, did what the config says; one that waits for
/// another that is only slow has the wrong weight.
#[test]
fn places_that_are_free_as_the_config_says_are_no_finding() {
    let share = |name: &str, share: f64| -> std::collections::BTreeMap<String, f64> {
        [(name.to_owned(), share)].into()
    };
    let idle = EndpointNight { requests: 400, slots: 4.0, busy: 0.2, ..EndpointNight::default() };
    let three = |limited: f64| EndpointNight {
        requests: 90,
        busy: 1.0 - limited,
        held: share("tokens_per_minute", limited),
        ..idle.clone()
    };
    let night = |gpu: EndpointNight, limited: f64| {
        let endpoints = [("gpu".to_owned(), gpu), ("three".to_owned(), three(limited))];
        judged(Summary { endpoints: endpoints.into_iter().collect(), ..complete() }, Alarm::default(), None)
    };
    let at_limit = EndpointNight { held: share("requests_per_minute", 0.79), ..idle.clone() };
    let waits = EndpointNight { waited: share("three", 0.72), ..idle.clone() };
    assert_eq!(night(at_limit, 0.0).findings, []);
    let found = night(EndpointNight { asked_off: 0.79, ..idle.clone() }, 0.0);
    assert_eq!(found.findings, [], "it is told among what failed");
    assert!(crate::report::morning::page(&found).contains("| 79 % as it asked to wait |"));
    let found = night(waits.clone(), 0.8);
    assert_eq!(found.findings, []);
    let page = crate::report::morning::page(&found);
    assert!(
        page.contains(
            "| 72 % waited for `three`, which `tokens_per_minute` held (`endpoints.three.weight`) |"
        ),
        "{page}"
    );
    assert!(page.contains("| 80 % held by `tokens_per_minute` |"), "{page}");
    let found = night(waits, 0.1).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].cause.as_deref(), Some("72 % waited for `three`"));
    assert_eq!(found[0].key.as_deref(), Some("endpoints.three.weight"));
    let found = night(EndpointNight { spare: 0.5, ..idle.clone() }, 0.0).findings;
    assert_eq!(found[0].cause.as_deref(), Some("50 % with nothing to ask"));
    assert_eq!(found[0].key.as_deref(), Some("endpoints.gpu.slots"));
    assert_eq!(night(idle.clone(), 0.0).findings[0].key.as_deref(), Some("endpoints.gpu"));
}
