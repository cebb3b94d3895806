//! How much texts repeat each other, always of the same number of them.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::metric::{
    Case, DISTINCT_1, DISTINCT_2, DISTINCT_3, GZIP, MATTR, Measure, Metric, OPENERS, SELF_BLEU,
};
use super::random::Random;
use super::table::{Column, Table};
use super::{Bounds, Options, human};

/// Texts that are compared: 1,000, or where there are fewer, 200; and by label, 200.
pub const LARGE: usize = 1000;
pub const SMALL: usize = 200;

/// How many samples are drawn, of all texts and of each label's.
const SAMPLES: usize = 10;
const SAMPLES_BY_LABEL: usize = 5;

/// Parts of a sample that are left out one after another.
const PARTS: usize = 10;

/// The 97.5th percentiles of Student's t for as many samples, and for those of a label.
const T: f64 = 2.262_157;
const T_BY_LABEL: f64 = 2.776_445;

/// Tokens in a window of MATTR.
const WINDOW: usize = 500;

/// Openings that are counted.
const TOP: usize = 20;

/// The metrics, in the order of [`sample`].
pub const ALL: [&Metric; 7] = [&DISTINCT_1, &DISTINCT_2, &DISTINCT_3, &GZIP, &SELF_BLEU, &MATTR, &OPENERS];

pub fn diversity(table: &Table, options: &Options) -> Vec<Measure> {
    let on: Vec<usize> = (0..ALL.len()).filter(|at| options.is_on(ALL[*at])).collect();
    if on.is_empty() {
        return Vec::new();
    }
    let all: Vec<usize> = (0..table.rows()).collect();
    let size = if all.len() >= LARGE { LARGE } else { SMALL };
    if all.len() < SMALL {
        let why = format!("{} texts; {SMALL} can be compared", all.len());
        return on.iter().map(|at| options.nothing(ALL[*at], "", why.clone())).collect();
    }
    let (values, spread) = repeated(table, &all, size, SAMPLES, options, "");
    let by_label: Vec<(String, usize, [f64; 7], [f64; 7])> = table
        .labels()
        .flat_map(|column| {
            let several = table.labels().count() > 1;
            (0..column.values.len()).map(move |value| (column, value, several))
        })
        .filter_map(|(column, value, several)| of_label(table, column, value, several, options))
        .collect();
    let (mut openers, mut common) = (None, None);
    let measures = on.into_iter().map(|at| {
        let metric = ALL[at];
        let reference = human::diversity(metric.key, size);
        let case = |rows: usize, values: &[f64; 7], spread: &[f64; 7]| {
            Case::new(rows, values[at]).between([values[at] - spread[at], values[at] + spread[at]])
        };
        let whole = case(all.len(), &values, &spread).against(reference);
        let own = options.bounds(metric);
        let scaled = |to: Option<f64>| match (human::diversity(metric.key, LARGE), to) {
            (Some(large), Some(to)) => Bounds { warn: own.warn * to / large, fail: own.fail * to / large },
            _ => own,
        };
        let of_label = human::diversity_of_label(metric.key);
        let parts = by_label.iter().map(|(name, rows, values, spread)| {
            (scaled(of_label), case(*rows, values, spread).against(of_label).named(name))
        });
        let measure = options.measure_within(metric, "", (scaled(reference), Some(whole)), parts.collect());
        let mut finding = format!(
            "{} is {:.3} in {size} texts (human text: {:.3})",
            metric.title,
            values[at],
            reference.unwrap_or(f64::NAN)
        );
        if let Some(part) = measure.parts.first().filter(|part| part.verdict.is_alarm()) {
            finding.push_str(&format!("; worst: {} {:.3}", part.case.name, part.case.value));
        }
        let blamed = match (measure.verdict.is_alarm(), metric.key == OPENERS.key) {
            (false, _) => Vec::new(),
            (true, true) => openers.get_or_insert_with(|| same_openings(table)).clone(),
            (true, false) => common.get_or_insert_with(|| commonplaces(table)).clone(),
        };
        measure.saying(finding, advice(metric)).blaming(table, blamed)
    });
    measures.collect()
}

