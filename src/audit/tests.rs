//! For every metric a table with its fault planted, which must be caught, and one of the same texts
//! dealt out anew, which must not be.

mod faults;
mod made;

use super::*;
use crate::model::random::Random;
use faults::faults;
use made::{CONTEXTS, LABELS, Made, ROWS, fair, word};

/// Every cell asked for alike, and a fifth of texts to speak of women.
fn options() -> Options {
    let cell = |at: usize| (vec![LABELS[at / 4].to_owned(), CONTEXTS[at % 4].to_owned()], 100);
    Options {
        seed: 5,
        negative: ["anger", "fear", "sadness"].map(str::to_owned).into(),
        targets: [("female".to_owned(), 0.15)].into(),
        asked: Some(Asked { cells: (0..24).map(cell).collect() }),
        ..Options::default()
    }
}

fn verdict(report: &Report, key: &str) -> Verdict {
    let found = report.measures.iter().filter(|measure| measure.metric == key);
    found.map(|measure| measure.verdict).max().unwrap_or_else(|| panic!("{key} was not measured"))
}

#[test]
fn a_planted_fault_is_caught_and_a_shuffled_copy_is_not() {
    let faults = faults();
    for metric in METRICS {
        let (_, planted, control) = faults
            .iter()
            .find(|fault| fault.0 == metric.key)
            .unwrap_or_else(|| panic!("{} has no test", metric.key));
        let (planted, control) = (planted.report_of(metric.key), control.report_of(metric.key));
        let said = |report: &Report| {
            let found = report.measures.iter().filter(|measure| measure.metric == metric.key);
            found.map(|measure| format!("{measure:#?}")).collect::<String>()
        };
        assert!(verdict(&planted, metric.key).is_alarm(), "not caught: {}", said(&planted));
        assert!(!verdict(&control, metric.key).is_alarm(), "false alarm: {}", said(&control));
    }
}

#[test]
fn a_fair_table_is_all_well() {
    // Of fewer rows not all can be told: a group's share of bad labels is within five points by luck only.
    let report = fair(4 * ROWS).report();
    for measure in &report.measures {
        assert_eq!(measure.verdict, Verdict::Ok, "{measure:#?}");
    }
    assert_eq!(report.verdict, Verdict::Ok);
    assert_eq!(report.alarms().count(), 0);
}

#[test]
fn too_few_rows_cannot_tell_and_are_never_well() {
    let planted = faults();
    for rows in [0, 1, 20] {
        let mut made = planted.iter().find(|fault| fault.0 == "leakage").unwrap().1.clone();
        made.texts.truncate(rows);
        let report = made.report();
        for measure in &report.measures {
            assert!(measure.verdict == Verdict::CannotTell, "{rows}: {measure:#?}");
        }
    }
}

/// Rows in which a term stands in so many of a label's and in so many of each other label's.
fn with_term(labels: usize, each: usize, [own, other]: [usize; 2]) -> Table {
    let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
    let mut random = Random::of(21, "term");
    for row in 0..labels * each {
        let (label, at) = (row % labels, row / labels);
        let mut words: Vec<String> = (0..9).map(|_| word(&mut random)).collect();
        if at < if label == 0 { own } else { other } {
            words.push("she".into());
        }
        let label = ["anger", "joy", "fear", "sadness", "remorse", "pride", "love", "relief"][label];
        table.push(&row.to_string(), &words.join(" "), [[label]], Groups::default());
    }
    table
}

fn measured(table: &Table, key: &str, options: Options) -> Measure {
    let others = METRICS.iter().map(|metric| metric.key).filter(|other| *other != key);
    let options = Options { off: others.map(str::to_owned).collect(), ..options };
    let mut report = audit(table, &options, |_, _| {});
    report.measures.remove(0)
}

