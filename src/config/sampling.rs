//! How a model draws its answers.

use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report};
use super::keys;
use super::resolved::Sampling;
use super::yaml::Node;

/// Fields of the request that emogrid fills in itself, so `sampling.extra` cannot.
const OWN_FIELDS: &[&str] = &[
    "messages",
    "model",
    "seed",
    "n",
    "n_cmpl",
    "stream",
    "response_format",
    "id_slot",
    "cache_prompt",
    "max_completion_tokens",
    "n_predict",
];

/// The sampling of asks, every parameter of it.
pub fn sampling(root: &Node, report: &mut Report) -> Sampling {
    let node = root.get("sampling");
    let number = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::number);
    let known: Vec<&str> = keys::SAMPLING.keys.iter().map(|key| key.name).collect();
    let stop = node.and_then(|node| node.get("stop")).map_or(&[][..], Node::items);
    let max_tokens = number("max_tokens").unwrap_or(256.0) as u32;
    let plain =
        Sampling::new(number("temperature").unwrap_or(0.8), number("top_p").unwrap_or(0.95), max_tokens);
    Sampling {
        top_k: node.and_then(|node| node.get("top_k")).and_then(Node::whole),
        min_p: number("min_p"),
        repeat_penalty: number("repeat_penalty"),
        presence_penalty: number("presence_penalty").unwrap_or(plain.presence_penalty),
        frequency_penalty: number("frequency_penalty").unwrap_or(plain.frequency_penalty),
        stop: stop.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
        extra: extra(node, &known, report),
        greedy_at: node.and_then(|node| {
            let is = |key: &str, number: f64| node.get(key).filter(|node| node.number() == Some(number));
            is("temperature", 0.0).or(is("top_k", 1.0)).map(|node| node.span)
        }),
        ..plain
    }
}

/// Further fields of a request, of which none may be a key of its own or one that we fill in.
pub fn extra(sampling: Option<&Node>, keys: &[&str], report: &mut Report) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in sampling.and_then(|node| node.get("extra")).map_or(&[][..], Node::entries) {
        let known = name.text != "extra" && keys.contains(&name.text.as_str());
        if known || OWN_FIELDS.contains(&name.text.as_str()) {
            let help = match known {
                true => format!("write it as `sampling.{}`", name.text),
                false => "emogrid fills this field in itself".into(),
            };
            report.push(
                Diagnostic::error("extra", format!("`sampling.extra` cannot set `{}`", name.text))
                    .at(name.span)
                    .help(help),
            );
        }
        out.insert(name.text.clone(), value.to_json());
    }
    out
}