fn advice(metric: &Metric) -> &'static str {
    match metric.key {
        "openers" => "vary how texts begin: more templates in `prompt.user`, lists picked from (`lists`)",
        "distinct_1" | "mattr" => {
            "give cells more to write about (`lists`, attributes of values), or a higher \
             `sampling.temperature` with `min_p`"
        }
        _ => {
            "more templates and lists (`prompt.user`, `lists`), a higher `sampling.temperature`, or a \
             wider `dedup.scope`"
        }
    }
}

fn of_label(
    table: &Table,
    column: &Column,
    value: usize,
    several: bool,
    options: &Options,
) -> Option<(String, usize, [f64; 7], [f64; 7])> {
    let rows: Vec<usize> = (0..table.rows()).filter(|row| column.only(*row) == Some(value)).collect();
    if rows.len() < SMALL {
        return None;
    }
    let name = match several {
        true => format!("{}={}", column.name, column.values[value]),
        false => column.values[value].clone(),
    };
    let (values, spread) = repeated(table, &rows, SMALL, SAMPLES_BY_LABEL, options, &name);
    Some((name, rows.len(), values, spread))
}

/// The means over samples, and how far from them 95 % are.
///
/// Samples of twice as many rows or more differ as samples of all texts there could be would. Those of fewer
/// have rows in common and differ too little, or there is only one: there the interval is a jackknife's.
///
/// Rows are drawn, not clusters of them: how much they are alike is what is measured.
fn repeated(
    table: &Table,
    rows: &[usize],
    size: usize,
    samples: usize,
    options: &Options,
    purpose: &str,
) -> ([f64; 7], [f64; 7]) {
    let mut random = Random::new(options.seed, &format!("diversity {purpose}"));
    let mut rows = rows.to_vec();
    let of_label = samples == SAMPLES_BY_LABEL;
    let samples = if rows.len() == size { 1 } else { samples };
    let mut drawn = Vec::with_capacity(samples);
    let mut jackknifed = None;
    for _ in 0..samples {
        random.choose(&mut rows, size);
        drawn.push(sample(table, &rows[..size]));
        if rows.len() < 2 * size && jackknifed.is_none() {
            jackknifed = Some(jackknife(table, &rows[..size]).map(|error| T * error));
        }
    }
    let mean = |at: usize| drawn.iter().map(|values| values[at]).sum::<f64>() / samples as f64;
    let means: [f64; 7] = std::array::from_fn(mean);
    let deviation = |at: usize| {
        let square = drawn.iter().map(|values| (values[at] - means[at]).powi(2)).sum::<f64>();
        let t = if of_label { T_BY_LABEL } else { T };
        t * (square / (samples - 1).max(1) as f64).sqrt()
    };
    (means, jackknifed.unwrap_or_else(|| std::array::from_fn(deviation)))
}

/// The standard errors of one sample's values, by leaving out a tenth of its rows after another (the
/// delete-a-group jackknife: Kott, Journal of Official Statistics 2001). The rows stand in no order.
fn jackknife(table: &Table, rows: &[usize]) -> [f64; 7] {
    let values: Vec<[f64; 7]> = (0..PARTS)
        .map(|part| {
            let left: Vec<usize> =
                rows.iter().enumerate().filter(|(at, _)| at % PARTS != part).map(|(_, row)| *row).collect();
            sample(table, &left)
        })
        .collect();
    let parts = PARTS as f64;
    std::array::from_fn(|at| {
        let mean = values.iter().map(|values| values[at]).sum::<f64>() / parts;
        let square = values.iter().map(|values| (values[at] - mean).powi(2)).sum::<f64>();
        ((parts - 1.0) / parts * square).sqrt()
    })
}

