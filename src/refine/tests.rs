use serde_json::json;

use super::figures::{Class, Confused, Interval};
use super::patch::{Steps, apply};
use super::*;
use crate::config::{Loaded, load};

const MOODS: &str = "\
endpoints: { local: http://127.0.0.1:8080 }
prompt: { user: 'Show {{ emotion }}' }
grid:
  axes:
    emotion: { from: ekman, values: [joy, anger, fear, sadness], label: true }
samples: { per_cell: 5 } # five each
";

fn loaded(text: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("moods.yaml");
    std::fs::write(&path, text).unwrap();
    let loaded = load(&path, &[]).unwrap();
    assert!(!loaded.report.has_errors(), "{}", loaded.report);
    loaded
}

fn scores(classes: &[(&str, f64, u64)]) -> Scores {
    let class = |f1: f64, n| Class { f1, n, interval: Some(Interval { low: f1 - 0.05, high: f1 + 0.05 }) };
    Scores {
        per_class: classes.iter().map(|(name, f1, n)| ((*name).to_owned(), class(*f1, *n))).collect(),
        confusions: Vec::new(),
    }
}

fn confused(has: &str, given: &str, times: u64) -> Confused {
    Confused { has: Some(has.into()), given: Some(given.into()), times }
}

/// The weights that a proposal gives, by value.
fn weights_of(proposals: &[Proposal]) -> Vec<(String, f64)> {
    let changes = proposals.iter().flat_map(|proposal| &proposal.changes);
    let weight = |change: &Change| match change {
        Change::Attribute { value, attribute: "weight", to, .. } => Some((value.clone(), to.as_f64()?)),
        _ => None,
    };
    changes.filter_map(weight).collect()
}

#[test]
fn labels_that_are_told_badly_get_more_within_bounds() {
    let config = loaded(MOODS).config;
    let of = |classes: &[(&str, f64, u64)]| {
        let figures = Figures { scores: Some(scores(classes)), wanted: 20, ..Figures::default() };
        weights_of(&proposals(&config, &figures))
    };
    // The mean is .6: (1 − .4) / (1 − .6) = 1.5.
    let even = [("joy", 0.8, 50), ("anger", 0.4, 50), ("fear", 0.6, 50), ("sadness", 0.6, 50)];
    assert_eq!(of(&even), [("anger".to_owned(), 1.5)]);
    // At most three times, and nothing of classes with few rows or an interval that reaches the mean.
    let far = [("joy", 0.95, 50), ("anger", 0.0, 50), ("fear", 0.95, 50), ("sadness", 0.95, 50)];
    assert_eq!(of(&far), [("anger".to_owned(), 3.0)]);
    assert_eq!(of(&[("joy", 0.8, 50), ("anger", 0.4, 9), ("fear", 0.8, 50)]), []);
    assert_eq!(of(&[("joy", 0.62, 50), ("anger", 0.56, 50), ("fear", 0.6, 50)]), []);
    // Groups stand for their values.
    let groups = [("positive", 0.8, 90), ("negative", 0.4, 90), ("neutral", 0.9, 3)];
    assert_eq!(of(&groups), ["anger", "fear", "sadness"].map(|name| (name.to_owned(), 1.5)));
}

#[test]
fn shortages_join_in_and_weights_do_not_run_away() {
    let config = loaded(&MOODS.replace("true }", "true, override: { fear: { weight: 2.5 } } }")).config;
    let short =
        |class: &str, wanted, rows| Shortage { family: "label".into(), class: class.into(), wanted, rows };
    let figures = Figures {
        scores: Some(scores(&[
            ("joy", 0.8, 50),
            ("anger", 0.4, 50),
            ("fear", 0.6, 50),
            ("sadness", 0.6, 50),
        ])),
        shortages: vec![short("anger", 100, 80), short("fear", 100, 50), short("pride", 9, 1)],
        wanted: 20,
        ..Figures::default()
    };
    let found = proposals(&config, &figures);
    assert_eq!(weights_of(&found), [("anger".to_owned(), 1.87), ("fear".to_owned(), 3.0)]);
    assert_eq!(found[0].changes.last(), Some(&Change::Total { rows: 20 }));
    assert!(found[0].reasons[0].contains("80 real rows of 100 wanted"), "{:?}", found[0].reasons);
}

