use super::*;
use crate::report::morning::Left;

#[test]
fn rows_that_too_few_asks_can_bring_are_found_before_these_are_used_up() {
    let left =
        Left { cells: 4, rows: 40, asks: 200, short: 60, to_go: to_go(160.0, 40.0), ..Left::default() };
    let night = |allowed_short| Summary {
        state: "stopped".into(),
        accepted: 900,
        open: 4,
        left,
        allowed_short,
        run: RunCounts { accepted: 100, ..RunCounts::default() },
        ..complete()
    };
    let found = judged(night(59), Alarm::default(), None);
    assert_eq!(found.findings.len(), 1);
    let says = "60 rows cannot be filled: open cells have too few left";
    assert_eq!(found.findings[0].what, says);
    assert_eq!(found.findings[0].key.as_deref(), Some("samples.max_asks"));
    let cause = "4 open cells may be asked 200 times more, which can bring 40 rows";
    assert_eq!(found.findings[0].cause.as_deref(), Some(cause));
    let stored = Left { asks: 190, stored: 10, ..left };
    let found_so = judged(Summary { left: stored, ..night(59) }, Alarm::default(), None);
    let cause =
        "4 open cells may be asked 190 times more, which with 10 answers that are stored can bring 40 rows";
    assert_eq!(found_so.findings[0].cause.as_deref(), Some(cause));
    // A quarter of a row a request, and 40 of them.
    assert_eq!(found.outlook.map(|seen| (seen.requests, seen.rows)), Some((160, 40)));
    assert_eq!(judged(night(60), Alarm::default(), None).findings, []);
}

#[test]
fn asks_that_failed_are_the_cause_where_they_are_more_than_what_was_rejected() {
    let night = |failed, words| Summary {
        state: "short".into(),
        left: short(4),
        accepted: 996,
        exhausted_cells: 1,
        exhausted_rows: 4,
        exhausted_failed: failed,
        exhausted_rejected: [("words".to_owned(), words)].into_iter().collect(),
        ..complete()
    };
    for (failed, words, key) in
        [(4, 1, "run.tries"), (4, 4, "checks.words"), (1, 0, "samples.max_asks"), (0, 1, "samples.max_asks")]
    {
        let found = judged(night(failed, words), Alarm::default(), None);
        assert_eq!(found.findings[0].key.as_deref(), Some(key), "{failed} failed, {words} rejected");
    }
}

/// A row an hour of asks that are mostly cut: what is left to be asked will not do, and the cause is counted.
#[test]
fn a_night_whose_rest_will_not_do_is_no_good_night() {
    let night = |accepted: u64, allowed_short| Summary {
        state: "stopped".into(),
        accepted: 800 + accepted,
        open: 40,
        left: Left {
            cells: 40,
            rows: 200 - accepted,
            asks: 400,
            to_go: to_go(400.0, accepted as f64),
            ..Left::default()
        },
        allowed_short,
        run: RunCounts {
            accepted,
            rejected: [("words".to_owned(), 80), ("duplicate".to_owned(), 20)].into_iter().collect(),
            ..RunCounts::default()
        },
        ..complete()
    };
    // 20 rows of 400 requests, and 400 requests are left for 180 rows.
    let found = judged(night(20, 0), Alarm::default(), None);
    let finding = &found.findings[0];
    let what = "at this rate 160 of the 180 rows still missing will not come: 400 more requests at most";
    assert_eq!((finding.what.as_str(), found.verdict), (what, Verdict::Look));
    let cause = "83 % of 120 texts were rejected in this run, 80 % of these as words";
    assert_eq!(finding.cause.as_deref(), Some(cause));
    assert_eq!(finding.key.as_deref(), Some("checks.words"));
    // So many may be missing.
    let found = judged(night(20, 160), Alarm::default(), None).findings;
    let found: Vec<&str> = found.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(found, ["only 17 % of 120 texts passed in this run"]);
    assert_eq!(
        judged(night(100, 0), Alarm::default(), None).findings,
        [],
        "400 requests bring what is missing"
    );
}

/// What is open of cells that were not chosen says nothing of the server.
#[test]
fn cells_that_were_not_chosen_are_not_left_open() {
    let part = |left: Left| Summary {
        state: "short".into(),
        accepted: 900,
        open: 4,
        part: true,
        left,
        elsewhere: Left { rows: 40, ..open(4) },
        exhausted_cells: 2,
        exhausted_rows: 14,
        ..complete()
    };
    let what = |summary| {
        let found = judged(summary, Alarm::default(), None).findings;
        found.into_iter().map(|found| found.what).collect::<Vec<_>>()
    };
    let lost = "14 rows cannot be filled: 2 cells used up their asks";
    assert_eq!(what(part(short(14))), [lost]);
    assert_eq!(what(part(Left { short: 14, ..open(3) })), ["3 asks left open", lost]);
}
