//! What is done with references to persons: `anonymize`.

use serde::Serialize;

use super::diagnostic::secret::is_variable;
use super::diagnostic::{Diagnostic, Report, Span};
use super::resolved::{Endpoint, SecondLook};
use super::yaml::Node;

/// Every category, as the anonymiser names it.
pub const CATEGORIES: &[&str] = &[
    "NAME",
    "HANDLE",
    "EMAIL",
    "PHONE",
    "URL",
    "IP",
    "CARD",
    "ID",
    "RELIGION",
    "GENDER",
    "RACE",
    "DISABILITY",
    "AGE",
];
/// The actions that a category is listed under.
const ACTIONS: [&str; 6] = ["keep", "tag", "mask", "drop", "person", "pseudonym"];

/// A preset, and actions laid over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anonymize {
    pub preset: String,
    /// Categories with their actions.
    #[serde(serialize_with = "by_action")]
    pub actions: Vec<(String, String)>,
    /// The environment variable that holds the key of the pseudonyms.
    pub key_env: Option<String>,
    /// Who is asked about names in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_look: Option<SecondLook>,
    #[serde(skip)]
    pub at: Option<Span>,
}

/// As a config says it: the categories of each action.
fn by_action<S: serde::Serializer>(actions: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let of = |action: &str| actions.iter().filter(|(_, of)| of == action).map(|(name, _)| name).collect();
    let all = ACTIONS.into_iter().map(|action| -> (&str, Vec<&String>) { (action, of(action)) });
    serializer.collect_map(all.filter(|(_, categories)| !categories.is_empty()))
}

impl Anonymize {
    /// Whether names are left as they are, and not even recorded.
    fn keeps_names(&self) -> bool {
        let own = self.actions.iter().rev().find(|(category, _)| category == "NAME");
        own.map_or(self.preset == "off", |(_, action)| action == "keep")
    }
}

impl Default for Anonymize {
    fn default() -> Self {
        Self { preset: "off".into(), actions: Vec::new(), key_env: None, second_look: None, at: None }
    }
}

/// Resolves `anonymize` of a tree whose types were checked; what is wrong in it goes to the report.
pub fn anonymize(root: &Node, endpoints: &[Endpoint], report: &mut Report) -> Anonymize {
    let mut resolved = Anonymize::default();
    let Some(node) = root.get("anonymize") else { return resolved };
    resolved.at = Some(node.span);
    if let Some(preset) = node.text() {
        resolved.preset = preset.to_owned();
        return resolved;
    }
    if let Some(preset) = node.get("preset").and_then(Node::text) {
        resolved.preset = preset.to_owned();
    }
    let mut seen: Vec<(&str, &str, Span)> = Vec::new();
    for action in ACTIONS {
        for item in node.get(action).map(Node::items).unwrap_or_default() {
            let Some(category) = item.text() else { continue };
            match seen.iter().find(|(of, other, _)| *of == category && *other != action) {
                Some((_, other, at)) => report.push(
                    Diagnostic::error(
                        "anonymize",
                        format!("`{category}` stands under `{other}` and under `{action}`"),
                    )
                    .at(item.span)
                    .also(*at, "here first")
                    .help("give each category one action"),
                ),
                None => resolved.actions.push((category.to_owned(), action.to_owned())),
            }
            seen.push((category, action, item.span));
        }
    }
    let pseudonym = node.get("pseudonym");
    match node.get("key_env").and_then(|key| Some((key, key.text()?))) {
        Some((_, name)) if is_variable(name) => resolved.key_env = Some(name.to_owned()),
        Some((key, _)) => report.push(
            Diagnostic::error("secret", "`anonymize.key_env` names an environment variable; this is no such name")
                .at(key.span)
                .help("put the key into a variable, such as `export MY_KEY=…`, and write `key_env: MY_KEY`"),
        ),
        None if pseudonym.is_some_and(|node| !node.items().is_empty()) && !node.excuses("key_env") => report.push(
            Diagnostic::error("anonymize", "pseudonyms need a key, so that nobody finds the names again by trying them")
                .at(pseudonym.map_or(node.span, |node| node.span))
                .help("put one into an environment variable, such as `export MY_KEY=…`, and write `key_env: MY_KEY`"),
        ),
        None => {}
    }
    if let Some(node) = node.get("second_look") {
        resolved.second_look = SecondLook::resolve(node, endpoints, report);
        if resolved.second_look.is_some() && resolved.keeps_names() {
            resolved.second_look = None;
            report.push(
                Diagnostic::warning(
                    "anonymize",
                    "no name is looked for, so there is nothing to look at again",
                )
                .at(node.span)
                .help("write `preset: strict`, or what is to be done with names, such as `mask: [NAME]`"),
            );
        }
    }
    resolved
}
