//! What a server says of itself: probed, not assumed.

use std::time::Duration;

use serde::Deserialize;

use super::error::{ClientError, ErrorClass};
use super::http::{Client, late};
use crate::config::diagnostic::did_you_mean;
use crate::fingerprint::{Identity, plain_name};

/// More slots than any server has; as many places are made.
const MOST_SLOTS: u32 = 4096;

/// A server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub identity: Identity,
    /// Names under which the server offers its model.
    pub names: Vec<String>,
    pub slots: Option<u32>,
    /// Tokens of context in one slot.
    pub context: Option<u32>,
}

#[derive(Deserialize)]
struct Models {
    #[serde(default)]
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    owned_by: Option<String>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(default)]
    n_params: u64,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    n_vocab: u64,
    #[serde(default)]
    ftype: Option<String>,
}

#[derive(Deserialize, Default)]
struct Props {
    #[serde(default)]
    total_slots: Option<u32>,
    #[serde(default)]
    model_path: Option<String>,
    #[serde(default)]
    model_ftype: Option<String>,
    #[serde(default)]
    chat_template: Option<String>,
    #[serde(default)]
    default_generation_settings: Option<GenerationSettings>,
}

#[derive(Deserialize)]
struct GenerationSettings {
    #[serde(default)]
    n_ctx: Option<u32>,
}

#[derive(Deserialize)]
struct Adapter {
    path: String,
    #[serde(default)]
    scale: f64,
}

impl Client {
    /// Asks the server what model it serves, in so long a time at most, however many pages tell. `wanted` is the model's
    /// name in the config.
    ///
    /// # Errors
    /// As of any request, and `NotFound` where the server has another model than wanted, or several
    /// and none is wanted.
    pub async fn probe(&self, wanted: Option<&str>, timeout: Duration) -> Result<Probe, ClientError> {
        let looked = tokio::time::timeout(timeout, self.look(wanted, timeout)).await;
        looked.unwrap_or_else(|_| Err(late(timeout)))
    }

    async fn look(&self, wanted: Option<&str>, timeout: Duration) -> Result<Probe, ClientError> {
        let models = match self.get("/v1/models", timeout).await {
            Ok(text) => parse::<Models>(&text, "/v1/models")?,
            // Not every server lists its models; then the config's word is all there is.
            Err(error) if error.class == ErrorClass::NotFound && wanted.is_some() => {
                Models { data: Vec::new() }
            }
            Err(error) => return Err(error),
        };
        let is_llama = |model: &&Model| model.owned_by.as_deref() == Some("llamacpp") || model.meta.is_some();
        // A server of several models lists them all.
        let called =
            |model: &&Model| wanted.is_some_and(|wanted| plain_name(&model.id) == plain_name(wanted));
        let llama = models.data.iter().filter(is_llama).find(called);
        let llama = llama.or_else(|| models.data.iter().find(is_llama));
        match llama {
            Some(model) => self.probe_llama(model, timeout).await,
            None => named(&models, wanted),
        }
    }

