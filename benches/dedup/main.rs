//! How well and how fast near-duplicates are found:
//! `cargo bench --bench dedup -- TEXTS.tsv [--million]`; `-- meanings` in place of a file compares directions alone.
//!
//! The file has a text a line, up to the first tab; GoEmotions' `train.tsv` and `dev.tsv` are such.
//! Of its texts, edited copies are made, which should be found, and texts of the same scaffold with
//! other content, which should not. Everything is drawn from one seed, so runs can be compared. The
//! rivals are a MinHash of our own, which is given the threshold that suits it best, and with
//! Python's `datasketch` and `rensa` what these do (`EMOGRID_PYTHON` names the interpreter).

#![allow(clippy::print_stdout)]

mod edits;
mod rival;

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::process::{Command, Stdio};

use edits::{KINDS, Random, edited, flipped, refilled, scaffolded};
use emogrid::dedup::{
    Bag, Direction, Directions, Index, Level, Method, Rule, Similarity, Statistics, Verdict,
};
use rival::MinHash;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let Some(path) = args.iter().find(|arg| !arg.starts_with("--")) else {
        println!("name a file with a text a line: cargo bench --bench dedup -- TEXTS.tsv [--million]");
        return;
    };
    if path == "meanings" {
        return meanings();
    }
    let file = std::fs::read_to_string(path).expect("the file of texts");
    let texts: Vec<&str> = file.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    if let Some(at) = args.iter().position(|arg| arg == "--speed-of") {
        // A process of its own, so that its memory is its own.
        return speed_of(&args[at + 1], &args[at + 2], &texts);
    }
    let pairs = Pairs::of(&texts);
    quality(&pairs);
    chance(&texts);
    speeds(&texts, args.iter().any(|arg| arg == "--million"));
    meanings();
    python(&pairs, &texts);
}

/// Labelled pairs of texts.
struct Pairs {
    /// With their kind of edit.
    same: Vec<(usize, String, String)>,
    scaffolded: Vec<(String, String)>,
    refilled: Vec<(String, String)>,
    flipped: Vec<(String, String)>,
}

impl Pairs {
    fn of(texts: &[&str]) -> Self {
        let long: Vec<&str> =
            texts.iter().copied().filter(|text| text.split_whitespace().count() >= 5).collect();
        let words: Vec<&str> = words(texts);
        let mut counts: HashMap<String, u32> = HashMap::new();
        for word in &words {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        let common: HashSet<String> = counts.into_iter().take(150).map(|(word, _)| word).collect();
        let mut random = Random(7);
        let mut out = Self { same: vec![], scaffolded: vec![], refilled: vec![], flipped: vec![] };
        for _ in 0..2000 {
            let text = long[random.below(long.len())];
            for kind in 0..KINDS.len() {
                out.same.push((kind, text.to_owned(), edited(kind, text, &words, &mut random)));
            }
        }
        while out.scaffolded.len() < out.same.len() / 2 {
            out.scaffolded.push(scaffolded(&mut random));
        }
        while out.refilled.len() < out.same.len() / 2 {
            let text = long[random.below(long.len())];
            if let Some(other) = refilled(text, |word| common.contains(word), &words, &mut random) {
                out.refilled.push((text.to_owned(), other));
            }
        }
        while out.flipped.len() < 2000 {
            let text = long[random.below(long.len())];
            if let Some(other) = flipped(text) {
                out.flipped.push((text.to_owned(), other));
            }
        }
        out
    }
}

fn words<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    let all = texts.iter().flat_map(|text| text.split_whitespace());
    all.filter(|word| word.chars().all(char::is_alphanumeric)).collect()
}

/// What is found of labelled pairs.
struct Score {
    kinds: Vec<f64>,
    scaffolded: f64,
    refilled: f64,
    flipped: f64,
    precision: f64,
    recall: f64,
    f1: f64,
}

fn score(pairs: &Pairs, mut is_same: impl FnMut(&str, &str) -> bool) -> Score {
    let mut found = [0; KINDS.len()];
    for (kind, one, other) in &pairs.same {
        found[*kind] += u32::from(is_same(one, other));
    }
    let mut of = |list: &[(String, String)]| list.iter().filter(|(a, b)| is_same(a, b)).count() as f64;
    let (scaffolded, refilled, flipped) = (of(&pairs.scaffolded), of(&pairs.refilled), of(&pairs.flipped));
    let right = f64::from(found.iter().sum::<u32>());
    let precision = right / (right + scaffolded + refilled);
    let recall = right / pairs.same.len() as f64;
    Score {
        kinds: found.iter().map(|n| f64::from(*n) * KINDS.len() as f64 / pairs.same.len() as f64).collect(),
        scaffolded: scaffolded / pairs.scaffolded.len() as f64,
        refilled: refilled / pairs.refilled.len() as f64,
        flipped: flipped / pairs.flipped.len() as f64,
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
    }
}

