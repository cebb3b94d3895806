mod files;
mod told;

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::audit::COUNTERPART;
use super::{Exit, Failure, Talk, print_json};
use crate::cli::DedupArgs;
use crate::dedup::{Counts, Found, Level, Method, Rule, Statistics, Sweep};
use crate::report::{Reading, count};
use crate::table::{self, Batches, Format, Layout, Row, TableError, Writer, no_column};
use files::{IndexDir, PairFile};
use told::Told;

/// Words in fewer texts are no evidence; they weigh as unknown ones do.
const LEAST_TEXTS: u64 = 5;

/// Keeps one row of each group of near-duplicates.
pub fn dedup(args: &DedupArgs, talk: &Talk) -> Result<Exit, Failure> {
    if let Some(path) = &args.write_statistics {
        return write_statistics(args, path, talk);
    }
    let is_standard = |path: &Option<std::path::PathBuf>| path.as_deref().is_some_and(table::is_standard);
    let on_standard =
        [is_standard(&args.output), is_standard(&args.pairs), is_standard(&args.conflicts), args.json];
    if on_standard.iter().filter(|is| **is).count() > 1 {
        let what =
            "only one thing can go to standard output: `-o -`, `--pairs -`, `--conflicts -` or `--json`";
        return Err(Failure::Refused(what.to_owned()));
    }
    let own = args.statistics.as_deref().map(files::statistics).transpose()?;
    let statistics = own.as_ref().unwrap_or_else(|| Statistics::shipped());
    let rule = Rule {
        level: Level::named(&args.level).unwrap_or_default(),
        threshold: args.threshold,
        method: Method::named(&args.method).unwrap_or_default(),
    };
    let by_label = args.scope == "label";
    let started = Instant::now();
    let mut sweep = Sweep::new(rule, by_label, statistics);
    if args.pairs.is_some() || args.conflicts.is_some() {
        sweep = sweep.with_pairs();
    } else if args.index.is_none() {
        sweep = sweep.forgetful();
    }
    let mut against = Vec::new();
    for path in &args.against {
        against.push(off_limits(args, path, &mut sweep, talk)?);
    }
    let settings = told::settings(args, &rule, statistics, &against);
    let index = args.index.as_deref().map(|dir| IndexDir::open(dir, talk)).transpose()?;
    if let Some(index) = &index {
        index.restore(&mut sweep, &settings)?;
    }
    let remembered = sweep.len() as u64;
    let mut told = Told::new(args, &rule, statistics);
    let mut writer = args.output.as_deref().map(Writer::create).transpose()?;
    let mut batches = Batches::open(&args.table.file, &args.table.layout())?;
    let mut reading = Reading::new(talk.style(), files::size(&args.table.file));
    let mut batch = Vec::new();
    loop {
        batches.next(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        for mut row in batch.drain(..) {
            let label = label(&row, &args.table.file, &args.label)?;
            if index.is_some() {
                row.id = lasting_id(args, &row)?;
            }
            let group = group(&row, args)?;
            let found = sweep.row_of(&row.id, &label, &row.text, group.as_deref());
            told.count(&found);
            if let Some(writer) = &mut writer {
                if args.mark {
                    mark(&mut row, &found);
                }
                if args.mark || found == Found::Kept {
                    writer.write(&row.fields)?;
                }
            }
            reading.tick(told.rows, batches.bytes(), || count(told.rows - told.kept, "duplicate"));
        }
        // Whoever writes to a pipe may wait for what becomes of it.
        if let Some(writer) = writer.as_mut().filter(|_| batches.waits()) {
            writer.flush()?;
        }
    }
    told.threshold = sweep.threshold().fraction();
    write_pairs(args, &sweep, by_label, &mut told)?;
    if let Some(index) = &index {
        index.save(&sweep, &settings)?;
        told.remembered = Some(remembered);
    }
    if let Some(writer) = writer {
        writer.finish()?;
    }
    drop(reading);
    if let Some(warning) = told.repeated(sweep.repeated_ids()) {
        talk.say(&warning);
    }
    told.end(started.elapsed());
    if args.json {
        print_json(&told)?;
    } else {
        talk.say(&told.text());
    }
    Ok(Exit::Complete)
}

/// The row's label: the columns' values.
fn label(row: &Row, file: &Path, columns: &[String]) -> Result<String, TableError> {
    for column in columns {
        has(row, file, column, "--label")?;
    }
    Ok(columns.iter().map(|column| row.column(column)).collect::<Vec<_>>().join("\t"))
}

/// Makes sure that a row has the column that an option names.
fn has(row: &Row, file: &Path, column: &str, option: &str) -> Result<(), TableError> {
    if row.fields.contains_key(column) {
        return Ok(());
    }
    let what = no_column(column, row.fields.keys().map(String::as_str));
    let what = format!("{what}; `{option}` names it");
    Err(TableError::ColumnsAt { path: file.to_owned(), line: row.line, what })
}

/// What the row is one of several of.
///
/// `audit --swap` writes counterparts with the id of their original in `pair`. A column of that name may be anything
/// else, such as a pair of currencies, so it must name the row itself, or the row that this one is the counterpart of.
fn group<'r>(row: &'r Row, args: &DedupArgs) -> Result<Option<Cow<'r, str>>, TableError> {
    if let Some(column) = &args.group {
        has(row, &args.table.file, column, "--group")?;
        return Ok(Some(row.column(column)).filter(|group| !group.is_empty()).map(Cow::Owned));
    }
    let pair = row.fields.get("pair").and_then(Value::as_str).filter(|pair| !pair.is_empty());
    let own = pair.filter(|pair| row.id == *pair || row.id.strip_suffix(COUNTERPART) == Some(pair));
    Ok(own.map(Cow::Borrowed))
}

