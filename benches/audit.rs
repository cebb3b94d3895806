//! `cargo bench --bench audit`: CPU seconds of an audit of 50,000 made-up rows, and of gzip over the same texts,
//! since times drift with the machine.
//!
//! `EMOGRID_GOEMOTIONS=FOLDER cargo bench --bench audit` audits GoEmotions' training part from a
//! folder with its `train.tsv` (text, label numbers, id) and `emotions.txt`, and prints its figures as
//! they stand in `src/audit/human.rs`.

#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use emogrid::audit::{GROUPS, Groups, Options, Report, Role, Table, audit};

fn main() {
    match std::env::var_os("EMOGRID_GOEMOTIONS") {
        Some(folder) => human(Path::new(&folder)),
        None => made_up(50_000),
    }
}

fn made_up(rows: usize) {
    let words: Vec<String> = (0..20_000).map(|n| format!("w{n}")).collect();
    let mut state = 7u64;
    let mut draw = move |bound: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 * bound
    };
    let columns = [("emotion".to_owned(), Role::Label), ("context".to_owned(), Role::Context)];
    let lines: Vec<(String, [Vec<String>; 2])> = (0..rows)
        .map(|row| {
            // Few words are frequent and many rare, as in language.
            let text: Vec<&str> =
                (0..13).map(|_| words[(20_000f64.powf(draw(1.0)) - 1.0) as usize].as_str()).collect();
            (text.join(" "), [vec![format!("label{}", row % 28)], vec![format!("context{}", row / 28 % 10)]])
        })
        .collect();
    let before = cpu();
    let mut table = Table::new(columns);
    for (row, (text, values)) in lines.iter().enumerate() {
        table.push(&row.to_string(), text, values, Groups::default());
    }
    let report = audit(&table, &Options::default(), |_, _| {});
    let took = (cpu() - before).as_secs_f64();
    let packed = packed(lines.iter().map(|(text, _)| text.as_str()));
    let measures = report.measures.len();
    println!("{rows} rows, {measures} measures: {took:.2} s of CPU, {:.1} × gzip's", took / packed);
}

/// Seconds that gzip takes for these texts.
fn packed<'t>(texts: impl Iterator<Item = &'t str>) -> f64 {
    let before = cpu();
    let mut gzip = GzEncoder::new(std::io::sink(), Compression::new(6));
    texts.for_each(|text| gzip.write_all(text.as_bytes()).unwrap());
    gzip.finish().unwrap();
    (cpu() - before).as_secs_f64()
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a whole rusage, which getrusage fills.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

fn human(folder: &Path) {
    let names = std::fs::read_to_string(folder.join("emotions.txt")).expect("emotions.txt");
    let names: Vec<&str> = names.lines().collect();
    let text = std::fs::read_to_string(folder.join("train.tsv")).expect("train.tsv");
    let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut parts = line.split('\t');
        let (Some(text), Some(labels), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let labels: Vec<&str> =
            labels.split(',').filter_map(|label| Some(names[label.parse::<usize>().ok()?])).collect();
        table.push(id, text, [&labels], Groups::default());
        lines.push((id, text, labels));
    }
    let negative = [
        "fear",
        "nervousness",
        "remorse",
        "embarrassment",
        "disappointment",
        "sadness",
        "grief",
        "disgust",
        "anger",
        "annoyance",
        "disapproval",
    ];
    let options =
        Options { negative: negative.iter().map(|name| (*name).to_owned()).collect(), ..Options::default() };
    let before = cpu();
    let report = audit(&table, &options, |_, _| {});
    let took = (cpu() - before).as_secs_f64();
    let packed = packed(lines.iter().map(|(_, text, _)| *text));
    println!("// {} rows, {took:.2} s of CPU, {:.1} × gzip's", report.rows, took / packed);
    let value = |report: &Report, key: &str| {
        let measure = report.measures.iter().find(|measure| measure.metric == key);
        measure.and_then(|measure| measure.whole.as_ref()).map_or(f64::NAN, |case| case.value)
    };
    for key in [
        "balance",
        "leakage",
        "leakage_stem",
        "length",
        "exclamation",
        "question",
        "emoji",
        "opens_with_i",
        "opener",
    ] {
        println!("// {key}: {:.4}", value(&report, key));
    }
    let parts = |key: &str| {
        let measure = report.measures.iter().find(|measure| measure.metric == key);
        measure.map_or(Vec::new(), |measure| measure.parts.clone())
    };
    println!("const OPENER_OF: &[(&str, f64)] = &[");
    for part in parts("opener") {
        match part.case.name.as_str() {
            "all words" => println!("// all words: {:.4}", part.case.value),
            name => println!("    (\"{name}\", {:.5}),", part.case.value),
        }
    }
    println!("];");
    let mut leakage: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for (at, key) in ["leakage", "leakage_stem"].into_iter().enumerate() {
        for part in parts(key) {
            leakage.entry(part.case.name.clone()).or_default()[at] = part.case.value;
        }
    }
    println!("const LEAKAGE: &[(&str, f64, f64)] = &[");
    for (name, [exact, stem]) in leakage {
        println!("    (\"{name}\", {exact:.4}, {stem:.4}),");
    }
    println!("];\nconst GROUPS: &[(&str, f64, f64, f64)] = &[");
    for group in GROUPS {
        let share = parts("representation")
            .iter()
            .find(|part| part.case.name == *group)
            .map_or(0.0, |part| part.case.value);
        let gap =
            parts("parity").iter().find(|part| part.case.name == *group).map_or(0.0, |part| part.case.value);
        let odds = parts("identity")
            .iter()
            .filter(|part| {
                part.case.name.starts_with(&format!("{group} × ")) && part.case.p.is_some_and(|p| p < 0.05)
            })
            .map(|part| part.case.value)
            .fold(0.0, f64::max);
        println!("    (\"{group}\", {share:.5}, {gap:.4}, {odds:.4}),");
    }
    // The first 999 texts of a lot are compared 200 at a time.
    let mut small = Table::new([]);
    for (id, text, _) in lines.iter().step_by(44).take(990) {
        small.push(id, text, [[""; 0]; 0], Groups::default());
    }
    let small = audit(&small, &Options::default(), |_, _| {});
    println!("];\nconst DIVERSITY: &[(&str, f64, f64, f64)] = &[");
    for key in ["distinct_1", "distinct_2", "distinct_3", "gzip", "self_bleu", "mattr", "openers"] {
        let of_labels = parts(key);
        let by_label =
            of_labels.iter().map(|part| part.case.value).sum::<f64>() / of_labels.len().max(1) as f64;
        println!("    (\"{key}\", {:.5}, {:.5}, {by_label:.5}),", value(&report, key), value(&small, key));
    }
    println!("];");
}
