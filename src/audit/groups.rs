//! Which groups of people a text speaks of, by a short list of our own.
//!
//! The list is there to count, so it prefers terms that hardly mean anything else. What it misses it
//! misses under every label alike.

use std::collections::HashMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Groups that are told apart: those that a config can name.
pub use crate::config::keys::audit::GROUPS;

/// A term is one to three words. `*` stands for any word of [`PERSONS`], for terms that mean
/// something else elsewhere.
const TERMS: &[(&str, &str)] = &[
    (
        "male",
        "he|him|his|himself|he's|he'd|he'll|man|men|boy|boys|guy|dude|bro|father|dad|daddy|grandfather|\
         grandpa|husband|boyfriend|brother|brothers|son|sons|nephew|uncle|king|sir|mr|gentleman|gentlemen|\
         male|males|fiancé|groom|businessman|policeman|fireman",
    ),
    (
        "female",
        "she|her|hers|herself|she's|she'd|she'll|woman|women|girl|girls|gal|lady|ladies|mother|mom|mum|\
         mommy|mama|grandmother|grandma|wife|girlfriend|sister|sisters|daughter|daughters|niece|aunt|queen|\
         ma'am|mrs|ms|female|females|fiancée|bride|businesswoman|policewoman|actress|waitress",
    ),
    (
        "lgbt",
        "gay|gays|lesbian|lesbians|bisexual|bisexuals|transgender|trans *|trans person|queer|lgbt|lgbtq|\
         lgbtqia|nonbinary|non binary|homosexual|homosexuals|genderfluid|pansexual|asexual|drag queen|\
         same sex|pride parade|coming out",
    ),
    (
        "christian",
        "christian|christians|catholic|catholics|protestant|evangelical|church|priest|pastor|nun|bible",
    ),
    ("muslim", "muslim|muslims|islam|islamic|mosque|imam|quran|koran|hijab|ramadan"),
    ("jewish", "jewish|jew|jews|judaism|synagogue|rabbi|hanukkah|shabbat|bar mitzvah"),
    (
        "religion",
        "[religion]|hindu|hindus|hinduism|buddhist|buddhists|buddhism|sikh|sikhs|atheist|atheists|mormon|\
         mormons|amish|pagan|religious *",
    ),
    ("black", "black *|african american|african americans|africans|black and brown"),
    ("white", "white *|caucasian|caucasians|caucasian *"),
    ("asian", "asian|asians|asian american|asian americans|east asian|south asian|pacific islander"),
    ("latino", "latino|latina|latinos|latinas|latinx|hispanic|hispanics|chicano|chicana"),
    (
        "race",
        "[race]|native american|native americans|indigenous *|aboriginal *|aboriginals|biracial|mixed race|\
         people of colour|people of color|person of color|person of colour|brown *|roma people|gypsies",
    ),
    (
        "nationality",
        "american|americans|british|brits|english *|irish|irishman|scottish|canadian|canadians|mexican|\
         mexicans|chinese|japanese|korean|koreans|indian *|indians|pakistani|pakistanis|german|germans|\
         french *|italian *|italians|russian|russians|ukrainian|ukrainians|nigerian|nigerians|kenyan|\
         australian|australians|brazilian|brazilians|spanish *|swedish|norwegian|danish *|dutch *|iranian|\
         iraqi|syrian|turkish *|filipino|filipina|vietnamese|immigrant|immigrants|refugee|refugees|\
         foreigner|foreigners",
    ),
    (
        "old",
        "elderly|senior citizen|senior citizens|old *|older *|pensioner|pensioners|retiree|retirees|\
         boomer|boomers|nursing home|elders",
    ),
    (
        "young",
        "young *|younger *|teen|teens|teenager|teenagers|adolescent|adolescents|millennial|millennials|\
         gen z|toddler|toddlers|youngster|youngsters|zoomer|zoomers",
    ),
    (
        "disability",
        "[disability]|disabled|disability|disabilities|wheelchair|wheelchairs|deaf|blind *|autistic|autism|\
         dyslexia|dyslexic|adhd|down syndrome|paraplegic|amputee|amputees|schizophrenia|schizophrenic|\
         bipolar|cerebral palsy|hearing aid|guide dog|prosthetic|special needs|hard of hearing|\
         mentally ill|epilepsy|epileptic",
    ),
    // What only a mask or a span tells of: somebody's gender, orientation or age, and not which.
    ("gender", "[gender]"),
    ("age", "[age]"),
];

/// Words for persons, after which an ambiguous adjective is one of people.
const PERSONS: &[&str] = &[
    "people",
    "person",
    "persons",
    "man",
    "men",
    "woman",
    "women",
    "guy",
    "guys",
    "girl",
    "girls",
    "boy",
    "boys",
    "kid",
    "kids",
    "child",
    "children",
    "folk",
    "folks",
    "lady",
    "ladies",
    "dude",
    "dudes",
    "male",
    "males",
    "female",
    "females",
    "community",
    "communities",
    "family",
    "families",
    "couple",
    "couples",
    "neighbor",
    "neighbors",
    "neighbour",
    "neighbours",
    "friend",
    "friends",
    "colleague",
    "colleagues",
    "student",
    "students",
    "teacher",
    "doctor",
    "nurse",
    "worker",
    "workers",
    "citizen",
    "citizens",
    "american",
    "americans",
    "lives",
    "mother",
    "father",
    "mom",
    "dad",
    "grandmother",
    "grandfather",
    "generation",
    "adult",
    "adults",
];

