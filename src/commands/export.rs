mod about;
mod freeze;
mod source;

use std::path::Path;

use super::apart::apart;
use super::{Exit, Failure, Talk};
use crate::audit::{Groups, Role, Table};
use crate::cli::ExportArgs;
use crate::config::taxonomy;
use crate::export::{
    Assigned, Classes, Column, ExportError, Exporter, Format, Kind, Parts, Place, Record, SHARD_BYTES, Setup,
    Splitter, Survey, Surveyor, Task, Wording,
};
use crate::labels;
use crate::learn::LearnError;
use crate::near::cut;
use crate::report::{count, folded, thousands};
use source::Source;

/// Writes the rows that stored answers make, or those of a table, in some format.
pub fn export(args: &ExportArgs, talk: &Talk) -> Result<Exit, Failure> {
    if let Some(name) = &args.freeze {
        return freeze::freeze(args, name, talk);
    }
    let format = args.format.unwrap_or_else(|| Format::by_ending(&args.output));
    let place = Place::of(&args.output, format.is_folder() || args.split.is_some());
    fitting(args, format, &place)?;
    apart([&*args.source], &[("-o", Some(&*args.output))])?;
    let source = Source::open(args, format.needs_labels() || format == Format::Hf, talk)?;
    let parts = args.split.as_deref().map(Parts::parse).transpose();
    let parts = parts
        .map_err(|what| usage(format!("--split {}: {what}", args.split.as_deref().unwrap_or_default())))?;
    let (survey, table) = match format.needs_survey() || parts.is_some() {
        true => survey(args, format, &source, parts, talk)?,
        false => (Survey::default(), None),
    };
    if survey.rows == 0 && survey.unlabelled > 0 {
        let column = survey.labels.first().map_or("", |classes| &classes.column);
        return Err(usage(format!(
            "no row of {} has a label in `{column}`; name the labels' column with `--label`",
            args.source.display()
        )));
    }
    let setup = Setup {
        format,
        wording: Wording {
            task: args.task,
            instruction: template(args.instruction.as_deref())?,
            system: template(args.system.as_deref())?,
            answer: template(args.answer.as_deref())?,
        },
        about: about::about(args, format, &source, &survey, table),
        survey,
        shard_bytes: SHARD_BYTES,
    };
    let exporter = setup.exporter()?;
    ending(args, format, exporter.as_ref(), &place)?;
    let one = vec!["train".to_owned()];
    let assigned = setup.survey.parts.as_ref();
    let names = assigned.map_or(one, Assigned::names);
    let mut writing = place.begin(exporter.as_ref(), &names)?;
    // Where none lacks a label, none need be looked at again.
    let labelled = setup.survey.labels.first().filter(|_| setup.survey.unlabelled > 0);
    let mut row = 0;
    let gone = source.each(talk, &mut |record: &dyn Record| {
        if let Some(classes) = labelled
            && classes.of(&record.fields()).is_ok_and(|found| found.is_empty())
        {
            return Ok(());
        }
        let part = assigned.map_or(Some(0), |assigned| assigned.of.get(row).copied());
        let part = part.ok_or_else(|| {
            let what = "the source has more rows than before: it changed while it was read; export it again";
            ExportError::Row { place: record.place(), what: what.to_owned() }
        })?;
        row += 1;
        writing.write(usize::from(part), record)
    })?;
    if row == 0
        && let Some(why) = &gone.why
    {
        // Nothing is written.
        return Err(LearnError::Held { rows: gone.held, why: why.clone() }.into());
    }
    if row == 0
        && let Source::Config(of) = &source
    {
        return Err(of.without_rows(&args.source, gone.open_asks));
    }
    let made = writing.finish(&args.source.display().to_string())?;
    if place != Place::Standard {
        let by_part: Vec<_> = made.parts.iter().map(|part| format!("{} {}", part.name, part.rows)).collect();
        let by_part = if made.parts.len() > 1 { format!(" ({})", by_part.join(", ")) } else { String::new() };
        let rows = count(made.rows(), "row");
        talk.say(&folded(&format!("{rows}{by_part} written to {}", place.path().display())));
    }
    if let Some(assigned) = assigned {
        say_shares(assigned, talk);
    }
    if setup.survey.unlabelled > 0 {
        talk.say(&format!("{} without a label left out", count(setup.survey.unlabelled, "row")));
    }
    if format == Format::Openai && made.parts.first().is_some_and(|part| part.rows < 10) {
        talk.say("OpenAI's fine-tuning takes files of 10 rows or more");
    }
    if let Some(why) = gone.why {
        talk.say(&folded(&format!("{} left out: of the first {why}", count(gone.held, "row"))));
    }
    if let Source::Config(of) = &source
        && gone.open_asks > 0
    {
        talk.say(&of.incomplete(gone.rows, gone.open_asks));
    }
    Ok(Exit::Complete)
}

