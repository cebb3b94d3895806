//! How a sentence is built: words of some kinds that follow one another, with a few others between.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::table::Table;
use super::text::{Text, Word, word_hash};

/// Kinds of words that patterns can have together, in units of 64.
const WIDTH: usize = 12;

/// The kinds that a word is of, a bit for each.
type Kinds = [u64; WIDTH];

/// Patterns, each with what a sentence like it speaks for.
///
/// A pattern is words, such as `i|we *can't +2 WRITE HARM $`. A bar parts what a word may be; capitals stand
/// for a list; `+2` lets up to two other words stand before the next one; `^` is the sentence's beginning, `$`
/// its end, and `with|$` either. One word has a star: people use it seldom, and a pattern is looked for around it.
#[derive(Debug)]
pub struct Patterns<C> {
    rules: Vec<Rule<C>>,
    /// By a word's hash: one more than its place among the entries.
    words: Table,
    entries: Vec<Entry>,
    /// A bit for each word behind a star, perhaps one of others too.
    rare: [u64; 64],
}

/// What patterns want of a word.
#[derive(Debug, Default)]
struct Entry {
    kinds: Kinds,
    /// The rules that have it behind a star.
    rules: Vec<u32>,
}

#[derive(Debug)]
struct Rule<C> {
    class: C,
    steps: Vec<Step>,
    /// The step with the star.
    rare: usize,
    /// How many words may stand before the first step, and behind the last, where it matters.
    from: Option<usize>,
    to: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// The most words that may stand between it and the step before it.
    gap: usize,
    kind: usize,
}

impl<C: Copy> Patterns<C> {
    pub fn new(lists: &[(&str, &str)], rules: &[(C, &str)]) -> Self {
        let mut kinds: HashMap<Vec<String>, usize> = HashMap::new();
        let mut words: BTreeMap<u64, Entry> = BTreeMap::new();
        let mut out = Vec::with_capacity(rules.len());
        let both =
            rules.iter().flat_map(|(class, pattern)| ends(pattern).map(move |pattern| (*class, pattern)));
        for (number, (class, pattern)) in both.enumerate() {
            let mut rule = Rule { class, steps: Vec::new(), rare: 0, from: None, to: None };
            let (mut gap, mut begins) = (0, false);
            for token in pattern.split_whitespace() {
                if let Some(words) = token.strip_prefix('+') {
                    gap = words.parse().unwrap_or_default();
                    continue;
                }
                match token {
                    "^" => begins = true,
                    "$" => rule.to = Some(gap),
                    _ => {
                        let (rare, choices) = match token.strip_prefix('*') {
                            Some(choices) => (true, choices),
                            None => (false, token),
                        };
                        let listed = |choice: &str| -> Vec<String> {
                            match lists.iter().find(|(name, _)| *name == choice) {
                                Some((_, list)) => list.split_whitespace().map(str::to_owned).collect(),
                                None => vec![choice.to_owned()],
                            }
                        };
                        let choices: Vec<String> = choices.split('|').flat_map(listed).collect();
                        if rare {
                            rule.rare = rule.steps.len();
                            for word in &choices {
                                words.entry(word_hash(word)).or_default().rules.push(number as u32);
                            }
                        }
                        let next = kinds.len();
                        let kind = *kinds.entry(choices).or_insert(next);
                        if rule.steps.is_empty() && begins {
                            rule.from = Some(gap);
                        }
                        rule.steps.push(Step { gap, kind });
                    }
                }
                gap = 0;
            }
            out.push(rule);
        }
        debug_assert!(kinds.len() <= 64 * WIDTH, "{} kinds of words are too many", kinds.len());
        for (choices, kind) in &kinds {
            for word in choices {
                if let Some(bits) = words.entry(word_hash(word)).or_default().kinds.get_mut(kind / 64) {
                    *bits |= 1 << (kind % 64);
                }
            }
        }
        let mut rare = [0; 64];
        for (hash, _) in words.iter().filter(|(_, entry)| !entry.rules.is_empty()) {
            let (at, bit) = place(*hash);
            rare[at] |= bit;
        }
        let table = Table::of(words.keys().enumerate().map(|(at, hash)| (*hash, at as u64 + 1)));
        Self { rules: out, words: table, entries: words.into_values().collect(), rare }
    }

    fn entry(&self, word: &Word) -> Option<&Entry> {
        self.words.get(word.hash).checked_sub(1).and_then(|at| self.entries.get(at as usize))
    }

