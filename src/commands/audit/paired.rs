//! Counterparts of a config's rows, which its file of decisions keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde_json::{Value, json};

use super::super::{Exit, Failure, Talk, print_json};
use super::subject::{Subject, given};
use super::{Steps, decisions, exit, usage};
use crate::audit::{self, Swapper};
use crate::cli::AuditArgs;
use crate::dataset::Sink;
use crate::dataset::audited::{self, Audited};
use crate::dataset::evaluate::{Accepted, Rejected};
use crate::model::{COUNTERPART, RowId};
use crate::pipeline;
use crate::report::audit::audits_text;
use crate::report::thousands;

/// Says which rows get a counterpart, and what becomes of it, by an evaluation with all of them.
pub fn counterparts(
    args: &AuditArgs,
    subject: &Subject,
    talk: &Talk,
    steps: &mut Steps,
) -> Result<Exit, Failure> {
    let Some(config) = &subject.config else {
        return Err(usage(
            "--counterparts is for configs, which keep them: of a table, `--swap FILE` writes it with them",
        ));
    };
    decisions::fits(args, subject)?;
    let (table, swapper) = (&subject.table, Swapper::default());
    let mut recipe = pipeline::draft(&args.table.file, &args.set)?;
    let mut curation = recipe.config.curation.clone().unwrap_or_default();
    let taken: BTreeSet<RowId> =
        curation.counterparts.keys().flat_map(|of| [*of, of.counterpart()]).collect();
    let mut proposed: BTreeMap<RowId, (usize, String)> = BTreeMap::new();
    for row in 0..table.rows() {
        let Some(id) = RowId::parse(table.id(row)).filter(|id| !taken.contains(id)) else { continue };
        if let Some(text) = swapper.swapped(table.text(row)) {
            curation.pair_row(id, text.clone());
            proposed.insert(id, (row, text));
        }
    }
    recipe.config.curation = Some(curation);
    let before: BTreeSet<&str> = (0..table.rows()).map(|row| table.id(row)).collect();
    let mut seen = Seen { audited: Audited::new(&recipe), proposed: &proposed, out: BTreeMap::new() };
    config.stored.evaluate(&recipe, talk, true, &mut seen)?;
    let Seen { audited: Audited { table: both, .. }, out, .. } = seen;
    let there: BTreeSet<&str> = (0..both.rows()).map(|row| both.id(row)).collect();
    let displaced = before.difference(&there).count() as u64;
    let mut options = audited::options(&recipe, &both);
    given(args, &audited::labels(&recipe), &mut options)?;
    let report = audit::audit(table, &subject.options, |what, share| steps.step(what, share / 2.0));
    let after = audit::audit(&both, &options, |what, share| steps.step(what, 0.5 + share / 2.0));
    let kept: Vec<(&RowId, &(usize, String))> =
        proposed.iter().filter(|(id, _)| !out.contains_key(id)).collect();
    let waiting =
        kept.iter().filter(|(id, _)| !there.contains(id.counterpart().to_string().as_str())).count();
    let mut lines: Vec<(usize, Value)> = kept
        .iter()
        .map(|(id, (row, text))| (*row, json!({ "id": id, "counterpart": text, "why": "gender" })))
        .collect();
    lines.sort_by_key(|(row, _)| *row);
    let lines: Vec<Value> = lines.into_iter().map(|(_, line)| line).collect();
    let mut why: BTreeMap<&str, u64> = BTreeMap::new();
    out.values().for_each(|reason| *why.entry(reason).or_default() += 1);
    if args.json {
        print_json(&json!({
            "before": report,
            "after": after,
            "counterparts": lines,
            "rejected": why,
            "waiting": waiting,
            "displaced": displaced,
        }))?;
    } else {
        let mut text = audits_text(&report, &after);
        text.push_str(&format!(
            "\n{} a counterpart",
            match lines.len() {
                1 => "1 row gets".to_owned(),
                rows => format!("{} rows get", thousands(rows as u64)),
            }
        ));
        if waiting > 0 {
            let asked = match waiting {
                all if all == lines.len() => "which the next run asks about".to_owned(),
                some => format!("the next run asks about {} of them", thousands(some as u64)),
            };
            text.push_str(&format!(", {asked}"));
        }
        text.push('\n');
        if !why.is_empty() {
            let all: Vec<String> =
                why.iter().map(|(name, times)| format!("{} {name}", thousands(*times))).collect();
            text.push_str(&format!("not good enough: {}\n", all.join(", ")));
        }
        if displaced > 0 {
            text.push_str(&format!(
                "{} nearly the same as a counterpart before: others are asked for in their place\n",
                match displaced {
                    1 => "1 row is".to_owned(),
                    rows => format!("{} rows are", thousands(rows)),
                }
            ));
        }
        std::io::stdout().lock().write_all(text.as_bytes())?;
    }
    match &args.write {
        Some(path) => decisions::write(path, lines, subject, talk)?,
        None if lines.is_empty() => {}
        None => talk.say("nothing was changed; `--write FILE` writes the counterparts"),
    }
    Ok(exit(args, &after))
}

/// What becomes of counterparts, and the rows with them.
struct Seen<'a> {
    audited: Audited<'a>,
    proposed: &'a BTreeMap<RowId, (usize, String)>,
    /// Why one is none, by the row that it was to stand beside.
    out: BTreeMap<RowId, &'static str>,
}

impl Sink for Seen<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        self.audited.row(row);
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        let (place, candidate) = (&reject.place, reject.candidate);
        let original = RowId::of(&place.fingerprint, candidate.choice, candidate.item & !COUNTERPART);
        if candidate.is_counterpart() && self.proposed.contains_key(&original) {
            self.out.insert(original, reject.why.name());
        }
    }
}
