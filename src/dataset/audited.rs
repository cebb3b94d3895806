//! A dataset's rows as the audit sees them.

use std::collections::BTreeSet;

use super::{Outcome, Recipe};
use crate::audit::{Asked, Bounds, Groups, METRICS, Options, Report, Role, Table, Thresholds, audit};
use crate::config::audit::Audit;
use crate::config::taxonomy;
use crate::model::RowId;

/// A table with a column an axis, and no rows yet.
pub fn empty(recipe: &Recipe) -> Table {
    let role = |label| if label { Role::Label } else { Role::Context };
    Table::new(recipe.grid.axes.iter().map(|axis| (axis.name.to_string(), role(axis.label))))
}

/// Adds a row of a cell.
pub fn push(table: &mut Table, recipe: &Recipe, cell: usize, id: &RowId, text: &str) {
    let values = recipe.grid.names(recipe.grid.cells()[cell]).map(|(_, value)| [value]);
    table.push(&id.to_string(), text, values, Groups::default());
}

/// The rows of an outcome.
pub fn table(recipe: &Recipe, outcome: &Outcome) -> Table {
    let mut table = empty(recipe);
    for row in &outcome.rows {
        push(&mut table, recipe, row.place.cell, &row.id, &row.answer[row.place.index].text);
    }
    table
}

/// How a config wants its dataset audited.
pub fn options(recipe: &Recipe) -> Options {
    let cells = recipe.grid.cells().iter().zip(&recipe.quotas.rows).map(|(cell, rows)| {
        let values = recipe.grid.names(*cell).map(|(_, value)| value.to_owned());
        (values.collect(), u64::from(*rows))
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
        asked: Some(Asked { cells: cells.collect() }),
        ..of_config(&recipe.config.audit)
    }
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

/// Labels that the built-in taxonomies call negative.
pub fn known_negative() -> BTreeSet<String> {
    taxonomy::of_polarity("negative").collect()
}

/// The audit of an outcome by its config.
pub fn report(recipe: &Recipe, outcome: &Outcome) -> Report {
    audit(&table(recipe, outcome), &options(recipe), |_, _| {})
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
