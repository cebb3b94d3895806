//! What wants a look, by one table of rules.

use std::collections::BTreeMap;

use super::{Ended, EndpointNight, Finding, Verdict, outlook};
use crate::config::night::Alarm;
use crate::report::{AxisCount, Summary, count, thousands};

/// Rows, requests or texts below which a share says nothing.
const FEW: u64 = 50;

/// What ended a run, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailment {
    pub what: String,
    pub advice: String,
}

/// Fills in what is found of a run that ended so: state, exit code, verdict and headline of its summary.
/// Says how it ended after all, which an alarm decides too.
///
/// `place` is where a key of the config stands, `advice` the key and what to do about many rejects of
/// a reason.
pub fn judge(
    summary: &mut Summary,
    ended: Ended,
    ailment: Option<&Ailment>,
    limits: &Alarm,
    place: &dyn Fn(&str) -> Option<String>,
    advice: &dyn Fn(&str) -> Option<(&'static str, &'static str)>,
) -> Ended {
    ended.state().clone_into(&mut summary.state);
    let mut findings = Vec::new();
    findings.extend(ailment.map(|ailment| failed(ended, ailment)));
    let alarms = alarms(summary, limits);
    let ended = match ended {
        Ended::Complete | Ended::Stopped | Ended::Short if !alarms.is_empty() => Ended::Alarm,
        other => other,
    };
    findings.extend(alarms);
    findings.extend(nothing_came(summary));
    findings.extend(left_open(summary, ended));
    findings.extend(smaller(summary));
    findings.extend(given_up(summary));
    findings.extend(exhausted(summary, advice));
    findings.extend(uneven(summary));
    findings.extend(less_varied(summary));
    findings.extend(same_opening(summary, limits));
    for (name, endpoint) in &summary.endpoints {
        findings.extend(idle_slots(summary, name, endpoint));
        findings.extend(started_again(name, endpoint));
    }
    findings.extend(faults(summary));
    for finding in &mut findings {
        finding.place = finding.key.as_deref().and_then(place);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    summary.outlook = outlook(summary);
    let worst = findings.iter().map(|finding| finding.verdict).max().unwrap_or_default();
    summary.verdict = worst.max(ended.verdict());
    summary.exit_code = ended.code();
    summary.findings = findings;
    summary.headline = headline(summary, ended);
    ended
}

fn failed(ended: Ended, ailment: &Ailment) -> Finding {
    let first = ailment.what.lines().next().unwrap_or_default();
    let what = match ended.verdict() {
        Verdict::Lost => format!("the run failed: {first}"),
        Verdict::Look | Verdict::Ok => format!("nothing was asked: {first}"),
    };
    let advice = ailment.advice.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Finding { verdict: ended.verdict(), what, advice: Some(advice), ..Finding::default() }
}

/// One line: the verdict, the rows, and the worst of what was found.
fn headline(summary: &Summary, ended: Ended) -> String {
    let rows = format!("{} of {} rows", thousands(summary.accepted), thousands(summary.wanted));
    let came = match summary.gained() {
        0 => String::new(),
        more @ 1.. => format!(" ({} more)", thousands(more.unsigned_abs())),
        less => format!(" ({} fewer)", thousands(less.unsigned_abs())),
    };
    let tail = match (summary.findings.as_slice(), &summary.outlook) {
        ([], Some(outlook)) if ended == Ended::Stopped => {
            format!("stopped as asked; {} more like this one", count(outlook.runs, "run"))
        }
        ([], _) if ended == Ended::Stopped => "stopped as asked".to_owned(),
        ([], _) => ended.state().to_owned(),
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
    let rows = summary.rows_per_hour();
    let opening = summary.openings.first().map(|opening| opening.share);
    let rate = |value: f64| format!("{value:.1}");
    let share: &dyn Fn(f64) -> String = &percent;
    let plain: &dyn Fn(f64) -> String = &|value| format!("{value:.3}");
    let rate: &dyn Fn(f64) -> String = &rate;
    let least = [
        ("accepted", "accepted texts", summary.acceptance(), limits.accepted, share),
        ("distinct_2", "distinct-2", summary.distinct_2, limits.distinct_2, plain),
        ("tokens_per_second", "tokens a second", speed, limits.tokens_per_second, rate),
        ("rows_per_hour", "rows an hour", rows, limits.rows_per_hour, rate),
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

/// The clock ended it, or every send failed, before any answer came.
fn nothing_came(summary: &Summary) -> Option<Finding> {
    let by_clock = matches!(summary.stopped_by.as_deref(), Some("until" | "for"));
    if summary.requests > 0 || summary.open == 0 && summary.accepted >= summary.wanted {
        return None;
    }
    let failed: u64 = summary.faults.values().sum();
    let what = match failed {
        0 if by_clock && summary.attempts == 0 => "its time was over before anything was asked".to_owned(),
        0 if by_clock => "its time was over before an answer came".to_owned(),
        0 => return None,
        sends => format!("no answer came: {} failed", count(sends, "send")),
    };
    let cause = (failed > 0).then(|| faults_of(summary));
    Some(Finding {
        cause,
        ..look(
            what,
            "endpoints",
            "see that the server answers before the run begins; `log.jsonl` says what was waited for"
                .to_owned(),
        )
    })
}

/// It came to its end with asks left: they kept failing, and nothing proves that they are to blame.
fn left_open(summary: &Summary, ended: Ended) -> Option<Finding> {
    if summary.open == 0 || summary.stopped_by.is_some() || ended.verdict() != Verdict::Look {
        return None;
    }
    Some(Finding {
        cause: (!summary.faults.is_empty()).then(|| faults_of(summary)),
        ..look(
            format!("{} left open", count(summary.open, "ask")),
            "run.tries",
            "run again once the server is well: they are asked first".to_owned(),
        )
    })
}

/// Failures by class, as a cause.
fn faults_of(summary: &Summary) -> String {
    let each = summary.faults.iter().map(|(class, times)| format!("{} {class}", thousands(*times)));
    each.collect::<Vec<_>>().join(", ")
}

fn given_up(summary: &Summary) -> Option<Finding> {
    let failed_by = &summary.run.failed_by;
    let reasons: Vec<_> = failed_by.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    let most = failed_by.iter().max_by_key(|(_, times)| **times)?;
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
        ..look(
            format!("{} failed by their own fault", count(summary.run.failed(), "ask")),
            key,
            advice.to_owned(),
        )
    })
}

fn exhausted(
    summary: &Summary,
    advice: &dyn Fn(&str) -> Option<(&'static str, &'static str)>,
) -> Option<Finding> {
    if summary.shortfall == 0 || summary.state == "complete" {
        return None;
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, times) in summary.exhausted.iter().flat_map(|cell| &cell.rejected) {
        *reasons.entry(reason).or_default() += times;
    }
    let all: u64 = reasons.values().sum();
    // Where little was rejected, it is the asks that are too few.
    let most = reasons.iter().max_by_key(|(_, times)| **times).filter(|_| 2 * all >= summary.shortfall);
    let (key, told) = most
        .and_then(|(reason, _)| advice(reason))
        .unwrap_or(("samples.max_asks", "raise `samples.max_asks`, or vary the prompt"));
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
            key,
            told.to_owned(),
        )
    })
}

