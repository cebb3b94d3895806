//! What came of the rounds: for people, for machines, and as a page.

use std::path::Path;

use serde_json::{Value, json};

use super::super::refine::told as refined;
use super::round::{Gain, Round, Verdict};
use crate::eval::bootstrap::Interval;
use crate::learn::Evaluation;
use crate::learn::ground::Ground;
use crate::refine::Proposal;
use crate::refine::patch::Steps;
use crate::report::{count, thousands, wrapped};

pub struct Report<'a> {
    pub config: &'a Path,
    pub ground: &'a Ground,
    pub draws: u32,
    pub seed: u64,
    /// Of real rows alone.
    pub real: (f64, Interval),
    pub rounds: &'a [Round],
    pub kept: usize,
    pub by_hand: &'a [Proposal],
    /// The command that says what to do for these.
    pub refine: String,
    pub diff: String,
    pub test: Option<Evaluation>,
    pub applied: bool,
}

/// `.480`, as scores are written.
fn score(value: f64) -> String {
    format!("{value:.3}").replace("0.", ".")
}

fn scored(mean: f64, of: Interval) -> String {
    format!("{} ({}–{})", score(mean), score(of.low), score(of.high))
}

fn gained(mean: f64, of: Interval) -> String {
    let signed = |value: f64| {
        let text = format!("{value:+.3}").replace("0.", ".");
        if text == "-.000" { "+.000".to_owned() } else { text }
    };
    format!("{} ({} to {})", signed(mean), signed(of.low), signed(of.high))
}

fn verdict(of: Verdict) -> &'static str {
    match of {
        Verdict::Start => "",
        Verdict::Kept => "kept",
        Verdict::PutBack => "put back",
    }
}

/// What a round changed in macro F1, and what became of it.
pub fn gain_line(round: &Round) -> String {
    let gain = round.gain.map(|Gain { mean, interval }| gained(mean, interval)).unwrap_or_default();
    format!("macro F1 {gain} against round {}: {}", round.against, verdict(round.verdict))
}

/// The whole change of a config.
pub fn diff(path: &Path, was: &str, now: &str) -> String {
    let mut steps = Steps::new(was);
    steps.step(0, now.to_owned());
    refined::diff(path, &steps, &[])
}

fn paragraph(out: &mut String, text: &str, first: &str, rest: &str) {
    for (at, line) in wrapped(text, 76).into_iter().enumerate() {
        out.push_str(&format!("{}{line}\n", if at == 0 { first } else { rest }));
    }
}

