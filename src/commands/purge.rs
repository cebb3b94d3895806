use std::cell::Cell;
use std::collections::HashSet;
use std::io::Write as _;

use serde_json::json;

use super::scrub::{Member, carry_out, config_files};
use super::{Exit, Failure, Talk, print_json};
use crate::check::Candidate;
use crate::check::digest::Take;
use crate::check::second::quotes;
use crate::cli::PurgeArgs;
use crate::dataset::looking;
use crate::fingerprint::Room;
use crate::model::Fingerprint;
use crate::report::{count, thousands};
use crate::store::{Entry, Reader, Scrub, StoreDir};

/// Says which stored answers hold what the anonymiser takes out, and takes it out of them only when told
/// to.
pub fn purge(args: &PurgeArgs, talk: &Talk) -> Result<Exit, Failure> {
    let members = args.configs.iter().map(|path| Member::open(path)).collect::<Result<Vec<_>, _>>()?;
    if let Some(member) = members.iter().find(|member| !member.opened.recipe.judge.anonymizes()) {
        talk.say(&format!(
            "`{}` takes nothing out of texts (`anonymize: off`), so there is nothing to purge",
            member.name()
        ));
        return Ok(Exit::Usage);
    }
    let store = |member: &Member| member.opened.recipe.config.project.store();
    let Some(first) = members.first() else { return Ok(Exit::Usage) };
    if members.iter().any(|member| store(member) != store(first)) {
        talk.say("these configs are of different projects: purge one project at a time");
        return Ok(Exit::Usage);
    }
    let dir = StoreDir::new(store(first));
    let Some(reader) = Reader::open(&dir)? else {
        talk.say("nothing was ever stored in this project");
        return Ok(Exit::Complete);
    };
    // What other configs ask is theirs to keep.
    let mut others = Vec::new();
    let mut found = Found::default();
    for (name, path) in config_files(&reader)? {
        if !members.iter().any(|member| member.name() == name)
            && let Ok(other) = Member::open(&path)
        {
            if other.opened.recipe.judge.looks_again() {
                found.of_others.extend(other.requests_about()?);
            }
            others.push(other);
        }
    }
    reader.each_completion(|entry| found.completion(&entry, &reader, &members, &others))?;
    if let Some(error) = found.error.take() {
        return Err(error);
    }
    if args.yes && !found.scrub.is_empty() {
        let _locks = carry_out(&dir, &reader, &found.scrub)?;
        for member in members.iter().filter(|_| found.otherwise > 0) {
            member.refresh(talk)?;
        }
    }
    if args.json {
        print_json(&json!({
            "answers": found.answers,
            "with_originals": found.scrub.answers.len(),
            "texts": found.texts,
            "judged_otherwise": found.otherwise,
            "of_other_configs": found.others,
            "done": args.yes,
        }))?;
        return Ok(Exit::Complete);
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} of {} hold what the anonymiser takes out, in {}",
        thousands(found.scrub.answers.len() as u64),
        count(found.answers, "stored answer"),
        count(found.texts, "text"),
    )?;
    if !found.scrub.completions.is_empty() {
        let wholly = count(found.scrub.completions.len() as u64, "answer");
        writeln!(out, "{wholly} about texts, which nobody needs any more, would go as a whole")?;
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
    match args.yes {
        true => writeln!(out, "taken out of the store")?,
        false => writeln!(out, "nothing was changed; `--yes` takes it out, and nothing brings it back")?,
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
    /// What other configs asked about texts.
    of_others: HashSet<Fingerprint>,
    error: Option<Failure>,
}

/// What came of a second look at a text.
enum Looked {
    Never,
    /// Without a good answer.
    Closed,
    Names(Vec<String>),
}

impl Looked {
    fn at(original: &str, reader: &Reader, member: &Member, cell: usize) -> Result<Self, Failure> {
        let frame = member.opened.recipe.looking_frame(&member.stored.models, cell);
        let fingerprint = looking::fingerprint(frame, original, &mut Room::default());
        Ok(match reader.answer(&fingerprint, looking::MAX_TOKENS)? {
            Some(raw) => quotes(&raw).map_or(Looked::Closed, Looked::Names),
            None if reader.tombstone(&fingerprint)?.is_some() => Looked::Closed,
            None => Looked::Never,
        })
    }

    fn names(self) -> Option<Vec<String>> {
        match self {
            Looked::Names(names) => Some(names),
            Looked::Never | Looked::Closed => None,
        }
    }
}

impl Found {
    fn completion(&mut self, entry: &Entry, reader: &Reader, members: &[Member], others: &[Member]) {
        if entry.is_about_a_text {
            // What is asked about is what the anonymiser left; what comes back need not be, nor is it where names
            // in doubt are asked for. What was made of that stands in files of their own, or is settled below.
            if entry.has_texts && !self.of_others.contains(&entry.fingerprint) {
                self.scrub.completions.push(entry.row);
            }
            return;
        }
        let own = members.iter().find_map(|member| Some((member, member.cell(&entry.fingerprint)?)));
        if own.is_none() && others.iter().any(|other| other.cell(&entry.fingerprint).is_some()) {
            self.others += 1;
            return;
        }
        self.answers += 1;
        // What nobody asks any more is read as the first config reads its own.
        let Some(member) = own.map(|(member, _)| member).or(members.first()) else { return };
        let judge = &member.opened.recipe.judge;
        let look = |original: &str| match own {
            Some((member, cell)) => Looked::at(original, reader, member, cell),
            None => Ok(Looked::Never),
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
        if let Some((member, cell)) = own {
            let values = member.opened.recipe.values(cell);
            let looked = |candidate: Candidate| {
                let passed = candidate.outcome.as_ref().ok();
                let Some(original) = passed.and_then(|passed| passed.doubtful.clone()) else {
                    return candidate;
                };
                match look(&original) {
                    Ok(Looked::Names(names)) => judge.looked(&candidate, &original, Some(&names)).0,
                    Ok(Looked::Closed) => judge.looked::<&str>(&candidate, &original, None).0,
                    Ok(Looked::Never) => candidate,
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
        self.scrub.answers.insert(entry.row, taken.raw);
    }
}
