//! What the store holds of embeddings.

use std::sync::Arc;

use super::about::Found;
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
        let text = self.text_of(place, candidate)?;
        let fingerprint = self
            .recipe
            .embedding_fingerprint(&self.models, &text, &mut self.rulings.room)
            .unwrap_or(place.fingerprint);
        let asked = vec![fingerprint];
        if let Some(known) = known {
            return Ok(Meaning { asked, meant: Meant::Known(known) });
        }
        let refused = |why: String| Meant::Refused(Arc::new(Reason::Embedding { why }));
        let meant = match self.find_about(&fingerprint, 0)? {
            Found::Missing => {
                let about = About { to: To::Embedder, number: 0, index: place.index as u32 };
                Meant::Open(vec![(about, fingerprint)])
            }
            Found::GivenUp(reason) => refused(reason.to_string()),
            Found::Answer(raw) => match Embedding::parse(&raw) {
                Ok(embedding) => Meant::Known(Arc::new(embedding.direction())),
                Err(why) => refused(why),
            },
        };
        if let (Meant::Known(direction), Some(_)) = (&meant, &self.memory) {
            self.rulings.meant.insert(id, direction.clone());
        }
        Ok(Meaning { asked, meant })
    }
}
