mod files;
mod meaning;
mod told;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::apart::apart;
use super::{Exit, Failure, Talk, block_on, print_json};
use crate::cli::DedupArgs;
use crate::dedup::{Counts, Found, Level, Method, Rule, Statistics, Sweep, Tier};
use crate::model::{Fingerprint, PAIR, pair_of};
use crate::report::{Reading, count};
use crate::table::{self, Added, Batches, Format, Layout, Row, TableError, Writer, no_column};
use files::{IndexDir, PairFile};
use meaning::Meaning;
use told::Told;

/// Words in fewer texts are no evidence; they weigh as unknown ones do.
const LEAST_TEXTS: u64 = 5;

/// Keeps one row of each group of near-duplicates.
pub fn dedup(args: &DedupArgs, talk: &Talk) -> Result<Exit, Failure> {
    let reads = [Some(&args.table.file), args.statistics.as_ref()].into_iter().flatten().chain(&args.against);
    let index = args.index.as_ref().map(|dir| dir.join("index"));
    let writes = [
        ("-o", args.output.as_deref()),
        ("--pairs", args.pairs.as_deref()),
        ("--conflicts", args.conflicts.as_deref()),
        ("--write-statistics", args.write_statistics.as_deref()),
        ("--index", index.as_deref()),
    ];
    let config = args.semantic.semantic.as_deref().map(Path::new);
    apart(reads.map(|path| &**path).chain(config), &writes)?;
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
    if args.semantic.semantic.is_some() && args.index.is_some() {
        let what = "`--semantic` and `--index` do not go together: an index keeps nothing of a text but hashes of \
                    its words, and a vector would tell nearly what it says\n  \
                    hold the rows against what was kept before, `--against KEPT`; what was embedded once is stored";
        return Err(Failure::Refused(what.to_owned()));
    }
    let own = args.statistics.as_deref().map(files::statistics).transpose()?;
    let statistics = own.as_ref().unwrap_or_else(|| Statistics::shipped());
    let work = Work {
        args,
        rule: Rule {
            level: Level::named(&args.level).unwrap_or_default(),
            threshold: args.threshold,
            method: Method::named(&args.method).unwrap_or_default(),
        },
        by_label: args.scope == "label",
        statistics,
        marks: told::marks(args),
        talk,
    };
    let mut told = Told::new(args, &work.rule, statistics);
    let started = Instant::now();
    match &args.semantic.semantic {
        Some(endpoint) => block_on(work.by_meaning(endpoint, &mut told))??,
        None => work.by_words(&mut told)?,
    }
    told.end(started.elapsed());
    if args.json {
        print_json(&told)?;
    } else {
        talk.say(&told.text());
    }
    Ok(Exit::Complete)
}

/// A call, and what decides its verdicts.
struct Work<'a> {
    args: &'a DedupArgs,
    rule: Rule,
    by_label: bool,
    statistics: &'a Statistics,
    /// The columns that rows get, where they are marked.
    marks: Option<Added>,
    talk: &'a Talk,
}

