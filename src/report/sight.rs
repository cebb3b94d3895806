//! What is told of an endpoint before a run.

use serde::Serialize;

/// Where it is known from what an endpoint's model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Its server said so just now.
    Server,
    /// The model's file says so, of a server that we start.
    File,
    /// Its server said so before.
    Memory,
    /// Only the config says so.
    Config,
}

/// What is known of an endpoint, and what a run does where it is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointSight {
    pub name: String,
    /// What its model is called, where that is known.
    pub model: Option<String>,
    pub source: Option<Source>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What a run with something to ask does about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

/// That some endpoints have the model of one that is not there: `` `a` has the same model and takes ``, its work.
pub fn they_take(names: &[String]) -> String {
    let (have, take) = if names.len() == 1 { ("has", "takes") } else { ("have", "take") };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {have} the same model and {take}", names.join(", "))
}

impl EndpointSight {
    /// In one sentence; with what a run does where it has something to ask.
    pub fn text(&self, asks: bool) -> String {
        let model = self.model.as_deref().unwrap_or_default();
        let mut out = match self.source {
            Some(Source::Server) => format!("{model} (its server says so)"),
            Some(Source::File) => format!("{model} (its file says so)"),
            Some(Source::Memory) => format!("{model} (remembered)"),
            Some(Source::Config) => format!("{model} (`endpoints.{}.model` says so)", self.name),
            None => "not known yet".to_owned(),
        };
        for more in self.trouble.iter().chain(self.then.as_ref().filter(|_| asks)) {
            out.push_str("; ");
            out.push_str(more);
        }
        out
    }
}