/// The prior is for ranking; bounds are held to the odds as they are.
#[test]
fn bias_of_few_rows_is_caught_and_none_is_seen_in_shuffled_ones() {
    // 16 of 35 rows of anger, 35 of 245 others: a log odds ratio of 1.62.
    let planted = measured(&with_term(8, 35, [16, 5]), "identity", options());
    assert_eq!(planted.verdict, Verdict::Warn, "{planted:#?}");
    let part = &planted.parts[0];
    assert_eq!((part.case.name.as_str(), part.case.rows), ("female × anger", 16), "rows are those seen");
    assert!((part.case.value - 1.61).abs() < 0.02, "{part:#?}");
    let drawn = part.case.also["log_odds_dirichlet"];
    assert!(drawn > 0.4 && drawn < 1.0 && part.case.also["pmi"] > 1.0, "{part:#?}");
    for seed in 0..20 {
        let mut hits: Vec<usize> = (0..280).map(|row| usize::from(row < 51)).collect();
        Random::of(seed, "deal").shuffle(&mut hits);
        let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
        for (row, hit) in hits.iter().enumerate() {
            let text = if *hit == 1 { "she is here" } else { "nobody is here" };
            table.push("", text, [[LABELS[row % 6]]], Groups::default());
        }
        let dealt = measured(&table, "identity", options());
        assert!(!dealt.verdict.is_alarm(), "{seed}: {dealt:#?}");
    }
}

#[test]
fn groups_with_few_expected_rows_cannot_be_told_whatever_was_found() {
    // 31 rows speak of her, 4 would be even under each label.
    let measure = measured(&with_term(8, 40, [10, 3]), "identity", options());
    let part = measure.parts.iter().find(|part| part.case.name == "female × anger").unwrap();
    assert_eq!((part.verdict, part.case.rows, part.case.p), (Verdict::CannotTell, 10, None));
    assert_eq!(measure.verdict, Verdict::CannotTell, "{measure:#?}");
    assert!(measure.finding.contains("too little to tell of female × anger"), "{}", measure.finding);
}

/// One part that is well says nothing of another that cannot be told.
#[test]
fn a_part_in_doubt_leaves_the_whole_in_doubt() {
    // 560 rows, 14 of 70 against 8 of 70: too little to be sure, too much to be well.
    let table = with_term(8, 70, [15, 8]);
    for key in ["identity", "parity"] {
        let measure = measured(&table, key, options());
        assert_eq!(measure.verdict, Verdict::CannotTell, "{measure:#?}");
        assert!(!measure.doubts.is_empty());
    }
    // Ten in a hundred where eight were wanted, and of another group just what was wanted.
    let table = with_term(1, 100, [11, 0]);
    let targets = [("female".to_owned(), 0.08), ("male".to_owned(), 0.0001)];
    let measure = measured(&table, "representation", Options { targets: targets.into(), ..options() });
    assert_eq!(measure.verdict, Verdict::CannotTell, "{measure:#?}");
}

#[test]
fn too_much_of_a_group_is_as_far_from_its_target_as_too_little() {
    let of = |own, share| {
        let targets = [("female".to_owned(), share)];
        measured(
            &with_term(1, 300, [own, 0]),
            "representation",
            Options { targets: targets.into(), ..options() },
        )
    };
    for (own, share, verdict) in [
        (300, 0.2, Verdict::Fail),
        (0, 0.2, Verdict::Fail),
        (60, 0.2, Verdict::Ok),
        (100, 0.2, Verdict::Warn),
        (10, 0.2, Verdict::Fail),
    ] {
        let measure = of(own, share);
        assert_eq!(measure.verdict, verdict, "{own}: {measure:#?}");
    }
    assert!(of(300, 0.2).finding.contains("female 100.0 %, its target is 20.0 %"));
}

/// The most obvious ways to say a feeling.
#[test]
fn a_label_s_kin_are_leaks_too() {
    let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
    for row in 0..240 {
        let (label, says) = [("anger", "I am so angry"), ("sadness", "sad"), ("joy", "well")][row % 3];
        table.push(&row.to_string(), &format!("{says} w{row}"), [[label]], Groups::default());
    }
    let measure = measured(&table, "leakage_stem", options());
    assert_eq!(measure.verdict, Verdict::Fail);
    let values: Vec<(&str, f64)> =
        measure.parts.iter().map(|part| (part.case.name.as_str(), part.case.value)).collect();
    assert_eq!(values, [("anger", 1.0), ("sadness", 1.0), ("joy", 0.0)]);
}

