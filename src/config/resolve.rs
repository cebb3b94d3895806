//! Raw tree in, resolved config out. Types were checked before; here is what only meaning tells.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::axes;
use super::diagnostic::{Diagnostic, Report, Span};
use super::keys::{self, Kind};
use super::lists;
use super::load::read_text;
use super::resolved::*;
use super::yaml::{self, Node, Yaml};

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

/// Resolves a tree whose types were checked; mistakes go to the report.
///
/// `None` only where nothing sensible can be said further; a report with errors makes whatever
/// comes back unusable.
pub fn resolve(root: &Node, project: Project, report: &mut Report) -> Option<Config> {
    let name = name(root, &project, report);
    let endpoint = endpoint(root, &project, report);
    let response = response(root, &project, report);
    let axes = axes::axes(root, &project, report);
    let exclude = axes::rules(root, "exclude", &axes, report);
    let only = axes::rules(root, "only", &axes, report);
    let samples = samples(root, &response);
    let scope = scope(root, &axes, report);
    let lists = lists::lists(root, &project, report);
    let checks = root.get("checks");
    Some(Config {
        name,
        seed: root.get("seed").and_then(Node::whole).unwrap_or(0).unsigned_abs(),
        prompt: prompt(root, report)?,
        sampling: sampling(root, report),
        output: PathBuf::from(text_or(root.get("output").and_then(|o| o.get("dir")), "out")),
        checks: Checks {
            words: checks.and_then(|c| c.get("words")).and_then(keys::range),
            characters: checks.and_then(|c| c.get("characters")).and_then(keys::range),
        },
        endpoint: endpoint?,
        response,
        axes,
        exclude,
        only,
        samples,
        scope,
        lists,
        project,
    })
}

fn text_or(node: Option<&Node>, default: &str) -> String {
    node.and_then(Node::text).unwrap_or(default).to_owned()
}

fn name(root: &Node, project: &Project, report: &mut Report) -> String {
    let stem = project.config.file_stem().and_then(|stem| stem.to_str()).unwrap_or("dataset");
    let name = text_or(root.get("name"), stem);
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fine) {
        let mut found = Diagnostic::error("name", format!("`{name}` cannot name a folder"))
            .help("use letters, digits, `-`, `_` and `.`");
        if let Some(node) = root.get("name") {
            found = found.at(node.span);
        }
        report.push(found);
    }
    name
}

fn missing(root: &Node, key: &str, help: &str, report: &mut Report) {
    let at = Span { start: 0, end: 0, ..root.span };
    report.push(Diagnostic::error("missing", format!("`{key}` is missing")).at(at).help(help));
}

