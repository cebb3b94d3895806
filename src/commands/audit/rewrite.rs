//! Rows that a model rewords, each new text held to what the row was to blame for and to all that any
//! row is held to.

mod hold;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::scrub::store_of;
use super::super::served::{Asked, Cost, Keep, Line};
use super::super::{Failure, Talk, block_on};
use super::subject::Subject;
use super::usage;
use crate::audit::{Ban, Drop, Rewriting, Table, Task};
use crate::check::answer::{Answer, End};
use crate::check::{Mends, mend};
use crate::cli::AuditArgs;
use crate::config::resolved::Sampling;
use crate::dedup::TextKey;
use crate::fingerprint::{Frame, Messages, Room};
use crate::model::hash64;
use crate::prompt::Wording;
use crate::report::{count, thousands};
use crate::store::{Kind, StoreDir};
use hold::Hold;

/// What the model is told, unless the user tells it something else.
const SYSTEM: &str = include_str!("rewrite/system.j2");
const USER: &str = include_str!("rewrite/user.j2");

/// What templates can read.
const KNOWN: &[&str] = &["text", "labels", "avoid", "words"];

/// Tokens that a new text may take.
const MAX_TOKENS: u32 = 512;

/// What came of rewriting.
#[derive(Default)]
pub struct Rewritten {
    /// New texts by row, with the metrics that each was rewritten for.
    pub texts: BTreeMap<usize, (String, Vec<&'static str>)>,
    /// Rows for which no text was good, with why the last was not.
    pub failed: BTreeMap<usize, String>,
    pub model: String,
    pub cost: Cost,
    /// The fingerprint of the answer that each new text is of.
    fingerprints: BTreeMap<usize, String>,
}

impl Rewritten {
    /// The table with these texts, without rows that are dropped.
    pub fn table(&self, table: &Table, dropped: &[usize]) -> Table {
        table.revised(
            |row| dropped.binary_search(&row).is_ok(),
            |row| self.texts.get(&row).map(|(text, _)| text.clone()),
        )
    }

    /// The lines that a file of decisions gets.
    pub fn decisions(&self, table: &Table) -> impl Iterator<Item = Value> {
        self.texts.iter().map(|(row, (text, why))| {
            json!({
                "id": table.id(*row), "text": text, "by": self.model, "why": why.join(", "),
                "fingerprint": self.fingerprints.get(row),
            })
        })
    }

    /// For machines.
    pub fn json(&self, table: &Table) -> Value {
        let rows: Vec<Value> = self.decisions(table).collect();
        let failed = self.failed.iter().map(|(row, why)| json!({ "id": table.id(*row), "why": why }));
        json!({
            "model": self.model, "rows": rows, "failed": failed.collect::<Vec<_>>(),
            "asked": self.cost.asked, "stored": self.cost.stored, "refused": self.cost.refused,
        })
    }

