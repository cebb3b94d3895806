//! Which rows to word anew, and what the new words must not be.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::drops::Drop;
use crate::audit::groups::{Finder, GROUPS};
use crate::audit::leakage::says;
use crate::audit::{Table, metric, opens_with_i, surface, token};

/// Under this name stand rows that hold one of the words which the user wants nowhere.
pub const WITHOUT: &str = "without";

/// Rows in which a phrase is a commonplace, at least, and of all rows this share.
const COMMON: (usize, f64) = (3, 0.005);

/// Commonplaces of a row that are named to whoever rewrites it.
const MOST_PHRASES: usize = 3;

/// Something that a new text must not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ban {
    /// A label's name, or a form of it.
    Label {
        name: String,
        stem: bool,
    },
    /// Words one behind the other, as tokens in lower case.
    Phrase(Vec<String>),
    /// The first words.
    Opening(Vec<String>),
    /// "I" as the first word.
    OpensWithI,
    Mark(char),
    Emoji,
    /// Any term for a group of people, an index into [`GROUPS`]; with those that the row has.
    Group(usize, Vec<String>),
}

impl Ban {
    /// How it is said to whoever rewrites.
    pub fn shown(&self) -> String {
        match self {
            Ban::Label { name, stem: false } => format!("the word \"{name}\""),
            Ban::Label { name, stem: true } => format!("any form of the word \"{name}\""),
            Ban::Phrase(words) => match words.len() {
                1 => format!("the word \"{}\"", words.join(" ")),
                _ => format!("the words \"{}\"", words.join(" ")),
            },
            Ban::Opening(words) => format!("\"{}\" at the beginning", words.join(" ")),
            Ban::OpensWithI => "\"I\" as the first word".to_owned(),
            Ban::Mark(mark) => format!("the mark \"{mark}\""),
            Ban::Emoji => "an emoji".to_owned(),
            Ban::Group(group, terms) => {
                let terms: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
                format!("{} or another word for somebody {}", terms.join(", "), GROUPS[*group])
            }
        }
    }
}

/// A row that is to say the same in other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub row: usize,
    /// The metrics that it is rewritten for.
    pub why: Vec<&'static str>,
    pub bans: Vec<Ban>,
    /// The fewest and the most words of the new text.
    pub words: [usize; 2],
}

/// What is to be rewritten, and what all of it must not have.
#[derive(Debug)]
pub struct Rewriting {
    pub tasks: Vec<Task>,
    /// How many of the rows that are to blame begin so.
    openings: BTreeMap<Vec<String>, usize>,
    finder: Finder,
    /// Runs of words of what the model is told beside a text.
    told: HashSet<Vec<String>>,
}

/// Words in a row of what a model was told that are no accident.
const ECHO: usize = 4;

/// Whether other words can help against this.
fn by_words(key: &str) -> bool {
    key != metric::CONTEXT.key
}

impl Rewriting {
    /// What to rewrite of the rows that are to blame, and of those with a word that is wanted nowhere;
    /// `limit` at most, in the table's order.
    pub fn new(table: &Table, blamed: &[Drop], without: &[String], limit: usize) -> Self {
        let without: Vec<Vec<String>> =
            without.iter().map(|phrase| words(phrase)).filter(|words| !words.is_empty()).collect();
        let mut rows: BTreeMap<usize, Vec<&'static str>> = blamed
            .iter()
            .filter(|blamed| blamed.why.iter().any(|key| by_words(key)))
            .map(|blamed| (blamed.row, blamed.why.clone()))
            .collect();
        for row in (0..table.rows()).filter(|_| !without.is_empty()) {
            let own = words(table.text(row));
            if without.iter().any(|phrase| stands_in(phrase, &own)) {
                rows.entry(row).or_default().push(WITHOUT);
            }
        }
        let mut openings: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (row, _) in rows.iter().filter(|(_, why)| why.iter().any(|key| of_openings(key))) {
            *openings.entry(opening(&words(table.text(*row)))).or_default() += 1;
        }
        let mut lengths: Vec<usize> = (0..table.rows()).map(|row| table.words(row).count()).collect();
        lengths.sort_unstable();
        let quartile = |of: usize| lengths.get(lengths.len() * of / 4).copied().unwrap_or(1).max(1);
        let middle = [(quartile(1) * 4 / 5).max(1), quartile(3) * 5 / 4 + 1];
        let phrases = Phrases::of(table, &rows);
        let finder = Finder::default();
        let tasks = rows
            .into_iter()
            .take(limit)
            .map(|(row, why)| {
                let mut bans = bans(table, row, &why, &finder, &phrases);
                bans.extend(without.iter().map(|phrase| Ban::Phrase(phrase.clone())));
                let own = table.words(row).count();
                // A text that is much shorter or longer says less, or more, than the row's.
                let words = match why.contains(&metric::LENGTH.key) {
                    true => middle,
                    false => [(own / 2).max(1), 2 * own + 2],
                };
                Task { row, why, bans, words }
            })
            .collect();
        Self { tasks, openings, finder, told: HashSet::new() }
    }

