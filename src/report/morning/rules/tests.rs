mod alarms;
mod missing;
mod passed;
mod servers;
mod varied;
mod waits;

use super::super::{EndpointNight, Left, Needed, Opening, Past, Variety};
use super::*;
use crate::report::{Asked, AxisCount, CellChange, Expected, RowChange, RunCounts, ToGo};

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
        variety: Variety { texts: 1000, distinct_2: Some(0.7), ..Variety::default() },
        change: RowChange { kept: 800, ..RowChange::default() },
        run: RunCounts { accepted: 200, ..RunCounts::default() },
        asked: vec![Asked { requests: 400, rows: 200, ..Asked::default() }],
        ..Summary::default()
    }
}

/// So many requests are expected, and rows that they bring.
fn to_go(requests: f64, rows: f64) -> ToGo {
    let expected =
        Expected { asks: requests, requests, rows, fresh: rows, is_sure: true, ..Expected::default() };
    ToGo { now: 1, expected: Some(expected) }
}

/// Of cells that are asked for: so many requests can be sent at once.
fn open(now: u64) -> Left {
    Left { to_go: ToGo { now, expected: None }, ..Left::default() }
}

/// So many rows are missing in cells that used up their asks.
fn short(rows: u64) -> Left {
    Left { short: rows, ..Left::default() }
}

/// Judges a summary whose state says how it ended.
fn judged(mut summary: Summary, limits: Alarm, error: Option<&str>) -> Summary {
    let ended = match (error, summary.state.as_str()) {
        (Some(_), _) => Ended::Failed,
        (None, "short") => Ended::Short,
        (None, "stopped") => Ended::Stopped,
        (None, _) => Ended::Complete,
    };
    let ailment = error.map(|what| Ailment { what: what.into(), advice: "make\n  room".into(), key: None });
    judge_so(&mut summary, ended, ailment.as_ref(), &limits);
    summary
}

fn judge_so(summary: &mut Summary, ended: Ended, ailment: Option<&Ailment>, limits: &Alarm) -> Ended {
    let place = |key: &str| (key == "checks.words").then(|| "configs/moods.yaml:9".to_owned());
    let advice = |reason: &str| (reason == "words").then_some(("checks.words", "change `checks.words`"));
    let ended = judge(summary, ended, ailment, limits, &place, &advice);
    // Whatever wants a look says why, and what to change; of a run before this one, and of what ended it, no key decides.
    for finding in summary.findings.iter().filter(|finding| finding.verdict == Verdict::Look) {
        let of_before = finding.what.contains("was cut off") || finding.what.contains("could not keep");
        let of_its_end = ailment
            .and_then(|ailment| ailment.what.lines().next())
            .is_some_and(|first| finding.what.ends_with(first));
        if !of_before && !of_its_end {
            let has = |part: &Option<String>| part.as_ref().is_some_and(|part| !part.is_empty());
            assert!(has(&finding.key) && has(&finding.cause) && has(&finding.advice), "{finding:?}");
        }
    }
    ended
}

