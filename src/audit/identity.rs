//! Groups of people that stand under some labels more than under others.

use super::groups::GROUPS;
use super::metric::{Case, IDENTITY, Measure};
use super::statistics::{Z, benjamini_hochberg, folded, odds_ratio, two_sided};
use super::table::{Column, Table};
use super::{Options, Part, human, percent};

/// Rows that the prior is worth: what all labels together say of a group.
const PRIOR: f64 = 100.0;

/// Rows of a group before it is looked at, and of a label.
pub const LEAST: usize = 30;

/// Rows that are expected in each of the four cells (with and without the group, under the label and
/// elsewhere) before their odds are compared (Cochran, Annals of Mathematical Statistics 1952).
const EXPECTED: f64 = 5.0;

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
    /// Whether enough rows are expected to tell.
    enough: bool,
    log_odds: f64,
    error: f64,
    /// The log-odds drawn towards the whole, and how many standard errors that is.
    drawn: f64,
    score: f64,
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
    let told: Vec<f64> =
        pairs.iter().filter(|pair| pair.enough).map(|pair| two_sided(pair.log_odds / pair.error)).collect();
    let mut q = benjamini_hochberg(&told).into_iter();
    let name = |pair: &Pair| format!("{} × {}", GROUPS[pair.group], column.values[pair.label]);
    let case = |pair: &Pair| {
        let half = Z * pair.error;
        let case = Case::new(pair.rows, pair.log_odds.abs())
            .between(folded([pair.log_odds - half, pair.log_odds + half]))
            .against(human::identity(GROUPS[pair.group]))
            .named(name(pair))
            .with("log_odds", pair.log_odds)
            .with("log_odds_dirichlet", pair.drawn)
            .with("z_dirichlet", pair.score)
            .with("pmi", pair.information)
            .with("expected", pair.even)
            .told_if(pair.enough);
        match pair.enough {
            true => case.with_p(q.next().unwrap_or(1.0)),
            false => case,
        }
    };
    let cases = pairs.iter().map(case).collect();
    let mut measure = options.measure(&IDENTITY, &column.name, None, cases);
    // Of alarms alike, those first that few rows cannot have made.
    let score = |part: &Part| part.case.also.get("z_dirichlet").map_or(0.0, |score| score.abs());
    measure.parts.sort_by(|a, b| {
        let alarm = |part: &Part| part.verdict.is_alarm().then_some(part.verdict);
        alarm(b).cmp(&alarm(a)).then_with(|| match alarm(a) {
            Some(_) => score(b).total_cmp(&score(a)),
            None => std::cmp::Ordering::Equal,
        })
    });
    let tested = told.len();
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
            said.push(format!(
                "{} {how} of elsewhere ({} rows, {:.0} would be even; PMI {:+.2} bits)",
                part.case.name, pair.rows, pair.even, pair.information
            ));
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

/// Log-odds with an informative Dirichlet prior, and their standard error (Monroe, Colaresi and Quinn,
/// Political Analysis 2008).
///
/// How much more often than in the rest something is in a part, as (rows with it, rows), both drawn towards
/// its share of the whole as if by 100 rows. The variance is the whole one, with the rows that do not have
/// it: the short one of the paper, 1/(y + α) + 1/(y′ + α′), is that of words, each of which is rare, and
/// far too small where half of the rows have something.
pub fn log_odds((own, rows): (usize, usize), (rest, others): (usize, usize)) -> (f64, f64) {
    let prior = PRIOR * (own + rest) as f64 / (rows + others) as f64;
    let cells = |hits: usize, rows: usize| {
        let (with, all) = (hits as f64 + prior, rows as f64 + PRIOR);
        // Where all rows have it, or none, half a row is taken for what is not there.
        (with.max(0.5), (all - with).max(0.5))
    };
    let ((a, b), (c, d)) = (cells(own, rows), cells(rest, others));
    ((a / b).ln() - (c / d).ln(), (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt())
}

/// The group under the label against the group under all others.
fn pair(group: usize, label: usize, (own, rows): (usize, usize), (all, n): (usize, usize)) -> Pair {
    let (here, elsewhere) = ((own, rows), (all - own, n - rows));
    let (ratio, error) = odds_ratio(here, elsewhere);
    let (drawn, drawn_error) = log_odds(here, elsewhere);
    let even = all as f64 * rows as f64 / n as f64;
    // The smallest of the four cells is that of the smaller of each two margins.
    let least = all.min(n - all) as f64 * rows.min(n - rows) as f64 / n as f64;
    // Pointwise mutual information, each count one greater than it is by chance (Laplace).
    let information = ((own as f64 + 1.0) / (even + 1.0)).log2();
    Pair {
        group,
        label,
        rows: own,
        even,
        enough: least >= EXPECTED,
        log_odds: ratio,
        error,
        drawn,
        score: drawn / drawn_error,
        information,
    }
}

/// `3.1 % of rows`, for the closing of a report.
pub fn mentioned(table: &Table) -> String {
    let some = (0..table.rows()).filter(|row| !table.groups(*row).is_empty()).count();
    percent(some as f64 / table.rows().max(1) as f64)
}
