//! Which model it is, wherever it is served.

use serde::{Deserialize, Serialize};

/// What a model is, apart from where it is served.
///
/// For llama.cpp this is what its server, or the model's file, says of the parameters; an endpoint
/// that tells only a name is `Named`, which nobody has verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Identity {
    LlamaCpp {
        /// The file's name without its path.
        file: String,
        parameters: u64,
        /// Bytes of all tensors.
        size: u64,
        vocabulary: u64,
        quantisation: Option<String>,
        /// BLAKE3 of the chat template, in hexadecimal.
        chat_template: Option<String>,
        /// Adapters and further things that change answers.
        adapters: Vec<String>,
    },
    Named {
        name: String,
    },
}

impl Identity {
    /// The name that rows and messages show.
    pub fn display_name(&self) -> &str {
        match self {
            Identity::LlamaCpp { file, .. } => file.strip_suffix(".gguf").unwrap_or(file),
            Identity::Named { name } => name,
        }
    }

    pub fn is_llama_cpp(&self) -> bool {
        matches!(self, Identity::LlamaCpp { .. })
    }
}

/// The name of the model that requests carry.
pub(super) fn wire_name(model: &Identity) -> &str {
    match model {
        Identity::LlamaCpp { file, .. } => file,
        Identity::Named { name } => name,
    }
}

/// A model's name without what makes no difference: path, `.gguf`, `:latest`, case.
pub fn plain_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name = name.strip_suffix(".gguf").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name).to_lowercase()
}
