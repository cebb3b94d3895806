//! What wants a look, by one table of rules.

use std::collections::BTreeMap;

use super::{EndpointNight, Finding, Verdict, outlook};
use crate::config::night::Alarm;
use crate::report::{Summary, count, thousands};

/// Rows, requests or texts below which a share says nothing.
const FEW: u64 = 50;

/// Fills in what is found, the verdict and the headline of a summary.
///
/// `error` is what ended the run, `place` where a key of the config stands, `advice` what to do about
/// many rejects of a reason.
pub fn judge(
    summary: &mut Summary,
    limits: &Alarm,
    error: Option<&str>,
    place: &dyn Fn(&str) -> Option<String>,
    advice: &dyn Fn(&str) -> Option<&'static str>,
) {
    let mut findings = Vec::new();
    findings.extend(error.map(|error| Finding {
        verdict: Verdict::Lost,
        what: format!("the run failed: {}", error.lines().next().unwrap_or(error)),
        cause: None,
        advice: Some("mend this and run again: it goes on where it stopped".into()),
        ..Finding::default()
    }));
    findings.extend(alarms(summary, limits));
    findings.extend(smaller(summary));
    findings.extend(given_up(summary));
    findings.extend(exhausted(summary, advice));
    findings.extend(uneven(summary));
    findings.extend(less_varied(summary));
    findings.extend(same_opening(summary, limits));
    for (name, endpoint) in &summary.endpoints {
        findings.extend(idle_slots(summary, name, endpoint));
    }
    findings.extend(faults(summary));
    for finding in &mut findings {
        finding.place = finding.key.as_deref().and_then(place);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    summary.outlook = outlook(summary);
    summary.verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or_default();
    summary.findings = findings;
    summary.headline = headline(summary);
}

/// One line: the verdict, the rows, and the worst of what was found.
fn headline(summary: &Summary) -> String {
    let rows = format!("{} of {} rows", thousands(summary.accepted), thousands(summary.wanted));
    let came = match summary.gained() {
        0 => String::new(),
        more @ 1.. => format!(" ({} more)", thousands(more.unsigned_abs())),
        less => format!(" ({} fewer)", thousands(less.unsigned_abs())),
    };
    let tail = match (summary.findings.as_slice(), &summary.outlook) {
        ([], _) if summary.state == "complete" => "complete".to_owned(),
        ([], Some(outlook)) => {
            format!("stopped as asked; {} more like this one", count(outlook.runs, "run"))
        }
        ([], None) => "stopped as asked".to_owned(),
        ([first], _) => first.what.clone(),
        ([first, rest @ ..], _) => format!("{}; {} more", first.what, rest.len()),
    };
    format!("{} {}: {rows}{came}; {tail}", summary.verdict.word(), summary.name)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        small if small > 0.0 && small < 9.95 => format!("{small:.1} %"),
        more => format!("{more:.0} %"),
    }
}

fn look(what: String, key: &str, advice: String) -> Finding {
    Finding {
        verdict: Verdict::Look,
        what,
        advice: Some(advice),
        key: Some(key.to_owned()),
        ..Finding::default()
    }
}

fn alarms(summary: &Summary, limits: &Alarm) -> Vec<Finding> {
    let asked = summary.attempts > 0;
    let short = summary.shortfall as f64 / summary.wanted.max(1) as f64;
    let failed: u64 = summary.faults.values().sum();
    let speed = summary.tokens_per_second();
    let opening = summary.openings.first().map(|opening| opening.share);
    let rate = |value: f64| format!("{value:.1}");
    let share: &dyn Fn(f64) -> String = &percent;
    let plain: &dyn Fn(f64) -> String = &|value| format!("{value:.3}");
    let rate: &dyn Fn(f64) -> String = &rate;
    let least = [
        ("accepted", "accepted texts", summary.acceptance(), limits.accepted, share),
        ("distinct_2", "distinct-2", summary.distinct_2, limits.distinct_2, plain),
        ("tokens_per_second", "tokens a second", speed, limits.tokens_per_second, rate),
    ];
    let most = [
        ("opening", "rows that open alike", opening, limits.opening, share),
        ("short", "rows that cannot be filled", Some(short), limits.short, share),
        (
            "faults",
            "sends that failed",
            asked.then(|| failed as f64 / summary.attempts as f64),
            limits.faults,
            share,
        ),
    ];
    let low = least.into_iter().map(|row| (row, false));
    let high = most.into_iter().map(|row| (row, true));
    let mut out = Vec::new();
    for ((key, what, value, limit, shown), over) in low.chain(high) {
        let (Some(value), Some(limit)) = (value, limit) else { continue };
        if if over { value > limit } else { value < limit } {
            let bound = if over { "at most" } else { "at least" };
            out.push(Finding {
                verdict: Verdict::Look,
                what: format!("alarm: {what} {}, {bound} {} wanted", shown(value), shown(limit)),
                key: Some(format!("alarm.{key}")),
                alarm: true,
                ..Finding::default()
            });
        }
    }
    out
}