fn quality(pairs: &Pairs) {
    let ours = |rule: Rule| {
        let mut index = Index::new(rule);
        let mut scope = 0;
        score(pairs, |one, other| {
            scope += 1;
            index.add(scope, &Bag::of(one, Statistics::shipped()));
            index.find(scope, &Bag::of(other, Statistics::shipped())).is_some()
        })
    };
    let rule = |level| Rule { level, ..Rule::default() };
    let shingled = |shingle: usize| {
        let minhash = MinHash::new(shingle);
        let mut best: Option<Score> = None;
        for threshold in (2..19).map(|step| f64::from(step) * 0.05) {
            let found = score(pairs, |one, other| {
                MinHash::estimate(&minhash.signature(one), &minhash.signature(other)) >= threshold
            });
            if best.as_ref().is_none_or(|best| best.f1 < found.f1) {
                best = Some(found);
            }
        }
        best.unwrap()
    };
    let columns = [
        ("strict", ours(rule(Level::Strict))),
        ("default", ours(rule(Level::Default))),
        ("aggressive", ours(rule(Level::Aggressive))),
        ("minhash", ours(Rule { method: Method::MinHash, ..Rule::default() })),
        ("MH words", shingled(1)),
        ("MH 3-sh.", shingled(3)),
    ];
    println!("\nShare of pairs that are found ({} edits, {} others)\n", pairs.same.len(), pairs.same.len());
    print!("{:<24}", "");
    columns.iter().for_each(|(name, _)| print!("{name:>11}"));
    let line = |name: &str, value: &dyn Fn(&Score) -> f64| {
        print!("\n{name:<24}");
        columns.iter().for_each(|(_, score)| print!("{:>11.3}", value(score)));
    };
    for (kind, name) in KINDS.iter().enumerate() {
        line(name, &|score| score.kinds[kind]);
    }
    line("not: same scaffold", &|score| score.scaffolded);
    line("not: refilled text", &|score| score.refilled);
    line("precision", &|score| score.precision);
    line("recall", &|score| score.recall);
    line("F1", &|score| score.f1);
    line("(meaning turned round)", &|score| score.flipped);
    println!();
}

/// How many pairs of texts are alike that nobody edited, by the size of the corpus.
fn chance(texts: &[&str]) {
    println!("\nPairs among texts as they are, by similarity\n");
    let steps: Vec<u16> = (0..8).map(|step| 4000 + 500 * step).collect();
    print!("{:<24}", "texts");
    steps.iter().for_each(|step| print!("{:>8.2}", f64::from(*step) / 10_000.0));
    let mut index = Index::new(Rule { threshold: Some(Similarity(4000)), ..Rule::default() });
    let mut counts = vec![0; steps.len()];
    let mut now = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let bag = Bag::of(text, Statistics::shipped());
        index.find_all(0, &bag, Similarity(4000), &mut now);
        for found in now.iter().filter(|found| found.similarity < Similarity::SAME) {
            counts[((found.similarity.0 - 4000) / 500).min(7) as usize] += 1;
        }
        index.add(0, &bag);
        let read = at + 1;
        if [5_000, 10_000, 20_000, 40_000, 80_000, 160_000].contains(&read) || read == texts.len() {
            print!("\n{read:<24}");
            counts.iter().for_each(|count| print!("{count:>8}"));
        }
    }
    println!();
}

fn speeds(texts: &[&str], million: bool) {
    println!("\nSpeed on one core, CPU time; memory is what a text adds to the process\n");
    println!("{:<30} {:>9} {:>10} {:>10} {:>9}", "", "texts", "texts/s", "last 20k/s", "bytes");
    let all =
        [("default", "exact-join"), ("strict", "exact-join"), ("default", "minhash"), ("MH words", "rival")];
    for (wanted, methods) in [(27_000, &all[..]), (200_000, &all), (1_000_000, &all[..2])] {
        if wanted > 200_000 && !million {
            continue;
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), corpus(texts, wanted).join("\n")).unwrap();
        for (level, method) in methods {
            let program = std::env::current_exe().unwrap();
            let done = Command::new(program).arg(file.path()).args(["--speed-of", level, method]).status();
            assert!(done.unwrap().success());
        }
    }
}

fn speed_of(level: &str, method: &str, corpus: &[&str]) {
    let wanted = corpus.len();
    Statistics::shipped();
    let before = memory();
    let last = wanted - 20_000;
    let started = cpu();
    let mut half = started;
    let mut index = Level::named(level)
        .map(|level| Index::new(Rule { level, method: Method::named(method).unwrap(), ..Rule::default() }));
    let mut rival = MinHash::new(1);
    for (at, text) in corpus.iter().enumerate() {
        if at == last {
            half = cpu();
        }
        match &mut index {
            Some(index) => matches!(index.offer(0, &Bag::of(text, Statistics::shipped())), Verdict::Kept(_)),
            None => rival.offer(text, 0.5),
        };
    }
    let ended = cpu();
    println!(
        "{:<30} {wanted:>9} {:>10.0} {:>10.0} {:>9.0}",
        format!("{level}, {method}"),
        wanted as f64 / (ended - started),
        20_000.0 / (ended - half),
        (memory() - before) / wanted as f64
    );
    let _ = std::io::stdout().flush();
}

