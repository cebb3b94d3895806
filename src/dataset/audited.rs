//! A dataset's rows as the audit sees them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Recipe;
use super::evaluate::{Accepted, Sink};
use crate::audit::{Asked, Bounds, Groups, METRICS, Options, Report, Role, Table, Thresholds, audit};
use crate::config::audit::Audit;
use crate::config::taxonomy;

/// Takes in rows as they come about: text, id, and a column an axis.
pub struct Audited<'a> {
    recipe: &'a Recipe,
    pub table: Table,
}

impl<'a> Audited<'a> {
    pub fn new(recipe: &'a Recipe) -> Self {
        Self { recipe, table: table(recipe) }
    }

    /// The audit of what came, by the config.
    pub fn report(&self) -> Report {
        audit(&self.table, &options(self.recipe, &self.table), |_, _| {})
    }
}

impl Sink for Audited<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        let grid = &self.recipe.grid;
        let values = grid.names(grid.cell(row.place.cell)).map(|(_, value)| [value]);
        let spans = row.candidate.outcome.as_ref().map_or(&[][..], |passed| &passed.spans);
        let groups = Groups::of_spans(spans.iter().map(|span| span.category.name()));
        self.table.push(&row.name.to_string(), &row.candidate.text, values, groups);
    }
}

/// An empty table with a column an axis, in which values that are asked for count though no row has them.
pub fn table(recipe: &Recipe) -> Table {
    let axes = &recipe.grid.axes;
    let role = |label| if label { Role::Label } else { Role::Context };
    let mut table = Table::new(axes.iter().map(|axis| (axis.name.to_string(), role(axis.label))));
    let mut asked = vec![BTreeSet::new(); axes.len()];
    for (at, cell) in recipe.grid.cells().enumerate().take(MOST_CELLS) {
        if recipe.quotas.rows(at) > 0 {
            let names = recipe.grid.names(cell).map(|(_, value)| value);
            asked.iter_mut().zip(names).for_each(|(asked, name)| _ = asked.insert(name));
        }
    }
    for (at, axis) in axes.iter().enumerate() {
        let names = axis.values.iter().map(|value| value.name());
        names.filter(|name| asked[at].contains(name)).for_each(|name| table.expect(at, name));
    }
    table
}

/// Cells of a grid beyond which rows are too few in each to compare with what was asked.
const MOST_CELLS: usize = 100_000;

/// How a config wants its dataset audited, of which these are rows. Counterparts that stand among them were asked
/// for, by the file that holds them.
pub fn options(recipe: &Recipe, table: &Table) -> Options {
    let beside = beside(recipe, table);
    let cells = recipe.grid.cells().enumerate().map(|(at, cell)| {
        let values: Vec<String> = recipe.grid.names(cell).map(|(_, value)| value.to_owned()).collect();
        let beside = beside.get(&values).copied().unwrap_or(0);
        (values, u64::from(recipe.quotas.rows(at)) + beside)
    });
    let values = recipe.config.axes.iter().filter(|axis| axis.label).flat_map(|axis| &axis.values);
    let polarity = |value: &&crate::config::resolved::AxisValue| {
        value.attributes.get("polarity").is_some_and(|p| p == "negative")
    };
    let own: BTreeSet<String> =
        values.clone().filter(polarity).map(|value| value.name.to_lowercase()).collect();
    let says = values.clone().any(|value| value.attributes.contains_key("polarity"));
    Options {
        seed: recipe.config.seed,
        negative: if says { own } else { known_negative() },
        asked: (recipe.grid.size() <= MOST_CELLS).then(|| Asked { cells: cells.collect() }),
        ..of_config(&recipe.config.audit)
    }
}

/// By a cell's values: how many counterparts it has in a table.
fn beside(recipe: &Recipe, table: &Table) -> HashMap<Vec<String>, u64> {
    let mut out = HashMap::new();
    let counterparts = recipe.config.curation.iter().flat_map(|curation| curation.counterparts.keys());
    let ids: HashSet<String> = counterparts.map(|id| id.counterpart().to_string()).collect();
    for row in (0..table.rows()).filter(|row| ids.contains(table.id(*row))) {
        let values: Option<Vec<&str>> = table.columns.iter().map(|column| column.name_of(row)).collect();
        let values = values.into_iter().flatten().map(str::to_owned).collect();
        *out.entry(values).or_default() += 1;
    }
    out
}

/// What the key `audit` says.
fn of_config(audit: &Audit) -> Options {
    let bounds = |metric: &&crate::audit::Metric| {
        let (warn, fail) = (audit.warn.get(metric.key), audit.fail.get(metric.key));
        (warn.is_some() || fail.is_some()).then(|| {
            let own = Bounds { warn: metric.warn, fail: metric.fail };
            let set =
                Bounds { warn: warn.copied().unwrap_or(own.warn), fail: fail.copied().unwrap_or(own.fail) };
            (metric.key.to_owned(), set)
        })
    };
    let thresholds: Thresholds = METRICS.iter().filter_map(bounds).collect();
    Options { thresholds, off: audit.off.clone(), targets: audit.targets.clone(), ..Options::default() }
}

/// The values of a config's label axes.
pub fn labels(recipe: &Recipe) -> Vec<&str> {
    let axes = recipe.config.axes.iter().filter(|axis| axis.label);
    axes.flat_map(|axis| &axis.values).map(|value| value.name.as_str()).collect()
}

/// Labels that the built-in taxonomies call negative.
pub fn known_negative() -> BTreeSet<String> {
    taxonomy::of_polarity("negative").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    #[test]
    fn the_config_and_the_audit_know_the_same_names() {
        let metrics: Vec<&str> = METRICS.iter().map(|metric| metric.key).collect();
        assert_eq!(keys::audit::METRICS, metrics);
        assert_eq!(keys::audit::GROUPS, crate::audit::GROUPS);
    }

    #[test]
    fn polarities_are_known_without_a_config() {
        let known = known_negative();
        assert!(known.contains("anger") && known.contains("negative"), "{known:?}");
        assert!(!known.contains("joy") && !known.contains("neutral"));
    }
}
