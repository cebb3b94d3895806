//! Counts of what a detector finds of a labelled set.

use std::collections::BTreeMap;
use std::path::Path;

/// A labelled text; spans in characters.
pub struct Labelled {
    pub text: String,
    pub spans: Vec<(usize, usize, String)>,
    /// Nothing is to be found in it.
    pub negative: bool,
}

/// Reads `tests/anonymize/<name>.jsonl`.
pub fn labelled(name: &str) -> Vec<Labelled> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anonymize").join(name).with_extension("jsonl");
    let input = std::fs::read_to_string(path).expect("the labelled set is there");
    let span = |span: &serde_json::Value| {
        let number = |name: &str| span[name].as_u64().expect("an offset") as usize;
        (number("start"), number("end"), span["category"].as_str().expect("a category").to_owned())
    };
    input
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("a row");
            Labelled {
                text: row["text"].as_str().expect("a text").to_owned(),
                spans: row["spans"].as_array().expect("spans").iter().map(span).collect(),
                negative: row["hard_negative"].as_bool().unwrap_or(false),
            }
        })
        .collect()
}

/// Right, wrong and missed.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub right: usize,
    pub wrong: usize,
    pub missed: usize,
}

impl Counts {
    pub fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }
    pub fn recall(self) -> f64 {
        self.right as f64 / (self.right + self.missed).max(1) as f64
    }
    pub fn f1(self) -> f64 {
        2.0 * self.right as f64 / (2 * self.right + self.wrong + self.missed).max(1) as f64
    }
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

/// How well a detector does.
#[derive(Debug, Default)]
pub struct Score {
    /// By category: a span is right when both ends and the category are.
    pub exact: BTreeMap<String, Counts>,
    /// By category: right when it shares a character with one of its category.
    pub overlap: BTreeMap<String, Counts>,
    pub negatives: usize,
    /// Negatives in which something was found.
    pub touched: usize,
}

impl Score {
    pub fn all(counts: &BTreeMap<String, Counts>, of: impl Fn(&str) -> bool) -> Counts {
        let mut all = Counts::default();
        counts.iter().filter(|(name, _)| of(name)).for_each(|(_, counts)| all.add(*counts));
        all
    }
}

/// Scores a detector that gives spans in characters.
pub fn score(rows: &[Labelled], detect: impl Fn(&str) -> Vec<(usize, usize, String)>) -> Score {
    let mut score = Score::default();
    for row in rows {
        let found = detect(&row.text);
        score.negatives += usize::from(row.negative);
        score.touched += usize::from(row.negative && !found.is_empty());
        let meets =
            |a: &(usize, usize, String), b: &(usize, usize, String)| a.2 == b.2 && a.0 < b.1 && b.0 < a.1;
        for gold in &row.spans {
            let exact = score.exact.entry(gold.2.clone()).or_default();
            if found.contains(gold) {
                exact.right += 1
            } else {
                exact.missed += 1
            }
            let overlap = score.overlap.entry(gold.2.clone()).or_default();
            if found.iter().any(|span| meets(span, gold)) { overlap.right += 1 } else { overlap.missed += 1 }
        }
        for span in &found {
            if !row.spans.contains(span) {
                score.exact.entry(span.2.clone()).or_default().wrong += 1;
            }
            if !row.spans.iter().any(|gold| meets(span, gold)) {
                score.overlap.entry(span.2.clone()).or_default().wrong += 1;
            }
        }
    }
    score
}
