//! What the store holds of judges' answers.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Map;

use super::{BookError, StoreBook};
use crate::check::Candidate;
use crate::dataset::evaluate::{About, Demand, Judgement, Place, Ruling};
use crate::dataset::{Book, Judged, Stored};
use crate::fingerprint::{Ask, Room};
use crate::model::{Fingerprint, RowId};
use crate::store::{Settings, StoreError};

/// What is known of rulings, so that a text is read and a request written once only.
#[derive(Default)]
pub struct Rulings {
    /// Those that will not change while this is remembered, without what rows show of them.
    known: HashMap<RowId, Ruling>,
    /// Requests that were given up in this run, with why.
    given_up: HashMap<Fingerprint, Arc<str>>,
    /// The answer whose texts were read last.
    last: Option<(Fingerprint, Vec<Candidate>)>,
    room: Room,
}

/// What is stored for a request to a judge.
enum Found {
    Missing,
    GivenUp(Arc<str>),
    Answer(String),
}

impl StoreBook<'_> {
    /// Takes in that a request to a judge was given up.
    pub(super) fn learn_given_up(&mut self, fingerprint: Fingerprint, reason: &Arc<str>) {
        self.rulings.given_up.insert(fingerprint, reason.clone());
    }

    /// What the judges say of a candidate that would be a row without them.
    pub(super) fn rule(&mut self, place: &Place, candidate: &Candidate) -> Result<Judgement, BookError> {
        let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        if !self.texts
            && let Some(known) = self.rulings.known.get(&id)
        {
            return Ok(Judgement { asked: Vec::new(), ruling: known.clone() });
        }
        let text = match candidate.text.is_empty() {
            false => candidate.text.clone(),
            true => self.text_at(place)?,
        };
        let out = self.rule_text(place, &text)?;
        if self.memory.is_some() {
            let bare = match &out.ruling {
                Ruling::Accepted(_) => Some(Ruling::Accepted(None)),
                Ruling::Refused(reason) => Some(Ruling::Refused(reason.clone())),
                Ruling::Open(_) => None,
            };
            self.rulings.known.extend(bare.map(|ruling| (id, ruling)));
        }
        Ok(out)
    }

    /// Each judge in its turn: the first that does not accept a text decides.
    fn rule_text(&mut self, place: &Place, text: &str) -> Result<Judgement, BookError> {
        let recipe = self.recipe;
        let mut asked = Vec::new();
        let mut columns = Map::new();
        if let Some(label) = &recipe.label {
            match label.hold(text, &recipe.values(place.cell)) {
                Ok(shown) => columns.extend(shown),
                Err(reason) => return Ok(Judgement { asked, ruling: Ruling::Refused(reason.into()) }),
            }
        }
        for (index, judge) in recipe.judges.iter().enumerate() {
            let judged = Judged { judge: index, cell: place.cell, text };
            let (mut votes, mut open, mut last) = (Vec::new(), Vec::new(), Arc::from("missing"));
            for number in 0..judge.asks() {
                if votes.len() + open.len() == judge.votes() as usize {
                    break;
                }
                let fingerprint =
                    recipe.judge_fingerprint(&self.models, judged, number, &mut self.rulings.room)?;
                asked.push(fingerprint);
                match self.find_judged(&fingerprint, index)? {
                    Found::Missing => {
                        let (judge, number, index) = (index as u16, number as u16, place.index as u32);
                        open.push((About { judge, number, index }, fingerprint));
                    }
                    Found::GivenUp(reason) => last = reason,
                    Found::Answer(raw) => match judge.read(&raw) {
                        Ok(vote) => votes.push(vote),
                        Err(reason) => last = reason.name().into(),
                    },
                }
            }
            if !open.is_empty() {
                return Ok(Judgement { asked, ruling: Ruling::Open(open) });
            }
            if votes.len() < judge.votes() as usize {
                let reason = judge.unjudged(votes.len() as u32, &last);
                return Ok(Judgement { asked, ruling: Ruling::Refused(reason.into()) });
            }
            let verdict = recipe.verdict(judge, place.cell, &votes);
            if let Some(reason) = verdict.refused {
                return Ok(Judgement { asked, ruling: Ruling::Refused(reason.into()) });
            }
            columns.extend(verdict.columns);
        }
        let columns = (self.texts && !columns.is_empty()).then(|| Arc::new(columns));
        Ok(Judgement { asked, ruling: Ruling::Accepted(columns) })
    }

    fn find_judged(&self, fingerprint: &Fingerprint, judge: usize) -> Result<Found, BookError> {
        let max_tokens = self.recipe.config.checks.judges[judge].sampling.max_tokens;
        if let Some(reason) = self.rulings.given_up.get(fingerprint) {
            return Ok(Found::GivenUp(reason.clone()));
        }
        let Some(reader) = self.reader else { return Ok(Found::Missing) };
        if let Some(raw) = reader.answer(fingerprint, max_tokens)? {
            return Ok(Found::Answer(raw));
        }
        if !self.no_tombstones
            && let Some(stone) = reader.tombstone(fingerprint)?
        {
            let now = |now: &Settings| Settings { max_tokens: Some(max_tokens), ..*now };
            if self.settings.iter().any(|settings| stone.settings.still_hold(&now(settings))) {
                return Ok(Found::GivenUp(stone.reason.into()));
            }
        }
        Ok(Found::Missing)
    }

    /// The text of a candidate that is known without it.
    fn text_at(&mut self, place: &Place) -> Result<String, BookError> {
        if self.rulings.last.as_ref().is_none_or(|(of, _)| *of != place.fingerprint) {
            let max_tokens = self.recipe.config.sampling.max_tokens;
            let raw = match self.reader {
                Some(reader) => reader.answer(&place.fingerprint, max_tokens)?,
                None => None,
            };
            let raw = raw.ok_or(StoreError::Vanished)?;
            let candidates = self.recipe.judge.candidates(&raw, &self.recipe.values(place.cell), None);
            self.rulings.last = Some((place.fingerprint, candidates));
        }
        let candidates = self.rulings.last.as_ref().map(|(_, candidates)| candidates);
        let candidate = candidates.and_then(|candidates| candidates.get(place.index));
        Ok(candidate.ok_or(StoreError::Vanished)?.text.clone())
    }

    /// Where the candidate stands that a demand of a judge is about.
    fn place_of(&mut self, demand: &Demand, about: About) -> Result<Place, BookError> {
        let Demand { cell, ask, .. } = *demand;
        let known = self.memory.as_ref().and_then(|memory| memory.fingerprint(cell, ask));
        let fingerprint = match known {
            Some(known) => known,
            None => self.recipe.fingerprint(&self.models, cell, ask, &mut self.rulings.room)?,
        };
        Ok(Place { cell, ask, fingerprint, index: about.index as usize })
    }

    /// The request that a demand is for; for one token only where that will do.
    pub fn ask(&mut self, demand: &Demand, probe: bool) -> Result<Ask, BookError> {
        let recipe = self.recipe;
        let Some(about) = demand.about else {
            let ask = match probe {
                true => recipe.probe(&self.models, demand.cell, demand.ask)?,
                false => recipe.ask(&self.models, demand.cell, demand.ask)?,
            };
            return Ok(ask);
        };
        let place = self.place_of(demand, about)?;
        let text = self.text_at(&place)?;
        let judged = Judged { judge: about.judge.into(), cell: place.cell, text: &text };
        Ok(recipe.judge_ask(&self.models, judged, about.number.into(), probe)?)
    }

    /// The model that a demand is for, as an index.
    pub fn model_of(&self, demand: &Demand) -> usize {
        match demand.about {
            None => self.models.of(self.recipe, demand.cell, demand.ask),
            Some(About { judge, number, .. }) => {
                self.models.judging(self.recipe, judge.into(), demand.cell, number.into())
            }
        }
    }

    /// The longest answer that a demand allows, in tokens of all its choices.
    pub fn longest_answer(&self, demand: &Demand) -> u64 {
        let config = &self.recipe.config;
        match demand.about {
            None => u64::from(config.sampling.max_tokens) * u64::from(config.response.n),
            Some(about) => config.checks.judges[usize::from(about.judge)].sampling.max_tokens.into(),
        }
    }

    /// What judges lack of further candidates of the answer that a demand is about, of as many as may be
    /// needed.
    ///
    /// # Errors
    /// As an evaluation.
    pub fn judge_ahead(&mut self, demand: &Demand, most: usize) -> Result<Vec<Demand>, BookError> {
        let mut out = Vec::new();
        let Some(about) = demand.about.filter(|_| most > 0) else { return Ok(out) };
        let (fingerprint, stored) = self.read(demand.cell, demand.ask)?;
        let Stored::Answer(answer) = stored else { return Ok(out) };
        let key = |candidate: &Candidate| candidate.outcome.as_ref().ok().map(|passed| passed.key);
        let mut waiting = 0;
        for (index, candidate) in answer.iter().enumerate().skip(about.index as usize + 1) {
            if waiting == most {
                break;
            }
            // One that fails, or says what one before it says, is not judged.
            let Some(own) = key(candidate) else { continue };
            if answer[..index].iter().any(|before| key(before) == Some(own))
                || self.is_dropped(&fingerprint, candidate)
            {
                continue;
            }
            let place = Place { cell: demand.cell, ask: demand.ask, fingerprint, index };
            if let Ruling::Open(open) = self.rule(&place, candidate)?.ruling {
                waiting += 1;
                out.extend(open.into_iter().map(|(about, fingerprint)| Demand {
                    fingerprint,
                    about: Some(about),
                    ..*demand
                }));
            }
        }
        Ok(out)
    }

    /// The fingerprints of all that judges may be asked about the stored answer to an ask.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub fn judge_requests(&mut self, cell: usize, ask: u32) -> Result<Vec<Fingerprint>, BookError> {
        let mut out = Vec::new();
        self.texts = true;
        let (_, stored) = self.read(cell, ask)?;
        let Stored::Answer(answer) = stored else { return Ok(out) };
        for candidate in answer.iter().filter(|candidate| candidate.outcome.is_ok()) {
            for (judge, model) in self.recipe.judges.iter().enumerate() {
                let judged = Judged { judge, cell, text: &candidate.text };
                for number in 0..model.asks() {
                    let room = &mut self.rulings.room;
                    out.push(self.recipe.judge_fingerprint(&self.models, judged, number, room)?);
                }
            }
        }
        Ok(out)
    }
}
