//! Requests about texts, of judges, for embeddings and for names in doubt: what is stored for them, and how they are made.

use std::sync::Arc;

use super::{BookError, StoreBook};
use crate::check::Candidate;
use crate::dataset::evaluate::{About, Demand, Looked, Meant, Place, Ruling, To};
use crate::dataset::{Book, Judged, Stored, looking};
use crate::dedup::Direction;
use crate::fingerprint::{Ask, Room};
use crate::model::{ByHash, COUNTERPART, Fingerprint, Hashes, RowId};
use crate::store::{Settings, StoreError};

/// What is known about texts, so that each is read and a request written once only.
#[derive(Default)]
pub struct Rulings {
    /// Rulings that will not change while this is remembered, without what rows show of them.
    pub known: ByHash<RowId, Ruling>,
    /// What second looks made of candidates, without texts.
    pub looked: ByHash<RowId, Arc<Candidate>>,
    /// Candidates whose second look was given up: what follows from that is not left for later.
    pub unlooked: Hashes<RowId>,
    /// What texts mean.
    pub meant: ByHash<RowId, Arc<Direction>>,
    /// Requests that were given up in this run, with why.
    given_up: ByHash<Fingerprint, Arc<str>>,
    /// The answer whose texts were read last.
    last: Option<(Fingerprint, Arc<[Candidate]>)>,
    pub room: Room,
}

/// What is stored for a request about a text.
pub enum OnFile {
    Missing,
    GivenUp(Arc<str>),
    Answer(String),
}

/// Whether a candidate has a name in doubt.
fn is_in_doubt(candidate: &Candidate) -> bool {
    candidate.outcome.as_ref().is_ok_and(|passed| passed.doubtful.is_some())
}

/// How far a text is on its way to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stand {
    Refused,
    /// Nobody is to be asked about it any more; another row may say the same.
    Accepted,
    /// So many requests to one are not answered yet; where that is a judge, with what those behind it say.
    Open(To, u32, Vec<Said>),
}

/// What a judge says of a text that waits for one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Yes,
    No,
    /// So many requests to it are not answered yet.
    Open(u32),
}

