//! Labels that can be told by how long their texts are.

use super::metric::{Case, LENGTH, Measure};
use super::statistics::{LEAST_CLUSTERS, bootstrap, count_clusters};
use super::table::{Column, Table};
use super::{Bounds, Options, alike, human, token};

pub fn length(table: &Table, options: &Options) -> Vec<Measure> {
    let columns = table.labels().filter(|_| options.is_on(&LENGTH));
    columns.map(|column| of_column(table, column, options)).collect()
}

/// Sums by group: rows, sum and sum of squares.
type Sums = Vec<(f64, f64, f64)>;

/// The share of the variance that lies between groups, η², with the number of groups that have rows.
///
/// Chance alone makes some: (k − 1) / (n − 1) on average, of n rows in k groups (Kelley, PNAS 1935).
fn eta(sums: &Sums) -> Option<(f64, f64)> {
    let filled = sums.iter().filter(|(rows, ..)| *rows > 0.0);
    let (mut k, mut n, mut sum, mut square, mut between) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (rows, s, s2) in filled {
        k += 1.0;
        n += rows;
        sum += s;
        square += s2;
        between += s * s / rows;
    }
    let total = square - sum * sum / n;
    // What rounding leaves of lengths that are all the same is far below this.
    if k < 2.0 || n <= k || total <= 1e-9 * n {
        return None;
    }
    Some(((between - sum * sum / n) / total, k))
}

fn of_column(table: &Table, column: &Column, options: &Options) -> Measure {
    let mut rows: Vec<(usize, usize, f64)> = (0..table.rows())
        .filter_map(|row| {
            let words = token::spaced_words(table.text(row)).max(1);
            Some((row, column.only(row)?, (words as f64).ln()))
        })
        .collect();
    // Taken from their mean, since sums of squares are differences of large numbers otherwise.
    let mean = rows.iter().map(|(.., x)| x).sum::<f64>() / rows.len().max(1) as f64;
    rows.iter_mut().for_each(|(.., x)| *x -= mean);
    let k = column.values.len();
    let none: Sums = vec![(0.0, 0.0, 0.0); k];
    let add = |sums: &mut Sums, (label, x): (u32, f64)| {
        let sum = &mut sums[label as usize];
        *sum = (sum.0 + 1.0, sum.1 + x, sum.2 + x * x);
    };
    let measured: Vec<(u32, f64)> = rows.iter().map(|(_, label, x)| (*label as u32, *x)).collect();
    let mut own = none.clone();
    measured.iter().for_each(|row| add(&mut own, *row));
    let Some((value, groups)) = eta(&own) else {
        return options.nothing(&LENGTH, &column.name, "labels or lengths do not vary");
    };
    let clusters: Vec<u32> = rows.iter().map(|(row, ..)| table.clusters()[*row]).collect();
    let apart = count_clusters(&clusters);
    let purpose = format!("length {}", column.name);
    let [low, high] = bootstrap((options.seed, &purpose), &clusters, &measured, value, &none, add, |sums| {
        eta(sums).map_or(0.0, |(eta, _)| eta)
    });
    let whole = Case::new(rows.len(), value)
        .between([low.max(0.0), high.clamp(0.0, 1.0)])
        .against(Some(human::LENGTH))
        .told_if(apart >= LEAST_CLUSTERS);
    // η² of few rows is greater by what chance makes, and so are the bounds that it is held to: this is the
    // same as to hold ε² = 1 − (1 − η²)(n − 1) / (n − k) to the bounds themselves.
    let chance = (groups - 1.0) / (rows.len() as f64 - 1.0);
    let own_bounds = options.bounds(&LENGTH);
    let raised = |bound: f64| bound + (1.0 - bound) * chance;
    let bounds = Bounds { warn: raised(own_bounds.warn), fail: raised(own_bounds.fail) };
    let mut means: Vec<(usize, f64)> = own
        .iter()
        .enumerate()
        .filter(|(_, sum)| sum.0 >= 5.0)
        .map(|(label, sum)| (label, (mean + sum.1 / sum.0).exp()))
        .collect();
    means.sort_by(|a, b| a.1.total_cmp(&b.1));
    let name = |at: Option<&(usize, f64)>| {
        at.map_or(String::new(), |(label, words)| format!("{} ({words:.1} words)", column.values[*label]))
    };
    let finding = format!(
        "{:.1} % of the variance of lengths is between labels: shortest {}, longest {}",
        100.0 * value,
        name(means.first()),
        name(means.last())
    );
    let finding = if apart < LEAST_CLUSTERS { alike(apart) } else { finding };
    let measure = options.measure_within(&LENGTH, &column.name, (bounds, Some(whole)), Vec::new());
    let offenders = if measure.verdict.is_alarm() { offenders(&rows, &own) } else { Vec::new() };
    measure
        .saying(
            finding,
            "hold all labels to one range (`checks.words`), or pick the length by lot in the prompt \
             (`{{ [5, 12, 25] | pick }} words`)",
        )
        .blaming(table, offenders)
}

/// Rows whose lengths are far off in the direction of their label's mean; a twentieth of all.
fn offenders(rows: &[(usize, usize, f64)], sums: &Sums) -> Vec<usize> {
    let n: f64 = sums.iter().map(|sum| sum.0).sum();
    let grand = sums.iter().map(|sum| sum.1).sum::<f64>() / n;
    let mut order: Vec<(f64, usize)> = rows
        .iter()
        .map(|(row, label, x)| ((x - grand) * (sums[*label].1 / sums[*label].0 - grand), *row))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().take(rows.len() / 20).map(|(_, row)| row).collect()
}
