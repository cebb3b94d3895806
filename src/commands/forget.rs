use std::collections::{BTreeSet, HashSet};
use std::io::{Read, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::scrub::{Member, carry_out, clean_file, config_files, store_above, without};
use super::{Exit, Failure, Talk, print_json};
use crate::anonymize::Sought;
use crate::check::removal::{Take, is_in, nothing};
use crate::cli::ForgetArgs;
use crate::dataset::Sink;
use crate::dataset::evaluate::Accepted;
use crate::model::{Fingerprint, RowId};
use crate::report::count;
use crate::store::{Entry, Reader, Scrub};

/// Says where somebody's words stand in a project's store, and takes them out only when told to.
pub fn forget(args: &ForgetArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut text = args.text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().lock().read_to_string(&mut text)?;
    }
    let Some(sought) = Sought::new(&text, args.word) else {
        talk.say("there is nothing to look for in this text");
        return Ok(Exit::Usage);
    };
    let folder = args.project.clone().unwrap_or_else(|| PathBuf::from("."));
    let Some((dir, reader)) = (match store_above(&folder)? {
        Some(dir) => Reader::open(&dir)?.map(|reader| (dir, reader)),
        None => None,
    }) else {
        talk.say("nothing was ever stored here: name the project's folder with `--project`");
        return Ok(Exit::Usage);
    };
    let mut members = Vec::new();
    for (name, path) in config_files(&dir, &reader)? {
        match Member::open(&path) {
            Ok(member) => members.push(member),
            // Its dataset would go on holding what is forgotten.
            Err(failure) if path.exists() => return Err(failure),
            Err(_) => talk.say(&format!(
                "`{name}` cannot be read any more ({}): its files are left alone",
                path.display()
            )),
        }
    }
    let found = Found::of(&reader, &members, &sought)?;
    let decided: BTreeSet<String> =
        members.iter().filter_map(|member| member.decided(|text| sought.is_in(text))).collect();
    let (mut rows, mut edited) = (Vec::new(), 0);
    for member in &members {
        let mut leaving = Leaving { found: &found, sought: &sought, rows: 0, edited: 0 };
        member.stored.evaluate::<RowId>(&member.opened.recipe, talk, !decided.is_empty(), &mut leaving)?;
        rows.push((member.name().to_owned(), leaving.rows));
        edited += leaving.edited;
    }
    let leaving: u64 = rows.iter().map(|(_, rows)| rows).sum();
    let scrub = &found.scrub;
    let kept = scrub.details.len() + scrub.snapshots.len() + scrub.runs.len();
    let mut files = 0;
    if args.yes {
        let _locks = carry_out(&dir, &reader, scrub)?;
        for member in &members {
            member.refresh(talk)?;
            for path in member.files_of_runs()? {
                files += u64::from(clean_file(&path, false, |line| without(line, &sought))?);
            }
            files += u64::from(clean_file(&member.previous(), true, |line| without(line, &sought))?);
        }
        for entry in std::fs::read_dir(dir.folder())?.flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "log") {
                files += u64::from(clean_file(&entry.path(), false, |line| without(line, &sought))?);
            }
        }
    }
    if args.json {
        let rows: serde_json::Map<String, Value> =
            rows.into_iter().map(|(name, rows)| (name, rows.into())).collect();
        print_json(&json!({
            "answers": scrub.answers.len() + scrub.completions.len(),
            "texts": found.texts.len(),
            "rows_leaving": rows,
            "snapshots_and_summaries": kept,
            "decided": decided,
            "rows_by_decisions": edited,
            "files": files,
            "done": args.yes,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = std::io::stdout().lock();
    let answers = (scrub.answers.len() + scrub.completions.len()) as u64;
    match answers {
        0 => writeln!(out, "it stands in no stored answer")?,
        _ => writeln!(
            out,
            "it stands in {}: {} would be gone, and {} of datasets",
            count(answers, "stored answer"),
            count(found.texts.len() as u64, "text"),
            count(leaving, "row"),
        )?,
    }
    for (name, rows) in rows.iter().filter(|(_, rows)| *rows > 0) {
        writeln!(out, "  {name}: {}", count(*rows, "row"))?;
    }
    if kept > 0 {
        writeln!(out, "it also stands in {} of past runs and failed asks", count(kept as u64, "record"))?;
    }
    for file in &decided {
        writeln!(out, "{file}")?;
    }
    if edited > 0 {
        let rows = count(edited, "row");
        writeln!(out, "{rows} of datasets would still say it by such lines, until they are edited")?;
    }
    match args.yes {
        true => writeln!(
            out,
            "taken out, and out of {} of past runs; your own files (templates, lists, exports) are as they were",
            count(files, "file")
        )?,
        false if answers == 0 && kept == 0 => {
            writeln!(out, "nothing was changed; `--yes` would only look through files of past runs")?;
        }
        false => writeln!(out, "nothing was changed; `--yes` takes it out, and nothing brings it back")?,
    }
    Ok(Exit::Complete)
}

/// Where somebody's words stand.
#[derive(Default)]
struct Found {
    scrub: Scrub,
    /// Texts that are gone then.
    texts: HashSet<RowId>,
    /// Completions that are gone as a whole, since they were asked for with these words.
    gone: HashSet<Fingerprint>,
}

impl Found {
    fn of(reader: &Reader, members: &[Member], sought: &Sought) -> Result<Self, Failure> {
        let mut out = Self::default();
        reader.each_completion(|entry| out.completion(&entry, members, sought))?;
        let Scrub { details, snapshots, runs, .. } = reader.kept_texts()?;
        let scrub = &mut out.scrub;
        let left = |(row, text): (i64, String)| Some((row, without(&text, sought)?));
        scrub.details = details.into_iter().filter_map(left).collect();
        scrub.runs = runs.into_iter().filter_map(left).collect();
        for (id, (resolved, files)) in snapshots {
            let found = (without(&resolved, sought), without(&files, sought));
            if found != (None, None) {
                scrub.snapshots.insert(id, (found.0.unwrap_or(resolved), found.1.unwrap_or(files)));
            }
        }
        Ok(out)
    }

    fn completion(&mut self, entry: &Entry, members: &[Member], sought: &Sought) {
        if stands_in(&entry.request, sought) || entry.is_about_a_text && stands_in(&entry.answer, sought) {
            self.scrub.completions.push(entry.row);
            self.gone.insert(entry.fingerprint);
            return;
        }
        if !stands_in(&entry.answer, sought) {
            return;
        }
        // Whose answer it is knows its texts; of an answer that nobody asks for any more nothing is left.
        let own = members.iter().find(|member| member.cell(&entry.fingerprint).is_some());
        let taken =
            own.and_then(|member| member.opened.recipe.judge.take_away(&entry.answer, Take::Texts(sought)));
        if let Some(taken) = taken.filter(|taken| !stands_in(&taken.raw, sought)) {
            let ids = taken.texts.iter().map(|(choice, item)| RowId::of(&entry.fingerprint, *choice, *item));
            self.texts.extend(ids);
            self.scrub.answers.insert(entry.row, taken.raw);
            return;
        }
        match nothing(&entry.answer).filter(|rest| !stands_in(rest, sought)) {
            Some(rest) => drop(self.scrub.answers.insert(entry.row, rest)),
            None => self.scrub.completions.push(entry.row),
        }
        self.gone.insert(entry.fingerprint);
    }
}

/// Whether somebody's words are in what is stored as JSON, or as what should have been.
fn stands_in(stored: &str, sought: &Sought) -> bool {
    match serde_json::from_str::<Value>(stored) {
        Ok(value) => is_in(&value, sought),
        Err(_) => sought.is_in(stored),
    }
}

/// Counts the rows that are gone then, and those that still say it: somebody wrote that into a file of decisions.
struct Leaving<'a> {
    found: &'a Found,
    sought: &'a Sought,
    rows: u64,
    edited: u64,
}

impl Sink for Leaving<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        let texts = &self.found.texts;
        let gone = self.found.gone.contains(&row.place.fingerprint)
            || texts.contains(&row.name)
            || row.pair.is_some_and(|original| texts.contains(&original));
        self.rows += u64::from(gone);
        self.edited += u64::from(!gone && self.sought.is_in(&row.candidate.text));
    }
}
