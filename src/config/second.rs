//! A second look at names in doubt: which endpoints are asked.

use serde::Serialize;

use super::diagnostic::{Diagnostic, Report};
use super::endpoint::named;
use super::local::is_local;
use super::resolved::{Endpoint, Server};
use super::yaml::Node;

/// Who is asked about names in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecondLook {
    /// The model that is asked, by the name that the config calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The endpoints that this means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
    /// Whether other machines may be asked.
    #[serde(skip)]
    pub remote: bool,
}

impl SecondLook {
    /// Reads `anonymize.second_look`; `None` where it is switched off or wrong.
    pub fn resolve(node: &Node, endpoints: &[Endpoint], report: &mut Report) -> Option<Self> {
        if node.bool() == Some(false) {
            return None;
        }
        let model = match node.text() {
            Some(_) => Some(node),
            None => node.get("model").filter(|node| node.text().is_some()),
        };
        let of = match model {
            Some(model) => match named(model.text().unwrap_or_default(), endpoints, model.span) {
                Ok(of) => Some(of),
                // Where endpoints are wrong that was said.
                Err(_) if endpoints.is_empty() => None,
                Err(found) => {
                    report.push(found);
                    return None;
                }
            },
            None => None,
        };
        let remote = node.get("remote").and_then(Node::bool) == Some(true);
        let out = Self { model: model.and_then(Node::text).map(str::to_owned), endpoints: of, remote };
        if let Some(far) = out.elsewhere(endpoints).filter(|_| !node.excuses("remote")) {
            let model = out.model.as_ref().map_or_else(String::new, |model| format!("model: {model}, "));
            report.push(
                Diagnostic::error(
                    "second-look",
                    format!("`{}` is on another machine, and would see texts with the names in them", far.name),
                )
                .at(node.span)
                .help(format!(
                    "name an endpoint of this machine, or write `second_look: {{ {model}remote: true }}` if it may see them"
                )),
            );
        }
        Some(out)
    }

    /// One of the endpoints that are meant which may not see a text.
    fn elsewhere<'a>(&self, endpoints: &'a [Endpoint]) -> Option<&'a Endpoint> {
        let meant = |(at, endpoint): &(usize, &Endpoint)| match &self.endpoints {
            Some(of) => of.contains(at),
            None => endpoint.weight > 0.0,
        };
        let mut all = endpoints.iter().enumerate().filter(meant).map(|(_, endpoint)| endpoint);
        all.find(|endpoint| !self.may_see(endpoint))
    }

    /// Whether an endpoint may see a text before anything is taken out of it.
    pub fn may_see(&self, endpoint: &Endpoint) -> bool {
        self.remote
            || match &endpoint.server {
                Server::Url(url) => is_local(url),
                Server::Managed(_) => true,
            }
    }
}
