mod judged;
mod old;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use super::{Exit, Failure, Stored, Talk, open};
use crate::check::Candidate;
use crate::check::answer::{Answer, End};
use crate::cli::WhyArgs;
use crate::dataset::evaluate::{Accepted, Failed, Place, Rejected, Why};
use crate::dataset::{Models, Recipe, Sink};
use crate::model::{Fingerprint, RowId};
use crate::pipeline::RunError;
use crate::report::for_terminal;
use crate::store::Reader;

/// Says where a row came from, or what became of it.
pub fn why(args: &WhyArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let recipe = &opened.recipe;
    let id = args.id.to_lowercase();
    if id.len() < 4 || !id.chars().all(|c| c.is_ascii_hexdigit()) {
        let what = "an id is hexadecimal: give at least its first four digits";
        return Err(Failure::Refused(what.into()));
    }
    let stored = Stored::open(&opened)?;
    let Some(reader) = &stored.reader else {
        return Err(Failure::InVain("nothing was ever stored in this project".into()));
    };
    let mut out = String::new();
    let mut search = Search { id: &id, row: None, reject: None, failed: None };
    stored.evaluate::<()>(&opened.recipe, talk, false, &mut search)?;
    let found = match (search.row.or(search.reject), search.failed) {
        (Some(place), _) => {
            explain(recipe, (&stored.models, reader), place, args.with_originals, &mut out)?;
            let mut verdicts =
                Verdicts { of: place.fingerprint, accepted: String::new(), rejected: Vec::new() };
            stored.evaluate(&opened.recipe, talk, true, &mut verdicts)?;
            out.push_str(&verdicts.accepted);
            let mut kept = Kept { told: HashMap::new() };
            kept.told.extend(verdicts.rejected.iter().filter_map(|(_, of)| Some(((*of)?, None))));
            if !kept.told.is_empty() {
                stored.evaluate(&opened.recipe, talk, true, &mut kept)?;
            }
            for (rejected, of) in &verdicts.rejected {
                out.push_str(rejected);
                if let Some(Some(kept)) = of.as_ref().and_then(|of| kept.told.get(of)) {
                    repeated(recipe, reader, kept, &mut out)?;
                }
            }
            true
        }
        (None, Some(failed)) => {
            explain_failed(recipe, reader, &failed, &mut out)?;
            true
        }
        (None, None) => {
            old::explain_old(&opened, talk, &stored, reader, (&id, args.with_originals), &mut out)?
        }
    };
    if !found {
        return Err(Failure::InVain(format!("no row, reject or stored answer begins with `{id}`")));
    }
    std::io::stdout().lock().write_all(for_terminal(&out).as_bytes())?;
    Ok(Exit::Complete)
}

/// Looks for a row, a reject or an ask given up of now whose id or fingerprint begins so.
struct Search<'a> {
    id: &'a str,
    row: Option<Place>,
    reject: Option<Place>,
    failed: Option<Failed>,
}

impl Search<'_> {
    fn fits(&self, place: &Place, candidate: &Candidate) -> bool {
        let row = || RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        place.fingerprint.to_string().starts_with(self.id) || row().to_string().starts_with(self.id)
    }
}

impl Sink<()> for Search<'_> {
    fn row(&mut self, row: &Accepted<'_, ()>) {
        if self.row.is_none() && self.fits(&row.place, row.candidate) {
            self.row = Some(row.place);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, ()>) {
        if self.reject.is_none() && self.fits(&reject.place, reject.candidate) {
            self.reject = Some(reject.place);
        }
    }

    fn failed(&mut self, failed: &Failed) {
        if self.failed.is_none() && failed.fingerprint.to_string().starts_with(self.id) {
            self.failed = Some(failed.clone());
        }
    }
}

/// What became of the candidates of one ask.
struct Verdicts {
    of: Fingerprint,
    accepted: String,
    /// What is said of each, and the row that it repeats.
    rejected: Vec<(String, Option<RowId>)>,
}

impl Sink for Verdicts {
    fn row(&mut self, row: &Accepted<'_>) {
        if row.place.fingerprint == self.of {
            let beside = match row.pair.filter(|_| row.is_counterpart()) {
                Some(original) => format!(", beside {original}"),
                None => String::new(),
            };
            let _ = writeln!(self.accepted, "  {} accepted{beside}: {}", row.name, row.candidate.text);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        if reject.place.fingerprint == self.of {
            let candidate = reject.candidate;
            let id = RowId::of(&self.of, candidate.choice, candidate.item);
            let said = format!("  {id} rejected, {}: {}\n", reject.why.reason(), candidate.text);
            let of = match reject.why {
                Why::Duplicate { of } | Why::NearDuplicate { of, .. } | Why::Paraphrase { of, .. } => {
                    Some(of)
                }
                Why::Own(_) | Why::Named { .. } | Why::Judged(_) => None,
            };
            self.rejected.push((said, of));
        }
    }
}

/// The rows that others repeat: their places and texts.
struct Kept {
    told: HashMap<RowId, Option<(Place, String)>>,
}

impl Sink for Kept {
    fn row(&mut self, row: &Accepted<'_>) {
        if let Some(told) = self.told.get_mut(&row.name) {
            *told = Some((row.place, row.candidate.text.to_string()));
        }
    }
}

/// Says of a row that another repeats where it stands, and in which night its answer came.
fn repeated(
    recipe: &Recipe,
    reader: &Reader,
    (place, text): &(Place, String),
    out: &mut String,
) -> Result<(), Failure> {
    let cell = recipe.grid.describe(recipe.grid.cell(place.cell));
    let _ = writeln!(out, "    that row, {cell}: {text}");
    if let Some(origin) = reader.origin(&place.fingerprint, recipe.config.sampling.max_tokens)? {
        let own = |(config, _): &&(String, String)| *config == recipe.config.name;
        let run = origin.runs.iter().find(own).or_else(|| origin.runs.first());
        let run = run.map_or(String::new(), |(config, started)| {
            let of = if *config == recipe.config.name { String::new() } else { format!(" of `{config}`") };
            format!(", in the run{of} that began {}", minute(started))
        });
        let _ = writeln!(out, "    its answer was stored {}{run}", minute(&origin.created));
    }
    Ok(())
}

/// A stored time to the minute.
fn minute(time: &str) -> String {
    format!("{} UTC", time.get(..16).unwrap_or(time).replace('T', " "))
}

fn section(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "{title}:");
    for line in text.lines() {
        let _ = writeln!(out, "  {line}");
    }
}

