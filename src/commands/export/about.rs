//! What a dataset's card says beside its rows.

use serde_json::Value;

use super::source::{OfConfig, Source};
use crate::audit::{self, Options, Table};
use crate::cli::ExportArgs;
use crate::config::resolved::{Amount, Template};
use crate::dataset::audited;
use crate::export::{About, Figure, Format, Survey};
use crate::fingerprint::Identity;
use crate::report::audit::figures;
use crate::report::{count, thousands};

/// `table` is what is audited.
pub fn about(
    args: &ExportArgs,
    format: Format,
    source: &Source,
    survey: &Survey,
    table: Option<Table>,
) -> About {
    let name = match source {
        Source::Config(of) => of.opened.recipe.config.name.clone(),
        Source::Table(_) => {
            args.source.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
        }
    };
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let mut about = About {
        name: if name.trim_matches(['-', '_']).is_empty() { "dataset".to_owned() } else { name },
        licence: args.license.clone(),
        language: args.language.clone(),
        ..About::default()
    };
    if format != Format::Hf {
        return about;
    }
    let options = match source {
        Source::Config(of) => {
            let config = &of.opened.recipe.config;
            about.is_generated = true;
            about.language = about.language.or_else(|| config.checks.language.clone());
            about.origin = format!(
                "{}, made with emogrid {} from the config `{}`.",
                count(survey.rows, "text"),
                env!("CARGO_PKG_VERSION"),
                config.name
            );
            about.settings = settings(of);
            about.prompts = prompts(of);
            let recipe = &of.opened.recipe;
            let none = audited::table(recipe);
            audited::options(recipe, table.as_ref().unwrap_or(&none))
        }
        Source::Table(_) => {
            let file = args.source.file_name().map(|name| name.to_string_lossy().into_owned());
            about.origin = format!(
                "{} of `{}`, exported with emogrid {}.",
                count(survey.rows, "row"),
                file.unwrap_or_default(),
                env!("CARGO_PKG_VERSION")
            );
            Options { negative: audited::known_negative(), ..Options::default() }
        }
    };
    if let Some(table) = table.filter(|table| table.rows() > 0) {
        let report = audit::audit(&table, &options, |_, _| {});
        about.figures = report
            .measures
            .iter()
            .map(|measure| {
                let [what, value, interval, human, verdict] = figures(measure);
                let of = if measure.of.is_empty() { String::new() } else { format!(", {}", measure.of) };
                Figure { what: format!("{what}{of}"), value, interval, human, verdict }
            })
            .collect();
    }
    about
}

/// How a config's texts were made.
fn settings(of: &OfConfig) -> Vec<(String, String)> {
    let recipe = &of.opened.recipe;
    let config = &recipe.config;
    let mut out: Vec<(String, String)> = Vec::new();
    let mut say = |name: &str, value: String| out.push((name.to_owned(), value));
    say("config", config.name.clone());
    for model in of.stored.models.list() {
        let value = match &model.identity {
            Identity::LlamaCpp { parameters, quantisation, adapters, .. } => {
                let mut value =
                    format!("{}, {} parameters", model.identity.display_name(), thousands(*parameters));
                quantisation.iter().for_each(|name| value.push_str(&format!(", {name}")));
                adapters.iter().for_each(|adapter| value.push_str(&format!(", {adapter}")));
                value
            }
            Identity::Named { name } if name.is_empty() => continue,
            Identity::Named { name } => format!("{name} (the server's word for it)"),
        };
        say("model", value);
    }
    say("sampling", brief(&serde_json::to_value(&config.sampling).unwrap_or_default()));
    let texts = format!("{} an answer, {} a request", config.response.items, config.candidates_per_ask());
    say("texts", texts);
    for axis in &recipe.grid.axes {
        let names: Vec<&str> = config
            .axes
            .iter()
            .filter(|of| *of.name == *axis.name)
            .flat_map(|of| &of.values)
            .map(|value| value.name.as_str())
            .collect();
        let what = if axis.label { "label axis" } else { "axis" };
        say(&format!("{what} {}", axis.name), names.join(", "));
    }
    say("cells", thousands(recipe.grid.size() as u64));
    let wanted = match &config.samples.amount {
        Amount::PerCell { per_cell } => format!("{per_cell} a cell, {} in all", thousands(recipe.wanted())),
        Amount::Total { .. } => format!("{} in all", thousands(recipe.wanted())),
    };
    say("rows wanted", wanted);
    let quotas = &recipe.quotas;
    if !quotas.raised.is_empty() {
        let more = format!("{} in {}", thousands(quotas.raised.rows()), count(quotas.raised.cells(), "cell"));
        say("of these in raised cells", more);
    }
    say("checks", brief(&serde_json::to_value(&config.checks).unwrap_or_default()));
    say("near-duplicates", config.dedup.level.to_owned());
    let anonymised = brief(&serde_json::to_value(&config.anonymize).unwrap_or_default());
    say("anonymised", if anonymised.is_empty() { "off".to_owned() } else { anonymised });
    say("seed", config.seed.to_string());
    out
}

/// A mapping on one line, without what is off or not set.
fn brief(value: &Value) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let set = fields.iter().filter_map(|(name, value)| match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(name.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Object(fields) if fields.is_empty() => None,
        Value::String(text) if text == "off" => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Object(_) => {
            Some(brief(value)).filter(|set| !set.is_empty()).map(|set| format!("{name} ({set})"))
        }
        other => Some(format!("{name} {other}")),
    });
    set.collect::<Vec<_>>().join(", ")
}

/// The templates of a config's prompts, and the files that they include.
fn prompts(of: &OfConfig) -> Vec<(String, String)> {
    let prompt = &of.opened.recipe.config.prompt;
    let system = prompt.system.iter().map(|template| ("system".to_owned(), template));
    let weighted = prompt.user.len() > 1;
    let user = prompt.user.iter().map(|variant| {
        let weight = if weighted { format!(", weight {}", variant.weight) } else { String::new() };
        (format!("user: {}{weight}", variant.name), &variant.template)
    });
    let mut files = of.opened.recipe.prompts.files_used();
    let mut out = Vec::new();
    for (name, template) in system.chain(user) {
        match template {
            Template::Inline(source, _) => out.push((name, source.clone())),
            Template::File(file, _) => {
                let at = files.iter().position(|(known, _)| known == file);
                let source = at.map(|at| files.remove(at).1).unwrap_or_default();
                out.push((format!("{name} ({file})"), source));
            }
        }
    }
    out.extend(files);
    out
}
