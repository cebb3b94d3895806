//! Duplicates by meaning: which endpoint embeds, and from which similarity on two texts say the same.

use serde::Serialize;

use super::diagnostic::{Diagnostic, Report};
use super::endpoint::named;
use super::resolved::Endpoint;
use super::yaml::Node;

/// How texts are compared by what they mean.
#[derive(Debug, Clone, Serialize)]
pub struct Semantic {
    /// From this cosine on two texts say the same.
    pub threshold: f64,
    /// What is put before each text.
    pub prefix: String,
    /// The model that embeds, by the name that the config calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The endpoints that this means.
    #[serde(skip)]
    pub endpoints: Vec<usize>,
}

impl Semantic {
    /// From which cosine on two texts say the same, where nothing else is said.
    pub const THRESHOLD: f64 = 0.9;

    /// Reads `dedup.semantic`; `None` where it is switched off or wrong.
    pub fn resolve(node: &Node, endpoints: &[Endpoint], report: &mut Report) -> Option<Self> {
        if node.bool() == Some(false) {
            return None;
        }
        let model = node.get("model").filter(|node| node.text().is_some());
        let of = match model {
            Some(model) => match named(model.text().unwrap_or_default(), endpoints, model.span) {
                Ok(of) => of,
                // Where endpoints are wrong that was said.
                Err(_) if endpoints.is_empty() => Vec::new(),
                Err(found) => {
                    report.push(found);
                    return None;
                }
            },
            // Vectors of different models are not to be compared.
            None if endpoints.len() > 1 => {
                let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
                report.push(
                    Diagnostic::error("semantic", "several endpoints, and it is not said which one embeds")
                        .at(node.span)
                        .help(format!("write `model:` with one of `{}`", names.join("`, `"))),
                );
                return None;
            }
            None => vec![0],
        };
        Some(Self {
            threshold: node.get("threshold").and_then(Node::number).unwrap_or(Self::THRESHOLD),
            prefix: node.get("prefix").and_then(Node::text).unwrap_or_default().to_owned(),
            model: model.and_then(Node::text).map(str::to_owned),
            endpoints: of,
        })
    }
}