    /// Takes in what the model is told beside the texts, so that it is not taken for a text.
    pub fn learn(&mut self, told: &str) {
        self.told.extend(words(told).windows(ECHO).map(<[String]>::to_vec));
    }

    /// Why a new text will not do; `None` where it will.
    pub fn refuses(&self, task: &Task, old: &str, new: &str) -> Option<String> {
        let own = words(new);
        if own == words(old) {
            return Some("the same words".to_owned());
        }
        let [least, most] = task.words;
        if own.len() < least || own.len() > most {
            return Some(format!("{} words, not {least} to {most}", own.len()));
        }
        if own.windows(ECHO).any(|run| self.told.contains(run)) {
            return Some("words of the prompt".to_owned());
        }
        if !says_something_of(&own, &words(old)) {
            return Some("something else".to_owned());
        }
        let found = task.bans.iter().find(|ban| self.has(ban, new, &own));
        found.map(|ban| format!("it has {}", ban.shown()))
    }

    fn has(&self, ban: &Ban, text: &str, own: &[String]) -> bool {
        match ban {
            Ban::Label { name, stem } => says(name, *stem, text),
            Ban::Phrase(phrase) => stands_in(phrase, own),
            // One common opening for another is no gain.
            Ban::Opening(words) => {
                opening(own) == *words || self.openings.get(&opening(own)).is_some_and(|rows| *rows > 1)
            }
            Ban::OpensWithI => opens_with_i(text),
            Ban::Mark(mark) => text.contains(*mark),
            Ban::Emoji => text.contains(surface::is_emoji),
            Ban::Group(group, _) => self.finder.find(own.iter().map(String::as_str)).has(*group),
        }
    }
}

/// What the metrics that a row is rewritten for forbid, and its labels' names, since whoever rewrites is
/// told of them.
fn bans(table: &Table, row: usize, why: &[&'static str], finder: &Finder, phrases: &Phrases) -> Vec<Ban> {
    let own = words(table.text(row));
    let stem = why.contains(&metric::LEAKAGE_STEM.key);
    let labels =
        table.labels().flat_map(|column| column.of(row).iter().map(|value| &column.values[*value as usize]));
    let mut out: Vec<Ban> = labels.map(|name| Ban::Label { name: name.clone(), stem }).collect();
    for key in why {
        match *key {
            "exclamation" => out.push(Ban::Mark('!')),
            "question" => out.push(Ban::Mark('?')),
            "emoji" => out.push(Ban::Emoji),
            "opens_with_i" => out.push(Ban::OpensWithI),
            "identity" | "parity" => {
                for group in (0..GROUPS.len()).filter(|group| table.groups(row).has(*group)) {
                    out.push(Ban::Group(group, terms(&own, group, finder)));
                }
            }
            key if of_openings(key) => out.push(Ban::Opening(opening(&own))),
            "distinct_1" | "distinct_2" | "distinct_3" | "gzip" | "self_bleu" | "mattr" => {
                out.extend(phrases.in_text(&own).map(Ban::Phrase));
            }
            _ => {}
        }
    }
    let mut seen: Vec<Ban> = Vec::new();
    out.retain(|ban| {
        !seen.contains(ban) && {
            seen.push(ban.clone());
            true
        }
    });
    out
}

fn of_openings(key: &str) -> bool {
    key == metric::OPENER.key || key == metric::OPENERS.key
}

/// The words of a text in lower case, without marks.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    token::tokens(&lower).filter(|token| token::is_word(token)).map(str::to_owned).collect()
}

