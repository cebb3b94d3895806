//! What is audited: the rows of tables, or of a config's dataset.

use serde_json::Value;

use super::super::{Failure, Stored, Talk, open_path};
use super::{Steps, usage};
use crate::audit::{GROUPS, Groups, Options, Role, Table};
use crate::cli::AuditArgs;
use crate::config::curation::Curation;
use crate::dataset::audited::{self, Audited};
use crate::dataset::evaluate::Accepted;
use crate::dataset::{Models, Recipe, Sink, row};
use crate::labels::{self, Between, USUAL};
use crate::near::no_such;
use crate::pipeline::{Opened, Standing};
use crate::report::thousands;
use crate::table::{Fields, Reader, TableError};

/// What is audited, with its rows as they stand where they will be written again.
pub struct Subject {
    pub table: Table,
    pub options: Options,
    pub rows: Vec<Fields>,
    /// The columns of the rows, also where there are none.
    pub header: Vec<String>,
    pub text: String,
    pub id: String,
    /// Of a config: that, and what is stored for it.
    pub config: Option<Box<OfConfig>>,
}

pub struct OfConfig {
    pub opened: Opened,
    pub stored: Stored,
}

impl Subject {
    pub fn is_config(&self) -> bool {
        self.config.is_some()
    }

    /// What the config's file of decisions says.
    pub fn curation(&self) -> Option<&Curation> {
        self.config.as_ref()?.opened.recipe.config.curation.as_ref()
    }
}

pub fn of_config(args: &AuditArgs, talk: &Talk) -> Result<Subject, Failure> {
    let of_tables = [
        (!args.label.is_empty(), "--label"),
        (!args.context.is_empty(), "--context"),
        (!args.more.is_empty(), "several files"),
        (args.separator.is_some(), "--separator"),
        (args.table.text.is_some(), "--text"),
        (args.table.id.is_some(), "--id"),
        (args.table.columns.is_some(), "--columns"),
        (args.table.format.is_some(), "--format"),
    ];
    if let Some((_, what)) = of_tables.iter().find(|(given, _)| *given) {
        return Err(usage(format!(
            "{what} is for tables: the axes of a config say which are labels; to audit its rows as a \
             table, name its dataset.jsonl"
        )));
    }
    let opened = open_path(&args.table.file, &args.set)?;
    talk.warnings(&opened.warnings);
    let recipe = &opened.recipe;
    let stored = Stored::open(&opened)?;
    let mut seen = Seen {
        recipe,
        models: &stored.models,
        audited: Audited::new(recipe),
        rows: writes(args).then(Vec::new),
    };
    let mut on_disk = Standing::begin(&opened);
    let totals = stored.evaluate(&opened.recipe, talk, true, &mut (&mut seen, &mut on_disk))?;
    let file = Standing::of(&opened, &mut stored.book(recipe)?, on_disk, totals.rows)?;
    if let Some(file) = file.filter(Standing::differs) {
        talk.say(&format!("what is stored is audited, and not\n{}", file.text()));
    }
    let (table, rows) = (seen.audited.table, seen.rows.unwrap_or_default());
    let mut options = audited::options(recipe, &table);
    given(args, &audited::labels(recipe), &mut options)?;
    let header = row::columns(recipe);
    let config = Some(Box::new(OfConfig { opened, stored }));
    Ok(Subject { table, options, rows, header, text: "text".into(), id: "id".into(), config })
}

/// Whether rows will be written again.
fn writes(args: &AuditArgs) -> bool {
    args.weights.is_some() || args.swap.is_some() || args.rewrite.output.is_some()
}

/// What is taken in of an evaluation: the table, and the rows as they stand where they will be written.
struct Seen<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    audited: Audited<'a>,
    rows: Option<Vec<Fields>>,
}

impl Sink for Seen<'_> {
    fn row(&mut self, accepted: &Accepted<'_>) {
        self.audited.row(accepted);
        if let Some(rows) = &mut self.rows {
            let row = row::Row { recipe: self.recipe, models: self.models, accepted };
            rows.push(row.fields().into());
        }
    }
}

/// What the command line says of how to audit rows with these labels.
pub fn given(args: &AuditArgs, labels: &[&str], options: &mut Options) -> Result<(), Failure> {
    let is_none = |name: &&String| !labels.iter().any(|label| label.to_lowercase() == name.to_lowercase());
    // Without a row no label is known.
    if let Some(wrong) = args.negative.iter().find(is_none).filter(|_| !labels.is_empty()) {
        return Err(usage(format!(
            "--negative {wrong}: {}",
            no_such("label", wrong, labels.iter().copied())
        )));
    }
    if !args.negative.is_empty() {
        options.negative = args.negative.iter().map(|name| name.to_lowercase()).collect();
    }
    for target in &args.target {
        let (group, share) = target.split_once('=').unwrap_or((target, ""));
        if !GROUPS.contains(&group) {
            return Err(usage(format!(
                "--target {target}: {}",
                no_such("group", group, GROUPS.iter().copied())
            )));
        }
        let share = share.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        let share: f64 = share
            .ok_or_else(|| usage(format!("--target {target}: expected a share, such as `{group}=0.3`")))?;
        options.targets.insert(group.to_owned(), share);
    }
    Ok(())
}

