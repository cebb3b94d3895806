//! One round: a config, its dataset, and what probes trained with it are worth.

use serde_json::{Map, Value, json};

use super::super::{Failure, open_path};
use super::stop::Stopped;
use super::{Halt, Work, put};
use crate::config::Config;
use crate::config::diagnostic::Sources;
use crate::config::load::{path_from, shown};
use crate::config::yaml;
use crate::eval::bootstrap::{Interval, pooled};
use crate::guard::{Guard, Purpose};
use crate::labels::{LabelSet, USUAL};
use crate::learn::evaluation::Against;
use crate::learn::train::answers;
use crate::learn::{Columns, Evaluation, Labelled, LearnError};
use crate::pipeline::{self, Ended, Files, Leaving, Opened, RunError, RunOptions};
use crate::refine::Proposal;
use crate::report::count;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The config that was begun with.
    Start,
    Kept,
    PutBack,
}

#[derive(Debug, Clone, Copy)]
pub struct Gain {
    pub mean: f64,
    pub interval: Interval,
}

pub struct Round {
    pub number: u32,
    pub opened: Opened,
    /// What stands in the user's config, or would.
    pub text: String,
    pub proposals: Vec<Proposal>,
    pub diff: String,
    /// Rows of its dataset, and those of them that were trained on.
    pub rows: u64,
    pub taken: u64,
    /// Stored answers that its dataset follows from, and those that were asked for in this call.
    pub answers_used: u64,
    pub asked: u64,
    pub short: bool,
    /// Real rows and those that were taken.
    pub mixed: Labelled,
    /// Of the half that decides, by draw.
    pub answers: Vec<Vec<LabelSet>>,
    pub score: (f64, Interval),
    pub gain: Option<Gain>,
    /// The round that the gain is over; of the first, real rows alone.
    pub against: usize,
    pub verdict: Verdict,
}

/// Exemplars of which more than one in so many stands in dev or test are no exemplars to learn from.
const APART: u64 = 10;

impl Work<'_> {
    /// Runs a config, trains with its rows, and measures.
    pub fn round(
        &mut self,
        number: u32,
        opened: Opened,
        text: String,
        proposals: Vec<Proposal>,
        diff: String,
    ) -> Result<Round, Halt> {
        self.apart(&opened)?;
        self.stop.check()?;
        // A round's own dataset is nobody else's: what leaves it is no loss.
        let leaving = if number == 0 { Leaving::Refuse } else { Leaving::Accept };
        let options = RunOptions { leaving, ..RunOptions::of(&self.stop.began) };
        let watcher = self.talk.style().watcher();
        let done = self.stop.block_on(pipeline::run(&opened, &options, watcher.as_ref()));
        drop(watcher);
        self.stop.block_on(pipeline::tell(&opened, &done));
        let done = match done.came() {
            Err(RunError::Stopped(why)) => return Err(Stopped::by(why.name()).into()),
            done => done?,
        };
        if let Some(error) = done.error {
            return Err(error.into());
        }
        let summary = done.summary;
        if done.ended == Ended::Stopped {
            return Err(Stopped::by(summary.stopped_by.as_deref().unwrap_or("interrupt")).into());
        }
        let config = &opened.recipe.config;
        if summary.accepted == 0 {
            let path = config.project.config.display();
            return Err(Failure::Refused(format!("{path}: its dataset has no rows to train on")).into());
        }
        let columns = Columns { text: None, label: Some(self.column.clone()) };
        let file = Files::new(config.dataset_dir()).dataset();
        let guard = Guard::of(&[&file]).map_err(LearnError::from)?;
        let rows = Labelled::read(&[file], &columns, &guard, Purpose::Training)?;
        let held = rows.held;
        let (generated, out) = self.ground.generated(rows)?;
        if held + out > 0 {
            self.talk.say(&format!(
                "{} left out: a real row, dev or a test part has the same text",
                count(held + out, "generated row")
            ));
        }
        let (mixed, taken) = self.ground.mixed(&generated, &self.limits);
        let answers = self.answers(&mixed)?;
        let ground = &self.ground;
        let score = pooled(ground.labels.len(), &ground.score.gold, &answers, self.args.seed);
        Ok(Round {
            number,
            opened,
            text,
            proposals,
            diff,
            rows: summary.accepted,
            taken,
            answers_used: summary.requests + summary.reused,
            asked: summary.requests,
            short: matches!(done.ended, Ended::Short | Ended::Alarm),
            mixed,
            answers,
            score,
            gain: None,
            against: 0,
            verdict: Verdict::Start,
        })
    }

    /// Prompts must not show what is measured on.
    fn apart(&self, opened: &Opened) -> Result<(), Failure> {
        let Some(exemplars) = &opened.recipe.config.exemplars else { return Ok(()) };
        let held = self.ground.held(exemplars.texts.iter().map(|row| row.text.as_str()));
        let file = &exemplars.path;
        if held * APART > exemplars.texts.len() as u64 {
            return Err(Failure::Refused(format!(
                "{} of `{file}`, which prompts show, also stand in the dev or test part: what is generated \
                 after them would be measured on them; name the file of the training part",
                count(held, "exemplar")
            )));
        }
        if held > 0 {
            self.talk.say(&format!("{} of `{file}` also stand in dev or test", count(held, "exemplar")));
        }
        Ok(())
    }

    /// Writes a round's config, which stands on the one to begin with, and opens it.
    pub fn overlay(&self, number: u32, name: &str, was: &str, now: &str) -> Result<Opened, Failure> {
        let path = self.folder.join(format!("round-{number}.yaml"));
        let base = &self.args.config;
        // The folder must be there to be seen from.
        put(&path, "")?;
        let changes = match onto(&read(was)?, &read(now)?) {
            Some(Value::Object(changes)) => changes,
            _ => Map::new(),
        };
        let unseen = || Failure::Refused(format!("{}: cannot be found any more", base.display()));
        let mut whole = Map::new();
        whole.insert("name".into(), format!("{name}.round-{number}").into());
        whole.insert("extends".into(), path_from(&self.folder, base).ok_or_else(unseen)?.into());
        whole.insert("output".into(), json!({ "dir": self.output }));
        whole.extend(changes);
        let text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        let head =
            format!("# Round {number} of `emogrid loop {}`; every call writes it anew.\n", base.display());
        put(&path, &format!("{head}{text}\n"))?;
        open_path(&shown(&path), &[])
    }

    /// The test part, scored with real rows alone, with those of the first round, and with those that were kept.
    pub fn test(&mut self, start: &Round, best: &Round) -> Result<Option<Evaluation>, Halt> {
        let Some(test) = &self.ground.test else { return Ok(None) };
        self.stop.check()?;
        let ground = &self.ground;
        let of = |rows: &Labelled| answers(&ground.probe(rows, &ground.dev), &test.texts);
        let rows = |of: &Labelled| Some(of.texts.len() as u64);
        let mut others = vec![("real rows alone".to_owned(), rows(&ground.real), of(&ground.real))];
        if best.number != start.number {
            others.push(("round 0".to_owned(), rows(&start.mixed), of(&start.mixed)));
        }
        let against = Against {
            test,
            counts: &vec![0; ground.labels.len()],
            rows: best.mixed.texts.len() as u64,
            seed: self.args.seed,
            gates: Default::default(),
            others,
        };
        Ok(Some(Evaluation::new(&of(&best.mixed), None, &against)))
    }
}

