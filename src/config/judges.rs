//! Judge models: what each is asked of a text, and when it accepts.

use serde::Serialize;
use serde_json::{Map, Value};

use super::diagnostic::{Diagnostic, Report, Span};
use super::endpoint::named;
use super::prompt::template;
use super::resolved::{Axis, Endpoint, Project, Sampling, Template};
use super::response::read_schema;
use super::yaml::Node;
use super::{keys, schema};

/// Requests beyond the votes, for answers that are broken.
const SPARE_ASKS: u32 = 2;

/// A model that is asked of each text.
#[derive(Debug, Clone, Serialize)]
pub struct Judge {
    #[serde(skip)]
    pub name: String,
    pub system: Option<Template>,
    pub prompt: Template,
    /// JSON Schema of its answer.
    pub schema: Value,
    #[serde(flatten)]
    pub rule: Rule,
    #[serde(skip)]
    pub rule_at: Option<Span>,
    /// The model that judges, by the name that the config calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The endpoints that this means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
    /// Good answers that a verdict takes.
    pub votes: u32,
    /// The most requests about one text.
    pub asks: u32,
    /// Fields that rows show.
    pub columns: Vec<String>,
    pub sampling: Sampling,
}

/// When a text is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// By more than half of the answers of which this expression over their fields and the axes holds.
    Accept(String),
    /// Where the cell's value on an axis is among the most frequent answers, which do not know it.
    Label {
        axis: usize,
        top: u32,
        /// Whether the probabilities of tokens are asked for, for a column.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        probabilities: bool,
    },
}

/// What the judge is called that does not know the label.
pub const BLIND: &str = "blind";

impl Judge {
    /// The axis whose value the judge is not told.
    pub fn blind_to(&self) -> Option<usize> {
        match self.rule {
            Rule::Accept(_) => None,
            Rule::Label { axis, .. } => Some(axis),
        }
    }

    /// The name of the column for a field of its answers.
    pub fn column(&self, field: &str) -> String {
        format!("{}_{field}", self.name)
    }
}

/// By name, in the order of the config.
pub fn by_name<S: serde::Serializer>(judges: &[Judge], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(judges.iter().map(|judge| (&judge.name, judge)))
}

/// Reads `checks.judges`; each mistake goes to the report.
pub fn judges(
    root: &Node,
    endpoints: &[Endpoint],
    axes: &[Axis],
    project: &Project,
    report: &mut Report,
) -> Vec<Judge> {
    let Some(node) = root.get("checks").and_then(|checks| checks.get("judges")) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, node) in node.entries() {
        let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        if name.text.is_empty() || name.text.chars().count() > 40 || !name.text.chars().all(fine) {
            report.push(
                Diagnostic::error(
                    "judge",
                    format!("`{}` cannot name a judge", super::diagnostic::cut(&name.text)),
                )
                .at(name.span)
                .help("use at most 40 letters, digits, `-` and `_`: columns and reasons are named by it"),
            );
            continue;
        }
        if name.text == BLIND {
            report.push(
                Diagnostic::error("judge", format!("`{BLIND}` is the name of the judge of `checks.label`"))
                    .at(name.span)
                    .help("give this one another"),
            );
            continue;
        }
        out.extend(judge(&name.text, name.span, node, endpoints, axes, project, report));
    }
    out
}

fn judge(
    name: &str,
    at: Span,
    node: &Node,
    endpoints: &[Endpoint],
    axes: &[Axis],
    project: &Project,
    report: &mut Report,
) -> Option<Judge> {
    let mut lacks = |key: &str, help: &str| {
        if node.get(key).is_none() && !node.excuses(key) {
            let what = format!("the judge `{name}` has no `{key}`");
            report.push(Diagnostic::error("judge", what).at(at).help(help));
        }
    };
    lacks(
        "prompt",
        "write what it is asked, such as `prompt: 'How natural is this post, from 1 to 5? {{ text }}'`",
    );
    lacks(
        "schema",
        "write what it answers, such as `schema: { type: object, properties: { score: { type: integer, minimum: 1, maximum: 5 } }, required: [score] }`",
    );
    lacks("accept", "write when a text is accepted, such as `accept: score >= 3`");
    let prompt = node.get("prompt").and_then(|node| template(node, report));
    let system = node.get("system").and_then(|node| template(node, report));
    let schema = node.get("schema").and_then(|at| answer_schema(at, project, report));
    let model = node.get("model");
    let endpoints = model.and_then(|node| match named(node.text()?, endpoints, node.span) {
        Ok(found) => Some(found),
        Err(unknown) => {
            report.push(unknown);
            None
        }
    });
    let votes = node.get("votes").and_then(Node::whole).map_or(1, |votes| votes as u32);
    let asks = asks(node, votes, report);
    let sampling = sampling(Some(node), votes, report);
    let (schema, accept) = (schema?, node.get("accept")?);
    let accept = (accept.text()?.to_owned(), accept.span);
    let out = Judge {
        name: name.to_owned(),
        system,
        prompt: prompt?,
        columns: columns(name, node, &schema, axes, report),
        schema,
        rule: Rule::Accept(accept.0),
        rule_at: Some(accept.1),
        model: model.and_then(Node::text).map(str::to_owned),
        endpoints,
        votes,
        asks,
        sampling,
    };
    Some(out)
}

