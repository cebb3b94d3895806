//! A table's rows one after another, each kept or found to be a duplicate.

use std::collections::{HashMap, HashSet, VecDeque};

use super::bag::Bag;
use super::direction::{Direction, Directions};
use super::index::{Index, Match, Ordinal, Tier};
use super::level::{Rule, Similarity};
use super::statistics::{Statistics, hash};

/// What is said of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    Kept,
    /// Of a kept row before it.
    Duplicate {
        of: &'a str,
        similarity: Similarity,
        tier: Tier,
    },
    /// Of a text that is off limits.
    OffLimits {
        of: &'a str,
        similarity: Similarity,
        tier: Tier,
    },
}

/// Two rows that are similar enough, the earlier one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    pub one: &'a Line,
    pub other: &'a Line,
    pub similarity: Similarity,
    pub tier: Tier,
}

/// A row as a sweep remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: Box<str>,
    pub label: Box<str>,
    /// The group that it belongs to; empty for none.
    pub(super) group: Box<str>,
    pub(super) bag: Bag,
    pub(super) fate: Fate,
}

/// What came of a row; numbers are those of lines, or of texts that are off limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Duplicate(Match),
    OffLimits(Match),
}

/// Goes through rows, and remembers all of them.
#[derive(Debug)]
pub struct Sweep<'s> {
    statistics: &'s Statistics,
    /// Whether rows of different labels are no duplicates of each other.
    by_label: bool,
    kept: Index,
    /// By ordinal of `kept`: its line.
    kept_lines: Vec<u32>,
    /// By group: ordinals of its rows in `kept`.
    groups: HashMap<Box<str>, Vec<Ordinal>>,
    off_limits: Index,
    off_limits_ids: Vec<Box<str>>,
    pub(super) lines: Vec<Line>,
    /// Hashes of all lines' ids.
    ids: HashSet<u64>,
    /// How many rows of this call had the id of another row before, and the first such id.
    repeated: (u64, Option<Box<str>>),
    /// Lines of an earlier call that this one has not met again.
    known: HashMap<(Box<str>, Bag), VecDeque<u32>>,
    pairs: Option<Pairs>,
    meanings: Option<Meanings>,
    /// Whether lines keep their words, for pairs or for a later call.
    remembers: bool,
}

#[derive(Debug)]
struct Pairs {
    all: Index,
    /// By the later of two rows, in order.
    found: Vec<(u32, Match)>,
    now: Vec<Match>,
}

/// What texts mean, by the numbers of lines or of texts that are off limits.
#[derive(Debug)]
struct Meanings {
    kept: Directions<u32>,
    off_limits: Directions<u32>,
    /// Of every row, for pairs.
    all: Directions<u32>,
}

impl<'s> Sweep<'s> {
    pub fn new(rule: Rule, by_label: bool, statistics: &'s Statistics) -> Self {
        Self {
            statistics,
            by_label,
            kept: Index::new(rule),
            kept_lines: Vec::new(),
            groups: HashMap::new(),
            off_limits: Index::new(rule),
            off_limits_ids: Vec::new(),
            lines: Vec::new(),
            ids: HashSet::new(),
            repeated: (0, None),
            known: HashMap::new(),
            pairs: None,
            meanings: None,
            remembers: true,
        }
    }

    /// Neither pairs nor bytes for a later call are wanted, which halves the memory.
    pub fn forgetful(mut self) -> Self {
        self.remembers = false;
        self
    }

    /// Every pair of rows is wanted too, those that are not kept as well.
    pub fn with_pairs(mut self) -> Self {
        let rule = *self.kept.rule();
        // The lowest threshold there is: what it is in the end depends on how many rows will come.
        let rule = Rule { threshold: Some(rule.threshold(0)), ..rule };
        self.pairs = Some(Pairs { all: Index::new(rule), found: Vec::new(), now: Vec::new() });
        self
    }

    /// Rows are compared by what they mean too, where that is told; from this cosine on they are the same.
    pub fn with_meanings(mut self, threshold: Similarity) -> Self {
        let new = || Directions::new(threshold);
        self.meanings = Some(Meanings { kept: new(), off_limits: new(), all: new() });
        self
    }

