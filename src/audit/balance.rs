//! How evenly rows are spread over labels and cells, and how far from what was asked.

use std::collections::BTreeMap;

use super::metric::{BALANCE, BALANCE_ASKED, CELLS, CELLS_ASKED, Case, Measure, Metric};
use super::statistics::Z;
use super::table::{Column, Table};
use super::{Asked, Options, human, percent};

pub fn balance(table: &Table, options: &Options) -> Vec<Measure> {
    let mut out = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let is_label = table.labels().any(|label| label.name == column.name);
        if is_label && options.is_on(&BALANCE) {
            out.push(labels(table, column, options));
        }
        if let Some(asked) = &options.asked
            && is_label
            && options.is_on(&BALANCE_ASKED)
        {
            let wanted = share_out(asked, |cell| vec![cell[at].as_str()]);
            let have = count(table, |row| names(column, row));
            out.push(distance(table, &BALANCE_ASKED, &column.name, &wanted, &have, options));
        }
    }
    let all: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    if table.columns.len() > 1 {
        let cell = |row: usize| {
            // A row of two cells is of none.
            let values: Option<Vec<&str>> = table.columns.iter().map(|column| column.name_of(row)).collect();
            values.unwrap_or_default()
        };
        let have = count(table, cell);
        if options.is_on(&CELLS) {
            out.push(cells(table, &all.join(" × "), &have, options));
        }
        if let Some(asked) = &options.asked
            && options.is_on(&CELLS_ASKED)
        {
            let wanted = share_out(asked, |cell| cell.iter().map(String::as_str).collect());
            out.push(distance(table, &CELLS_ASKED, &all.join(" × "), &wanted, &have, options));
        }
    }
    out
}

/// The values of a row as one key.
fn names(column: &Column, row: usize) -> Vec<&str> {
    let mut out: Vec<&str> =
        column.of(row).iter().map(|value| column.values[*value as usize].as_str()).collect();
    out.sort_unstable();
    out
}

fn count<'a>(table: &Table, key: impl Fn(usize) -> Vec<&'a str>) -> BTreeMap<String, Vec<usize>> {
    let mut out: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..table.rows() {
        let key = key(row);
        if !key.is_empty() {
            out.entry(key.join(" × ")).or_default().push(row);
        }
    }
    out
}

fn share_out<'a>(asked: &'a Asked, key: impl Fn(&'a [String]) -> Vec<&'a str>) -> BTreeMap<String, f64> {
    let all: u64 = asked.cells.iter().map(|(_, rows)| rows).sum();
    let mut out: BTreeMap<String, f64> = BTreeMap::new();
    for (cell, rows) in &asked.cells {
        *out.entry(key(cell).join(" × ")).or_default() += *rows as f64 / all.max(1) as f64;
    }
    out
}

/// H / ln K with an interval by the delta method; its mean error, (K − 1) / 2n (Miller 1955), is
/// allowed for upward.
pub(super) fn evenness(counts: &[usize]) -> Case {
    let n: usize = counts.iter().sum();
    let k = counts.len();
    if k < 2 {
        return Case::new(n, f64::NAN);
    }
    let shares = counts.iter().filter(|count| **count > 0).map(|count| *count as f64 / n as f64);
    let (mut h, mut square) = (0.0, 0.0);
    for share in shares {
        h -= share * share.ln();
        square += share * share.ln().powi(2);
    }
    let most = (k as f64).ln();
    let error = Z * ((square - h * h).max(0.0) / n as f64).sqrt();
    let bias = (k - 1) as f64 / (2 * n) as f64;
    let interval = [((h - error) / most).max(0.0), ((h + error + bias) / most).min(1.0)];
    Case::new(n, h / most).between(interval)
}

fn labels(table: &Table, column: &Column, options: &Options) -> Measure {
    let counts = column.counts();
    let whole = evenness(&counts).against(Some(human::BALANCE));
    if whole.value.is_nan() {
        return options.nothing(&BALANCE, &column.name, "there are fewer than two labels");
    }
    let all: usize = counts.iter().sum();
    let (most, least) = ends(&counts, &column.values);
    let finding = format!(
        "labels are {} as even as they can be; most: {} ({}), least: {} ({})",
        percent(whole.value),
        most.0,
        percent(most.1 as f64 / all as f64),
        least.0,
        percent(least.1 as f64 / all as f64),
    );
    let value = column.values.iter().position(|name| name == most.0).unwrap_or(0);
    let fair = all / counts.len();
    let rows = (0..table.rows()).rev().filter(|row| column.only(*row) == Some(value));
    let rows = rows.take(counts[value].saturating_sub(fair)).collect();
    let measure = options.measure(&BALANCE, &column.name, Some(whole), Vec::new());
    let alarm = measure.verdict.is_alarm();
    measure
        .saying(
            finding,
            "balance the axis (`samples.balance`), or give rare values a greater `weight` in the axis",
        )
        .blaming(table, if alarm { rows } else { Vec::new() })
}

