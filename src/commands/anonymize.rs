mod second;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::apart::apart;
use super::{Exit, Failure, Talk, block_on, print_json};
use crate::anonymize::{Action, Anonymizer, Category, Found, Outcome, Policy, Preset, Span, over};
use crate::cli::{AnonymizeArgs, AnonymizePreset};
use crate::report::{count, thousands};
use crate::table::{Added, Batches, Fields, Row, TableError, Writer, is_standard, taken};
use second::{SecondLook, Told};

/// What was done, for machines.
#[derive(Debug, Default, Serialize)]
struct Summary {
    texts: u64,
    /// Texts in which something was found.
    touched: u64,
    dropped: u64,
    /// By category, how often it was found.
    found: BTreeMap<&'static str, u64>,
    seconds: f64,
    texts_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_look: Option<Told>,
}

/// Takes out of a table's texts what tells of a person.
pub fn anonymize(args: &AnonymizeArgs, talk: &Talk) -> Result<Exit, Failure> {
    let config = args.second_look.as_deref().map(Path::new);
    apart(std::iter::once(&*args.table.file).chain(config), &[("-o", args.output.as_deref())])?;
    let anonymizer = anonymizer(args).map_err(Failure::Refused)?;
    block_on(each(args, &anonymizer, talk))?
}