    /// Whether a word is one around which patterns are looked for.
    pub fn tells(&self, word: &Word) -> bool {
        let (at, bit) = place(word.hash);
        self.rare[at] & bit != 0 && self.entry(word).is_some_and(|entry| !entry.rules.is_empty())
    }

    /// Tells of each pattern in a sentence: its number and its class. Words that `hidden` holds are no words of it.
    pub fn find(
        &self,
        text: &Text,
        sentence: Range<usize>,
        hidden: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, C),
    ) {
        for at in sentence.clone().filter(|at| self.tells(&text.words[*at]) && !hidden(*at)) {
            let is = |kind: usize, place: usize| {
                self.entry(&text.words[place])
                    .is_some_and(|entry| entry.kinds[kind / 64] & 1 << (kind % 64) != 0)
                    && !hidden(place)
            };
            for number in self.entry(&text.words[at]).iter().flat_map(|entry| &entry.rules) {
                let rule = &self.rules[*number as usize];
                if rule.stands_around(&sentence, at, is) {
                    found(*number as usize, rule.class);
                }
            }
        }
    }
}

impl<C> Rule<C> {
    /// Whether the steps stand around the place of the one with the star; `is` tells whether a word is of a kind.
    fn stands_around(&self, sentence: &Range<usize>, at: usize, is: impl Fn(usize, usize) -> bool) -> bool {
        // Where a step may stand, as bits: how far behind the star's place, or before it.
        let mut behind = 1u64;
        for step in &self.steps[self.rare + 1..] {
            let mut next = 0;
            for far in bits(spread(behind, step.gap)) {
                next |= u64::from(at + far < sentence.end && is(step.kind, at + far)) << far;
            }
            if next == 0 {
                return false;
            }
            behind = next;
        }
        let mut before = 1u64;
        for number in (0..self.rare).rev() {
            let mut next = 0;
            for far in bits(spread(before, self.steps[number + 1].gap)) {
                next |= u64::from(at >= sentence.start + far && is(self.steps[number].kind, at - far)) << far;
            }
            if next == 0 {
                return false;
            }
            before = next;
        }
        self.from.is_none_or(|gap| bits(before).any(|far| at - far <= sentence.start + gap))
            && self.to.is_none_or(|gap| bits(behind).any(|far| at + far + 1 + gap >= sentence.end))
    }
}

/// A pattern whose last word may also be missing (`with|$`) is two.
fn ends(pattern: &str) -> impl Iterator<Item = String> {
    let short = pattern.strip_suffix("|$");
    let begin = short.and_then(|short| short.rsplit_once(' ')).map(|(begin, _)| format!("{begin} $"));
    std::iter::once(short.unwrap_or(pattern).to_owned()).chain(begin)
}

/// The places that are one to `gap` + 1 further than one of these.
fn spread(places: u64, gap: usize) -> u64 {
    (1..=gap + 1).fold(0, |all, far| all | places << far)
}

/// The numbers of the bits that are set.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(bit)
    })
}

fn place(hash: u64) -> (usize, u64) {
    ((hash >> 58) as usize, 1 << (hash >> 52 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(patterns: &Patterns<char>, text: &str) -> String {
        let text = Text::new(text);
        let mut out = Vec::new();
        for sentence in text.sentences() {
            patterns.find(&text, sentence, |_| false, |_, class| out.push(class));
        }
        out.into_iter().collect()
    }

    #[test]
    fn words_follow_one_another_within_their_gaps() {
        let lists = [("FRUIT", "apple pear")];
        let rules = [
            ('a', "*eat|eats +2 FRUIT"),
            ('b', "^ *fresh FRUIT"),
            ('c', "*fresh +1 FRUIT $"),
            ('d', "^ +1 *no +9 FRUIT +1 $"),
            ('e', "*peel +1 off|$"),
        ];
        let patterns = Patterns::new(&lists, &rules);
        for (text, expected) in [
            ("eat an apple", "a"),
            ("she eats a big ripe pear", ""),
            ("eats and eats a ripe pear", "a"),
            ("apple eat", ""),
            ("Fresh pear for all", "b"),
            ("so fresh pear", "c"),
            ("fresh, sweet apple", "c"),
            ("Well. Fresh apple.", "bc"),
            ("oh no not one more pear today", "d"),
            ("oh oh no pear", ""),
            ("no pear for you today", ""),
            ("peel it off now", "e"),
            ("do peel it", "e"),
            ("peel it with care", ""),
        ] {
            assert_eq!(found(&patterns, text), expected, "{text}");
        }
        assert!(patterns.tells(&Text::new("fresh").words[0]) && !patterns.tells(&Text::new("pear").words[0]));
    }
}