/// Says which parts have not their share, and why.
fn say_shares(assigned: &Assigned, talk: &Talk) {
    let off = assigned.off();
    for part in &off {
        talk.say(&format!(
            "`{}` has {}, and its share is {}",
            part.name,
            count(part.rows, "row"),
            thousands(part.share)
        ));
    }
    let (rows, first) = &assigned.largest;
    match (off.is_empty(), *rows) {
        (true, _) => {}
        (false, 2..) => talk.say(&folded(&format!(
            "the largest group that stays in one part: {} rows are near-duplicates of each other or of one pair, in one \
             step or several, such as `{}`; `emogrid dedup` leaves few of them",
            thousands(*rows),
            cut(first)
        ))),
        (false, _) => talk.say("there are too few rows, or too few of a label, for these shares"),
    }
}

fn usage(what: impl Into<String>) -> Failure {
    Failure::Refused(what.into())
}

/// Endings that say a format, whether or not it is one that is written.
const ENDINGS: [&str; 5] = ["jsonl", "json", "csv", "tsv", "parquet"];

/// A flag that the format has no use for would do nothing, which nobody means.
fn fitting(args: &ExportArgs, format: Format, place: &Place) -> Result<(), Failure> {
    let name = format.name();
    if let (None, Place::File(path)) = (args.format, place)
        && let Some(unknown) = path.extension()
        && !ENDINGS.iter().any(|known| unknown.eq_ignore_ascii_case(known))
    {
        let what = "no format that emogrid writes ends so";
        return Err(usage(format!(
            "{}: {what}; name it `.jsonl`, `.csv` or `.parquet`, or name a `--format`",
            args.output.display()
        )));
    }
    if !matches!(place, Place::Folder(_)) && (format.is_folder() || args.split.is_some()) {
        let what = if format.is_folder() { format!("{name} makes") } else { "--split makes".to_owned() };
        return Err(usage(format!("{what} a folder; name one with `-o`, such as `-o data`")));
    }
    let trains = (format.is_exchange(), "training formats, such as messages or alpaca");
    let folder = (format == Format::Hf, "the format hf");
    let with_labels = format.needs_labels() || format == Format::Hf || args.split.is_some();
    let labels = (with_labels, "formats with labels, such as hf or messages");
    let learnt = (format.needs_labels() || format == Format::Hf, "hf and training formats");
    let flags = [
        ("--measuring", args.measuring, learnt),
        ("--instruction", args.instruction.is_some(), trains),
        ("--system", args.system.is_some(), trains),
        ("--answer", args.answer.is_some(), trains),
        ("--task", args.task != Task::Classify, trains),
        ("--license", args.license.is_some(), folder),
        ("--language", args.language.is_some(), folder),
        ("--labels", !args.labels.is_empty(), labels),
        ("--label", !args.label.is_empty(), labels),
    ];
    if let Some((flag, _, (_, what))) = flags.iter().find(|(_, given, (fits, _))| *given && !fits) {
        return Err(usage(format!("{flag} is for {what}; this is {name}")));
    }
    if format.needs_labels() && args.label.len() > 1 {
        return Err(usage(format!("{name} has one column of labels; name one `--label`")));
    }
    Ok(())
}

/// A file whose ending says another format than it would have misleads whoever reads it.
fn ending(args: &ExportArgs, format: Format, exporter: &dyn Exporter, place: &Place) -> Result<(), Failure> {
    let Place::File(path) = place else { return Ok(()) };
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let own = ending(Path::new(&exporter.file("train", 0, 1))).unwrap_or_default();
    let given = ending(path).unwrap_or_default();
    // Lines of JSON are often called `.json`.
    let fits = given == own || own == "jsonl" && given == "json";
    if fits || !ENDINGS.contains(&given.as_str()) {
        return Ok(());
    }
    let path = args.output.display();
    Err(usage(match args.format {
        Some(_) => format!("{path}: {} makes `.{own}`; name the file so", format.name()),
        None => format!(
            "{path}: nothing is exported as `.{given}`; name the file `.jsonl`, `.csv` or `.parquet`, or name \
             another format with `--format`"
        ),
    }))
}