    /// A text that no row may be like, whatever its label.
    pub fn off_limits(&mut self, id: &str, text: &str, meaning: Option<&Direction>) {
        if let (Some(meanings), Some(meaning)) = (&mut self.meanings, meaning) {
            meanings.off_limits.insert(0, meaning, self.off_limits_ids.len() as u32);
        }
        self.off_limits.add(0, &Bag::of(text, self.statistics));
        self.off_limits_ids.push(id.into());
    }

    pub(super) fn off_limits_len(&self) -> usize {
        self.off_limits.len()
    }

    /// Takes over the lines of an earlier call. Off limits has to be what was off limits then.
    pub(super) fn resume(&mut self, lines: Vec<Line>) {
        for (number, line) in lines.iter().enumerate() {
            if line.fate == Fate::Kept {
                let ordinal = self.kept.add(scope(self.by_label, &line.label), &line.bag);
                self.kept_lines.push(number as u32);
                if !line.group.is_empty() {
                    self.groups.entry(line.group.clone()).or_default().push(ordinal);
                }
            }
            self.ids.insert(hash(&line.id));
            if let Some(pairs) = &mut self.pairs {
                pairs.all.add(0, &line.bag);
            }
            let known = self.known.entry((line.id.clone(), line.bag.clone())).or_default();
            known.push_back(number as u32);
        }
        self.lines = lines;
    }

