//! Labels that can be told by the context they stand in.

use super::metric::{CONTEXT, Case, Measure};
use super::statistics::{LEAST_CLUSTERS, bootstrap, count_clusters, normalised_information};
use super::table::{Column, Table};
use super::{Asked, Options, alike};
use crate::model::random::Random;

/// How often contexts are dealt out anew to see what chance alone does.
const DEALS: usize = 199;

pub fn context(table: &Table, options: &Options) -> Vec<Measure> {
    if !options.is_on(&CONTEXT) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for label in table.labels() {
        for context in table.contexts() {
            out.push(of_pair(table, label, context, options));
        }
    }
    out
}

fn of_pair(table: &Table, label: &Column, context: &Column, options: &Options) -> Measure {
    let of = format!("{} × {}", label.name, context.name);
    let rows: Vec<(usize, usize, usize)> =
        (0..table.rows()).filter_map(|row| Some((row, label.only(row)?, context.only(row)?))).collect();
    let (k, c) = (label.values.len(), context.values.len());
    if rows.is_empty() || k < 2 || c < 2 {
        return options.nothing(&CONTEXT, of, "labels or contexts do not vary");
    }
    // Where hardly any context comes twice, it is no context.
    if rows.len() < 2 * c {
        let why = format!("{c} contexts in {} rows; each must come several times", rows.len());
        return options.nothing(&CONTEXT, of, why);
    }
    let none = vec![vec![0.0; c]; k];
    let add = |counts: &mut Vec<Vec<f64>>, (label, context): (u32, u32)| {
        counts[label as usize][context as usize] += 1.0
    };
    let pairs: Vec<(u32, u32)> = rows.iter().map(|row| (row.1 as u32, row.2 as u32)).collect();
    let mut counts = none.clone();
    pairs.iter().for_each(|pair| add(&mut counts, *pair));
    let seen = normalised_information(&counts);
    let mut random = Random::of(options.seed, &format!("context {of}"));
    let mut dealt: Vec<u32> = pairs.iter().map(|pair| pair.1).collect();
    let mut deal = none.clone();
    let (mut as_much, mut by_chance) = (0, 0.0);
    for _ in 0..DEALS {
        random.shuffle(&mut dealt);
        deal.clone_from(&none);
        pairs.iter().zip(&dealt).for_each(|(pair, context)| add(&mut deal, (pair.0, *context)));
        let info = normalised_information(&deal);
        as_much += usize::from(info >= seen);
        by_chance += info / DEALS as f64;
    }
    let p = (as_much + 1) as f64 / (DEALS + 1) as f64;
    // Few rows make information by chance; what is left is due to the contexts.
    let value = (seen - by_chance).max(0.0);
    let clusters: Vec<u32> = rows.iter().map(|(row, ..)| table.clusters()[*row]).collect();
    let apart = count_clusters(&clusters);
    let purpose = format!("context rows {of}");
    let [low, high] = bootstrap((options.seed, &purpose), &clusters, &pairs, seen, &none, add, |counts| {
        normalised_information(counts)
    });
    let interval = [(low - by_chance).max(0.0), (high - by_chance).clamp(0.0, 1.0)];
    let asked = options.asked.as_ref().map(|asked| as_asked(asked, table, label, context));
    let whole = Case::new(rows.len(), value)
        .between(interval)
        .against(asked)
        .with_p(p)
        .told_if(apart >= LEAST_CLUSTERS);
    let n = rows.len() as f64;
    let expected = |label: usize, context: usize| {
        counts[label].iter().sum::<f64>() * counts.iter().map(|row| row[context]).sum::<f64>() / n
    };
    let mut cells: Vec<(f64, usize, usize)> = (0..k)
        .flat_map(|label| (0..c).map(move |context| (label, context)))
        .map(|(label, context)| (counts[label][context] - expected(label, context), label, context))
        .collect();
    cells.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (over, most, there) = cells[0];
    let mut finding = format!("context tells {value:.2} of the label (NMI beyond chance, p {p:.3})");
    if over >= 1.0 {
        finding.push_str(&format!(
            "; most: {} × {} has {} rows where {} would be even",
            label.values[most],
            context.values[there],
            counts[most][there],
            expected(most, there).round()
        ));
    }
    if apart < LEAST_CLUSTERS {
        finding = alike(apart);
    }
    let measure = options.measure(&CONTEXT, of, Some(whole), Vec::new());
    let mut offenders = Vec::new();
    if measure.verdict.is_alarm() {
        for (over, label, context) in cells.into_iter().filter(|cell| cell.0 >= 1.0) {
            let blamed = rows.iter().rev().filter(|row| (row.1, row.2) == (label, context)).map(|row| row.0);
            offenders.extend(blamed.take(over.ceil() as usize));
        }
    }
    measure
        .saying(
            finding,
            "ask for every label in every context: `samples.per_cell`, or fewer rules in `grid.exclude`",
        )
        .blaming(table, offenders)
}

/// The information that is between two columns in what was asked.
fn as_asked(asked: &Asked, table: &Table, label: &Column, context: &Column) -> f64 {
    let place = |column: &Column| table.columns.iter().position(|other| other.name == column.name);
    let (Some(of_label), Some(of_context)) = (place(label), place(context)) else { return 0.0 };
    let mut labels: Vec<&str> = Vec::new();
    let mut contexts: Vec<&str> = Vec::new();
    let mut counts: Vec<Vec<f64>> = Vec::new();
    for (cell, rows) in &asked.cells {
        let at = number(&mut labels, &cell[of_label]);
        let to = number(&mut contexts, &cell[of_context]);
        if counts.len() <= at {
            counts.push(Vec::new());
        }
        if counts[at].len() <= to {
            counts[at].resize(to + 1, 0.0);
        }
        counts[at][to] += *rows as f64;
    }
    counts.iter_mut().for_each(|row| row.resize(contexts.len(), 0.0));
    normalised_information(&counts)
}

fn number<'a>(names: &mut Vec<&'a str>, name: &'a str) -> usize {
    names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}
