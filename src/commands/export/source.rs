//! What is exported: a config's dataset, or a table.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{Failure, Stored, Talk, is_config, open};
use super::{Audited, usage};
use crate::audit::Role;
use crate::cli::{ConfigArgs, ExportArgs};
use crate::config::load::shown;
use crate::dataset::Sink;
use crate::dataset::evaluate::Accepted;
use crate::dataset::row::Row;
use crate::export::{ExportError, Record};
use crate::guard::{Guard, Purpose};
use crate::labels::Between;
use crate::learn::LearnError;
use crate::near::no_such;
use crate::pipeline::{Files, Opened};
use crate::report::{Reading, count, thousands};
use crate::table::{self, Layout, Reader};

pub enum Source {
    Config(Box<OfConfig>),
    Table(OfTable),
}

pub struct OfConfig {
    pub opened: Opened,
    pub stored: Stored,
}

pub struct OfTable {
    path: std::path::PathBuf,
    layout: Layout,
    guard: Guard,
    /// Whether models learn from what is made of it, so that nothing of a frozen test part may be in it.
    learnt: bool,
    /// What standard input or a pipe said, which is read but once.
    held: Option<Vec<table::Row>>,
    /// Of the first row, or of the header where there is none.
    columns: Vec<String>,
}

impl Source {
    /// `learnt` says whether models learn from what is made of it.
    pub fn open(args: &ExportArgs, learnt: bool, talk: &Talk) -> Result<Self, Failure> {
        if is_config(&args.source) {
            let for_tables = [
                ("--text", args.text.is_some()),
                ("--columns", args.columns.is_some()),
                ("--measuring", args.measuring),
            ];
            if let Some((flag, _)) = for_tables.iter().find(|(_, given)| *given) {
                return Err(usage(format!("{flag} is for tables; this is a config")));
            }
            let config = ConfigArgs { config: args.source.clone(), set: args.set.clone() };
            let opened = open(&config, talk)?;
            let stored = Stored::open(&opened)?;
            // It is gone through more than once, and a run may go on beside it.
            stored.reader.as_ref().map_or(Ok(()), crate::store::Reader::hold)?;
            return Ok(Source::Config(Box::new(OfConfig { opened, stored })));
        }
        if !args.set.is_empty() {
            return Err(usage("--set changes a config; this is a table"));
        }
        let layout = Layout {
            text: args.text.clone(),
            columns: args.columns.clone(),
            options: &["--text", "--columns"],
            ..Layout::default()
        };
        let mut reader = Reader::open(&args.source, &layout)?;
        let header = reader.header();
        let (held, first) = match table::is_read_once(&args.source) {
            true => {
                let rows: Vec<table::Row> = reader.collect::<Result<_, _>>()?;
                let first = rows.first().cloned();
                (Some(rows), first)
            }
            false => (None, reader.next().transpose()?),
        };
        let columns = first.map_or(header, |row| row.fields.keys().cloned().collect());
        let learnt = learnt && !args.measuring;
        let guard = match learnt {
            true => Guard::of(&[&args.source]).map_err(LearnError::from)?,
            false => Guard::default(),
        };
        Ok(Source::Table(OfTable { path: args.source.clone(), layout, guard, learnt, held, columns }))
    }

    /// The column with the texts.
    pub fn text(&self) -> &str {
        match self {
            Source::Config(_) => "text",
            Source::Table(of) => of.layout.text.as_deref().unwrap_or("text"),
        }
    }

    /// What stands between several labels in one text: a config's values are one each.
    pub fn between(&self) -> Between<'static> {
        match self {
            Source::Config(_) => Between::One,
            Source::Table(_) => Between::Usual,
        }
    }

    /// The columns that may hold labels.
    pub fn columns(&self) -> Vec<String> {
        match self {
            Source::Config(of) => {
                of.opened.recipe.grid.axes.iter().map(|axis| axis.name.to_string()).collect()
            }
            Source::Table(of) => of.columns.clone(),
        }
    }

    /// The columns of labels that are known before any row is looked at.
    pub fn label_columns(&self, args: &ExportArgs) -> Result<Vec<String>, Failure> {
        if !args.label.is_empty() {
            let known = self.columns();
            // A table of JSON Lines may have a column that its first row lacks.
            if let Source::Config(_) = self
                && let Some(wrong) = args.label.iter().find(|label| !known.contains(label))
            {
                let known = known.iter().map(String::as_str);
                return Err(usage(format!("--label {wrong}: {}", no_such("axis", wrong, known))));
            }
            return Ok(args.label.clone());
        }
        Ok(match self {
            Source::Config(of) => {
                let axes = of.opened.recipe.grid.axes.iter().filter(|axis| axis.label);
                axes.map(|axis| axis.name.to_string()).collect()
            }
            // See `guesses_labels`.
            Source::Table(_) => Vec::new(),
        })
    }

    /// Whether which column has the labels is nobody's word but that of the rows.
    pub fn guesses_labels(&self, args: &ExportArgs) -> bool {
        matches!(self, Source::Table(_)) && args.label.is_empty()
    }

    /// The labels of a column, where they are known without looking at rows.
    pub fn values(&self, column: &str) -> Option<Vec<String>> {
        let Source::Config(of) = self else { return None };
        let axis = of.opened.recipe.config.axes.iter().find(|axis| axis.name == column)?;
        let mut names: Vec<String> = axis.values.iter().map(|value| value.name.clone()).collect();
        names.sort();
        Some(names)
    }

    /// The columns to audit.
    pub fn audited(&self, args: &ExportArgs) -> Audited {
        match self {
            Source::Config(of) => {
                let role = |label| if label { Role::Label } else { Role::Context };
                let axes = of.opened.recipe.grid.axes.iter();
                axes.map(|axis| (axis.name.to_string(), role(axis.label))).collect()
            }
            Source::Table(_) => {
                let columns = self.label_columns(args).unwrap_or_default();
                columns.into_iter().map(|column| (column, Role::Label)).collect()
            }
        }
    }

    /// Goes through the rows until one is refused.
    pub fn each(
        &self,
        talk: &Talk,
        take: &mut dyn FnMut(&dyn Record) -> Result<(), ExportError>,
    ) -> Result<Gone, Failure> {
        match self {
            Source::Config(of) => of.each(talk, take),
            Source::Table(of) => of.each(talk, take),
        }
    }
}