fn endpoint(root: &Node, project: &Project, report: &mut Report) -> Option<Endpoint> {
    let help = "add the model server, such as\n\nendpoints:\n  local: http://127.0.0.1:8080";
    let Some(all) = root.get("endpoints").filter(|node| !node.entries().is_empty()) else {
        missing(root, "endpoints", help, report);
        return None;
    };
    if let [_, (second, _), ..] = all.entries() {
        report.push(
            Diagnostic::error("endpoints", "more than one endpoint")
                .at(second.span)
                .label("the second")
                .help("one endpoint a config is all that emogrid can use so far; remove the others"),
        );
    }
    let (name, node) = all.entries().first()?;
    let get = |key: &str| node.get(key);
    let url = match &node.value {
        Yaml::Text(_) => Some(node),
        _ => get("url"),
    };
    let server = match (url, get("managed")) {
        (Some(node), None) => Server::Url(address(node, report)?),
        (None, Some(node)) => Server::Managed(managed(node, project, report)?),
        (Some(_), Some(node)) => {
            report.push(
                Diagnostic::error(
                    "endpoint",
                    format!("`endpoints.{}` has both `url` and `managed`", name.text),
                )
                .at(node.span)
                .help("give `url` for a server that runs already, or `managed` for one that emogrid starts"),
            );
            return None;
        }
        (None, None) => {
            report.push(
                Diagnostic::error("endpoint", format!("`endpoints.{}` has neither `url` nor `managed`", name.text))
                    .at(name.span)
                    .help("give `url: http://127.0.0.1:8080`, or `managed: quickstart` for a small model that emogrid fetches and starts"),
            );
            return None;
        }
    };
    let span_of =
        |key: &str, default: u64| get(key).and_then(keys::duration).unwrap_or(Duration::from_secs(default));
    for key in ["timeout", "patience"] {
        if let Some(node) = get(key)
            && keys::duration(node).is_some_and(|duration| duration.is_zero())
        {
            report.push(
                Diagnostic::error("value", format!("`{key}` must be longer than nothing")).at(node.span),
            );
        }
    }
    Some(Endpoint {
        name: name.text.clone(),
        server,
        model: get("model").and_then(Node::text).map(str::to_owned),
        api_key_env: get("api_key_env").and_then(Node::text).map(str::to_owned),
        slots: get("slots").and_then(Node::whole).map(|n| n as u32),
        requests_per_minute: get("requests_per_minute").and_then(Node::whole).map(|n| n as u32),
        timeout: span_of("timeout", 300),
        patience: span_of("patience", 900),
    })
}

/// An address without trailing slash and `/v1`; one that is none, or holds a password, is refused.
fn address(node: &Node, report: &mut Report) -> Option<String> {
    let text = node.text()?.trim();
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let authority = rest.map(|rest| rest.split('/').next().unwrap_or(""));
    match authority {
        Some(authority) if authority.contains('@') => {
            report.push(
                Diagnostic::error("secret", "an address must not hold a name or a password")
                    .at(node.span)
                    .help("put the key into an environment variable and name that in `api_key_env`"),
            );
            None
        }
        Some(authority)
            if !authority.is_empty() && !text.contains(char::is_whitespace) && !text.contains(['?', '#']) =>
        {
            let base = text.trim_end_matches('/');
            Some(base.strip_suffix("/v1").unwrap_or(base).trim_end_matches('/').to_owned())
        }
        _ => {
            report.push(
                Diagnostic::error("url", "this is not the address of a server")
                    .at(node.span)
                    .label("expected `http://HOST:PORT` or `https://HOST`"),
            );
            None
        }
    }
}

fn managed(node: &Node, project: &Project, report: &mut Report) -> Option<Managed> {
    let mut managed = Managed {
        model: ManagedModel::Quickstart,
        command: text_or(node.get("command"), "llama-server"),
        args: Vec::new(),
        slots: node.get("slots").and_then(Node::whole).unwrap_or(4) as u32,
        context: node.get("context").and_then(Node::whole).unwrap_or(2048) as u32,
        threads: node.get("threads").and_then(Node::whole).map(|n| n as u32),
    };
    for argument in node.get("args").map_or(&[][..], Node::items) {
        managed.args.push(match argument.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        });
    }
    if node.text().is_some() {
        return Some(managed);
    }
    match node.get("model") {
        Some(model) if model.text() == Some("quickstart") => Some(managed),
        Some(model) => {
            let path = project.root.join(model.text()?);
            if !path.is_file() {
                report.push(
                    Diagnostic::error("file", format!("there is no model file `{}`", path.display()))
                        .at(model.span)
                        .help("give the path of a GGUF file, from the project's root, or `quickstart`"),
                );
                return None;
            }
            managed.model = ManagedModel::File(path);
            Some(managed)
        }
        None => {
            report.push(
                Diagnostic::error("missing", "`managed` needs a `model`")
                    .at(node.span)
                    .help("`model: path/to/model.gguf`, or `model: quickstart`"),
            );
            None
        }
    }
}