/// How fast directions of embeddings are compared. They are random, each with so much of a common one that two have
/// that cosine on average, as those of a model have; a tenth is nearly one that was before.
fn meanings() {
    println!("\nDirections of 384 dimensions from a cosine of 0.9 on, each against all kept before\n");
    println!("{:<30} {:>9} {:>9} {:>10} {:>10} {:>10}", "", "texts", "kept", "texts/s", "CPU/s", "pairs/s");
    for texts in [10_000, 27_000] {
        for mean in [0.0f32, 0.5, 0.75] {
            let mut random = Random(11);
            let mut normal = move || {
                // The sum of twelve even draws is nearly normal.
                (0..12).map(|_| random.below(1 << 20) as f32 / (1 << 20) as f32).sum::<f32>() - 6.0
            };
            let common: Vec<f32> = (0..384).map(|_| normal()).collect();
            let mut embeddings: Vec<Vec<f32>> = Vec::with_capacity(texts);
            for number in 0..texts {
                let embedding = match number % 10 {
                    9 => embeddings[number / 2].iter().map(|value| value + 0.3 * normal()).collect(),
                    _ => common
                        .iter()
                        .map(|value| mean.sqrt() * value + (1.0 - mean).sqrt() * normal())
                        .collect(),
                };
                embeddings.push(embedding);
            }
            let directions: Vec<Direction> =
                embeddings.iter().map(|embedding| Direction::of(embedding).unwrap()).collect();
            let (started, used) = (std::time::Instant::now(), cpu());
            let mut kept = Directions::new(Similarity::from_fraction(0.9));
            let mut count = 0;
            for direction in &directions {
                if kept.find(0, direction).is_none() {
                    kept.insert(0, direction, count);
                    count += 1;
                }
            }
            let (took, used) = (started.elapsed().as_secs_f64(), cpu() - used);
            let started = std::time::Instant::now();
            let mut all = Directions::new(Similarity::from_fraction(0.9));
            let mut pairs = 0;
            for (number, direction) in directions.iter().enumerate() {
                pairs += all.find_all(0, direction).len();
                all.insert(0, direction, number);
            }
            assert!(pairs >= texts - count, "each that is not kept is one of a pair");
            let of = |seconds: f64| texts as f64 / seconds;
            println!(
                "{:<30} {texts:>9} {count:>9} {:>10.0} {:>10.0} {:>10.0}",
                format!("mean cosine {mean}"),
                of(took),
                of(used),
                of(started.elapsed().as_secs_f64())
            );
        }
    }
}

/// The texts themselves; beyond these, chains of words that follow each other in them, a tenth of
/// them edits of others.
fn corpus(texts: &[&str], wanted: usize) -> Vec<String> {
    if wanted <= texts.len() {
        return texts[..wanted].iter().map(|text| (*text).to_owned()).collect();
    }
    let mut after: HashMap<&str, Vec<&str>> = HashMap::new();
    for text in texts {
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            after.entry(pair[0]).or_default().push(pair[1]);
        }
    }
    let words = words(texts);
    let mut random = Random(3);
    let mut out: Vec<String> = Vec::with_capacity(wanted);
    while out.len() < wanted {
        if out.len() > 10 && random.chance(10) {
            let of = random.below(out.len());
            if out[of].split_whitespace().count() >= 5 {
                let kind = random.below(KINDS.len());
                out.push(edited(kind, &out[of], &words, &mut random));
            }
            continue;
        }
        let length = texts[random.below(texts.len())].split_whitespace().count();
        let mut word = words[random.below(words.len())];
        let mut text = word.to_owned();
        for _ in 1..length {
            word = match after.get(word) {
                Some(list) => list[random.below(list.len())],
                None => words[random.below(words.len())],
            };
            text.push(' ');
            text.push_str(word);
        }
        out.push(text);
    }
    out
}

/// User and system time of this process so far, in seconds.
fn cpu() -> f64 {
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) }, 0);
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The memory that this process has, in bytes; none where the system does not say it so.
fn memory() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok());
    resident.map_or(f64::NAN, |pages| pages * 4096.0)
}

/// The same pairs and texts for what Python has.
fn python(pairs: &Pairs, texts: &[&str]) {
    let python = std::env::var("EMOGRID_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let same = pairs.same.iter().map(|(_, a, b)| (a, b, true));
    let others = pairs.scaffolded.iter().chain(&pairs.refilled).map(|(a, b)| (a, b, false));
    let pairs: Vec<_> = same.chain(others).collect();
    let input = serde_json::json!({ "pairs": pairs, "texts": texts.iter().take(27_000).collect::<Vec<_>>() });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/dedup/rivals.py");
    println!("\nPython's, with the threshold that suits each best");
    let mut child = match Command::new(python).arg(script).stdin(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return println!("no Python: {error}"),
    };
    let written = child.stdin.take().unwrap().write_all(input.to_string().as_bytes());
    let ended = child.wait();
    if written.is_err() || !ended.is_ok_and(|status| status.success()) {
        println!("(not measured)");
    }
}
