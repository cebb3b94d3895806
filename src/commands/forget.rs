use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scrub::{Member, Sieve, by_line, datasets, hold, left_behind, store_above, without};
use super::{Exit, Failure, Talk, print_json};
use crate::anonymize::Sought;
use crate::check::removal::{Take, any_stored, nothing};
use crate::cli::ForgetArgs;
use crate::dataset::snapshot::{AskHash, short};
use crate::model::{Fingerprint, RowId};
use crate::report::{count, folded};
use crate::store::{Entry, Reader, Scrub};

/// Says where somebody's words stand in a project's store, and takes them out only when told to.
pub fn forget(args: &ForgetArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut text = args.text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().lock().read_to_string(&mut text)?;
    }
    let Some(sought) = Sought::new(&text, args.word) else {
        return Err(Failure::Refused("there is nothing to look for in this text".into()));
    };
    let folder = args.project.clone().unwrap_or_else(|| PathBuf::from("."));
    let dir = store_above(&folder);
    let reader = dir.as_ref().map(Reader::open).transpose()?.flatten();
    let Some((dir, reader)) = dir.zip(reader) else {
        let what = "nothing was ever stored here: name the project's folder with `--project`";
        return Err(Failure::Refused(what.into()));
    };
    let _locks = args.yes.then(|| hold(&dir, &reader)).transpose()?;
    let datasets = datasets(&dir, &reader)?;
    let mut members = Vec::new();
    let configs: BTreeSet<&PathBuf> = datasets.iter().filter_map(|dataset| dataset.file.as_ref()).collect();
    for config in configs {
        match Member::open(config, talk) {
            Ok(member) => members.push(member),
            // It knows the texts of its answers.
            Err(failure) if config.exists() => return Err(failure),
            Err(_) => talk.say(&folded(&format!(
                "{} is there no more: of its answers with these words nothing is left",
                config.display()
            ))),
        }
    }
    let mut own = Own { members: &members, reached: HashMap::new() };
    for dataset in &datasets {
        if let Some(member) = members.iter().find(|member| member.made(dataset)) {
            own.reached.extend(dataset.last_asks(&reader)?.into_iter().map(|hash| (hash, member)));
        }
    }
    let found = Found::of(&reader, &own, &sought)?;
    let decided: BTreeSet<String> =
        members.iter().filter_map(|member| member.decided(|text| sought.is_in(text))).collect();
    // The store comes last: as long as the words are in there, all of this can be done again.
    let forgetting = Forgetting { found: &found, sought: &sought };
    let (mut rows, mut files) = (Map::new(), 0);
    for dataset in &datasets {
        let swept = dataset.sweep(&forgetting, args.yes)?;
        rows.insert(dataset.name.clone(), swept.rows.into());
        files += swept.files;
    }
    let entries = std::fs::read_dir(dir.folder())?.flatten().map(|entry| entry.path());
    let logs: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    files += left_behind(&logs, &forgetting, args.yes)?;
    let scrub = &found.scrub;
    if args.yes {
        drop(reader);
        dir.scrub(scrub)?;
    }
    let answers = (scrub.answers.len() + scrub.completions.len()) as u64;
    let kept = (scrub.details.len() + scrub.snapshots.len() + scrub.runs.len()) as u64;
    if args.json {
        print_json(&json!({
            "answers": answers,
            "texts": found.texts.len(),
            "whole_answers": found.gone.len(),
            "rows_leaving": rows,
            "snapshots_and_summaries": kept,
            "decided": decided,
            "files": files,
            "done": args.yes,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = std::io::stdout().lock();
    match answers {
        0 => writeln!(out, "it stands in no stored answer")?,
        _ => {
            let gone = gone(found.texts.len() as u64, found.gone.len() as u64);
            let answers = count(answers, "stored answer");
            writeln!(out, "{}", folded(&format!("it stands in {answers}: {gone} would be gone")))?;
        }
    }
    let leaving: Vec<(&String, u64)> = rows
        .iter()
        .filter_map(|(name, rows)| Some((name, rows.as_u64().filter(|rows| *rows > 0)?)))
        .collect();
    if !leaving.is_empty() {
        let all = leaving.iter().map(|(_, rows)| rows).sum();
        writeln!(out, "{} of datasets would leave, until the next run at least:", count(all, "row"))?;
    }
    for (name, rows) in leaving {
        writeln!(out, "  {name}: {}", count(rows, "row"))?;
    }
    if kept > 0 {
        writeln!(out, "it also stands in {} of past runs and failed asks", count(kept, "record"))?;
    }
    for file in &decided {
        writeln!(out, "{}", folded(&format!("{file}, and until then rows are made that say it")))?;
    }
    let left = count(files, "file");
    let done = match args.yes {
        true => format!(
            "taken out, and out of {left}; your own files (templates, lists, exports) are as they were"
        ),
        false if answers + kept + files == 0 => {
            "nothing was changed; `--yes` would only write the store anew".to_owned()
        }
        false => format!(
            "nothing was changed; `--yes` takes it out of the store and of {left}, and nothing brings it back"
        ),
    };
    writeln!(out, "{}", folded(&done))?;
    Ok(Exit::Complete)
}

/// What would be gone: single texts, and answers as a whole.
fn gone(texts: u64, whole: u64) -> String {
    match (texts, whole) {
        (texts, 0) => count(texts, "text"),
        (0, whole) => format!("{} as a whole", count(whole, "answer")),
        (texts, whole) => format!("{}, and {} as a whole", count(texts, "text"), count(whole, "answer")),
    }
}

/// Whose answers are whose.
struct Own<'a> {
    members: &'a [Member],
    /// What last runs asked, also of configs that were edited since.
    reached: HashMap<AskHash, &'a Member>,
}

impl Own<'_> {
    fn of(&self, fingerprint: &Fingerprint) -> Option<&Member> {
        let asks = self.members.iter().find(|member| member.cell(fingerprint).is_some());
        asks.or_else(|| self.reached.get(&short(fingerprint)).copied())
    }
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
    fn of(reader: &Reader, own: &Own<'_>, sought: &Sought) -> Result<Self, Failure> {
        let mut out = Self::default();
        reader.each_completion(|entry| out.completion(&entry, own, sought))?;
        let Scrub { details, snapshots, runs, .. } = reader.kept_texts()?;
        let scrub = &mut out.scrub;
        let details = details.into_iter();
        scrub.details = details.filter_map(|(of, text)| Some((of, without(&text, sought)?))).collect();
        scrub.runs =
            runs.into_iter().filter_map(|(row, text)| Some((row, without(&text, sought)?))).collect();
        for (id, (resolved, files)) in snapshots {
            let found = (without(&resolved, sought), without(&files, sought));
            if found != (None, None) {
                scrub.snapshots.insert(id, (found.0.unwrap_or(resolved), found.1.unwrap_or(files)));
            }
        }
        Ok(out)
    }

    fn completion(&mut self, entry: &Entry, own: &Own<'_>, sought: &Sought) {
        let (key, fingerprint) = (entry.key, entry.key.fingerprint);
        if stands_in(&entry.request, sought) || entry.is_about_a_text && stands_in(&entry.answer, sought) {
            self.scrub.completions.push(key);
            self.gone.insert(fingerprint);
            return;
        }
        if !stands_in(&entry.answer, sought) {
            return;
        }
        // Whose answer it is knows its texts; of an answer that nobody asks for any more nothing is left.
        let taken = own
            .of(&fingerprint)
            .and_then(|member| member.opened.recipe.judge.take_away(&entry.answer, Take::Texts(sought)));
        if let Some(taken) = taken.filter(|taken| !stands_in(&taken.raw, sought)) {
            let ids = taken.texts.iter().map(|(choice, item)| RowId::of(&fingerprint, *choice, *item));
            self.texts.extend(ids);
            self.scrub.answers.push((key, taken.raw));
            return;
        }
        match nothing(&entry.answer).filter(|rest| !stands_in(rest, sought)) {
            Some(rest) => self.scrub.answers.push((key, rest)),
            None => self.scrub.completions.push(key),
        }
        self.gone.insert(fingerprint);
    }
}

/// Whether somebody's words are in what is stored.
fn stands_in(stored: &str, sought: &Sought) -> bool {
    any_stored(stored, &|text| sought.is_in(text))
}

/// Takes out of files what is found in the store, and what says these words.
struct Forgetting<'a> {
    found: &'a Found,
    sought: &'a Sought,
}

/// What is read of a row or a reject.
#[derive(Default, Deserialize)]
struct Known<'a> {
    #[serde(default)]
    id: &'a str,
    #[serde(default)]
    fingerprint: &'a str,
}

impl Sieve for Forgetting<'_> {
    fn takes_row(&self, row: &str) -> bool {
        let known: Known<'_> = serde_json::from_str(row).unwrap_or_default();
        Fingerprint::parse(known.fingerprint).is_some_and(|of| self.found.gone.contains(&of))
            || RowId::parse(known.id).is_some_and(|id| self.found.texts.contains(&id))
            || without(row, self.sought).is_some()
    }

    fn takes_reject(&self, reject: &str) -> bool {
        self.takes_row(reject)
    }

    fn left_of(&self, path: &Path, text: &str) -> Option<String> {
        if path.extension().is_none_or(|ending| ending != "json") {
            return by_line(text, |line| without(line, self.sought));
        }
        let left = without(text, self.sought)?;
        let value: Option<Value> = serde_json::from_str(&left).ok();
        Some(value.map_or(left, |value| format!("{value:#}\n")))
    }
}
