//! What is done about an audit's findings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::{Exit, Failure, Talk, print_json};
use super::subject::Subject;
use super::{Steps, exit, rewrite, usage};
use crate::audit::{self, Drop, Options, Swapper};
use crate::cli::AuditArgs;
use crate::report::audit::audits_text;
use crate::report::{count, thousands};
use crate::table::Writer;

/// Says which rows to drop or to reword, and which values to ask more of.
pub fn fix(args: &AuditArgs, subject: &Subject, talk: &Talk, steps: &mut Steps) -> Result<Exit, Failure> {
    let table = &subject.table;
    if let Some(path) = args.write.as_ref().filter(|_| subject.is_config)
        && path.extension().is_none_or(|ending| ending != "jsonl")
    {
        return Err(usage(format!(
            "--write {}: `curation` reads JSON Lines; name it `.jsonl`",
            path.display()
        )));
    }
    if args.rewrite.output.is_some() && subject.is_config {
        return Err(usage(
            "--output is for tables: of a config, `--write FILE` and `curation: FILE` make the next run write \
             the dataset so",
        ));
    }
    let found = audit::drops(table, &subject.options, |what, share| steps.step(what, share));
    let raised = audit::raise(table, &found.before);
    let deficits = audit::deficits(table, &found.before, &subject.options);
    let reworded = match args.rewrite.rewrite {
        true => Some(rewrite::rewrite(args, subject, &found.rows, talk)?),
        false => None,
    };
    let new = |row: usize| reworded.as_ref().is_some_and(|reworded| reworded.texts.contains_key(&row));
    let mut dropped: Vec<Drop> = found.rows.iter().filter(|blamed| !new(blamed.row)).cloned().collect();
    // Rows with words that are wanted nowhere, of which no metric complains.
    for row in reworded.iter().flat_map(|reworded| reworded.failed.keys()) {
        if !dropped.iter().any(|blamed| blamed.row == *row) {
            dropped.push(Drop { row: *row, why: vec![audit::WITHOUT] });
        }
    }
    dropped.sort_by_key(|blamed| blamed.row);
    let after = match &reworded {
        None => found.after,
        Some(reworded) => {
            let rows: Vec<usize> = dropped.iter().map(|blamed| blamed.row).collect();
            let left = reworded.table(table, &rows);
            audit::audit(&left, &subject.options, |what, share| steps.step(what, share))
        }
    };
    if args.json {
        let rows: Vec<Value> =
            dropped.iter().map(|row| json!({ "id": table.id(row.row), "why": row.why })).collect();
        let mut out = json!({ "before": found.before, "after": after, "drop": rows, "raise": raised, "deficits": deficits });
        if let Some(reworded) = &reworded {
            out["rewrite"] = reworded.json(table);
        }
        print_json(&out)?;
    } else {
        let mut out = audits_text(&found.before, &after);
        out.push_str(&reworded.as_ref().map_or(String::new(), |reworded| reworded.text(table)));
        let mut why: BTreeMap<&str, u64> = BTreeMap::new();
        dropped.iter().flat_map(|row| &row.why).for_each(|key| *why.entry(key).or_default() += 1);
        let why: Vec<String> = why.iter().map(|(key, rows)| format!("{} {key}", thousands(*rows))).collect();
        match (dropped.len(), &reworded) {
            (0, None) => out.push_str("\nno row is to blame more than others\n"),
            (0, Some(_)) => {}
            (rows, _) => out.push_str(&format!("\ndrop {}: {}\n", count(rows as u64, "row"), why.join(", "))),
        }
        if !deficits.is_empty() {
            out.push_str(&lacking(&deficits, subject));
        }
        if !raised.is_empty() {
            out.push_str(&yaml(&raised, table.rows()));
        }
        std::io::stdout().lock().write_all(out.as_bytes())?;
    }
    let decided = dropped.len() + reworded.as_ref().map_or(0, |reworded| reworded.texts.len());
    if let Some(path) = &args.write {
        let drops = dropped.iter().map(|row| json!({ "id": table.id(row.row), "why": row.why.join(", ") }));
        let lines: Vec<Value> = match &reworded {
            None => drops.collect(),
            Some(reworded) => drops.chain(reworded.decisions(table)).collect(),
        };
        write(path, &lines, subject.is_config)?;
        talk.say(&format!("{} written to {}", count(decided as u64, "decision"), path.display()));
        if subject.is_config {
            talk.say("name it in the config as `curation:`, and the next run asks for what is then missing");
        }
    }
    if let Some(path) = &args.rewrite.output {
        let mut writer = Writer::create(path)?;
        let out: BTreeSet<usize> = dropped.iter().map(|row| row.row).collect();
        for (at, row) in subject.rows.iter().enumerate().filter(|(at, _)| !out.contains(at)) {
            let mut row = row.clone();
            if let Some((text, why)) = reworded.as_ref().and_then(|reworded| reworded.texts.get(&at)) {
                row.insert(subject.text.clone(), text.clone().into());
                // Spans are of the text as it was.
                row.remove("spans");
                row.insert("rewritten_by".to_owned(), reworded.as_ref().map(|it| it.model.clone()).into());
                row.insert("rewritten_for".to_owned(), why.join(", ").into());
            } else if reworded.is_some() {
                // A table has the same columns in each row.
                row.insert("rewritten_by".to_owned(), Value::Null);
                row.insert("rewritten_for".to_owned(), Value::Null);
            }
            writer.write(&row)?;
        }
        writer.finish()?;
        talk.say(&format!(
            "{} written to {}",
            count((subject.rows.len() - out.len()) as u64, "row"),
            path.display()
        ));
    }
    if decided > 0 && args.write.is_none() && args.rewrite.output.is_none() {
        talk.say(match reworded.is_some() {
            true => "nothing was changed; `--write FILE` writes what was decided",
            false => "nothing was changed; `--write FILE` writes the rows to drop",
        });
    }
    Ok(exit(args, &after))
}