/// However a run ended and whatever is found of it, its exit code and its first line agree.
#[test]
fn the_exit_code_and_the_first_line_cannot_disagree() {
    let all = [Ended::Complete, Ended::Stopped, Ended::Short, Ended::Alarm, Ended::Usage, Ended::Failed];
    let alarm = Alarm { rows_per_hour: Some(1e9), ..Alarm::default() };
    for (ended, limits) in all.iter().flat_map(|ended| [(*ended, Alarm::default()), (*ended, alarm)]) {
        for now in [0, 3] {
            let mut summary = Summary { open: now, left: open(now), ..complete() };
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
    let night = Summary {
        state: "short".into(),
        accepted: 999,
        open: 1,
        left: open(1),
        faults: faults(),
        ..complete()
    };
    let found = judged(night.clone(), Alarm::default(), None);
    assert_eq!(found.headline, "LOOK moods: 999 of 1,000 rows (199 more); 1 ask left open");
    assert_eq!(found.findings[0].cause.as_deref(), Some("9 server-error"));
    // Nothing came at all, and the clock ended it.
    let night = Summary { state: "stopped".into(), stopped_by: Some("until".into()), requests: 0, ..night };
    let found = judged(night.clone(), Alarm::default(), None);
    assert!(found.headline.starts_with("LOOK moods: "), "{}", found.headline);
    assert!(found.headline.ends_with("; no answer came: 9 sends failed"), "{}", found.headline);
    let night = Summary { attempts: 0, faults: Default::default(), ..night };
    let found = judged(night.clone(), Alarm::default(), None);
    assert!(found.headline.ends_with("; its time was over before anything was asked"), "{}", found.headline);
    let night = Summary { stopped_by: Some("interrupt".into()), ..night };
    let found = judged(night.clone(), Alarm::default(), None);
    assert!(found.headline.ends_with("; stopped as asked, before an answer came"), "{}", found.headline);
    assert_eq!(found.findings, []);
    let night = Summary { accepted: 1000, open: 0, ..night };
    assert_eq!(judged(night, Alarm::default(), None).findings, [], "nothing was to be asked");
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
    assert_eq!(found.findings[0].what, "`alarm.accepted`: accepted texts 0 %, at least 50 % wanted");
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
    let night = Summary { completion_tokens: 0, asked: Vec::new(), run: RunCounts::default(), ..complete() };
    let found: Vec<_> = judged(night, limits, None).findings.into_iter().map(|found| found.what).collect();
    let says = ["`alarm.tokens_per_second`: tokens a second 0.0", "`alarm.rows_per_hour`: rows an hour 0.0"];
    assert!(
        found.len() == 2 && found.iter().zip(says).all(|(found, says)| found.starts_with(says)),
        "{found:?}"
    );
}

#[test]
fn a_good_night_is_one_line() {
    let found = judged(complete(), Alarm::default(), None);
    assert_eq!(found.headline, "OK moods: 1,000 of 1,000 rows (200 more); complete");
    assert_eq!(found.findings, []);
    let run = RunCounts { accepted: 100, ..RunCounts::default() };
    let left = Left { cells: 9, rows: 100, asks: 999, to_go: to_go(400.0, 100.0), ..Left::default() };
    let stopped = Summary { state: "stopped".into(), accepted: 900, open: 9, left, run, ..complete() };
    let found = judged(stopped, Alarm::default(), None);
    let says = "OK moods: 900 of 1,000 rows (100 more); stopped as asked; 1 run more like this one";
    assert_eq!(found.headline, says);
}

/// 2 of 75 where others have 9.8 %: the worst of 28 values that are all alike. With as many texts again ten times over it
/// is none.
#[test]
fn a_value_that_is_low_by_chance_is_not_accused() {
    let found = |times: u64| {
        let count = |accepted, rejected| AxisCount { wanted: 500, accepted, rejected };
        let values = [
            ("joy".to_owned(), count(2 * times, 73 * times)),
            ("others".to_owned(), count(198 * times, 1822 * times)),
        ];
        let by_axis = [("emotion".to_owned(), values.into_iter().collect())].into_iter().collect();
        let run = RunCounts { by_axis, ..RunCounts::default() };
        judged(Summary { run, ..complete() }, Alarm::default(), None).findings
    };
    assert_eq!(found(1), []);
    assert_eq!(found(10)[0].what, "emotion joy: 2.7 % accepted, of the others 9.8 %");
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
    let endpoint = |busy| EndpointNight { requests: 400, slots: 4.0, busy, ..EndpointNight::default() };
    let endpoints = |busy| [("local".to_owned(), endpoint(busy))].into_iter().collect();
    let lasting = |restarts, hangs| {
        let night = EndpointNight { restarts, hangs, ..endpoint(0.9) };
        [("local".to_owned(), night)].into_iter().collect()
    };
    let lacking = |state: &str| Summary {
        state: state.into(),
        accepted: 990,
        left: short(10),
        exhausted_cells: 2,
        exhausted_rows: 10,
        exhausted_rejected: [("words".to_owned(), 8), ("duplicate".to_owned(), 2)].into_iter().collect(),
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
            lacking("short"),
            lacking("complete"),
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
fn a_finding_names_key_line_and_cause() {
    let summary = Summary {
        state: "short".into(),
        accepted: 999,
        left: short(1),
        exhausted_cells: 1,
        exhausted_rows: 1,
        exhausted_rejected: [("words".to_owned(), 5)].into_iter().collect(),
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
    assert_eq!(short.cause.as_deref(), Some("5 of the 5 texts that those cells had rejected: words"));
    assert_eq!(short.advice.as_deref(), Some("change `checks.words`"));
}

#[test]
fn what_ended_a_run_names_its_key_and_place() {
    let ailment =
        Ailment { what: "gone".into(), advice: String::new(), key: Some("checks.words".to_owned()) };
    let mut summary = complete();
    judge_so(&mut summary, Ended::Failed, Some(&ailment), &Alarm::default());
    let found = &summary.findings[0];
    assert_eq!(found.key.as_deref(), Some("checks.words"));
    assert_eq!(found.place.as_deref(), Some("configs/moods.yaml:9"));
}

/// Rows that an edit took out are to be remade; that nothing remakes them, or nobody edited anything, is a loss.
#[test]
fn rows_that_an_edit_took_out_are_no_loss() {
    let edited = |edits: &[&str], left| Summary {
        state: "stopped".into(),
        accepted: 700,
        open: 9,
        left: Left { cells: 9, rows: left, asks: 999, short: 300 - left, ..Left::default() },
        edits: edits.iter().map(|edit| (*edit).to_owned()).collect(),
        change: RowChange { kept: 500, leaving: 300, ..RowChange::default() },
        run: RunCounts { accepted: 200, ..RunCounts::default() },
        ..complete()
    };
    let edits = ["checks.words: 4 → 5", "prompts/a.j2:3", "seed: 1 → 2", "samples.per_cell: 1 → 2"];
    let found = judged(edited(&edits, 300), Alarm::default(), None);
    let says = "LOOK moods: 700 of 1,000 rows (100 fewer); an edit took 300 rows out and 200 came since; 300 of 1,000 are still to come";
    assert_eq!(found.headline, says);
    let finding = &found.findings[0];
    let cause = "300 rows left it; 0 became duplicates; changed since the last run: checks.words: 4 → 5; \
                 prompts/a.j2:3; seed: 1 → 2; 1 more";
    assert_eq!(finding.cause.as_deref(), Some(cause));
    assert_eq!(finding.place.as_deref(), Some("configs/moods.yaml:9"));
    let of_template = &judged(edited(&edits[1..], 300), Alarm::default(), None).findings[0];
    let place = of_template.place.as_deref();
    assert_eq!((of_template.key.as_deref(), place), (Some("prompt"), Some("prompts/a.j2:3")));
    assert_eq!(judged(edited(&edits, 299), Alarm::default(), None).verdict, Verdict::Lost, "one cannot be");
    assert_eq!(judged(edited(&[], 300), Alarm::default(), None).verdict, Verdict::Lost, "nobody edited");
}

/// Rows that nobody's edit took out: what did is told as far as it is known, and nothing is guessed.
#[test]
fn why_rows_are_lost_is_told_as_it_is() {
    let lost = |model_change: Option<&str>, changed| Summary {
        accepted: 700,
        change: RowChange { kept: 700, leaving: 300, ..RowChange::default() },
        cells: CellChange { changed, ..CellChange::default() },
        model_change: model_change.map(str::to_owned),
        ..complete()
    };
    let cause = |summary: Summary| judged(summary, Alarm::default(), None).findings[0].cause.clone().unwrap();
    let left = "300 rows left it; 0 became duplicates; ";
    let by_model = cause(lost(Some("model: a → b"), 9));
    assert_eq!(by_model, format!("{left}changed since the last run: model: a → b"));
    let by_version = "the config is that of the last run, and yet 9 cells are asked in another way: by another version of \
                      emogrid";
    assert_eq!(cause(lost(None, 9)), format!("{left}{by_version}"));
    let gone = "what was stored of them is gone, or they fail a check now";
    assert_eq!(cause(lost(None, 0)), format!("{left}{gone}"));
}

/// Of what ended a run the first line is what happened, and those below it are why.
#[test]
fn the_lines_below_what_ended_a_run_are_its_cause() {
    let found = |what: &str| {
        let ailment = Ailment { what: what.into(), advice: String::new(), key: None };
        let mut summary = complete();
        judge_so(&mut summary, Ended::Short, Some(&ailment), &Alarm::default());
        (summary.findings[0].what.clone(), summary.findings[0].cause.clone())
    };
    let (what, cause) =
        found("rows would leave\n  changed since the last run:\n    a: 1 → 2 (x.yaml:3)\n    b added");
    assert_eq!(what, "nothing was asked: rows would leave");
    assert_eq!(cause.as_deref(), Some("changed since the last run: a: 1 → 2 (x.yaml:3); b added"));
    assert_eq!(found("gone").1, None);
}

#[test]
fn a_run_that_was_cut_off_is_told_by_the_next() {
    let found = judged(
        Summary {
            untold: vec![crate::model::Untold {
                began: "2026-11-23T01:02:03.456Z".into(),
                ..Default::default()
            }],
            ..complete()
        },
        Alarm::default(),
        None,
    );
    let says = "the run that began at 2026-11-23 01:02:03 UTC was cut off: killed, or the machine went down";
    assert_eq!(found.findings[0].what, says);
    assert!(found.headline.starts_with("LOOK moods: 1,000 of 1,000 rows"), "{}", found.headline);
}