impl StoreBook<'_> {
    /// Takes in that a request about a text was given up.
    pub(super) fn learn_given_up(&mut self, fingerprint: Fingerprint, reason: &Arc<str>) {
        self.rulings.given_up.insert(fingerprint, reason.clone());
    }

    /// What is stored for a request whose answer may be so long.
    pub(super) fn find_about(&self, fingerprint: &Fingerprint, max_tokens: u32) -> Result<OnFile, BookError> {
        if let Some(reason) = self.rulings.given_up.get(fingerprint) {
            return Ok(OnFile::GivenUp(reason.clone()));
        }
        let Some(reader) = self.reader else { return Ok(OnFile::Missing) };
        if let Some(raw) = reader.answer(fingerprint, max_tokens)? {
            return Ok(OnFile::Answer(raw));
        }
        if !self.no_tombstones
            && let Some(stone) = reader.tombstone(fingerprint)?
        {
            let now = |now: &Settings| Settings { max_tokens: Some(max_tokens), ..*now };
            if self.settings.iter().any(|settings| stone.settings.still_hold(&now(settings))) {
                return Ok(OnFile::GivenUp(stone.reason.into()));
            }
        }
        Ok(OnFile::Missing)
    }

    /// Whether a candidate says what the model wrote, and always will. What was found out about a text that a
    /// file of decisions gives it, or makes its counterpart, or that hangs on a request that was given up, is not kept beside the store,
    /// where a candidate is known by its place alone.
    pub(super) fn has_own_text(&self, place: &Place, candidate: &Candidate) -> bool {
        let id = || RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        !candidate.is_counterpart()
            && self.recipe.rewritten(&place.fingerprint, candidate).is_none()
            && (self.rulings.unlooked.is_empty() || !self.rulings.unlooked.contains(&id()))
    }

    /// The text of a candidate, which may be known without it.
    pub(super) fn text_of(&mut self, place: &Place, candidate: &Candidate) -> Result<String, BookError> {
        match candidate.text.is_empty() {
            false => Ok(candidate.text.clone()),
            true => self.text_at(place),
        }
    }

    /// The text at a place, as its row would have it.
    fn text_at(&mut self, place: &Place) -> Result<String, BookError> {
        let candidate = self.candidate_at(place)?;
        if is_in_doubt(&candidate)
            && let Looked::As(looked) = self.looked_with_text(place, &candidate)?.looked
        {
            return Ok(looked.text.clone());
        }
        Ok(candidate.text)
    }

    /// The candidate at a place with its text, before any second look.
    pub(super) fn candidate_at(&mut self, place: &Place) -> Result<Candidate, BookError> {
        if self.rulings.last.as_ref().is_none_or(|(of, _)| *of != place.fingerprint) {
            let max_tokens = self.recipe.config.sampling.max_tokens;
            let raw = match self.reader {
                Some(reader) => reader.answer(&place.fingerprint, max_tokens)?,
                None => None,
            };
            let raw = raw.ok_or(StoreError::Vanished)?;
            let candidates = self.recipe.judge.candidates(&raw, &self.recipe.values(place.cell), None);
            let candidates = self.recipe.curated(place.cell, &place.fingerprint, candidates.into());
            self.rulings.last = Some((place.fingerprint, candidates));
        }
        let candidates = self.rulings.last.as_ref().map(|(_, candidates)| candidates.as_ref());
        let candidate = candidates.and_then(|candidates| self.recipe.candidate_at(place, candidates));
        Ok(candidate.ok_or(StoreError::Vanished)?.into_owned())
    }

    /// Where the candidate stands that a demand is about.
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
    ///
    /// # Errors
    /// A template that fails, and a text that is not stored any more.
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
        if about.to == To::Names {
            let original = self.original_at(&place)?;
            let frame = self.models.looking_frame(recipe, place.cell);
            return Ok(looking::ask(frame, &original, probe));
        }
        let text = self.text_at(&place)?;
        match about.to {
            // Said above: that one text is not as its row would have it.
            To::Names => Err(StoreError::Vanished.into()),
            To::Embedder => {
                recipe.embedding_ask(&self.models, &text).ok_or_else(|| StoreError::Vanished.into())
            }
            To::Judge(judge) => {
                let judged = Judged { judge: judge.into(), cell: place.cell, text: &text };
                Ok(recipe.judge_ask(&self.models, judged, about.number.into(), probe)?)
            }
        }
    }

    /// The model that a demand is for, as an index.
    pub fn model_of(&self, demand: &Demand) -> usize {
        self.models.of_demand(self.recipe, demand)
    }

    /// The longest answer that a demand allows, in tokens of all its choices.
    pub fn longest_answer(&self, demand: &Demand) -> u64 {
        let config = &self.recipe.config;
        match demand.about.map(|about| about.to) {
            None => u64::from(config.sampling.max_tokens) * u64::from(config.response.n),
            Some(To::Names) => looking::MAX_TOKENS.into(),
            Some(To::Embedder) => 0,
            Some(To::Judge(judge)) => config.checks.judges[usize::from(judge)].sampling.max_tokens.into(),
        }
    }

    /// How far a candidate is that passed its own checks.
    pub(super) fn stand(&mut self, place: &Place, candidate: &Candidate) -> Result<Stand, BookError> {
        let (accepted, open) = self.lacking(place, candidate)?;
        Ok(match open.first().map(|(about, _)| about.to) {
            Some(to) => {
                let behind = match to {
                    To::Judge(judge) if !is_in_doubt(candidate) => {
                        self.heard_behind(place, candidate, judge)?
                    }
                    // What judges are shown then, or were, is not worth finding out.
                    _ => Vec::new(),
                };
                Stand::Open(to, open.len() as u32, behind)
            }
            None if accepted => Stand::Accepted,
            None => Stand::Refused,
        })
    }

    /// Whether a candidate is accepted, or what has to be asked next about it.
    ///
    /// # Errors
    /// As an evaluation.
    pub fn lacking(
        &mut self,
        place: &Place,
        candidate: &Candidate,
    ) -> Result<(bool, Vec<(About, Fingerprint)>), BookError> {
        let refused = (false, Vec::new());
        let looked = match is_in_doubt(candidate) {
            false => None,
            true => match self.look(place, candidate)?.looked {
                Looked::Open(open) => return Ok((false, open)),
                Looked::As(looked) if looked.outcome.is_err() => return Ok(refused),
                Looked::As(looked) => Some(looked),
            },
        };
        let candidate = looked.as_deref().unwrap_or(candidate);
        if self.recipe.config.dedup.semantic.is_some() {
            match self.mean(place, candidate)?.meant {
                Meant::Open(open) => return Ok((false, open)),
                Meant::Refused(_) => return Ok(refused),
                Meant::Known(_) => {}
            }
        }
        Ok(match self.rule(place, candidate)?.ruling {
            Ruling::Open(open) => (false, open),
            Ruling::Accepted(_) => (true, Vec::new()),
            Ruling::Refused(_) => refused,
        })
    }

    /// The fingerprints of all that may be asked about the texts of the stored answer to an ask.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub(super) fn requests_about(&mut self, cell: usize, ask: u32) -> Result<Vec<Fingerprint>, BookError> {
        let mut out = Vec::new();
        self.texts = true;
        let (fingerprint, stored) = self.read(cell, ask)?;
        let Stored::Answer(answer) = stored else { return Ok(out) };
        let place = |index| Place { cell, ask, fingerprint, index };
        let own = answer.iter().enumerate().map(|(index, candidate)| (place(index), candidate.clone()));
        let beside = answer.iter().enumerate().filter_map(|(index, candidate)| {
            let counterpart = self.recipe.counterpart(cell, &fingerprint, candidate)?;
            Some((place(index | COUNTERPART as usize), counterpart))
        });
        let all: Vec<(Place, Candidate)> = own.chain(beside).collect();
        for (place, candidate) in &all {
            let Ok(passed) = &candidate.outcome else { continue };
            let mut text = candidate.text.clone();
            if passed.doubtful.is_some() {
                let look = self.look(place, candidate)?;
                out.extend(look.asked);
                // What it says then is not known, so nothing was asked about that.
                let Looked::As(looked) = look.looked else { continue };
                text.clone_from(&looked.text);
            }
            let room = &mut self.rulings.room;
            out.extend(self.recipe.embedding_fingerprint(&self.models, &text, room));
            for (judge, model) in self.recipe.judges.iter().enumerate() {
                let judged = Judged { judge, cell, text: &text };
                for number in 0..model.asks() {
                    out.push(self.recipe.judge_fingerprint(&self.models, judged, number, room)?);
                }
            }
        }
        Ok(out)
    }
}