fn ends<'a>(counts: &[usize], names: &'a [String]) -> ((&'a str, usize), (&'a str, usize)) {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(counts[*at]), &names[*at]));
    let end = |at: Option<&usize>| at.map_or(("", 0), |at| (names[*at].as_str(), counts[*at]));
    (end(order.first()), end(order.last()))
}

fn cells(table: &Table, of: &str, have: &BTreeMap<String, Vec<usize>>, options: &Options) -> Measure {
    let possible: usize = table.columns.iter().map(|column| column.values.len().max(1)).product();
    let counts: Vec<usize> = have.values().map(Vec::len).collect();
    let whole = evenness(&counts);
    // With few rows a cell even of a fair table is empty or not by chance.
    if whole.value.is_nan() || whole.rows < 5 * counts.len() {
        let why = format!("{} rows in {} cells; five a cell would tell", whole.rows, counts.len());
        return options.nothing(&CELLS, of, why);
    }
    let mut order: Vec<(&String, usize)> = have.iter().map(|(name, rows)| (name, rows.len())).collect();
    order.sort_by_key(|(name, rows)| (std::cmp::Reverse(*rows), *name));
    let (largest, smallest) = (order[0], order[order.len() - 1]);
    let mut finding = format!(
        "cells are {} as even as they can be: from {} rows ({}) to {} ({})",
        percent(whole.value),
        smallest.1,
        smallest.0,
        largest.1,
        largest.0
    );
    if possible > counts.len() {
        finding.push_str(&format!("; {} of {possible} combinations have no row", possible - counts.len()));
    }
    options
        .measure(&CELLS, of, Some(whole), Vec::new())
        .saying(finding, "look at `grid.exclude` and `grid.only`, or ask with `samples.per_cell`")
}

/// Half the sum of differences of shares (total variation): the share of rows that would have to be
/// others. It is exact, and has no interval.
fn distance(
    table: &Table,
    metric: &'static Metric,
    of: &str,
    wanted: &BTreeMap<String, f64>,
    have: &BTreeMap<String, Vec<usize>>,
    options: &Options,
) -> Measure {
    let all: usize = have.values().map(Vec::len).sum();
    if all == 0 || wanted.is_empty() {
        return options.nothing(metric, of, "there are no rows");
    }
    let rows = |name: &String| have.get(name).map_or(0, Vec::len);
    let mut gaps: Vec<(&String, f64)> = wanted
        .iter()
        .map(|(name, share)| (name, rows(name) as f64 / all as f64 - share))
        .chain(
            have.iter()
                .filter(|(name, _)| !wanted.contains_key(*name))
                .map(|(name, rows)| (name, rows.len() as f64 / all as f64)),
        )
        .collect();
    gaps.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(b.0)));
    let value = gaps.iter().map(|(_, gap)| gap.abs()).sum::<f64>() / 2.0;
    let lacking: Vec<String> = gaps
        .iter()
        .take(3)
        .map(|(name, gap)| (name, (-gap * all as f64).round()))
        .filter(|(_, short)| *short >= 1.0)
        .map(|(name, short)| format!("{name} ({short} {} short)", if short == 1.0 { "row" } else { "rows" }))
        .collect();
    let mut finding = format!("{} of rows would have to be others for what was asked", percent(value));
    if !lacking.is_empty() {
        finding.push_str(&format!("; lacking most: {}", lacking.join(", ")));
    }
    let offenders = gaps
        .iter()
        .rev()
        .filter(|(_, gap)| *gap > 0.0)
        .flat_map(|(name, gap)| have[*name].iter().rev().copied().take((gap * all as f64).round() as usize))
        .collect();
    // The first rows of many cells cannot be spread over all of them.
    let enough = all >= 5 * wanted.len() || value <= options.bounds(metric).warn;
    if !enough {
        finding = format!("{all} rows where {} are to be told apart; five of each would tell", wanted.len());
    }
    let whole = Case::new(all, value).told_if(enough);
    let measure = options.measure(metric, of, Some(whole), Vec::new());
    let alarm = measure.verdict.is_alarm();
    measure
        .saying(
            finding,
            "let lacking cells ask more often (`samples.max_asks`), and see in rejected.jsonl what \
             their texts are rejected for",
        )
        .blaming(table, if alarm { offenders } else { Vec::new() })
}
