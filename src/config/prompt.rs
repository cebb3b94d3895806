//! What the model is told: the system template and the variants of the user's.

use super::diagnostic::{Diagnostic, Report};
use super::given::missing;
use super::resolved::{Project, Prompt, Template, Variant};
use super::yaml::{Node, Yaml};

const HELP: &str =
    "add what the model is told, such as\n\nprompt:\n  user: Write a short post that shows {{ emotion }}.";

/// Resolves the templates; `None` where there is no user message to go on with.
pub fn prompt(root: &Node, project: &Project, report: &mut Report) -> Option<Prompt> {
    let Some(prompt) = root.get("prompt") else {
        missing(root, "prompt", HELP, report);
        return None;
    };
    let system = prompt.get("system").and_then(|node| template(node, report));
    let completion = prompt.get("completion");
    if let Some((name, _)) = prompt.named("completion") {
        for other in ["system", "user"] {
            if let Some((at, _)) = prompt.named(other) {
                report.push(
                    Diagnostic::error(
                        "prompt",
                        format!("`prompt.{other}` has no meaning beside `prompt.completion`"),
                    )
                    .at(at.span)
                    .also(name.span, "this is the whole prompt")
                    .help("keep one of them: messages for a chat model, a completion for a base model"),
                );
            }
        }
    }
    let Some(user) = completion.or_else(|| prompt.get("user")) else {
        if !prompt.excuses("user") && !prompt.excuses("completion") {
            report.push(Diagnostic::error("missing", "`prompt.user` is missing").at(prompt.span).help(HELP));
        }
        return None;
    };
    let single = user.text().is_some() || ["from", "text"].iter().any(|key| user.named(key).is_some());
    let user = if single {
        let template = template(user, report)?;
        let name = "default".into();
        vec![Variant { name, weight: 1.0, model: None, endpoints: None, model_at: None, template }]
    } else {
        variants(user, project, report)
    };
    (!user.is_empty()).then_some(Prompt { system, user, completion: completion.is_some() })
}

fn variants(user: &Node, project: &Project, report: &mut Report) -> Vec<Variant> {
    if user.entries().is_empty() {
        report.push(Diagnostic::error("missing", "`prompt.user` has no template").at(user.span).help(HELP));
    }
    let mut out = Vec::new();
    for (name, node) in user.entries() {
        if node.value == Yaml::Null {
            report.push(
                Diagnostic::error("template", format!("variant `{}` has no template", name.text))
                    .at(name.span)
                    .help("give the template itself, or `{ from: FILE }`"),
            );
            continue;
        }
        let weight = node.get("weight").and_then(Node::number).unwrap_or(1.0);
        if let Some(template) = template(node, report) {
            let model = node.get("model");
            out.push(Variant {
                name: name.text.clone(),
                weight,
                model: model.and_then(Node::text).map(str::to_owned),
                endpoints: None,
                model_at: model.map(|node| node.span),
                template,
            });
        }
    }
    if !out.is_empty() && out.iter().all(|variant| variant.weight <= 0.0) {
        let weights = user.entries().iter().find_map(|(_, node)| node.get("weight"));
        report.push(
            Diagnostic::error("weight", "every variant has weight 0")
                .at(weights.map_or(user.span, |weight| weight.span))
                .help("give at least one of them a weight above 0"),
        );
        return out;
    }
    let (used, unused): (Vec<_>, Vec<_>) = out.into_iter().partition(|variant| variant.weight > 0.0);
    for variant in &unused {
        there(variant, project, report);
    }
    used
}

/// Whether the file of a variant without weight is there; nobody else looks at it.
fn there(variant: &Variant, project: &Project, report: &mut Report) {
    if let Template::File(name, at) = &variant.template
        && !project.prompts().join(name).is_file()
    {
        let message = format!("there is no template `prompts/{name}`");
        let help = "this variant has weight 0, but its file must be there still; or remove the variant";
        report.push(Diagnostic::error("template", message).at(*at).help(help));
    }
}

pub fn template(node: &Node, report: &mut Report) -> Option<Template> {
    if let Some(text) = node.text() {
        commented(node, report);
        return Some(Template::Inline(text.to_owned(), node.span));
    }
    match (node.get("from"), node.get("text")) {
        (Some(from), None) => Some(Template::File(from.text()?.to_owned(), from.span)),
        (None, Some(text)) => {
            commented(text, report);
            Some(Template::Inline(text.text()?.to_owned(), text.span))
        }
        (Some(from), Some(text)) => {
            report.push(
                Diagnostic::error("template", "this template has both `from` and `text`")
                    .at(text.span)
                    .also(from.span, "from this file")
                    .help("keep one of them"),
            );
            None
        }
        (None, None) => {
            if !node.excuses("from") && !node.excuses("text") {
                report.push(
                    Diagnostic::error("template", "a template needs `from` or `text`")
                        .at(node.span)
                        .help("give `from: FILE`, a file under `prompts/`, or `text: …`"),
                );
            }
            None
        }
    }
}

/// Warns of a template without quotes whose line goes on as a comment with template tags in it.
fn commented(node: &Node, report: &mut Report) {
    let text = report.sources.text(node.span.source);
    let plain = text.get(node.span.start..).is_some_and(|text| !text.starts_with(['"', '\'', '|', '>']));
    let Some(rest) = text.get(node.span.end..).filter(|_| plain) else { return };
    let line = rest.lines().next().unwrap_or("");
    let trimmed = line.trim_start();
    if !trimmed.starts_with('#') || !(trimmed.contains("{{") || trimmed.contains("{%")) {
        return;
    }
    let start = node.span.end + line.len() - trimmed.len();
    let at = super::diagnostic::Span { start, end: start + trimmed.trim_end().len(), ..node.span };
    report.push(
        Diagnostic::warning("comment", "a ` #` begins a comment, so this is no part of the template")
            .at(at)
            .help("put the whole template in quotes"),
    );
}
