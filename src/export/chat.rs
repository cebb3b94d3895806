//! Chats: a system message where there is one, a question, an answer.

use serde::Serialize;

use super::exchange::Exchange;

#[derive(Serialize)]
pub struct Chat {
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

/// The shape that TRL, Axolotl, Unsloth, MLX-LM and OpenAI's fine-tuning take alike.
pub fn messages(exchange: Exchange) -> Chat {
    let question = exchange.question();
    let system = exchange.system.map(|content| Message { role: "system", content });
    let rest = [
        Message { role: "user", content: question },
        Message { role: "assistant", content: exchange.answer },
    ];
    Chat { messages: system.into_iter().chain(rest).collect() }
}
