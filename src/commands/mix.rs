use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::apart::apart;
use super::{Exit, Failure, Talk, print_json};
use crate::cli::MixArgs;
use crate::config::grouping::Grouping;
use crate::guard::{Guard, Purpose};
use crate::labels::{Column, LabelSet, MOST_LABELS, USUAL};
use crate::learn::{LearnError, Overlap};
use crate::mix::{Limits, fill, firsts};
use crate::model::{PAIR, TextKey, pair_of};
use crate::near::no_such;
use crate::report::{count, milliseconds, shortened, thousands};
use crate::table::{Added, Fields, Layout, Reader, Row, TableError, Writer, is_standard};

/// Rows with their labels, numbered alike on both sides.
#[derive(Default)]
struct Side {
    rows: Vec<Row>,
    /// The columns of the table.
    header: Vec<String>,
    sets: Vec<LabelSet>,
    /// Rows of a test part, and why the first is one.
    held: u64,
    why: Option<String>,
    /// By row: the pair that it is of.
    pairs: Vec<Option<String>>,
    /// Pairs of which a row was left out.
    broken: HashSet<String>,
}

/// What was counted.
struct Mixed {
    labels: Vec<String>,
    limits: Limits,
    real: Vec<u64>,
    generated: Vec<u64>,
    real_rows: u64,
    offered: u64,
    taken: u64,
    repeated: u64,
    alone: [u64; 2],
    held: [u64; 2],
    unlabelled: [u64; 2],
}

/// Puts generated rows beside real ones, the rare labels first.
pub fn mix(args: &MixArgs, talk: &Talk) -> Result<Exit, Failure> {
    let started = Instant::now();
    if args.json && is_standard(&args.output) {
        let what = "standard output takes the rows or the JSON: name a file for the rows with `-o`";
        return Err(Failure::Refused(what.to_owned()));
    }
    if args.ratio.is_none() && args.quota.is_empty() {
        let what = "say how many generated rows are added: `--quota 500` fills each label up to so many rows, and \
                    `--ratio 0.5` adds at most so many for each real one";
        return Err(Failure::Refused(what.to_owned()));
    }
    apart([&*args.real, &*args.generated], &[("-o", Some(&*args.output))])?;
    let ratio = args.ratio.as_deref().map(ratio).transpose().map_err(Failure::Refused)?;
    let guard = Guard::of(&[&args.real, &args.generated]).map_err(LearnError::from)?;
    let mut labels = Vec::new();
    let mut real = Side::read(&args.real, args, &guard, &mut labels)?;
    if let (Overlap::Refuse, Some(why)) = (args.overlap, &real.why) {
        return Err(Failure::Refused(format!(
            "{}: {} of it must not be mixed with others; of the first {why}\n  Name the training part, or leave \
             them out with `--overlap drop`",
            args.real.display(),
            count(real.held, "row")
        )));
    }
    let mut generated = Side::read(&args.generated, args, &guard, &mut labels)?;
    let alone_of_real = real.without_broken_pairs();
    let unlabelled = generated.without_unlabelled();
    let repeated = generated.without_texts_of(&real);
    let alone = [alone_of_real, generated.without_broken_pairs()];
    let order = args.map.ordered(labels.iter().cloned());
    real.renumber(&labels, &order);
    generated.renumber(&labels, &order);
    let budget = ratio.map(|ratio| (ratio * real.rows.len() as f64).round() as u64);
    let limits = Limits { quotas: quotas(&args.quota, &order).map_err(Failure::Refused)?, budget };
    let taken = fill(&real.sets, &generated.sets, &firsts(&generated.pairs), &limits);
    let tally = |sets: &mut dyn Iterator<Item = LabelSet>| {
        let mut counts = vec![0u64; order.len()];
        sets.flat_map(|set| set.iter().collect::<Vec<_>>()).for_each(|label| counts[label] += 1);
        counts
    };
    let mixed = Mixed {
        real: tally(&mut real.sets.iter().copied()),
        generated: tally(&mut taken.iter().map(|row| generated.sets[*row])),
        labels: order,
        limits,
        real_rows: real.rows.len() as u64,
        offered: generated.rows.len() as u64,
        taken: taken.len() as u64,
        repeated,
        alone,
        held: [real.held, generated.held],
        unlabelled: [real.sets.iter().filter(|set| set.is_empty()).count() as u64, unlabelled],
    };
    let mut out = Writer::create(&args.output)?;
    out.without_rows(
        real.header
            .into_iter()
            .chain(["text".to_owned(), "labels".to_owned()].into_iter().chain(added(args).names().to_vec())),
    );
    for (row, set) in real.rows.into_iter().zip(real.sets) {
        out.write(&written(row, set, "real", args, &mixed.labels))?;
    }
    for row in taken {
        let (set, row) = (generated.sets[row], generated.rows[row].clone());
        out.write(&written(row, set, "generated", args, &mixed.labels))?;
    }
    out.finish()?;
    let mut told = mixed.json();
    told["seconds"] = milliseconds(started.elapsed()).into();
    match (args.json, is_standard(&args.output)) {
        (true, _) => print_json(&told)?,
        (false, true) => talk.say(mixed.text().trim_end()),
        (false, false) => std::io::stdout().lock().write_all(mixed.text().as_bytes())?,
    }
    Ok(Exit::Complete)
}

