//! Texts that were kept, and what is found similar to them.

use std::collections::HashMap;

use super::bag::{Bag, FEWEST_WORDS};
use super::keys::{self, Use};
use super::level::{Level, Method, Rule, Similarity};
use super::minhash::MinHash;
use super::postings::Postings;
use crate::model::Spread;

/// A text of an index: how many were added before it.
pub type Ordinal = u32;

/// How two texts are known to be duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// They have one normal form.
    Normal,
    /// They have the same words, in whatever order.
    Words,
    /// They are similar enough.
    Similar,
    /// They mean the same. An index of words finds none of these.
    Meaning,
}

/// What an index says of a text that it is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Kept(Ordinal),
    /// Of the most similar kept text, the first of several.
    Duplicate(Match),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    pub of: Ordinal,
    pub similarity: Similarity,
    pub tier: Tier,
}

/// The texts kept so far, by scope.
///
/// Texts are compared only with kept ones of their scope, so what is found does not drift along a
/// chain of small changes, and follows from the order of the texts alone.
#[derive(Debug)]
pub struct Index {
    rule: Rule,
    elements: Vec<u64>,
    texts: Vec<Text>,
    kept: HashMap<u64, u32, Spread>,
    postings: Postings,
    /// By text: in which search it was last come across.
    met: Vec<u32>,
    search: u32,
    keys: Vec<u64>,
    minhash: MinHash,
}

#[derive(Debug, Clone, Copy)]
struct Text {
    /// Where its elements end.
    end: usize,
    total: u64,
    scope: u64,
    key: u64,
}

/// A text that is being looked for.
struct Wanted<'a> {
    elements: &'a [u64],
    total: u64,
    scope: u64,
    key: u64,
}