impl<'a> Work<'a> {
    /// Goes through the table by the words of its texts, a row at a time.
    fn by_words(&self, told: &mut Told) -> Result<(), Failure> {
        let args = self.args;
        let mut sweep = self.sweep();
        let mut against = Vec::new();
        for path in &args.against {
            against.push(self.off_limits(path, |id, text| sweep.off_limits(&id, &text, None))?);
        }
        let settings = told::settings(args, &self.rule, self.statistics, &against);
        let index = args.index.as_deref().map(|dir| IndexDir::open(dir, self.talk)).transpose()?;
        if let Some(index) = &index {
            index.restore(&mut sweep, &settings)?;
        }
        let remembered = sweep.len() as u64;
        let mut writer = args.output.as_deref().map(Writer::create).transpose()?;
        let mut batches = Batches::open(&args.table.file, &args.table.layout())?;
        let mut reading = Reading::new(self.talk.style(), files::size(&args.table.file));
        let mut named = Named::new(args);
        let mut batch = Vec::new();
        loop {
            batches.next(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            for mut row in batch.drain(..) {
                self.unmarked(&row)?;
                named.see(&row);
                let label = label(&row, &args.label);
                if index.is_some() {
                    row.id = lasting_id(args, &row)?;
                }
                let group = group(&row, args).map(Cow::into_owned);
                let found = sweep.row_of(&row.id, &label, &row.text, group.as_deref());
                self.put(row, &found, writer.as_mut(), told)?;
                reading.tick(told.rows, batches.bytes(), || count(told.rows - told.kept, "duplicate"));
            }
            // Whoever writes to a pipe may wait for what becomes of it.
            if let Some(writer) = writer.as_mut().filter(|_| batches.waits()) {
                writer.flush()?;
            }
        }
        named.check(&args.table.file)?;
        self.write_pairs(&sweep, told)?;
        if let Some(writer) = &mut writer {
            writer.without_rows(self.columns(batches.header()));
        }
        if let Some(index) = &index {
            index.save(&sweep, &settings)?;
            told.remembered = Some(remembered);
        }
        writer.map_or(Ok(()), Writer::finish)?;
        drop(reading);
        self.warn(&sweep, told);
        Ok(())
    }

    /// The same by what they mean too. All rows are at hand, since what is to be asked follows from how they stand
    /// to one another: a duplicate by its words need not be embedded. So verdicts are worked out with what is
    /// known, what they lack is asked for, and again, until nothing is lacking.
    async fn by_meaning(&self, endpoint: &str, told: &mut Told) -> Result<(), Failure> {
        let Self { args, talk, .. } = self;
        // Before anything is paid for.
        let mut writer = args.output.as_deref().map(Writer::create).transpose()?;
        let mut meaning = Meaning::open(&args.semantic, endpoint, &args.table.file, talk).await?;
        let mut against = Vec::new();
        for path in &args.against {
            self.off_limits(path, |id, text| {
                let request = meaning.request(&text);
                against.push(Off { id, text, request });
            })?;
        }
        let mut rows = Vec::new();
        let mut reader = args.table.open()?;
        let mut reading = Reading::new(talk.style(), files::size(&args.table.file));
        let mut named = Named::new(args);
        while let Some(row) = reader.next() {
            let row = row?;
            self.unmarked(&row)?;
            named.see(&row);
            let label = label(&row, &args.label);
            let group = group(&row, args).map(Cow::into_owned);
            let request = meaning.request(&row.text);
            rows.push(Offered { row, label, group, request });
            reading.tick(rows.len() as u64, reader.bytes(), String::new);
        }
        drop(reading);
        named.check(&args.table.file)?;
        let header = reader.header();
        let requests =
            against.iter().map(|off| off.request).chain(rows.iter().map(|offered| offered.request));
        let requests: HashSet<Fingerprint> = requests.flatten().collect();
        meaning.recall(&requests, &mut Reading::new(talk.style(), Some(requests.len() as u64)))?;
        let sweep = loop {
            let (sweep, lacking) = self.sweep_with(&meaning, &against, &rows);
            if lacking.is_empty() {
                break sweep;
            }
            meaning.ask(&lacking, talk).await?;
        };
        let mut semantic = meaning.close().await;
        for (number, Offered { row, .. }) in rows.into_iter().enumerate() {
            let found = sweep.verdict(number as u32);
            semantic.off_limits += u64::from(matches!(found, Found::OffLimits { tier: Tier::Meaning, .. }));
            self.put(row, &found, writer.as_mut(), told)?;
        }
        told.meant(semantic);
        self.write_pairs(&sweep, told)?;
        if let Some(writer) = &mut writer {
            writer.without_rows(self.columns(header));
        }
        writer.map_or(Ok(()), Writer::finish)?;
        self.warn(&sweep, told);
        Ok(())
    }

    /// The verdicts on all rows with what is known of meanings, and what they lack, in order of the rows.
    fn sweep_with<'r>(
        &self,
        meaning: &Meaning,
        against: &'r [Off],
        rows: &'r [Offered],
    ) -> (Sweep<'a>, Vec<(Fingerprint, &'r str)>) {
        let mut lacking = Vec::new();
        let mut sweep = self.sweep().with_meanings(meaning.threshold());
        let mut known = |request: &Option<Fingerprint>, text: &'r str| {
            let request = request.as_ref()?;
            meaning.of(request).unwrap_or_else(|| {
                lacking.push((*request, text));
                None
            })
        };
        for Off { id, text, request } in against {
            sweep.off_limits(id, text, known(request, text));
        }
        let mut reading = Reading::new(self.talk.style(), Some(rows.len() as u64));
        for (number, Offered { row, label, group, request }) in rows.iter().enumerate() {
            let group = group.as_deref();
            sweep.row_by_meaning(&row.id, label, &row.text, group, || known(request, &row.text));
            reading.tick(number as u64, number as u64, || "comparing".to_owned());
        }
        (sweep, lacking)
    }

    fn sweep(&self) -> Sweep<'a> {
        let sweep = Sweep::new(self.rule, self.by_label, self.statistics);
        if self.args.pairs.is_some() || self.args.conflicts.is_some() {
            sweep.with_pairs()
        } else if self.args.index.is_none() {
            sweep.forgetful()
        } else {
            sweep
        }
    }

    /// Says which ids do not name one row.
    fn warn(&self, sweep: &Sweep<'_>, told: &mut Told) {
        if let Some(warning) = told.repeated(sweep.repeated_ids()) {
            self.talk.say(&warning);
        }
    }

    /// Counts what was said of a row, and writes it where it is wanted.
    fn put(
        &self,
        mut row: Row,
        found: &Found<'_>,
        writer: Option<&mut Writer>,
        told: &mut Told,
    ) -> Result<(), Failure> {
        told.count(found);
        let Some(writer) = writer else { return Ok(()) };
        if let Some(marks) = &self.marks {
            told::mark(&mut row.fields, found, marks);
        }
        match self.args.mark || *found == Found::Kept {
            true => writer.write(&row.fields)?,
            false => writer.without_rows(row.fields.keys()),
        }
        Ok(())
    }

    /// The columns of what is written of a table with these.
    fn columns(&self, header: Vec<String>) -> Vec<String> {
        let marks = self.marks.iter().flat_map(Added::names).cloned();
        header.into_iter().chain(marks).collect()
    }

    /// Makes sure that a row has no column of its own where it is to be marked.
    fn unmarked(&self, row: &Row) -> Result<(), TableError> {
        let lacking = self.marks.as_ref().map_or(Ok(()), |marks| marks.lacking_in(&row.fields));
        let path = || self.args.table.file.clone();
        lacking.map_err(|what| TableError::ColumnsAt { path: path(), line: row.line, what })
    }

    /// Reads a table of texts that no row may be like, and says its hash.
    fn off_limits(&self, path: &Path, mut take: impl FnMut(String, String)) -> Result<String, Failure> {
        let layout = off_limits_layout(self.args, path)?;
        let mut reading = Reading::new(self.talk.style(), files::size(path));
        let mut hash = blake3::Hasher::new();
        let mut reader = table::Reader::open(path, &layout)?;
        let mut rows = 0;
        while let Some(row) = reader.next() {
            let row = row?;
            for part in [&row.id, &row.text] {
                hash.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
            }
            take(format!("{}:{}", path.display(), row.id), row.text);
            rows += 1;
            reading.tick(rows, reader.bytes(), || format!("reading {}", path.display()));
        }
        Ok(hash.finalize().to_hex()[..16].to_owned())
    }

    fn write_pairs(&self, sweep: &Sweep<'_>, told: &mut Told) -> Result<(), Failure> {
        told.threshold = sweep.threshold().fraction();
        let by: &[&str] = if self.args.semantic.semantic.is_some() { &["by"] } else { &[] };
        let create = |path, columns: &[&str]| PairFile::create(path, &[columns, by].concat());
        let pairs = self.args.pairs.as_deref().map(|path| create(path, &["id_a", "id_b", "similarity"]));
        let columns = ["id_a", "id_b", "similarity", "label_a", "label_b"];
        let conflicts = self.args.conflicts.as_deref().map(|path| create(path, &columns));
        let (mut pairs, mut conflicts) = (pairs.transpose()?, conflicts.transpose()?);
        for pair in sweep.pairs() {
            let similarity = pair.similarity.to_string();
            let by: &[&str] = if by.is_empty() { &[] } else { &[told::tier_name(pair.tier)] };
            let columns: [&str; 3] = [&pair.one.id, &pair.other.id, &similarity];
            if let Some(file) = &mut pairs
                && !(self.by_label && pair.is_conflict())
            {
                file.write(&[&columns, by].concat())?;
            }
            if let Some(file) = &mut conflicts
                && pair.is_conflict()
            {
                let labels = [&pair.one.label, &pair.other.label].map(|label| told::shown_label(label));
                file.write(&[&columns, &labels.each_ref().map(String::as_str)[..], by].concat())?;
            }
        }
        told.pairs = pairs.map(PairFile::finish).transpose()?;
        told.conflicts = conflicts.map(PairFile::finish).transpose()?;
        Ok(())
    }
}

