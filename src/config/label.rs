//! Whether a text shows its label, as a probe or a model finds that does not know it.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::diagnostic::{Diagnostic, Report, Span, did_you_mean};
use super::endpoint::named;
use super::file::read_bytes;
use super::judges::{BLIND, Judge, Rule, asks, sampling};
use super::prompt::template;
use super::resolved::{Axis, Endpoint, Project, Template};
use super::yaml::Node;

/// What a model is asked that does not know the label, unless the config says otherwise.
const QUESTION: &str = "Text: {{ text }}\n\nWhich one of these does it show most: {{ labels | join(', ') }}?";

/// Unless the config says otherwise.
const TOP: u32 = 3;
const VOTES: u32 = 3;

/// Tokens of which a server is asked to tell the probability: as many as OpenAI's API allows.
const TOLD: u32 = 20;

/// A label that is held against a probe.
#[derive(Debug, Clone, Serialize)]
pub struct LabelProbe {
    /// An index.
    pub axis: usize,
    /// Among so many of the likeliest it must be.
    pub top: u32,
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    #[serde(skip)]
    pub bytes: Vec<u8>,
    #[serde(skip)]
    pub at: Span,
}

/// Reads `checks.label`: the probe, and the judge that does not know the label.
pub fn label(
    root: &Node,
    endpoints: &[Endpoint],
    axes: &[Axis],
    project: &Project,
    report: &mut Report,
) -> (Option<LabelProbe>, Option<Judge>) {
    let Some(node) = root.get("checks").and_then(|checks| checks.get("label")) else { return (None, None) };
    let Some(axis) = axis(node, axes, report) else { return (None, None) };
    let top = |node: &Node| node.get("top").and_then(Node::whole).map(|top| top as u32);
    let probe = node.get("probe").and_then(|file| {
        let name = file.text()?;
        let bytes = read_bytes(name, file.span, project, report)?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        Some(LabelProbe {
            axis,
            top: top(node).unwrap_or(TOP),
            path: name.into(),
            hash,
            bytes,
            at: file.span,
        })
    });
    let blind = node.get("blind").filter(|node| node.bool() != Some(false));
    if let (Some(top), None) = (node.get("top"), node.get("probe")) {
        report.push(
            Diagnostic::error("checks", "`top` is of the probe, and there is none")
                .at(top.span)
                .help("that of the model is `checks.label.blind.top`"),
        );
    }
    (probe, blind.and_then(|node| judge(node, axis, endpoints, axes, report)))
}

/// The axis whose value is held against what is found.
fn axis(node: &Node, axes: &[Axis], report: &mut Report) -> Option<usize> {
    let labels: Vec<usize> = (0..axes.len()).filter(|axis| axes[*axis].label).collect();
    let found = match (node.get("axis"), labels.as_slice()) {
        (Some(named), _) => {
            let names = || axes.iter().map(|axis| axis.name.as_str());
            let wanted = named.text()?;
            if let Some(axis) = names().position(|name| name == wanted) {
                return Some(axis);
            }
            let found =
                Diagnostic::error("unknown-axis", format!("there is no axis `{wanted}`")).at(named.span);
            match did_you_mean(wanted, names()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(format!("the axes are: {}", names().collect::<Vec<_>>().join(", "))),
            }
        }
        (None, [one]) => return Some(*one),
        // Without axes nothing can be said.
        (None, []) if axes.is_empty() => return None,
        (None, []) => Diagnostic::error("checks", "`label` needs a label, and no axis is one")
            .at(node.span)
            .help("write `label: true` at an axis, or name an axis with `axis:`"),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|axis| axes[*axis].name.as_str()).collect();
            Diagnostic::error("checks", format!("which label is meant, `{}`?", names.join("` or `")))
                .at(node.span)
                .help(format!("write `axis: {}`", names[0]))
        }
    };
    report.push(found);
    None
}

/// The judge that is shown the text and all labels, and not which one is meant.
fn judge(
    node: &Node,
    axis: usize,
    endpoints: &[Endpoint],
    axes: &[Axis],
    report: &mut Report,
) -> Option<Judge> {
    let model = node.get("model");
    let endpoints = model.and_then(|node| match named(node.text()?, endpoints, node.span) {
        Ok(found) => Some(found),
        Err(unknown) => {
            report.push(unknown);
            None
        }
    });
    let votes = node.get("votes").and_then(Node::whole).map_or(VOTES, |votes| votes as u32);
    let top = node.get("top").and_then(Node::whole).map_or(1, |top| top as u32);
    let prompt = match node.get("prompt") {
        Some(node) => template(node, report)?,
        None => Template::Inline(QUESTION.into(), node.span),
    };
    let probabilities = node.get("probabilities").and_then(Node::bool).unwrap_or(false);
    let mut sampling = sampling(Some(node), votes, report);
    let mut columns = vec!["label".to_owned(), "votes".to_owned()];
    if probabilities {
        columns.push("probability".to_owned());
        for (field, value) in [("logprobs", json!(true)), ("top_logprobs", json!(TOLD))] {
            sampling.extra.entry(field).or_insert(value);
        }
    }
    let names: Vec<&str> = axes[axis].values.iter().map(|value| value.name.as_str()).collect();
    Some(Judge {
        name: BLIND.into(),
        system: match node.get("system") {
            Some(node) => Some(template(node, report)?),
            None => None,
        },
        prompt,
        schema: json!({
            "type": "object",
            "properties": { "label": { "type": "string", "enum": names } },
            "required": ["label"],
            "additionalProperties": false,
        }),
        rule: Rule::Label { axis, top, probabilities },
        rule_at: None,
        model: model.and_then(Node::text).map(str::to_owned),
        endpoints,
        votes,
        asks: asks(node, votes, report),
        columns,
        sampling,
    })
}
