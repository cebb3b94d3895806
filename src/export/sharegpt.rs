//! ShareGPT's conversations.

use serde_json::{Value, json};

use super::exchange::Exchange;
use super::factory::Shape;

pub const SHAPE: Shape = Shape {
    formatting: "sharegpt",
    of: conversation,
    columns: &[("messages", "conversations")],
    tags: &[("role_tag", "from"), ("content_tag", "value"), ("user_tag", "human"), ("assistant_tag", "gpt")],
};

fn conversation(exchange: Exchange) -> Value {
    let question = exchange.question();
    let mut row = json!({
        "conversations": [
            { "from": "human", "value": question },
            { "from": "gpt", "value": exchange.answer },
        ],
    });
    if let Some(system) = exchange.system {
        row["system"] = system.into();
    }
    row
}
