mod records;

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet};
use std::io::Write as _;
use std::path::Path;

use aho_corasick::AhoCorasick;
use serde_json::{Map, json};

use super::scrub::{Dataset, Member, datasets, hold, one_project};
use super::{Exit, Failure, Talk, print_json};
use crate::check::Candidate;
use crate::check::removal::{Take, any_stored};
use crate::check::second::quotes;
use crate::cli::PurgeArgs;
use crate::dataset::looking;
use crate::dataset::snapshot::{AskHash, short};
use crate::fingerprint::Room;
use crate::fingerprint::messages_of;
use crate::model::Fingerprint;
use crate::report::{count, thousands};
use crate::store::{Entry, Reader, Scrub};
use records::Records;

/// Says which stored answers hold what the anonymiser takes out, and takes it out of them only when told
/// to.
pub fn purge(args: &PurgeArgs, talk: &Talk) -> Result<Exit, Failure> {
    let dir = one_project(&args.configs, "purge")?;
    let Some(reader) = Reader::open(&dir)? else {
        talk.say("nothing was ever stored in this project");
        return Ok(Exit::Complete);
    };
    let _locks = args.yes.then(|| hold(&dir, &reader)).transpose()?;
    let open = |config| Member::open(config, talk);
    let members = args.configs.iter().map(|config| open(config)).collect::<Result<Vec<_>, _>>()?;
    if let Some(member) = members.iter().find(|member| !member.opened.recipe.judge.anonymizes()) {
        return Err(Failure::Refused(format!(
            "`{}` takes nothing out of texts (`anonymize: off`), so there is nothing to purge",
            member.name()
        )));
    }
    let datasets = datasets(&dir, &reader)?;
    let others = Others::of(&datasets, &members, &reader, talk)?;
    let mut found = Found::default();
    reader.each_completion(|entry| found.completion(&entry, &reader, &members, &others))?;
    if let Some(error) = found.error.take() {
        return Err(error);
    }
    found.about_texts(&reader, &members, &others, talk)?;
    // The store comes last: as long as the originals are in there, all of this can be done again.
    let records = Records::new(&found.originals, std::mem::take(&mut found.settled));
    let (mut rows, mut files) = (Map::new(), 0);
    for dataset in &datasets {
        let Some(member) = members.iter().find(|member| member.made(dataset)) else { continue };
        let masking = records.of(member);
        found.scrub.runs.extend(masking.summaries(&dataset.name, &reader)?);
        let swept = dataset.sweep(&masking, args.yes)?;
        rows.insert(dataset.name.clone(), swept.rows.into());
        files += swept.files;
    }
    if args.yes {
        drop(reader);
        // Also where there is nothing to be taken out: what was deleted before may stand in freed pages.
        dir.scrub(&found.scrub)?;
    }
    let shown = |member: &Member| {
        let judge = &member.opened.recipe.judge;
        member.decided(|text| judge.shown(text) != text)
    };
    let decided: BTreeSet<String> = members.iter().filter_map(shown).collect();
    if args.json {
        print_json(&json!({
            "answers": found.answers,
            "with_originals": found.scrub.answers.len(),
            "texts": found.texts,
            "about_texts": found.scrub.completions.len(),
            "summaries": found.scrub.runs.len(),
            "rows_leaving": rows,
            "files": files,
            "decided": decided,
            "judged_otherwise": found.otherwise,
            "of_other_configs": found.others,
            "done": args.yes,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = std::io::stdout().lock();
    let answers = count(found.answers, "stored answer");
    match found.scrub.answers.len() as u64 {
        0 => writeln!(out, "none of {answers} holds what the anonymiser takes out")?,
        with => {
            let hold = if with == 1 { "holds" } else { "hold" };
            let texts = count(found.texts, "text");
            writeln!(
                out,
                "{} of {answers} {hold} what the anonymiser takes out, in {texts}",
                thousands(with)
            )?;
        }
    }
    if !found.scrub.completions.is_empty() {
        let wholly = count(found.scrub.completions.len() as u64, "answer");
        writeln!(out, "{wholly} about such texts, which nobody needs any more, would go as a whole")?;
    }
    if !found.scrub.runs.is_empty() {
        writeln!(out, "parts of {} of past runs would go", count(found.scrub.runs.len() as u64, "record"))?;
    }
    let leaving: u64 = rows.values().filter_map(serde_json::Value::as_u64).sum();
    if leaving > 0 {
        let rows = count(leaving, "row");
        writeln!(out, "{rows} of datasets hold it too, and leave until the next run makes them again")?;
    }
    match found.otherwise {
        0 => writeln!(out, "without it every text is judged as before: the datasets stay the same bytes")?,
        texts => writeln!(
            out,
            "without it {} judged otherwise, since checks see the original as long as it is there",
            match texts {
                1 => "1 text is".to_owned(),
                texts => format!("{} texts are", thousands(texts)),
            }
        )?,
    }
    for file in &decided {
        writeln!(out, "{file}")?;
    }
    if found.others > 0 {
        writeln!(
            out,
            "{} of configs that were not named, and left alone",
            match found.others {
                1 => "1 answer is".to_owned(),
                others => format!("{} answers are", thousands(others)),
            }
        )?;
    }
    let of_files = match files {
        0 => String::new(),
        files => format!(", and of {}", count(files, "file")),
    };
    match args.yes {
        true if found.scrub.is_empty() && files == 0 => {
            writeln!(out, "there was nothing to take out of the store")?;
        }
        true => writeln!(out, "taken out of the store{of_files}")?,
        false => writeln!(
            out,
            "nothing was changed; `--yes` takes it out of the store{of_files}, and nothing brings it back"
        )?,
    }
    Ok(Exit::Complete)
}

#[derive(Default)]
struct Found {
    scrub: Scrub,
    answers: u64,
    texts: u64,
    /// Texts of which the verdict, or what rows show, is another without their originals.
    otherwise: u64,
    /// Answers of other configs.
    others: u64,
    /// Texts of which something is taken out, each with what is left of it.
    originals: Vec<(String, String)>,
    /// What is left of texts of which something was taken out before, where a second look decided what.
    settled: Vec<String>,
    error: Option<Failure>,
}

/// What came of a second look at a text.
enum SecondLook {
    Never,
    /// Without a good answer.
    Closed,
    Names(Vec<String>),
}

impl SecondLook {
    fn at(original: &str, reader: &Reader, member: &Member, cell: usize) -> Result<Self, Failure> {
        let frame = member.stored.models.looking_frame(&member.opened.recipe, cell);
        let fingerprint = looking::fingerprint(frame, original, &mut Room::default());
        Ok(match reader.answer(&fingerprint, looking::MAX_TOKENS)? {
            Some(raw) => quotes(&raw).map_or(SecondLook::Closed, SecondLook::Names),
            None if reader.tombstone(&fingerprint)?.is_some() => SecondLook::Closed,
            None => SecondLook::Never,
        })
    }

    fn names(self) -> Option<Vec<String>> {
        match self {
            SecondLook::Names(names) => Some(names),
            SecondLook::Never | SecondLook::Closed => None,
        }
    }
}

/// Configs of the project that were not named.
#[derive(Default)]
struct Others {
    members: Vec<Member>,
    /// What their last runs asked.
    asked: HashSet<AskHash>,
    /// Whether there are any that cannot be read.
    unreadable: bool,
}

impl Others {
    /// Those whose datasets are not the members'.
    fn of(datasets: &[Dataset], members: &[Member], reader: &Reader, talk: &Talk) -> Result<Self, Failure> {
        let mut out = Self::default();
        let is_of = |members: &[Member], dataset: &Dataset| members.iter().any(|member| member.made(dataset));
        for dataset in datasets.iter().filter(|dataset| !is_of(members, dataset)) {
            // What other configs ask, or asked last, is theirs to keep.
            out.asked.extend(dataset.last_asks(reader)?);
            if is_of(&out.members, dataset) {
                continue;
            }
            let file = dataset.file.as_deref().unwrap_or(Path::new(""));
            match Member::open(file, talk) {
                Ok(other) => out.members.push(other),
                Err(failure) => {
                    let (name, file) = (&dataset.name, file.display());
                    let why = match failure {
                        Failure::Refused(_) => {
                            format!("nobody knows which answers are those of `{name}` ({file})")
                        }
                        _ => format!("`{name}` cannot be read ({file})"),
                    };
                    let left =
                        "what its last run asked is left alone, and so is all that was asked about texts";
                    talk.say(&format!("{why}: {left}"));
                    out.unreadable = true;
                }
            }
        }
        Ok(out)
    }

    fn ask(&self, fingerprint: &Fingerprint) -> bool {
        self.asked.contains(&short(fingerprint))
            || self.members.iter().any(|other| other.cell(fingerprint).is_some())
    }
}

impl Found {
    fn completion(&mut self, entry: &Entry, reader: &Reader, members: &[Member], others: &Others) {
        if entry.is_about_a_text {
            // See `about_texts`, once it is known what there is to take out.
            return;
        }
        let fingerprint = &entry.key.fingerprint;
        let own = members.iter().find_map(|member| Some((member, member.cell(fingerprint)?)));
        if own.is_none() && others.ask(fingerprint) {
            self.others += 1;
            return;
        }
        self.answers += 1;
        // What nobody asks any more is read as the first config reads its own.
        let Some(member) = own.map(|(member, _)| member).or(members.first()) else { return };
        let judge = &member.opened.recipe.judge;
        if judge.looks_again() {
            self.settled.extend(judge.settled(&entry.answer));
        }
        let look = |original: &str| match own {
            Some((member, cell)) => SecondLook::at(original, reader, member, cell),
            None => Ok(SecondLook::Never),
        };
        let error = Cell::new(None);
        let names = |original: &str| match look(original) {
            Ok(looked) => looked.names(),
            Err(failure) => {
                error.set(Some(failure));
                None
            }
        };
        let taken = judge.take_away(&entry.answer, Take::Originals(&names));
        self.error = self.error.take().or(error.take());
        let Some(taken) = taken else { return };
        self.texts += taken.texts.len() as u64;
        self.originals.extend(taken.originals);
        if let Some((member, cell)) = own {
            let values = member.opened.recipe.values(cell);
            let looked = |candidate: Candidate| {
                let passed = candidate.outcome.as_ref().ok();
                let Some(original) = passed.and_then(|passed| passed.doubtful.clone()) else {
                    return candidate;
                };
                match look(&original) {
                    Ok(SecondLook::Names(names)) => judge.looked(&candidate, &original, Some(&names)).0,
                    Ok(SecondLook::Closed) => judge.looked::<&str>(&candidate, &original, None).0,
                    Ok(SecondLook::Never) => candidate,
                    Err(failure) => {
                        error.set(Some(failure));
                        candidate
                    }
                }
            };
            let before = judge.candidates(&entry.answer, &values, None);
            let before: Vec<Candidate> = before.into_iter().map(looked).collect();
            let after = judge.candidates(&taken.raw, &values, None);
            let same = before.iter().zip(&after).filter(|(before, after)| before == after).count();
            self.otherwise += (before.len().max(after.len()) - same) as u64;
        }
        self.error = self.error.take().or(error.take());
        self.scrub.answers.push((entry.key, taken.raw));
    }

    /// Finds the completions about texts that hold what is taken out of texts: those that were asked for under
    /// another policy, or of a table. What the configs ask as they are now is about texts as they are then, and
    /// stays; so does what other configs ask.
    fn about_texts(
        &mut self,
        reader: &Reader,
        members: &[Member],
        others: &Others,
        talk: &Talk,
    ) -> Result<(), Failure> {
        if others.unreadable {
            return Ok(());
        }
        let (mut needed, mut of_others) = (HashSet::<AskHash>::new(), HashSet::<AskHash>::new());
        for member in members {
            needed.extend(member.asks_about(talk)?);
        }
        for other in &others.members {
            of_others.extend(other.asks_about(talk)?);
        }
        needed.extend(&of_others);
        let originals = AhoCorasick::new(self.originals.iter().map(|(text, _)| text));
        // Too many for one automaton: then what the policy sees in a request has to do.
        let originals = originals.ok().filter(|_| !self.originals.is_empty());
        let holds = |text: &str| {
            originals.as_ref().is_some_and(|originals| originals.is_match(text))
                || members.iter().any(|member| member.opened.recipe.judge.takes_out_of(text))
        };
        reader.each_completion(|entry| {
            // What came of a second look stands in the answers themselves by now.
            if entry.is_about_a_text
                && (entry.has_texts && !of_others.contains(&short(&entry.key.fingerprint))
                    || !needed.contains(&short(&entry.key.fingerprint))
                        && (any_stored(&entry.answer, &holds)
                            || messages_of(&entry.request).iter().any(|(_, content)| holds(content))))
            {
                self.scrub.completions.push(entry.key);
            }
        })?;
        Ok(())
    }
}