pub fn of_tables(args: &AuditArgs, steps: &mut Steps) -> Result<Subject, Failure> {
    if !args.set.is_empty() {
        return Err(usage("--set changes a config; this is a table"));
    }
    if let Some(both) = args.label.iter().find(|label| args.context.contains(label)) {
        return Err(both_roles(both));
    }
    let layout = args.table.layout();
    let keep = writes(args);
    let id_column = args.table.id.as_deref().unwrap_or("id");
    // By its number alone a row of one file would be one of another too.
    let several = !args.more.is_empty();
    let named =
        |names: &[String], role: Role| names.iter().map(|name| (name.clone(), role)).collect::<Vec<_>>();
    let mut table =
        Table::new([named(&args.label, Role::Label), named(&args.context, Role::Context)].concat());
    let mut rows = Vec::new();
    // Columns that were named, and that no row has so far.
    let mut lacking: Vec<&String> = args.label.iter().chain(&args.context).collect();
    let mut known: Vec<String> = Vec::new();
    let mut header = Vec::new();
    for path in std::iter::once(&args.table.file).chain(&args.more) {
        let reader = Reader::open(path, &layout)?;
        if header.is_empty() {
            header = reader.header();
        }
        for row in reader {
            let row = row?;
            if table.rows() == 0 {
                known = row.fields.keys().cloned().collect();
            }
            lacking.retain(|name| !row.fields.contains_key(*name));
            if args.label.is_empty() {
                usual_labels(args, &row.fields, &mut table)?;
            }
            let given = args.separator.as_deref();
            let values = table.columns.iter().map(|column| {
                // A context such as `Paris, France` is one, where nothing else is said.
                let between = match (given, column.role) {
                    (Some(given), _) => Between::Text(given),
                    (None, Role::Label) => Between::Usual,
                    (None, Role::Context) => Between::One,
                };
                labels::names(&column.name, row.fields.get(&column.name), between)
            });
            let values: Result<Vec<_>, _> = values.collect();
            let values =
                values.map_err(|what| TableError::Row { path: path.clone(), line: row.line, what })?;
            let id = match several && row.fields.get(id_column).is_none_or(Value::is_null) {
                true => format!("{}:{}", path.display(), row.id),
                false => row.id,
            };
            table.push(&id, &row.text, values, Groups::of_field(row.fields.get("spans")));
            if table.rows().is_multiple_of(1000) {
                steps.say(|| format!("read {} rows", thousands(table.rows() as u64)));
            }
            if keep {
                rows.push(row.fields);
            }
        }
    }
    if table.rows() == 0 {
        // Nobody knows what columns it would have.
        table = Table::new([]);
    } else {
        let path = args.table.file.display();
        let known = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        if let Some(name) = lacking.first() {
            return Err(usage(format!("{path}: no row has a column `{name}`; there are {}", known())));
        }
        if table.labels().next().is_none() {
            return Err(usage(format!(
                "{path}: which column has the labels? name it with `--label`; there are {}",
                known()
            )));
        }
    }
    let mut options = Options { negative: audited::known_negative(), ..Options::default() };
    let labels: Vec<&str> = table.labels().flat_map(|column| &column.values).map(String::as_str).collect();
    given(args, &labels, &mut options)?;
    let text = args.table.text.clone().unwrap_or_else(|| "text".into());
    let id = id_column.to_owned();
    if let Some(first) = rows.first() {
        header = first.keys().cloned().collect();
    }
    Ok(Subject { table, options, rows, header, text, id, config: None })
}

/// Adds the usual columns of labels that a row has and none before it had: of JSON Lines each row has its own.
fn usual_labels(args: &AuditArgs, row: &Fields, table: &mut Table) -> Result<(), Failure> {
    for name in USUAL {
        if !row.contains_key(name) || table.labels().any(|column| column.name == name) {
            continue;
        }
        if args.context.iter().any(|context| context == name) {
            return Err(both_roles(name));
        }
        table.add_labels(name.to_owned());
    }
    Ok(())
}

fn both_roles(name: &str) -> Failure {
    usage(format!("`{name}` is both a label and a context"))
}