    async fn probe_llama(&self, model: &Model, timeout: Duration) -> Result<Probe, ClientError> {
        // Some builds list their model while it still loads; `/health` tells.
        self.get("/health", timeout).await.map(drop).or_else(|error| match error.class {
            ErrorClass::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let props = match self.get("/props", timeout).await {
            Ok(text) => parse::<Props>(&text, "/props")?,
            Err(error) if has_no_such_page(&error) => Props::default(),
            Err(error) => return Err(error),
        };
        let adapters = match self.get("/lora-adapters", timeout).await {
            Ok(text) => parse::<Vec<Adapter>>(&text, "/lora-adapters")?,
            Err(error) if has_no_such_page(&error) => Vec::new(),
            Err(error) => return Err(error),
        };
        if model.meta.is_none() {
            return Err(ClientError::new(ErrorClass::Loading, "it does not tell of its model yet"));
        }
        let meta = model.meta.as_ref();
        let path = props.model_path.unwrap_or_else(|| model.id.clone());
        let identity = Identity::LlamaCpp {
            file: file_name(&path).to_owned(),
            parameters: meta.map_or(0, |meta| meta.n_params),
            size: meta.map_or(0, |meta| meta.size),
            vocabulary: meta.map_or(0, |meta| meta.n_vocab),
            quantisation: props.model_ftype.or_else(|| meta.and_then(|meta| meta.ftype.clone())),
            chat_template: props.chat_template.map(|text| blake3::hash(text.as_bytes()).to_hex().to_string()),
            adapters: adapters
                .iter()
                .filter(|adapter| adapter.scale != 0.0)
                .map(|adapter| format!("{}@{}", file_name(&adapter.path), adapter.scale))
                .collect(),
        };
        let mut names = vec![model.id.clone(), file_name(&path).to_owned()];
        names.extend(model.aliases.iter().cloned());
        Ok(Probe {
            identity,
            names,
            slots: props.total_slots.map(|slots| slots.clamp(1, MOST_SLOTS)),
            context: props.default_generation_settings.and_then(|settings| settings.n_ctx),
        })
    }
}

/// The server does not have the page, or it is switched off.
fn has_no_such_page(error: &ClientError) -> bool {
    error.class == ErrorClass::NotFound || error.status == Some(501)
}

fn named(models: &Models, wanted: Option<&str>) -> Result<Probe, ClientError> {
    let names: Vec<String> = models.data.iter().map(|model| model.id.clone()).collect();
    let name = match (wanted, names.as_slice()) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, [only]) => only.clone(),
        (None, names) => {
            let some: Vec<_> = names.iter().take(8).map(String::as_str).collect();
            return Err(ClientError::new(
                ErrorClass::NotFound,
                format!(
                    "the server offers {} models ({}): say which in `model`",
                    names.len(),
                    some.join(", ")
                ),
            ));
        }
    };
    Ok(Probe { identity: Identity::Named { name }, names, slots: None, context: None })
}

/// Holds the model that the config asserts against what the server offers.
///
/// A path, a `.gguf` ending and a `:latest` tag make no difference.
///
/// # Errors
/// What the server has instead.
pub fn check_model(probe: &Probe, wanted: &str) -> Result<(), String> {
    let offers = |name: &String| name == wanted || plain_name(name) == plain_name(wanted);
    if probe.names.is_empty() || probe.names.iter().any(offers) {
        return Ok(());
    }
    let near = did_you_mean(wanted, probe.names.iter().map(String::as_str));
    Err(match near {
        Some(near) => format!("it has no model `{wanted}`; did you mean `{near}`?"),
        None => {
            let mut names: Vec<_> = probe.names.iter().map(|name| file_name(name)).collect();
            names.dedup();
            let more = names.len().saturating_sub(8);
            names.truncate(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("the config says model `{wanted}`, and it serves `{}`{more}", names.join("`, `"))
        }
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str, page: &str) -> Result<T, ClientError> {
    serde_json::from_str(text).map_err(|error| wrong(page, &error))
}

fn wrong(page: &str, error: &serde_json::Error) -> ClientError {
    let message = format!("its `{page}` is not that of an OpenAI-compatible server: {error}");
    ClientError::new(ErrorClass::NotFound, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asserted_model_is_compared_by_its_plain_name() {
        let probe = |names: &[&str]| Probe {
            identity: Identity::Named { name: "x".into() },
            names: names.iter().map(|name| name.to_string()).collect(),
            slots: None,
            context: None,
        };
        assert!(check_model(&probe(&["/models/Qwen3-8B.gguf"]), "qwen3-8b").is_ok());
        assert!(check_model(&probe(&["llama3:latest"]), "llama3").is_ok());
        assert!(check_model(&probe(&[]), "anything").is_ok());
        let error = check_model(&probe(&["gpt-4o", "gpt-4o-mini"]), "gpt-4o-mni").unwrap_err();
        assert!(error.contains("did you mean `gpt-4o-mini`"), "{error}");
    }
}