/// A row as it stands in the mix: its labels as a list in `labels`, and where it is from in `source`.
fn written(row: Row, set: LabelSet, source: &str, args: &MixArgs, labels: &[String]) -> Fields {
    let mut fields = row.fields;
    // Another column of labels would contradict this one, or be taken for it. Beside emotions a sentiment says something
    // else of the text.
    let named = args.columns.label.as_deref();
    let of_emotions = named.is_none() && args.map == Grouping::None;
    let others = USUAL.into_iter().filter(|column| !of_emotions || *column != "sentiment");
    for column in named.into_iter().chain(others) {
        fields.remove(column);
    }
    fields.insert("text".into(), row.text.into());
    fields.insert("labels".into(), set.iter().map(|label| labels[label].as_str()).collect());
    added(args).put(&mut fields, [source.into()]);
    fields
}

fn added(args: &MixArgs) -> Added {
    Added::new(&["source"], args.prefix.as_deref())
}

/// Makes sure that what a row gets takes the place of nothing else: its own `source` is that of an earlier mix, or of an
/// import.
///
/// # Errors
/// A column of something else, in words.
fn taken(row: &Row, args: &MixArgs) -> Result<(), String> {
    let added = added(args);
    let is_own = |name: &String| matches!(row.fields.text(name).trim(), "" | "real" | "generated");
    if !added.names().iter().all(is_own) {
        added.lacking_in(&row.fields)?;
    }
    let named = args.columns.text.as_deref().filter(|named| *named != "text");
    let other = row.fields.get("text").is_some_and(|text| text.as_str() != Some(&row.text));
    match named.filter(|_| other) {
        Some(named) => Err(format!(
            "a column `text` is there beside `{named}`, which becomes `text` in a mix, and would be written over; rename it"
        )),
        None => Ok(()),
    }
}