/// A template as it was given, or that of a file.
pub fn template(given: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(given) = given else { return Ok(None) };
    let Some(path) = given.strip_prefix('@') else { return Ok(Some(given.to_owned())) };
    let read = std::fs::read_to_string(path);
    // The last line's end is the editor's.
    read.map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
        .map_err(|error| ExportError::Io { path: path.into(), error }.into())
}

/// The first pass over the rows; of a dataset folder also what is audited.
fn survey(
    args: &ExportArgs,
    format: Format,
    source: &Source,
    parts: Option<Parts>,
    talk: &Talk,
) -> Result<(Survey, Option<Table>), Failure> {
    let columns = source.label_columns(args)?;
    if let ([_, _, ..], true) = (columns.as_slice(), format.needs_labels()) {
        return Err(usage(format!(
            "{} has one column of labels; name one with `--label`: {}",
            format.name(),
            columns.join(" or ")
        )));
    }
    // The first row with a usual column of labels says which it is.
    let guesses = source.guesses_labels(args);
    let mut guessed: Option<&str> = None;
    let names = given_labels(args)?;
    let classes = columns.into_iter().enumerate().map(|(at, column)| {
        let names = names.clone().filter(|_| at == 0);
        Classes::new(column.clone(), names.or_else(|| source.values(&column)), source.between())
    });
    let splitter = parts.map(|parts| Splitter::new(parts, args.seed));
    let mut surveyor = Surveyor::new(source.text(), classes.collect(), splitter, format.needs_labels());
    let mut table = (format == Format::Hf).then(|| Table::new(source.audited(args)));
    let gone = source.each(talk, &mut |record: &dyn Record| {
        let fields = record.fields();
        match guessed {
            Some(column) if format.needs_labels() => labels::elsewhere(column, &fields)
                .map_err(|what| ExportError::Row { place: record.place(), what })?,
            None if guesses => {
                guessed = labels::usual(&fields);
                if let Some(column) = guessed {
                    surveyor.add_labels(Classes::new(column, names.clone(), source.between()));
                    table.iter_mut().for_each(|table| table.add_labels(column.to_owned()));
                }
            }
            _ => {}
        }
        let seen = surveyor.see(record, &fields);
        seen.map_err(|what| ExportError::Row { place: record.place(), what })?;
        if let Some(table) = &mut table {
            let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).unwrap_or_default();
            let of = |name: &str| labels::names(name, fields.get(name), source.between()).unwrap_or_default();
            let values: Vec<_> = table.columns.iter().map(|column| of(&column.name)).collect();
            let spans = Groups::of_field(fields.get("spans"));
            table.push(text("id"), text(source.text()), values, spans);
        }
        Ok(())
    })?;
    let mut survey = surveyor.finish();
    if survey.labels.is_empty() && format.needs_labels() {
        if survey.unlabelled == 0
            && let Some(why) = gone.why
        {
            return Err(LearnError::Held { rows: gone.held, why }.into());
        }
        let known: Vec<String> = source.columns().iter().map(|name| format!("`{name}`")).collect();
        return Err(usage(format!(
            "{}: which column has the labels? name it with `--label`; there are {}",
            args.source.display(),
            known.join(", ")
        )));
    }
    if survey.rows == 0 {
        if let Source::Config(of) = source {
            return Err(of.without_rows(&args.source, gone.open_asks));
        }
        let columns = source.columns().into_iter();
        survey.columns = columns.map(|name| Column { name, kind: Kind::Text }).collect();
    }
    Ok((survey, table))
}

/// The labels that the command line names.
fn given_labels(args: &ExportArgs) -> Result<Option<Vec<String>>, Failure> {
    let names: Vec<String> =
        args.labels.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if let [one] = names.as_slice() {
        let values = taxonomy::value_names(one);
        if !values.is_empty() {
            return Ok(Some(values));
        }
    }
    if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(usage(format!("--labels names `{twice}` twice")));
    }
    Ok((!names.is_empty()).then_some(names))
}

/// What is audited of a source, by column.
type Audited = Vec<(String, Role)>;