/// What going through the rows showed beside them.
#[derive(Debug, Default)]
pub struct Gone {
    /// Rows of a dataset, counterparts left out.
    pub rows: u64,
    /// Requests that a dataset still lacks.
    pub open_asks: u64,
    /// Rows of a frozen test part, which were left out.
    pub held: u64,
    /// Why the first of them.
    pub why: Option<String>,
}

impl OfConfig {
    fn each(
        &self,
        talk: &Talk,
        take: &mut dyn FnMut(&dyn Record) -> Result<(), ExportError>,
    ) -> Result<Gone, Failure> {
        let recipe = &self.opened.recipe;
        let mut failed = None;
        let mut each = Each(|accepted: &Accepted<'_>| {
            if failed.is_none() {
                failed = take(&Row { recipe, models: &self.stored.models, accepted }).err();
            }
        });
        let totals = self.stored.evaluate(&self.opened.recipe, talk, true, &mut each)?;
        failed.map_or(Ok(()), Err)?;
        Ok(Gone { rows: totals.rows, open_asks: totals.demands, ..Gone::default() })
    }

    /// Why an export of it would be empty, which nobody means: it may replace a file that is not.
    pub fn without_rows(&self, config: &Path, open: u64) -> Failure {
        let config = config.display();
        let mut what = format!(
            "{config}: stored answers make none of its {}; nothing was written",
            count(self.opened.recipe.wanted(), "row")
        );
        if open > 0 {
            what.push_str(&format!("\n  {}: `emogrid run {config}`", still(open)));
        } else {
            what.push_str(&format!("\n  no more asks will make any: `emogrid run {config}` says why"));
        }
        if let Some(file) = self.file() {
            what.push_str(&format!(
                "\n  {file}:\n  give `export` that file in place of the config to have them"
            ));
        }
        Failure::InVain(what)
    }

    /// What the rows lack that are exported.
    pub fn incomplete(&self, rows: u64, open: u64) -> String {
        let recipe = &self.opened.recipe;
        let mut what = format!(
            "{} of {}: {} (`emogrid run`)",
            thousands(rows),
            count(recipe.wanted(), "row"),
            still(open)
        );
        if Files::new(recipe.config.dataset_dir()).rows() > rows
            && let Some(file) = self.file()
        {
            what.push_str(&format!("\n{file}"));
        }
        what
    }

    /// The dataset on disk, if it has rows.
    fn file(&self) -> Option<String> {
        let files = Files::new(self.opened.recipe.config.dataset_dir());
        let rows = files.rows();
        (rows > 0 && files.dataset().exists()).then(|| {
            let path = shown(&files.dataset());
            format!("{} holds {} of another state", path.display(), count(rows, "row"))
        })
    }
}

fn still(open: u64) -> String {
    format!(
        "{} still to be asked",
        if open == 1 { "1 request is".into() } else { format!("{} requests are", thousands(open)) }
    )
}

impl OfTable {
    fn each(
        &self,
        talk: &Talk,
        take: &mut dyn FnMut(&dyn Record) -> Result<(), ExportError>,
    ) -> Result<Gone, Failure> {
        let purpose = if self.learnt { Purpose::Training } else { Purpose::Measuring };
        let mut gate = self.guard.gate(purpose);
        let mut taken = |row: table::Row| match gate.admit(row) {
            Some(row) => take(&Line { row: &row, of: self }),
            None => Ok(()),
        };
        if let Some(rows) = &self.held {
            rows.iter().cloned().try_for_each(&mut taken)?;
        } else {
            let mut reading =
                Reading::new(talk.style(), std::fs::metadata(&self.path).ok().map(|file| file.len()));
            let mut reader = Reader::open(&self.path, &self.layout)?;
            let mut rows = 0;
            while let Some(row) = reader.next() {
                taken(row?)?;
                rows += 1;
                reading.tick(rows, reader.bytes(), String::new);
            }
        }
        Ok(Gone { held: gate.held(), why: gate.why().map(ToString::to_string), ..Gone::default() })
    }
}

/// Something done with each row.
struct Each<F>(F);

impl<F: FnMut(&Accepted<'_>)> Sink for Each<F> {
    fn row(&mut self, row: &Accepted<'_>) {
        self.0(row);
    }
}

impl Record for Row<'_> {
    fn fields(&self) -> Map<String, Value> {
        Row::fields(self)
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        Ok(serde_json::to_writer(out, self)?)
    }

    fn place(&self) -> String {
        format!("row {}", self.accepted.name)
    }
}

/// A row of a table.
struct Line<'a> {
    row: &'a table::Row,
    of: &'a OfTable,
}

impl Record for Line<'_> {
    fn fields(&self) -> Map<String, Value> {
        (*self.row.fields).clone()
    }

    fn letters(&self, column: &str) -> Option<&str> {
        self.row.fields.letters(column)
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        Ok(serde_json::to_writer(out, &self.row.fields)?)
    }

    fn place(&self) -> String {
        let path = match table::is_standard(&self.of.path) {
            true => "standard input".into(),
            false => self.of.path.display().to_string(),
        };
        format!("{path}:{}", self.row.line)
    }
}
