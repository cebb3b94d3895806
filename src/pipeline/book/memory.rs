//! What a run remembers of the store between its evaluations.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Ready;
use crate::check::Candidate;
use crate::dataset::Stored;
use crate::dataset::evaluate::Demand;
use crate::model::Fingerprint;

/// The most bytes of texts that are remembered; the texts beyond are read again when the files are
/// written.
const TEXTS: usize = 16 << 20;

/// Fingerprints and verdicts: some 200 bytes for each ask that is stored, 34 for one that is not.
pub struct Memory {
    /// By cell: the fingerprint of its first ask, once it was worked out.
    first: Vec<Fingerprint>,
    further: HashMap<(u32, u32), Fingerprint>,
    /// By cell: how many of its first asks were looked up.
    looked: Vec<u16>,
    /// What is stored for the asks that were looked up; the rest of them is missing.
    known: HashMap<Fingerprint, Known>,
    /// To be looked up again.
    forgotten: HashSet<Fingerprint>,
    /// Bytes of texts that are held.
    texts: usize,
}

/// No hash comes out like this.
const UNKNOWN: Fingerprint = Fingerprint([0; 32]);

struct Known {
    stored: Stored,
    /// Whether its texts are held.
    texts: bool,
}

impl Memory {
    /// What is remembered to begin with is that some asks are missing.
    pub fn new(cells: usize, missing: &[Demand]) -> Self {
        let mut out = Self {
            first: vec![UNKNOWN; cells],
            further: HashMap::new(),
            looked: vec![0; cells],
            known: HashMap::new(),
            forgotten: HashSet::new(),
            texts: 0,
        };
        // Of a later ask those before it are stored, and not known yet.
        for Demand { cell, fingerprint, .. } in
            missing.iter().filter(|demand| demand.ask == 0 && demand.about.is_none())
        {
            out.reach(*cell, 0, *fingerprint);
        }
        out
    }

    /// Remembers that an ask was looked up, and that what is not known by its fingerprint is missing.
    fn reach(&mut self, cell: usize, ask: u32, fingerprint: Fingerprint) {
        match ask {
            0 => self.first[cell] = fingerprint,
            further => {
                self.further.insert((cell as u32, further), fingerprint);
            }
        }
        // One that is looked at before its turn is looked up again.
        let looked = &mut self.looked[cell];
        if u32::from(*looked) == ask {
            *looked = looked.saturating_add(1);
        }
        self.forgotten.remove(&fingerprint);
    }

    pub fn fingerprint(&self, cell: usize, ask: u32) -> Option<Fingerprint> {
        match ask {
            0 => Some(self.first[cell]).filter(|fingerprint| *fingerprint != UNKNOWN),
            ask => self.further.get(&(cell as u32, ask)).copied(),
        }
    }

    /// What is known of an ask, with its texts if they are wanted.
    pub fn recall(&self, ask: &Ready, texts: bool) -> Option<Stored> {
        if let Some(known) = self.known.get(&ask.fingerprint) {
            return (known.texts || !texts).then(|| known.stored.clone());
        }
        let looked = u32::from(self.looked[ask.cell]) > ask.ask;
        (looked && !self.forgotten.contains(&ask.fingerprint)).then_some(Stored::Missing)
    }

    /// What was judged of an ask's answer.
    pub fn verdicts(&self, fingerprint: &Fingerprint) -> Option<Arc<[Candidate]>> {
        match &self.known.get(fingerprint)?.stored {
            Stored::Answer(answer) => Some(answer.clone()),
            Stored::Tombstone(_) | Stored::Missing => None,
        }
    }

    /// Remembers what was read for an ask.
    pub fn keep(&mut self, ask: &Ready, texts: bool) {
        self.reach(ask.cell, ask.ask, ask.fingerprint);
        if !matches!(ask.stored, Stored::Missing) && !self.known.contains_key(&ask.fingerprint) {
            self.learn(ask.fingerprint, ask.stored.clone(), texts);
        }
    }

    /// Takes in what is stored for an ask; with its texts, as long as there is room.
    pub fn learn(&mut self, fingerprint: Fingerprint, stored: Stored, texts: bool) {
        let length = match &stored {
            Stored::Answer(answer) if texts => answer.iter().map(size).sum(),
            _ => 0,
        };
        let held = texts && self.texts + length <= TEXTS;
        let stored = match stored {
            Stored::Answer(answer) if texts && !held => Stored::Answer(answer.iter().map(bare).collect()),
            other => other,
        };
        if held {
            self.texts += length;
        }
        self.forgotten.remove(&fingerprint);
        self.known.insert(fingerprint, Known { stored, texts: held });
    }

    pub fn forget(&mut self, fingerprint: &Fingerprint) {
        self.known.remove(fingerprint);
        self.forgotten.insert(*fingerprint);
    }

    /// Looks up again what was missing.
    pub fn look_again(&mut self) {
        self.looked.fill(0);
    }
}

/// About how many bytes the texts of a candidate take.
fn size(candidate: &Candidate) -> usize {
    let fields = candidate.outcome.as_ref().ok().and_then(|passed| passed.fields.as_ref());
    let doubtful = candidate.outcome.as_ref().ok().and_then(|passed| passed.doubtful.as_ref());
    candidate.text.len()
        + fields.map_or(0, |fields| 256 * fields.len())
        + doubtful.map_or(0, |original| original.len())
}

/// A candidate without its texts.
fn bare(candidate: &Candidate) -> Candidate {
    let mut outcome = candidate.outcome.clone();
    if let Ok(passed) = &mut outcome {
        passed.fields = None;
        passed.doubtful = passed.doubtful.is_some().then(Box::default);
    }
    Candidate { text: String::new(), outcome, ..*candidate }
}