#[test]
fn confused_labels_are_told_apart() {
    let config = loaded(MOODS).config;
    let mut of = scores(&[("joy", 0.6, 50), ("anger", 0.6, 50), ("fear", 0.6, 50), ("sadness", 0.6, 500)]);
    of.confusions = vec![
        confused("anger", "fear", 20),
        confused("sadness", "fear", 19),
        confused("anger", "joy", 12),
        confused("anger", "sadness", 11),
        confused("fear", "anger", 5),
        confused("joy", "fear", 4),
        Confused { has: Some("joy".into()), given: None, times: 30 },
    ];
    let mut figures = Figures { scores: Some(of), ..Figures::default() };
    let found = contrast::contrast(&config, &figures).unwrap();
    let told: Vec<String> = found
        .changes
        .iter()
        .map(|change| match change {
            Change::Attribute { value, to, .. } => format!("{value} {to}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["anger [\"fear\",\"joy\"]", "fear [\"anger\"]"]);
    assert_eq!(found.reasons[0], "anger → fear: 20 of 50 texts of anger were taken for fear (40 %)");
    assert!(found.by_hand.unwrap().contains("{% if emotion.contrast is defined %}"));
    figures.templates = "{{ emotion.contrast }}".into();
    assert_eq!(contrast::contrast(&config, &figures).unwrap().by_hand, None);
}

#[test]
fn words_are_those_that_generated_rows_lack() {
    let config = loaded(MOODS).config;
    let (mut real, mut generated) = (Corpus::default(), Corpus::default());
    for row in 0..60 {
        let some = if row % 3 == 0 { " and I am livid with Kevin, that angry woman" } else { "" };
        real.add(["anger"], &format!("the bus was late again{some}"));
        real.add(["joy"], "the bus came at once");
        generated.add(["anger"], "the bus was late again and again");
        generated.add(["joy"], "the bus was here");
    }
    let mut figures = Figures { real, generated, ..Figures::default() };
    let found = gaps::words(&config, &figures).unwrap();
    let told: Vec<&str> = found.reasons.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "joy, of 60 real and 60 generated rows: came 60/0, once 60/0",
            "anger, of 60 real and 60 generated rows: livid 20/0, that 20/0, with 20/0"
        ]
    );
    let Change::Attribute { value, to, .. } = &found.changes[1] else { panic!("{found:?}") };
    assert_eq!((value.as_str(), to), ("anger", &json!(["livid", "that", "with"])));
    // Where a word is common under other labels too, it says nothing of this one.
    for row in 0..60 {
        figures.real.add(["sadness"], if row % 5 == 0 { "with nobody" } else { "alone" });
    }
    let found = gaps::words(&config, &figures).unwrap();
    let Change::Attribute { to, .. } = &found.changes[1] else { panic!("{found:?}") };
    assert_eq!(*to, json!(["livid", "that"]));
}

#[test]
fn alarms_and_outcomes_have_remedies() {
    let config = loaded(&MOODS.replace("prompt:", "checks: { words: [2, 9] }\nprompt:")).config;
    let alarm = |metric: &str| Alarm {
        metric: metric.into(),
        of: "emotion".into(),
        verdict: "warn".into(),
        finding: "found".into(),
        advice: "do it".into(),
    };
    let mut figures = Figures { wanted: 20, max_asks: 10, ..Figures::default() };
    assert_eq!(remedies::remedies(&config, &figures), []);
    figures.alarms = ["leakage", "leakage_stem", "length", "gzip", "identity"].map(alarm).to_vec();
    for length in 1..=40 {
        figures.generated.add(["joy"], &"word ".repeat(length));
        figures.generated.add(["fear"], &"word ".repeat(length / 2 + 1));
    }
    figures.outcome = Some(Outcome {
        values: vec![
            ("emotion".into(), "joy".into(), [5, 5, 1]),
            ("emotion".into(), "fear".into(), [5, 2, 30]),
        ],
        rejected: vec![("refusal".into(), 20), ("duplicate".into(), 11)],
        duplicates: 11,
        accepted: 7,
        shortfall: 3,
    });
    let found = remedies::remedies(&config, &figures);
    let changes: Vec<(&str, Vec<Change>)> =
        found.iter().map(|p| (p.key.as_str(), p.changes.clone())).collect();
    let expected = [
        (
            "checks.label_leakage",
            vec![Change::put(&["checks", "label_leakage"], json!({ "at_most": "human" }))],
        ),
        ("checks.words", vec![Change::put(&["checks", "words"], json!([5, 9]))]),
        ("sampling.temperature", vec![Change::put(&["sampling", "temperature"], 1.0)]),
        ("samples.max_asks", vec![Change::put(&["samples", "max_asks"], 25)]),
        ("identity", vec![]),
    ];
    assert_eq!(changes, expected);
    assert!(found[2].reasons.iter().any(|reason| reason.contains("11 of 38 texts")), "{:?}", found[2]);
    assert!(found[3].reasons[1].contains("fear: 2 of 5 rows, 6 % of its texts"), "{:?}", found[3]);
    assert_eq!(found[4].by_hand.as_deref(), Some("do it"));
}

