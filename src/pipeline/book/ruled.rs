//! What was found out about texts before, as caches beside the store: rulings of judges, meanings, and second
//! looks.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use super::sequence::{Head, Sequence};
use crate::check::{Candidate, Reason, judge_reason};
use crate::dataset::evaluate::{Judgement, Look, Looked, Meaning, Meant, Place, Ruling};
use crate::dataset::{Models, Recipe};
use crate::dedup::Direction;
use crate::model::Fingerprint;

/// Rulings, meanings and second looks of one config.
#[derive(Debug)]
pub struct Ruled {
    looks: Option<Sequence>,
    rulings: Option<Sequence>,
    meanings: Option<Sequence>,
}

impl Ruled {
    /// Only what a config has judges or embeddings for has a file; `of` opens it, by its ending and its head.
    pub fn open(recipe: &Recipe, head: Head, models: &Models, of: impl Fn(&str, Head) -> Sequence) -> Self {
        let config = &recipe.config;
        let identities: Vec<Value> =
            models.list().iter().map(|model| json!([model.identity, model.endpoints])).collect();
        let under = |what: Value| *blake3::keyed_hash(&head, what.to_string().as_bytes()).as_bytes();
        // Which model judges hangs on all there are, and on their weights.
        let endpoints: Vec<Value> =
            config.endpoints.iter().map(|of| json!([of.name, of.model, of.weight])).collect();
        // What a text says may hang on a second look.
        let look = &config.anonymize.second_look;
        let all = json!([identities, endpoints, look]);
        let looks = look.as_ref().map(|_| of("looks", under(all.clone())));
        let rulings = recipe.rules_on_texts().then(|| {
            let judges: Vec<Value> =
                config.checks.judges.iter().map(|judge| json!([judge.name, judge])).collect();
            of("rulings", under(json!([all, judges])))
        });
        let meanings = config.dedup.semantic.as_ref().map(|semantic| {
            let model = &models.list()[models.embedding(recipe)].identity;
            let text = look.as_ref().map(|_| &all);
            of("meanings", under(json!([model, semantic.prefix, text])))
        });
        Self { looks, rulings, meanings }
    }

    /// Whether all that was looked for so far was found, so that texts need not be read for it.
    pub fn is_whole(&self) -> bool {
        self.looks.iter().chain(&self.rulings).chain(&self.meanings).all(Sequence::is_whole)
    }

    /// What is known of what a second look makes of a candidate: without texts.
    pub fn look(&mut self, place: &Place, candidate: &Candidate) -> Option<Look> {
        let (sequence, key) = (self.looks.as_mut()?, key(place, candidate));
        let ((asked, looked), place) = sequence.find(&key, unpack_look)?;
        sequence.keep(&key, |out| pack_look(&asked, &looked, out), Some(place));
        Some(Look { asked, looked: Looked::As(Arc::new(looked)) })
    }

    /// Leaves what a second look makes of a candidate for the next evaluation.
    pub fn keep_look(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        asked: &[Fingerprint],
        looked: &Candidate,
    ) {
        if let Some(sequence) = &mut self.looks {
            sequence.keep(&key(place, candidate), |out| pack_look(asked, looked, out), None);
        }
    }

    /// What is known of the ruling on a candidate.
    pub fn ruling(&mut self, place: &Place, candidate: &Candidate) -> Option<Judgement> {
        let (sequence, key) = (self.rulings.as_mut()?, key(place, candidate));
        let (judgement, place) = sequence.find(&key, unpack_judgement)?;
        sequence.keep(&key, |out| pack_judgement(&judgement, out), Some(place));
        Some(judgement)
    }

    /// Leaves a ruling for the next evaluation.
    pub fn keep_ruling(&mut self, place: &Place, candidate: &Candidate, judgement: &Judgement) {
        if let Some(sequence) = &mut self.rulings {
            sequence.keep(&key(place, candidate), |out| pack_judgement(judgement, out), None);
        }
    }

    /// What is known of what a candidate means.
    pub fn meaning(&mut self, place: &Place, candidate: &Candidate) -> Option<Meaning> {
        let (sequence, key) = (self.meanings.as_mut()?, key(place, candidate));
        let (meaning, place): (_, Range<u64>) = sequence.find(&key, unpack_meaning)?;
        sequence.keep(&key, |out| pack_meaning(&meaning, out), Some(place));
        Some(meaning)
    }