impl Side {
    fn read(path: &Path, args: &MixArgs, guard: &Guard, labels: &mut Vec<String>) -> Result<Self, Failure> {
        let mut column = Column::new(args.columns.label.clone());
        let layout = Layout { text: args.columns.text.clone(), options: &["--text"], ..Layout::default() };
        let mut gate = guard.gate(Purpose::Mix);
        let mut side = Self::default();
        let reader = Reader::open(path, &layout)?;
        side.header = reader.header();
        for row in reader {
            let row = row?;
            let pair = pair_of(&row.id, row.fields.get(PAIR).and_then(Value::as_str)).map(str::to_owned);
            let Some(row) = gate.admit(row) else {
                side.broken.extend(pair);
                continue;
            };
            let row = row.into_inner();
            taken(&row, args).map_err(|what| TableError::ColumnsAt {
                path: path.to_owned(),
                line: row.line,
                what,
            })?;
            let names = column.of(&row.fields);
            let fault = |what| LearnError::Row { path: path.to_owned(), line: row.line, what };
            let mut set = LabelSet::default();
            for name in args.map.apply(&names.map_err(fault)?).map_err(LearnError::from)? {
                let known = labels.iter().position(|known| *known == name);
                let number = known.unwrap_or(labels.len());
                if known.is_none() {
                    labels.push(name);
                }
                if number == MOST_LABELS {
                    return Err(LearnError::TooMany(number + 1).into());
                }
                set.insert(number);
            }
            side.sets.push(set);
            side.rows.push(row);
            side.pairs.push(pair);
        }
        column.seen().map_err(|what| TableError::Columns { path: path.to_owned(), what })?;
        side.held = gate.held();
        side.why = gate.why().map(ToString::to_string);
        if side.rows.is_empty() && side.held == 0 {
            return Err(LearnError::Empty(vec![path.to_owned()]).into());
        }
        Ok(side)
    }

    /// Leaves out rows whose text another one before or a real one has; says how many.
    fn without_texts_of(&mut self, real: &Self) -> u64 {
        let mut seen: HashSet<TextKey> = real.rows.iter().map(|row| TextKey::of(&row.text)).collect();
        let new: Vec<bool> = self.rows.iter().map(|row| seen.insert(TextKey::of(&row.text))).collect();
        self.retain(&new)
    }

    /// Leaves out rows without labels; says how many.
    fn without_unlabelled(&mut self) -> u64 {
        let labelled: Vec<bool> = self.sets.iter().map(|set| !set.is_empty()).collect();
        self.retain(&labelled)
    }

    /// Leaves out rows of pairs of which another one was left out; says how many.
    fn without_broken_pairs(&mut self) -> u64 {
        let is_broken = |pair: &Option<String>| pair.as_ref().is_some_and(|pair| self.broken.contains(pair));
        let whole: Vec<bool> = self.pairs.iter().map(|pair| !is_broken(pair)).collect();
        self.retain(&whole)
    }

    /// Keeps some rows, and breaks the pairs of the others; says how many go.
    fn retain(&mut self, keep: &[bool]) -> u64 {
        let gone = self.pairs.iter().zip(keep).filter(|(_, keep)| !**keep);
        self.broken.extend(gone.filter_map(|(pair, _)| pair.clone()));
        fn only<T>(all: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            all.retain(|_| keep.next().is_some_and(|keep| *keep));
        }
        only(&mut self.rows, keep);
        only(&mut self.sets, keep);
        only(&mut self.pairs, keep);
        keep.iter().filter(|keep| !**keep).count() as u64
    }

    fn renumber(&mut self, labels: &[String], order: &[String]) {
        let place = |name: &String| order.iter().position(|known| known == name).unwrap_or_default();
        let now: Vec<usize> = labels.iter().map(place).collect();
        for set in &mut self.sets {
            *set = set.iter().map(|label| now[label]).collect();
        }
    }
}

/// `0.5`, or `1:2`: generated rows for each real one.
pub fn ratio(text: &str) -> Result<f64, String> {
    let number =
        |part: &str| part.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let found = match text.split_once(':') {
        None => number(text),
        Some((real, generated)) => number(real)
            .filter(|real| *real > 0.0)
            .zip(number(generated))
            .map(|(real, generated)| generated / real),
    };
    found.ok_or_else(|| {
        format!("`--ratio {text}` is none; write generated rows for each real one, `0.5`, or real to generated, `2:1`")
    })
}

