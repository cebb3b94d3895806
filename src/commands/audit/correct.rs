//! What is done about an audit's findings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::super::{Exit, Failure, Talk, print_json};
use super::subject::Subject;
use super::{Steps, decisions, exit, rewrite, usage};
use crate::anonymize::Span;
use crate::audit::{self, Drop, Evened, Held, Options, Swapper};
use crate::cli::AuditArgs;
use crate::model::{PAIR, RowId, SWAPPED, pair_of};
use crate::report::audit::audits_text;
use crate::report::{count, folded, thousands};
use crate::table::{Added, Fields, Writer};

/// Says which rows to drop or to reword, and which values to ask more of.
pub fn fix(args: &AuditArgs, subject: &Subject, talk: &Talk, steps: &mut Steps) -> Result<Exit, Failure> {
    let table = &subject.table;
    decisions::fits(args, subject)?;
    if args.rewrite.output.is_some() && subject.is_config() {
        return Err(usage(
            "--output is for tables: of a config, `--write FILE` and `curation: FILE` make the next run write \
             the dataset so",
        ));
    }
    // Before a model is paid.
    let rewritten: &[&str] = if args.rewrite.rewrite { &["rewritten_by", "rewritten_for"] } else { &[] };
    let columns = added(args, subject, rewritten)?;
    let writer = args.rewrite.output.as_deref().map(Writer::create).transpose()?;
    let found = audit::drops(table, &subject.options, |what, share| steps.step(what, share));
    let raised = audit::raise(table, &found.before);
    let deficits = audit::deficits(table, &found.before, &subject.options);
    let (added, evened) = audit::added(table, &found.before, &subject.options);
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
    // Where rows were reworded, fewer are dropped than might be.
    let held = found.held.filter(|_| reworded.is_none());
    let others = beside(subject, &found.rows);
    let after = match &reworded {
        None if others.is_empty() => found.after,
        None => {
            let out: BTreeSet<usize> = dropped.iter().map(|blamed| blamed.row).chain(others).collect();
            let left: Vec<usize> = (0..table.rows()).filter(|row| !out.contains(row)).collect();
            audit::audit(&table.only(&left), &subject.options, |what, share| steps.step(what, share))
        }
        Some(reworded) => {
            let mut rows: Vec<usize> = dropped.iter().map(|blamed| blamed.row).chain(others).collect();
            rows.sort_unstable();
            let left = reworded.table(table, &rows);
            audit::audit(&left, &subject.options, |what, share| steps.step(what, share))
        }
    };
    if args.json {
        let rows: Vec<Value> =
            dropped.iter().map(|row| json!({ "id": table.id(row.row), "why": row.why })).collect();
        let mut out = json!({
            "before": found.before,
            "after": after,
            "drop": rows,
            "held": held.map(|held| match held {
                Held::Measures => "measures",
                Held::Share => "share",
            }),
            "raise": raised,
            "deficits": deficits,
            "add": added,
            "evened": evened,
        });
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
            (rows, _) => {
                let text = format!("drop {}: {}", count(rows as u64, "row"), why.join(", "));
                out.push_str(&format!("\n{}\n", folded(&text)));
            }
        }
        out.push_str(&held.map_or(String::new(), |held| unmended(held, &after)));
        if !deficits.is_empty() {
            out.push_str(&lacking(&deficits, subject));
        }
        match added.is_empty() {
            false => out.push_str(&more(&added, &evened, subject)),
            true if raised.is_empty() || subject.is_config() => {}
            true => out.push_str(&yaml(&raised, table.rows())),
        }
        std::io::stdout().lock().write_all(out.as_bytes())?;
    }
    let decided = dropped.len() + reworded.as_ref().map_or(0, |reworded| reworded.texts.len()) + added.len();
    if let Some(path) = &args.write {
        let drops = dropped.iter().map(|row| json!({ "id": table.id(row.row), "why": row.why.join(", ") }));
        let mut lines: Vec<Value> = match &reworded {
            None => drops.collect(),
            Some(reworded) => drops.chain(reworded.decisions(table)).collect(),
        };
        let more = |of: &audit::Added| json!({ "cell": of.cell, "add": of.add, "why": of.why.join(", ") });
        lines.extend(added.iter().map(more));
        decisions::write(path, lines, subject, talk)?;
    }
    if let (Some(path), Some(mut writer)) = (&args.rewrite.output, writer) {
        writer.without_rows(subject.header.iter().chain(columns.names()));
        let out: BTreeSet<usize> = dropped.iter().map(|row| row.row).collect();
        for (at, row) in subject.rows.iter().enumerate().filter(|(at, _)| !out.contains(at)) {
            let mut row = row.clone();
            if let Some((text, why)) = reworded.as_ref().and_then(|reworded| reworded.texts.get(&at)) {
                row.insert(subject.text.clone(), text.clone().into());
                without_spans(&mut row);
                let by = reworded.as_ref().map(|it| it.model.clone()).into();
                columns.put(&mut row, [by, why.join(", ").into()]);
            } else {
                // A table has the same columns in each row.
                columns.put(&mut row, [Value::Null, Value::Null]);
            }
            writer.write(&row)?;
        }
        writer.finish()?;
        let rows = count((subject.rows.len() - out.len()) as u64, "row");
        talk.say(&folded(&format!("{rows} written to {}", path.display())));
    }
    if decided > 0 && args.write.is_none() && args.rewrite.output.is_none() {
        talk.say("nothing was changed; `--write FILE` writes what was decided");
    }
    Ok(exit(args, &after))
}

