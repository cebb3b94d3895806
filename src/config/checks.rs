//! What texts are held to.

use super::diagnostic::{Diagnostic, Report, did_you_mean};
use super::file::read_named;
use super::keys;
use super::resolved::*;
use super::yaml::Node;

/// Reads `checks`; each mistake goes to the report.
pub fn checks(root: &Node, axes: Option<&[Axis]>, project: &Project, report: &mut Report) -> Checks {
    let node = root.get("checks");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let on = |key: &str| get(key).and_then(Node::bool).unwrap_or(true);
    Checks {
        words: get("words").and_then(keys::range),
        characters: get("characters").and_then(keys::range),
        mend: on("mend"),
        whitespace: on("whitespace"),
        repetition: on("repetition"),
        refusal: on("refusal"),
        leftover: on("leftover"),
        placeholder: on("placeholder"),
        unfinished: on("unfinished"),
        echo: match get("echo") {
            Some(node) if node.bool() == Some(false) => None,
            node => Some(node.and_then(Node::whole).map_or(DEFAULT_ECHO, |words| words as usize)),
        },
        language: get("language").and_then(Node::text).map(str::to_owned),
        label_leakage: get("label_leakage").and_then(|node| label_leakage(node, axes, report)),
        sentiment: get("sentiment").and_then(|node| sentiment(node, axes, report)),
        toxicity: get("toxicity").map(|node| toxicity(node, project, report)).unwrap_or_default(),
        label: None,
        judges: Vec::new(),
    }
}

fn label_leakage(node: &Node, axes: Option<&[Axis]>, report: &mut Report) -> Option<LeakageLimit> {
    if axes.is_some_and(|axes| axes.iter().all(|axis| !axis.label)) {
        report.push(
            Diagnostic::error("checks", "`label_leakage` needs a label, and no axis is one")
                .at(node.span)
                .help("write `label: true` at an axis"),
        );
    }
    let limit = node.get("at_most")?;
    Some(limit.number().map_or(LeakageLimit::Human, LeakageLimit::Share))
}

fn sentiment(node: &Node, axes: Option<&[Axis]>, report: &mut Report) -> Option<SentimentLimit> {
    let name = node.get("axis")?;
    let at_most = node.get("at_most").and_then(Node::number).unwrap_or(DEFAULT_SENTIMENT);
    let (wanted, axes) = (name.text()?, axes?);
    let names = || axes.iter().map(|axis| axis.name.as_str());
    let Some(axis) = names().position(|known| known == wanted) else {
        let found = Diagnostic::error("unknown-axis", format!("there is no axis `{wanted}`")).at(name.span);
        report.push(match did_you_mean(wanted, names()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(format!("the axes are: {}", names().collect::<Vec<_>>().join(", "))),
        });
        return None;
    };
    let values = &axes[axis].values;
    if !values.is_empty() && values.iter().all(|value| value.polarity().is_none()) {
        report.push(
            Diagnostic::error("checks", format!("no value of axis `{wanted}` is positive or negative"))
                .at(name.span)
                .help("give its values the attribute `polarity`, `positive` or `negative`, or name another axis"),
        );
    }
    Some(SentimentLimit { axis, at_most })
}

fn toxicity(node: &Node, project: &Project, report: &mut Report) -> Toxicity {
    let level = |node: Option<&Node>| match node.and_then(Node::text) {
        Some("strict") => ToxicityLevel::Strict,
        Some("mild") => ToxicityLevel::Mild,
        _ => ToxicityLevel::Off,
    };
    let Some(file) = node.get("terms") else {
        let named = node.get("level").unwrap_or(node);
        return Toxicity { level: level(Some(named)), ..Toxicity::default() };
    };
    let mut out = Toxicity { level: level(node.get("level")), ..Toxicity::default() };
    let Some(source) = file.text().and_then(|name| read_named(name, file.span, project, report)) else {
        return out;
    };
    let text = report.sources.text(source).clone();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    out.terms = lines.map(str::to_owned).collect();
    out.hash = Some(blake3::hash(text.as_bytes()).to_hex().to_string());
    if out.terms.is_empty() {
        report.push(
            Diagnostic::error("checks", "this file has no terms")
                .at(file.span)
                .help("write a term a line; lines that begin with `#` do not count"),
        );
    }
    out
}