impl Index {
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            elements: Vec::new(),
            texts: Vec::new(),
            kept: HashMap::default(),
            postings: Postings::default(),
            met: Vec::new(),
            search: 0,
            keys: Vec::new(),
            minhash: MinHash::default(),
        }
    }

    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// How many texts it holds.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Keeps a text unless it is a duplicate of a kept one of its scope.
    pub fn offer(&mut self, scope: u64, bag: &Bag) -> Verdict {
        match self.find(scope, bag) {
            Some(found) => Verdict::Duplicate(found),
            // The keys that it was looked for by are those that it is found by.
            None => Verdict::Kept(self.add_by(scope, bag, self.rule.method == Method::MinHash)),
        }
    }

    /// The most similar text of a scope that makes this one a duplicate, the first of several.
    pub fn find(&mut self, scope: u64, bag: &Bag) -> Option<Match> {
        let wanted = self.wanted(scope, bag);
        let mut best: Option<Match> = None;
        for of in self.postings.get(keys::same(wanted.elements, scope)) {
            if let Some(found) = self.compare(&wanted, *of, Similarity::SAME)
                && best.is_none_or(|best| *of < best.of)
            {
                best = Some(found);
            }
        }
        if best.is_some() || bag.elements().len() < FEWEST_WORDS {
            return best;
        }
        let mut least = self.threshold(scope);
        self.search(&wanted, least, |index, of| {
            if let Some(found) = index.compare(&wanted, of, least)
                && best.is_none_or(|best| (best.similarity, of) < (found.similarity, best.of))
            {
                least = found.similarity;
                best = Some(found);
            }
        });
        best
    }

    /// The same, passing over some texts: they were made from one with this, to differ in what they differ in.
    pub fn find_but(&mut self, scope: u64, bag: &Bag, but: &[Ordinal]) -> Option<Match> {
        let best = self.find(scope, bag)?;
        if !but.contains(&best.of) {
            return Some(best);
        }
        let (mut all, least) = (Vec::new(), self.threshold(scope));
        self.find_all(scope, bag, least, &mut all);
        all.retain(|found| !but.contains(&found.of));
        all.into_iter().max_by_key(|found| (found.similarity, std::cmp::Reverse(found.of)))
    }

    /// Every text of a scope that this one is a duplicate of, in order.
    pub fn find_all(&mut self, scope: u64, bag: &Bag, least: Similarity, out: &mut Vec<Match>) {
        out.clear();
        let wanted = self.wanted(scope, bag);
        let short = bag.elements().len() < FEWEST_WORDS || self.rule.level == Level::Exact;
        if short {
            for of in self.postings.get(keys::same(wanted.elements, scope)) {
                out.extend(self.compare(&wanted, *of, Similarity::SAME));
            }
        } else {
            self.search(&wanted, least, |index, of| out.extend(index.compare(&wanted, of, least)));
        }
        out.sort_unstable_by_key(|found| found.of);
    }

    /// Holds a text, whatever is similar to it.
    pub fn add(&mut self, scope: u64, bag: &Bag) -> Ordinal {
        self.add_by(scope, bag, false)
    }

    /// The same, where its keys may be known from a search for it.
    fn add_by(&mut self, scope: u64, bag: &Bag, known: bool) -> Ordinal {
        let threshold = self.threshold(scope);
        let text = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        assert!(text < 1 << 31, "an index holds two thousand million texts at most");
        let elements = bag.elements();
        self.elements.extend_from_slice(elements);
        let total = self.rule.total(elements);
        self.texts.push(Text { end: self.elements.len(), total, scope, key: bag.key() });
        self.met.push(self.search);
        *self.kept.entry(scope).or_default() += 1;
        // A short text is not searched for by keys.
        if !known || elements.len() < FEWEST_WORDS {
            self.keys.clear();
            let (minhash, keys) = (&mut self.minhash, &mut self.keys);
            keys::similar(&self.rule, threshold, elements, scope, Use::Store, minhash, keys);
        }
        self.postings.add(keys::same(elements, scope), text);
        for key in &self.keys {
            self.postings.add(*key, text);
        }
        text
    }

    /// From which similarity on the next text of a scope is a duplicate.
    pub fn threshold(&self, scope: u64) -> Similarity {
        self.rule.threshold(self.kept.get(&scope).copied().unwrap_or(0))
    }

    /// The same, in the scope that has the most texts.
    pub fn highest_threshold(&self) -> Similarity {
        self.rule.threshold(self.kept.values().copied().max().unwrap_or(0))
    }

    fn wanted<'a>(&self, scope: u64, bag: &'a Bag) -> Wanted<'a> {
        Wanted { elements: bag.elements(), total: self.rule.total(bag.elements()), scope, key: bag.key() }
    }

    /// Comes across each text once that may be as similar.
    fn search(&mut self, wanted: &Wanted<'_>, least: Similarity, mut across: impl FnMut(&Self, Ordinal)) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        let (minhash, scope) = (&mut self.minhash, wanted.scope);
        keys::similar(&self.rule, least, wanted.elements, scope, Use::Find, minhash, &mut keys);
        if self.search == u32::MAX {
            self.met.fill(0);
            self.search = 0;
        }
        self.search += 1;
        let mut met = std::mem::take(&mut self.met);
        for key in &keys {
            for of in self.postings.get(*key) {
                let met = &mut met[*of as usize];
                if *met != self.search {
                    *met = self.search;
                    across(self, *of);
                }
            }
        }
        self.met = met;
        self.keys = keys;
    }

    fn elements(&self, of: Ordinal) -> &[u64] {
        let start = if of == 0 { 0 } else { self.texts[of as usize - 1].end };
        &self.elements[start..self.texts[of as usize].end]
    }

    /// How a text stands to another one, where they are similar enough.
    fn compare(&self, wanted: &Wanted<'_>, of: Ordinal, least: Similarity) -> Option<Match> {
        let text = self.texts[of as usize];
        if text.scope != wanted.scope {
            return None;
        }
        let others = self.elements(of);
        if wanted.elements == others {
            let same = text.key == wanted.key;
            if self.rule.level == Level::Exact && !same {
                return None;
            }
            let tier = if same { Tier::Normal } else { Tier::Words };
            return Some(Match { of, similarity: Similarity::SAME, tier });
        }
        if self.rule.level == Level::Exact || others.len() < FEWEST_WORDS {
            return None;
        }
        let common = self.common(wanted, others, text.total, least)?;
        let similarity = Similarity::of(common, wanted.total + text.total - common);
        (similarity >= least).then_some(Match { of, similarity, tier: Tier::Similar })
    }

    /// The weight that two texts have in common, where that may be enough.
    fn common(&self, wanted: &Wanted<'_>, others: &[u64], total: u64, least: Similarity) -> Option<u64> {
        // common ≥ t (a + b) / (1 + t)
        let t = u64::from(least.0);
        let enough = (t * (wanted.total + total)).div_ceil(10_000 + t);
        // What either may have that the other has not.
        let mut spare = wanted.total.checked_sub(enough)?;
        let mut others_spare = total.checked_sub(enough)?;
        let (mut a, mut b) = (wanted.elements.iter().peekable(), others.iter().peekable());
        let mut common = 0;
        while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
            let (one, other) = (**one, **other);
            if one <= other {
                a.next();
            }
            if other <= one {
                b.next();
            }
            if one == other {
                common += u64::from(self.rule.weight(one));
            } else if one < other {
                spare = spare.checked_sub(u64::from(self.rule.weight(one)))?;
            } else {
                others_spare = others_spare.checked_sub(u64::from(self.rule.weight(other)))?;
            }
        }
        Some(common)
    }
}

#[cfg(test)]
mod tests;