/// An id that is good in a later call too: a row's number is none without its file.
fn lasting_id(args: &DedupArgs, row: &Row) -> Result<String, Failure> {
    if args.table.id.is_some() || row.fields.contains_key("id") {
        return Ok(row.id.clone());
    }
    if table::is_standard(&args.table.file) {
        let what =
            "with `--index`, rows of standard input need ids of their own: name their column with `--id`";
        return Err(Failure::Refused(what.to_owned()));
    }
    Ok(format!("{}:{}", args.table.file.display(), row.id))
}

fn mark(row: &mut Row, found: &Found<'_>) {
    let (of, similarity) = match found {
        Found::Kept => (Value::Null, Value::Null),
        Found::Duplicate { of, similarity, .. } | Found::OffLimits { of, similarity } => {
            (Value::from(*of), Value::from(similarity.fraction()))
        }
    };
    row.fields.insert("duplicate_of".to_owned(), of);
    row.fields.insert("similarity".to_owned(), similarity);
}

/// Which columns of a table of `--against` matter: those of the table itself where it has them.
fn off_limits_layout(args: &DedupArgs, path: &Path) -> Result<Layout, TableError> {
    let own = args.table.layout();
    let format = Format::by_ending(path).or(own.format);
    let plain = Layout { format, ..Layout::default() };
    let named = || args.against_text.clone().or(own.text.clone()).unwrap_or_else(|| "text".to_owned());
    // What comes through a pipe can be read once.
    let Some(known) = table::columns(path, &plain)? else {
        return Ok(Layout { text: Some(named()), ..plain });
    };
    let has = |column: &str| known.iter().any(|known| known == column);
    let usual = || (args.against_text.is_none() && has("text")).then(|| "text".to_owned());
    let text = Some(named()).filter(|named| has(named)).or_else(usual);
    let id = own.id.clone().filter(|id| has(id));
    match (text, &own.columns) {
        (Some(text), _) => Ok(Layout { text: Some(text), id, ..plain }),
        // Without a header, as the table itself.
        (None, Some(columns))
            if matches!(format, Some(Format::Csv | Format::Tsv)) && columns.contains(&named()) =>
        {
            Ok(Layout { format, text: Some(named()), ..own })
        }
        (None, _) => {
            let what = no_column(&named(), known.iter().map(String::as_str));
            let what = format!("{what}; name the column with the texts with `--against-text`");
            Err(TableError::Columns { path: path.to_owned(), what })
        }
    }
}

/// Reads a table of texts that no row may be like, and says its hash.
fn off_limits(args: &DedupArgs, path: &Path, sweep: &mut Sweep<'_>, talk: &Talk) -> Result<String, Failure> {
    let layout = off_limits_layout(args, path)?;
    let mut reading = Reading::new(talk.style(), files::size(path));
    let mut hash = blake3::Hasher::new();
    let mut reader = table::Reader::open(path, &layout)?;
    let mut rows = 0;
    while let Some(row) = reader.next() {
        let row = row?;
        sweep.off_limits(&format!("{}:{}", path.display(), row.id), &row.text);
        for part in [&row.id, &row.text] {
            hash.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        rows += 1;
        reading.tick(rows, reader.bytes(), || format!("reading {}", path.display()));
    }
    Ok(hash.finalize().to_hex()[..16].to_owned())
}

fn write_pairs(args: &DedupArgs, sweep: &Sweep<'_>, by_label: bool, told: &mut Told) -> Result<(), Failure> {
    let pairs = args.pairs.as_deref().map(|path| PairFile::create(path, &["id_a", "id_b", "similarity"]));
    let conflicts = args.conflicts.as_deref();
    let columns = ["id_a", "id_b", "similarity", "label_a", "label_b"];
    let conflicts = conflicts.map(|path| PairFile::create(path, &columns));
    let (mut pairs, mut conflicts) = (pairs.transpose()?, conflicts.transpose()?);
    for pair in sweep.pairs() {
        let similarity = pair.similarity.to_string();
        if let Some(file) = &mut pairs
            && !(by_label && pair.is_conflict())
        {
            file.write(&[&pair.one.id, &pair.other.id, &similarity])?;
        }
        if let Some(file) = &mut conflicts
            && pair.is_conflict()
        {
            let (one, other) = (told::shown_label(&pair.one.label), told::shown_label(&pair.other.label));
            file.write(&[&pair.one.id, &pair.other.id, &similarity, &one, &other])?;
        }
    }
    told.pairs = pairs.map(PairFile::finish).transpose()?;
    told.conflicts = conflicts.map(PairFile::finish).transpose()?;
    Ok(())
}

/// Counts in how many texts each word stands.
fn write_statistics(args: &DedupArgs, path: &Path, talk: &Talk) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    let mut reader = args.table.open()?;
    let mut reading = Reading::new(talk.style(), files::size(&args.table.file));
    while let Some(row) = reader.next() {
        counts.add(&row?.text);
        reading.tick(counts.texts(), reader.bytes(), String::new);
    }
    if counts.texts() == 0 {
        return Err(Failure::Refused(format!("{}: no texts to count", args.table.file.display())));
    }
    let file = counts.to_file(LEAST_TEXTS);
    table::replace(path, file.as_bytes())?;
    drop(reading);
    talk.say(&format!(
        "{} of {} written to {}; words in fewer than {LEAST_TEXTS} texts are left out",
        count(file.lines().count() as u64 - 2, "word"),
        count(counts.texts(), "text"),
        path.display()
    ));
    Ok(Exit::Complete)
}