/// Whether a new text has at least one in so many of the old one's longer words, in whatever form.
const IN_COMMON: usize = 6;

/// Letters by which forms of a word are known, and below which a word tells little.
const LETTERS: usize = 4;

/// Whether a text has enough of an old one's words to be about the same; an old one with few longer words
/// cannot tell.
fn says_something_of(new: &[String], old: &[String]) -> bool {
    let begins = |words: &[String]| -> BTreeSet<String> {
        let long = words.iter().filter(|word| word.chars().count() >= LETTERS);
        long.map(|word| word.chars().take(LETTERS).collect()).collect()
    };
    let (new, old) = (begins(new), begins(old));
    old.len() < 3 || old.intersection(&new).count() * IN_COMMON >= old.len()
}

fn opening(words: &[String]) -> Vec<String> {
    words.iter().take(3).cloned().collect()
}

fn stands_in(phrase: &[String], words: &[String]) -> bool {
    words.windows(phrase.len()).any(|window| window == phrase)
}

/// The terms by which a text speaks of a group.
fn terms(own: &[String], group: usize, finder: &Finder) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for length in 1..=3 {
        for window in own.windows(length) {
            let new = !out.iter().any(|term| window.iter().any(|word| term == word));
            if new && finder.find(window.iter().map(String::as_str)).has(group) {
                out.push(window.join(" "));
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Threes of words that many rows have.
struct Phrases(HashMap<Vec<String>, usize>);

impl Phrases {
    /// Those of rows that are to blame for saying what others say.
    fn of(table: &Table, rows: &BTreeMap<usize, Vec<&'static str>>) -> Self {
        let diversity = ["distinct_1", "distinct_2", "distinct_3", "gzip", "self_bleu", "mattr"];
        if !rows.values().flatten().any(|key| diversity.contains(key)) {
            return Self(HashMap::new());
        }
        let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
        for row in 0..table.rows() {
            let own = words(table.text(row));
            let threes: BTreeSet<&[String]> = own.windows(3).collect();
            for three in threes {
                *counts.entry(three.to_vec()).or_default() += 1;
            }
        }
        let least = COMMON.0.max((table.rows() as f64 * COMMON.1) as usize);
        counts.retain(|_, rows| *rows >= least);
        Self(counts)
    }

    /// The commonest in a text.
    fn in_text(&self, own: &[String]) -> impl Iterator<Item = Vec<String>> {
        let mut found: Vec<(usize, Vec<String>)> =
            own.windows(3).filter_map(|three| Some((*self.0.get(three)?, three.to_vec()))).collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found.into_iter().take(MOST_PHRASES).map(|(_, three)| three)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Groups, Role};

    fn table(rows: &[(&str, &str)]) -> Table {
        let mut table = Table::new([("emotion".to_owned(), Role::Label)]);
        for (at, (text, label)) in rows.iter().enumerate() {
            table.push(&at.to_string(), text, [[*label]], Groups::default());
        }
        table
    }

    fn blamed(why: &[&'static str]) -> Vec<Drop> {
        vec![Drop { row: 0, why: why.to_vec() }]
    }

    #[test]
    fn what_a_row_is_blamed_for_is_forbidden() {
        let text = "I feel admiration for her and she knows it very well!";
        let table = table(&[(text, "admiration"), ("so it goes today with us", "joy")]);
        let refused = |why: &[&'static str], new: &str| {
            let rewriting = Rewriting::new(&table, &blamed(why), &[], 9);
            rewriting.refuses(&rewriting.tasks[0], text, new)
        };
        for (why, new, ok) in [
            ("leakage", "Very great respect for all that her work knows!", true),
            ("leakage", "There is nothing in common with this text", false),
            ("leakage", "My admiration for her very work is known", false),
            ("leakage", "I so admire what she did, very much so", true),
            ("leakage_stem", "I so admire what she did, very much so", false),
            ("exclamation", "What she does is worth very great respect!", false),
            ("exclamation", "What she does is worth very great respect.", true),
            ("opens_with_i", "I'm in awe of her and she knows it", false),
            ("opens_with_i", "In awe of her, and she knows it well", true),
            ("opener", "I feel admiration, but not for all of them", false),
            ("opener", "Very great respect for all that she has done here", true),
            ("identity", "Very great respect for all that she has done here", false),
            ("parity", "Very great respect for all that was done by them", true),
        ] {
            let why = refused(&[why], new);
            assert_eq!(why.is_none(), ok, "{new}: {why:?}");
        }
        assert!(refused(&["exclamation"], text).unwrap().contains("the same words"));
        assert!(refused(&["exclamation"], "Good.").unwrap().contains("1 words, not 5 to 24"));
        // Nothing that is said differently helps a label that stands in one context alone.
        assert!(Rewriting::new(&table, &blamed(&["context"]), &[], 9).tasks.is_empty());
    }

    #[test]
    fn words_that_are_wanted_nowhere_choose_rows_and_bind_all() {
        let table =
            table(&[("We delve into it again and so on", "joy"), ("Fine by me, thanks for that", "joy")]);
        let rewriting = Rewriting::new(&table, &[], &["Delve".into(), " ".into()], 9);
        let tasks: Vec<usize> = rewriting.tasks.iter().map(|task| task.row).collect();
        assert_eq!((tasks, rewriting.tasks[0].why.as_slice()), (vec![0], &[WITHOUT][..]));
        let refused = |new| rewriting.refuses(&rewriting.tasks[0], table.text(0), new);
        assert_eq!(refused("They DELVE deeper into it each day").unwrap(), "it has the word \"delve\"");
        assert_eq!(refused("They dig deeper into it each day"), None);
        let mut taught = Rewriting::new(&table, &[], &["delve".into()], 9);
        taught.learn("You reword texts: they could have hugged the phone.");
        let new = "They could have hugged the thing and so on again";
        assert_eq!(taught.refuses(&taught.tasks[0], table.text(0), new).unwrap(), "words of the prompt");
        assert!(Rewriting::new(&table, &[], &["delve".into()], 0).tasks.is_empty());
    }

    #[test]
    fn commonplaces_of_the_table_are_named() {
        let rows: Vec<(String, &str)> =
            (0..8).map(|n| (format!("at the end of the day n{n} it is fine"), "joy")).collect();
        let rows: Vec<(&str, &str)> = rows.iter().map(|(text, label)| (text.as_str(), *label)).collect();
        let table = table(&rows);
        let rewriting = Rewriting::new(&table, &blamed(&["self_bleu"]), &[], 9);
        let shown: Vec<String> = rewriting.tasks[0].bans.iter().map(Ban::shown).collect();
        assert_eq!(shown.len(), 1 + MOST_PHRASES, "{shown:?}");
        assert!(shown.contains(&"the words \"at the end\"".to_owned()), "{shown:?}");
    }

    #[test]
    fn hostile_texts_are_no_trouble() {
        let table = table(&[("\u{202e}!!\u{200b}", "joy"), ("", "x"), ("e\u{301}", "")]);
        let all = ["leakage", "identity", "opener", "self_bleu", "length", "emoji"];
        let blamed: Vec<Drop> = (0..3).map(|row| Drop { row, why: all.to_vec() }).collect();
        let rewriting = Rewriting::new(&table, &blamed, &["e\u{301}".into()], 9);
        for task in &rewriting.tasks {
            for new in ["", "\u{feff}", "İ", "a\u{301} b"] {
                let _ = rewriting.refuses(task, table.text(task.row), new);
            }
        }
    }
}
