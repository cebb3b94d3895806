use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::apart::apart;
use super::{Exit, Failure, Talk, print_json};
use crate::cli::VerifyArgs;
use crate::labels::{Column, likeliest};
use crate::learn::LearnError;
use crate::learn::train::{map_of, open_probe};
use crate::report::{count, shortened, thousands};
use crate::table::{Added, TableError, Writer, is_standard};

/// The columns that a row gets.
const ADDED: [&str; 3] = ["label_rank", "label_probability", "probe_label"];

/// How many rows of a label there were, and how many of them were kept.
#[derive(Default)]
struct Kept {
    of: u64,
    kept: u64,
}

/// Keeps the rows whose labels a probe finds likely too.
pub fn verify(args: &VerifyArgs, talk: &Talk) -> Result<Exit, Failure> {
    if args.json && is_standard(&args.output) {
        let what = "standard output takes the rows or the JSON: name a file for the rows with `-o`";
        return Err(LearnError::Usage(what.into()).into());
    }
    let writes = [("-o", Some(&*args.output)), ("--rejected", args.rejected.as_deref())];
    apart([&*args.table.file, &*args.probe], &writes)?;
    let probe = open_probe(&args.probe)?;
    let head = probe.head();
    let map = map_of(&probe);
    let mut column = Column::new(args.label.clone());
    let columns = Added::new(&ADDED, args.prefix.as_deref());
    let mut unlabelled = 0u64;
    let mut out = Writer::create(&args.output).map_err(LearnError::from)?;
    let mut rejected = args.rejected.as_deref().map(Writer::create).transpose().map_err(LearnError::from)?;
    let mut labels: BTreeMap<String, Kept> = BTreeMap::new();
    let mut rows = args.table.open().map_err(LearnError::from)?;
    for row in &mut rows {
        let mut row = row.map_err(LearnError::from)?;
        let path = || args.table.file.clone();
        columns.lacking_in(&row.fields).map_err(|what| TableError::ColumnsAt {
            path: path(),
            line: row.line,
            what,
        })?;
        let names =
            column.of(&row.fields).map_err(|what| LearnError::Row { path: path(), line: row.line, what })?;
        unlabelled += u64::from(names.is_empty());
        let mut numbers = Vec::with_capacity(names.len());
        for label in map.apply(&names).map_err(LearnError::from)? {
            let number = head.labels.iter().position(|known| *known == label);
            numbers.push(number.ok_or_else(|| LearnError::UnknownLabel {
                path: path(),
                label,
                known: head.labels.join(", "),
                map: head.map.clone(),
            })?);
        }
        let probabilities = probe.probabilities(&[&row.text]);
        let found = probabilities.row(0);
        // The least likely of its labels decides; one that is as likely as another has its rank.
        let least = numbers.iter().copied().min_by(|a, b| found[*a].total_cmp(&found[*b]));
        let rank = least.map(|least| 1 + found.iter().filter(|value| **value > found[least]).count());
        let keep = rank.is_some_and(|rank| rank <= args.top as usize);
        for name in names {
            let kept = labels.entry(name).or_default();
            kept.of += 1;
            kept.kept += u64::from(keep);
        }
        let rounded = |value: f32| Value::from((f64::from(value) * 1e4).round() / 1e4);
        let probability = least.map_or(Value::Null, |label| rounded(found[label]));
        let added = [json!(rank), probability, head.labels[likeliest(found)].as_str().into()];
        columns.put(&mut row.fields, added);
        let (to, other) =
            if keep { (Some(&mut out), rejected.as_mut()) } else { (rejected.as_mut(), Some(&mut out)) };
        to.map_or(Ok(()), |to| to.write(&row.fields)).map_err(LearnError::from)?;
        if let Some(other) = other {
            other.without_rows(row.fields.keys());
        }
    }
    column.seen().map_err(|what| TableError::Columns { path: args.table.file.clone(), what })?;
    if unlabelled > 0 {
        talk.say(&format!("{} without a label left out", count(unlabelled, "row")));
    }
    let header = rows.header().into_iter().chain(columns.names().to_vec());
    for to in std::iter::once(&mut out).chain(&mut rejected) {
        to.without_rows(header.clone());
    }
    out.finish().map_err(LearnError::from)?;
    rejected.map_or(Ok(()), Writer::finish).map_err(LearnError::from)?;
    told(args, &labels, talk)?;
    Ok(Exit::Complete)
}

/// Says what was kept: as data where the rows went to a file, else beside them.
fn told(args: &VerifyArgs, labels: &BTreeMap<String, Kept>, talk: &Talk) -> Result<(), Failure> {
    let [of, kept] = [labels.values().map(|kept| kept.of).sum(), labels.values().map(|kept| kept.kept).sum()];
    let whole =
        format!("{} of {} kept: in the probe's first {}", thousands(kept), count(of, "label"), args.top);
    if args.json {
        let each =
            labels.iter().map(|(label, kept)| (label.clone(), json!({ "of": kept.of, "kept": kept.kept })));
        let each: serde_json::Map<String, Value> = each.collect();
        return print_json(&json!({ "of": of, "kept": kept, "top": args.top, "labels": each }));
    }
    if is_standard(&args.output) {
        talk.say(&whole);
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<32} {:>8} {:>8}", "label", "rows", "kept")?;
    for (label, kept) in labels {
        let (of, kept) = (thousands(kept.of), thousands(kept.kept));
        writeln!(out, "{:<32} {of:>8} {kept:>8}", shortened(label, 32))?;
    }
    writeln!(out, "{whole}")?;
    Ok(())
}
