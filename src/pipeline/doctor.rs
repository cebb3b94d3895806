//! Looks at an endpoint before a night is spent on it; every finding comes with its mend.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::connect::{Line, UNKNOWN, connect_one, is_unknown};
use super::forecast::count_tokens;
use super::{Opened, RunError};
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::client::Client;
use crate::config::resolved::{Endpoint, Format, Slots};
use crate::dataset::{Models, Recipe};
use crate::fingerprint::Message;
use crate::report::{Watcher, count, thousands};
use crate::store::EndpointMemory;

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grade: Grade,
    pub what: String,
    /// What to do about it; empty where it is good.
    pub mend: String,
}

/// Prompts that are counted by the server: the longest, as far as characters tell.
const COUNTED: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

fn finding(grade: Grade, what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { grade, what: what.into(), mend: mend.into() }
}

/// Looks at each endpoint of a config: which model, slots, context, schema, thinking, speed.
///
/// Sends a few short requests, which are not stored.
///
/// # Errors
/// An only endpoint that cannot be reached at all.
pub async fn examine(opened: &Opened, watcher: &(dyn Watcher + Sync)) -> Result<Vec<Finding>, RunError> {
    let endpoints = &opened.recipe.config.endpoints;
    if let [only] = endpoints.as_slice() {
        return examine_one(opened, only, watcher).await;
    }
    let mut out = Vec::new();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let found = match examine_one(opened, endpoint, watcher).await {
            Ok(found) => found,
            Err(error) => {
                let mut found = vec![finding(Grade::Bad, error.of_its_endpoint(), error.advice())];
                if is_unknown(&opened.recipe.config, index)? {
                    let mend = format!("write what it will serve: `endpoints.{}.model`", endpoint.name);
                    found.push(finding(Grade::Bad, format!("it was never seen; {}", UNKNOWN), mend));
                }
                found
            }
        };
        let named =
            |finding: Finding| Finding { what: format!("{}: {}", endpoint.name, finding.what), ..finding };
        out.extend(found.into_iter().map(named));
    }
    Ok(out)
}

async fn examine_one(
    opened: &Opened,
    endpoint: &Endpoint,
    watcher: &(dyn Watcher + Sync),
) -> Result<Vec<Finding>, RunError> {
    let recipe = &opened.recipe;
    let Line { client, memory, managed, .. } = connect_one(&recipe.config, endpoint, watcher).await?;
    let mut out = vec![finding(Grade::Good, format!("{} answers", client.base()), "")];
    out.push(model(&memory));
    out.push(slots(endpoint, &memory, recipe.config.response.n));
    if embeds(recipe, endpoint) {
        out.push(embedding(recipe, &client, &memory).await);
        if only_embeds(recipe, endpoint) {
            if let Some(managed) = managed {
                managed.stop().await;
            }
            return Ok(out);
        }
    }
    out.extend(context(recipe, &client, &memory).await);
    out.extend(speed(&client, &memory).await);
    if recipe.config.response.format == Format::Json {
        out.push(schema(&client, &memory).await);
    }
    if let Some(managed) = managed {
        managed.stop().await;
    }
    Ok(out)
}

/// Whether an endpoint is asked what texts mean.
fn embeds(recipe: &Recipe, endpoint: &Endpoint) -> bool {
    let config = &recipe.config;
    let mut of = config.dedup.semantic.iter().flat_map(|semantic| &semantic.endpoints);
    of.any(|of| config.endpoints[*of].name == endpoint.name)
}

/// Whether an endpoint that embeds is asked for nothing else.
fn only_embeds(recipe: &Recipe, endpoint: &Endpoint) -> bool {
    let config = &recipe.config;
    let of_judges = config.checks.judges.iter().map(|judge| &judge.endpoints);
    let of_prompts = config.prompt.user.iter().map(|variant| &variant.endpoints);
    let of_values = config.axes.iter().flat_map(|axis| &axis.values).map(|value| &value.endpoints);
    let mut named = of_judges.chain(of_prompts).chain(of_values).flatten().flatten();
    endpoint.weight == 0.0 && named.all(|of| config.endpoints[*of].name != endpoint.name)
}

/// One short text embedded.
async fn embedding(recipe: &Recipe, client: &Client, memory: &EndpointMemory) -> Finding {
    let models = Models::new(&recipe.config, &vec![memory.identity.clone(); recipe.config.endpoints.len()]);
    let Some(ask) = recipe.embedding_ask(&models, "The weather is fine today.") else {
        return finding(Grade::Good, "nothing is to be embedded", "");
    };
    let said = match client.ask(ask.route(), ask.body(), PATIENCE).await {
        Ok(raw) => Embedding::parse(&raw),
        Err(error) => Err(error.to_string()),
    };
    match said {
        Ok(embedding) => {
            let dimensions = embedding.direction().dimensions();
            finding(Grade::Good, format!("it embeds texts in {dimensions} dimensions"), "")
        }
        Err(why) => finding(
            Grade::Bad,
            format!("it embeds no text: {why}"),
            "start llama.cpp with `--embeddings` and a model that was trained for it, or name another endpoint in `dedup.semantic.model`",
        ),
    }
}

fn model(memory: &EndpointMemory) -> Finding {
    let name = memory.identity.display_name();
    match memory.identity.is_llama_cpp() {
        true => finding(Grade::Good, format!("its model is {name}"), ""),
        false => finding(
            Grade::Warning,
            format!("its model is called {name}, and it tells no more of it"),
            "if another model is put behind that name, emogrid cannot notice",
        ),
    }
}

