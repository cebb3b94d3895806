//! Finding the answers to many asks.

use std::collections::HashMap;

use rusqlite::params;

use super::{Reader, StoreError};
use crate::model::Fingerprint;

/// Looks up the answers to one ask after the other.
///
/// Answers are mostly stored in the order in which they were asked for, and that is mostly the order
/// in which they are looked up. So the next rows of the table are read first, which costs one page
/// each; only what is not among them is looked up by its fingerprint, wherever it stands.
#[derive(Debug, Default)]
pub struct Answers {
    /// The row of the table that is guessed to be next.
    next: i64,
    /// Rows that were read, and that nothing asked for yet.
    ahead: HashMap<Fingerprint, String>,
    /// How many lookups make no guess, since the last guesses were wrong.
    pause: u32,
    wrong: u32,
}

/// The most rows that are kept for later.
const AHEAD: usize = 512;
/// The most lookups without a guess after wrong ones.
const LONGEST_PAUSE: u32 = 64;

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
        if self.pause > 0 {
            self.pause -= 1;
        } else if order.len() > 1 {
            self.guess(reader, asks, &mut order, max_tokens, &mut take)
                .map_err(|error| reader.dir.sqlite(error))?;
        }
        let mut last = None;
        for index in order {
            by_fingerprint(reader, &asks[index], max_tokens, |row, answer| {
                last = last.max(Some(row));
                take(index, answer);
            })
            .map_err(|error| reader.dir.sqlite(error))?;
        }
        if let Some(last) = last {
            self.next = last + 1;
        }
        Ok(())
    }

    /// Reads as many rows as there are asks, and leaves those in `order` that were not among them.
    fn guess(
        &mut self,
        reader: &Reader,
        asks: &[Fingerprint],
        order: &mut Vec<usize>,
        max_tokens: u32,
        take: &mut impl FnMut(usize, &str),
    ) -> rusqlite::Result<()> {
        let mut found = vec![false; asks.len()];
        let mut hits = 0;
        let mut query = reader.connection.prepare_cached(
            "SELECT rowid, fingerprint, max_tokens, answer FROM completion WHERE rowid >= ?1 ORDER BY rowid LIMIT ?2",
        )?;
        let mut rows = query.query(params![self.next, order.len() as i64])?;
        while let Some(row) = rows.next()? {
            self.next = row.get::<_, i64>(0)? + 1;
            // What was made under another limit may be good, but not for sure the best.
            if row.get::<_, u32>(2)? != max_tokens {
                continue;
            }
            let fingerprint = Fingerprint(row.get(1)?);
            let answer = row.get_ref(3)?.as_str()?;
            match order.binary_search_by_key(&&fingerprint, |index| &asks[*index]) {
                Ok(at) if !found[order[at]] => {
                    found[order[at]] = true;
                    hits += 1;
                    take(order[at], answer);
                }
                Ok(_) => {}
                Err(_) if self.ahead.len() < AHEAD => {
                    self.ahead.insert(fingerprint, answer.to_owned());
                }
                Err(_) => {}
            }
        }
        if hits * 2 < order.len() {
            self.wrong += 1;
            self.pause = LONGEST_PAUSE.min(1 << self.wrong.min(6)) - 1;
            self.ahead.clear();
        } else {
            self.wrong = 0;
        }
        order.retain(|index| !found[*index]);
        Ok(())
    }
}

/// Tells the row and the raw answer that is good for an ask, if there is one.
pub fn by_fingerprint(
    reader: &Reader,
    fingerprint: &Fingerprint,
    max_tokens: u32,
    take: impl FnOnce(i64, &str),
) -> rusqlite::Result<()> {
    // The choice among the few rows is made here: SQLite prepares a statement anew at each use
    // when its plan may depend on a value like this limit.
    let mut query = reader.connection.prepare_cached(
        "SELECT rowid, max_tokens, ended, tokens, answer FROM completion WHERE fingerprint = ?1",
    )?;
    let mut rows = query.query([&fingerprint.0[..]])?;
    let mut best: Option<(u32, i64, String)> = None;
    while let Some(row) = rows.next()? {
        let own: u32 = row.get(1)?;
        if own == max_tokens {
            // No other is better, and nearly always there is no other.
            take(row.get(0)?, row.get_ref(4)?.as_str()?);
            return Ok(());
        }
        let (ended, tokens): (bool, Option<i64>) = (row.get(2)?, row.get(3)?);
        let fits = own <= max_tokens || tokens.is_some_and(|tokens| tokens <= i64::from(max_tokens));
        if ended && fits && best.as_ref().is_none_or(|(least, ..)| own < *least) {
            best = Some((own, row.get(0)?, row.get(4)?));
        }
    }
    if let Some((_, row, answer)) = best {
        take(row, &answer);
    }
    Ok(())
}
