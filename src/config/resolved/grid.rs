//! Axes, rules, and how many rows each cell gets.

use super::super::diagnostic::Span;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

#[derive(Debug, Clone, Serialize)]
pub struct Axis {
    pub name: String,
    pub label: bool,
    pub values: Vec<AxisValue>,
    #[serde(skip)]
    pub at: Option<Span>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AxisValue {
    pub name: String,
    pub attributes: Map<String, Value>,
    /// The endpoints that its attribute `model` means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    Positive,
    Negative,
}

impl AxisValue {
    /// An attribute says it, or else the name.
    pub fn polarity(&self) -> Option<Polarity> {
        let said = self.attributes.get("polarity").and_then(Value::as_str);
        match said.unwrap_or(&self.name) {
            "positive" => Some(Polarity::Positive),
            "negative" => Some(Polarity::Negative),
            _ => None,
        }
    }
}

/// One item of `exclude` or `only`: all of its parts must match.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// By axis: the values that match, as indices.
    pub values: Vec<(usize, Vec<usize>)>,
    #[serde(rename = "if")]
    pub condition: Option<String>,
    #[serde(skip)]
    pub at: Option<Span>,
    #[serde(skip)]
    pub condition_at: Option<Span>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Samples {
    #[serde(flatten)]
    pub amount: Amount,
    /// `None`: by the cell that wants most.
    pub max_asks: Option<u32>,
    #[serde(skip)]
    pub max_asks_at: Option<Span>,
    pub allow_short: f64,
    /// Whether the config says what is to be balanced, be it nothing.
    #[serde(skip)]
    pub balance_said: bool,
}

impl Samples {
    /// Rows that may be missing of so many; a share that is a hair below a whole number is taken for it: 0.29 of 100
    /// are 29.
    pub fn may_lack(&self, wanted: u64) -> u64 {
        (wanted as f64 * self.allow_short + 1e-9).floor() as u64
    }
}

/// How many rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    PerCell {
        per_cell: u32,
    },
    /// Shared out by weight; the axes named are balanced.
    Total {
        total: u64,
        balance: Vec<usize>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_number_is_as_one_reckons_by_hand() {
        for (wanted, allow_short, expected) in [
            (100, 0.29, 29),
            (100, 0.1, 10),
            (1000, 0.57, 570),
            (7, 0.5, 3),
            (0, 0.3, 0),
            (10, 0.19, 1),
            (3, 1.0, 3),
        ] {
            let amount = Amount::PerCell { per_cell: 1 };
            let samples =
                Samples { amount, max_asks: None, max_asks_at: None, allow_short, balance_said: false };
            assert_eq!(samples.may_lack(wanted), expected, "{allow_short} of {wanted}");
        }
    }
}