/// The fields that rows show, each a property of the schema, or `votes`.
fn columns(name: &str, node: &Node, schema: &Value, axes: &[Axis], report: &mut Report) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for item in node.get("columns").map_or(&[][..], Node::items) {
        let Some(field) = item.text() else { continue };
        let known = || schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
        let column = format!("{name}_{field}");
        if field != "votes" && !known().any(|known| known == field) {
            let names = known().chain(["votes"]).collect::<Vec<_>>().join(", ");
            report.push(
                Diagnostic::error("judge", format!("the schema of `{name}` has no `{field}`"))
                    .at(item.span)
                    .help(format!("there is: {names}")),
            );
        } else if axes.iter().any(|axis| axis.name == column) {
            report.push(
                Diagnostic::error("judge", format!("the column `{column}` is an axis already"))
                    .at(item.span)
                    .help("give the judge another name"),
            );
        } else if !out.iter().any(|known| known == field) {
            out.push(field.to_owned());
        }
    }
    out
}

/// The schema of an answer: an object, so that its fields have names.
fn answer_schema(at: &Node, project: &Project, report: &mut Report) -> Option<Value> {
    let tree = read_schema(at, project, report)?;
    if !schema::check(&tree, report) {
        return None;
    }
    let out = tree.to_json();
    let fields = out["properties"].as_object().is_some_and(|fields| !fields.is_empty());
    if out["type"] != "object" || !fields {
        report.push(
            Diagnostic::error("judge", "a judge's answer must be an object with `properties`")
                .at(at.span)
                .help(
                    "such as `{ type: object, properties: { score: { type: integer } }, required: [score] }`",
                ),
        );
        return None;
    }
    Some(out)
}

/// The most requests about one text.
pub fn asks(node: &Node, votes: u32, report: &mut Report) -> u32 {
    let said = node.get("asks").and_then(Node::whole).map(|asks| asks as u32);
    let asks = said.unwrap_or(votes.saturating_add(SPARE_ASKS));
    if asks < votes
        && let Some(node) = node.get("asks")
    {
        report.push(
            Diagnostic::error("judge", format!("{asks} requests cannot give {votes} votes"))
                .at(node.span)
                .help(format!(
                    "write `asks: {}` or more, so that a broken answer can be asked for again",
                    votes + 1
                )),
        );
    }
    asks
}

/// The sampling of a judge, and a warning where all its votes would be the same.
pub fn sampling(judge: Option<&Node>, votes: u32, report: &mut Report) -> Sampling {
    let node = judge.and_then(|node| node.get("sampling"));
    let greedy = node
        .and_then(|node| node.get("temperature"))
        .filter(|node| node.number() == Some(0.0))
        .map(|node| node.span);
    if let Some(at) = greedy.filter(|_| votes > 1) {
        report.push(
            Diagnostic::warning("judge", format!("at temperature 0 all {votes} votes are the same"))
                .at(at)
                .help("raise the temperature, or ask once"),
        );
    }
    let number = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::number);
    let known: Vec<&str> = keys::judges::SAMPLING.keys.iter().map(|key| key.name).collect();
    let max_tokens = number("max_tokens").unwrap_or(256.0) as u32;
    Sampling {
        extra: super::sampling::extra(node, &known, report),
        greedy_at: greedy,
        ..Sampling::new(number("temperature").unwrap_or(0.3), number("top_p").unwrap_or(0.95), max_tokens)
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::diagnostic::Sources;

    /// A judge `j` of a score and an emotion.
    pub fn judge(accept: &str, votes: u32) -> Judge {
        Judge {
            name: "j".into(),
            system: None,
            prompt: Template::Inline(
                "{{ text }}".into(),
                Span { source: Sources::default().add("t", ""), start: 0, end: 0 },
            ),
            schema: json!({
                "type": "object",
                "properties": {
                    "score": { "type": "integer", "minimum": 1, "maximum": 5 },
                    "emotion": { "type": "string" },
                },
                "required": ["score"],
            }),
            rule: Rule::Accept(accept.into()),
            rule_at: None,
            model: None,
            endpoints: None,
            votes,
            asks: votes + 2,
            columns: vec!["score".into(), "votes".into()],
            sampling: Sampling::new(0.3, 0.95, 64),
        }
    }
}