    /// For people: how many, why others not, and some of them.
    pub fn text(&self, table: &Table) -> String {
        let mut out = format!("\n{} reworded by {}", count(self.texts.len() as u64, "row"), self.model);
        out.push_str(&match self.failed.len() {
            0 => "\n".to_owned(),
            failed => format!("; {} found no good text\n", count(failed as u64, "other")),
        });
        // What stands behind the first words differs from text to text.
        let mut why: BTreeMap<&str, u64> = BTreeMap::new();
        for reason in self.failed.values() {
            let kind = reason.split(['"', ':', '(']).next().unwrap_or(reason).trim();
            *why.entry(if kind.starts_with(|c: char| c.is_ascii_digit()) { "length" } else { kind })
                .or_default() += 1;
        }
        let mut why: Vec<(&str, u64)> = why.into_iter().collect();
        why.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        for (reason, rows) in why.iter().take(5) {
            out.push_str(&format!("  {:>6}  {}\n", thousands(*rows), crate::report::shortened(reason, 68)));
        }
        for (row, (text, _)) in self.texts.iter().take(3) {
            out.push_str(&format!("\n  - {}\n  + {}\n", one_line(table.text(*row)), one_line(text)));
        }
        out
    }
}

fn one_line(text: &str) -> String {
    crate::report::shortened(&text.split_whitespace().collect::<Vec<_>>().join(" "), 74)
}

/// Asks for new texts of the rows that are to blame.
pub fn rewrite(
    args: &AuditArgs,
    subject: &Subject,
    blamed: &[Drop],
    talk: &Talk,
) -> Result<Rewritten, Failure> {
    let (table, rewrite) = (&subject.table, &args.rewrite);
    let wording = wording(args)?;
    let limit = rewrite.limit.unwrap_or(usize::MAX);
    let mut work = Rewriting::new(table, blamed, &rewrite.without, limit);
    if work.tasks.is_empty() {
        return Ok(Rewritten::default());
    }
    for task in &work.tasks.clone() {
        let mut nothing = told(table, task);
        nothing["text"] = "".into();
        let messages = wording.messages(&nothing).map_err(|error| template(args, error))?;
        messages.iter().for_each(|(_, content)| work.learn(content));
    }
    let rows = blamed.iter().map(|blamed| blamed.row).chain(work.tasks.iter().map(|task| task.row)).collect();
    let mut hold = Hold::new(args, subject, rows)?;
    let dir = match &hold {
        Hold::Config(config) => Some(StoreDir::new(config.recipe.config.project.store())),
        Hold::Table(_) => store_of(&args.table.file),
    };
    if dir.is_none() {
        talk.say("the table is in no project (no `.emogrid` above it), so answers are not kept");
    }
    let keep = Keep::new(dir, Kind::Rewrite, MAX_TOKENS);
    block_on(async {
        let line = match (&args.endpoint, &hold) {
            (Some(endpoint), _) => Line::connect(endpoint, talk).await?,
            (None, Hold::Config(config)) => {
                let path = args.table.file.display().to_string();
                Line::of_config(&config.recipe.config, &path, talk).await?
            }
            (None, Hold::Table(_)) => {
                return Err(usage("name who is to reword: `--endpoint URL`, or a config"));
            }
        };
        talk.say(&format!("{} to reword by {}", count(work.tasks.len() as u64, "row"), line.model()));
        let frame = Frame::about("rewrite", &Sampling::new(0.8, 0.95, MAX_TOKENS), &schema(), &line.identity);
        let mut out = Rewritten { model: line.model().to_owned(), ..Rewritten::default() };
        for number in 0..rewrite.tries {
            let open: Vec<&Task> =
                work.tasks.iter().filter(|task| !out.texts.contains_key(&task.row)).collect();
            if open.is_empty() {
                break;
            }
            let mut room = Room::default();
            let asked = open.iter().map(|task| {
                let messages = wording.messages(&told(table, task)).map_err(|error| template(args, error))?;
                let write = |to: &mut Messages| {
                    messages.iter().for_each(|(role, content)| to.add(role, content));
                    Ok::<(), Failure>(())
                };
                let seed = seed(subject.options.seed, table.id(task.row), number);
                Ok(Asked {
                    fingerprint: frame.fingerprint(seed, &mut room, write)?,
                    ask: frame.ask(seed, write)?,
                })
            });
            let asked: Vec<Asked> = asked.collect::<Result<_, Failure>>()?;
            let names: Vec<String> = asked.iter().map(|asked| asked.fingerprint.to_string()).collect();
            let answers = line.answers(asked, &keep, &mut out.cost, talk).await?;
            let mut proposed: BTreeMap<usize, String> = BTreeMap::new();
            for (task, answer) in open.iter().zip(answers) {
                let text = match answer {
                    None => Err("the server refuses the request".to_owned()),
                    Some(raw) => read(&raw),
                };
                let good = text.and_then(|text| match work.refuses(task, table.text(task.row), &text) {
                    Some(why) => Err(why),
                    None => Ok(text),
                });
                match good {
                    Ok(text) => drop(proposed.insert(task.row, text)),
                    Err(why) => drop(out.failed.insert(task.row, why)),
                }
            }
            for (row, held) in hold.hold(proposed, talk)? {
                match held {
                    Ok(text) => {
                        // Of those that were good before only the text is told anew.
                        if let Some(at) = open.iter().position(|task| task.row == row) {
                            out.fingerprints.insert(row, names[at].clone());
                            out.texts.insert(row, (text, open[at].why.clone()));
                            out.failed.remove(&row);
                        }
                    }
                    Err(why) => {
                        out.texts.remove(&row);
                        out.failed.insert(row, why);
                    }
                }
            }
        }
        line.close().await;
        Ok(out)
    })?
}

fn wording(args: &AuditArgs) -> Result<Wording, Failure> {
    let Some(path) = &args.rewrite.template else {
        return Wording::new(Some(SYSTEM), USER, KNOWN).map_err(|error| template(args, error));
    };
    let own = std::fs::read_to_string(path).map_err(|error| usage(format!("{}: {error}", path.display())))?;
    Wording::new(None, &own, KNOWN).map_err(|error| template(args, error))
}

fn template(args: &AuditArgs, error: String) -> Failure {
    match &args.rewrite.template {
        Some(path) => usage(format!("{}: {error}", path.display())),
        None => usage(error),
    }
}

/// What a template reads of a row.
fn told(table: &Table, task: &Task) -> Value {
    let labels = table
        .labels()
        .flat_map(|column| column.of(task.row).iter().map(|value| column.values[*value as usize].as_str()));
    let avoid: Vec<String> = task.bans.iter().map(Ban::shown).collect();
    json!({
        "text": table.text(task.row), "labels": labels.collect::<Vec<_>>(), "avoid": avoid, "words": task.words,
    })
}

/// Below 2³¹, as an ask's own. The row is in it, so that rows with one text need not be reworded alike.
fn seed(seed: u64, id: &str, number: u32) -> u32 {
    (hash64(&[b"rewrite", &seed.to_le_bytes(), id.as_bytes(), &number.to_le_bytes()]) >> 33) as u32
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "text": { "type": "string" } },
        "required": ["text"],
        "additionalProperties": false,
    })
}

/// The new text of an answer, mended.
fn read(raw: &str) -> Result<String, String> {
    let answer = Answer::parse(raw).map_err(|_| "the answer is no completion".to_owned())?;
    let choice = answer.choices.first().ok_or("the answer is empty")?;
    match choice.end() {
        End::Itself => {}
        End::Cut => return Err("the answer was cut".to_owned()),
        End::Server(reason) => return Err(format!("the server ended it: {reason}")),
    }
    let content = choice.content().trim();
    let value: Value = serde_json::from_str(content).map_err(|_| "the answer is not JSON".to_owned())?;
    let text = value.get("text").and_then(Value::as_str).unwrap_or_default();
    let (text, _): (&str, Mends) = mend(text);
    match TextKey::of(text) == TextKey::of("") {
        true => Err("the answer is empty".to_owned()),
        false => Ok(text.to_owned()),
    }
}
