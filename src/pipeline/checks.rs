//! What each check makes of the stored texts.

use std::collections::{BTreeMap, HashSet};

use super::rows::first;
use crate::check::{Check, Rules};
use crate::dataset::Recipe;
use crate::dataset::evaluate::{Demand, Name, Rejected, Sink};
use crate::model::{Fingerprint, RowId};
use crate::report::{CheckCount, CheckCounts};
use crate::store::{Reader, StoreError};

/// Texts that are shown of those that a check rejects.
const EXAMPLES: usize = 3;

/// The answers that an outcome reached, and why it rejects what it does; nothing, unless that is wanted.
#[derive(Debug)]
pub struct Checked {
    wanted: bool,
    reached: Vec<(usize, Fingerprint)>,
    rejected: BTreeMap<&'static str, u64>,
}

impl Checked {
    pub fn new(wanted: bool) -> Self {
        Self { wanted, reached: Vec::new(), rejected: BTreeMap::new() }
    }

    /// Holds every text of these answers to each check alone, and says how many each rejects first in
    /// the dataset itself.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn finish(self, recipe: &Recipe, reader: Option<&Reader>) -> Result<Option<CheckCounts>, StoreError> {
        if !self.wanted {
            return Ok(None);
        }
        let config = &recipe.config;
        let on = recipe.judge.rules();
        let off = Rules::with_all(&config.checks, &config.response, &config.axes);
        let mut out = CheckCounts {
            checks: Check::ALL.map(|check| row(check, on, &off)).into(),
            ..CheckCounts::default()
        };
        for (cell, ask) in &self.reached {
            let Some(reader) = reader else { break };
            let Some(raw) = reader.answer(ask, config.sampling.max_tokens)? else { continue };
            let values = recipe.values(*cell);
            out.answers += 1;
            let candidates = recipe.judge.candidates(&raw, &values, None).into();
            for candidate in recipe.curated(*cell, ask, candidates).iter() {
                // What no text could be read from has a reason that is no check's.
                let of_check = |name: &str| Check::ALL.iter().any(|check| check.name() == name);
                if candidate.outcome.as_ref().is_err_and(|reason| !of_check(reason.name())) {
                    continue;
                }
                out.texts += 1;
                // What is on knows the prompts; the others are asked as if they were on.
                let mut against = on.all(&candidate.text, &values);
                let more = off.all(&candidate.text, &values).into_iter();
                against.extend(more.filter(|check| on.setting(*check).is_none()));
                for check in against {
                    let count = &mut out.checks[check as usize];
                    *count.alone.get_or_insert(0) += 1;
                    // Nobody was asked yet what may be shown of a text in doubt, or what was said is not known here.
                    let in_doubt = candidate.outcome.as_ref().is_ok_and(|passed| passed.doubtful.is_some());
                    if count.examples.len() < EXAMPLES && !in_doubt {
                        count.examples.push(candidate.text.clone());
                    }
                }
            }
        }
        for (name, times) in self.rejected {
            match out.checks.iter_mut().find(|count| count.name == name) {
                Some(count) => count.first = times,
                None => drop(out.others.insert(name.to_owned(), times)),
            }
        }
        Ok(Some(out))
    }
}

fn row(check: Check, on: &Rules, off: &Rules) -> CheckCount {
    let setting = on.setting(check);
    let would = off.setting(check).filter(|_| setting.is_none());
    CheckCount {
        name: check.name(),
        on: setting.is_some(),
        alone: (setting.is_some() || would.is_some()).then_some(0),
        setting: setting.or(would),
        first: 0,
        examples: Vec::new(),
    }
}

impl<N: Name> Sink<N> for Checked {
    fn reached(&mut self, cell: usize, _ask: u32, fingerprint: &Fingerprint) {
        if self.wanted {
            self.reached.push((cell, *fingerprint));
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if self.wanted {
            *self.rejected.entry(reject.why.name()).or_default() += 1;
        }
    }
}

/// Candidates that checks reject, so that rows of before can be found among them.
#[derive(Debug, Default)]
pub struct LeavingBy {
    rejects: Vec<(u64, &'static str, usize)>,
    /// Cells that have something to ask.
    open: HashSet<usize>,
}

impl LeavingBy {
    /// How many of the rows of before each check rejects now, by its name; and how many of these are of cells that ask
    /// for nothing more.
    pub fn finish(mut self, before: impl Iterator<Item = RowId>) -> (BTreeMap<&'static str, u64>, u64) {
        let (mut out, mut settled) = (BTreeMap::new(), 0);
        if self.rejects.is_empty() {
            return (out, settled);
        }
        self.rejects.sort_unstable();
        for id in before.map(first) {
            if let Ok(at) = self.rejects.binary_search_by_key(&id, |(id, ..)| *id) {
                let (_, name, cell) = self.rejects[at];
                *out.entry(name).or_default() += 1;
                settled += u64::from(!self.open.contains(&cell));
            }
        }
        (out, settled)
    }
}

impl<N: Name> Sink<N> for LeavingBy {
    fn reject(&mut self, reject: &Rejected<'_, N>) {
        // Of duplicates it is told that they are displaced.
        if !reject.why.is_duplicate() {
            let candidate = reject.candidate;
            let id = RowId::of(&reject.place.fingerprint, candidate.choice, candidate.item);
            self.rejects.push((first(id), reject.why.name(), reject.place.cell));
        }
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        self.open.insert(demand.cell);
    }
}