fn slots(endpoint: &Endpoint, memory: &EndpointMemory, n: u32) -> Finding {
    if memory.identity.is_llama_cpp()
        && let Some(has) = memory.slots.filter(|has| *has < n)
    {
        return finding(
            Grade::Bad,
            format!(
                "it has {}, and `response.n: {n}` takes as many for each request",
                count(has.into(), "slot")
            ),
            "ask for fewer, or for several `items` in one answer, or start it with a larger `-np`",
        );
    }
    let wanted = match endpoint.slots {
        Slots::Auto => None,
        Slots::Exactly(slots) | Slots::Between(_, slots) => Some(slots),
    };
    match (wanted, memory.slots) {
        (Some(wanted), Some(has)) if wanted > has => finding(
            Grade::Warning,
            format!("it has {}, and the config asks {wanted} at a time", count(has.into(), "slot")),
            "the rest waits in the server's queue: `slots: auto`, or start it with a larger `-np`",
        ),
        (Some(wanted), _) => {
            finding(Grade::Good, format!("{wanted} requests at a time, as the config says"), "")
        }
        (None, Some(1)) => finding(
            Grade::Warning,
            "it has one slot",
            "several share each step of the model: start it with `-np 4` and a context four times as large",
        ),
        (None, Some(has)) => finding(Grade::Good, format!("it has {}", count(has.into(), "slot")), ""),
        (None, None) => finding(
            Grade::Warning,
            "it does not tell how many requests it takes at a time; from 1 to 16 will be tried",
            "set `slots` in the endpoint to what it can do, or to `[least, most]`",
        ),
    }
}

/// The longest prompts as the server counts them, against what one slot holds.
async fn context(recipe: &Recipe, client: &Client, memory: &EndpointMemory) -> Option<Finding> {
    let holds = memory.context?;
    let mut prompts: Vec<(usize, Vec<Message>)> = Vec::new();
    for cell in 0..recipe.grid.size() {
        let Ok((messages, _)) = recipe.messages(cell, 0) else { continue };
        let length = messages.iter().map(|message| message.content.len()).sum();
        prompts.push((length, messages));
        if prompts.len() > 4 * COUNTED {
            prompts.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
            prompts.truncate(COUNTED);
        }
    }
    prompts.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    prompts.truncate(COUNTED);
    let mut longest = 0;
    for (_, messages) in &prompts {
        longest = longest.max(count_tokens(client, messages).await?);
    }
    let needs = longest + u64::from(recipe.config.sampling.max_tokens);
    let said = format!(
        "the longest prompt has {} tokens, with max_tokens {}; a slot holds {}",
        thousands(longest),
        thousands(needs),
        thousands(holds.into())
    );
    Some(match needs <= u64::from(holds) {
        true => finding(Grade::Good, said, ""),
        false => finding(
            Grade::Bad,
            said,
            "answers will be cut or refused: start the server with a larger `-c` (it is shared by the slots), or shorten the prompt",
        ),
    })
}

fn short_request(memory: &EndpointMemory, text: &str, max_tokens: u32, schema: Option<Value>) -> String {
    let mut body = json!({
        "model": memory.identity.display_name(),
        "messages": [{ "role": "user", "content": text }],
        "max_tokens": max_tokens,
        "temperature": 0.0,
        "stream": false,
    });
    if let Some(schema) = schema {
        body["response_format"] = json!({ "type": "json_schema", "json_schema": { "name": "canary", "strict": true, "schema": schema } });
    }
    body.to_string()
}

/// One short answer: how fast it comes, and whether the model thinks before it.
async fn speed(client: &Client, memory: &EndpointMemory) -> Vec<Finding> {
    let began = Instant::now();
    let body = short_request(memory, "Write one sentence about the weather.", 48, None);
    let raw = match client.chat(body, PATIENCE).await {
        Ok(raw) => raw,
        Err(error) => {
            return vec![finding(
                Grade::Bad,
                format!("a short request fails: {error}"),
                "look at the server's log",
            )];
        }
    };
    let seconds = began.elapsed().as_secs_f64().max(0.001);
    let Ok(answer) = Answer::parse(&raw) else {
        return vec![finding(
            Grade::Bad,
            "it answers with something that is no chat completion",
            "look at `url`",
        )];
    };
    let mut out = Vec::new();
    if answer.choices.iter().any(|choice| choice.reasoning().is_some()) {
        out.push(finding(
            Grade::Warning,
            "the model thinks before it answers, which costs tokens and time",
            "switch it off: `sampling.extra: { chat_template_kwargs: { enable_thinking: false } }`, or raise `max_tokens`",
        ));
    }
    if let Some(usage) = answer.usage {
        let rate = usage.completion_tokens as f64 / seconds;
        out.push(finding(Grade::Good, format!("a short answer comes at {rate:.0} tokens/s, alone"), ""));
    }
    out
}

/// A request whose only legal answer is one that no model would give.
async fn schema(client: &Client, memory: &EndpointMemory) -> Finding {
    let canary = "qzx-7141";
    let body = short_request(memory, "What is the capital of France?", 32, Some(json!({ "enum": [canary] })));
    let said = match client.chat(body, PATIENCE).await {
        Ok(raw) => raw,
        Err(error) => {
            return finding(
                Grade::Bad,
                format!("it refuses a request with a JSON Schema: {error}"),
                "use a server that can hold answers to a schema, or `response.format: text`",
            );
        }
    };
    let answer = Answer::parse(&said).ok();
    let content =
        answer.as_ref().and_then(|answer| answer.choices.first()).map_or("", |choice| choice.content());
    match serde_json::from_str::<String>(content.trim()).is_ok_and(|text| text == canary) {
        true => finding(Grade::Good, "it holds answers to the JSON Schema", ""),
        false => finding(
            Grade::Bad,
            "it does not hold answers to the JSON Schema",
            "answers outside the schema will be rejected: use a server that can, or `response.format: text`",
        ),
    }
}