/// Two texts that are copied are two texts.
#[test]
fn copies_of_a_text_a_label_tell_nothing() {
    let mut table = Table::new([("emotion".to_owned(), Role::Label), ("context".to_owned(), Role::Context)]);
    for row in 0..300 {
        let (label, text) =
            [("joy", "what a day this was for us!"), ("anger", "nobody asked me before they left")][row % 2];
        table.push(&row.to_string(), text, [[label], [label]], Groups::default());
    }
    for key in ["opener", "length", "exclamation", "context"] {
        let measure = measured(&table, key, Options { asked: None, ..options() });
        assert_eq!(measure.verdict, Verdict::CannotTell, "{measure:#?}");
        assert!(measure.finding.contains("2 texts that are not nearly the same"), "{}", measure.finding);
    }
}

/// What a measure shows is within what it shows around it.
#[test]
fn a_value_is_within_its_interval() {
    for rows in [ROWS, 4 * ROWS] {
        let arbitrary = fair(rows).shuffled();
        for measure in &arbitrary.report().measures {
            let cases = measure.parts.iter().map(|part| &part.case).chain(&measure.whole);
            for case in cases.filter(|case| case.value.is_finite()) {
                let Some([low, high]) = case.interval else { continue };
                let within = low - 1e-9 <= case.value && case.value <= high + 1e-9;
                assert!(within, "{}: {case:#?}", measure.metric);
            }
        }
    }
}

/// Chance makes η² of few rows in many labels, which is no fault of theirs.
#[test]
fn lengths_under_many_labels_are_not_taken_for_told_by_chance() {
    let mut alarms = 0;
    for (seed, rows) in (0..24).map(|seed| (seed, if seed < 20 { 280 } else { 1400 })) {
        let mut random = Random::of(seed, "length");
        let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
        for row in 0..rows {
            let text: Vec<String> = (0..3 + random.below(20)).map(|_| word(&mut random)).collect();
            table.push("", &text.join(" "), [[format!("label {}", row % 28)]], Groups::default());
        }
        let measure = measured(&table, "length", options());
        let whole = measure.whole.as_ref().unwrap();
        let [low, high] = whole.interval.unwrap();
        assert!(low < whole.value && whole.value < high, "{measure:#?}");
        assert!(rows > 280 || whole.value > 0.03 && measure.bounds.warn > 0.16, "{measure:#?}");
        alarms += usize::from(measure.verdict.is_alarm());
    }
    assert!(alarms <= 1, "{alarms} of 24");
}

/// Labels that are wanted and have no row are what is uneven.
#[test]
fn values_without_rows_count() {
    let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
    (0..28).for_each(|label| table.expect(0, &format!("label {label}")));
    for row in 0..400 {
        table.push("", "a b", [[format!("label {}", row % 2)]], Groups::default());
    }
    let measure = measured(&table, "balance", options());
    assert_eq!(measure.verdict, Verdict::Fail, "{measure:#?}");
    assert!((measure.whole.unwrap().value - 2f64.ln() / 28f64.ln()).abs() < 1e-9);
}

/// A few rows are short of what was asked, or the first of many; neither is a fault of theirs.
#[test]
fn first_rows_of_many_cells_are_not_far_from_what_was_asked() {
    let asked = |cells: usize| Asked { cells: (0..cells).map(|at| (vec![format!("l{at}")], 4)).collect() };
    let of = |rows: usize, cells: usize| {
        let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
        (0..rows).for_each(|row| table.push("", "a b", [[format!("l{}", row % cells)]], Groups::default()));
        measured(&table, "balance_asked", Options { asked: Some(asked(cells)), ..options() }).verdict
    };
    assert_eq!(of(2, 8), Verdict::CannotTell);
    assert_eq!(of(100, 400), Verdict::CannotTell, "the first of 1,600 rows");
    assert_eq!(of(400, 400), Verdict::Ok, "it can be no nearer");
}

/// What two labels' texts repeat is not told for sure of 200 texts each, nor of the first of many.
#[test]
fn every_figure_of_diversity_has_an_interval() {
    for rows in [220, 1000, 1400, 2400] {
        let report = audit(&fair(rows).table(), &options(), |_, _| {});
        // Its openings are all different, which does not vary.
        let others = ["representation", "openers"];
        let of = report.measures.iter().filter(|measure| measure.of.is_empty());
        let cases = of.filter(|measure| !others.contains(&measure.metric)).flat_map(|measure| {
            measure.parts.iter().map(|part| &part.case).chain(&measure.whole).collect::<Vec<_>>()
        });
        for case in cases {
            let [low, high] = case.interval.unwrap_or_else(|| panic!("{rows}: {case:?}"));
            // Where no three words come twice there is nothing that could vary.
            let varies = low < case.value && case.value < high || case.value > 0.99;
            assert!(varies && high - low < 0.6 * case.value, "{rows}: {case:?}");
        }
    }
}