    /// The verdict on the next row. A row that an earlier call has seen has the one that it had.
    pub fn row(&mut self, id: &str, label: &str, text: &str) -> Found<'_> {
        self.row_of(id, label, text, None)
    }

    /// The same, where rows of one `group` are no duplicates of each other: they were made from one text,
    /// to differ in what they differ in. An empty group is none.
    pub fn row_of(&mut self, id: &str, label: &str, text: &str, group: Option<&str>) -> Found<'_> {
        self.row_by_meaning(id, label, text, group, || None)
    }

    /// The same, where it may be told what the text means. That is asked for where it decides something: of a
    /// duplicate by its words only if pairs are wanted.
    pub fn row_by_meaning<'d>(
        &mut self,
        id: &str,
        label: &str,
        text: &str,
        group: Option<&str>,
        mut meaning: impl FnMut() -> Option<&'d Direction>,
    ) -> Found<'_> {
        let bag = Bag::of(text, self.statistics);
        let group = group.unwrap_or_default();
        let number = match self.seen_before(id, label, group, &bag) {
            Some(number) => number,
            None => self.judge(id, label, bag, group, &mut meaning),
        };
        if let Some(pairs) = &mut self.pairs {
            let least = pairs.all.threshold(0);
            let bag = &self.lines[number as usize].bag;
            pairs.all.find_all(0, bag, least, &mut pairs.now);
            if let (Some(meanings), Some(meaning)) = (&mut self.meanings, meaning()) {
                let same = meanings.all.find_all(0, meaning).into_iter();
                pairs.now.extend(same.map(|(of, similarity)| Match { of, similarity, tier: Tier::Meaning }));
                // What is found by words stands before the same pair by meaning.
                pairs.now.sort_by_key(|found| found.of);
                meanings.all.insert(0, meaning, number);
            }
            let before = pairs.now.iter().filter(|found| found.of < number);
            pairs.found.extend(before.map(|found| (number, *found)));
            if pairs.all.len() == number as usize {
                pairs.all.add(0, bag);
            }
        }
        self.verdict(number)
    }

    fn seen_before(&mut self, id: &str, label: &str, group: &str, bag: &Bag) -> Option<u32> {
        if self.known.is_empty() {
            return None;
        }
        let numbers = self.known.get_mut(&(id.into(), bag.clone()))?;
        let same = |line: &Line| *line.label == *label && *line.group == *group;
        let at = numbers.iter().position(|number| same(&self.lines[*number as usize]))?;
        numbers.remove(at)
    }

    fn judge<'d>(
        &mut self,
        id: &str,
        label: &str,
        bag: Bag,
        group: &str,
        meaning: &mut impl FnMut() -> Option<&'d Direction>,
    ) -> u32 {
        if !self.ids.insert(hash(id)) {
            self.repeated.0 += 1;
            self.repeated.1.get_or_insert_with(|| id.into());
        }
        let scope = scope(self.by_label, label);
        let number = self.lines.len() as Ordinal;
        let fate = match self.off_limits.find(0, &bag) {
            Some(found) => Fate::OffLimits(found),
            None => match self.duplicate(scope, &bag, group) {
                Some(found) => Fate::Duplicate(Match { of: self.kept_lines[found.of as usize], ..found }),
                None => self.judge_meaning(number, scope, group, meaning),
            },
        };
        if fate == Fate::Kept {
            let ordinal = self.kept.add(scope, &bag);
            if !group.is_empty() {
                self.groups.entry(group.into()).or_default().push(ordinal);
            }
            self.kept_lines.push(number);
        }
        let line = match self.remembers {
            true => Line { id: id.into(), label: label.into(), group: group.into(), bag, fate },
            false => Line { id: id.into(), label: "".into(), group: "".into(), bag: Bag::none(), fate },
        };
        self.lines.push(line);
        number
    }

    /// What comes of a row that is no duplicate by its words.
    fn judge_meaning<'d>(
        &mut self,
        number: u32,
        scope: u64,
        group: &str,
        meaning: &mut impl FnMut() -> Option<&'d Direction>,
    ) -> Fate {
        let Some(meanings) = &mut self.meanings else { return Fate::Kept };
        let Some(meaning) = meaning() else { return Fate::Kept };
        let same = |(of, similarity)| Match { of, similarity, tier: Tier::Meaning };
        if let Some(found) = meanings.off_limits.find(0, meaning) {
            return Fate::OffLimits(same(found));
        }
        let own = self.groups.get(group).map_or(&[][..], Vec::as_slice);
        let is_own = |line: u32| own.iter().any(|ordinal| self.kept_lines[*ordinal as usize] == line);
        let best = meanings.kept.find(scope, meaning);
        let best = match best {
            Some((of, _)) if is_own(of) => {
                let others =
                    meanings.kept.find_all(scope, meaning).into_iter().filter(|(of, _)| !is_own(*of));
                others.max_by_key(|(of, similarity)| (*similarity, std::cmp::Reverse(*of)))
            }
            best => best,
        };
        if let Some(found) = best {
            return Fate::Duplicate(same(found));
        }
        meanings.kept.insert(scope, meaning, number);
        Fate::Kept
    }

    /// The most similar kept row that makes one a duplicate, and is not of its group.
    fn duplicate(&mut self, scope: u64, bag: &Bag, group: &str) -> Option<Match> {
        let own = self.groups.get(group).map_or(&[][..], Vec::as_slice);
        self.kept.find_but(scope, bag, own)
    }

    /// What was said of the row of this number, from 0.
    pub fn verdict(&self, number: u32) -> Found<'_> {
        match self.lines[number as usize].fate {
            Fate::Kept => Found::Kept,
            Fate::Duplicate(Match { of, similarity, tier }) => {
                Found::Duplicate { of: &self.lines[of as usize].id, similarity, tier }
            }
            Fate::OffLimits(Match { of, similarity, tier }) => {
                Found::OffLimits { of: &self.off_limits_ids[of as usize], similarity, tier }
            }
        }
    }

    /// How many rows it remembers, those of earlier calls too.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// How many rows of this call had an id that another row before has, and the first such id.
    pub fn repeated_ids(&self) -> Option<(u64, &str)> {
        self.repeated.1.as_deref().map(|first| (self.repeated.0, first))
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// From which similarity on a row is a duplicate, in the largest scope by now.
    pub fn threshold(&self) -> Similarity {
        self.kept.highest_threshold()
    }

    /// From which similarity on two of the rows are a pair.
    pub fn pair_threshold(&self) -> Similarity {
        self.kept.rule().threshold(self.lines.len() as u32)
    }

    /// The pairs of which the later row was met in this call, in order of the rows.
    pub fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        let least = self.pair_threshold();
        let found = self.pairs.iter().flat_map(|pairs| &pairs.found);
        // A threshold of words grows with the table, one of meanings does not.
        let counts = move |found: &Match| found.tier == Tier::Meaning || found.similarity >= least;
        let mut last = None;
        let mut is_new = move |pair| last.replace(pair) != Some(pair);
        let found = found.filter(move |(number, found)| counts(found) && is_new((*number, found.of)));
        found.map(|(number, found)| Pair {
            one: &self.lines[found.of as usize],
            other: &self.lines[*number as usize],
            similarity: found.similarity,
            tier: found.tier,
        })
    }
}

impl Pair<'_> {
    /// Whether the two stand under different labels.
    pub fn is_conflict(&self) -> bool {
        self.one.label != self.other.label
    }
}

fn scope(by_label: bool, label: &str) -> u64 {
    if by_label { hash(label) } else { 0 }
}

#[cfg(test)]
mod tests;