async fn each(args: &AnonymizeArgs, anonymizer: &Anonymizer, talk: &Talk) -> Result<Exit, Failure> {
    if args.json && args.output.as_deref().is_some_and(is_standard) {
        let what = "only one thing can go to standard output: `-o -` or `--json`; name a file for the rows with `-o`";
        return Err(Failure::Refused(what.to_owned()));
    }
    let mut second = match &args.second_look {
        Some(endpoint) => Some(SecondLook::open(args, endpoint, talk).await?),
        None => None,
    };
    let mut batches = Batches::open(&args.table.file, &args.table.layout())?;
    let column = args.table.text.as_deref().unwrap_or("text");
    let mut writer = match (&args.output, args.json) {
        (Some(path), _) => Some(Writer::create(path)?),
        (None, false) => Some(Writer::create(Path::new("-"))?),
        (None, true) => None,
    };
    let added = Added::new(&["spans"], args.prefix.as_deref());
    let spans = added.names().concat();
    let with_spans = |columns: Vec<String>| columns.into_iter().chain(added.names().to_vec());
    let mut summary = Summary::default();
    let mut progress = Progress::new(talk, &args.table.file);
    let mut work = Duration::ZERO;
    let mut batch = Vec::new();
    loop {
        batches.next(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        let at = |line, what| TableError::ColumnsAt { path: args.table.file.clone(), line, what };
        // Before a model is asked about them.
        if writer.is_some()
            && let Some(row) = batch.iter().find(|row| Span::list(row.fields.get(&spans)).is_none())
        {
            return Err(at(row.line, taken(&spans)).into());
        }
        let start = Instant::now();
        let outcomes: Vec<Done> = match &mut second {
            None => batch.par_iter().map(|row| done(anonymizer, row, None, args, &spans)).collect(),
            Some(second) => {
                let found = second.found(anonymizer, &batch, talk).await?;
                let rows = batch.par_iter().zip(found);
                rows.map(|(row, found)| done(anonymizer, row, Some(found), args, &spans)).collect()
            }
        };
        work += start.elapsed();
        for (row, done) in batch.drain(..).zip(outcomes) {
            summary.count(&done.outcome);
            let Some(writer) = &mut writer else { continue };
            let line = row.line;
            match done.outcome.dropped.is_none() {
                true => {
                    let row = changed(row, column, done, &added);
                    writer.write(&row.map_err(|what| at(line, what))?)?;
                }
                false => writer.without_rows(with_spans(row.fields.keys().cloned().collect())),
            }
        }
        // Whoever writes to a pipe may wait for what becomes of it.
        if let Some(writer) = writer.as_mut().filter(|_| batches.waits()) {
            writer.flush()?;
        }
        progress.tick(&batches, &summary);
    }
    if let Some(mut writer) = writer {
        writer.without_rows(with_spans(batches.header()));
        writer.finish()?;
    }
    if let Some(second) = second {
        summary.second_look = Some(second.told);
        second.close().await;
    }
    summary.seconds = work.as_secs_f64();
    summary.texts_per_second = (summary.texts as f64 / summary.seconds.max(1e-9)).round();
    if args.json {
        print_json(&summary)?;
    } else {
        talk.say(&summary.text());
    }
    Ok(Exit::Complete)
}

/// What was made of a row's text.
struct Done {
    outcome: Outcome,
    /// The spans that the text came with, and where what was found stood in it.
    before: (Vec<Span>, Vec<Span>),
}

/// `found` is what stands in the text, where somebody else looked; `column` has the spans.
fn done(
    anonymizer: &Anonymizer,
    row: &Row,
    found: Option<Vec<Found>>,
    args: &AnonymizeArgs,
    column: &str,
) -> Done {
    let text = &row.text;
    let at = || match &found {
        None => anonymizer.spans(text),
        Some(found) => anonymizer.spans_of(text, found.clone()),
    };
    let before = Span::list(row.fields.get(column)).filter(|before| !before.is_empty());
    let before = before.map(|before| (before, at())).unwrap_or_default();
    let outcome = match found {
        _ if args.detect_only => Outcome { text: text.clone(), spans: at(), dropped: None },
        None => anonymizer.apply(text),
        Some(found) => anonymizer.apply_to(text, found),
    };
    Done { outcome, before }
}

/// The row with its text changed, and where and how, beside what it came with of that.
///
/// # Errors
/// Spans of another text.
fn changed(row: Row, column: &str, done: Done, added: &Added) -> Result<Fields, String> {
    let Done { outcome, before: (before, at) } = done;
    let mut fields = row.fields;
    let spans = over(&before, &row.text, &at, outcome.spans).map_err(|span| {
        let name = added.names().concat();
        let what = taken(&name);
        format!(
            "{} {} at {}\u{2013}{} of `{name}` is of another text: {what}",
            span.category, span.action, span.start, span.end
        )
    })?;
    fields.insert(column.to_owned(), Value::String(outcome.text));
    added.put(&mut fields, [spans.iter().map(Span::to_json).collect()]);
    Ok(fields)
}

/// The policy that the arguments ask for, with its key.
fn anonymizer(args: &AnonymizeArgs) -> Result<Anonymizer, String> {
    let preset = match args.preset {
        AnonymizePreset::Strict => Preset::Strict,
        AnonymizePreset::Tag => Preset::Tag,
        AnonymizePreset::Off => Preset::Off,
    };
    let mut policy = Policy::from(preset);
    for given in &args.action {
        let (category, action) = parse(given)?;
        policy.set(category, action);
    }
    let secret = match &args.key_env {
        Some(variable) => {
            Some(std::env::var(variable).ok().filter(|secret| !secret.is_empty()).ok_or_else(|| {
                format!("the environment variable {variable} is not set; it holds the key of the pseudonyms")
            })?)
        }
        None => None,
    };
    Anonymizer::new(policy, secret.as_deref()).map_err(|error| {
        format!("{error}\n  put one into an environment variable and name that: `--key-env MY_KEY`")
    })
}

/// `NAME=mask`
fn parse(given: &str) -> Result<(Category, Action), String> {
    let names = |list: Vec<&str>| list.join(", ");
    let (category, action) = given.split_once('=').ok_or_else(|| {
        format!("`--action {given}` is none; write a category and an action, such as `--action NAME=mask`")
    })?;
    let known = Category::parse(category).ok_or_else(|| {
        let all = names(Category::ALL.iter().map(|category| category.name()).collect());
        format!("`{category}` is no category; they are {all}")
    })?;
    let action = Action::parse(action).ok_or_else(|| {
        let all = names(Action::ALL.iter().map(|action| action.name()).collect());
        format!("`{action}` is no action; they are {all}")
    })?;
    if action.names_only() && known != Category::Name {
        return Err(format!("`{action}` is for names only; for {known} write `{known}=mask`"));
    }
    Ok((known, action))
}

impl Summary {
    fn count(&mut self, outcome: &Outcome) {
        self.texts += 1;
        self.touched += u64::from(!outcome.spans.is_empty());
        self.dropped += u64::from(outcome.dropped.is_some());
        for span in &outcome.spans {
            *self.found.entry(span.category.name()).or_default() += 1;
        }
    }

    fn text(&self) -> String {
        let found: Vec<String> =
            self.found.iter().map(|(name, number)| format!("{name} {}", thousands(*number))).collect();
        let mut text = format!(
            "{}, something found in {}, {} dropped; {} texts/s",
            count(self.texts, "text"),
            thousands(self.touched),
            thousands(self.dropped),
            thousands(self.texts_per_second as u64)
        );
        if !found.is_empty() {
            text.push_str("\n  ");
            text.push_str(&found.join(", "));
        }
        if let Some(told) = &self.second_look {
            text.push_str(&format!(
                "\n  second look at {}: of the names in doubt {} are names and {} are none",
                count(told.texts, "text"),
                thousands(told.names),
                thousands(told.released)
            ));
            if told.closed > 0 {
                let texts = count(told.closed, "text");
                text.push_str(&format!("; {texts} without a good answer, where all in doubt is taken out"));
            }
        }
        text
    }
}

/// Says how far it is when it takes longer than a second.
struct Progress {
    talk: Talk,
    size: Option<u64>,
    start: Instant,
    said: Instant,
    every: Duration,
}

impl Progress {
    fn new(talk: &Talk, path: &Path) -> Self {
        let now = Instant::now();
        let every = if std::io::stderr().is_terminal() { 1 } else { 10 };
        let size = std::fs::metadata(path).ok().map(|file| file.len()).filter(|size| *size > 0);
        Self { talk: *talk, size, start: now, said: now, every: Duration::from_secs(every) }
    }

    fn tick(&mut self, batches: &Batches, summary: &Summary) {
        if self.said.elapsed() < self.every {
            return;
        }
        self.said = Instant::now();
        let rate = summary.texts as f64 / self.start.elapsed().as_secs_f64();
        let part = self.size.map(|size| batches.bytes() as f64 / size as f64).filter(|part| *part > 0.0);
        let rest = part.map_or(String::new(), |part| {
            let left = self.start.elapsed().mul_f64((1.0 / part.min(1.0) - 1.0).max(0.0));
            format!(" ({:.0} %), {} to go", 100.0 * part.min(1.0), crate::report::duration(left))
        });
        self.talk.say(&format!("{}{rest}, {} texts/s", count(summary.texts, "text"), thousands(rate as u64)));
    }
}
