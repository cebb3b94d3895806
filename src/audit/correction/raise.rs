//! Which values and cells to ask more of.

use std::collections::BTreeMap;

use crate::audit::{Options, Report, Table, metric};

/// A value that has fewer rows than the others.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Raise {
    pub column: String,
    pub value: String,
    pub rows: usize,
    /// Rows that it lacks to have as many as the value with most.
    pub lacking: usize,
    /// The weight that would make up for it, where the value with most has 1.
    pub weight: f64,
}

/// A cell that has fewer rows than it should.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Deficit {
    /// The value of each column.
    pub cell: BTreeMap<String, String>,
    pub rows: usize,
    /// What was asked; of a table, what would be even.
    pub wanted: usize,
    pub lacking: usize,
}

/// Whether measures of these metrics are alarms.
fn alarmed(report: &Report, of: Option<&str>, keys: [&metric::Metric; 2]) -> bool {
    report
        .alarms()
        .filter(|measure| of.is_none_or(|name| measure.of == name))
        .any(|measure| keys.iter().any(|metric| metric.key == measure.metric))
}

/// The cells that lack rows, those that lack most first, where cells are an alarm, or what was asked is not
/// what is there: of those asked for, or else of all that have rows. Nothing is copied for them: a config asks
/// more of them.
pub fn deficits(table: &Table, report: &Report, options: &Options) -> Vec<Deficit> {
    let cells = alarmed(report, None, [&metric::CELLS, &metric::CELLS_ASKED]);
    let labels = alarmed(report, None, [&metric::BALANCE, &metric::BALANCE_ASKED]);
    let known = labels && options.asked.is_some();
    if !cells && !known {
        return Vec::new();
    }
    let mut have: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for row in 0..table.rows() {
        let values: Option<Vec<&str>> = table.columns.iter().map(|column| column.name_of(row)).collect();
        *have.entry(values.unwrap_or_default()).or_default() += 1;
    }
    have.remove(&Vec::new());
    let all: usize = have.values().sum();
    let wanted: Vec<(Vec<&str>, usize)> = match &options.asked {
        Some(asked) => {
            let cells = asked.cells.iter().filter(|(_, rows)| *rows > 0);
            cells.map(|(cell, rows)| (cell.iter().map(String::as_str).collect(), *rows as usize)).collect()
        }
        // Combinations that no row has may be meant to be missing: of a table nobody says which.
        None => have.keys().map(|cell| (cell.clone(), all.div_ceil(have.len()))).collect(),
    };
    let mut out: Vec<Deficit> = wanted
        .into_iter()
        .map(|(cell, wanted)| {
            let rows = have.get(&cell).copied().unwrap_or(0);
            let names = table.columns.iter().map(|column| column.name.clone());
            let cell = names.zip(cell.iter().map(|value| (*value).to_owned())).collect();
            Deficit { cell, rows, wanted, lacking: wanted.saturating_sub(rows) }
        })
        .filter(|deficit| deficit.lacking > 0)
        .collect();
    out.sort_by(|a, b| b.lacking.cmp(&a.lacking).then_with(|| a.cell.cmp(&b.cell)));
    out
}

/// For each label column whose balance is an alarm, and each column where that of cells is: the values that
/// lack rows, the rarest first.
pub fn raise(table: &Table, report: &Report) -> Vec<Raise> {
    let cells = alarmed(report, None, [&metric::CELLS, &metric::CELLS_ASKED]);
    let uneven =
        |name: &str| cells || alarmed(report, Some(name), [&metric::BALANCE, &metric::BALANCE_ASKED]);
    let mut out = Vec::new();
    for column in table.columns.iter().filter(|column| uneven(&column.name)) {
        let counts = column.counts();
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut of: Vec<Raise> = counts
            .iter()
            .zip(&column.values)
            .filter(|(rows, _)| **rows > 0 && **rows < most)
            .map(|(rows, value)| Raise {
                column: column.name.clone(),
                value: value.clone(),
                rows: *rows,
                lacking: most - rows,
                weight: (most as f64 / *rows as f64 * 100.0).round() / 100.0,
            })
            .collect();
        of.sort_by(|a, b| a.rows.cmp(&b.rows).then(a.value.cmp(&b.value)));
        out.extend(of);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Asked, Groups, Role, audit};

    #[test]
    fn cells_that_lack_rows_are_named_with_what_was_asked() {
        let mut table = Table::new([("emotion".into(), Role::Label), ("context".into(), Role::Context)]);
        for row in 0..200 {
            let values = if row < 190 { ["joy", "work"] } else { ["anger", "home"] };
            table.push("", "a b c d", values.map(|value| [value]), Groups::default());
        }
        let cells = [("joy", "work", 50), ("joy", "home", 50), ("anger", "work", 0), ("anger", "home", 50)];
        let cell = |(emotion, context, rows): (&str, &str, u64)| {
            (vec![emotion.to_owned(), context.to_owned()], rows)
        };
        let options =
            Options { asked: Some(Asked { cells: cells.map(cell).to_vec() }), ..Options::default() };
        let report = audit(&table, &options, |_, _| {});
        let told: Vec<(String, usize, usize)> = deficits(&table, &report, &options)
            .iter()
            .map(|of| (format!("{} {}", of.cell["emotion"], of.cell["context"]), of.rows, of.wanted))
            .collect();
        assert_eq!(told, [("joy home".to_owned(), 0, 50), ("anger home".to_owned(), 10, 50)]);
        let weights: Vec<(String, f64)> =
            raise(&table, &report).iter().map(|raise| (raise.value.clone(), raise.weight)).collect();
        assert_eq!(weights, [("anger".to_owned(), 19.0), ("home".to_owned(), 19.0)]);
        let fair = Options::default();
        let even = table.only(&(180..200).collect::<Vec<_>>());
        assert!(deficits(&even, &audit(&even, &fair, |_, _| {}), &fair).is_empty());
    }
}