/// A text that is off limits, and the request that says what it means.
struct Off {
    id: String,
    text: String,
    request: Option<Fingerprint>,
}

/// The same of a row.
struct Offered {
    row: Row,
    label: String,
    group: Option<String>,
    request: Option<Fingerprint>,
}

/// The row's label: the columns' values, of which one that it lacks is empty.
fn label(row: &Row, columns: &[String]) -> String {
    columns.iter().map(|column| row.column(column)).collect::<Vec<_>>().join("\t")
}

/// The columns that options name, each of which some row has to have.
struct Named<'a> {
    /// Those that no row has had so far, each with its option.
    lacking: Vec<(&'a str, &'static str)>,
    /// Those of the first row.
    known: Option<Vec<String>>,
}

impl<'a> Named<'a> {
    fn new(args: &'a DedupArgs) -> Self {
        let labels = args.label.iter().map(|column| (column.as_str(), "--label"));
        let group = args.group.iter().map(|column| (column.as_str(), "--group"));
        Self { lacking: labels.chain(group).collect(), known: None }
    }

    fn see(&mut self, row: &Row) {
        self.known.get_or_insert_with(|| row.fields.keys().cloned().collect());
        self.lacking.retain(|(column, _)| !row.fields.contains_key(*column));
    }

    /// Makes sure that there is each of them, where there is any row.
    fn check(&self, file: &Path) -> Result<(), TableError> {
        let (Some((column, option)), Some(known)) = (self.lacking.first(), &self.known) else {
            return Ok(());
        };
        let what = no_column(column, known.iter().map(String::as_str));
        Err(TableError::Columns { path: file.to_owned(), what: format!("{what}; `{option}` names it") })
    }
}

/// What the row is one of several of.
///
/// `audit` gives counterparts the id of their original in `pair`.
fn group<'r>(row: &'r Row, args: &DedupArgs) -> Option<Cow<'r, str>> {
    if let Some(column) = &args.group {
        return Some(row.column(column)).filter(|group| !group.is_empty()).map(Cow::Owned);
    }
    let pair = row.fields.get(PAIR).and_then(Value::as_str);
    pair_of(&row.id, pair).map(Cow::Borrowed)
}

/// An id that is good in a later call too: a row's number is none without its file.
fn lasting_id(args: &DedupArgs, row: &Row) -> Result<String, Failure> {
    if args.table.id.is_some() || row.fields.get("id").is_some_and(|id| !id.is_null()) {
        return Ok(row.id.clone());
    }
    if table::is_standard(&args.table.file) {
        let what =
            "with `--index`, rows of standard input need ids of their own: name their column with `--id`";
        return Err(Failure::Refused(what.to_owned()));
    }
    Ok(format!("{}:{}", args.table.file.display(), row.id))
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