fn explain(
    recipe: &Recipe,
    (models, reader): (&Models, &Reader),
    place: Place,
    originals: bool,
    out: &mut String,
) -> Result<(), Failure> {
    let cell = recipe.grid.cell(place.cell);
    let variant = recipe.prompts.variant_name(recipe.prompts.variant(cell, place.ask));
    let _ = writeln!(out, "cell: {}\nask: {} (prompt `{variant}`)", recipe.grid.describe(cell), place.ask);
    let _ = writeln!(out, "fingerprint: {}", place.fingerprint);
    let (messages, _) = recipe.messages(place.cell, place.ask).map_err(RunError::from)?;
    for message in messages {
        section(out, message.role, &message.content);
    }
    if let Some(raw) = reader.answer(&place.fingerprint, recipe.config.sampling.max_tokens)? {
        own_answer(recipe, &raw, originals, out);
        for candidate in recipe.judge.candidates(&raw, &recipe.values(place.cell), None) {
            let counterpart = recipe.counterpart(place.cell, &place.fingerprint, &candidate);
            if counterpart.is_some() {
                let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
                let own = id.counterpart();
                let _ = writeln!(out, "{own} is the counterpart of {id}, as the file under `curation` says");
            }
            for candidate in counterpart.into_iter().chain([candidate]) {
                if let Some(rewritten) = recipe.rewritten(&place.fingerprint, &candidate) {
                    let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
                    let by = rewritten.by.as_deref().unwrap_or("somebody");
                    let why = rewritten.why.as_ref().map(|why| format!(" for {why}")).unwrap_or_default();
                    let _ =
                        writeln!(out, "{id} was rewritten by {by}{why}, as the file under `curation` says");
                }
            }
        }
        judged::explain(recipe, models, reader, (place, &raw), originals, out)?;
    }
    out.push_str("verdicts:\n");
    Ok(())
}

/// Explains an ask that was given up.
fn explain_failed(
    recipe: &Recipe,
    reader: &Reader,
    failed: &Failed,
    out: &mut String,
) -> Result<(), Failure> {
    let cell = recipe.grid.cell(failed.cell);
    let _ = writeln!(out, "cell: {}\nask: {}", recipe.grid.describe(cell), failed.ask);
    let _ = writeln!(out, "fingerprint: {}\ngiven up: {}", failed.fingerprint, failed.reason);
    if let Some(stone) = reader.tombstone(&failed.fingerprint)? {
        section(out, "the server said", &stone.detail);
    }
    out.push_str(
        "it is not asked again until its prompt or the setting behind it changes, or with `--retry-failed`\n",
    );
    let (messages, _) = recipe.messages(failed.cell, failed.ask).map_err(RunError::from)?;
    for message in messages {
        section(out, message.role, &message.content);
    }
    Ok(())
}

/// Shows the stored answer to an ask. Where names in doubt are asked about, what was taken for names is not marked in
/// it, so it is an original as a whole.
fn own_answer(recipe: &Recipe, raw: &str, originals: bool, out: &mut String) {
    match recipe.judge.looks_again() && !originals {
        true => out.push_str(
            "answer: its texts stand in the dataset and its rejects; `--with-originals` shows it\n",
        ),
        false => answer(recipe, raw, originals, out),
    }
}

/// Shows a stored answer; what the anonymiser takes out only where originals are asked for.
fn answer(recipe: &Recipe, raw: &str, originals: bool, out: &mut String) {
    let Ok(answer) = Answer::parse(raw) else { return };
    if answer.emogrid.is_some() {
        out.push_str("answer: something was taken out of it; what is left stands below\n");
        return;
    }
    for choice in &answer.choices {
        let content = choice.content();
        match originals {
            true => section(out, "answer", content),
            false => section(out, "answer", &recipe.judge.shown(content)),
        }
        match choice.end() {
            End::Itself => {}
            End::Cut => out.push_str("  (cut: it ran into `max_tokens`)\n"),
            End::Server(reason) => {
                let _ = writeln!(out, "  (ended by the server: {reason})");
            }
        }
    }
}
