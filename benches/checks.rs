//! What the checks find, and how fast: `cargo bench --bench checks`.
//!
//! Precision and recall of each on labelled sets of our own, `tests/fixtures/checks/`; the share of
//! people's texts that each rejects, where GoEmotions is at hand (`EMOGRID_GOEMOTIONS=FOLDER`, with
//! `train.tsv` and `dev.tsv`); and texts a second on one core.
//! `-- --labels` tells how often people name each label.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use emogrid::check::leakage::Forms;
use emogrid::check::{Check, Rules, Text, mend};
use emogrid::config::resolved::{
    Axis, AxisValue, Checks, Format, Response, SentimentLimit, Toxicity, ToxicityLevel,
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checks");

/// Values of the axis that texts are held against.
const TONES: [&str; 3] = ["positive", "negative", "neutral"];

fn main() {
    if std::env::args().any(|arg| arg == "--labels") {
        return labels();
    }
    let mild = rules(&all(ToxicityLevel::Mild));
    let strict = rules(&all(ToxicityLevel::Strict));
    let labelled = fixture("labelled.tsv");
    let half = |odd: usize| -> Vec<&Labelled> { labelled.iter().skip(odd).step_by(2).collect() };
    let (held_out, blind) = (fixture("held-out.tsv"), fixture("blind.tsv"));
    let refusals = fixture("refusals.tsv");
    let sets = [
        ("dev", half(0)),
        ("test", half(1)),
        ("held out", held_out.iter().collect()),
        ("blind", blind.iter().collect()),
        ("refusals", refusals.iter().collect()),
    ];
    found(&sets, &mild, &strict);
    people(&mild, &strict);
    speed();
}

/// A text of our own with the names of the checks that should reject it.
struct Labelled {
    wanted: Vec<String>,
    tone: usize,
    text: String,
}

fn fixture(name: &str) -> Vec<Labelled> {
    let text = std::fs::read_to_string(format!("{FIXTURES}/{name}")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [wanted, tone, text] = fields[..] else { panic!("three fields: {line}") };
        let mut wanted: Vec<String> = wanted.split(',').map(str::to_owned).collect();
        // Who wants no swearing wants no slurs either.
        if wanted.iter().any(|name| name == "toxicity") {
            wanted.push("profanity".into());
        }
        let tone = ["+", "-", "."].iter().position(|sign| *sign == tone).unwrap();
        // A doubled backslash stays, as a leftover.
        let text =
            text.replace("\\\\n", "\u{1}").replace("\\n", "\n").replace("\\t", "\t").replace('\u{1}', "\\n");
        Labelled { wanted, tone, text }
    })
    .collect()
}

fn all(level: ToxicityLevel) -> Checks {
    Checks {
        language: Some("en".into()),
        sentiment: Some(SentimentLimit { axis: 0, at_most: 0.75 }),
        toxicity: Toxicity { level, ..Toxicity::default() },
        ..Checks::default()
    }
}

/// The checks, with the prompt of the labelled texts.
fn rules(checks: &Checks) -> Rules {
    let values = TONES.map(|name| AxisValue { name: name.into(), ..AxisValue::default() }).into();
    let axes = [Axis { name: "tone".into(), label: false, values, at: None }];
    let schema = serde_json::json!({});
    let response =
        Response { format: Format::Json, text: "text".into(), schema, items: 1, n: 1, schema_at: None };
    let mut rules = Rules::new(checks, &response, &axes);
    let prompt = std::fs::read_to_string(format!("{FIXTURES}/prompt.txt")).unwrap();
    prompt.lines().for_each(|message| rules.learn(message));
    rules
}

/// The checks that reject a text, each by itself; with `profanity` for the strict level of toxicity.
fn against(mild: &Rules, strict: &Rules, text: &str, tone: usize) -> Vec<&'static str> {
    let (text, mended) = mend(text);
    let mut out: Vec<&str> = mild.all(text, &[tone]).into_iter().map(Check::name).collect();
    // What is taken off needs no rejection.
    if mended.iter().any(|mended| mended.name() == "preamble") && !out.contains(&"leftover") {
        out.push("leftover");
    }
    if strict.all(text, &[tone]).contains(&Check::Toxicity) {
        out.push("profanity");
    }
    out
}