fn smaller(summary: &Summary) -> Option<Finding> {
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

fn given_up(summary: &Summary) -> Option<Finding> {
    let reasons: Vec<_> =
        summary.failed_by.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    let most = summary.failed_by.iter().max_by_key(|(_, times)| **times)?;
    let (key, advice) = match most.0.as_str() {
        "context-exceeded" => (
            "sampling.max_tokens",
            "shorten the prompt, lower `sampling.max_tokens`, or give a slot more context",
        ),
        "timeout" => ("endpoints", "raise the endpoint's `timeout`, or lower `sampling.max_tokens`"),
        _ => ("run.tries", "`--retry-failed` asks them again"),
    };
    Some(Finding {
        cause: Some(reasons.join(", ")),
        ..look(format!("{} failed by their own fault", count(summary.failed, "ask")), key, advice.to_owned())
    })
}

fn exhausted(summary: &Summary, advice: &dyn Fn(&str) -> Option<&'static str>) -> Option<Finding> {
    if summary.shortfall == 0 || summary.state == "complete" {
        return None;
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, times) in summary.exhausted.iter().flat_map(|cell| &cell.rejected) {
        *reasons.entry(reason).or_default() += times;
    }
    let most = reasons.iter().max_by_key(|(_, times)| **times);
    let all: u64 = reasons.values().sum();
    let told = most.and_then(|(reason, _)| advice(reason));
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
            key_of(most.map_or("", |(reason, _)| reason)),
            told.unwrap_or("raise `samples.max_asks`, or vary the prompt").to_owned(),
        )
    })
}

/// The key that a reason for rejection hangs on.
fn key_of(reason: &str) -> &'static str {
    match reason {
        "cut" => "sampling.max_tokens",
        "whitespace" | "empty" => "sampling.temperature",
        "words" => "checks.words",
        "characters" => "checks.characters",
        "duplicate" => "dedup.scope",
        "near-duplicate" => "dedup.level",
        "paraphrase" | "embedding" => "dedup.semantic",
        "off-limits" => "dedup.against",
        _ => "samples.max_asks",
    }
}

