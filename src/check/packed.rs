//! Verdicts as bytes, for a cache of them.

use super::{Candidate, Mends, Passed, Reason};
use crate::dedup::{Bag, TextKey};

impl Candidate {
    /// Appends the verdict, without texts and fields.
    pub fn pack(&self, out: &mut Vec<u8>) {
        out.extend(self.choice.to_le_bytes());
        out.extend(self.item.to_le_bytes());
        out.push(self.mended.bits());
        match &self.outcome {
            Ok(passed) => {
                let elements = passed.bag.as_deref().map(Bag::elements);
                out.push(match (&passed.doubtful, elements) {
                    (Some(_), _) => DOUBTFUL,
                    (None, Some(_)) => BAG,
                    (None, None) => PASSED,
                });
                out.extend(passed.key.0);
                out.extend(passed.named.to_le_bytes());
                if let Some(elements) = elements.filter(|_| passed.doubtful.is_none()) {
                    out.extend((elements.len() as u32).to_le_bytes());
                    elements.iter().for_each(|element| out.extend(element.to_le_bytes()));
                }
            }
            Err(reason) => {
                out.push(REJECTED);
                // A reason is a flat object, which always has a form in JSON.
                let reason = serde_json::to_vec(reason).unwrap_or_default();
                out.extend((reason.len() as u32).to_le_bytes());
                out.extend(reason);
            }
        }
    }

    /// Takes a verdict off the front; `None` where there is none.
    pub fn unpack(bytes: &mut &[u8]) -> Option<Self> {
        let choice = u32::from_le_bytes(take(bytes)?);
        let item = u32::from_le_bytes(take(bytes)?);
        let [mended, kind] = take(bytes)?;
        let outcome = match kind {
            PASSED | BAG | DOUBTFUL => {
                let key = TextKey(take(bytes)?);
                let named = u32::from_le_bytes(take(bytes)?);
                let bag = match kind {
                    BAG => {
                        let (elements, rest) = {
                            let length = u32::from_le_bytes(take(bytes)?) as usize;
                            bytes.split_at_checked(length.checked_mul(8)?)?
                        };
                        *bytes = rest;
                        let elements = elements.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
                        Some(Box::new(Bag::of_elements(key, elements.collect())?))
                    }
                    _ => None,
                };
                let doubtful = (kind == DOUBTFUL).then(Box::default);
                Ok(Passed { key, bag, named, fields: None, spans: Box::default(), doubtful })
            }
            REJECTED => {
                let length = u32::from_le_bytes(take(bytes)?) as usize;
                let (reason, rest) = bytes.split_at_checked(length)?;
                *bytes = rest;
                Err(serde_json::from_slice::<Reason>(reason).ok()?)
            }
            _ => return None,
        };
        let mended = Mends::from_bits(mended)?;
        Some(Self { choice, item, text: String::new(), mended, outcome })
    }
}

const REJECTED: u8 = 0;
const PASSED: u8 = 1;
/// One whose words are kept too.
const BAG: u8 = 2;
/// One with a name in doubt, of which no words are kept yet.
const DOUBTFUL: u8 = 3;

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::repetition::Loop;
    use crate::check::unfinished::Break;
    use crate::dedup::{Similarity, Statistics};

    fn reasons() -> Vec<Reason> {
        vec![
            Reason::Empty,
            Reason::Whitespace,
            Reason::Finish { reason: "content_filter".into() },
            Reason::Schema { why: "at `/x`, against `\"é`".into() },
            Reason::Words { found: 3 },
            Reason::Repetition { what: Loop::Words(2) },
            Reason::Repetition { what: Loop::Refrain },
            Reason::Unfinished { how: Break::AtMaxLength },
            Reason::Language { found: "de".into() },
            Reason::Sentiment { score: -7500 },
            Reason::OffLimits { of: "held.tsv:3".into(), similarity: Similarity(4711) },
            Reason::Anonymize { category: "NAME".into() },
        ]
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(text in "\\PC{0,60}", with_bag in any::<bool>(), named in any::<u32>(), choice in any::<u32>()) {
            let key = TextKey::of(&text);
            let bag = with_bag.then(|| Box::new(Bag::with_key(&text, key, Statistics::shipped())));
            let passed = Passed { key, bag, named, fields: None, spans: Box::default(), doubtful: None };
            let doubtful = Passed { bag: None, doubtful: Some(Box::default()), ..passed.clone() };
            let candidate = |outcome| Candidate { choice, item: 1, text: String::new(), mended: Mends::default(), outcome };
            let mut all: Vec<Candidate> = reasons().into_iter().map(|reason| candidate(Err(reason))).collect();
            all.extend([passed, doubtful].map(|passed| candidate(Ok(passed))));
            let mut bytes = Vec::new();
            all.iter().for_each(|candidate| candidate.pack(&mut bytes));
            let mut rest = &bytes[..];
            for candidate in &all {
                let read = Candidate::unpack(&mut rest);
                prop_assert_eq!(read.as_ref(), Some(candidate));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_verdicts_or_none(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut rest = &bytes[..];
            while Candidate::unpack(&mut rest).is_some() {}
        }
    }
}