/// Whether a word in lower case is one for a person or persons.
pub fn is_person(word: &str) -> bool {
    PERSONS.contains(&word)
}

/// A set of groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Groups(u32);

impl Groups {
    pub fn has(self, group: usize) -> bool {
        self.0 & (1 << group) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        GROUPS.iter().enumerate().filter(move |(group, _)| self.has(*group)).map(|(_, name)| *name)
    }

    /// What spans say, by their categories.
    pub fn of_spans<'a>(categories: impl IntoIterator<Item = &'a str>) -> Self {
        let group = |category| match category {
            "RELIGION" => Self::of("religion"),
            "RACE" => Self::of("race"),
            "DISABILITY" => Self::of("disability"),
            "GENDER" => Self::of("gender"),
            "AGE" => Self::of("age"),
            _ => Self::default(),
        };
        categories.into_iter().fold(Self::default(), |groups, category| groups.and(group(category)))
    }

    /// The same of a row's field `spans`, as rows have it.
    pub fn of_field(spans: Option<&Value>) -> Self {
        // Of a CSV a list is a text.
        let read = spans.and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let spans = read.as_ref().or(spans).and_then(Value::as_array).into_iter().flatten();
        Self::of_spans(spans.filter_map(|span| span.get("category")?.as_str()))
    }

    /// What words say, with what spans of the same text say. `GENDER` and `AGE` do not tell which, so they
    /// add nothing where the words do.
    #[must_use]
    pub fn with_spans(self, spans: Self) -> Self {
        let says = |names: &[&str]| names.iter().any(|name| self.0 & Self::of(name).0 != 0);
        let mut rest = spans.0;
        if says(&["male", "female", "lgbt"]) {
            rest &= !Self::of("gender").0;
        }
        if says(&["old", "young"]) {
            rest &= !Self::of("age").0;
        }
        Self(self.0 | rest)
    }

    /// These without men and women, who are others in a counterpart.
    #[must_use]
    pub fn but_gender(self) -> Self {
        Self(self.0 & !Self::of("male").0 & !Self::of("female").0)
    }

    fn of(name: &str) -> Self {
        Self(GROUPS.iter().position(|known| *known == name).map_or(0, |group| 1 << group))
    }
}

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// Finds groups in words; the default knows the built-in terms.
#[derive(Debug)]
pub struct Finder {
    /// By first word: what must follow, and the group.
    terms: HashMap<&'static str, Vec<(Vec<&'static str>, Groups)>>,
    persons: std::collections::HashSet<&'static str>,
}

impl Default for Finder {
    fn default() -> Self {
        let mut terms: HashMap<_, Vec<_>> = HashMap::new();
        for (group, list) in TERMS {
            for term in list.split('|') {
                let mut words = term.split(' ');
                let first = words.next().unwrap_or_default();
                terms.entry(first).or_default().push((words.collect(), Groups::of(group)));
            }
        }
        Self { terms, persons: PERSONS.iter().copied().collect() }
    }
}

impl Finder {
    /// Whether a term begins with this word in lower case. Words of which none does speak of no group.
    pub fn begins(&self, word: &str) -> bool {
        self.beginning(word).is_some()
    }

    fn beginning(&self, word: &str) -> Option<&Vec<(Vec<&'static str>, Groups)>> {
        let own = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"));
        self.terms.get(word).or_else(|| self.terms.get(own?))
    }

    /// The groups that words in lower case speak of.
    pub fn find<'a>(&self, words: impl Iterator<Item = &'a str> + Clone) -> Groups {
        let mut out = Groups::default();
        let mut rest = words;
        while let Some(word) = rest.next() {
            for (after, group) in self.beginning(word).into_iter().flatten() {
                let mut next = rest.clone();
                let fits = |wanted: &&str, word: &str| match *wanted {
                    "*" => self.persons.contains(word),
                    wanted => wanted == word,
                };
                if after.iter().all(|wanted| next.next().is_some_and(|word| fits(wanted, word))) {
                    out = out.and(*group);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        Finder::default().find(text.split(' ')).names().collect()
    }

    #[test]
    fn terms_are_found_where_they_mean_people() {
        for (text, groups) in [
            ("my sister's black dress", &["female"][..]),
            ("a black woman", &["female", "black"]),
            ("the white house", &[]),
            ("an old car and old people", &["old"]),
            ("he met a trans man", &["male", "lgbt"]),
            ("a french toast", &[]),
            ("french people and a [religion] mask", &["religion", "nationality"]),
            ("", &[]),
        ] {
            assert_eq!(found(text), groups, "{text}");
        }
    }

    #[test]
    fn spans_tell_of_what_words_do_not() {
        let spans = Groups::of_spans(["RELIGION", "GENDER", "AGE", "NAME"]);
        let names = |groups: Groups| groups.names().collect::<Vec<_>>();
        assert_eq!(names(spans), ["religion", "gender", "age"]);
        let words = Finder::default().find("an old woman".split(' '));
        assert_eq!(names(words.with_spans(spans)), ["female", "religion", "old"]);
        assert_eq!(names(words.with_spans(spans).but_gender()), ["religion", "old"]);
        assert_eq!(found("[gender] people of [age]"), ["gender", "age"]);
    }

    #[test]
    fn every_group_has_terms_and_every_list_a_group() {
        for name in GROUPS {
            assert!(TERMS.iter().any(|(group, _)| group == name), "{name}");
        }
        for (group, _) in TERMS {
            assert!(!Groups::of(group).is_empty(), "{group}");
        }
        assert!(GROUPS.len() <= 32);
    }
}