/// The seven values of one sample.
pub fn sample(table: &Table, rows: &[usize]) -> [f64; 7] {
    [
        distinct::<1>(table, rows),
        distinct::<2>(table, rows),
        distinct::<3>(table, rows),
        compression(table, rows),
        self_bleu(table, rows),
        mattr(table, rows),
        top_openers(table, rows),
    ]
}

/// Different n-grams by all n-grams (after Li et al., NAACL 2016); none spans two texts.
fn distinct<const N: usize>(table: &Table, rows: &[usize]) -> f64 {
    let mut seen: HashSet<&[u32]> = HashSet::new();
    let mut all = 0;
    for row in rows {
        for gram in table.tokens(*row).windows(N) {
            all += 1;
            seen.insert(gram);
        }
    }
    seen.len() as f64 / all.max(1) as f64
}

/// Bytes of the texts, a line each, by bytes of the same in gzip at level 6 (Shaib et al., 2024).
fn compression(table: &Table, rows: &[usize]) -> f64 {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let mut plain = 0;
    for (at, row) in rows.iter().enumerate() {
        let text = table.text(*row);
        let line = if at == 0 { "" } else { "\n" };
        plain += text.len() + line.len();
        // Writing to memory does not fail.
        let _ = encoder.write_all(line.as_bytes()).and_then(|()| encoder.write_all(text.as_bytes()));
    }
    let packed = encoder.finish().map_or(0, |bytes| bytes.len());
    plain as f64 / packed.max(1) as f64
}

/// What the others say of an n-gram: the most times that one text has it, which text that is, and
/// the most times in any other.
#[derive(Default, Clone, Copy)]
struct Uses {
    most: u32,
    by: u32,
    next: u32,
}

/// The mean BLEU-4 of each text against all others (Zhu et al., SIGIR 2018), an order of n-grams
/// without a match counting as a tenth of one (method 1 of Chen and Cherry, WMT 2014).
fn self_bleu(table: &Table, rows: &[usize]) -> f64 {
    let mut uses: [HashMap<[u32; 4], Uses>; 4] = std::array::from_fn(|_| HashMap::new());
    let mut own: Vec<[HashMap<[u32; 4], u32>; 4]> = Vec::with_capacity(rows.len());
    for (text, row) in rows.iter().enumerate() {
        let tokens = table.tokens(*row);
        let counts: [HashMap<[u32; 4], u32>; 4] = std::array::from_fn(|order| grams(tokens, order + 1));
        for (uses, counts) in uses.iter_mut().zip(&counts) {
            for (gram, times) in counts {
                let uses = uses.entry(*gram).or_default();
                if *times > uses.most {
                    *uses = Uses { most: *times, by: text as u32, next: uses.most };
                } else {
                    uses.next = uses.next.max(*times);
                }
            }
        }
        own.push(counts);
    }
    let mut lengths: Vec<usize> = rows.iter().map(|row| table.tokens(*row).len()).collect();
    lengths.sort_unstable();
    let mut sum = 0.0;
    for (text, counts) in own.iter().enumerate() {
        let length = table.tokens(rows[text]).len();
        if length == 0 {
            continue;
        }
        let mut logs = 0.0;
        for (uses, counts) in uses.iter().zip(counts) {
            let (mut hits, mut all) = (0, 0);
            for (gram, times) in counts {
                let uses = uses[gram];
                hits += (*times).min(if uses.by == text as u32 { uses.next } else { uses.most });
                all += times;
            }
            let hits = if hits == 0 { 0.1 } else { f64::from(hits) };
            logs += (hits / f64::from(all.max(1))).min(1.0).ln() / 4.0;
        }
        sum += brevity(length, &lengths) * logs.exp();
    }
    sum / rows.len().max(1) as f64
}

