//! Asks that can only repeat an answer.

use super::Recipe;
use crate::config::Diagnostic;

/// How many cells and how many asks of each are looked at.
const CELLS: usize = 20;
const ASKS: u32 = 6;

/// Parameters that make sampling random whatever the temperature.
const RANDOM: &[&str] = &["dynatemp_range", "mirostat"];

/// Warns where the likeliest token is always taken and asks of a cell have one prompt.
pub fn repeats(recipe: &Recipe) -> Option<Diagnostic> {
    let (config, quotas) = (&recipe.config, &recipe.quotas);
    let sampling = &config.sampling;
    let at = sampling.greedy_at?;
    // Several models answer differently.
    if config.endpoints.len() > 1 || RANDOM.iter().any(|key| sampling.extra.contains_key(*key)) {
        return None;
    }
    let why = if sampling.temperature == 0.0 { "temperature 0" } else { "`top_k: 1`" };
    let mend =
        if sampling.temperature == 0.0 { "raise `sampling.temperature`" } else { "raise `sampling.top_k`" };
    let found = |message: String| Diagnostic::warning("repeats", message).at(at);
    if config.response.n > 1 {
        let message = format!("with {why} all {} answers to a request are the same", config.response.n);
        return Some(found(message).help(format!("{mend}, or leave out `response.n`")));
    }
    let asks = quotas.max_asks.min(ASKS);
    let cells = recipe.grid.size();
    let step = cells.div_ceil(CELLS).max(1);
    let varies = |cell: usize| {
        let text = |ask| recipe.messages(cell, ask).ok().map(|(messages, _)| messages);
        let first = text(0);
        (1..asks).any(|ask| text(ask) != first)
    };
    if asks < 2 || (0..cells).step_by(step).any(varies) {
        return None;
    }
    let most = quotas.most_rows();
    let enough = most <= config.candidates_per_ask();
    let mut help =
        format!("{mend}, or let the prompt vary: `pick` from a list, `{{{{ ask }}}}`, or several variants");
    if enough {
        help.push_str("; `samples.max_asks: 1` asks just once");
    }
    let message =
        format!("with {why} every ask of a cell gets the same answer: its prompt does not vary either");
    Some(found(message).help(help))
}
