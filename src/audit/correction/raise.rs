//! Which values and cells to ask more of.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::audit::balance::evenness;
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

/// A cell that has all rows that were asked for, and is to get more.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Added {
    /// The value of each column.
    pub cell: BTreeMap<String, String>,
    pub rows: usize,
    pub add: usize,
    /// The metrics that it gets them for.
    pub why: Vec<&'static str>,
}

/// How even something is, and will be once all rows have come that are added.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evened {
    pub metric: &'static str,
    pub of: String,
    pub before: f64,
    pub after: f64,
}

/// Whether measures of these metrics are alarms.
fn alarmed(report: &Report, of: Option<&str>, metrics: &[&metric::Metric]) -> bool {
    report
        .alarms()
        .filter(|measure| of.is_none_or(|name| measure.of == name))
        .any(|measure| metrics.iter().any(|metric| metric.key == measure.metric))
}

/// How many rows each cell has, by its values; rows without a value on some column are of none.
fn by_cell(table: &Table) -> BTreeMap<Vec<&str>, usize> {
    let mut out = BTreeMap::new();
    for row in 0..table.rows() {
        let values: Option<Vec<&str>> = table.columns.iter().map(|column| column.name_of(row)).collect();
        if let Some(values) = values.filter(|values| !values.is_empty()) {
            *out.entry(values).or_default() += 1;
        }
    }
    out
}

/// The cells that lack rows, those that lack most first, where cells are an alarm, or what was asked is not
/// what is there: of those asked for, or else of all that have rows. Nothing is copied for them: a config asks
/// more of them.
pub fn deficits(table: &Table, report: &Report, options: &Options) -> Vec<Deficit> {
    let cells = alarmed(report, None, &[&metric::CELLS, &metric::CELLS_ASKED]);
    let labels = alarmed(report, None, &[&metric::BALANCE, &metric::BALANCE_ASKED]);
    let known = labels && options.asked.is_some();
    if !cells && !known {
        return Vec::new();
    }
    let have = by_cell(table);
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

/// A cell while rows are added.
struct Filled<'a> {
    values: Vec<&'a str>,
    rows: usize,
    add: usize,
    /// It has what was asked: others would only fall shorter.
    is_full: bool,
    why: Vec<&'static str>,
}

/// What single cells of a config are to get so that labels and cells whose balance is an alarm are even enough for
/// none: no more than that, the rarest first. Cells that lack rows which were asked for get none.
pub fn added(table: &Table, report: &Report, options: &Options) -> (Vec<Added>, Vec<Evened>) {
    let Some(asked) = &options.asked else { return Default::default() };
    let have = by_cell(table);
    let mut cells: Vec<Filled<'_>> = asked
        .cells
        .iter()
        .filter(|(_, asked)| *asked > 0)
        .map(|(values, asked)| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let rows = have.get(&values).copied().unwrap_or(0);
            Filled { is_full: rows as u64 >= *asked, values, rows, add: 0, why: Vec::new() }
        })
        .collect();
    let mut uneven: Vec<(&metric::Metric, String, Vec<Vec<usize>>)> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        if alarmed(report, Some(&column.name), &[&metric::BALANCE]) {
            let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            cells
                .iter()
                .enumerate()
                .for_each(|(cell, of)| groups.entry(of.values[at]).or_default().push(cell));
            uneven.push((&metric::BALANCE, column.name.clone(), groups.into_values().collect()));
        }
    }
    if alarmed(report, None, &[&metric::CELLS]) {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let groups = (0..cells.len()).filter(|cell| cells[*cell].rows > 0).map(|cell| vec![cell]);
        uneven.push((&metric::CELLS, names.join(" × "), groups.collect()));
    }
    for (metric, _, groups) in &uneven {
        even(&mut cells, groups, options.bounds(metric).warn, metric.key);
    }
    let value = |groups: &[Vec<usize>], of: &dyn Fn(&Filled<'_>) -> usize| {
        let counts = groups.iter().map(|group| group.iter().map(|cell| of(&cells[*cell])).sum());
        evenness(&counts.collect::<Vec<usize>>()).value
    };
    let evened = uneven.iter().map(|(metric, of, groups)| Evened {
        metric: metric.key,
        of: of.clone(),
        before: value(groups, &|cell| cell.rows),
        after: value(groups, &|cell| cell.rows + cell.add),
    });
    let evened = evened.collect();
    let added = cells.into_iter().filter(|cell| cell.add > 0).map(|cell| {
        let names = table.columns.iter().map(|column| column.name.clone());
        let values = cell.values.iter().map(|value| (*value).to_owned());
        Added { cell: names.zip(values).collect(), rows: cell.rows, add: cell.add, why: cell.why }
    });
    let mut added: Vec<Added> = added.collect();
    added.sort_by(|a, b| b.add.cmp(&a.add).then_with(|| a.cell.cmp(&b.cell)));
    (added, evened)
}

