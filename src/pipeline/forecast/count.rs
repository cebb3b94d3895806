//! How many tokens prompts have, by the server's own count.

use std::time::Duration;

use serde_json::{Value, json};

use super::Prospect;
use crate::client::{Client, ClientError, ErrorClass};
use crate::config::resolved::Server;
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe};
use crate::fingerprint::{Message, PROMPT};
use crate::model::Fingerprint;
use crate::pipeline::RunError;
use crate::pipeline::connect::{self, Known};
use crate::store::{Reader, StoreDir, Writer};

/// How long counting may take; what was counted by then is enough.
const TIME: Duration = Duration::from_secs(1);

/// The tokens of a sample of the prompts that are to be asked: remembered where they were counted
/// before, else counted by a llama.cpp server that is up, and remembered.
///
/// A fingerprint is of one model, so a count is found again only for the same one.
///
/// # Errors
/// A store that cannot be read, and a template that fails. A server that does not count, and a
/// folder that cannot be written, are no errors.
pub async fn prompt_tokens(
    recipe: &Recipe,
    prospect: &Prospect<'_>,
    models: &Models,
    known: &Known,
    reader: Option<&Reader>,
) -> Result<Vec<(Demand, u64)>, RunError> {
    let chosen = prospect.prompts.items();
    let fingerprints: Vec<Fingerprint> = chosen.keys().copied().collect();
    let mut counted = match reader {
        Some(reader) => reader.prompt_tokens(&fingerprints)?,
        None => Default::default(),
    };
    let missing: Vec<Demand> =
        chosen.values().filter(|demand| !counted.contains_key(&demand.fingerprint)).copied().collect();
    if known.seen && !missing.is_empty() {
        let fresh = ask_servers(recipe, models, &missing).await?;
        if !fresh.is_empty() {
            remember(recipe, known, &fresh);
        }
        counted.extend(fresh);
    }
    let of = |demand: &Demand| Some((*demand, *counted.get(&demand.fingerprint)?));
    Ok(chosen.values().filter_map(of).collect())
}

/// Keeps counts, and what was seen of the model, without which they are not found again.
fn remember(recipe: &Recipe, known: &Known, counted: &[(Fingerprint, u64)]) {
    let dir = StoreDir::new(recipe.config.project.store());
    // A plan before any run leaves nothing behind.
    if !dir.exists() {
        return;
    }
    let kept = Writer::open(&dir, |_| {}).and_then(|writer| {
        for (endpoint, memory) in recipe.config.endpoints.iter().zip(&known.memories) {
            writer.endpoint(&super::address(endpoint), memory)?;
        }
        writer.prompt_tokens(counted)
    });
    if let Err(error) = kept {
        // They can be counted again.
        tracing::debug!("counts of prompts are not kept: {error}");
    }
}

async fn ask_servers(
    recipe: &Recipe,
    models: &Models,
    demands: &[Demand],
) -> Result<Vec<(Fingerprint, u64)>, RunError> {
    // By model: the way to a llama.cpp server of the user's that has it.
    let clients: Vec<Option<Client>> = models
        .list()
        .iter()
        .map(|model| {
            let ends = model.endpoints.iter().map(|endpoint| &recipe.config.endpoints[*endpoint]);
            let mut ends = ends.filter(|_| model.identity.is_llama_cpp());
            ends.find_map(|endpoint| match &endpoint.server {
                Server::Url(url) => connect::client(endpoint, url).ok(),
                Server::Managed(_) => None,
            })
        })
        .collect();
    let mut out = Vec::new();
    // One after the other, over one connection: llama.cpp keeps a thread for each that is open, and
    // has few more than slots.
    let all = async {
        for demand in demands {
            let Some(client) = &clients[models.of(recipe, demand.cell, demand.ask)] else { continue };
            let (messages, _) = recipe.messages(demand.cell, demand.ask)?;
            match count(client, &messages).await {
                Some(tokens) => out.push((demand.fingerprint, tokens)),
                None => break,
            }
        }
        Ok(())
    };
    match tokio::time::timeout(TIME, all).await {
        Ok(done) => done.map(|()| out),
        // What came in time counts.
        Err(_) => Ok(out),
    }
}

/// Tokens of one prompt: by the page for it, or where that is not there by template and tokens.
pub async fn count(client: &Client, messages: &[Message]) -> Option<u64> {
    let number =
        |page: Result<String, ClientError>| -> Option<Value> { serde_json::from_str(&page.ok()?).ok() };
    let prompt = match messages {
        [prompt] if prompt.role == PROMPT => prompt.content.clone(),
        messages => {
            let body = json!({ "messages": messages }).to_string();
            match client.post("/v1/chat/completions/input_tokens", body.clone(), TIME).await {
                Err(error) if error.class == ErrorClass::NotFound => {}
                page => return number(page)?.get("input_tokens")?.as_u64(),
            }
            let rendered = client.post("/apply-template", body, TIME).await;
            number(rendered)?.get("prompt")?.as_str()?.to_owned()
        }
    };
    let body = json!({ "content": prompt, "add_special": true, "parse_special": true }).to_string();
    let tokens = number(client.post("/tokenize", body, TIME).await)?;
    Some(tokens.get("tokens")?.as_array()?.len() as u64)
}