/// By label: what it is filled up to.
pub fn quotas(given: &[String], labels: &[String]) -> Result<Vec<Option<u64>>, String> {
    let wrong =
        |text: &str| format!("`--quota {text}` is none; write `500` for every label, or `joy=500` for one");
    let mut out = vec![None; labels.len()];
    let (named, general): (Vec<&String>, Vec<&String>) = given.iter().partition(|text| text.contains('='));
    for text in general {
        out.fill(Some(text.trim().parse().map_err(|_| wrong(text))?));
    }
    for text in named {
        let (label, rows) = text.split_once('=').ok_or_else(|| wrong(text))?;
        let label = label.trim();
        let at = labels.iter().position(|known| known == label);
        let at = at.ok_or_else(|| {
            format!("--quota {text}: {}", no_such("label", label, labels.iter().map(String::as_str)))
        })?;
        out[at] = Some(rows.trim().parse().map_err(|_| wrong(text))?);
    }
    Ok(out)
}

impl Mixed {
    fn short(&self, label: usize) -> u64 {
        let has = self.real[label] + self.generated[label];
        self.limits.quotas[label].map_or(0, |quota| quota.saturating_sub(has))
    }

    fn json(&self) -> Value {
        let labels = self.labels.iter().enumerate().map(|(label, name)| {
            json!({
                "label": name,
                "before": self.real[label],
                "generated": self.generated[label],
                "after": self.real[label] + self.generated[label],
                "quota": self.limits.quotas[label],
                "short": self.short(label),
            })
        });
        json!({
            "real": self.real_rows,
            "generated": self.taken,
            "rows": self.real_rows + self.taken,
            "offered": self.offered,
            "budget": self.limits.budget,
            "repeated": self.repeated,
            "without_their_pair": { "real": self.alone[0], "generated": self.alone[1] },
            "held": { "real": self.held[0], "generated": self.held[1] },
            "unlabelled": { "real": self.unlabelled[0], "generated": self.unlabelled[1] },
            "labels": labels.collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let quotas = self.limits.quotas.iter().any(Option::is_some);
        let mut out =
            format!("{:<20} {:>9} {:>6} {:>9} {:>9} {:>6}", "label", "before", "%", "added", "after", "%");
        out.push_str(if quotas { "     short\n" } else { "\n" });
        let share = |count: u64, of: u64| 100.0 * count as f64 / of.max(1) as f64;
        let all = self.real_rows + self.taken;
        for (label, name) in self.labels.iter().enumerate() {
            let after = self.real[label] + self.generated[label];
            out.push_str(&format!(
                "{:<20} {:>9} {:>6.1} {:>9} {:>9} {:>6.1}",
                shortened(name, 20),
                thousands(self.real[label]),
                share(self.real[label], self.real_rows),
                thousands(self.generated[label]),
                thousands(after),
                share(after, all),
            ));
            if self.short(label) > 0 {
                out.push_str(&format!(" {:>9}", thousands(self.short(label))));
            }
            out.push('\n');
        }
        out.push_str(&format!(
            "\n{}, {} of {} generated: {}\n",
            count(self.real_rows, "real row"),
            thousands(self.taken),
            thousands(self.offered),
            count(all, "row")
        ));
        const ALONE: &str = "is of a pair whose other row is left out";
        const ALONE_ALL: &str = "are of pairs whose other rows are left out";
        let left_out = [
            (self.held[0], "real row", "is of a frozen test part", "are of a frozen test part"),
            (
                self.held[1],
                "generated row",
                "has a text of a frozen test part",
                "have texts of a frozen test part",
            ),
            (self.unlabelled[1], "generated row", "has no label", "have no label"),
            (self.repeated, "generated row", "has the text of another row", "have the texts of other rows"),
            (self.alone[0], "real row", ALONE, ALONE_ALL),
            (self.alone[1], "generated row", ALONE, ALONE_ALL),
        ];
        for (rows, what, is, are) in left_out.into_iter().filter(|(rows, ..)| *rows > 0) {
            out.push_str(&format!(
                "left out: {} that {}\n",
                count(rows, what),
                if rows == 1 { is } else { are }
            ));
        }
        out
    }
}
