//! Rows that no number of good answers can bring.

use super::Recipe;
use crate::config::Diagnostic;
use crate::config::resolved::Amount;
use crate::report::{count, thousands};

/// Warns where cells want more rows than the texts of all their asks.
pub fn beyond_reach(recipe: &Recipe) -> Option<Diagnostic> {
    let (config, quotas) = (&recipe.config, &recipe.quotas);
    let texts = config.candidates_per_ask().max(1);
    let most = |cell: usize| quotas.asks(cell).saturating_mul(texts);
    let mut beyond: Option<(usize, u64, u64)> = None;
    for cell in 0..quotas.cells() {
        let missing = quotas.rows(cell).saturating_sub(most(cell));
        if missing > 0 {
            let (worst, cells, rows) = beyond.unwrap_or((cell, 0, 0));
            let worst = if quotas.rows(cell) > quotas.rows(worst) { cell } else { worst };
            beyond = Some((worst, cells + 1, rows + u64::from(missing)));
        }
    }
    let (worst, cells, rows) = beyond?;
    let wants = match &config.samples.amount {
        _ if quotas.raised.of(worst) > 0 => "with what `curation` adds",
        Amount::PerCell { .. } => "by `samples.per_cell`",
        Amount::Total { .. } => "of `samples.total`",
    };
    let an_ask = match (config.response.n, config.response.items) {
        (1, 1) => "one text an ask".to_owned(),
        (1, items) => format!("{items} texts an ask (`response.items`)"),
        (n, 1) => format!("{n} texts an ask (`response.n`)"),
        (n, items) => format!("{} texts an ask (`response.n` × `response.items`)", n * items),
    };
    let of = match (cells, quotas.cells() as u64) {
        (1, 1) => "the cell wants".to_owned(),
        (cells, all) if cells == all => "each cell wants".to_owned(),
        (1, _) => "a cell wants".to_owned(),
        (cells, _) => format!("{} cells want", thousands(cells)),
    };
    let up_to =
        if cells > 1 && matches!(config.samples.amount, Amount::Total { .. }) { "up to " } else { "" };
    let wanted = u64::from(quotas.rows(worst));
    let message = format!(
        "{} cannot come: {of} {up_to}{} {wants}, and {} of {an_ask} can bring {}",
        count(rows, "row"),
        count(wanted, "row"),
        count(u64::from(quotas.asks(worst)), "ask"),
        thousands(u64::from(most(worst)))
    );
    // As often as is enough for the worst; more, since not every text is accepted.
    let least = u64::from(quotas.max_asks) * wanted.div_ceil(u64::from(texts));
    let least = least.div_ceil(u64::from(quotas.asks(worst)).max(1));
    let help = format!(
        "set `samples.max_asks` to {} at the least, or leave it out: it is then three times what is needed, since \
         not every text is accepted",
        thousands(least)
    );
    let found = Diagnostic::warning("reach", message).help(help);
    Some(match config.samples.max_asks_at {
        Some(at) => found.at(at),
        None => found,
    })
}