/// The value of an axis that is accepted least, if far less than the rest of its axis.
fn uneven(summary: &Summary) -> Option<Finding> {
    let mut worst: Option<(f64, Finding)> = None;
    for (axis, values) in &summary.run.by_axis {
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
            format!("endpoint {name}: only {} of the time of {} was used", percent(endpoint.busy), count(endpoint.slots.into(), "slot")),
            &format!("endpoints.{name}"),
            "a limit (`requests_per_minute`, `tokens_per_minute`), waiting for a server, or fewer open cells \
             than slots; its log (`log.jsonl`) says which"
                .to_owned(),
        )
    })
}

/// A server of ours that did not last.
fn started_again(name: &str, endpoint: &EndpointNight) -> Option<Finding> {
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

#[cfg(test)]
mod tests {
    use super::super::{Exhausted, Opening, Past};
    use super::*;
    use crate::report::{AxisCount, RowChange, RunCounts};

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
            run: RunCounts { accepted: 200, ..RunCounts::default() },
            ..Summary::default()
        }
    }

    /// Judges a summary whose state says how it ended.
    fn judged(mut summary: Summary, limits: Alarm, error: Option<&str>) -> Summary {
        let ended = match (error, summary.state.as_str()) {
            (Some(_), _) => Ended::Failed,
            (None, "short") => Ended::Short,
            (None, "stopped") => Ended::Stopped,
            (None, _) => Ended::Complete,
        };
        let ailment = error.map(|what| Ailment { what: what.into(), advice: "make\n  room".into() });
        judge_so(&mut summary, ended, ailment.as_ref(), &limits);
        summary
    }

    fn judge_so(summary: &mut Summary, ended: Ended, ailment: Option<&Ailment>, limits: &Alarm) -> Ended {
        let place = |key: &str| (key == "checks.words").then(|| "configs/moods.yaml:9".to_owned());
        let advice = |reason: &str| (reason == "words").then_some(("checks.words", "change `checks.words`"));
        judge(summary, ended, ailment, limits, &place, &advice)
    }

    /// However a run ended and whatever is found of it, its exit code and its first line agree.
    #[test]
    fn the_exit_code_and_the_first_line_cannot_disagree() {
        let all = [Ended::Complete, Ended::Stopped, Ended::Short, Ended::Alarm, Ended::Usage, Ended::Failed];
        let alarm = Alarm { rows_per_hour: Some(1e9), ..Alarm::default() };
        for (ended, limits) in all.iter().flat_map(|ended| [(*ended, Alarm::default()), (*ended, alarm)]) {
            for open in [0, 3] {
                let mut summary = Summary { open, ..complete() };
                let after = judge_so(&mut summary, ended, None, &limits);
                assert_eq!(summary.exit_code, after.code());
                let word = summary.headline.split(' ').next().unwrap();
                assert_eq!(word, summary.verdict.word());
                match after.code() {
                    1 | 2 => assert_eq!(summary.verdict, Verdict::Lost, "{}", summary.headline),
                    4 => assert!(summary.verdict >= Verdict::Look, "{}", summary.headline),
                    _ => assert_eq!(summary.verdict, Verdict::Ok, "{}", summary.headline),
                }
                assert_eq!(summary.headline.contains("stopped as asked"), after == Ended::Stopped);
            }
        }
    }

    #[test]
    fn asks_that_are_left_open_want_a_look() {
        let faults = || [("server-error".to_owned(), 9)].into_iter().collect();
        let night = Summary { state: "short".into(), accepted: 999, open: 1, faults: faults(), ..complete() };
        let found = judged(night.clone(), Alarm::default(), None);
        assert_eq!(found.headline, "LOOK moods: 999 of 1,000 rows (199 more); 1 ask left open");
        assert_eq!(found.findings[0].cause.as_deref(), Some("9 server-error"));
        // Nothing came at all, and the clock ended it.
        let night =
            Summary { state: "stopped".into(), stopped_by: Some("until".into()), requests: 0, ..night };
        let found = judged(night.clone(), Alarm::default(), None);
        assert!(found.headline.starts_with("LOOK moods: "), "{}", found.headline);
        assert!(found.headline.ends_with("; no answer came: 9 sends failed"), "{}", found.headline);
        let night = Summary { attempts: 0, faults: Default::default(), ..night };
        let found = judged(night.clone(), Alarm::default(), None);
        assert!(
            found.headline.ends_with("; its time was over before anything was asked"),
            "{}",
            found.headline
        );
        let night = Summary { stopped_by: Some("interrupt".into()), ..night };
        assert_eq!(judged(night, Alarm::default(), None).verdict, Verdict::Ok, "somebody was there");
    }

    /// A bad night after many good ones rings, and a good one after bad ones does not.
    #[test]
    fn alarms_are_about_the_run() {
        let counts = |accepted, rejected| RunCounts {
            accepted,
            rejected: [("words".to_owned(), rejected)].into_iter().collect(),
            ..RunCounts::default()
        };
        let limits = Alarm { accepted: Some(0.5), ..Alarm::default() };
        let bad = Summary { accepted: 10_000, wanted: 20_000, run: counts(0, 500), ..complete() };
        let found = judged(bad, limits, None);
        assert_eq!(found.findings[0].what, "alarm: accepted texts 0 %, at least 50 % wanted");
        let all = [("words".to_owned(), 10_000)].into_iter().collect();
        let good = Summary { rejected: all, run: counts(500, 0), ..complete() };
        assert_eq!(judged(good, limits, None).findings, []);
        // An ask that was given up long ago is no news.
        let old = Summary { failed: 1, failed_by: [("timeout".to_owned(), 1)].into(), ..complete() };
        assert_eq!(judged(old, Alarm::default(), None).findings, []);
    }

    #[test]
    fn a_night_in_vain_has_no_rows_an_hour_and_no_tokens_a_second() {
        let limits = Alarm { rows_per_hour: Some(1.0), tokens_per_second: Some(1.0), ..Alarm::default() };
        let night = Summary { completion_tokens: 0, run: RunCounts::default(), ..complete() };
        let found: Vec<_> =
            judged(night, limits, None).findings.into_iter().filter_map(|found| found.key).collect();
        assert_eq!(found, ["alarm.tokens_per_second", "alarm.rows_per_hour"]);
    }

    #[test]
    fn a_good_night_is_one_line() {
        let found = judged(complete(), Alarm::default(), None);
        assert_eq!(found.headline, "OK moods: 1,000 of 1,000 rows (200 more); complete");
        assert_eq!(found.findings, []);
        let run = RunCounts { accepted: 100, ..RunCounts::default() };
        let stopped = Summary { state: "stopped".into(), accepted: 900, open: 9, run, ..complete() };
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
            let by_axis = [("emotion".to_owned(), values.into_iter().collect())].into_iter().collect();
            RunCounts { by_axis, ..RunCounts::default() }
        };
        let opening = |share| vec![Opening { words: "i just can't".into(), rows: 9, share }];
        let of =
            |accepted, distinct_2| vec![Past { accepted, distinct_2: Some(distinct_2), ..Past::default() }];
        let past = |distinct_2| of(1000, distinct_2);
        let endpoint = |busy| EndpointNight { requests: 400, slots: 4, busy, ..EndpointNight::default() };
        let endpoints = |busy| [("local".to_owned(), endpoint(busy))].into_iter().collect();
        let lasting = |restarts, hangs| {
            let night = EndpointNight { restarts, hangs, ..endpoint(0.9) };
            [("local".to_owned(), night)].into_iter().collect()
        };
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
                Summary { run: axis(200, 300), ..complete() },
                Summary { run: axis(300, 200), ..complete() },
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
                Summary { past: of(900, 0.9), ..complete() },
                Summary { past: of(4, 0.9), ..complete() },
                Verdict::Look,
                "the texts vary less: distinct-2 fell from 0.900 to 0.700",
            ),
            (
                Summary { endpoints: endpoints(0.65), ..complete() },
                Summary { endpoints: endpoints(0.67), ..complete() },
                Verdict::Look,
                "endpoint local: only 65 % of the time of 4 slots was used",
            ),
            (
                Summary { endpoints: lasting(3, 1), ..complete() },
                Summary { endpoints: lasting(0, 0), ..complete() },
                Verdict::Look,
                "the server of `local` was started again 3 times, since it ended or hung",
            ),
            (
                Summary { endpoints: lasting(1, 0), ..complete() },
                Summary { endpoints: endpoints(0.9), ..complete() },
                Verdict::Look,
                "the server of `local` was started again once, since it ended",
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
                Summary { run: RunCounts { failed_by: failed(3), ..RunCounts::default() }, ..complete() },
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
            run: RunCounts {
                accepted: 1000,
                rejected: [("words".to_owned(), 1000)].into_iter().collect(),
                ..RunCounts::default()
            },
            openings: vec![Opening { share: 0.25, ..Opening::default() }],
            faults: [("timeout".to_owned(), 20)].into_iter().collect(),
            shortfall: 100,
            ..complete()
        };
        type Set = fn(&mut Alarm, f64);
        let table: [(&str, f64, f64, Set, &str); 7] = [
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
                "rows_per_hour",
                6000.0,
                6001.0,
                |l, v| l.rows_per_hour = Some(v),
                "alarm: rows an hour 6000.0, at least 6001.0 wanted",
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
