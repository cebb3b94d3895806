use std::io::Write;

use super::{Exit, Failure, Talk, block_on};
use crate::cli::CheckArgs;
use crate::config::yaml::Node;
use crate::grid::Size;
use crate::pipeline::doctor::{self, Grade};
use crate::pipeline::{self, Opened};
use crate::prompt::RenderError;
use crate::report::{count, shortened};

/// Says everything that is wrong with each config and, if asked, with its endpoint.
pub fn check(args: &CheckArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut exit = Exit::Complete;
    for path in &args.configs {
        let rendered = |opened: Opened| match opened.recipe.render_all() {
            Ok(()) => Ok(opened),
            Err(RenderError(report)) => Err(Failure::Config(*report)),
        };
        match pipeline::open(path, &args.set, Size::Warn).map_err(Failure::from).and_then(rendered) {
            Ok(opened) => {
                let mut warnings = opened.warnings.clone();
                warnings.found.extend(opened.unset_keys().found);
                talk.say_all(&warnings);
                let recipe = &opened.recipe;
                talk.say(&format!(
                    "{}: ok, {}, {}, up to {} each",
                    path.display(),
                    count(recipe.grid.size() as u64, "cell"),
                    count(recipe.wanted(), "row"),
                    count(u64::from(recipe.quotas.max_asks), "ask"),
                ));
                for unused in &recipe.config.unused {
                    talk.say(&format!(
                        "endpoint `{unused}` is not used: it has `weight: 0`, and nothing names it as its `model`"
                    ));
                }
                if args.resolved {
                    resolved(&opened)?;
                }
                if args.endpoint && !endpoint(&opened, talk)? {
                    exit = Exit::Failed;
                }
            }
            Err(failure) => {
                let several = args.configs.len() > 1;
                exit = talk.explain_of(several.then_some(path.as_path()), &failure);
            }
        }
    }
    Ok(exit)
}

/// Writes every key that is set, with its value and the place that wrote it.
fn resolved(opened: &Opened) -> Result<(), Failure> {
    let sources = &opened.warnings.sources;
    let mut lines = Vec::new();
    leaves(&opened.tree, String::new(), &mut lines);
    let mut out = std::io::stdout().lock();
    for (path, node) in lines {
        let place =
            format!("{}:{}", sources.path(node.span.source).display(), sources.line_column(node.span).0);
        let value = node.to_json().to_string();
        writeln!(out, "{path}: {}    # {place}", shortened(&value, 60))?;
    }
    Ok(())
}

/// The values below a node that are no mappings, with their paths.
fn leaves<'a>(node: &'a Node, path: String, out: &mut Vec<(String, &'a Node)>) {
    if node.entries().is_empty() {
        out.push((path, node));
        return;
    }
    for (name, inner) in node.entries() {
        let path = if path.is_empty() { name.text.clone() } else { format!("{path}.{}", name.text) };
        leaves(inner, path, out);
    }
}

/// Says what a look at the endpoint found; `false` if anything would spoil a run.
fn endpoint(opened: &Opened, talk: &Talk) -> Result<bool, Failure> {
    let watcher = talk.style().watcher();
    let findings = block_on(doctor::examine(opened, watcher.as_ref()))??;
    drop(watcher);
    let mut out = std::io::stdout().lock();
    for found in &findings {
        let grade = match found.grade {
            Grade::Good => "ok  ",
            Grade::Warning => "note",
            Grade::Bad => "BAD ",
        };
        writeln!(out, "{grade}  {}", found.what)?;
        if !found.mend.is_empty() {
            writeln!(out, "      → {}", found.mend)?;
        }
    }
    Ok(findings.iter().all(|found| found.grade != Grade::Bad))
}
