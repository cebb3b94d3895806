use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::{Evaluated, Exit, Failure, Talk, evaluate_stored, open_path, print_json};
use crate::audit::{self, GROUPS, Groups, Options, Report, Role, Swapper, Table, Verdict};
use crate::cli::{AuditArgs, FailOn};
use crate::dataset::{audited, row};
use crate::report::audit::{audit_text, audits_text};
use crate::report::{count, thousands};
use crate::table::{Reader, Row, TableError, Writer};

/// Columns that are taken for labels where none is named.
const LABELS: &[&str] = &["label", "labels", "emotion", "emotions", "sentiment"];

/// Measures the biases and the diversity of labelled texts.
pub fn audit(args: &AuditArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut steps = Steps::new(*talk);
    let subject =
        if is_config(&args.table.file) { of_config(args, talk)? } else { of_tables(args, &mut steps)? };
    if args.fix {
        return fix(args, &subject, talk, &mut steps);
    }
    if let Some(path) = &args.weights {
        return weigh(args, &subject, path, talk);
    }
    if let Some(path) = &args.swap {
        return swap(args, &subject, path, talk, &mut steps);
    }
    let report = audit::audit(&subject.table, &subject.options, |what, share| steps.step(what, share));
    if args.json {
        print_json(&report)?;
    } else {
        std::io::stdout().lock().write_all(audit_text(&report).as_bytes())?;
    }
    Ok(exit(args, &report))
}

/// What is audited, with its rows as they stand where they will be written again.
struct Subject {
    table: Table,
    options: Options,
    rows: Vec<Map<String, Value>>,
    text: String,
    id: String,
    is_config: bool,
}

fn exit(args: &AuditArgs, report: &Report) -> Exit {
    let bad = match args.fail_on {
        FailOn::Fail => report.verdict >= Verdict::Fail,
        FailOn::Warn => report.verdict >= Verdict::Warn,
        FailOn::Never => false,
    };
    if bad { Exit::Short } else { Exit::Complete }
}

