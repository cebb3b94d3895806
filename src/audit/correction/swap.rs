//! Texts with men for women and women for men.

use std::collections::HashMap;

/// Words that stand for each other.
const PAIRS: &str = "he she|himself herself|he's she's|he'd she'd|he'll she'll|man woman|men women|boy girl|\
    boys girls|father mother|fathers mothers|dad mom|daddy mommy|grandfather grandmother|grandpa grandma|\
    husband wife|husbands wives|boyfriend girlfriend|boyfriends girlfriends|brother sister|\
    brothers sisters|son daughter|sons daughters|nephew niece|nephews nieces|uncle aunt|uncles aunts|\
    king queen|sir ma'am|mr mrs|gentleman lady|gentlemen ladies|male female|males females|groom bride|\
    fiancé fiancée|actor actress|waiter waitress|policeman policewoman|businessman businesswoman|\
    grandson granddaughter|stepfather stepmother|stepdad stepmom|godfather godmother|widower widow";

/// First names that are borne by men, each with one that is borne by women.
const NAMES: &str = "James Mary|John Patricia|Robert Jennifer|Michael Linda|William Elizabeth|David Barbara|\
    Richard Susan|Joseph Jessica|Thomas Sarah|Charles Karen|Daniel Lisa|Matthew Nancy|Anthony Betty|\
    Steven Sandra|Paul Margaret|Andrew Ashley|Joshua Kimberly|Kevin Emily|Brian Donna|George Michelle|\
    Edward Carol|Ronald Amanda|Timothy Melissa|Jason Deborah|Jeffrey Stephanie|Ryan Rebecca|Jacob Laura|\
    Gary Helen|Nicholas Sharon|Eric Cynthia|Jonathan Kathleen|Stephen Amy|Larry Shirley|Justin Angela|\
    Scott Anna|Brandon Ruth|Benjamin Brenda|Samuel Pamela|Gregory Nicole|Alexander Katherine|Jack Emma|\
    Peter Julia|Oliver Olivia|Harry Sophie|Liam Chloe|Noah Mia|Ethan Ava|Lucas Isabella|Henry Alice|\
    Adam Eve|Tom Kate|Mike Jenny|Bob Sue|Jim Anne|Ben Lucy|Dan Rachel|Luke Hannah|Omar Fatima|\
    Mohammed Aisha|Ahmed Layla|Ali Zainab|Hassan Mariam|Raj Priya|Arjun Ananya|Rahul Deepa|Amit Neha|\
    Carlos Maria|José Carmen|Juan Lucía|Luis Rosa|Diego Sofía|Miguel Elena|Wei Mei|Hiroshi Yuki|\
    Kenji Sakura|Ivan Olga|Dmitri Natasha|Sergei Svetlana|Kwame Ama|Kofi Abena|Tunde Ngozi|Chidi Amara|\
    DeShawn Keisha|Jamal Latoya|Tyrone Ebony";

/// Words before which "her" is "him", not "his", and "his" stands alone: no thing of somebody's
/// begins with them.
const NO_THING: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "alone",
    "already",
    "always",
    "an",
    "and",
    "anymore",
    "anyway",
    "are",
    "as",
    "at",
    "away",
    "back",
    "because",
    "been",
    "before",
    "but",
    "by",
    "crazy",
    "do",
    "down",
    "every",
    "feel",
    "for",
    "forever",
    "from",
    "get",
    "go",
    "happy",
    "have",
    "he",
    "here",
    "home",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "just",
    "know",
    "last",
    "later",
    "like",
    "mad",
    "me",
    "more",
    "my",
    "never",
    "no",
    "not",
    "now",
    "of",
    "off",
    "on",
    "once",
    "or",
    "out",
    "over",
    "really",
    "she",
    "since",
    "sit",
    "smile",
    "so",
    "soon",
    "still",
    "talk",
    "than",
    "that",
    "the",
    "then",
    "there",
    "they",
    "this",
    "though",
    "to",
    "today",
    "together",
    "tomorrow",
    "tonight",
    "too",
    "twice",
    "until",
    "up",
    "very",
    "was",
    "we",
    "well",
    "what",
    "when",
    "where",
    "while",
    "who",
    "why",
    "will",
    "with",
    "without",
    "would",
    "yesterday",
    "yet",
    "you",
    "your",
];

/// Swaps words for men and for women.
#[derive(Debug)]
pub struct Swapper {
    words: HashMap<String, &'static str>,
    names: HashMap<&'static str, &'static str>,
}

impl Default for Swapper {
    fn default() -> Self {
        let mut words = HashMap::new();
        let mut names = HashMap::new();
        for (one, other) in PAIRS.split('|').filter_map(|pair| pair.trim().split_once(' ')) {
            words.insert(one.to_owned(), other);
            words.insert(other.to_owned(), one);
        }
        // Words that have a pair but are not its other half.
        for (word, other) in
            [("mum", "dad"), ("mama", "daddy"), ("ms", "mr"), ("guy", "woman"), ("dude", "girl")]
        {
            words.insert(word.to_owned(), other);
        }
        for (one, other) in NAMES.split('|').filter_map(|pair| pair.trim().split_once(' ')) {
            names.insert(one, other);
            names.insert(other, one);
        }
        Self { words, names }
    }
}