const NAMES: [&str; 11] = [
    "whitespace",
    "repetition",
    "refusal",
    "leftover",
    "placeholder",
    "echo",
    "unfinished",
    "language",
    "toxicity",
    "profanity",
    "sentiment",
];

fn found(sets: &[(&str, Vec<&Labelled>)], mild: &Rules, strict: &Rules) {
    print!("{:<14}", "");
    for (name, rows) in sets {
        print!("{:<18}", format!("{name} ({})", rows.len()));
    }
    print!("\n{:<14}", "");
    for _ in sets {
        print!("{:<18}", "   P    R   of");
    }
    println!();
    for check in NAMES {
        print!("{check:<14}");
        for (_, rows) in sets {
            let (mut right, mut wrong, mut missed) = (0u32, 0u32, 0u32);
            for row in rows {
                let wanted = row.wanted.iter().any(|name| name == check);
                match (wanted, against(mild, strict, &row.text, row.tone).contains(&check)) {
                    (true, true) => right += 1,
                    (false, true) => wrong += 1,
                    (true, false) => missed += 1,
                    (false, false) => {}
                }
            }
            let share = |of: u32| {
                if of == 0 { "  - ".into() } else { format!("{:.2}", f64::from(right) / f64::from(of)) }
            };
            print!(
                "{:<22}",
                format!("{} {} {:>4}", share(right + wrong), share(right + missed), right + missed)
            );
        }
        println!();
    }
}

/// GoEmotions' rows: text, and its labels' numbers.
fn goemotions(names: &[&str]) -> Option<Vec<(String, Vec<usize>)>> {
    let folder = PathBuf::from(std::env::var_os("EMOGRID_GOEMOTIONS")?);
    let mut rows = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (text, labels) = (fields.next()?, fields.next()?);
            rows.push((text.to_owned(), labels.split(',').map(|label| label.parse().unwrap()).collect()));
        }
    }
    Some(rows)
}

/// The labels in the order of their numbers, each with its place among the tones.
const LABELS: [(&str, usize); 28] = [
    ("admiration", 0),
    ("amusement", 0),
    ("anger", 1),
    ("annoyance", 1),
    ("approval", 0),
    ("caring", 0),
    ("confusion", 2),
    ("curiosity", 2),
    ("desire", 0),
    ("disappointment", 1),
    ("disapproval", 1),
    ("disgust", 1),
    ("embarrassment", 1),
    ("excitement", 0),
    ("fear", 1),
    ("gratitude", 0),
    ("grief", 1),
    ("joy", 0),
    ("love", 0),
    ("nervousness", 1),
    ("optimism", 0),
    ("pride", 0),
    ("realization", 2),
    ("relief", 0),
    ("remorse", 1),
    ("sadness", 1),
    ("surprise", 2),
    ("neutral", 2),
];

fn people(mild: &Rules, strict: &Rules) {
    let Some(rows) = goemotions(&["train.tsv", "dev.tsv"]) else {
        println!("\n(GoEmotions is not at hand: set EMOGRID_GOEMOTIONS to its folder)");
        return;
    };
    let defaults: Vec<&str> =
        rules(&Checks::default()).checks_that_are_on().into_iter().map(Check::name).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut any, mut mended, mut polar) = (0u64, 0u64, 0u64);
    for (text, labels) in &rows {
        let tones: Vec<usize> = labels.iter().map(|label| LABELS[*label].1).collect();
        let tone = if tones.iter().all(|tone| *tone == tones[0]) { tones[0] } else { 2 };
        polar += u64::from(tone < 2);
        let against = against(mild, strict, text, tone);
        any += u64::from(against.iter().any(|name| defaults.contains(name)));
        mended += u64::from(!mend(text).1.is_empty());
        for name in against {
            *counts.entry(name).or_default() += 1;
        }
    }
    let share = |count: u64, of: u64| 100.0 * count as f64 / of as f64;
    println!("\nof {} texts by people, rejected by", rows.len());
    for name in NAMES {
        let count = counts.get(name).copied().unwrap_or(0);
        let polar = if name == "sentiment" {
            format!("  ({:.2} % of the {polar} with a polarity)", share(count, polar))
        } else {
            String::new()
        };
        println!("  {name:<14} {count:>6}  {:.3} %{polar}", share(count, rows.len() as u64));
    }
    println!("  {:<14} {any:>6}  {:.3} %", "any by default", share(any, rows.len() as u64));
    println!("  {:<14} {mended:>6}  {:.3} %", "(mended)", share(mended, rows.len() as u64));
}