fn grams(tokens: &[u32], order: usize) -> HashMap<[u32; 4], u32> {
    let mut out = HashMap::with_capacity(tokens.len());
    for window in tokens.windows(order) {
        let mut gram = [u32::MAX; 4];
        gram[..order].copy_from_slice(window);
        *out.entry(gram).or_insert(0) += 1;
    }
    out
}

/// BLEU's penalty for a text that is shorter than the nearest in length of the others.
fn brevity(length: usize, lengths: &[usize]) -> f64 {
    let at = lengths.partition_point(|other| *other < length);
    // One of this length is the text itself.
    if lengths.get(at + 1) == Some(&length) {
        return 1.0;
    }
    let below = at.checked_sub(1).map(|at| lengths[at]);
    let above = lengths.get(at + 1).copied();
    match (below, above) {
        (None, Some(above)) => (1.0 - above as f64 / length as f64).exp(),
        (Some(below), Some(above)) if above - length < length - below => {
            (1.0 - above as f64 / length as f64).exp()
        }
        _ => 1.0,
    }
}

/// The mean share of different tokens in every window of 500 of the texts one after the other
/// (Covington and McFall, Journal of Quantitative Linguistics 2010).
fn mattr(table: &Table, rows: &[usize]) -> f64 {
    let stream: Vec<u32> = rows.iter().flat_map(|row| table.tokens(*row).iter().copied()).collect();
    let mut times: HashMap<u32, u32> = HashMap::new();
    let (mut sum, mut windows) = (0.0, 0u64);
    for (at, token) in stream.iter().enumerate() {
        *times.entry(*token).or_default() += 1;
        if at >= WINDOW
            && let Some(count) = times.get_mut(&stream[at - WINDOW])
        {
            *count -= 1;
            if *count == 0 {
                times.remove(&stream[at - WINDOW]);
            }
        }
        if at + 1 >= WINDOW {
            sum += times.len() as f64 / WINDOW as f64;
            windows += 1;
        }
    }
    if windows == 0 { times.len() as f64 / stream.len().max(1) as f64 } else { sum / windows as f64 }
}

/// The first three tokens of a text.
fn opening(table: &Table, row: usize) -> &[u32] {
    let tokens = table.tokens(row);
    &tokens[..tokens.len().min(3)]
}

/// The share of texts that begin with one of the 20 most frequent openings of three tokens.
fn top_openers(table: &Table, rows: &[usize]) -> f64 {
    let mut times: HashMap<&[u32], usize> = HashMap::new();
    rows.iter().for_each(|row| *times.entry(opening(table, *row)).or_default() += 1);
    let mut times: Vec<usize> = times.into_values().collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.iter().take(TOP).sum::<usize>() as f64 / rows.len().max(1) as f64
}

/// Rows with an opening that came five times before, those of the most frequent first.
fn same_openings(table: &Table) -> Vec<usize> {
    let mut by_opening: HashMap<&[u32], Vec<usize>> = HashMap::new();
    (0..table.rows()).for_each(|row| by_opening.entry(opening(table, row)).or_default().push(row));
    let mut frequent: Vec<Vec<usize>> = by_opening.into_values().filter(|rows| rows.len() > 5).collect();
    frequent.sort_by_key(|rows| (std::cmp::Reverse(rows.len()), rows[0]));
    frequent.into_iter().flat_map(|rows| rows.into_iter().skip(5)).take(table.rows() / 10).collect()
}

