//! A prompt and its completion, for models that know no chat.

use serde::Serialize;

use super::exchange::Exchange;

#[derive(Serialize)]
pub struct Pair {
    prompt: String,
    completion: String,
}

/// The prompt ends with a word and a colon, and the completion begins with a blank: with either
/// otherwise, tokenizers cut the two joined in other places than the two apart.
pub fn pair(exchange: Exchange) -> Pair {
    let question = exchange.question();
    let system = exchange.system.map(|system| format!("{system}\n\n")).unwrap_or_default();
    Pair {
        prompt: format!("{system}{question}\n\n{}:", exchange.of.asked_for()),
        completion: format!(" {}", exchange.answer),
    }
}
