//! Which labels to ask more of.

use crate::audit::{Report, Table, metric};

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

/// For each label column whose balance is an alarm: the values that lack rows, the rarest first.
pub fn raise(table: &Table, report: &Report) -> Vec<Raise> {
    let uneven = |name: &str| {
        let of = report.alarms().filter(|measure| measure.of == name);
        of.into_iter()
            .any(|measure| [metric::BALANCE.key, metric::BALANCE_ASKED.key].contains(&measure.metric))
    };
    let mut out = Vec::new();
    for column in table.labels().filter(|column| uneven(&column.name)) {
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
