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