    /// Leaves what a candidate means for the next evaluation.
    pub fn keep_meaning(&mut self, place: &Place, candidate: &Candidate, meaning: &Meaning) {
        if let Some(sequence) = &mut self.meanings {
            sequence.keep(&key(place, candidate), |out| pack_meaning(meaning, out), None);
        }
    }

    pub fn finish(self) {
        self.looks.into_iter().chain(self.rulings).chain(self.meanings).for_each(Sequence::finish);
    }
}

/// Under what a candidate is known: the fingerprint of its ask, with its place in the answer mixed in.
fn key(place: &Place, candidate: &Candidate) -> Fingerprint {
    let mut key = place.fingerprint;
    let own = u64::from(candidate.choice) << 32 | u64::from(candidate.item);
    // An odd factor keeps different places apart.
    for (byte, mixed) in key.0.iter_mut().zip(own.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()) {
        *byte ^= mixed;
    }
    key
}

fn pack_asked(asked: &[Fingerprint], out: &mut Vec<u8>) {
    out.extend((asked.len() as u32).to_le_bytes());
    asked.iter().for_each(|asked| out.extend(asked.0));
}

fn unpack_asked(bytes: &mut &[u8]) -> Option<Vec<Fingerprint>> {
    let (count, rest) = bytes.split_first_chunk()?;
    let (asked, rest) = rest.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(32)?)?;
    *bytes = rest;
    Some(asked.as_chunks().0.iter().map(|bytes| Fingerprint(*bytes)).collect())
}

/// A look that is not open.
fn pack_look(asked: &[Fingerprint], looked: &Candidate, out: &mut Vec<u8>) {
    pack_asked(asked, out);
    looked.pack(out);
}

fn unpack_look(mut bytes: &[u8]) -> Option<(Vec<Fingerprint>, Candidate)> {
    let asked = unpack_asked(&mut bytes)?;
    let looked = Candidate::unpack(&mut bytes)?;
    bytes.is_empty().then_some((asked, looked))
}

const ACCEPTED: u8 = 0;
const SHOWN: u8 = 1;
const REFUSED: u8 = 2;
/// Nothing that can be read back: the next evaluation looks for itself.
const OPEN: u8 = 3;

fn pack_judgement(judgement: &Judgement, out: &mut Vec<u8>) {
    let (judges, asked): (Vec<u16>, Vec<Fingerprint>) = judgement.asked.iter().copied().unzip();
    pack_asked(&asked, out);
    judges.iter().for_each(|judge| out.extend(judge.to_le_bytes()));
    match &judgement.ruling {
        Ruling::Accepted(None) => out.push(ACCEPTED),
        Ruling::Open(_) => out.push(OPEN),
        Ruling::Accepted(Some(columns)) => {
            out.push(SHOWN);
            // Digits that are read back may be another number in the last bit.
            let exact = |(name, value): (&String, &Value)| match value.as_f64().filter(|_| value.is_f64()) {
                Some(number) => json!([name, number.to_bits(), true]),
                None => json!([name, value, false]),
            };
            let columns: Vec<Value> = columns.iter().map(exact).collect();
            out.extend(serde_json::to_vec(&columns).unwrap_or_default());
        }
        Ruling::Refused(reason) => {
            out.push(REFUSED);
            out.extend(json!([reason.name(), reason.to_string()]).to_string().into_bytes());
        }
    }
}

fn unpack_judgement(mut bytes: &[u8]) -> Option<Judgement> {
    let asked = unpack_asked(&mut bytes)?;
    let (judges, bytes) = bytes.split_at_checked(2 * asked.len())?;
    let judges = judges.as_chunks().0.iter().map(|judge| u16::from_le_bytes(*judge));
    let asked = judges.zip(asked).collect();
    let (kind, rest) = bytes.split_first()?;
    let ruling = match *kind {
        ACCEPTED if rest.is_empty() => Ruling::Accepted(None),
        SHOWN => {
            let columns: Vec<(String, Value, bool)> = serde_json::from_slice(rest).ok()?;
            let exact = |(name, value, is_bits): (String, Value, bool)| match is_bits {
                true => Some((name, json!(f64::from_bits(value.as_u64()?)))),
                false => Some((name, value)),
            };
            Ruling::Accepted(Some(Arc::new(columns.into_iter().map(exact).collect::<Option<_>>()?)))
        }
        REFUSED => {
            let (name, why): (String, String) = serde_json::from_slice(rest).ok()?;
            let judge = match name.as_str() {
                Reason::LABEL => Reason::LABEL,
                name => judge_reason(name.strip_prefix("judge:")?),
            };
            Ruling::Refused(Arc::new(Reason::Judge { judge, why }))
        }
        _ => return None,
    };
    Some(Judgement { asked, ruling })
}

