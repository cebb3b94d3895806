//! What a run remembers of the store between its evaluations.

use std::collections::HashMap;
use std::sync::Arc;

use super::Ready;
use crate::check::Candidate;
use crate::dataset::Stored;
use crate::dataset::evaluate::Demand;
use crate::model::Fingerprint;

/// The most bytes of texts that are remembered; the texts beyond are read again when the files are
/// written.
const TEXTS: usize = 16 << 20;

/// Fingerprints and verdicts: 64 bytes for each cell, some 100 for each ask but the first of a cell, and some
/// 100 for the verdicts of an answer.
pub struct Memory {
    /// By cell: its first ask.
    first: Vec<Known>,
    further: HashMap<(u32, u32), Known>,
    /// Bytes of texts that are held.
    texts: usize,
}

/// No hash comes out like this.
const UNKNOWN: Fingerprint = Fingerprint([0; 32]);

/// What is known of an ask.
struct Known {
    /// `UNKNOWN` before it was worked out.
    fingerprint: Fingerprint,
    stored: Stored,
    /// Whether it was looked up what is stored.
    looked_up: bool,
    /// Whether its texts are held.
    texts: bool,
}

impl Known {
    const NOTHING: Known =
        Known { fingerprint: UNKNOWN, stored: Stored::Missing, looked_up: false, texts: false };
}

impl Memory {
    /// What is remembered to begin with is that some asks are missing.
    pub fn new(cells: usize, missing: &[Demand]) -> Self {
        let first = std::iter::repeat_with(|| Known::NOTHING).take(cells).collect();
        let mut out = Self { first, further: HashMap::new(), texts: 0 };
        // Of a later ask those before it are stored, and not known yet.
        for demand in missing.iter().filter(|demand| demand.ask == 0 && demand.about.is_none()) {
            let known = out.of(demand.cell, 0);
            (known.fingerprint, known.looked_up) = (demand.fingerprint, true);
        }
        out
    }

    /// What is known of an ask, to be changed.
    fn of(&mut self, cell: usize, ask: u32) -> &mut Known {
        match ask {
            0 => &mut self.first[cell],
            ask => self.further.entry((cell as u32, ask)).or_insert(Known::NOTHING),
        }
    }

    fn known(&self, cell: usize, ask: u32) -> Option<&Known> {
        match ask {
            0 => self.first.get(cell),
            ask => self.further.get(&(cell as u32, ask)),
        }
    }

    pub fn fingerprint(&self, cell: usize, ask: u32) -> Option<Fingerprint> {
        Some(self.known(cell, ask)?.fingerprint).filter(|fingerprint| *fingerprint != UNKNOWN)
    }

    /// What is known of an ask, with its texts if they are wanted.
    pub fn recall(&self, ask: &Ready, texts: bool) -> Option<Stored> {
        let known = self.known(ask.cell, ask.ask).filter(|known| known.looked_up)?;
        let is_enough = known.texts || !texts || matches!(known.stored, Stored::Missing);
        is_enough.then(|| known.stored.clone())
    }

    /// What was judged of an ask's answer.
    pub fn verdicts(&self, ask: &Ready) -> Option<Arc<[Candidate]>> {
        match &self.known(ask.cell, ask.ask)?.stored {
            Stored::Answer(answer) => Some(answer.clone()),
            Stored::Tombstone(_) | Stored::Missing => None,
        }
    }

    /// Remembers what was read for an ask.
    pub fn keep(&mut self, ask: &Ready, texts: bool) {
        if matches!(self.of(ask.cell, ask.ask).stored, Stored::Missing) {
            self.learn(ask.cell, ask.ask, ask.fingerprint, ask.stored.clone(), texts);
        }
    }

    /// Takes in what is stored for an ask; with its texts, as long as there is room.
    pub fn learn(&mut self, cell: usize, ask: u32, fingerprint: Fingerprint, stored: Stored, texts: bool) {
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
        *self.of(cell, ask) = Known { fingerprint, stored, looked_up: true, texts: held };
    }

    /// Looks up an ask again when it is next needed.
    pub fn forget(&mut self, cell: usize, ask: u32) {
        let known = self.of(cell, ask);
        *known = Known { fingerprint: known.fingerprint, ..Known::NOTHING };
    }

    /// Looks up again what was missing.
    pub fn look_again(&mut self) {
        for known in self.first.iter_mut().chain(self.further.values_mut()) {
            known.looked_up &= !matches!(known.stored, Stored::Missing);
        }
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