impl Report<'_> {
    fn table(&self) -> String {
        let mut out = format!(
            "{:<5} {:>6} {:>7} {:>6} {:<16} {}\n",
            "round", "rows", "answers", "asked", "macro F1 (95 %)", "gain (95 %)"
        );
        let mut line = |name: &str, counts: [u64; 3], of: (f64, Interval), gain: &str, verdict: &str| {
            let [rows, answers, asked] = counts.map(thousands);
            let scored = scored(of.0, of.1);
            let line =
                format!("{name:<5} {rows:>6} {answers:>7} {asked:>6} {scored:<16} {gain:<22} {verdict}");
            out.push_str(line.trim_end());
            out.push('\n');
        };
        line("real", [0; 3], self.real, "", "");
        for round in self.rounds {
            let gain = round.gain.map(|gain| gained(gain.mean, gain.interval)).unwrap_or_default();
            let counts = [round.taken, round.answers_used, round.asked];
            line(&round.number.to_string(), counts, round.score, &gain, verdict(round.verdict));
        }
        let ground = self.ground;
        let about = format!(
            "Macro F1 of probes on {}, which nothing else looks at; thresholds are tuned on the other {}. Mean \
             and interval over {} of the training rows ({} real) and draws of the rows that measure. The gain of \
             round 0 is over real rows alone, that of others over the last that was kept.",
            count(ground.score.texts.len() as u64, "dev row"),
            thousands(ground.tune.texts.len() as u64),
            count(u64::from(self.draws), "draw"),
            thousands(ground.real.texts.len() as u64),
        );
        out.push('\n');
        paragraph(&mut out, &about, "", "");
        out
    }

    fn tested(&self) -> String {
        let Some(test) = &self.test else { return String::new() };
        let rows = count(test.rows, "row");
        let mut out = format!("\ntest part, {rows}, scored once      macro F1 (95 %)\n");
        let mut line = |name: &str, scored: String, gain: String| {
            out.push_str(format!("  {name:<36}{scored:<16}  {gain}").trim_end());
            out.push('\n');
        };
        let kept = format!("with round {}", self.rounds[self.kept].number);
        line(&kept, scored(test.scores.macro_f1, test.intervals.macro_f1), String::new());
        for other in test.beside.iter().filter(|other| other.versus.is_some()) {
            let (Some(interval), Some(versus)) = (other.macro_interval, other.versus) else { continue };
            let gain = test.scores.macro_f1 - other.macro_f1;
            let name = match other.name.as_str() {
                "real rows alone" => "real rows alone".to_owned(),
                name => format!("with {name}"),
            };
            line(&name, scored(other.macro_f1, interval), gained(gain, versus.macro_difference));
        }
        out.push_str("  (on the right: how much better the first is)\n");
        out
    }

    fn changes(&self) -> String {
        let mut out = String::new();
        for round in &self.rounds[1..] {
            out.push_str(&format!("\nround {}, over round {}:\n", round.number, round.against));
            for proposal in &round.proposals {
                paragraph(&mut out, &format!("{}: {}", proposal.key, proposal.what), "  ", "    ");
                for reason in &proposal.reasons {
                    paragraph(&mut out, reason, "    - ", "      ");
                }
            }
        }
        if !self.by_hand.is_empty() {
            let keys: Vec<&str> = self.by_hand.iter().map(|proposal| proposal.key.as_str()).collect();
            let text = format!(
                "not tried, since a template or you must do something for it: {}; what, says `{}`",
                keys.join(", "),
                self.refine
            );
            out.push('\n');
            paragraph(&mut out, &text, "", "  ");
        }
        out
    }

    /// The table, what was changed and why, the test, and what was kept.
    pub fn text(&self) -> String {
        let mut out = self.table();
        out.push_str(&self.changes());
        out.push_str(&self.tested());
        if !self.diff.is_empty() {
            out.push_str(&format!("\nkept:\n{}", self.diff));
        }
        out
    }

    /// The same as Markdown, with the change that each round tried.
    pub fn page(&self) -> String {
        let mut out = format!("# Rounds of {}\n\n```text\n{}```\n", self.config.display(), self.text());
        for round in &self.rounds[1..] {
            out.push_str(&format!("\n## Round {}\n\n```diff\n{}```\n", round.number, round.diff));
        }
        out
    }

    pub fn json(&self) -> Value {
        let of = |(mean, interval): (f64, Interval)| json!({ "macro_f1": mean, "macro_interval": interval });
        let rounds = self.rounds.iter().map(|round| {
            let mut out = of(round.score);
            out["round"] = round.number.into();
            out["rows"] = round.rows.into();
            out["taken"] = round.taken.into();
            out["answers"] = round.answers_used.into();
            out["asked"] = round.asked.into();
            out["short"] = round.short.into();
            out["proposals"] = json!(round.proposals);
            if let Some(Gain { mean, interval }) = round.gain {
                out["gain"] = json!({ "macro_f1": mean, "interval": interval });
                out["gain"]["over"] =
                    if round.number == 0 { "real".into() } else { (round.against as u64).into() };
            }
            if round.verdict != Verdict::Start {
                out["kept"] = (round.verdict == Verdict::Kept).into();
            }
            out
        });
        let test = self.test.as_ref().map(|test| {
            let beside = test.beside.iter().filter(|other| other.versus.is_some());
            json!({
                "rows": test.rows,
                "macro_f1": test.scores.macro_f1,
                "macro_interval": test.intervals.macro_f1,
                "micro_f1": test.scores.micro_f1,
                "beside": beside.collect::<Vec<_>>(),
            })
        });
        let ground = self.ground;
        json!({
            "config": self.config,
            "map": ground.map.name(),
            "labels": ground.labels,
            "real_rows": ground.real.texts.len(),
            "dev": { "tune": ground.tune.texts.len(), "score": ground.score.texts.len() },
            "draws": self.draws,
            "seed": self.seed,
            "real": of(self.real),
            "rounds": rounds.collect::<Vec<_>>(),
            "kept": self.rounds[self.kept].number,
            "by_hand": self.by_hand,
            "diff": self.diff,
            "applied": self.applied,
            "test": test,
        })
    }
}
