//! What a server says of itself: probed, not assumed.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

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

/// A list of models, in the envelope that OpenAI's API gives it or without.
#[derive(Deserialize)]
#[serde(untagged)]
enum Models {
    Enveloped {
        #[serde(default)]
        data: Option<Vec<Model>>,
    },
    Bare(Vec<Model>),
}

impl Models {
    fn list(self) -> Vec<Model> {
        match self {
            Models::Enveloped { data } => data.unwrap_or_default(),
            Models::Bare(models) => models,
        }
    }
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
    /// Whether it is loaded, as llama.cpp's router tells of each of its models.
    #[serde(default)]
    status: Option<IgnoredAny>,
}

impl Model {
    fn is_called(&self, wanted: &str) -> bool {
        let wanted = plain_name(wanted);
        self.names().any(|name| plain_name(name) == wanted)
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.id).chain(&self.aliases)
    }
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
        // Not every server lists its models, or lists them so that one can read it; then the config's word is all
        // there is.
        let models =
            match self.get("/v1/models", timeout).await.and_then(|text| parse::<Models>(&text, "/v1/models"))
            {
                Ok(models) => models.list(),
                Err(error) if error.class == ErrorClass::NotFound && wanted.is_some() => Vec::new(),
                Err(error) => return Err(error),
            };
        if models.iter().any(|model| model.status.is_some()) {
            return self.probe_router(&models, wanted, timeout).await;
        }
        let is_llama = |model: &&Model| model.owned_by.as_deref() == Some("llamacpp") || model.meta.is_some();
        // A server of several models lists them all.
        let called = |model: &&Model| wanted.is_some_and(|wanted| model.is_called(wanted));
        let llama = models.iter().filter(is_llama).find(called);
        let llama = llama.or_else(|| models.iter().find(is_llama));
        match llama {
            Some(model) => self.probe_llama(model, timeout).await,
            None => named(&models, wanted),
        }
    }

    /// llama.cpp's router starts a server for each model that is asked for, and hands requests on by the name in
    /// them. So that name is its identity; what it tells beside is read where its server runs already, since a look
    /// starts none.
    async fn probe_router(
        &self,
        models: &[Model],
        wanted: Option<&str>,
        timeout: Duration,
    ) -> Result<Probe, ClientError> {
        let called = wanted.and_then(|wanted| models.iter().find(|model| model.is_called(wanted)));
        let mut probe = named(models, called.map(|model| model.id.as_str()).or(wanted))?;
        if let Identity::Named { name } = &probe.identity {
            let page = format!("/props?autoload=false&model={}", escaped(name));
            let props = self.get(&page, timeout).await.ok();
            let props = props.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            (probe.slots, probe.context) = room(&props);
        }
        Ok(probe)
    }

    async fn probe_llama(&self, model: &Model, timeout: Duration) -> Result<Probe, ClientError> {
        // Some builds list their model while it still loads; `/health` tells.
        self.get("/health", timeout).await.map(drop).or_else(|error| match has_no_such_page(&error) {
            true => Ok(()),
            false => Err(error),
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
        let (slots, context) = room(&props);
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
        Ok(Probe { identity, names, slots, context })
    }
}

/// The slots that a server has, and the tokens of context in one.
fn room(props: &Props) -> (Option<u32>, Option<u32>) {
    let context = props.default_generation_settings.as_ref().and_then(|settings| settings.n_ctx);
    (props.total_slots.map(|slots| slots.clamp(1, MOST_SLOTS)), context)
}

/// A text as it may stand in a query.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The server does not have the page, it is switched off, or whatever stands before it hands on none but the API's.
fn has_no_such_page(error: &ClientError) -> bool {
    error.class == ErrorClass::NotFound || matches!(error.status, Some(403 | 501))
}

fn named(models: &[Model], wanted: Option<&str>) -> Result<Probe, ClientError> {
    let names: Vec<String> = models.iter().flat_map(Model::names).cloned().collect();
    let name = match (wanted, models) {
        (Some(wanted), _) => wanted.to_owned(),
        (None, [only]) => only.id.clone(),
        (None, models) => {
            let names: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
            let some: Vec<_> = names.iter().copied().take(8).collect();
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