/// A meaning that is known.
fn pack_meaning(meaning: &Meaning, out: &mut Vec<u8>) {
    pack_asked(&meaning.asked, out);
    if let Meant::Known(direction) = &meaning.meant {
        direction.steps().iter().for_each(|step| out.extend(step.to_le_bytes()));
    }
}

fn unpack_meaning(mut bytes: &[u8]) -> Option<Meaning> {
    let asked = unpack_asked(&mut bytes)?;
    let (steps, rest) = bytes.as_chunks();
    let direction = Direction::of_steps(steps.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect())?;
    rest.is_empty().then(|| Meaning { asked, meant: Meant::Known(Arc::new(direction)) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::{Mends, Passed};
    use crate::dedup::TextKey;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            asked in prop::collection::vec(any::<u8>(), 0..4),
            said in prop::option::of("\\PC{0,20}"),
            judge in prop::sample::select(vec![judge_reason("ruled"), Reason::LABEL]),
            refused in any::<bool>(),
            number in -5.0f64..5.0,
            embedding in prop::collection::vec(-1.0f32..1.0, 1..90),
        ) {
            let asked: Vec<_> = asked.iter().map(|byte| Fingerprint([*byte; 32])).collect();
            let ruling = match (refused, said) {
                (true, said) => {
                    Ruling::Refused(Arc::new(Reason::Judge { judge, why: said.unwrap_or_default() }))
                }
                (false, said) => {
                    let columns = |said| [("a".to_owned(), json!(said)), ("b".to_owned(), json!(number))];
                    Ruling::Accepted(said.map(|said| Arc::new(columns(said).into_iter().collect())))
                }
            };
            let judgement =
                Judgement { asked: asked.iter().map(|asked| (asked.0[0].into(), *asked)).collect(), ruling };
            let mut bytes = Vec::new();
            pack_judgement(&judgement, &mut bytes);
            prop_assert_eq!(format!("{:?}", unpack_judgement(&bytes)), format!("{:?}", Some(judgement)));
            let Some(direction) = Direction::of(&embedding) else { return Ok(()) };
            let meaning = Meaning { asked, meant: Meant::Known(Arc::new(direction)) };
            bytes.clear();
            pack_meaning(&meaning, &mut bytes);
            prop_assert_eq!(format!("{:?}", unpack_meaning(&bytes)), format!("{:?}", Some(meaning)));
        }

        #[test]
        fn looks_come_back(asked in any::<u8>(), text in "\\PC{0,20}", dropped in any::<bool>()) {
            let key = TextKey::of(&text);
            let passed = Passed { key, bag: None, named: 3, fields: None, spans: Box::default(), doubtful: None };
            let outcome = if dropped { Err(Reason::Anonymize { category: "NAME".into() }) } else { Ok(passed) };
            let looked =
                Candidate { choice: 1, item: 2, text: String::new(), mended: Mends::default(), outcome };
            let asked = vec![Fingerprint([asked; 32])];
            let mut bytes = Vec::new();
            pack_look(&asked, &looked, &mut bytes);
            prop_assert_eq!(unpack_look(&bytes), Some((asked, looked)));
            bytes.push(0);
            prop_assert_eq!(unpack_look(&bytes), None);
        }

        #[test]
        fn what_is_open_is_not_read_back_as_settled(asked in any::<u8>()) {
            let asked = vec![(0, Fingerprint([asked; 32]))];
            let mut bytes = Vec::new();
            pack_judgement(&Judgement { asked: asked.clone(), ruling: Ruling::Open(Vec::new()) }, &mut bytes);
            prop_assert!(unpack_judgement(&bytes).is_none());
            bytes.clear();
            let asked = asked.into_iter().map(|(_, asked)| asked).collect();
            pack_meaning(&Meaning { asked, meant: Meant::Open(Vec::new()) }, &mut bytes);
            prop_assert!(unpack_meaning(&bytes).is_none());
        }

        #[test]
        fn any_bytes_are_rulings_or_none(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
            let _ = (unpack_judgement(&bytes), unpack_meaning(&bytes), unpack_look(&bytes));
            let front = [&[0, 0, 0, 0, REFUSED], &bytes[..]].concat();
            let _ = (unpack_judgement(&front), unpack_meaning(&front));
        }
    }
}
