pub mod measured;
pub mod told;

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{Exit, Failure, Talk, open_path, print_json};
use crate::cli::RefineArgs;
use crate::pipeline::{self, Opened};
use crate::refine::patch::{self, Steps};
use crate::refine::{Proposal, proposals};
use crate::staged::replace;

/// A proposal, and why it was not made a change where it was not.
pub struct Made {
    pub proposal: Proposal,
    pub not: Option<String>,
}

/// Proposes changes of a config from what was measured, and makes them if told.
pub fn refine(args: &RefineArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open_path(&args.config, &[])?;
    let figures = measured::figures(args, &opened, talk)?;
    let proposed = proposals(&opened.recipe.config, &figures);
    let Patched { bom, steps, made, changes } =
        Patched::of(&args.config, own_text(&opened)?, &opened, proposed);
    if args.apply && changes {
        write(&args.config, &format!("{bom}{}", steps.text()))?;
    }
    let applied = args.apply && changes;
    if args.json {
        let list: Vec<Value> = made.iter().map(told::json).collect();
        let diff = told::diff(&args.config, &steps, &[]);
        print_json(&json!({
            "config": args.config, "proposals": list, "diff": diff, "applied": applied,
        }))?;
    } else {
        std::io::stdout().lock().write_all(told::text(&args.config, &steps, &made).as_bytes())?;
    }
    let config = args.config.display();
    match (made.is_empty(), changes, applied) {
        (true, ..) => talk.say(&format!("{config}: nothing to propose, by {}", measured::by(args, &figures))),
        (_, false, _) => talk.say("nothing of this is a change of the config"),
        (_, _, false) => talk.say(&format!(
            "nothing was changed: with --apply this is written to {config}, and `emogrid plan {config}` \
             then says what it asks anew"
        )),
        (_, _, true) => {
            talk.say(&format!("{config} was changed; `emogrid plan {config}` says what it asks anew"));
        }
    }
    Ok(Exit::Complete)
}

/// A config's text with proposals made changes of it, as far as it stays right by them.
pub struct Patched {
    pub bom: &'static str,
    pub steps: Steps,
    pub made: Vec<Made>,
    /// Whether the text is another.
    pub changes: bool,
}

impl Patched {
    /// `text` stands in the config at `path`, or is what would stand there; `opened` is what it says.
    pub fn of(path: &Path, text: &str, opened: &Opened, proposed: Vec<Proposal>) -> Self {
        let (bom, text) = match text.strip_prefix('\u{feff}') {
            Some(rest) => ("\u{feff}", rest),
            None => ("", text),
        };
        let mut steps = Steps::new(text);
        let mut made: Vec<Made> = Vec::new();
        for proposal in proposed {
            let not = match proposal.changes.is_empty() {
                true => None,
                false => step(path, opened, &proposal, &mut steps, made.len()).err(),
            };
            made.push(Made { proposal, not });
        }
        let changes = steps.text() != text;
        Self { bom, steps, made, changes }
    }
}

/// The config's own text, without what it builds on.
pub fn own_text(opened: &Opened) -> Result<&str, Failure> {
    let own = opened.texts.first().map(|(_, text)| text.as_str());
    own.ok_or_else(|| Failure::Refused("the config cannot be read again".into()))
}

/// Makes a proposal a change of the text, if the config stays right by it.
fn step(
    path: &Path,
    opened: &Opened,
    proposal: &Proposal,
    steps: &mut Steps,
    number: usize,
) -> Result<(), String> {
    let text =
        patch::apply(steps.text(), &opened.tree, &proposal.changes).map_err(|error| error.to_string())?;
    pipeline::try_text(path, &text).map_err(|report| {
        let first = report.found.iter().find(|found| found.severity == crate::config::Severity::Error);
        first.map_or_else(|| "the config would be wrong".to_owned(), |found| found.message.clone())
    })?;
    steps.step(number, text);
    Ok(())
}

/// Writes the whole file in place of the old one.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    replace(path, text.as_bytes()).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))
}
