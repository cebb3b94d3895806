mod columns;
mod files;
mod read;
mod told;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Exit, Failure, Talk, print_json};
use crate::anonymize::{Anonymizer, Preset};
use crate::check::language::{self, Language};
use crate::cli::{AnonymizePreset, GoemotionsArgs, HowToImport, ImportArgs, ImportWhat, TableImportArgs};
use crate::dedup::{Level, Rule};
use crate::guard;
use crate::import::{Quota, Settings, Share, Step, Work, goemotions};
use columns::Columns;
use read::Source;
use told::Told;

/// What is imported, and how its files are laid out.
pub struct Asked<'a> {
    pub kind: &'static str,
    pub files: &'a [PathBuf],
    pub columns: Columns,
    pub how: &'a HowToImport,
    /// The data set's name.
    pub name: String,
}

/// Raters that must give a label, where the command line says nothing.
const AGREE: u16 = 2;

/// Makes clean rows with labels, votes and splits of somebody's labelled texts.
pub fn import(args: &ImportArgs, talk: &Talk) -> Result<Exit, Failure> {
    match &args.what {
        ImportWhat::Goemotions(args) => run(&goemotions_of(args)?, Some("en"), talk),
        ImportWhat::Table(args) => run(&table_of(args)?, None, talk),
    }
}

fn goemotions_of(args: &GoemotionsArgs) -> Result<Asked<'_>, Failure> {
    let labels = match args.label.is_empty() {
        true => vec!["labels".to_owned()],
        false => args.label.clone(),
    };
    let columns = Columns {
        text: args.text.clone().unwrap_or_else(|| "text".to_owned()),
        labels,
        id: args.id.clone(),
        separator: None,
        names: goemotions::names(),
        raters: true,
    };
    asked("goemotions", &args.files, columns, &args.how)
}

fn table_of(args: &TableImportArgs) -> Result<Asked<'_>, Failure> {
    let names = match &args.names {
        None => Vec::new(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        }
    };
    let columns = Columns {
        text: args.text.clone(),
        labels: args.label.clone(),
        id: args.id.clone(),
        separator: args.separator.clone(),
        names,
        raters: false,
    };
    asked("table", &args.files, columns, &args.how)
}

fn asked<'a>(
    kind: &'static str,
    files: &'a [PathBuf],
    columns: Columns,
    how: &'a HowToImport,
) -> Result<Asked<'a>, Failure> {
    let folder = std::path::absolute(&how.output)?;
    let name = how.name.clone().or_else(|| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| kind.to_owned());
    if name.is_empty() || name.contains('/') {
        let what = format!("`{name}` is no name of a data set: it stands before a `/` in each row's origin");
        return Err(Failure::Refused(what));
    }
    Ok(Asked { kind, files, columns, how, name })
}

fn run(asked: &Asked<'_>, language: Option<&str>, talk: &Talk) -> Result<Exit, Failure> {
    let started = Instant::now();
    let how = asked.how;
    let settings = settings(how, language).map_err(Failure::Refused)?;
    for path in asked.files {
        // What can be read but once could not be hashed and read.
        if crate::table::is_read_once(path) {
            return Err(Failure::Refused(format!(
                "{}: an import keeps the hashes of its files: name files, not standard input or a pipe",
                path.display()
            )));
        }
    }
    let doubts = files::replaceable(&how.output, asked.files)?;
    let before = guard::frozen_in(&how.output).map_err(|error| Failure::Refused(error.to_string()))?;
    let source = Source::read(asked, talk)?;
    parts_are_known(&source, how)?;
    if how.agree.is_some() && source.items.iter().all(|item| item.raters == 0) {
        let what = "--agree counts raters, and these files tell of none: it is for a row a rater, as in GoEmotions' \
                    raw files (`import goemotions goemotions_1.csv …`); leave it out";
        return Err(Failure::Refused(what.to_owned()));
    }
    source.say(asked, talk);
    let labels = source.labels.names().to_vec();
    let work = Work { items: source.items, labels };
    let outcome = work.run(&settings).map_err(Failure::Refused)?;
    let out = files::Folder::new(asked, &settings, &source.labels, &source.files, outcome);
    if !how.refreeze
        && let Some(before) = &before
        && out.frozen().is_none_or(|now| now.hash != before.hash)
    {
        return Err(Failure::Refused(refrozen(&how.output, before.rows, out.frozen().map(|now| now.rows))));
    }
    let registered = out.write(before.as_ref(), doubts)?;
    let told = Told::new(&out, registered.as_deref(), started.elapsed());
    if how.json {
        print_json(&told.json())?;
    } else {
        use std::io::Write;
        std::io::stdout().lock().write_all(told.text().as_bytes())?;
    }
    told.without_rows().iter().for_each(|what| talk.say(what));
    Ok(Exit::Complete)
}

/// Rows of a part and rows of none cannot stand side by side.
fn parts_are_known(source: &Source, how: &HowToImport) -> Result<(), Failure> {
    let without = source.items.iter().find(|item| item.split.is_none());
    let with = source.items.iter().find(|item| item.split.is_some());
    if let (None, Some(without), Some(with)) = (&how.split, without, with) {
        let file =
            |item: &crate::import::Item| source.files[usize::from(item.file)].path.display().to_string();
        return Err(Failure::Refused(format!(
            "{} is of a part, by its name or its column `split`, and {} of none: name files after `train`, \
             `dev` and `test`, or deal all rows out with `--split 80,10,10`",
            file(with),
            file(without)
        )));
    }
    Ok(())
}

fn refrozen(folder: &Path, before: u64, now: Option<u64>) -> String {
    let now = match now {
        Some(rows) => format!("another one ({})", crate::report::count(rows, "row")),
        None => "none".to_owned(),
    };
    format!(
        "{}: its test part ({}) is frozen, and this import would make {now}. What was measured on it could not be \
         compared any more, and its rows could be trained on.\n  Use the settings of then (in its \
         manifest.json), or another folder; `--refreeze` does it nevertheless",
        folder.display(),
        crate::report::count(before, "row")
    )
}

fn settings(how: &HowToImport, language: Option<&str>) -> Result<Settings, String> {
    let preset = match how.anonymize {
        AnonymizePreset::Strict => Preset::Strict,
        AnonymizePreset::Tag => Preset::Tag,
        AnonymizePreset::Off => Preset::Off,
    };
    let language = match how.language.as_deref().or(language) {
        None => None,
        Some(code) => Some(Language::of(code).ok_or_else(|| {
            let known: Vec<_> = language::codes().collect();
            format!("`{code}` is no language that is known; they are {}", known.join(", "))
        })?),
    };
    Ok(Settings {
        skip: how.skip.iter().filter_map(|name| Step::named(name)).collect(),
        agree: how.agree.unwrap_or(AGREE),
        recount: how.agree.is_some(),
        longest: how.longest,
        language,
        rule: Rule { level: Level::named(&how.level).unwrap_or_default(), ..Rule::default() },
        conflicts: how.conflicts,
        anonymizer: Anonymizer::new(preset.into(), None).map_err(|error| error.to_string())?,
        split: how.split.as_deref().map(Share::parse).transpose()?,
        quotas: how.quota.iter().map(|text| Quota::parse(text)).collect::<Result<_, _>>()?,
        seed: how.seed,
    })
}