fn weight(value: &str, to: impl Into<Value>) -> Change {
    Change::Attribute { axis: "emotion".into(), value: value.into(), attribute: "weight", to: to.into() }
}

#[test]
fn attributes_go_where_the_axis_keeps_them() {
    let axis = "emotion: { from: ekman, values: [joy, anger, fear, sadness], label: true }";
    for (own, expected) in [
        (
            axis,
            "emotion: { from: ekman, values: [joy, anger, fear, sadness], label: true, override: { joy: { weight: 2 } } }",
        ),
        ("emotion: [joy, fear] # two", "emotion: { values: { joy: { weight: 2 }, fear: {} } } # two"),
        (
            "emotion: { label: true, values: { joy: , fear: { a: 1 } } }",
            "emotion: { label: true, values: { joy: { weight: 2 } , fear: { a: 1 } } }",
        ),
        (
            "emotion:\n      - joy # one\n      - fear",
            "emotion:\n      values:\n        joy: { weight: 2 } # one\n        fear: {}",
        ),
    ] {
        let text = MOODS.replace(axis, own);
        let tree = loaded(&text).tree;
        let found = apply(&text, &tree, &[weight("joy", 2), Change::Total { rows: 20 }]).unwrap();
        let expected = MOODS.replace(axis, expected).replace("per_cell: 5", "total: 20");
        assert_eq!(found, expected);
        loaded(&found);
    }
}

#[test]
fn a_config_that_builds_on_another_is_changed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let refined = |base: &str, own: &str| {
        write("base.yaml", base);
        let path = write("own.yaml", own);
        let tree = load(&path, &[]).unwrap().tree;
        let changes = [weight("joy", 2), weight("fear", 3), Change::Total { rows: 20 }];
        let found = apply(own, &tree, &changes).unwrap();
        write("own.yaml", &found);
        let after = load(&path, &[]).unwrap();
        assert!(!after.report.has_errors(), "{}", after.report);
        let weights: Vec<Value> =
            after.config.axes[0].values.iter().map(|v| v.attributes["weight"].clone()).collect();
        assert_eq!(weights, [2, 3], "{found}");
        found
    };
    let own = "extends: base.yaml\nseed: 3 # mine\n";
    let base =
        |axis: &str| MOODS.replace("{ from: ekman, values: [joy, anger, fear, sadness], label: true }", axis);
    for axis in ["[joy, fear]", "{ values: [joy, fear], label: true }"] {
        assert_eq!(
            refined(&base(axis), own),
            "extends: base.yaml\nseed: 3 # mine\ngrid:\n  axes:\n    emotion:\n      values:\n        joy: { weight: 2 }\n        \
             fear: { weight: 3 }\nsamples: { per_cell: null, total: 20 }\n"
        );
    }
    let from = refined(&base("{ from: ekman, values: [joy, fear] }"), own);
    assert!(from.contains("override:\n"), "{from}");
    let mapping = refined(&base("{ values: { joy: { a: 1 }, fear: {} } }"), own);
    assert!(!mapping.contains("a: 1"), "{mapping}");
}

#[test]
fn each_part_of_a_diff_knows_its_steps() {
    let mut steps = Steps::new("a\nb\nc\nd\ne\nf\ng\nh\ni\n");
    steps.step(0, "a\nB\nc\nd\ne\nf\ng\nh\ni\n".into());
    steps.step(1, "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\n".into());
    steps.step(2, "a\nB!\nc\nd\ne\nf\ng\nh\ni\nj\n".into());
    let hunks = steps.hunks();
    let of: Vec<Vec<usize>> = hunks.iter().map(|hunk| hunk.steps.iter().copied().collect()).collect();
    assert_eq!(of, [vec![0, 2], vec![1]]);
    assert_eq!(hunks[0].text, "@@ -1,4 +1,4 @@\n a\n-b\n+B!\n c\n d\n");
}
