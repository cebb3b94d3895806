use super::*;
use crate::audit;
use crate::report::AuditBrief;

/// A stopped night far from its quota, with asks enough for all of it.
fn night(accepted: u64, words: u64) -> Summary {
    Summary {
        state: "stopped".into(),
        stopped_by: Some("for".into()),
        accepted,
        open: 400,
        left: Left { cells: 400, rows: 1000 - accepted, asks: 1_000_000, ..Left::default() },
        run: RunCounts {
            accepted,
            rejected: [("words".to_owned(), words), ("cut".to_owned(), 1)].into(),
            ..RunCounts::default()
        },
        change: RowChange::default(),
        ..complete()
    }
}

/// A night of which none or hardly any texts passed is LOOK however many asks are left, and one of which half passed
/// seems so to nobody.
#[test]
fn hardly_any_text_that_passes_wants_a_look() {
    for (accepted, words, says) in [
        (0, 634, "none of 635 texts passed in this run"),
        (0, 7, "none of 8 texts passed in this run"),
        (4, 15, "only 20 % of 20 texts passed in this run"),
        (17, 82, "only 17 % of 100 texts passed in this run"),
    ] {
        let found = judged(night(accepted, words), Alarm::default(), None);
        assert!(found.headline.starts_with("LOOK moods: "), "{}", found.headline);
        let finding = &found.findings[0];
        assert_eq!(finding.what, says);
        let cause = format!("{words} of the {} texts rejected: words", words + 1);
        assert_eq!(finding.cause, Some(cause));
        assert_eq!(finding.advice.as_deref(), Some("change `checks.words`"), "the advice of the terminal");
        assert_eq!(finding.place.as_deref(), Some("configs/moods.yaml:9"));
    }
    for (accepted, words) in [(0, 6), (4, 14), (25, 74), (100, 200)] {
        assert_eq!(judged(night(accepted, words), Alarm::default(), None).findings, [], "{accepted} {words}");
    }
    // Who says how many should pass is told by that alone, with the same cause.
    let limits = |accepted| Alarm { accepted: Some(accepted), ..Alarm::default() };
    assert_eq!(judged(night(17, 82), limits(0.1), None).findings, []);
    let found = judged(night(17, 82), limits(0.2), None).findings;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cause.as_deref(), Some("82 of the 83 texts rejected: words"));
    assert!(found[0].what.starts_with("`alarm.accepted`: "), "{found:?}");
    // What came to all its rows came to them.
    let whole = Summary { state: "complete".into(), stopped_by: None, ..night(17, 82) };
    assert_eq!(judged(whole, Alarm::default(), None).findings, []);
}

#[test]
fn a_budget_without_room_for_a_request_says_what_one_takes() {
    let night = |budget: &str| Summary {
        state: "stopped".into(),
        stopped_by: Some(budget.into()),
        accepted: 900,
        requests: 0,
        attempts: 0,
        open: 9,
        needed: Some(Needed { tokens: 1234, money: 0.0025 }),
        run: RunCounts::default(),
        ..complete()
    };
    for (budget, takes) in [("token_budget", "1,234 tokens"), ("max_cost", "0.0025")] {
        let found = judged(night(budget), Alarm::default(), None);
        let key = format!("run.{budget}");
        let says = format!("; nothing was asked: `{key}` has no room for a single request");
        assert!(found.headline.starts_with("LOOK ") && found.headline.ends_with(&says), "{}", found.headline);
        let finding = &found.findings[0];
        assert!(finding.cause.as_ref().is_some_and(|cause| cause.contains(takes)), "{finding:?}");
        assert_eq!(finding.key.as_deref(), Some(key.as_str()));
    }
}

/// Known in the morning, and no alarm.
#[test]
fn an_audit_that_fails_is_a_note() {
    let measure = |verdict, finding: &str| audit::Brief {
        metric: "balance".into(),
        of: "emotion".into(),
        value: None,
        interval: None,
        reference: None,
        verdict,
        finding: Some(finding.into()),
    };
    let with = |measures| Summary {
        audit: Some(AuditBrief { rows: 1000, measures, conflicts: None }),
        ..complete()
    };
    let bad = vec![
        measure(audit::Verdict::Warn, "so so"),
        measure(audit::Verdict::Fail, "23.1 % of rows would have to be others"),
    ];
    let found = judged(with(bad.clone()), Alarm::default(), None);
    assert_eq!(found.headline, "OK moods: 1,000 of 1,000 rows (200 more); complete");
    let note = &found.findings[0];
    assert_eq!((note.verdict, note.sign()), (Verdict::Ok, "note"));
    assert_eq!(note.what, "the audit of the first 1,000 rows has 1 measure that fails");
    let cause = "balance of emotion: 23.1 % of rows would have to be others";
    assert_eq!(note.cause.as_deref(), Some(cause));
    assert_eq!(judged(with(bad[..1].to_vec()), Alarm::default(), None).findings, []);
}
