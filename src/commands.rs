//! One thin file a subcommand.

mod anonymize;
mod apart;
mod audit;
mod check;
mod completions;
mod ctl;
mod dedup;
mod eval;
mod export;
mod forget;
mod gc;
mod history;
mod import;
mod init;
mod log;
mod man;
mod mix;
mod plan;
mod preview;
mod purge;
mod refine;
mod rounds;
mod run;
mod runs;
mod schema;
mod scrub;
mod served;
mod status;
mod train;
mod verify;
mod why;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{CellArgs, Cli, Colour, Command, ConfigArgs};
use crate::config::Report;
use crate::dataset::evaluate::{Name, evaluate};
use crate::dataset::{Models, Recipe, Sink, Totals};
use crate::export::ExportError;
use crate::grid::{Selection, Size};
use crate::learn::LearnError;
use crate::pipeline::{self, Ended, Known, Opened, RunError, Sight, StoreBook};
use crate::report::{EndpointSight, Style, say};
use crate::store::{Reader, StoreDir};
use crate::table::TableError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Complete = 0,
    Failed = 1,
    Usage = 2,
    Stopped = 3,
    Short = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<Ended> for Exit {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Complete => Exit::Complete,
            Ended::Failed => Exit::Failed,
            Ended::Usage => Exit::Usage,
            Ended::Stopped => Exit::Stopped,
            Ended::Short | Ended::Alarm => Exit::Short,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The config is wrong.
    Config(Report),
    Run(RunError),
    Learn(LearnError),
    Output(io::Error),
    Table(TableError),
    Export(ExportError),
    /// What was asked for cannot be; the message says what to do.
    Refused(String),
    /// There is nothing to do it with, no row or no run; the message says why, and what to do.
    InVain(String),
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Failure::Table(error)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Failure::Export(error)
    }
}

impl From<LearnError> for Failure {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::Table(error) => Failure::Table(error),
            error => Failure::Learn(error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Failure::Run(error)
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Failure::Config(report)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        Failure::Run(error.into())
    }
}

/// Runs the command and says how to end.
pub fn main(cli: Cli) -> Exit {
    let terminal = Talk::new(cli.quiet, cli.color);
    blame_damaged_files();
    let done = match cli.command {
        Command::Run(args) => run::run(&args, &terminal),
        Command::Plan(args) => plan::plan(&args, &terminal),
        Command::Check(args) => check::check(&args, &terminal),
        Command::Audit(args) => audit::audit(&args, &terminal),
        Command::Anonymize(args) => anonymize::anonymize(&args, &terminal),
        Command::Export(args) => export::export(&args, &terminal),
        Command::Status(args) => status::status(&args, &terminal),
        Command::Preview(args) => preview::preview(&args, &terminal),
        Command::Why(args) => why::why(&args, &terminal),
        Command::Runs(args) => runs::runs(&args, &terminal),
        Command::Log(args) => log::log(&args, &terminal),
        Command::Gc(args) => gc::gc(&args, &terminal),
        Command::Purge(args) => purge::purge(&args, &terminal),
        Command::Forget(args) => forget::forget(&args, &terminal),
        Command::Dedup(args) => dedup::dedup(&args, &terminal),
        Command::Import(args) => import::import(&args, &terminal),
        Command::Mix(args) => mix::mix(&args, &terminal),
        Command::Train(args) => train::train(&args, &terminal),
        Command::Verify(args) => verify::verify(&args, &terminal),
        Command::Eval(args) => eval::eval(&args, &terminal),
        Command::Refine(args) => refine::refine(&args, &terminal),
        Command::Loop(args) => rounds::rounds(&args, &terminal),
        Command::Ctl(args) => ctl::ctl(&args, &terminal),
        Command::Init(args) => init::init(&args, &terminal),
        Command::Schema => schema::schema(),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => man::man(&args, &terminal),
    };
    done.unwrap_or_else(|failure| terminal.explain(&failure))
}

/// Ends the program with a word about the file where a damaged one was too much for its reader.
fn blame_damaged_files() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(path) = crate::table::being_read() {
            say(format!("error: {}: no whole Parquet file: it is damaged within", path.display()));
            std::process::exit(Exit::Usage as i32);
        }
        usual(panic);
    }));
}

/// How to talk to the user.
#[derive(Debug, Clone, Copy)]
pub struct Talk {
    quiet: bool,
    colour: bool,
}