/// Raises groups of cells to the lowest level at which they are as even as a bound says, or as they can be.
fn even(cells: &mut [Filled<'_>], groups: &[Vec<usize>], bound: f64, why: &'static str) {
    let count = |group: &Vec<usize>| group.iter().map(|cell| cells[*cell].rows + cells[*cell].add).sum();
    let counts: Vec<usize> = groups.iter().map(count).collect();
    let can: Vec<bool> = groups.iter().map(|group| group.iter().any(|cell| cells[*cell].is_full)).collect();
    let level = |level: usize| -> Vec<usize> {
        counts.iter().zip(&can).map(|(rows, can)| if *can { (*rows).max(level) } else { *rows }).collect()
    };
    let most = counts.iter().copied().max().unwrap_or(0);
    let enough = |at: usize| evenness(&level(at)).value >= bound;
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    for ((group, wanted), rows) in groups.iter().zip(level(low)).zip(&counts) {
        let full = group.iter().filter(|cell| cells[**cell].is_full);
        let mut fewest: BinaryHeap<Reverse<(usize, usize)>> =
            full.map(|cell| Reverse((cells[*cell].rows + cells[*cell].add, *cell))).collect();
        for _ in *rows..wanted {
            let Some(Reverse((rows, cell))) = fewest.pop() else { break };
            cells[cell].add += 1;
            if !cells[cell].why.contains(&why) {
                cells[cell].why.push(why);
            }
            fewest.push(Reverse((rows + 1, cell)));
        }
    }
}

/// For each label column whose balance is an alarm, and each column where that of cells is: the values that
/// lack rows, the rarest first.
pub fn raise(table: &Table, report: &Report) -> Vec<Raise> {
    let cells = alarmed(report, None, &[&metric::CELLS, &metric::CELLS_ASKED]);
    let uneven =
        |name: &str| cells || alarmed(report, Some(name), &[&metric::BALANCE, &metric::BALANCE_ASKED]);
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

    /// A table of joy and grief in two contexts, with so many rows of each cell.
    fn made(rows: [usize; 4]) -> (Table, [[&'static str; 2]; 4]) {
        let cells = [["joy", "work"], ["joy", "home"], ["grief", "work"], ["grief", "home"]];
        let mut table = Table::new([("emotion".into(), Role::Label), ("context".into(), Role::Context)]);
        for (cell, rows) in cells.iter().zip(rows) {
            for _ in 0..rows {
                table.push("", "a b c d", cell.map(|value| [value]), Groups::default());
            }
        }
        (table, cells)
    }

    #[test]
    fn cells_get_as_many_rows_as_end_the_alarm_and_the_rarest_get_most() {
        let (table, cells) = made([300, 300, 10, 30]);
        let asked = |rows: [u64; 4]| {
            let cells = cells.iter().map(|cell| cell.map(str::to_owned).to_vec()).zip(rows);
            Options { asked: Some(Asked { cells: cells.collect() }), ..Options::default() }
        };
        let options = asked([300, 300, 10, 30]);
        let report = audit(&table, &options, |_, _| {});
        let (more, evened) = added(&table, &report, &options);
        let told: Vec<(&str, usize, usize)> =
            more.iter().map(|of| (of.cell["context"].as_str(), of.rows, of.add)).collect();
        let [("work", 10, work), ("home", 30, home)] = told[..] else { panic!("{told:?}") };
        assert_eq!(work, home + 20, "both have as many then");
        assert_eq!((evened[0].metric, evened[0].of.as_str()), ("balance", "emotion"));
        let bound = metric::BALANCE.warn;
        assert!(evened[0].before < bound && evened[0].after >= bound && evened[0].after < bound + 0.01);
        // With them there is no alarm left, and one less would not do.
        let (then, _) = made([300, 300, 10 + work, 30 + home]);
        let alarms = |table: &Table| {
            let report = audit(table, &options, |_, _| {});
            report.alarms().any(|measure| measure.metric == "balance")
        };
        assert!(!alarms(&then) && added(&then, &audit(&then, &options, |_, _| {}), &options).0.is_empty());
        // A cell that lacks what was asked gets none, and what was asked says how many a config has.
        let short = asked([300, 300, 10, 40]);
        let (more, _) = added(&table, &report, &short);
        assert!(more.iter().all(|of| of.cell["context"] == "work"), "{more:?}");
        let (none, _) = added(&table, &report, &Options::default());
        assert!(none.is_empty(), "of a table nobody asked for anything");
    }

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
