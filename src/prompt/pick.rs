//! Seeded picks: rendezvous hashes, so that adding an item moves few asks.

use std::cell::Cell as StdCell;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, ValueKind};
use minijinja::{Error, ErrorKind, Value};

use crate::model::{CellId, hash64};

/// What makes the picks of one ask differ from those of another.
#[derive(Debug, Clone, Copy)]
pub struct PickKey {
    seed: u64,
    cell: CellId,
    ask: u32,
    /// Worked out at the first pick: most templates have none.
    hash: Option<u64>,
}

impl PickKey {
    pub fn new(seed: u64, cell: CellId, ask: u32) -> Self {
        Self { seed, cell, ask, hash: None }
    }

    fn hash(&mut self) -> u64 {
        let Self { seed, cell, ask, .. } = *self;
        *self.hash.get_or_insert_with(|| hash64(&[b"pick", &seed.to_le_bytes(), &cell.0, &ask.to_le_bytes()]))
    }
}

/// The running ask's number for picks with a salt; zero where none is rendered.
pub fn salted(salt: &str) -> u64 {
    let Some(mut key) = KEY.get() else { return 0 };
    let hash = key.hash();
    KEY.set(Some(key));
    match salt {
        "" => hash,
        salt => hash64(&[&hash.to_le_bytes(), salt.as_bytes()]),
    }
}

thread_local! {
    // Filters cannot see the values of the template that called the macro they stand in, so the
    // key of the ask being rendered is kept beside the template engine.
    static KEY: StdCell<Option<PickKey>> = const { StdCell::new(None) };
}

/// Runs a rendering whose picks all come from one key; also tells whether there were any.
pub fn with_key<T>(key: PickKey, render: impl FnOnce() -> T) -> (T, bool) {
    let before = KEY.replace(Some(key));
    let out = render();
    let picked = KEY.replace(before).is_some_and(|key| key.hash.is_some());
    (out, picked)
}

/// A list of the user's, with the hash of each item.
#[derive(Debug)]
pub struct ListObject {
    items: Vec<Value>,
    hashes: Vec<u64>,
}

impl ListObject {
    pub fn new(items: &[serde_json::Value]) -> Self {
        let items: Vec<Value> = items.iter().map(|item| Value::from(Serde(item))).collect();
        let hashes = items.iter().map(item_hash).collect();
        Self { items, hashes }
    }
}

impl Object for ListObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}

fn item_hash(item: &Value) -> u64 {
    hash64(&[item.to_string().as_bytes()])
}

/// The score of an item under a key: the item with the greatest is picked.
///
/// The mixing is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
pub fn rendezvous(key: u64, item: u64) -> u64 {
    let mut x = key ^ item.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Weighted rendezvous score, −w / ln u (Mosharaf and others; Highest Random Weight with weights).
pub fn weighted_score(hash: u64, weight: f64) -> f64 {
    let uniform = ((hash >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -weight / uniform.ln()
}

/// The index of the greatest; the first of equals.
pub fn best(scores: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, score) in scores.enumerate() {
        if score > best.1 {
            best = (index, score);
        }
    }
    best.0
}

/// The items of a value with their scores under the running ask's key, best first.
fn ranked(value: &Value, salt: &str, most: usize) -> Result<Vec<Value>, Error> {
    let key = salted(salt);
    let mut scored: Vec<(u64, usize, Value)> = match value.downcast_object_ref::<ListObject>() {
        Some(list) => {
            let scores = list.hashes.iter().map(|hash| rendezvous(key, *hash));
            if most == 1 {
                let best = scores.enumerate().max_by_key(|(index, score)| (*score, usize::MAX - index));
                return Ok(best.map(|(index, _)| list.items[index].clone()).into_iter().collect());
            }
            scores.enumerate().map(|(index, score)| (score, index, list.items[index].clone())).collect()
        }
        None if value.kind() != ValueKind::Seq && value.kind() != ValueKind::Iterable => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("a pick needs a list, and this is a {}", value.kind()),
            ));
        }
        None => value
            .try_iter()?
            .enumerate()
            .map(|(index, item)| (rendezvous(key, item_hash(&item)), index, item))
            .collect(),
    };
    scored.sort_unstable_by_key(|(score, index, _)| (u64::MAX - score, *index));
    scored.truncate(most);
    Ok(scored.into_iter().map(|(_, _, item)| item).collect())
}

/// `x | pick` or `x | pick("salt")`: one item, another for each ask.
pub fn pick(value: &Value, salt: Option<String>) -> Result<Value, Error> {
    ranked(value, salt.as_deref().unwrap_or(""), 1)?
        .pop()
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "cannot pick from an empty list"))
}

/// `x | sample(3)`: that many items, or all there are, in seeded order.
pub fn sample(value: &Value, count: usize, salt: Option<String>) -> Result<Value, Error> {
    Ok(Value::from(ranked(value, salt.as_deref().unwrap_or(""), count)?))
}

/// `x | shuffle`: all items in seeded order.
pub fn shuffle(value: &Value, salt: Option<String>) -> Result<Value, Error> {
    Ok(Value::from(ranked(value, salt.as_deref().unwrap_or(""), usize::MAX)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(items: &[&str], asks: u32) -> Vec<String> {
        let items = Value::from(items.iter().map(|item| Value::from(*item)).collect::<Vec<_>>());
        let cell = CellId([7; 16]);
        (0..asks)
            .map(|ask| with_key(PickKey::new(1, cell, ask), || pick(&items, None)).0.unwrap().to_string())
            .collect()
    }

    #[test]
    fn adding_an_item_moves_only_the_asks_that_now_pick_it() {
        let before = picks(&["a", "b", "c", "d"], 2000);
        let after = picks(&["a", "new", "b", "c", "d"], 2000);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || after == "new");
        }
        let moved = after.iter().filter(|item| *item == "new").count();
        assert!((320..480).contains(&moved), "about a fifth of 2,000 should move, {moved} did");
    }

    #[test]
    fn lists_of_the_users_pick_as_other_lists_do() {
        let items: Vec<_> = ["x", "y", "z"].map(serde_json::Value::from).to_vec();
        let list = Value::from_object(ListObject::new(&items));
        let plain = Value::from(Serde(&items));
        for ask in 0..50 {
            let key = PickKey::new(3, CellId([1; 16]), ask);
            let of = |value: &Value| with_key(key, || pick(value, None)).0.unwrap().to_string();
            assert_eq!(of(&list), of(&plain));
            let two = with_key(key, || sample(&list, 2, None)).0.unwrap();
            assert_eq!(two.get_item_by_index(0).unwrap().to_string(), of(&list));
            assert_eq!(two.len(), Some(2));
        }
    }

    #[test]
    fn weights_are_kept_and_a_new_variant_moves_no_ask_between_the_old() {
        let of = |weights: &[(&str, f64)], ask: u32| {
            let scores = weights.iter().map(|(name, weight)| {
                weighted_score(hash64(&[name.as_bytes(), &ask.to_le_bytes()]), *weight)
            });
            weights[best(scores)].0.to_owned()
        };
        let mut counts = 0;
        for ask in 0..6000 {
            let old = of(&[("post", 2.0), ("chat", 1.0)], ask);
            let new = of(&[("post", 2.0), ("chat", 1.0), ("mail", 3.0)], ask);
            assert!(new == old || new == "mail");
            counts += usize::from(old == "post");
        }
        assert!((3850..4150).contains(&counts), "two thirds of 6,000, found {counts}");
    }
}