/// The columns that rows get, of which none has any.
fn added(args: &AuditArgs, subject: &Subject, names: &[&str]) -> Result<Added, Failure> {
    let added = Added::new(names, args.prefix.as_deref());
    for (at, row) in subject.rows.iter().enumerate() {
        added.lacking_in(row).map_err(|what| usage(format!("row {}: {what}", subject.table.id(at))))?;
    }
    Ok(added)
}

/// Takes out the anonymiser's spans, which are of the text as it was.
fn without_spans(row: &mut Fields) {
    if Span::list(row.get("spans")).is_some() {
        row.remove("spans");
    }
}

/// The counterparts of rows that are dropped or reworded, which go with what these say today.
fn beside(subject: &Subject, blamed: &[Drop]) -> Vec<usize> {
    let Some(curation) = subject.curation().filter(|curation| !curation.counterparts.is_empty()) else {
        return Vec::new();
    };
    let table = &subject.table;
    let of = |row: &Drop| RowId::parse(table.id(row.row)).filter(|id| curation.counterparts.contains_key(id));
    let ids: BTreeSet<String> = blamed.iter().filter_map(of).map(|id| id.counterpart().to_string()).collect();
    (0..table.rows()).filter(|row| ids.contains(table.id(*row))).collect()
}

/// Why alarms stay though there are rows to blame, and what mends them.
fn unmended(held: Held, after: &audit::Report) -> String {
    let stay: BTreeSet<&str> = after.alarms().map(|measure| measure.metric).collect();
    if stay.is_empty() {
        return String::new();
    }
    let (why, what) = match held {
        Held::Measures => {
            ("with fewer rows some measures could tell nothing", "more rows, or other prompts, mend them")
        }
        Held::Share => ("too many rows are to blame", "other prompts mend them"),
    };
    let stay: Vec<&str> = stay.into_iter().collect();
    let text = format!("no more is dropped, since {why}; alarms that stay: {}; {what}", stay.join(", "));
    folded(&text) + "\n"
}

/// Cells that are named, at most.
const CELLS: usize = 12;

/// Which cells lack rows, and what has a config ask more of them.
fn lacking(deficits: &[audit::Deficit], subject: &Subject) -> String {
    let all: usize = deficits.iter().map(|deficit| deficit.lacking).sum();
    let mut out =
        format!("\n{} short of {}:\n", count(deficits.len() as u64, "cell"), count(all as u64, "row"));
    for deficit in deficits.iter().take(CELLS) {
        let name = crate::report::shortened(&named(&deficit.cell, subject), 56);
        out.push_str(&format!("  {name:<56} {} of {}\n", deficit.rows, deficit.wanted));
    }
    if deficits.len() > CELLS {
        out.push_str(&format!("  and {} more\n", thousands((deficits.len() - CELLS) as u64)));
    }
    if subject.is_config() {
        out.push_str(
            "what was asked and did not come takes more asks: `samples.max_asks`, as `emogrid refine`\n\
             proposes it (`--apply` writes it)\n",
        );
    }
    out
}