/// How often people name the label of their text.
fn labels() {
    let Some(rows) = goemotions(&["train.tsv"]) else {
        println!("GoEmotions is not at hand: set EMOGRID_GOEMOTIONS to its folder");
        return;
    };
    let forms = LABELS.map(|(name, _)| Forms::of(name));
    let mut counts = [(0u64, 0u64); 28];
    for (text, labels) in &rows {
        let text = Text::new(text);
        for label in labels {
            counts[*label].0 += 1;
            counts[*label].1 += u64::from(forms[*label].stand_in(&text));
        }
    }
    for ((name, _), (rows, named)) in LABELS.iter().zip(counts) {
        println!("{name:<16} {named:>5} of {rows:>6}  {:.4}", named as f64 / rows as f64);
    }
    let (rows, named) = counts.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("{:<16} {named:>5} of {rows:>6}  {:.4}", "all", named as f64 / rows as f64);
}

/// Texts of some thirty words, such as a model writes, none of which any check rejects.
fn posts() -> Vec<String> {
    let rows: Vec<String> = fixture("labelled.tsv")
        .into_iter()
        .filter(|row| row.wanted == ["-"] && row.text.len() > 40)
        .map(|row| row.text)
        .collect();
    let mut out = Vec::new();
    for at in 0..2000 {
        let mut text = String::new();
        let mut step = at;
        while text.split_whitespace().count() < 27 {
            text.push_str(&rows[step % rows.len()]);
            text.push(' ');
            step += 7 + at % 11;
        }
        out.push(text.split_whitespace().take(30).collect::<Vec<_>>().join(" ") + ".");
    }
    out
}

fn speed() {
    let posts = posts();
    println!("\ntexts of 30 words, one core:");
    let off = Checks {
        whitespace: false,
        repetition: false,
        refusal: false,
        leftover: false,
        placeholder: false,
        unfinished: false,
        echo: None,
        ..Checks::default()
    };
    let mild = Toxicity { level: ToxicityLevel::Mild, ..Toxicity::default() };
    for (name, checks) in [
        ("none (the text is read)", off.clone()),
        ("whitespace", Checks { whitespace: true, ..off.clone() }),
        ("repetition", Checks { repetition: true, ..off.clone() }),
        (
            "refusal, leftover, placeholder",
            Checks { refusal: true, leftover: true, placeholder: true, ..off.clone() },
        ),
        ("echo", Checks { echo: Some(8), ..off.clone() }),
        ("unfinished", Checks { unfinished: true, ..off.clone() }),
        ("language", Checks { language: Some("en".into()), ..off.clone() }),
        ("toxicity: mild", Checks { toxicity: mild, ..off.clone() }),
        ("sentiment", Checks { sentiment: all(ToxicityLevel::Off).sentiment, ..off.clone() }),
        ("words", Checks { words: Some((1, 99)), ..off }),
        ("by default", Checks::default()),
        ("all of them", Checks { words: Some((1, 99)), ..all(ToxicityLevel::Strict) }),
    ] {
        let rules = rules(&checks);
        let mut best = Duration::MAX;
        for _ in 0..15 {
            let start = Instant::now();
            for post in &posts {
                let (text, _) = mend(std::hint::black_box(post));
                let _ = std::hint::black_box(rules.hold(&Text::new(text), &[0]));
            }
            best = best.min(start.elapsed());
        }
        let each = best.as_secs_f64() / posts.len() as f64;
        println!("  {name:<32} {:>6.2} µs  {:>10.0} texts/s", 1e6 * each, 1.0 / each);
    }
}
