//! Groups of people that stand under some labels more than under others.

use super::groups::GROUPS;
use super::metric::{Case, IDENTITY, Measure};
use super::statistics::{Z, benjamini_hochberg, two_sided};
use super::table::{Column, Table};
use super::{Options, human, percent};

/// Rows that the prior is worth: what all labels together say of a group.
const PRIOR: f64 = 100.0;

/// Rows of a group before it is looked at, and of a label.
pub const LEAST: usize = 30;

pub fn identity(table: &Table, options: &Options) -> Vec<Measure> {
    if !options.is_on(&IDENTITY) {
        return Vec::new();
    }
    table.labels().map(|column| of_column(table, column, options)).collect()
}

/// A group under a label.
struct Pair {
    group: usize,
    label: usize,
    /// Rows of the group under the label, and those that would be even.
    rows: usize,
    even: f64,
    log_odds: f64,
    error: f64,
    information: f64,
}

fn of_column(table: &Table, column: &Column, options: &Options) -> Measure {
    let k = column.values.len();
    let mut counts = vec![vec![0usize; k]; GROUPS.len()];
    let mut rows = vec![0usize; k];
    let mut n = 0;
    for row in 0..table.rows() {
        let Some(label) = column.only(row) else { continue };
        n += 1;
        rows[label] += 1;
        let groups = table.groups(row);
        for (group, counts) in counts.iter_mut().enumerate() {
            counts[label] += usize::from(groups.has(group));
        }
    }
    let mut pairs = Vec::new();
    for (group, counts) in counts.iter().enumerate() {
        let all: usize = counts.iter().sum();
        if all < LEAST {
            continue;
        }
        for label in (0..k).filter(|label| rows[*label] >= LEAST && n - rows[*label] >= LEAST) {
            pairs.push(pair(group, label, (counts[label], rows[label]), (all, n)));
        }
    }
    if pairs.is_empty() {
        let why = format!("no group of people stands in {LEAST} rows with labels of {LEAST} rows");
        return options.nothing(&IDENTITY, &column.name, why);
    }
    let p: Vec<f64> = pairs.iter().map(|pair| two_sided(pair.log_odds / pair.error)).collect();
    let q = benjamini_hochberg(&p);
    let name = |pair: &Pair| format!("{} × {}", GROUPS[pair.group], column.values[pair.label]);
    let cases = pairs
        .iter()
        .zip(&q)
        .map(|(pair, q)| {
            let size = pair.log_odds.abs();
            Case::new(pair.rows.max(pair.even.round() as usize).max(LEAST), size)
                .between([(size - Z * pair.error).max(0.0), size + Z * pair.error])
                .against(human::identity(GROUPS[pair.group]))
                .with_p(*q)
                .named(name(pair))
        })
        .collect();
    let measure = options.measure(&IDENTITY, &column.name, None, cases);
    let tested = measure.parts.len();
    let mut said = Vec::new();
    let mut offenders = Vec::new();
    for part in measure.parts.iter().filter(|part| part.verdict.is_alarm()) {
        let Some(pair) = pairs.iter().find(|pair| name(pair) == part.case.name) else { continue };
        if said.len() < 3 {
            let times = pair.log_odds.exp();
            let how = if times >= 1.0 {
                format!("{times:.1} times the odds")
            } else {
                format!("{:.2} of the odds", times)
            };
            said.push(format!("{} {how} of elsewhere (PMI {:+.2} bits)", part.case.name, pair.information));
        }
        let over = pair.rows as f64 - pair.even;
        if over >= 1.0 {
            let here =
                |row: &usize| column.only(*row) == Some(pair.label) && table.groups(*row).has(pair.group);
            offenders.extend((0..table.rows()).rev().filter(here).take(over.ceil() as usize));
        }
    }
    let finding = match said.is_empty() {
        true => format!("no group stands under a label out of proportion; {tested} pairs were told apart"),
        false => said.join("; "),
    };
    measure
        .saying(
            finding,
            "name people by a pick that knows nothing of the label (a list under `lists`), or swap \
             them: `emogrid audit FILE --swap OUT.jsonl`",
        )
        .blaming(table, offenders)
}

/// Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn, Political Analysis
/// 2008, equations 15 to 22) and their standard error: how much more often than in the rest something is in
/// a part, as (rows with it, rows), both drawn towards its share of the whole as if by 100 rows.
pub fn log_odds((own, rows): (usize, usize), (rest, others): (usize, usize)) -> (f64, f64) {
    let prior = PRIOR * (own + rest) as f64 / (rows + others) as f64;
    let odds = |hits: usize, rows: usize| {
        let (hits, rows) = (hits as f64 + prior, rows as f64 + PRIOR);
        (hits / (rows - hits).max(0.5)).ln()
    };
    let error = (1.0 / (own as f64 + prior) + 1.0 / (rest as f64 + prior)).sqrt();
    (odds(own, rows) - odds(rest, others), error)
}

/// The group under the label against the group under all others.
fn pair(group: usize, label: usize, (own, rows): (usize, usize), (all, n): (usize, usize)) -> Pair {
    let share = all as f64 / n as f64;
    let (log_odds, error) = log_odds((own, rows), (all - own, n - rows));
    let even = share * rows as f64;
    // Pointwise mutual information, each count one greater than it is by chance (Laplace).
    let information = ((own as f64 + 1.0) / (even + 1.0)).log2();
    Pair { group, label, rows: own, even, log_odds, error, information }
}

/// `3.1 % of rows`, for the closing of a report.
pub fn mentioned(table: &Table) -> String {
    let some = (0..table.rows()).filter(|row| !table.groups(*row).is_empty()).count();
    percent(some as f64 / table.rows().max(1) as f64)
}
