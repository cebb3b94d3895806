use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use similar::TextDiff;

use super::{Exit, Failure, Stored, Talk, block_on, open_for, select};
use crate::cli::PreviewArgs;
use crate::dataset::evaluate::{Accepted, Failed, Rejected};
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Recipe, Sink, looking};
use crate::fingerprint::messages_of;
use crate::grid::Selection;
use crate::pipeline::{self, Leaving, Opened, RunError, RunOptions};
use crate::prompt::Question;
use crate::report::for_terminal;

/// Cells that are shown unless the user says which.
const SOME: usize = 3;

/// Shows the messages of some cells, and what comes of them.
pub fn preview(args: &PreviewArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open_for(&args.config, &args.cells, talk)?;
    let recipe = &opened.recipe;
    let given = select(&args.cells, &opened)?;
    let selection = match given.is_all() {
        true => Selection::parse(&[], Some(SOME), &recipe.grid)?,
        false => given,
    };
    let cells: Vec<usize> = selection
        .mask(&recipe.grid)
        .iter()
        .enumerate()
        .filter(|(_, meant)| **meant)
        .map(|(cell, _)| cell)
        .collect();
    let mut out = String::new();
    let mut exit = Exit::Complete;
    if args.generate {
        exit = generate(&opened, selection, talk)?;
        let mut answers = Answers(cells.iter().map(|cell| (*cell, <[String; 3]>::default())).collect());
        Stored::open(&opened)?.evaluate(&opened.recipe, talk, true, &mut answers)?;
        for cell in cells {
            header(recipe, cell, &mut out);
            out.extend(answers.0.remove(&cell).unwrap_or_default());
            out.push('\n');
        }
    } else if args.diff {
        differences(&opened, &cells, &mut out)?;
    } else {
        for cell in cells {
            header(recipe, cell, &mut out);
            let (messages, _) = recipe.messages(cell, 0).map_err(RunError::from)?;
            for message in messages {
                let _ = writeln!(out, "{}:\n{}\n", message.role, indented(&message.content));
            }
            judges(recipe, cell, &mut out)?;
        }
    }
    std::io::stdout().lock().write_all(for_terminal(&out).as_bytes())?;
    Ok(exit)
}

/// What stands in the place of a text that is not written yet.
const A_TEXT: &str = "(the text)";

/// The messages that ask for names in doubt of a text of a cell, what is embedded of it, and the messages that
/// ask judges about it.
fn judges(recipe: &Recipe, cell: usize, out: &mut String) -> Result<(), Failure> {
    if recipe.judge.looks_again() {
        for (role, content) in looking::messages(A_TEXT) {
            let _ = writeln!(out, "{role}, where a name is in doubt:\n{}\n", indented(&content));
        }
    }
    if let Some(semantic) = &recipe.config.dedup.semantic {
        let _ = writeln!(out, "to embed:\n{}\n", indented(&format!("{}{A_TEXT}", semantic.prefix)));
    }
    for (judge, model) in recipe.judges.iter().enumerate() {
        let question = Question { judge, cell: recipe.grid.cell(cell), number: 0, text: A_TEXT };
        let mut write = |role: &str, content: &str| {
            let _ = writeln!(out, "{role}, to judge `{}`:\n{}\n", model.name(), indented(content));
        };
        recipe.prompts.visit_judge(&recipe.grid, question, &mut write).map_err(RunError::from)?;
    }
    Ok(())
}

fn header(recipe: &Recipe, cell: usize, out: &mut String) {
    let place = recipe.grid.cell(cell);
    let variant = recipe.prompts.variant_name(recipe.prompts.variant(place, 0));
    let _ = writeln!(out, "── {} ({variant})", recipe.grid.describe(place));
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Asks for the cells like any run.
fn generate(opened: &Opened, selection: Selection, talk: &Talk) -> Result<Exit, Failure> {
    let watcher = talk.style().watcher();
    let options = RunOptions { selection, leaving: Leaving::Spare, ..RunOptions::of(&jiff::Zoned::now()) };
    let finished = block_on(pipeline::run(opened, &options, watcher.as_ref()))?.came()?;
    drop(watcher);
    match finished.error {
        Some(error) => Err(error.into()),
        None => Ok(finished.ended.into()),
    }
}

/// The candidates of some cells with what was made of each: accepted, rejected, failed.
struct Answers(HashMap<usize, [String; 3]>);

impl Sink for Answers {
    fn row(&mut self, row: &Accepted<'_>) {
        if let Some([accepted, ..]) = self.0.get_mut(&row.place.cell) {
            let _ = writeln!(accepted, "  accepted   {}", row.candidate.text);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        if let Some([_, rejected, _]) = self.0.get_mut(&reject.place.cell) {
            let (text, why) = (&reject.candidate.text, reject.why.reason());
            let _ = writeln!(rejected, "  rejected   {text}\n             ({why})");
        }
    }

    fn failed(&mut self, ask: &Failed) {
        if let Some([.., failed]) = self.0.get_mut(&ask.cell) {
            let _ = writeln!(failed, "  failed     ask {}: {}", ask.ask, ask.reason);
        }
    }
}

/// What changed in the cells' first messages since the last run.
fn differences(opened: &Opened, cells: &[usize], out: &mut String) -> Result<(), Failure> {
    let recipe = &opened.recipe;
    let Some(reader) = Stored::open(opened)?.reader else {
        out.push_str("nothing ran here before\n");
        return Ok(());
    };
    let before = match reader.written_state(&recipe.config.name)? {
        Some(written) => CellAsks::from_bytes(reader.whole_cells(written.number)?).unwrap_or_default(),
        None => CellAsks::default(),
    };
    for cell in cells {
        header(recipe, *cell, out);
        let id = recipe.grid.cell(*cell).id;
        let old = match before.asks(&id).first() {
            Some(hash) => reader.by_prefix(hash)?,
            None => None,
        };
        let Some((_, request, _)) = old else {
            out.push_str("  was not asked in the last run\n\n");
            continue;
        };
        let old = messages_of(&request);
        let (new, _) = recipe.messages(*cell, 0).map_err(RunError::from)?;
        let mut roles: Vec<&str> = new.iter().map(|message| message.role).collect();
        roles.extend(
            old.iter()
                .map(|(role, _)| role.as_str())
                .filter(|role| !roles.contains(role))
                .collect::<Vec<_>>(),
        );
        let mut same = true;
        for role in roles {
            let was = old.iter().find(|(of, _)| of == role).map_or("", |(_, text)| text);
            let is = new.iter().find(|message| message.role == role).map_or("", |message| &message.content);
            if was == is {
                continue;
            }
            same = false;
            let _ = writeln!(out, "{role}:");
            let diff = TextDiff::from_lines(was, is);
            for change in diff.iter_all_changes() {
                let _ = writeln!(out, "  {} {}", change.tag(), change.value().trim_end_matches('\n'));
            }
        }
        out.push_str(if same { "  the same messages as in the last run\n\n" } else { "\n" });
    }
    Ok(())
}