fn prompt(root: &Node, report: &mut Report) -> Option<Prompt> {
    let help = "add what the model is told, such as\n\nprompt:\n  user: Write a short post that shows {{ emotion }}.";
    let Some(prompt) = root.get("prompt") else {
        missing(root, "prompt", help, report);
        return None;
    };
    let system = prompt.get("system").and_then(|node| template(node, report));
    let Some(user) = prompt.get("user") else {
        report.push(Diagnostic::error("missing", "`prompt.user` is missing").at(prompt.span).help(help));
        return None;
    };
    let is_one = |node: &Node| node.get("from").is_some() || node.get("text").is_some();
    let mut variants = Vec::new();
    if matches!(user.value, Yaml::Text(_)) || is_one(user) {
        let mut found = Vec::new();
        if user.get("weight").is_none() && matches!(user.value, Yaml::Map(_)) {
            keys::check(user, &Kind::Section(&keys::TEMPLATE), "prompt.user", &mut found);
        }
        if let Some(weight) = user.get("weight") {
            found.push(
                Diagnostic::error("weight", "a single prompt has no weight")
                    .at(weight.span)
                    .help("name several variants to weigh them against each other"),
            );
        }
        found.into_iter().for_each(|diagnostic| report.push(diagnostic));
        variants.extend(template(user, report).map(|template| Variant {
            name: "default".into(),
            weight: 1.0,
            template,
        }));
    } else {
        for (name, node) in user.entries() {
            let mut found = Vec::new();
            let path = format!("prompt.user.{}", name.text);
            let kind = [Kind::Text, Kind::Section(&keys::VARIANT)];
            match node.value {
                Yaml::Map(_) => keys::check(node, &kind[1], &path, &mut found),
                _ => keys::check(node, &kind[0], &path, &mut found),
            }
            found.into_iter().for_each(|diagnostic| report.push(diagnostic));
            let weight = node.get("weight").and_then(Node::number).unwrap_or(1.0);
            variants.extend(template(node, report).map(|template| Variant {
                name: name.text.clone(),
                weight,
                template,
            }));
        }
        if !variants.is_empty() && variants.iter().all(|variant| variant.weight <= 0.0) {
            report.push(
                Diagnostic::error("weight", "every variant has weight 0")
                    .at(user.span)
                    .help("give at least one of them a weight above 0"),
            );
        }
        variants.retain(|variant| variant.weight > 0.0);
    }
    if variants.is_empty() {
        if !report.has_errors() {
            report
                .push(Diagnostic::error("missing", "`prompt.user` has no template").at(user.span).help(help));
        }
        return None;
    }
    Some(Prompt { system, user: variants })
}

fn template(node: &Node, report: &mut Report) -> Option<Template> {
    if let Some(text) = node.text() {
        return Some(Template::Inline(text.to_owned(), node.span));
    }
    match (node.get("from"), node.get("text")) {
        (Some(from), None) => Some(Template::File(from.text()?.to_owned(), from.span)),
        (None, Some(text)) => Some(Template::Inline(text.text()?.to_owned(), text.span)),
        _ => {
            report.push(
                Diagnostic::error("template", "a template needs `from` or `text`, one of the two")
                    .at(node.span),
            );
            None
        }
    }
}

fn sampling(root: &Node, report: &mut Report) -> Sampling {
    let node = root.get("sampling");
    let number = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::number);
    let mut extra = Map::new();
    for (name, value) in node.and_then(|node| node.get("extra")).map_or(&[][..], Node::entries) {
        let known = keys::SAMPLING.keys.iter().any(|key| key.name == name.text && key.name != "extra");
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
        extra.insert(name.text.clone(), value.to_json());
    }
    let stop = node.and_then(|node| node.get("stop")).map_or(&[][..], Node::items);
    Sampling {
        temperature: number("temperature").unwrap_or(0.8),
        top_p: number("top_p").unwrap_or(0.95),
        top_k: node.and_then(|node| node.get("top_k")).and_then(Node::whole),
        min_p: number("min_p"),
        repeat_penalty: number("repeat_penalty"),
        presence_penalty: number("presence_penalty").unwrap_or(0.0),
        frequency_penalty: number("frequency_penalty").unwrap_or(0.0),
        stop: stop.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
        max_tokens: number("max_tokens").unwrap_or(256.0) as u32,
        extra,
    }
}

