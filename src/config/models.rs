//! Which model a prompt variant or an axis value is for.

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span};
use super::endpoint::named;
use super::resolved::{Axis, Config, Endpoint, Prompt};
use super::yaml::Node;

/// Finds the endpoints that variants and values name as their `model`, and reports names that none
/// has and combinations that no endpoint serves.
///
/// With a single endpoint there is nothing to choose: an attribute `model` is an attribute like any.
pub fn models(
    root: &Node,
    endpoints: &[Endpoint],
    prompt: Option<&mut Prompt>,
    axes: &mut [Axis],
    report: &mut Report,
) {
    // What names a model, as messages call it, with where and what it means.
    let mut chosen: Vec<(usize, String, Span, Vec<usize>)> = Vec::new();
    let mut find = |group: usize, what: String, name: &str, at: Span, report: &mut Report| match named(
        name, endpoints, at,
    ) {
        Ok(found) => {
            chosen.push((group, what, at, found.clone()));
            Some(found)
        }
        Err(unknown) => {
            report.push(unknown);
            None
        }
    };
    for variant in prompt.into_iter().flat_map(|prompt| &mut prompt.user) {
        if let (Some(model), Some(at)) = (&variant.model, variant.model_at) {
            variant.endpoints = find(0, format!("variant `{}`", variant.name), model, at, report);
        }
    }
    if endpoints.len() > 1 {
        for (group, axis) in axes.iter_mut().enumerate() {
            for value in &mut axis.values {
                let Some(Value::String(model)) = value.attributes.get("model") else { continue };
                let at = attribute(root, &axis.name, &value.name).or(axis.at).unwrap_or(root.span);
                value.endpoints = find(group + 1, format!("`{}`", value.name), model, at, report);
            }
        }
    }
    for (index, (group, what, at, mine)) in chosen.iter().enumerate() {
        for (other_group, other, there, theirs) in &chosen[..index] {
            if group != other_group && !mine.iter().any(|endpoint| theirs.contains(endpoint)) {
                report.push(
                    Diagnostic::error(
                        "unknown-model",
                        format!("no endpoint can serve {what} together with {other}"),
                    )
                    .at(*at)
                    .also(*there, "the other")
                    .help("name the same model in both, or in one of them only"),
                );
            }
        }
    }
}

/// Takes out endpoints of `weight: 0` that nothing names: no ask is for them, whatever their model is.
pub fn leave_out_unused(config: &mut Config) {
    let is_used = |(index, endpoint): (usize, &Endpoint)| {
        endpoint.weight > 0.0 || config.named().any(|named| named.contains(&index))
    };
    let used: Vec<bool> = config.endpoints.iter().enumerate().map(is_used).collect();
    // Where none is left there is an error, or a stand-in for one.
    if !used.contains(&true) {
        return;
    }
    let before = |index: &usize| used[..*index].iter().filter(|used| **used).count();
    for named in config.named_mut() {
        named.iter_mut().for_each(|index| *index = before(index));
    }
    let all = std::mem::take(&mut config.endpoints).into_iter().zip(used);
    let (used, unused): (Vec<_>, Vec<_>) = all.partition(|(_, used)| *used);
    config.endpoints = used.into_iter().map(|(endpoint, _)| endpoint).collect();
    config.unused = unused.into_iter().map(|(endpoint, _)| endpoint.name).collect();
}

impl Config {
    /// What variants, values, judges, the second look and the embedder name: each as indices of endpoints.
    pub fn named(&self) -> impl Iterator<Item = &Vec<usize>> {
        let prompts = self.prompt.user.iter().filter_map(|variant| variant.endpoints.as_ref());
        let values =
            self.axes.iter().flat_map(|axis| &axis.values).filter_map(|value| value.endpoints.as_ref());
        let judges = self.checks.judges.iter().filter_map(|judge| judge.endpoints.as_ref());
        let look = self.anonymize.second_look.iter().filter_map(|look| look.endpoints.as_ref());
        let embedder = self.dedup.semantic.iter().map(|semantic| &semantic.endpoints);
        prompts.chain(values).chain(judges).chain(look).chain(embedder)
    }

    fn named_mut(&mut self) -> impl Iterator<Item = &mut Vec<usize>> {
        let prompts = self.prompt.user.iter_mut().filter_map(|variant| variant.endpoints.as_mut());
        let values = self.axes.iter_mut().flat_map(|axis| &mut axis.values);
        let values = values.filter_map(|value| value.endpoints.as_mut());
        let judges = self.checks.judges.iter_mut().filter_map(|judge| judge.endpoints.as_mut());
        let look = self.anonymize.second_look.iter_mut().filter_map(|look| look.endpoints.as_mut());
        let embedder = self.dedup.semantic.iter_mut().map(|semantic| &mut semantic.endpoints);
        prompts.chain(values).chain(judges).chain(look).chain(embedder)
    }
}

/// Where a value's attribute `model` stands in the config.
fn attribute(root: &Node, axis: &str, value: &str) -> Option<Span> {
    let axis = root.get("grid")?.get("axes")?.get(axis)?;
    let under = |key: &str| Some(axis.get(key)?.get(value)?.get("model")?.span);
    under("override").or_else(|| under("values"))
}
