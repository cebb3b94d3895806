//! How much texts repeat each other, always of the same number of them.

mod grams;
mod gzip;
mod sample;

use std::collections::HashMap;

use gzip::Gzip;
use sample::{Sample, Values};

use super::human::{LARGE, SMALL};
use super::metric::{
    Case, DISTINCT_1, DISTINCT_2, DISTINCT_3, GZIP, MATTR, Measure, Metric, OPENERS, SELF_BLEU,
};
use super::table::{Column, Table};
use super::{Bounds, Options, human};
use crate::model::Spread;
use crate::model::random::Random;

/// How many samples are drawn, of all texts and of each label's.
const SAMPLES: usize = 10;
const SAMPLES_BY_LABEL: usize = 5;

/// The 97.5th percentiles of Student's t for as many samples, and for those of a label.
const T: f64 = 2.262_157;
const T_BY_LABEL: f64 = 2.776_445;

/// The metrics, in the order of [`Values`].
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
    let mut gzip = Gzip::default();
    let (values, spread) = repeated(table, &all, size, SAMPLES, options, "", &mut gzip);
    let by_label: Vec<(String, usize, Values, Values)> = table
        .labels()
        .flat_map(|column| {
            let several = table.labels().count() > 1;
            (0..column.values.len()).map(move |value| (column, value, several))
        })
        .filter_map(|(column, value, several)| of_label(table, column, value, several, options, &mut gzip))
        .collect();
    let (mut openers, mut common) = (None, None);
    let measures = on.into_iter().map(|at| {
        let metric = ALL[at];
        let reference = human::diversity(metric.key, size);
        let case = |rows: usize, values: &Values, spread: &Values| {
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
    gzip: &mut Gzip,
) -> Option<(String, usize, Values, Values)> {
    let rows: Vec<usize> = (0..table.rows()).filter(|row| column.only(*row) == Some(value)).collect();
    if rows.len() < SMALL {
        return None;
    }
    let name = match several {
        true => format!("{}={}", column.name, column.values[value]),
        false => column.values[value].clone(),
    };
    let (values, spread) = repeated(table, &rows, SMALL, SAMPLES_BY_LABEL, options, &name, gzip);
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
    gzip: &mut Gzip,
) -> (Values, Values) {
    let mut random = Random::of(options.seed, &format!("diversity {purpose}"));
    let mut rows = rows.to_vec();
    let of_label = samples == SAMPLES_BY_LABEL;
    let samples = if rows.len() == size { 1 } else { samples };
    let mut drawn = Vec::with_capacity(samples);
    let mut jackknifed = None;
    for _ in 0..samples {
        random.choose(&mut rows, size);
        let sample = Sample::new(table, &rows[..size]);
        drawn.push(sample.values(gzip));
        if rows.len() < 2 * size && jackknifed.is_none() {
            jackknifed = Some(sample.jackknife(gzip).map(|error| T * error));
        }
    }
    let mean = |at: usize| drawn.iter().map(|values| values[at]).sum::<f64>() / samples as f64;
    let means: Values = std::array::from_fn(mean);
    let deviation = |at: usize| {
        let square = drawn.iter().map(|values| (values[at] - means[at]).powi(2)).sum::<f64>();
        let t = if of_label { T_BY_LABEL } else { T };
        t * (square / (samples - 1).max(1) as f64).sqrt()
    };
    (means, jackknifed.unwrap_or_else(|| std::array::from_fn(deviation)))
}

/// The seven values of one sample.
#[cfg(test)]
pub fn sample(table: &Table, rows: &[usize]) -> Values {
    Sample::new(table, rows).values(&mut Gzip::default())
}

/// The first three tokens of a text.
fn opening(table: &Table, row: usize) -> &[u32] {
    let tokens = table.tokens(row);
    &tokens[..tokens.len().min(3)]
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
    let mut times: HashMap<(u32, u32), u32, Spread> = HashMap::default();
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
