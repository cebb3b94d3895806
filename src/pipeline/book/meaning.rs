//! What the store holds of embeddings.

use std::sync::Arc;

use super::about::OnFile;
use super::{BookError, StoreBook};
use crate::check::embedding::Embedding;
use crate::check::{Candidate, Reason};
use crate::dataset::evaluate::{About, Meaning, Meant, Place, To};
use crate::model::RowId;

impl StoreBook<'_> {
    /// What a candidate means.
    pub(super) fn mean(&mut self, place: &Place, candidate: &Candidate) -> Result<Meaning, BookError> {
        let id = RowId::of(&place.fingerprint, candidate.choice, candidate.item);
        let known = self.rulings.meant.get(&id).cloned();
        if let Some(known) = known.clone().filter(|_| !self.texts) {
            return Ok(Meaning { asked: Vec::new(), meant: Meant::Known(known) });
        }
        let own = self.has_own_text(place, candidate);
        if let Some(found) =
            self.ruled.as_mut().filter(|_| own).and_then(|ruled| ruled.meaning(place, candidate))
        {
            return Ok(found);
        }
        let text = self.text_of(place, candidate)?;
        let fingerprint = self
            .recipe
            .embedding_fingerprint(&self.models, &text, &mut self.rulings.room)
            .unwrap_or(place.fingerprint);
        let asked = vec![fingerprint];
        if let Some(known) = known {
            let meaning = Meaning { asked, meant: Meant::Known(known) };
            self.keep_meaning(place, candidate, &meaning);
            return Ok(meaning);
        }
        let refused = |why: String| Meant::Refused(Arc::new(Reason::Embedding { why }));
        let meant = match self.find_about(&fingerprint, 0)? {
            OnFile::Missing => {
                let about = About { to: To::Embedder, number: 0, index: place.index as u32 };
                Meant::Open(vec![(about, fingerprint)])
            }
            OnFile::GivenUp(reason) => refused(reason.to_string()),
            OnFile::Answer(raw) => match Embedding::parse(&raw) {
                Ok(embedding) => Meant::Known(Arc::new(embedding.direction())),
                Err(why) => refused(why),
            },
        };
        let meaning = Meaning { asked, meant };
        if let Meant::Known(direction) = &meaning.meant {
            if self.memory.is_some() {
                self.rulings.meant.insert(id, direction.clone());
            }
            self.keep_meaning(place, candidate, &meaning);
        }
        Ok(meaning)
    }

    fn keep_meaning(&mut self, place: &Place, candidate: &Candidate, meaning: &Meaning) {
        let own = self.has_own_text(place, candidate);
        if let Some(ruled) = self.ruled.as_mut().filter(|_| own) {
            ruled.keep_meaning(place, candidate, meaning);
        }
    }
}
