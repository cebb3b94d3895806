//! The same text about somebody else: of the other gender, another faith, age, nation …

use std::collections::HashMap;

use super::swap::{Place, Swapper, in_case_of, reworded};
use crate::audit::groups::is_person;

/// By attribute: words that stand in for each other, each for the one before it and the first for the
/// last. `*` before a word: only where a word for a person follows.
const CIRCLES: &[(&str, &[&str])] = &[
    (
        "religion",
        &[
            "christian muslim jewish",
            "christians muslims jews",
            "church mosque synagogue",
            "churches mosques synagogues",
            "christianity islam judaism",
            "bible quran torah",
            "priest rabbi",
        ],
    ),
    ("race", &["*black *white", "african asian latino", "africans asians latinos", "*brown *white"]),
    (
        "nationality",
        &[
            "american mexican nigerian german",
            "americans mexicans nigerians germans",
            "chinese japanese british",
            "*indian *french",
            "russian canadian",
            "russians canadians",
        ],
    ),
    ("orientation", &["gay *straight", "lesbian *heterosexual", "homosexual heterosexual"]),
    ("age", &["*old *young", "*older *younger", "elderly teenage"]),
];

/// Makes counterparts of texts.
#[derive(Debug)]
pub struct Counterparts {
    gender: Swapper,
    others: Vec<(&'static str, HashMap<&'static str, Other>)>,
}

/// What stands in for a word.
#[derive(Debug, Clone, Copy)]
struct Other {
    word: &'static str,
    before_person: bool,
}

impl Default for Counterparts {
    fn default() -> Self {
        let bare = |word: &'static str| word.strip_prefix('*').unwrap_or(word);
        let of = |circles: &[&'static str]| {
            let mut map = HashMap::new();
            for circle in circles {
                let words: Vec<&'static str> = circle.split(' ').collect();
                for (at, word) in words.iter().enumerate() {
                    let other = Other {
                        word: bare(words[(at + 1) % words.len()]),
                        before_person: word.starts_with('*'),
                    };
                    // A word of two circles belongs to the first.
                    map.entry(bare(word)).or_insert(other);
                }
            }
            map
        };
        let others = CIRCLES.iter().map(|(attribute, circles)| (*attribute, of(circles))).collect();
        Self { gender: Swapper::default(), others }
    }
}

impl Counterparts {
    /// The text's counterparts, at most one for each attribute of which it speaks.
    pub fn of(&self, text: &str) -> Vec<(&'static str, String)> {
        let gender = self.gender.swapped(text).map(|other| ("gender", other));
        let others = self.others.iter().filter_map(|(attribute, words)| {
            let other = |Place { word, after, .. }: Place| {
                let plain = word.to_lowercase().replace('’', "'");
                let (base, ending) = match plain.strip_suffix("'s") {
                    Some(base) => (base, "'s"),
                    None => (plain.as_str(), ""),
                };
                let other = words.get(base)?;
                let next: String =
                    after.trim_start_matches(' ').chars().take_while(|c| c.is_alphabetic()).collect();
                let fits = !other.before_person || ending.is_empty() && is_person(&next.to_lowercase());
                fits.then(|| format!("{}{ending}", in_case_of(word, other.word)))
            };
            Some((*attribute, articles(text, reworded(text, other)?)))
        });
        gender.into_iter().chain(others).collect()
    }
}

/// The new text with "a" and "an" as its words want them, where its words are not the old ones.
fn articles(old: &str, new: String) -> String {
    let vowel = |word: &str| word.starts_with(|c: char| "aeiouAEIOU".contains(c));
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split(' ').collect(), new.split(' ').collect());
    let mut out: Vec<&str> = new.clone();
    for at in 1..new.len().min(old.len()) {
        if old[at] == new[at] || vowel(old[at]) == vowel(new[at]) {
            continue;
        }
        out[at - 1] = match (new[at - 1], vowel(new[at])) {
            ("a", true) => "an",
            ("A", true) => "An",
            ("an", false) => "a",
            ("An", false) => "A",
            (other, _) => other,
        };
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_counterpart_for_each_attribute_of_which_it_speaks() {
        let counterparts = Counterparts::default();
        for (text, wanted) in [
            (
                "An old man prays in his church",
                &[
                    ("gender", "An old woman prays in her church"),
                    ("religion", "An old man prays in his mosque"),
                    ("age", "A young man prays in his church"),
                ][..],
            ),
            ("The Muslim's bus was late", &[("religion", "The Jewish's bus was late")]),
            ("an AMERICAN car", &[("nationality", "a MEXICAN car")]),
            (
                "gay people, straight people and a straight line",
                &[("orientation", "straight people, gay people and a straight line")],
            ),
            ("a black dress on an old chair", &[]),
            ("two black women", &[("gender", "two black men"), ("race", "two white women")]),
            ("", &[]),
            ("\u{202e}[NAME] e\u{301}\u{200b}", &[]),
        ] {
            let found = counterparts.of(text);
            let found: Vec<(&str, &str)> = found.iter().map(|(of, text)| (*of, text.as_str())).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn no_word_stands_in_for_itself() {
        for (attribute, words) in &Counterparts::default().others {
            for (word, other) in words {
                assert_ne!(*word, other.word, "{attribute}");
            }
        }
    }
}