#[test]
fn without_a_model_its_answers_are_not_measured_and_few_cannot_tell() {
    assert!(fair(200).report().measures.iter().all(|measure| measure.metric != "counterfactual"));
    let few =
        Made { texts: vec!["she is here".into(); 20], labels: vec!["joy"; 20], contexts: vec!["work"; 20] };
    assert_eq!(verdict(&few.report_of("counterfactual"), "counterfactual"), Verdict::CannotTell);
    let none =
        Made { texts: vec!["the dog".into(); 90], labels: vec!["joy"; 90], contexts: vec!["work"; 90] };
    let report = none.report_of("counterfactual");
    assert_eq!(verdict(&report, "counterfactual"), Verdict::CannotTell);
    assert!(report.measures[0].finding.contains("no row speaks of somebody"), "{report:?}");
}

#[test]
fn the_same_table_and_seed_give_the_same_report_whatever_the_threads() {
    let json = || serde_json::to_string(&faults()[12].1.report()).unwrap();
    assert_eq!(json(), json());
}

#[test]
fn an_alarm_names_the_rows_that_are_to_blame() {
    for (key, planted, _) in faults() {
        if key == "representation" {
            continue;
        }
        let report = planted.report_of(key);
        let measure = report.measures.iter().find(|measure| measure.metric == key).unwrap();
        assert!(!measure.offenders.is_empty() || key == "cells", "{key} names no row");
        assert!(measure.worst.len() <= 5 && measure.worst.len() <= measure.offenders.len(), "{key}");
        let mut seen = std::collections::HashSet::new();
        let twice = measure.offenders.iter().filter(|row| !seen.insert(**row)).count();
        assert!(
            twice == 0 || ["identity", "parity", "leakage", "leakage_stem"].contains(&key),
            "{key}: {twice}"
        );
    }
}

#[test]
fn bounds_can_be_set_and_metrics_left_out() {
    let made = fair(ROWS);
    let strict = Options {
        thresholds: [("question".to_owned(), Bounds { warn: -1.0, fail: -0.5 })].into(),
        off: ["emoji".to_owned()].into(),
        ..options()
    };
    let report = audit(&made.table(), &strict, |_, _| {});
    assert_eq!(verdict(&report, "question"), Verdict::Fail);
    assert!(report.measures.iter().all(|measure| measure.metric != "emoji"));
    assert_eq!(report.alarms().count(), 1);
    let found: Vec<String> = report.brief().into_iter().filter_map(|brief| brief.finding).collect();
    assert_eq!(found.len(), 1);
}

/// What rounding leaves of variance is none.
#[test]
fn lengths_that_are_all_the_same_say_nothing() {
    let mut made = fair(ROWS);
    made.texts = (0..ROWS).map(|row| format!("seven words and a number stand here{row}")).collect();
    let report = made.report_of("length");
    assert!(
        report.measures.iter().all(|measure| measure.verdict == Verdict::CannotTell),
        "{:?}",
        report.measures
    );
    made.texts[0].push_str(" and more");
    let report = made.report_of("length");
    let values = report.measures.iter().filter_map(|measure| measure.whole.as_ref()).map(|whole| whole.value);
    assert!(values.clone().count() > 0 && values.clone().all(|value| (0.0..0.2).contains(&value)));
}

#[test]
fn hostile_texts_are_measured_like_others() {
    let mut table = Table::new([("emotion".to_owned(), Role::Label), ("context".to_owned(), Role::Context)]);
    let long = "a ".repeat(500_000);
    let texts = [
        "",
        " ",
        "\u{202e}evil\u{202c}",
        "e\u{301}\u{301}\u{301}",
        "\u{200b}",
        "[[[",
        "'''",
        "İ",
        "\0",
        &long,
    ];
    for row in 0..300 {
        let label = [LABELS[row % 3]];
        table.push(
            &row.to_string(),
            texts[row % (if row < 10 { 10 } else { 9 })],
            [label, label],
            Groups::default(),
        );
    }
    let report = audit(&table, &options(), |_, _| {});
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rows"], 300);
}
