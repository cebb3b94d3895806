//! Stanford Alpaca's columns.

use serde_json::{Value, json};

use super::exchange::Exchange;
use super::factory::Shape;

pub const SHAPE: Shape = Shape {
    formatting: "alpaca",
    of: instruction,
    columns: &[("prompt", "instruction"), ("query", "input"), ("response", "output")],
    tags: &[],
};

fn instruction(exchange: Exchange) -> Value {
    let mut row = json!({
        "instruction": exchange.instruction,
        "input": exchange.input,
        "output": exchange.answer,
    });
    if let Some(system) = exchange.system {
        row["system"] = system.into();
    }
    row
}
