//! Finding the answers to many asks.

use rusqlite::{Statement, params};

use super::{Reader, StoreError};
use crate::model::{ByHash, Fingerprint};

/// Looks up the answers to many asks after many others.
///
/// Answers are often stored in the order in which they are looked up, so the next rows of the table
/// are read first, one behind the other, as long as they are of use. For the rest it is looked up in
/// the order of fingerprints where each stands, and read in the order in which they stand: so of the
/// index and of the table each page is read once, however many are looked up at a time.
#[derive(Debug, Default)]
pub struct Answers {
    /// The row of the table that is guessed to be next.
    next: i64,
    /// Rows that were read, and that nothing asked for yet.
    ahead: ByHash<Fingerprint, String>,
}

/// The most rows that are kept for later.
const AHEAD: usize = 512;
/// Rows that are read by a guess before it is seen whether they were of use.
const STEP: usize = 512;

impl Answers {
    /// Tells the raw answers that are good for some asks under today's `max_tokens`, each with the
    /// ask's index, in any order.
    ///
    /// An ask's own under the same limit is good, else one that ended by itself within today's: then
    /// the limit made no difference.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn find(
        &mut self,
        reader: &Reader,
        asks: &[Fingerprint],
        max_tokens: u32,
        mut take: impl FnMut(usize, &str),
    ) -> Result<(), StoreError> {
        let mut order: Vec<usize> = (0..asks.len()).collect();
        if !self.ahead.is_empty() {
            order.retain(|index| match self.ahead.remove(&asks[*index]) {
                Some(answer) => {
                    take(*index, &answer);
                    false
                }
                None => true,
            });
        }
        order.sort_unstable_by_key(|index| asks[*index]);
        let mut find = || {
            if order.len() > 1 {
                self.guess(reader, asks, &mut order, max_tokens, &mut take)?;
            }
            self.look_up(reader, asks, &order, max_tokens, &mut take)
        };
        find().map_err(|error| reader.dir.sqlite(error))
    }

    /// Reads on in the table, and leaves those in `order` that were not met.
    fn guess(
        &mut self,
        reader: &Reader,
        asks: &[Fingerprint],
        order: &mut Vec<usize>,
        max_tokens: u32,
        take: &mut impl FnMut(usize, &str),
    ) -> rusqlite::Result<()> {
        let mut found = vec![false; asks.len()];
        let mut query = reader.connection.prepare_cached(
            "SELECT rowid, fingerprint, max_tokens, answer FROM completion WHERE rowid >= ?1 ORDER BY rowid LIMIT ?2",
        )?;
        let mut rows = query.query(params![self.next, order.len() as i64])?;
        let (mut read, mut hits) = (0, 0);
        while let Some(row) = rows.next()? {
            self.next = row.get::<_, i64>(0)? + 1;
            read += 1;
            let fingerprint = Fingerprint(row.get(1)?);
            match order.binary_search_by_key(&&fingerprint, |index| &asks[*index]) {
                // What was made under another limit may be good, but not for sure the best.
                _ if row.get::<_, u32>(2)? != max_tokens => {}
                Ok(at) if !found[order[at]] => {
                    found[order[at]] = true;
                    hits += 1;
                    take(order[at], row.get_ref(3)?.as_str()?);
                }
                Ok(_) => {}
                Err(_) if self.ahead.len() < AHEAD => {
                    self.ahead.insert(fingerprint, row.get(3)?);
                }
                Err(_) => {}
            }
            if read == STEP {
                if hits < STEP / 2 {
                    self.ahead.clear();
                    break;
                }
                (read, hits) = (0, 0);
            }
        }
        order.retain(|index| !found[*index]);
        Ok(())
    }

    /// Looks up asks in order of their fingerprints.
    fn look_up(
        &mut self,
        reader: &Reader,
        asks: &[Fingerprint],
        order: &[usize],
        max_tokens: u32,
        take: &mut impl FnMut(usize, &str),
    ) -> rusqlite::Result<()> {
        // This much the index knows.
        let mut query = reader
            .connection
            .prepare_cached("SELECT rowid, max_tokens FROM completion WHERE fingerprint = ?1")?;
        let mut places: Vec<(i64, usize)> = Vec::with_capacity(order.len());
        for index in order {
            let mut rows = query.query([&asks[*index].0[..]])?;
            let mut other = false;
            while let Some(row) = rows.next()? {
                other = row.get::<_, u32>(1)? != max_tokens;
                if !other {
                    places.push((row.get(0)?, *index));
                    break;
                }
            }
            if other {
                by_fingerprint(reader, &asks[*index], max_tokens, |answer| take(*index, answer))?;
            }
        }
        places.sort_unstable();
        let mut query = reader.connection.prepare_cached("SELECT answer FROM completion WHERE rowid = ?1")?;
        for (row, index) in &places {
            let mut rows = query.query([row])?;
            if let Some(row) = rows.next()? {
                take(*index, row.get_ref(0)?.as_str()?);
            }
        }
        if let Some((last, _)) = places.last() {
            self.next = last + 1;
        }
        Ok(())
    }
}

/// Tells the raw answer that is good for an ask, if there is one.
pub fn by_fingerprint(
    reader: &Reader,
    fingerprint: &Fingerprint,
    max_tokens: u32,
    take: impl FnOnce(&str),
) -> rusqlite::Result<()> {
    // The choice among the few rows is made here: SQLite prepares a statement anew at each use
    // when its plan may depend on a value like this limit.
    let mut query = reader.connection.prepare_cached(
        "SELECT max_tokens, ended, tokens, answer, rowid FROM completion WHERE fingerprint = ?1",
    )?;
    let mut rows = query.query([&fingerprint.0[..]])?;
    // Of several the one that was stored first: what comes for another limit changes no choice.
    let mut best: Option<(i64, String)> = None;
    while let Some(row) = rows.next()? {
        let own: u32 = row.get(0)?;
        if own == max_tokens {
            // It was stored where nothing fitted, and nearly always there is no other.
            take(row.get_ref(3)?.as_str()?);
            return Ok(());
        }
        let (ended, tokens): (bool, Option<i64>) = (row.get(1)?, row.get(2)?);
        let place: i64 = row.get(4)?;
        if fits((own, ended, tokens), max_tokens) && best.as_ref().is_none_or(|(first, _)| place < *first) {
            best = Some((place, row.get(3)?));
        }
    }
    if let Some((_, answer)) = best {
        take(&answer);
    }
    Ok(())
}

/// Finds what is stored of an ask.
pub const IS_ANSWERED: &str = "SELECT max_tokens, ended, tokens FROM completion WHERE fingerprint = ?1";

/// Whether there is an answer that is good for an ask, by that statement.
pub fn is_answered(
    find: &mut Statement<'_>,
    fingerprint: &Fingerprint,
    max_tokens: u32,
) -> rusqlite::Result<bool> {
    let mut rows = find.query([&fingerprint.0[..]])?;
    while let Some(row) = rows.next()? {
        let own: u32 = row.get(0)?;
        if own == max_tokens || fits((own, row.get(1)?, row.get(2)?), max_tokens) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an answer that was given under another limit would have been the same under this one: it ended by itself
/// within it.
fn fits((own, ended, tokens): (u32, bool, Option<i64>), max_tokens: u32) -> bool {
    ended && (own <= max_tokens || tokens.is_some_and(|tokens| tokens <= i64::from(max_tokens)))
}