fn response(root: &Node, project: &Project, report: &mut Report) -> Response {
    let node = root.get("response");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let format = match get("format").and_then(Node::text) {
        Some("text") => Format::Text,
        _ => Format::Json,
    };
    let text = text_or(get("text"), "text");
    let default = json!({
        "type": "object",
        "properties": { (text.as_str()): { "type": "string" } },
        "required": [text],
        "additionalProperties": false,
    });
    let count = |key: &str| get(key).and_then(Node::whole).unwrap_or(1) as u32;
    let items = count("items");
    if format == Format::Text {
        for key in ["schema", "text", "items"] {
            if let Some(node) = get(key).filter(|_| key != "items" || items > 1) {
                report.push(
                    Diagnostic::error(
                        "response",
                        format!("`response.{key}` has no meaning under `format: text`"),
                    )
                    .at(node.span)
                    .help("remove it, or use `format: json`"),
                );
            }
        }
    }
    let schema_node = get("schema");
    let schema = match schema_node {
        Some(node) => schema(node, project, report).unwrap_or(default),
        None => default,
    };
    let has_field = schema
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| properties.contains_key(&text));
    if let Some(node) = schema_node
        && !has_field
        && format == Format::Json
        && !report.has_errors()
    {
        report.push(
            Diagnostic::error("response", format!("the schema has no property `{text}`"))
                .at(get("text").map_or(node.span, |text| text.span))
                .help("`response.text` names the property that holds the text"),
        );
    }
    Response { format, text, schema, items, n: count("n"), schema_at: schema_node.map(|node| node.span) }
}

fn schema(node: &Node, project: &Project, report: &mut Report) -> Option<Value> {
    let Some(file) = node.text() else {
        return Some(node.to_json());
    };
    let path = beside(project, file);
    let source = read_text(&path, Some(node.span), report)?;
    // YAML reads JSON too, and knows where a mistake stands.
    match yaml::parse(&report.sources, source) {
        Ok(tree) => Some(tree.to_json()),
        Err(found) => {
            report.push(found);
            None
        }
    }
}

/// A path of the user's, from the folder of the config that names it.
pub fn beside(project: &Project, file: &str) -> PathBuf {
    project.config.parent().map_or_else(|| PathBuf::from(file), |folder| folder.join(file))
}

fn samples(root: &Node, response: &Response) -> Samples {
    let node = root.get("samples");
    let whole = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::whole);
    let per_cell = whole("per_cell").unwrap_or(1) as u32;
    let needed = per_cell.div_ceil((response.items * response.n).max(1));
    Samples {
        per_cell,
        max_asks: whole("max_asks").map_or_else(|| needed.saturating_mul(3).max(3), |n| n as u32),
        allow_short: node.and_then(|node| node.get("allow_short")).and_then(Node::number).unwrap_or(0.0),
    }
}

fn scope(root: &Node, axes: &[Axis], report: &mut Report) -> Scope {
    let labelled = axes.iter().any(|axis| axis.label);
    let node = root.get("dedup").and_then(|node| node.get("scope"));
    match node.and_then(Node::text) {
        Some("cell") => Scope::Cell,
        Some("dataset") => Scope::Dataset,
        Some("label") if !labelled && !axes.is_empty() => {
            report.push(
                Diagnostic::error("scope", "`scope: label`, but no axis is a label")
                    .at(node.map_or(root.span, |node| node.span))
                    .help("write `label: true` at an axis, or `scope: dataset`"),
            );
            Scope::Label
        }
        _ if labelled => Scope::Label,
        _ => Scope::Dataset,
    }
}
