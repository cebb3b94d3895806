//! Asks that are prepared together: their fingerprints, and what the store or a memory has for them.

use std::ops::Range;
use std::sync::{Arc, mpsc};

use rayon::prelude::*;

use super::{BookError, StoreBook};
use crate::check::Candidate;
use crate::dataset::{Recipe, Stored};
use crate::fingerprint::Room;
use crate::model::Fingerprint;
use crate::prompt::RenderError;

/// An ask, with what is stored for it.
pub struct Ready {
    pub cell: usize,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    pub stored: Stored,
    /// What is known of its answer before that is read.
    pub known: Option<Arc<[Candidate]>>,
    /// Where in the file of verdicts that was found.
    pub place: Option<Range<u64>>,
}

impl Ready {
    /// An ask of which nothing is known yet.
    pub fn new(cell: usize, ask: u32) -> Self {
        let fingerprint = Fingerprint([0; 32]);
        Self { cell, ask, fingerprint, stored: Stored::Missing, known: None, place: None }
    }
}

/// How many raw answers are judged at a time.
const PIECE: usize = 512;

/// Raw answers one behind the other, each with the number of its ask.
#[derive(Default)]
struct Piece {
    text: String,
    ends: Vec<(u32, usize)>,
}

impl Piece {
    fn push(&mut self, ask: u32, raw: &str) {
        self.text.push_str(raw);
        self.ends.push((ask, self.text.len()));
    }

    fn answers(&self) -> impl Iterator<Item = (u32, &str)> {
        let mut from = 0;
        self.ends.iter().map(move |(ask, end)| (*ask, &self.text[std::mem::replace(&mut from, *end)..*end]))
    }
}

/// How answers are judged.
#[derive(Clone, Copy)]
struct Judging<'a> {
    recipe: &'a Recipe,
    texts: bool,
}

impl Judging<'_> {
    fn candidates(&self, ask: &Ready, raw: &str) -> Arc<[Candidate]> {
        let values = self.recipe.values(ask.cell);
        match self.texts {
            true => self.recipe.judge.candidates(raw, &values, ask.known.as_deref()).into(),
            false => self.recipe.judge.verdicts(raw, &values).into(),
        }
    }
}

impl StoreBook<'_> {
    /// Looks up what is stored.
    fn look_up(&mut self, asks: &mut [Ready]) -> Result<(), BookError> {
        let Some(reader) = self.reader else { return Ok(()) };
        let mut open: Vec<u32> = (0..asks.len() as u32).collect();
        let read = self.reads_texts();
        let (memory, verdicts, texts) = (&self.memory, &mut self.verdicts, self.texts);
        open.retain(|at| {
            let ask = &mut asks[*at as usize];
            if let Some(memory) = memory {
                if let Some(stored) = memory.recall(ask, texts) {
                    ask.stored = stored;
                    return false;
                }
                ask.known = memory.verdicts(ask);
            }
            if ask.known.is_none()
                && let Some(verdicts) = verdicts
                && let Some(found) = verdicts.find(&ask.fingerprint)
            {
                ask.place = Some(found.place());
                ask.known = Some(found.verdicts);
            }
            match ask.known.take_if(|_| !read) {
                Some(known) => {
                    ask.stored = Stored::Answer(known);
                    false
                }
                None => true,
            }
        });
        if open.is_empty() || open.len() > PIECE && self.no_tombstones && !reader.has_completions()? {
            return Ok(());
        }
        let max_tokens = self.recipe.config.sampling.max_tokens;
        let judge = Judging { recipe: self.recipe, texts: read };
        let mut found: Vec<(u32, Arc<[Candidate]>)> = Vec::with_capacity(open.len());
        let fingerprints: Vec<_> = open.iter().map(|at| asks[*at as usize].fingerprint).collect();
        let answers = &mut self.answers;
        if let [one] = open.as_slice() {
            answers.find(reader, &fingerprints, max_tokens, |_, raw| {
                found.push((*one, judge.candidates(&asks[*one as usize], raw)));
            })?;
        } else {
            let (sender, judged) = mpsc::channel();
            let asks = &*asks;
            // The next answers are read while others judge the last.
            let read = rayon::in_place_scope(|scope| {
                let hand_over = |piece: Piece| {
                    let sender = sender.clone();
                    scope.spawn(move |_| {
                        let judged: Vec<_> = piece
                            .answers()
                            .map(|(at, raw)| (at, judge.candidates(&asks[at as usize], raw)))
                            .collect();
                        // The receiver waits for all of them.
                        let _ = sender.send(judged);
                    });
                };
                let mut piece = Piece::default();
                let read = answers.find(reader, &fingerprints, max_tokens, |index, raw| {
                    piece.push(open[index], raw);
                    if piece.ends.len() == PIECE {
                        hand_over(std::mem::take(&mut piece));
                    }
                });
                hand_over(piece);
                read
            });
            read?;
            drop(sender);
            found.extend(judged.into_iter().flatten());
        }
        for (at, answer) in found {
            asks[at as usize].stored = Stored::Answer(answer);
        }
        if !self.no_tombstones {
            for at in open {
                let ask = &mut asks[at as usize];
                if matches!(ask.stored, Stored::Missing)
                    && let Some(stone) = self.tombstone(reader, &ask.fingerprint)?
                {
                    ask.stored = Stored::Tombstone(stone.reason.into());
                }
            }
        }
        Ok(())
    }

    /// Works out the fingerprints of asks, side by side, and looks up what is stored for them.
    pub(super) fn prepare(&mut self, asks: &mut [Ready]) -> Result<(), BookError> {
        // Not the whole book: its reader is this thread's.
        let (recipe, models, memory) = (self.recipe, &self.models, &self.memory);
        let work_out = |room: &mut Room, ready: &mut Ready| -> Result<(), RenderError> {
            let known = memory.as_ref().and_then(|memory| memory.fingerprint(ready.cell, ready.ask));
            ready.fingerprint = match known {
                Some(known) => known,
                None => recipe.fingerprint(models, ready.cell, ready.ask, room)?,
            };
            Ok(())
        };
        match &mut *asks {
            [one] => work_out(&mut Room::default(), one)?,
            many => many.par_iter_mut().with_min_len(64).try_for_each_init(Room::default, work_out)?,
        }
        self.look_up(asks)?;
        if let Some(verdicts) = &mut self.verdicts {
            for ask in asks.iter_mut() {
                if let Stored::Answer(answer) = &ask.stored {
                    verdicts.keep(&ask.fingerprint, answer, ask.place.take());
                }
            }
        }
        let texts = self.reads_texts();
        if let Some(memory) = &mut self.memory {
            asks.iter().for_each(|ask| memory.keep(ask, texts));
        }
        Ok(())
    }

    /// What is stored for an ask, prepared or not.
    pub(super) fn read_stored(&mut self, cell: usize, ask: u32) -> Result<(Fingerprint, Stored), BookError> {
        // They come in the order in which they were told, perhaps with others between.
        while self.ready.get(self.next).is_some_and(|ready| ready.cell < cell) {
            self.next += 1;
        }
        if let Some(ready) = self.ready.get_mut(self.next)
            && (ready.cell, ready.ask) == (cell, ask)
        {
            self.next += 1;
            return Ok((ready.fingerprint, std::mem::replace(&mut ready.stored, Stored::Missing)));
        }
        let mut one = [Ready::new(cell, ask)];
        self.prepare(&mut one)?;
        let [Ready { fingerprint, stored, .. }] = one;
        Ok((fingerprint, stored))
    }
}