fn is_config(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn usage(what: impl Into<String>) -> Failure {
    Failure::Usage(what.into())
}

fn of_config(args: &AuditArgs, talk: &Talk) -> Result<Subject, Failure> {
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
    let Evaluated { outcome, models, .. } = evaluate_stored(&opened)?;
    let table = audited::table(recipe, &outcome);
    let mut options = audited::options(recipe);
    given(args, &mut options)?;
    let rows = if args.weights.is_some() || args.swap.is_some() {
        let row = |accepted| row::Row { recipe, models: &models, accepted }.fields();
        outcome.rows.iter().map(row).collect()
    } else {
        Vec::new()
    };
    Ok(Subject { table, options, rows, text: "text".into(), id: "id".into(), is_config: true })
}

/// What the command line says of how to audit.
fn given(args: &AuditArgs, options: &mut Options) -> Result<(), Failure> {
    if !args.negative.is_empty() {
        options.negative = args.negative.iter().map(|name| name.to_lowercase()).collect();
    }
    for target in &args.target {
        let (group, share) = target.split_once('=').unwrap_or((target, ""));
        if !GROUPS.contains(&group) {
            return Err(usage(format!(
                "--target {target}: there is no group `{group}`; known: {}",
                GROUPS.join(", ")
            )));
        }
        let share = share.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        let share: f64 = share
            .ok_or_else(|| usage(format!("--target {target}: expected a share, such as `{group}=0.3`")))?;
        options.targets.insert(group.to_owned(), share);
    }
    Ok(())
}

fn of_tables(args: &AuditArgs, steps: &mut Steps) -> Result<Subject, Failure> {
    if !args.set.is_empty() {
        return Err(usage("--set changes a config; this is a table"));
    }
    let layout = args.table.layout();
    let keep = args.weights.is_some() || args.swap.is_some();
    let mut table: Option<(Table, Vec<String>)> = None;
    let mut rows = Vec::new();
    let mut seen: Vec<bool> = Vec::new();
    let mut known = String::new();
    for path in std::iter::once(&args.table.file).chain(&args.more) {
        for row in Reader::open(path, &layout)? {
            let row = row?;
            let (table, columns) = match &mut table {
                Some(known) => known,
                None => {
                    let columns = columns(args, &row)?;
                    known = row.fields.keys().cloned().collect::<Vec<_>>().join(", ");
                    seen = vec![false; columns.len()];
                    let names = columns.iter().map(|(name, _)| name.clone()).collect();
                    table.insert((Table::new(columns), names))
                }
            };
            for (seen, name) in seen.iter_mut().zip(&*columns) {
                *seen |= row.fields.contains_key(name);
            }
            let values = columns.iter().map(|name| values(row.fields.get(name), args.separator.as_deref()));
            table.push(&row.id, &row.text, values, groups(&row));
            if table.rows().is_multiple_of(1000) {
                steps.say(|| format!("read {} rows", thousands(table.rows() as u64)));
            }
            if keep {
                rows.push(row.fields);
            }
        }
    }
    let (table, columns) = table.unwrap_or_else(|| (Table::new([]), Vec::new()));
    if let Some((_, name)) = seen.iter().zip(&columns).find(|(seen, _)| !**seen) {
        let path = args.table.file.display();
        return Err(usage(format!("{path}: no row has a column `{name}`; there are {known}")));
    }
    let mut options = Options { negative: audited::known_negative(), ..Options::default() };
    given(args, &mut options)?;
    let text = args.table.text.clone().unwrap_or_else(|| "text".into());
    let id = args.table.id.clone().unwrap_or_else(|| "id".into());
    Ok(Subject { table, options, rows, text, id, is_config: false })
}

/// The columns that are audited, by the first row.
fn columns(args: &AuditArgs, first: &Row) -> Result<Vec<(String, Role)>, Failure> {
    let guessed =
        || LABELS.iter().filter(|name| first.fields.contains_key(**name)).map(|name| (*name).to_owned());
    let labels: Vec<String> = if args.label.is_empty() { guessed().collect() } else { args.label.clone() };
    if labels.is_empty() {
        let known: Vec<&str> = first.fields.keys().map(String::as_str).collect();
        return Err(usage(format!(
            "{}: which column has the labels? name it with `--label`; there are {}",
            args.table.file.display(),
            known.join(", ")
        )));
    }
    if let Some(both) = labels.iter().find(|label| args.context.contains(label)) {
        return Err(usage(format!("`{both}` is both a label and a context")));
    }
    let labels = labels.into_iter().map(|name| (name, Role::Label));
    Ok(labels.chain(args.context.iter().map(|name| (name.clone(), Role::Context))).collect())
}

/// The values of a field: a list has several, and so has a text with separators.
fn values(field: Option<&Value>, separator: Option<&str>) -> Vec<String> {
    match field {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().flat_map(|item| values(Some(item), None)).collect(),
        Some(Value::String(text)) => {
            let parts: Vec<&str> = match separator.filter(|separator| !separator.is_empty()) {
                Some(separator) => text.split(separator).map(str::trim).collect(),
                None => vec![text.as_str()],
            };
            parts.into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        Some(other) => vec![other.to_string()],
    }
}

/// The groups that a row's `spans` are of.
fn groups(row: &Row) -> Groups {
    let spans = row.fields.get("spans").and_then(Value::as_array).into_iter().flatten();
    let categories = spans.filter_map(|span| span.get("category")?.as_str());
    categories.fold(Groups::default(), |groups, category| groups.and(Groups::of_category(category)))
}

/// Says which rows to drop and which values to ask more of.
fn fix(args: &AuditArgs, subject: &Subject, talk: &Talk, steps: &mut Steps) -> Result<Exit, Failure> {
    let table = &subject.table;
    if let Some(path) = args.write.as_ref().filter(|_| subject.is_config)
        && path.extension().is_none_or(|ending| ending != "jsonl")
    {
        return Err(usage(format!(
            "--write {}: `curation` reads JSON Lines; name it `.jsonl`",
            path.display()
        )));
    }
    let found = audit::drops(table, &subject.options, |what, share| steps.step(what, share));
    let raised = audit::raise(table, &found.before);
    if args.json {
        let rows: Vec<Value> =
            found.rows.iter().map(|row| json!({ "id": table.id(row.row), "why": row.why })).collect();
        print_json(&json!({
            "before": found.before, "after": found.after, "drop": rows, "raise": raised,
        }))?;
    } else {
        let mut out = audits_text(&found.before, &found.after);
        let mut why: BTreeMap<&str, u64> = BTreeMap::new();
        found.rows.iter().flat_map(|row| &row.why).for_each(|key| *why.entry(key).or_default() += 1);
        let why: Vec<String> = why.iter().map(|(key, rows)| format!("{} {key}", thousands(*rows))).collect();
        out.push_str(&match found.rows.len() {
            0 => "\nno row is to blame more than others\n".to_owned(),
            rows => format!("\ndrop {}: {}\n", count(rows as u64, "row"), why.join(", ")),
        });
        if !raised.is_empty() {
            out.push_str(&yaml(&raised, table.rows()));
        }
        std::io::stdout().lock().write_all(out.as_bytes())?;
    }
    match &args.write {
        Some(path) => {
            // What was decided before stays so: those rows are not in the dataset any more.
            let before = if subject.is_config {
                std::fs::read_to_string(path).unwrap_or_default()
            } else {
                String::new()
            };
            let mut writer = Writer::create(path)?;
            for line in before.lines().filter_map(|line| serde_json::from_str(line).ok()) {
                writer.write(&line)?;
            }
            for row in &found.rows {
                let line = json!({ "id": table.id(row.row), "why": row.why.join(", ") });
                if let Value::Object(line) = line {
                    writer.write(&line)?;
                }
            }
            writer.finish()?;
            talk.say(&format!("{} written to {}", count(found.rows.len() as u64, "row"), path.display()));
            if subject.is_config {
                talk.say(
                    "name it in the config as `curation:`, and the next run asks for what is then missing",
                );
            }
        }
        None if !found.rows.is_empty() => {
            talk.say("nothing was changed; `--write FILE` writes the rows to drop")
        }
        None => {}
    }
    Ok(exit(args, &found.after))
}

/// What to write in a config so that values that lack rows get them.
fn yaml(raised: &[audit::Raise], rows: usize) -> String {
    let lacking: usize = raised.iter().map(|raise| raise.lacking).sum();
    let mut out = format!(
        "\n{} short of even; in the config:\n\nsamples: {{ total: {} }}\n",
        count(lacking as u64, "row"),
        rows + lacking
    );
    out.push_str("grid:\n  axes:\n");
    let mut column = "";
    for raise in raised {
        if raise.column != column {
            column = &raise.column;
            out.push_str(&format!(
                "    {column}:\n      override:   # or under `values:`, if they stand there\n"
            ));
        }
        let name = if raise.value.chars().all(|c| c.is_alphanumeric() || c == '_') {
            raise.value.clone()
        } else {
            Value::from(raise.value.as_str()).to_string()
        };
        out.push_str(&format!(
            "        {name}: {{ weight: {} }}   # has {}\n",
            raise.weight,
            count(raise.rows as u64, "row")
        ));
    }
    out
}

/// Writes the rows with weights.
fn weigh(args: &AuditArgs, subject: &Subject, path: &Path, talk: &Talk) -> Result<Exit, Failure> {
    let Some((weights, weighed)) = audit::weights(&subject.table) else {
        return Err(usage("there are no labels to weigh"));
    };
    let mut writer = Writer::create(path)?;
    for (row, weight) in subject.rows.iter().zip(&weights) {
        let mut row = row.clone();
        row.insert("weight".to_owned(), json!((weight * 1e4).round() / 1e4));
        writer.write(&row)?;
    }
    writer.finish()?;
    // Standard output is the table's where it was asked for.
    if crate::table::is_standard(path) {
        return Ok(Exit::Complete);
    }
    if args.json {
        print_json(&json!({ "rows": weights.len(), "weighed": weighed }))?;
        return Ok(Exit::Complete);
    }
    let mut out = format!("{:<48} {:>8} {:>8}\n", "mutual information, normalised", "before", "after");
    for of in &weighed {
        let name = crate::report::shortened(&of.of, 48);
        out.push_str(&format!("{name:<48} {:>8.4} {:>8.4}\n", of.before, of.after));
    }
    let (least, most) = weights
        .iter()
        .fold((f64::MAX, 0.0f64), |(least, most), weight| (least.min(*weight), most.max(*weight)));
    if !weights.is_empty() {
        out.push_str(&format!("weights from {least:.2} to {most:.2}, on average 1\n"));
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    talk.say(&format!("{} written to {}", count(weights.len() as u64, "row"), path.display()));
    Ok(Exit::Complete)
}

/// Writes the rows, each that speaks of men or women followed by its counterpart.
fn swap(
    args: &AuditArgs,
    subject: &Subject,
    path: &Path,
    talk: &Talk,
    steps: &mut Steps,
) -> Result<Exit, Failure> {
    let table = &subject.table;
    let swapper = Swapper::default();
    let names = table.columns.iter().map(|column| (column.name.clone(), column.role));
    let mut both = Table::new(names);
    let mut writer = Writer::create(path)?;
    let mut pairs = 0u64;
    for (at, fields) in subject.rows.iter().enumerate() {
        let (id, text) = (table.id(at), table.text(at));
        let other = swapper.swapped(text);
        let mut write = |id: &str, text: &str, pair: Option<&str>| {
            let mut row = fields.clone();
            row.insert(subject.id.clone(), id.into());
            row.insert(subject.text.clone(), text.into());
            // Spans are of the text as it was.
            if pair.is_some_and(|pair| pair != id) {
                row.shift_remove("spans");
            }
            row.insert("pair".to_owned(), pair.into());
            let values = table.columns.iter().map(|column| {
                column.of(at).iter().map(|value| column.values[*value as usize].as_str()).collect::<Vec<_>>()
            });
            both.push(id, text, values, Groups::default());
            writer.write(&row)
        };
        write(id, text, other.as_ref().map(|_| id))?;
        if let Some(other) = other {
            pairs += 1;
            write(&format!("{id}-swap"), &other, Some(id))?;
        }
    }
    writer.finish()?;
    if crate::table::is_standard(path) {
        return Ok(Exit::Complete);
    }
    let before = audit::audit(table, &subject.options, |what, share| steps.step(what, share / 2.0));
    // What was asked for says nothing of rows that were added.
    let options = Options { asked: None, ..subject.options.clone() };
    let after = audit::audit(&both, &options, |what, share| steps.step(what, 0.5 + share / 2.0));
    if args.json {
        print_json(&json!({ "pairs": pairs, "before": before, "after": after }))?;
    } else {
        std::io::stdout().lock().write_all(audits_text(&before, &after).as_bytes())?;
        talk.say(&format!(
            "{} written to {}, {} of them counterparts; `pair` is the id that both share: keep them on \
             one side of a split",
            count(both.rows() as u64, "row"),
            path.display(),
            thousands(pairs)
        ));
    }
    Ok(exit(args, &after))
}

/// Says how far a long audit is, once a second.
struct Steps {
    talk: Talk,
    said: Instant,
}

impl Steps {
    fn new(talk: Talk) -> Self {
        Self { talk, said: Instant::now() }
    }

    fn step(&mut self, what: &str, share: f64) {
        self.say(|| format!("audit: {what}, {:.0} % done", 100.0 * share));
    }

    fn say(&mut self, text: impl FnOnce() -> String) {
        if self.said.elapsed().as_secs_f64() >= 1.0 {
            self.said = Instant::now();
            self.talk.say(&text());
        }
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Columns { .. } | TableError::Ending(_) => usage(error.to_string()),
            TableError::Io { .. } | TableError::Row { .. } => Failure::Table(error),
        }
    }
}
