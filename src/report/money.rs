//! What runs spend, in the unit in which the config gives prices: whatever that is, it stands nowhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{count, thousands};
use crate::model::Noted;

/// Digits of a figure that count.
const DIGITS: i32 = 4;

/// An amount with the digits that count, at least to the hundredth: `1,234.50`, `2.50`, `0.0123`, `0.00004567`.
pub fn money(amount: f64) -> String {
    if amount == 0.0 || !amount.is_finite() {
        return format!("{amount}");
    }
    let decimals = decimals(amount);
    let text = format!("{:.decimals$}", amount.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = match part.trim_end_matches('0') {
        short if short.len() < 2 => &part[..2],
        part => part,
    };
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    format!("{}{whole}.{part}", if amount < 0.0 { "-" } else { "" })
}

/// The same, never less than the amount: for what a limit must have room for.
pub fn money_at_least(amount: f64) -> String {
    let step = 10f64.powi(-(decimals(amount) as i32));
    let told = (amount / step).round() * step;
    // A hair's breadth, as a budget allows for sums of fractions.
    money(if told < amount * (1.0 - 1e-10) { told + step } else { told })
}

/// Decimals that an amount is told with.
fn decimals(amount: f64) -> usize {
    // Of an amount such as 0.0099996 the rounding moves the first digit.
    (DIGITS - 1 - rounded(amount, DIGITS).abs().max(1e-300).log10().floor() as i32).max(2) as usize
}

/// An amount with so many digits that count.
fn rounded(amount: f64, digits: i32) -> f64 {
    format!("{amount:.*e}", (digits - 1).max(0) as usize).parse().unwrap_or(amount)
}

/// An amount for machines, without the noise that sums of fractions end with.
pub fn plain(amount: f64) -> f64 {
    // A sum of nothing is −0.
    rounded(amount, 12) + 0.0
}

/// What a run spent by the `price` of its endpoints: just what `run.max_cost` holds to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    pub all: f64,
    /// The part of it that nobody told of: such requests count with the most that they may cost.
    pub untold: f64,
    /// By endpoint with a price.
    pub by_endpoint: BTreeMap<String, f64>,
}

impl Spending {
    /// In one line: `0.0123 (cloud 0.01, other 0.0023), 0.0004 of it at the most since nobody told`.
    pub fn text(&self) -> String {
        let mut out = money(self.all);
        let each: Vec<_> = self.by_endpoint.iter().filter(|(_, cost)| **cost > 0.0).collect();
        if each.len() > 1 {
            let each: Vec<_> = each.iter().map(|(name, cost)| format!("{name} {}", money(**cost))).collect();
            out.push_str(&format!(" ({})", each.join(", ")));
        }
        if self.untold > 0.0 {
            out.push_str(&format!(", {} of it at the most since nobody told", money(self.untold)));
        }
        out
    }
}

/// What a run brought, in a line: `12 answers stored, 480 prompt and 84 completion tokens, cost 0.01`.
pub fn noted_text(noted: &Noted) -> String {
    let Noted { answers, prompt_tokens, completion_tokens, cost } = *noted;
    format!(
        "{} stored, {} prompt and {} completion tokens{}",
        count(answers, "answer"),
        thousands(prompt_tokens),
        thousands(completion_tokens),
        cost.map_or_else(String::new, |cost| format!(", cost {}", money(cost)))
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_have_the_digits_that_count() {
        for (amount, says) in [
            (0.0, "0"),
            (2.5, "2.50"),
            (10.0, "10.00"),
            (12.345, "12.35"),
            (99.996, "100.00"),
            (1_234.5, "1,234.50"),
            (1_234_567.891, "1,234,567.89"),
            (0.1, "0.10"),
            (1.0000001, "1.00"),
            (0.0123, "0.0123"),
            (0.012_345_6, "0.01235"),
            (0.009_999_6, "0.01"),
            (0.000_045_67, "0.00004567"),
            (0.1 + 0.2, "0.30"),
            (1e-9, "0.000000001"),
        ] {
            assert_eq!(money(amount), says, "{amount}");
        }
        assert_eq!(plain(0.1 + 0.2), 0.3);
        assert_eq!(plain(0.0), 0.0);
    }

    proptest! {
        #[test]
        fn no_amount_is_told_wrong(amount in 1e-12..1e12f64) {
            let told: f64 = money(amount).replace(',', "").parse().unwrap();
            prop_assert!((told - amount).abs() <= (amount * 0.000_51).min(0.005_001) + amount * 1e-9, "{amount}: {told}");
            let most: f64 = money_at_least(amount).replace(',', "").parse().unwrap();
            prop_assert!(most >= amount * (1.0 - 1e-9), "{amount}: {most}");
            prop_assert!(most - amount <= (amount * 0.001_1).min(0.010_001) + amount * 1e-9, "{amount}: {most}");
        }
    }
}
