//! Precision and recall on the independent sets; `cargo test --lib check::independent -- --nocapture`
//! prints them.

#![allow(clippy::print_stdout)]

use super::*;
use crate::config::resolved::{Axis, Checks, Response, Toxicity, ToxicityLevel};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checks/independent");

/// A text with what is expected of the one check that its set is for.
struct Row {
    wanted: bool,
    text: String,
    prompt: Option<String>,
}

fn rows(set: &str, half: &str) -> Vec<Row> {
    let file = std::fs::read_to_string(format!("{FOLDER}/{set}.{half}.tsv")).unwrap();
    let plain = |field: &str| {
        let kept = field.replace("\\\\", "\u{1}").replace("\\n", "\n").replace("\\t", "\t");
        kept.replace('\u{1}', "\\")
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        assert!(fields[1] == set || fields[1] == "-", "{line}");
        let prompt = fields.get(3).map(|prompt| plain(prompt));
        Row { wanted: fields[1] == set, text: plain(fields[2]), prompt }
    };
    file.lines().map(row).collect()
}

fn rules(prompt: Option<&str>) -> Rules {
    let checks = Checks {
        language: Some("en".into()),
        toxicity: Toxicity { level: ToxicityLevel::Mild, ..Toxicity::default() },
        ..Checks::default()
    };
    let schema = serde_json::json!({});
    let response =
        Response { format: Format::Json, text: "text".into(), schema, items: 1, n: 1, schema_at: None };
    let mut rules = Rules::new(&checks, &response, &[] as &[Axis]);
    prompt.into_iter().for_each(|prompt| rules.learn(prompt));
    rules
}

/// Whether one of these checks rejects a text, or mending takes off what is no part of it.
fn rejects(rules: &Rules, checks: &[Check], text: &str) -> bool {
    let (text, mended) = mend(text);
    checks.contains(&Check::Leftover) && mended.iter().any(|mended| mended.name() == "preamble")
        || rules.all(text, &[]).iter().any(|check| checks.contains(check))
}

/// How many were rightly rejected, wrongly rejected, and missed.
#[derive(Debug, Default)]
struct Counts {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Counts {
    fn of(set: &str, half: &str, checks: &[Check]) -> Self {
        let plain = rules(None);
        let mut counts = Self::default();
        for row in rows(set, half) {
            let found = match &row.prompt {
                Some(prompt) => rejects(&rules(Some(prompt)), checks, &row.text),
                None => rejects(&plain, checks, &row.text),
            };
            match (row.wanted, found) {
                (true, true) => counts.right += 1,
                (false, true) => counts.wrong += 1,
                (true, false) => counts.missed += 1,
                (false, false) => {}
            }
        }
        counts
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

/// By set, what is counted as found in it: a set of refusals holds what is a leftover to us, too. Then the floors of
/// precision and recall, a little under what was measured, in dev and in test.
type Set = (&'static str, &'static [Check], [(f64, f64); 2]);

const SETS: [Set; 6] = [
    ("refusal", &[Check::Refusal], [(0.97, 0.75), (0.91, 0.65)]),
    ("refusal", &[Check::Refusal, Check::Leftover, Check::Placeholder], [(0.97, 0.97), (0.92, 0.92)]),
    ("language", &[Check::Language], [(0.98, 0.96), (0.98, 0.96)]),
    ("echo", &[Check::Echo], [(0.97, 0.97), (0.97, 0.92)]),
    ("toxicity", &[Check::Toxicity], [(0.97, 0.95), (0.94, 0.71)]),
    ("unfinished", &[Check::Unfinished], [(0.97, 0.57), (0.93, 0.49)]),
];

#[test]
fn each_check_keeps_what_it_finds_in_the_independent_sets() {
    for (at, half) in ["dev", "test"].into_iter().enumerate() {
        for (set, checks, floors) in SETS {
            let counts = Counts::of(set, half, checks);
            let (precision, recall) = (counts.precision(), counts.recall());
            let names = checks.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ");
            println!("{half:<5} {names:<32} P {precision:.3} R {recall:.3} {counts:?}");
            assert!(precision >= floors[at].0 && recall >= floors[at].1, "{half} {names}");
        }
    }
}
