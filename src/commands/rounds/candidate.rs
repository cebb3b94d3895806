//! What is tried next.

use std::collections::HashSet;
use std::path::Path;

use super::super::refine::measured;
use super::super::refine::{Patched, told};
use super::round::Round;
use super::{Failure, Work};
use crate::config::load::path_from;
use crate::learn::Evaluation;
use crate::learn::evaluation::Against;
use crate::refine::figures::{Scores, shortages};
use crate::refine::{Proposal, proposals};

/// A changed config.
pub struct Candidate {
    pub text: String,
    pub proposals: Vec<Proposal>,
    pub diff: String,
}

/// Changes of one round's config, in the order in which they are tried: all that is proposed at once, and then each
/// proposal alone, what helps most first.
pub struct Candidates {
    proposals: Vec<Proposal>,
    /// Proposals that change nothing until a template, or the user, does something for them.
    pub by_hand: Vec<Proposal>,
    next: usize,
}

impl Candidates {
    /// The next that gives a text which was not tried yet.
    pub fn next(&mut self, path: &Path, of: &Round, tried: &mut HashSet<String>) -> Option<Candidate> {
        while self.next <= self.proposals.len() {
            let chosen = match self.next {
                0 => self.proposals.clone(),
                one => vec![self.proposals[one - 1].clone()],
            };
            self.next += 1;
            let patched = Patched::of(path, &of.text, &of.opened, chosen);
            let text = patched.steps.text().to_owned();
            if !patched.changes || !tried.insert(text.clone()) {
                continue;
            }
            let diff = told::diff(path, &patched.steps, &patched.made);
            let made = patched.made.into_iter().filter(|made| made.not.is_none());
            return Some(Candidate { text, proposals: made.map(|made| made.proposal).collect(), diff });
        }
        None
    }
}

impl Work<'_> {
    /// What refine proposes for a round's config. It sees the half of dev that thresholds are tuned on, never the
    /// one that decides.
    pub fn candidates(&self, of: &Round) -> Result<Candidates, Failure> {
        let (args, ground) = (self.args, &self.ground);
        let (probe, answers) = ground.answers_to_tune(&of.mixed);
        let head = probe.head();
        let against = Against {
            test: &ground.tune,
            counts: &head.counts,
            rows: head.rows,
            seed: args.seed,
            gates: Default::default(),
            others: Vec::new(),
        };
        let measured = Evaluation::new(&answers, None, &against).json(None, None);
        let mut figures = measured::of_config(&of.opened);
        figures.scores = Some(Scores::read(measured.into()).map_err(Failure::Refused)?);
        if let Some(path) = &args.shortages {
            let wrong = |error: String| Failure::Refused(format!("{} {error}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
            let value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            figures.shortages = shortages(&value).map_err(wrong)?;
        }
        measured::stored(&of.opened, true, self.talk, &mut figures)?;
        measured::real(&args.train, &self.columns, &of.opened.recipe, self.talk, &mut figures)?;
        // As the config to begin with would name it, which is the one that is changed.
        let folder = args.config.parent().unwrap_or(Path::new(""));
        figures.real_file = match &args.train[..] {
            [file] => path_from(folder, file),
            _ => None,
        };
        let all = proposals(&of.opened.recipe.config, &figures);
        let (by_hand, proposals) = all.into_iter().partition(Proposal::waits);
        Ok(Candidates { proposals, by_hand, next: 0 })
    }
}