impl Swapper {
    /// The text with every man a woman and every woman a man, names and pronouns together; `None`
    /// where it speaks of neither.
    ///
    /// Whether "her" is "him" or "his" is told by what follows, so a few are wrong.
    pub fn swapped(&self, text: &str) -> Option<String> {
        reworded(text, |place| self.other(place))
    }

    /// What stands in for a word, in its own case.
    fn other(&self, Place { word, after, begins }: Place) -> Option<String> {
        let plain = |word: &str| word.to_lowercase().replace('’', "'");
        // A letter's other case may have another length, so what is cut off is cut off the word itself.
        let owner = ["'s", "’s", "'S", "’S"]
            .into_iter()
            .find_map(|ending| Some((word.strip_suffix(ending)?, ending)));
        let (base, ending) = owner.filter(|_| !self.words.contains_key(&plain(word))).unwrap_or((word, ""));
        if let Some(name) = self.names.get(base) {
            return Some(format!("{name}{ending}"));
        }
        let base = plain(base);
        let other = match base.as_str() {
            "him" => "her",
            "hers" => "his",
            "her" => {
                if owns(after, begins) {
                    "his"
                } else {
                    "him"
                }
            }
            "his" => {
                if owns(after, begins) {
                    "her"
                } else {
                    "hers"
                }
            }
            base => self.words.get(base)?,
        };
        Some(format!("{}{ending}", in_case_of(word, other)))
    }
}

/// A word with what tells what it is.
pub struct Place<'a> {
    pub word: &'a str,
    pub after: &'a str,
    /// Whether a sentence begins with it.
    pub begins: bool,
}

/// The text with other words for some, each by where it stands; `None` where all stay.
pub fn reworded(text: &str, other: impl Fn(Place) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let (mut changed, mut begins) = (false, true);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match in_word(c) {
            true => word_length(rest),
            false => rest.find(in_word).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(length);
        rest = after;
        let place = Place { word: piece, after, begins };
        begins = if in_word(c) { false } else { begins || piece.contains(['.', '!', '?', '\n']) };
        match in_word(c).then(|| other(place)).flatten() {
            Some(other) => {
                changed = true;
                out.push_str(&other);
            }
            None => out.push_str(piece),
        }
    }
    changed.then_some(out)
}

/// Of these words, those with which a thing of somebody's may begin at a sentence's beginning, where nobody is "him".
const THING_AT_FIRST: &[&str] =
    &["back", "crazy", "feel", "happy", "home", "last", "mad", "smile", "talk", "very", "will"];

/// Whether a thing that is somebody's follows, behind a word with which a sentence `begins` or not.
fn owns(after: &str, begins: bool) -> bool {
    let Some(after) = after.strip_prefix(' ') else { return false };
    let length = word_length(after);
    let next = after[..length].to_lowercase();
    let is_thing = begins && THING_AT_FIRST.contains(&next.as_str());
    length > 0 && (is_thing || !NO_THING.contains(&next.as_str()))
}

/// A word with capitals where another has them.
pub fn in_case_of(word: &str, other: &str) -> String {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().is_some_and(char::is_uppercase);
    if first && letters.clone().next().is_some() && letters.all(char::is_uppercase) {
        return other.to_uppercase();
    }
    let mut characters = other.chars();
    match characters.next() {
        Some(head) if first => head.to_uppercase().chain(characters).collect(),
        _ => other.to_owned(),
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The bytes of the word at the beginning, apostrophes inside it included.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let inner =
            at > 0 && matches!(c, '\'' | '’') && characters.peek().is_some_and(|(_, next)| in_word(*next));
        if !in_word(c) && !inner {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_swapped_or_stays(text in "([\\PCİẞȺßŉ]{0,4}(['’][sS])? ?(her|his|he's|Sarah)?){0,6}") {
            if let Some(other) = Swapper::default().swapped(&text) {
                prop_assert_ne!(other, text);
            }
        }
    }

    #[test]
    fn names_and_pronouns_change_together() {
        let swapper = Swapper::default();
        for (text, other) in [
            ("He told his wife that James was late.", "She told her husband that Mary was late."),
            ("I saw her yesterday with her dog.", "I saw him yesterday with his dog."),
            ("That book is his.", "That book is hers."),
            ("HE'S my brother's best man!", "SHE'S my sister's best woman!"),
            ("Sarah’s car, he’s fine", "Thomas’s car, she's fine"),
            ("I gave it to her", "I gave it to him"),
            ("Her İrem’s, ẞ’s and Ⱥ’s; SARAH'S MUM'S", "His İrem’s, ẞ’s and Ⱥ’s; SARAH'S DAD'S"),
            ("Her smile faded. His back hurts.", "His smile faded. Her back hurts."),
            ("Her and I laughed, which made her smile", "Him and I laughed, which made him smile"),
        ] {
            assert_eq!(swapper.swapped(text).as_deref(), Some(other), "{text}");
        }
        for text in ["", "nobody was there", "the chef and the cashier", "e\u{301} [NAME] 👍"] {
            assert_eq!(swapper.swapped(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_has_one_other_and_goes_back() {
        let swapper = Swapper::default();
        for (word, other) in swapper.names.iter().map(|(a, b)| ((*a).to_owned(), *b)) {
            assert_eq!(swapper.names[other], word, "two names have one other");
        }
        let one_way = ["mum", "mama", "ms", "guy", "dude"];
        for (word, other) in swapper.words.iter().filter(|(word, _)| !one_way.contains(&word.as_str())) {
            assert_eq!(swapper.words[*other], word, "two words have one other");
        }
    }
}