/// Writes decisions. What a config's file said before of other rows stays, since it shaped the dataset that
/// these are about.
fn write(path: &Path, lines: &[Value], is_config: bool) -> Result<(), Failure> {
    let before = if is_config { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let new: BTreeSet<&str> = lines.iter().filter_map(|line| line["id"].as_str()).collect();
    let mut writer = Writer::create(path)?;
    let before = before.lines().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok());
    for line in before {
        if line.get("id").and_then(Value::as_str).is_none_or(|id| !new.contains(id)) {
            writer.write(&line.into())?;
        }
    }
    for line in lines {
        if let Value::Object(line) = line {
            writer.write(&line.clone().into())?;
        }
    }
    Ok(writer.finish()?)
}

/// Cells that are named, at most.
const CELLS: usize = 12;

/// Which cells lack rows, and what has a config ask more of them.
fn lacking(deficits: &[audit::Deficit], subject: &Subject) -> String {
    let all: usize = deficits.iter().map(|deficit| deficit.lacking).sum();
    let mut out =
        format!("\n{} short of {}:\n", count(deficits.len() as u64, "cell"), count(all as u64, "row"));
    for deficit in deficits.iter().take(CELLS) {
        let names: Vec<&str> = subject
            .table
            .columns
            .iter()
            .filter_map(|column| deficit.cell.get(&column.name).map(String::as_str))
            .collect();
        let name = crate::report::shortened(&names.join(" × "), 56);
        out.push_str(&format!("  {name:<56} {} of {}\n", deficit.rows, deficit.wanted));
    }
    if deficits.len() > CELLS {
        out.push_str(&format!("  and {} more\n", thousands((deficits.len() - CELLS) as u64)));
    }
    if subject.is_config {
        out.push_str(
            "what was asked and did not come takes more asks: `samples.max_asks`, as `emogrid refine`\n\
             proposes it (`--apply` writes it)\n",
        );
    }
    out
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
pub fn weigh(
    args: &AuditArgs,
    subject: &Subject,
    path: &Path,
    talk: &Talk,
    steps: &mut Steps,
) -> Result<Exit, Failure> {
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
    let drawn = audit::drawn(&subject.table, &weights);
    let before = audit::audit(&subject.table, &subject.options, |what, share| steps.step(what, share / 2.0));
    // What was asked for says nothing of rows that are weighed otherwise.
    let options = Options { asked: None, ..subject.options.clone() };
    let after = audit::audit(&drawn, &options, |what, share| steps.step(what, 0.5 + share / 2.0));
    if args.json {
        print_json(&json!({ "rows": weights.len(), "weighed": weighed, "before": before, "after": after }))?;
        return Ok(exit(args, &after));
    }
    let mut out = audits_text(&before, &after);
    out.push_str(&format!("\n{:<48} {:>8} {:>8}\n", "mutual information, normalised", "before", "after"));
    for of in &weighed {
        let name = crate::report::shortened(&of.of, 48);
        out.push_str(&format!("{name:<48} {:>8.4} {:>8.4}\n", of.before, of.after));
    }
    let (least, most) = weights
        .iter()
        .fold((f64::MAX, 0.0f64), |(least, most), weight| (least.min(*weight), most.max(*weight)));
    if !weights.is_empty() {
        out.push_str(&format!(
            "weights from {least:.2} to {most:.2}, on average 1: the rows are worth {}\n",
            thousands(drawn.rows() as u64)
        ));
    }
    std::io::stdout().lock().write_all(out.as_bytes())?;
    talk.say(&format!("{} written to {}", count(weights.len() as u64, "row"), path.display()));
    Ok(exit(args, &after))
}

/// What a counterpart's id has after that of its original, which both have in `pair`.
pub const COUNTERPART: &str = "-swap";

/// Writes the rows, each that speaks of men or women followed by its counterpart.
pub fn swap(
    args: &AuditArgs,
    subject: &Subject,
    path: &Path,
    talk: &Talk,
    steps: &mut Steps,
) -> Result<Exit, Failure> {
    let table = &subject.table;
    let swapper = Swapper::default();
    let mut both = table.like();
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
                row.remove("spans");
            }
            row.insert("pair".to_owned(), pair.into());
            let values = table.columns.iter().map(|column| {
                column.of(at).iter().map(|value| column.values[*value as usize].as_str()).collect::<Vec<_>>()
            });
            // What spans told of a text is true of its counterpart too, but for who is a man and who a woman.
            let groups = table.groups(at);
            let is_other = pair.is_some_and(|pair| pair != id);
            both.push(id, text, values, if is_other { groups.but_gender() } else { groups });
            writer.write(&row)
        };
        write(id, text, other.as_ref().map(|_| id))?;
        if let Some(other) = other {
            pairs += 1;
            write(&format!("{id}{COUNTERPART}"), &other, Some(id))?;
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
