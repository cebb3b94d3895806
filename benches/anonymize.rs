//! The anonymiser on its labelled sets: precision, recall and F1 by category, and texts a second of one
//! thread, beside a baseline of patterns and short lists in the same run.
//!
//! `cargo bench --bench anonymize [-- SET …] [--texts FILE]`: sets are `dev`, `more`, `test`,
//! `held-out`, `independent-dev` and `independent-test`; FILE has a text a
//! line (up to a tab) and is used for the speed.
#![expect(clippy::print_stdout)]

#[path = "../tests/anonymize/score.rs"]
mod score;

use std::hint::black_box;
use std::time::Instant;

use emogrid::anonymize::{Anonymizer, Preset};
use score::{Counts, Score, labelled, score};

type Spans = Vec<(usize, usize, String)>;

fn main() {
    let mut sets = Vec::new();
    let mut texts = None;
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--texts" => texts = args.next(),
            _ => sets.push(arg),
        }
    }
    if sets.is_empty() {
        sets.push("dev".to_owned());
    }
    let tag = Anonymizer::new(Preset::Tag.into(), None).expect("tags want no key");
    let ours = |text: &str| -> Spans {
        tag.spans(text).iter().map(|span| (span.start, span.end, span.category.name().to_owned())).collect()
    };
    for set in &sets {
        let rows = labelled(set);
        println!(
            "{set}: {} texts, {} of them hard negatives",
            rows.len(),
            rows.iter().filter(|row| row.negative).count()
        );
        let (ours, naive) = (score(&rows, ours), score(&rows, naive));
        println!("{:12}      P     R    F1  (overlap F1)   baseline P     R    F1", "");
        let line = |name: &str, ours: Counts, overlap: Counts, naive: Counts| {
            println!(
                "{name:12}  {:5.3} {:5.3} {:5.3}  ({:5.3})             {:5.3} {:5.3} {:5.3}",
                ours.precision(),
                ours.recall(),
                ours.f1(),
                overlap.f1(),
                naive.precision(),
                naive.recall(),
                naive.f1()
            );
        };
        let of = |counts: &std::collections::BTreeMap<String, Counts>, name: &str| {
            counts.get(name).copied().unwrap_or_default()
        };
        for name in ours.exact.keys() {
            line(name, of(&ours.exact, name), of(&ours.overlap, name), of(&naive.exact, name));
        }
        let structured = |name: &str| ["HANDLE", "EMAIL", "PHONE", "URL", "IP", "CARD", "ID"].contains(&name);
        line(
            "structured",
            Score::all(&ours.exact, structured),
            Score::all(&ours.overlap, structured),
            Score::all(&naive.exact, structured),
        );
        line(
            "all (micro)",
            Score::all(&ours.exact, |_| true),
            Score::all(&ours.overlap, |_| true),
            Score::all(&naive.exact, |_| true),
        );
        println!(
            "negatives touched: {} ({:.1} %); baseline {} ({:.1} %)\n",
            ours.touched,
            100.0 * ours.touched as f64 / ours.negatives.max(1) as f64,
            naive.touched,
            100.0 * naive.touched as f64 / naive.negatives.max(1) as f64
        );
    }
    let texts: Vec<String> = match texts {
        Some(path) => std::fs::read_to_string(path)
            .expect("a file of texts")
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
            .collect(),
        None => labelled("dev").into_iter().chain(labelled("test")).map(|row| row.text).collect(),
    };
    let words: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let strict = Anonymizer::new(Preset::Strict.into(), None).expect("masks want no key");
    println!(
        "speed over {} texts of {:.1} words, one thread:",
        texts.len(),
        words as f64 / texts.len().max(1) as f64
    );
    speed("emogrid, strict", &texts, |text| strict.apply(text).spans.len());
    speed("baseline", &texts, |text| naive(text).len());
}

fn speed(name: &str, texts: &[String], work: impl Fn(&str) -> usize) {
    for text in texts.iter().take(1000) {
        black_box(work(text));
    }
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed().as_secs_f64() < 2.0 {
        for text in texts {
            black_box(work(text));
        }
        done += texts.len();
    }
    println!("  {name:18} {:>9.0} texts/s", done as f64 / start.elapsed().as_secs_f64());
}

/// What one writes in an afternoon: an `@` and a dot, runs of digits, capitals inside a sentence, short lists.
fn naive(text: &str) -> Spans {
    const TERMS: &[(&str, &[&str])] = &[
        ("RELIGION", &["muslim", "jewish", "christian", "catholic", "hindu", "buddhist", "atheist", "islam"]),
        ("GENDER", &["gay", "lesbian", "trans", "transgender", "woman", "women", "men", "queer"]),
        ("RACE", &["black", "white", "asian", "latino", "mexican", "chinese", "indian", "polish"]),
        ("DISABILITY", &["blind", "deaf", "autistic", "disabled", "wheelchair", "adhd"]),
    ];
    let mut out = Vec::new();
    let mut at = 0;
    for (n, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '/');
        let start = at + word.find(bare).map_or(0, |byte| word[..byte].chars().count());
        let end = start + bare.chars().count();
        let lower = bare.to_lowercase();
        let digits = bare.chars().filter(char::is_ascii_digit).count();
        let term = TERMS.iter().find(|(_, terms)| terms.contains(&lower.as_str()));
        let category = if lower.starts_with("http") || lower.starts_with("www.") {
            Some("URL")
        } else if bare.starts_with('@') || lower.starts_with("u/") {
            Some("HANDLE")
        } else if bare.contains('@') && bare.contains('.') {
            Some("EMAIL")
        } else if digits >= 13 {
            Some("CARD")
        } else if digits >= 7 {
            Some("PHONE")
        } else if let Some((category, _)) = term {
            Some(*category)
        } else if n > 0
            && length > 2
            && bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().skip(1).all(char::is_lowercase)
        {
            Some("NAME")
        } else {
            None
        };
        if let Some(category) = category {
            out.push((start, end, category.to_owned()));
        }
        at += length + 1;
    }
    out
}