/// Which cells get more rows, and how even that makes them.
fn more(added: &[audit::Added], evened: &[audit::Evened], subject: &Subject) -> String {
    let all: usize = added.iter().map(|of| of.add).sum();
    let mut out = format!("\nadd {} to {}:\n", count(all as u64, "row"), count(added.len() as u64, "cell"));
    for of in added.iter().take(CELLS) {
        let name = crate::report::shortened(&named(&of.cell, subject), 56);
        out.push_str(&format!("  {name:<56} {} + {}\n", of.rows, of.add));
    }
    if added.len() > CELLS {
        out.push_str(&format!("  and {} more\n", thousands((added.len() - CELLS) as u64)));
    }
    for of in evened {
        let Evened { metric, of, before, after } = of;
        let text = format!("{metric} of {of}: {before:.2} now, {after:.2} once they have come");
        out.push_str(&format!("{}\n", folded(&text)));
    }
    out
}

/// A cell's values in the order of the columns.
fn named(cell: &BTreeMap<String, String>, subject: &Subject) -> String {
    let columns = subject.table.columns.iter();
    let names: Vec<&str> = columns.filter_map(|column| cell.get(&column.name).map(String::as_str)).collect();
    names.join(" × ")
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
    let added = added(args, subject, &["weight"])?;
    let mut writer = Writer::create(path)?;
    for (row, weight) in subject.rows.iter().zip(&weights) {
        let mut row = row.clone();
        added.put(&mut row, [json!((weight * 1e4).round() / 1e4)]);
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

/// Writes the rows, each that speaks of men or women followed by its counterpart.
pub fn swap(
    args: &AuditArgs,
    subject: &Subject,
    path: &Path,
    talk: &Talk,
    steps: &mut Steps,
) -> Result<Exit, Failure> {
    let table = &subject.table;
    let text_of = |at: usize| subject.rows[at].get(PAIR).and_then(Value::as_str);
    let is_own = |at: &usize| text_of(*at).is_some() && pair_of(table.id(*at), text_of(*at)).is_none();
    if let Some(at) = (0..subject.rows.len()).find(is_own) {
        return Err(usage(format!(
            "row {}: its column `{PAIR}` is of no swap, and would be written over: give it another name",
            table.id(at)
        )));
    }
    let swapper = Swapper::default();
    let mut both = table.like();
    let mut writer = Writer::create(path)?;
    writer.without_rows(subject.header.iter().map(String::as_str).chain([PAIR]));
    let mut pairs = 0u64;
    for (at, fields) in subject.rows.iter().enumerate() {
        let (id, text) = (table.id(at), table.text(at));
        let known = fields.get(PAIR).and_then(Value::as_str);
        let known = pair_of(id, known).map(str::to_owned);
        let other = if known.is_some() { None } else { swapper.swapped(text) };
        let mut write = |id: &str, text: &str, pair: Option<&str>| {
            let mut row = fields.clone();
            row.insert(subject.id.clone(), id.into());
            row.insert(subject.text.clone(), text.into());
            if pair.is_some_and(|pair| pair != id) {
                without_spans(&mut row);
            }
            row.insert(PAIR.to_owned(), pair.into());
            let values = table.columns.iter().map(|column| {
                column.of(at).iter().map(|value| column.values[*value as usize].as_str()).collect::<Vec<_>>()
            });
            // What spans told of a text is true of its counterpart too, but for who is a man and who a woman.
            let groups = table.groups(at);
            let is_other = pair.is_some_and(|pair| pair != id);
            both.push(id, text, values, if is_other { groups.but_gender() } else { groups });
            writer.write(&row)
        };
        // One that has a counterpart, or is one, stays as it is.
        write(id, text, known.as_deref().or(other.as_ref().map(|_| id)))?;
        if let Some(other) = other {
            pairs += 1;
            write(&format!("{id}{SWAPPED}"), &other, Some(id))?;
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
        talk.say(&folded(&format!(
            "{} written to {}, {} of them counterparts; `pair` is the id that both share: keep them on one side of a \
             split",
            count(both.rows() as u64, "row"),
            path.display(),
            thousands(pairs)
        )));
    }
    Ok(exit(args, &after))
}
