//! Cells whose values contradict each other, as far as the attribute `polarity` tells.

use super::{Grid, GridAxis, at};
use crate::config::Diagnostic;
use crate::config::expression::{in_yaml, literal};
use crate::config::keys::grouped;
use crate::config::resolved::{AxisValue, Config, Polarity};

/// Warns of each pair of axes of which cells join a positive value with a negative one, with the
/// rules that leave them out.
pub fn contradictions(config: &Config, grid: &Grid) -> Vec<Diagnostic> {
    let polarities: Vec<Vec<Option<Polarity>>> =
        config.axes.iter().map(|axis| axis.values.iter().map(AxisValue::polarity).collect()).collect();
    let polar: Vec<usize> =
        (0..grid.axes.len()).filter(|axis| polarities[*axis].iter().any(Option::is_some)).collect();
    let mut out = Vec::new();
    for (index, a) in polar.iter().enumerate() {
        for b in &polar[index + 1..] {
            out.extend(pair(config, grid, &polarities, *a, *b));
        }
    }
    out
}

fn pair(
    config: &Config,
    grid: &Grid,
    polarities: &[Vec<Option<Polarity>>],
    a: usize,
    b: usize,
) -> Option<Diagnostic> {
    // Cells by whether the first axis's value is the positive one.
    let (mut counts, mut first) = ([0u64; 2], None);
    for cell in 0..grid.size() {
        let (at_a, at_b) = (grid.value_at(cell, a), grid.value_at(cell, b));
        let side = match (polarities[a][at_a], polarities[b][at_b]) {
            (Some(Polarity::Positive), Some(Polarity::Negative)) => 0,
            (Some(Polarity::Negative), Some(Polarity::Positive)) => 1,
            _ => continue,
        };
        counts[side] += 1;
        let (left, right) = (&grid.axes[a], &grid.axes[b]);
        first.get_or_insert_with(|| {
            format!("{}={} {}={}", left.name, left.values[at_a].name(), right.name, right.values[at_b].name())
        });
    }
    let (cells, such) = (counts[0] + counts[1], first?);
    let have = if cells == 1 { "cell has" } else { "cells have" };
    let message = format!("{} {have} contradictory values, such as {such}", grouped(cells));
    let sides = [(Polarity::Positive, Polarity::Negative), (Polarity::Negative, Polarity::Positive)];
    let rules: Vec<String> = sides
        .into_iter()
        .zip(counts)
        .filter(|(_, cells)| *cells > 0)
        .map(|((left, right), _)| {
            let left = condition(&grid.axes[a], &polarities[a], left);
            let right = condition(&grid.axes[b], &polarities[b], right);
            format!("    - if: {}", in_yaml(&format!("{left} and {right}")))
        })
        .collect();
    let help = format!(
        "to leave them out write\n\ngrid:\n  exclude:\n{}\n\nto keep them, give the values of `{}` another `polarity`, such as `mixed`",
        rules.join("\n"),
        grid.axes[b].name,
    );
    let found = at(Diagnostic::warning("contradiction", message), config.axes[b].at);
    Some(
        match config.axes[a].at {
            Some(span) => found.also(span, "with this"),
            None => found,
        }
        .help(help),
    )
}

/// An expression that holds for an axis's values of a polarity.
fn condition(axis: &GridAxis, polarities: &[Option<Polarity>], wanted: Polarity) -> String {
    let word = match wanted {
        Polarity::Positive => "positive",
        Polarity::Negative => "negative",
    };
    if axis.values.iter().all(|value| value.text("polarity").is_some()) {
        return format!("{}.polarity == '{word}'", axis.name);
    }
    let names: Vec<String> = axis
        .values
        .iter()
        .zip(polarities)
        .filter(|(_, polarity)| **polarity == Some(wanted))
        .map(|(value, _)| literal(value.name()))
        .collect();
    match names.as_slice() {
        [one] => format!("{}.name == {one}", axis.name),
        several => format!("{}.name in [{}]", axis.name, several.join(", ")),
    }
}