/// The value of an axis that is accepted least, if far less than the rest of its axis.
fn uneven(summary: &Summary) -> Option<Finding> {
    let mut worst: Option<(f64, Finding)> = None;
    for (axis, values) in &summary.by_axis {
        let sum = |of: fn(&super::super::AxisCount) -> u64| values.values().map(of).sum::<u64>();
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
fn less_varied(summary: &Summary) -> Option<Finding> {
    let now = summary.distinct_2.filter(|_| summary.distinct_2_texts >= FEW)?;
    let before = summary.past.iter().rev().find_map(|past| past.distinct_2)?;
    (now < before - 0.05).then(|| {
        look(
            format!("the texts vary less: distinct-2 fell from {before:.3} to {now:.3}"),
            "sampling.temperature",
            "`emogrid log` says what changed between; more `lists` with `pick` vary a prompt".to_owned(),
        )
    })
}

fn same_opening(summary: &Summary, limits: &Alarm) -> Option<Finding> {
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

/// A server that was idle for more than a third of its places.
fn idle_slots(summary: &Summary, name: &str, endpoint: &EndpointNight) -> Option<Finding> {
    let enough = endpoint.requests >= FEW.max(u64::from(endpoint.slots) * 8);
    (enough && endpoint.busy < 0.66 && summary.seconds > 60.0).then(|| {
        look(
            format!("endpoint {name}: only {} of its {} slots' time was used", percent(endpoint.busy), endpoint.slots),
            &format!("endpoints.{name}"),
            "a limit (`requests_per_minute`, `tokens_per_minute`), waiting for a server, or fewer open cells \
             than slots; its log (`log.jsonl`) says which"
                .to_owned(),
        )
    })
}

/// More than one send in ten failed.
fn faults(summary: &Summary) -> Option<Finding> {
    let failed: u64 = summary.faults.values().sum();
    if summary.attempts < FEW || failed * 10 <= summary.attempts {
        return None;
    }
    let (class, _) = summary.faults.iter().max_by_key(|(_, times)| **times)?;
    let (key, advice) = match class.as_str() {
        "rate-limited" => ("endpoints", "set the endpoint's `requests_per_minute` or `tokens_per_minute`"),
        "timeout" => ("endpoints", "raise the endpoint's `timeout`, or lower `sampling.max_tokens`"),
        _ => ("endpoints", "look at the server's own log"),
    };
    let all: Vec<_> =
        summary.faults.iter().map(|(class, times)| format!("{} {class}", thousands(*times))).collect();
    let missing = summary.failed;
    Some(Finding {
        cause: Some(format!(
            "{}; {} given up, the others tried again",
            all.join(", "),
            count(missing, "ask")
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

#[cfg(test)]
mod tests {
    use super::super::{Exhausted, Opening, Past};
    use super::*;
    use crate::report::{AxisCount, RowChange};

    fn complete() -> Summary {
        Summary {
            name: "moods".into(),
            state: "complete".into(),
            wanted: 1000,
            accepted: 1000,
            requests: 400,
            attempts: 400,
            seconds: 600.0,
            completion_tokens: 60_000,
            distinct_2: Some(0.7),
            distinct_2_texts: 1000,
            change: RowChange { kept: 800, ..RowChange::default() },
            ..Summary::default()
        }
    }

    fn judged(mut summary: Summary, limits: Alarm, error: Option<&str>) -> Summary {
        let place = |key: &str| (key == "checks.words").then(|| "configs/moods.yaml:9".to_owned());
        let advice = |reason: &str| (reason == "words").then_some("change `checks.words`");
        judge(&mut summary, &limits, error, &place, &advice);
        summary
    }

    #[test]
    fn a_good_night_is_one_line() {
        let found = judged(complete(), Alarm::default(), None);
        assert_eq!(found.headline, "OK moods: 1,000 of 1,000 rows (200 more); complete");
        assert_eq!(found.findings, []);
        let stopped = Summary { state: "stopped".into(), accepted: 900, open: 9, ..complete() };
        let found = judged(stopped, Alarm::default(), None);
        let says = "OK moods: 900 of 1,000 rows (100 more); stopped as asked; 1 run more like this one";
        assert_eq!(found.headline, says);
    }

    /// Each rule, by a summary that it finds something in, and one at its edge that it does not.
    #[test]
    fn what_wants_a_look_is_found() {
        let axis = |accepted, rejected| {
            let count = |accepted, rejected| AxisCount { wanted: 500, accepted, rejected };
            let values = [("joy".to_owned(), count(accepted, rejected)), ("fear".to_owned(), count(450, 50))];
            [("emotion".to_owned(), values.into_iter().collect())].into_iter().collect()
        };
        let opening = |share| vec![Opening { words: "i just can't".into(), rows: 9, share }];
        let past = |distinct_2| vec![Past { distinct_2: Some(distinct_2), ..Past::default() }];
        let endpoint = |busy| EndpointNight { requests: 400, slots: 4, busy, ..EndpointNight::default() };
        let endpoints = |busy| [("local".to_owned(), endpoint(busy))].into_iter().collect();
        let short = |state: &str| Summary {
            state: state.into(),
            accepted: 990,
            shortfall: 10,
            exhausted_cells: 2,
            exhausted: vec![Exhausted {
                rejected: [("words".to_owned(), 8), ("duplicate".to_owned(), 2)].into_iter().collect(),
                ..Exhausted::default()
            }],
            ..complete()
        };
        let faults = |times| [("rate-limited".to_owned(), times)].into_iter().collect();
        let failed = |times| [("timeout".to_owned(), times)].into_iter().collect();
        let table: Vec<(Summary, Summary, Verdict, &str)> = vec![
            (
                Summary { by_axis: axis(200, 300), ..complete() },
                Summary { by_axis: axis(300, 200), ..complete() },
                Verdict::Look,
                "emotion joy: 40 % accepted, of the others 90 %",
            ),
            (
                Summary { openings: opening(0.11), ..complete() },
                Summary { openings: opening(0.1), ..complete() },
                Verdict::Look,
                "11 % of the rows open with “i just can't”",
            ),
            (
                Summary { past: past(0.76), ..complete() },
                Summary { past: past(0.74), ..complete() },
                Verdict::Look,
                "the texts vary less: distinct-2 fell from 0.760 to 0.700",
            ),
            (
                Summary { endpoints: endpoints(0.65), ..complete() },
                Summary { endpoints: endpoints(0.67), ..complete() },
                Verdict::Look,
                "endpoint local: only 65 % of its 4 slots' time was used",
            ),
            (
                short("short"),
                short("complete"),
                Verdict::Look,
                "10 rows cannot be filled: 2 cells used up their asks",
            ),
            (
                Summary { faults: faults(41), ..complete() },
                Summary { faults: faults(40), ..complete() },
                Verdict::Look,
                "10 % of 400 sends failed",
            ),
            (
                Summary { failed: 3, failed_by: failed(3), ..complete() },
                complete(),
                Verdict::Look,
                "3 asks failed by their own fault",
            ),
            (
                Summary { change: RowChange { leaving: 1001, ..RowChange::default() }, ..complete() },
                Summary { change: RowChange { leaving: 1000, ..RowChange::default() }, ..complete() },
                Verdict::Lost,
                "the dataset has 1 row fewer than before",
            ),
        ];
        for (bad, good, verdict, what) in table {
            let found = judged(bad, Alarm::default(), None);
            assert_eq!(found.findings.iter().map(|found| &found.what).collect::<Vec<_>>(), [what]);
            assert_eq!(found.verdict, verdict);
            assert!(found.headline.starts_with(&format!("{} moods: ", verdict.word())), "{}", found.headline);
            assert_eq!(judged(good, Alarm::default(), None).findings, [], "{what}");
        }
    }

    #[test]
    fn each_alarm_rings_beyond_its_limit_and_not_at_it() {
        let summary = Summary {
            rejected: [("words".to_owned(), 1000)].into_iter().collect(),
            openings: vec![Opening { share: 0.25, ..Opening::default() }],
            faults: [("timeout".to_owned(), 20)].into_iter().collect(),
            shortfall: 100,
            ..complete()
        };
        type Set = fn(&mut Alarm, f64);
        let table: [(&str, f64, f64, Set, &str); 6] = [
            (
                "accepted",
                0.5,
                0.51,
                |l, v| l.accepted = Some(v),
                "alarm: accepted texts 50 %, at least 51 % wanted",
            ),
            (
                "distinct_2",
                0.7,
                0.71,
                |l, v| l.distinct_2 = Some(v),
                "alarm: distinct-2 0.700, at least 0.710 wanted",
            ),
            (
                "tokens_per_second",
                100.0,
                101.0,
                |l, v| l.tokens_per_second = Some(v),
                "alarm: tokens a second 100.0, at least 101.0 wanted",
            ),
            (
                "opening",
                0.25,
                0.2,
                |l, v| l.opening = Some(v),
                "alarm: rows that open alike 25 %, at most 20 % wanted",
            ),
            (
                "short",
                0.1,
                0.09,
                |l, v| l.short = Some(v),
                "alarm: rows that cannot be filled 10 %, at most 9.0 % wanted",
            ),
            (
                "faults",
                0.05,
                0.04,
                |l, v| l.faults = Some(v),
                "alarm: sends that failed 5.0 %, at most 4.0 % wanted",
            ),
        ];
        for (key, kept, broken, set, says) in table {
            let with = |value| {
                let mut limits = Alarm { opening: Some(1.0), ..Alarm::default() };
                set(&mut limits, value);
                judged(summary.clone(), limits, None).findings
            };
            assert_eq!(with(kept), [], "{key}");
            let found = with(broken);
            assert_eq!(found.len(), 1, "{key}: {found:?}");
            assert_eq!((found[0].what.as_str(), found[0].alarm), (says, true));
            assert_eq!(found[0].key.as_deref(), Some(format!("alarm.{key}").as_str()));
        }
    }

    #[test]
    fn a_finding_names_key_line_and_cause() {
        let summary = Summary {
            state: "short".into(),
            accepted: 999,
            shortfall: 1,
            exhausted_cells: 1,
            exhausted: vec![Exhausted {
                rejected: [("words".to_owned(), 5)].into_iter().collect(),
                ..Exhausted::default()
            }],
            ..complete()
        };
        let found = judged(summary, Alarm::default(), Some("disk full\nmake room"));
        assert_eq!(found.verdict, Verdict::Lost);
        let first = "LOST moods: 999 of 1,000 rows (199 more); the run failed: disk full; 1 more";
        assert_eq!(found.headline, first);
        let short = &found.findings[1];
        assert_eq!(short.what, "1 row cannot be filled: 1 cell used up its asks");
        assert_eq!(short.key.as_deref(), Some("checks.words"));
        assert_eq!(short.place.as_deref(), Some("configs/moods.yaml:9"));
        assert_eq!(short.cause.as_deref(), Some("100 % of what those cells had rejected is words"));
        assert_eq!(short.advice.as_deref(), Some("change `checks.words`"));
    }
}
