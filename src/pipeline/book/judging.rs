//! What the store holds of judges' answers.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::about::{OnFile, Said};
use super::{BookError, StoreBook};
use crate::check::{Candidate, JudgeModel, Reason};
use crate::dataset::Judged;
use crate::dataset::evaluate::{About, Judgement, Place, Ruling, To};
use crate::model::{Fingerprint, RowId};

/// What one judge says of a text.
enum Heard {
    Open(Vec<(About, Fingerprint)>),
    Refused(Reason),
    Accepted(Map<String, Value>),
}

impl StoreBook<'_> {
    /// What the judges say of a candidate that would be a row without them.
    pub(super) fn rule(&mut self, place: &Place, candidate: &Candidate) -> Result<Judgement, BookError> {
        let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        if !self.texts
            && let Some(known) = self.rulings.known.get(&id)
        {
            return Ok(Judgement { asked: Vec::new(), ruling: known.clone() });
        }
        let own = self.has_own_text(place, candidate);
        let found = self.ruled.as_mut().filter(|_| own).and_then(|ruled| ruled.ruling(place, candidate));
        let mut out = match found {
            Some(found) => found,
            None => {
                let text = self.text_of(place, candidate)?;
                let mut lasts = true;
                let out = self.rule_text(place, &text, &mut lasts)?;
                if let Some(ruled) = self.ruled.as_mut().filter(|_| lasts && own) {
                    ruled.keep_ruling(place, candidate, &out);
                }
                out
            }
        };
        let bare = match &out.ruling {
            Ruling::Accepted(_) => Some(Ruling::Accepted(None)),
            Ruling::Refused(reason) => Some(Ruling::Refused(reason.clone())),
            Ruling::Open(_) => None,
        };
        if self.memory.is_some() {
            self.rulings.known.extend(bare.clone().map(|ruling| (id, ruling)));
        }
        if let Some(bare) = bare.filter(|_| !self.texts) {
            out.ruling = bare;
        }
        Ok(out)
    }

    /// Each judge in its turn: the first that does not accept a text decides. `lasts` becomes false where the
    /// ruling hangs on more than answers, which stay.
    fn rule_text(&mut self, place: &Place, text: &str, lasts: &mut bool) -> Result<Judgement, BookError> {
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
            match self.hear(index, judge, (place, text), &mut asked, lasts)? {
                Heard::Open(open) => {
                    *lasts = false;
                    return Ok(Judgement { asked, ruling: Ruling::Open(open) });
                }
                Heard::Refused(reason) => {
                    return Ok(Judgement { asked, ruling: Ruling::Refused(reason.into()) });
                }
                Heard::Accepted(shown) => columns.extend(shown),
            }
        }
        let columns = (!columns.is_empty()).then(|| Arc::new(columns));
        Ok(Judgement { asked, ruling: Ruling::Accepted(columns) })
    }

    /// What one judge says of a text.
    fn hear(
        &mut self,
        index: usize,
        judge: &JudgeModel,
        (place, text): (&Place, &str),
        asked: &mut Vec<(u16, Fingerprint)>,
        lasts: &mut bool,
    ) -> Result<Heard, BookError> {
        let recipe = self.recipe;
        let judged = Judged { judge: index, cell: place.cell, text };
        let max_tokens = recipe.config.checks.judges[index].sampling.max_tokens;
        let (mut votes, mut open, mut last) = (Vec::new(), Vec::new(), Arc::from("missing"));
        for number in 0..judge.asks() {
            if votes.len() + open.len() == judge.votes() as usize {
                break;
            }
            let fingerprint =
                recipe.judge_fingerprint(&self.models, judged, number, &mut self.rulings.room)?;
            asked.push((index as u16, fingerprint));
            match self.find_about(&fingerprint, max_tokens)? {
                OnFile::Missing => {
                    let (to, number) = (To::Judge(index as u16), number as u16);
                    open.push((About { to, number, index: place.index as u32 }, fingerprint));
                }
                OnFile::GivenUp(reason) => {
                    *lasts = false;
                    last = reason;
                }
                OnFile::Answer(raw) => match judge.read(&raw) {
                    Ok(vote) => votes.push(vote),
                    Err(reason) => last = reason.name().into(),
                },
            }
        }
        if !open.is_empty() {
            return Ok(Heard::Open(open));
        }
        if votes.len() < judge.votes() as usize {
            return Ok(Heard::Refused(judge.unjudged(votes.len() as u32, &last)));
        }
        let verdict = recipe.verdict(judge, place.cell, &votes);
        Ok(match verdict.refused {
            Some(reason) => Heard::Refused(reason),
            None => Heard::Accepted(verdict.columns),
        })
    }

    /// What the judges behind one say of a text, as far as they were ever asked.
    pub(super) fn heard_behind(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        judge: u16,
    ) -> Result<Vec<Said>, BookError> {
        let text = self.text_of(place, candidate)?;
        let behind = self.recipe.judges.iter().enumerate().skip(usize::from(judge) + 1);
        let say = |(index, judge)| {
            Ok(match self.hear(index, judge, (place, &text), &mut Vec::new(), &mut true)? {
                Heard::Open(open) => Said::Open(open.len() as u32),
                Heard::Refused(_) => Said::No,
                Heard::Accepted(_) => Said::Yes,
            })
        };
        behind.map(say).collect()
    }
}
