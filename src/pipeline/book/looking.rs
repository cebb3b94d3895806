//! What the store holds of second looks at names in doubt.

use std::sync::Arc;

use super::about::OnFile;
use super::{BookError, StoreBook};
use crate::check::Candidate;
use crate::check::second::quotes;
use crate::dataset::evaluate::{About, Look, Looked, Place, To};
use crate::dataset::looking;
use crate::model::RowId;

impl StoreBook<'_> {
    /// What a second look makes of a candidate with a name in doubt.
    pub(super) fn look(&mut self, place: &Place, candidate: &Candidate) -> Result<Look, BookError> {
        let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        if !self.texts
            && let Some(known) = self.rulings.looked.get(&id)
        {
            return Ok(Look { asked: Vec::new(), looked: Looked::As(known.clone()) });
        }
        let own = self.has_own_text(place, candidate);
        let found = self.ruled.as_mut().filter(|_| own).and_then(|ruled| ruled.look(place, candidate));
        let is_kept = found.is_some();
        if let Some(found) = found.filter(|_| !self.texts) {
            return Ok(found);
        }
        let mut look = self.looked_with_text(place, candidate)?;
        let Looked::As(looked) = &look.looked else { return Ok(look) };
        let bare = Arc::new(without_texts(looked));
        // Whether it lasts is known only now.
        let own = !is_kept && self.has_own_text(place, candidate);
        if let Some(ruled) = self.ruled.as_mut().filter(|_| own) {
            ruled.keep_look(place, candidate, &look.asked, &bare);
        }
        if self.memory.is_some() {
            self.rulings.looked.insert(id, bare.clone());
        }
        if !self.texts {
            look.looked = Looked::As(bare);
        }
        Ok(look)
    }

    /// The same with its text, which is read where it is not at hand.
    pub(super) fn looked_with_text(
        &mut self,
        place: &Place,
        candidate: &Candidate,
    ) -> Result<Look, BookError> {
        let original = match original_of(candidate) {
            Some(original) => original.to_owned(),
            None => self.original_at(place)?,
        };
        let frame = self.models.looking_frame(self.recipe, place.cell);
        let fingerprint = looking::fingerprint(frame, &original, &mut self.rulings.room);
        let asked = vec![fingerprint];
        let judge = &self.recipe.judge;
        let looked = match self.find_about(&fingerprint, looking::MAX_TOKENS)? {
            OnFile::Missing => {
                let about = About { to: To::Names, number: 0, index: place.index as u32 };
                return Ok(Look { asked, looked: Looked::Open(vec![(about, fingerprint)]) });
            }
            OnFile::Answer(raw) => judge.looked(candidate, &original, quotes(&raw).as_deref()).0,
            OnFile::GivenUp(_) => {
                let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
                self.rulings.unlooked.insert(id);
                judge.looked::<&str>(candidate, &original, None).0
            }
        };
        Ok(Look { asked, looked: Looked::As(Arc::new(looked)) })
    }

    /// The text at a place before anything was taken out of it.
    pub(super) fn original_at(&mut self, place: &Place) -> Result<String, BookError> {
        let candidate = self.candidate_at(place)?;
        let original = original_of(&candidate).map(str::to_owned);
        Ok(original.unwrap_or(candidate.text))
    }
}

fn original_of(candidate: &Candidate) -> Option<&str> {
    let passed = candidate.outcome.as_ref().ok()?;
    passed.doubtful.as_deref().filter(|original| !original.is_empty())
}

fn without_texts(candidate: &Candidate) -> Candidate {
    let mut outcome = candidate.outcome.clone();
    if let Ok(passed) = &mut outcome {
        (passed.fields, passed.spans) = (None, Box::default());
    }
    Candidate { text: String::new(), outcome, ..*candidate }
}