/// The dataset's column with the labels that real rows have.
pub fn column(config: &Config, named: Option<&str>) -> Result<String, Failure> {
    let axes: Vec<&str> =
        config.axes.iter().filter(|axis| axis.label).map(|axis| axis.name.as_str()).collect();
    let usual = named.into_iter().chain(USUAL).find(|name| axes.contains(name));
    match (usual, &axes[..]) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, [name]) => Ok((*name).to_owned()),
        (None, []) => Err(Failure::Refused("the config has no label axis: there is nothing to learn".into())),
        (None, several) => Err(Failure::Refused(format!(
            "which axis do real rows have the labels of? name it with `--label`: {}",
            several.join(" or ")
        ))),
    }
}

fn read(text: &str) -> Result<Value, Failure> {
    let mut sources = Sources::default();
    let source = sources.add("config.yaml", text);
    let root = yaml::parse(&sources, source);
    root.map(|root| root.to_json()).map_err(|_| Failure::Refused("the config cannot be read again".into()))
}

/// What has to stand on top of `was` so that it says `now`; `None` where that is nothing.
fn onto(was: &Value, now: &Value) -> Option<Value> {
    match (was, now) {
        (was, now) if was == now => None,
        (Value::Object(was), Value::Object(now)) => {
            let changed = now.iter().filter_map(|(key, now)| match was.get(key) {
                Some(was) => Some((key.clone(), onto(was, now)?)),
                None => Some((key.clone(), now.clone())),
            });
            let mut out: Map<String, Value> = changed.collect();
            let gone = was.keys().filter(|key| !now.contains_key(*key));
            out.extend(gone.map(|key| (key.clone(), Value::Null)));
            Some(Value::Object(out))
        }
        (_, now) => Some(now.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_on_top_holds_what_changed_alone() {
        let was = json!({ "a": { "b": 1, "c": [1, 2] }, "d": 4, "e": [5] });
        assert_eq!(onto(&was, &was), None);
        let now = json!({ "a": { "c": [1, 2], "n": 3 }, "d": 4, "e": { "values": {} } });
        assert_eq!(onto(&was, &now), Some(json!({ "a": { "n": 3, "b": null }, "e": { "values": {} } })));
    }
}