/// Rows whose pairs of words stand in most other texts, by the mean logarithm of how many; a tenth.
fn commonplaces(table: &Table) -> Vec<usize> {
    let mut times: HashMap<(u32, u32), u32> = HashMap::new();
    let pairs = |row: usize| table.tokens(row).windows(2).map(|pair| (pair[0], pair[1]));
    for row in 0..table.rows() {
        pairs(row).for_each(|pair| *times.entry(pair).or_default() += 1);
    }
    let commonness = |row: usize| {
        let (sum, count) = pairs(row)
            .fold((0.0, 0.0), |(sum, count), pair| (sum + f64::from(times[&pair]).ln(), count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let mut order: Vec<(f64, usize)> = (0..table.rows()).map(|row| (commonness(row), row)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    order.into_iter().take(table.rows() / 10).map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Groups;

    fn table(texts: &[&str]) -> Table {
        let mut table = Table::new([]);
        texts.iter().for_each(|text| table.push("", text, [[""; 0]; 0], Groups::default()));
        table
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn each_is_what_its_formula_says() {
        let of = table(&["a b c", "a b d", ""]);
        let rows = [0, 1, 2];
        near(distinct::<1>(&of, &rows), 4.0 / 6.0);
        near(distinct::<2>(&of, &rows), 3.0 / 4.0);
        near(distinct::<3>(&of, &rows), 1.0);
        near(mattr(&of, &rows), 4.0 / 6.0);
        near(top_openers(&of, &rows), 1.0);
        near(
            top_openers(&table(&(0..40).map(|_| "x y z").collect::<Vec<_>>()), &(0..40).collect::<Vec<_>>()),
            1.0,
        );
    }

    #[test]
    fn bleu_is_one_among_copies_and_small_among_strangers() {
        near(self_bleu(&table(&["a b c d e", "a b c d e"]), &[0, 1]), 1.0);
        // No order matches: (.1/5 · .1/4 · .1/3 · .1/2)^¼.
        let strangers = (0.1f64.powi(4) / 120.0).powf(0.25);
        near(self_bleu(&table(&["a b c d e", "f g h i j"]), &[0, 1]), strangers);
        // Twice in one text, once in the other: clipped to once.
        let clipped = (0.5f64 * 0.1 * 0.1 * 0.1).powf(0.25);
        let bleu = self_bleu(&table(&["a a", "a"]), &[0, 1]);
        let short = (1.0f64 - 2.0).exp() * (1.0f64 * 0.1 * 0.1 * 0.1).powf(0.25);
        near(bleu, (clipped + short) / 2.0);
        near(brevity(3, &[3, 3]), 1.0);
        near(brevity(3, &[2, 3, 5]), 1.0);
    }

    /// It says how far the values of other texts of the same kind are from each other.
    #[test]
    fn a_jackknife_s_errors_are_those_of_fresh_samples() {
        let mut random = Random::new(4, "jackknife");
        let texts: Vec<String> = (0..40 * SMALL)
            .map(|_| {
                let word = |random: &mut Random| {
                    let share = random.below(1 << 20) as f64 / f64::from(1 << 20);
                    format!("w{}", (2_000f64.powf(share) - 1.0) as usize)
                };
                let text: Vec<String> = (0..8 + random.below(11)).map(|_| word(&mut random)).collect();
                format!("o{} so much {}", random.below(100).pow(2) / 200, text.join(" "))
            })
            .collect();
        let of = table(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let all: Vec<usize> = (0..of.rows()).collect();
        let fresh: Vec<[f64; 7]> = all.chunks(SMALL).map(|rows| sample(&of, rows)).collect();
        let told: Vec<[f64; 7]> = all.chunks(SMALL).step_by(8).map(|rows| jackknife(&of, rows)).collect();
        for (at, metric) in ALL.iter().enumerate() {
            let mean = |values: &[[f64; 7]]| values.iter().map(|v| v[at]).sum::<f64>() / values.len() as f64;
            let centre = mean(&fresh);
            let square = fresh.iter().map(|values| (values[at] - centre).powi(2)).sum::<f64>();
            let ratio = mean(&told) / (square / (fresh.len() - 1) as f64).sqrt();
            assert!((0.6..2.0).contains(&ratio), "{}: {ratio}", metric.key);
        }
    }

    #[test]
    fn copies_compress() {
        let text = "the bus was late and so was I";
        let copies = table(&vec![text; 100]);
        assert!(compression(&copies, &(0..100).collect::<Vec<_>>()) > 20.0);
        assert!(compression(&copies, &[0]) < 2.0);
    }
}