impl Talk {
    fn new(quiet: bool, colour: Colour) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colour = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => wanted && io::stderr().is_terminal(),
        };
        Self { quiet, colour }
    }

    /// How progress is shown.
    pub fn style(&self) -> Style {
        match (self.quiet, io::stderr().is_terminal()) {
            (true, _) => Style::Quiet,
            (false, true) => Style::Terminal { colour: self.colour },
            (false, false) => Style::Lines,
        }
    }

    /// Says what is not an error; nothing when quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says warnings whole.
    pub fn say_all(&self, report: &Report) {
        if !report.found.is_empty() {
            self.say(&report.render(self.colour));
        }
    }

    /// Says warnings beside other work: long ones in a line, since `check` says them whole.
    pub fn warnings(&self, report: &Report) {
        if !report.found.is_empty() {
            self.say(&report.brief(self.colour));
        }
    }

    /// Says an error, also where it is quiet.
    fn error(&self, what: impl Display) {
        let (bold, plain) = if self.colour { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
        say(format!("{bold}error{plain}: {what}"));
    }

    /// Shows a failure and says which exit code it is.
    fn explain(&self, failure: &Failure) -> Exit {
        self.explain_of(None, failure)
    }

    /// Shows what ended a run, and says which exit code it is.
    fn explain_run(&self, error: &RunError) -> Exit {
        if let RunError::Stopped(_) = error {
            self.say(&error.to_string());
            return Exit::Stopped;
        }
        let advice = error.advice().replace('\n', "\n  ");
        self.error(format!("{error}\n  {advice}"));
        error.ended().into()
    }

    /// The same for one of several configs.
    fn explain_of(&self, config: Option<&Path>, failure: &Failure) -> Exit {
        match failure {
            Failure::Config(report) => {
                let (errors, warnings) = report.counts();
                say(report.render(self.colour));
                let mut counted = crate::report::count(errors as u64, "error");
                if warnings > 0 {
                    counted.push_str(&format!(", {}", crate::report::count(warnings as u64, "warning")));
                }
                match config {
                    Some(path) => say(format!("\n{}: {counted}", path.display())),
                    None => say(format!("\n{counted}")),
                }
                Exit::Usage
            }
            Failure::Run(error) => self.explain_run(error),
            Failure::Table(TableError::Io { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
                Exit::Complete
            }
            Failure::Table(error) => {
                self.error(error);
                match error {
                    TableError::Io { .. } | TableError::Row { .. } | TableError::Cut { .. } => Exit::Failed,
                    TableError::Columns { .. }
                    | TableError::ColumnsAt { .. }
                    | TableError::Ending(_)
                    | TableError::OfRuns(_) => Exit::Usage,
                }
            }
            Failure::Export(ExportError::Io { error, .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
                Exit::Complete
            }
            Failure::Export(error) => {
                self.error(error);
                if matches!(error, ExportError::Usage(_)) { Exit::Usage } else { Exit::Failed }
            }
            Failure::Refused(what) => {
                self.error(what);
                Exit::Usage
            }
            Failure::InVain(what) => {
                self.error(what);
                Exit::Failed
            }
            Failure::Learn(error) => {
                self.error(error);
                if error.is_usage() { Exit::Usage } else { Exit::Failed }
            }
            // Whoever read our output has had enough: no error.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Complete,
            Failure::Output(error) => {
                self.error(format!("cannot write the output: {error}"));
                Exit::Failed
            }
        }
    }
}

fn open(args: &ConfigArgs, talk: &Talk) -> Result<Opened, Failure> {
    let opened = open_path(&args.config, &args.set)?;
    talk.warnings(&opened.warnings);
    Ok(opened)
}

/// The same for a command whose cost grows with the cells: of very many the user must have said that
/// they are meant, or have chosen some.
fn open_for(args: &ConfigArgs, cells: &CellArgs, talk: &Talk) -> Result<Opened, Failure> {
    let meant = cells.yes || cells.limit.is_some() || !cells.wheres.is_empty();
    let size = if meant { Size::Any } else { Size::Ask };
    let opened = pipeline::open(&args.config, &args.set, size)?;
    talk.warnings(&opened.warnings);
    Ok(opened)
}

/// Whether a path is that of a config, where a command takes a config or a table.
fn is_config(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["yaml", "yml"].iter().any(|config| ending.eq_ignore_ascii_case(config)))
}

fn open_path(path: &Path, set: &[String]) -> Result<Opened, Failure> {
    Ok(pipeline::open(path, set, Size::Any)?)
}

/// The cells that a command works on.
fn select(args: &CellArgs, opened: &Opened) -> Result<Selection, Failure> {
    Ok(Selection::parse(&args.wheres, args.limit, &opened.recipe.grid)?)
}

/// A runtime for input and output: one thread, since the work is elsewhere.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}

/// Tells whom the config names how a run ended; its result should have been shown.
fn tell(opened: &Opened, finished: &pipeline::Finished) -> Result<(), Failure> {
    block_on(pipeline::tell(opened, finished))
}

/// What is stored of a config's project, and the models that answer it: enough to evaluate, without
/// asking for anything.
struct Stored {
    models: Models,
    known: Option<Known>,
    /// What is known of each endpoint.
    endpoints: Vec<EndpointSight>,
    reader: Option<Reader>,
}

impl Stored {
    fn open(opened: &Opened) -> Result<Self, Failure> {
        let config = &opened.recipe.config;
        let reader = Reader::open(&StoreDir::new(config.project.store()))?;
        let Sight { known, endpoints } = block_on(pipeline::look(config, reader.as_ref()))??;
        let models = known.as_ref().map_or_else(|| Models::unknown(config), |known| known.models(config));
        Ok(Self { models, known, endpoints, reader })
    }

    /// What is stored, as an evaluation reads it.
    fn book<'a>(&'a self, recipe: &'a Recipe) -> Result<StoreBook<'a>, Failure> {
        let memories = self.known.as_ref().map_or(&[][..], |known| &known.memories);
        let settings = pipeline::settings(recipe, memories);
        let book = StoreBook::new(recipe, self.models.clone(), self.reader.as_ref(), settings, false);
        Ok(book.map_err(RunError::from)?)
    }

    /// Tells a sink what stored answers make of the config, with texts or without.
    fn evaluate<N: Name>(
        &self,
        recipe: &Recipe,
        talk: &Talk,
        texts: bool,
        sink: &mut impl Sink<N>,
    ) -> Result<Totals, Failure> {
        let watcher = talk.style().watcher();
        let mut book = self.book(recipe)?;
        book.read_texts(texts);
        book.watch(Some(watcher.as_ref()));
        book.open_verdicts(true).map_err(RunError::from)?;
        let totals = evaluate(&recipe.quotas, &mut book, sink).map_err(RunError::from)?;
        book.leave_verdicts();
        Ok(totals)
    }
}

/// Prints JSON for machines, on standard output.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}
