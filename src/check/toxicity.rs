//! Terms that a dataset should not have, by choice.

mod aimed;

use super::phrases::Phrases;
use super::text::Text;
use crate::config::resolved::ToxicityLevel as Level;

/// The terms of a level and of a file of the user's.
#[derive(Debug)]
pub struct Toxicity {
    phrases: Phrases<Term>,
    /// How far sentences are looked at that are aimed at somebody.
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// One of ours, which may also be spoken of.
    Listed,
    /// The user's own, which is meant as it stands.
    Own,
}

impl Toxicity {
    /// `None` where no term is looked for. A term that ends in `*` may go on in the same word.
    pub fn new<'a>(level: Level, own: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mild = if level >= Level::Mild { MILD } else { &[] };
        let strict = if level >= Level::Strict { STRICT } else { &[] };
        let masked: Vec<String> = mild.iter().flat_map(|term| masked(term)).collect();
        let listed = mild.iter().chain(strict).copied().chain(masked.iter().map(String::as_str));
        let listed = listed.map(|term| (Term::Listed, term));
        let mut terms: Vec<(Term, &str)> = listed.collect();
        terms.extend(own.into_iter().map(|term| (Term::Own, term)));
        (!terms.is_empty()).then(|| Self { phrases: Phrases::new(terms), level })
    }

    /// Whether a text has one of the terms, or a sentence aimed at somebody. Which one it is is not told: reasons
    /// go into reports.
    pub fn stands_in(&self, text: &Text) -> bool {
        let found = self.phrases.find(text);
        found.iter().any(|found| found.class == Term::Own || !is_spoken_of(text, found.start, found.end))
            || self.level >= Level::Mild && aimed::is_aimed(text, self.level)
    }
}

/// The ways in which people write a word and hide a part of it: `r*tard`, `r****d`.
fn masked(term: &str) -> Vec<String> {
    let word = term.trim_end_matches('*');
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Vec::new();
    }
    // A star in the last place would stand for any ending.
    let inner = word.char_indices().skip(1).take(word.len() - 2);
    let vowels = inner.filter(|(_, c)| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u'));
    let mut out: Vec<String> = vowels.map(|(at, _)| format!("{}*{}", &word[..at], &term[at + 1..])).collect();
    let last = word.len() - 1;
    out.push(format!("{}{}{}", &word[..1], "*".repeat(last - 1), &word[last..]));
    out
}

/// Whether a term is what is spoken of, and nobody is called so: "the word …", "they called me …", "I feel …".
fn is_spoken_of(text: &Text, start: usize, end: usize) -> bool {
    let at = text.words.partition_point(|word| (word.start as usize) < start);
    let before = |back: usize| at.checked_sub(back).map_or("", |at| text.word(at));
    let speaks = (1..=4).any(|back| {
        matches!(before(back), "word" | "words" | "term" | "called" | "calling" | "googling" | "named" | "me")
    });
    let of_oneself = (1..=2)
        .any(|back| matches!(before(back), "i'm" | "im" | "am" | "feel" | "felt" | "myself"))
        || (1..=3).any(|back| before(back) == "was" && before(back + 1) == "i");
    // A gap that light falls through.
    let after = text.words[at..].iter().position(|word| word.start as usize >= end);
    let gap = text.folded[start..].starts_with("chink")
        && after.is_some_and(|next| matches!(text.word(at + next), "of" | "in"));
    let quoted = text.folded[..start].ends_with('"') && text.folded[end..].starts_with('"');
    speaks || of_oneself || gap || quoted
}

const MILD: &[&str] = &[
    "jump off a bridge",
    "end your life",
    "end yourself",
    "deserve to be hit",
    "deserve to be beaten",
    "deserves to be beaten",
    "deserve to be raped",
    "deserves to be raped",
    "hope you get cancer",
    "hope you get raped",
    "hope he dies",
    "hope she dies",
    "hope they die",
    "hope your family dies",
    "hope your whole family",
    "i'll stab",
    "i will stab",
    "wipe them out",
    "wipe them all out",
    "should be wiped out",
    "should be hanged",
    "should be killed",
    "deserve to burn",
    "slit your throat",
    "slit her throat",
    "slit his throat",
    "bash your head in",
    "smash your face in",
    "are parasites",
    "inferior race",
    "heil hitler",
    "blow your brains out",
    "put a bullet in",
    "kill yourself",
    "kill urself",
    "kill your self",
    "kys",
    "hang yourself",
    "shoot yourself",
    "neck yourself",
    "slit your wrists",
    "drink bleach",
    "drink some bleach",
    "go die",
    "die in a fire",
    "hope you die",
    "hope u die",
    "hope they all die",
    "you should die",
    "you deserve to die",
    "they deserve to die",
    "deserve to be shot",
    "deserves to be shot",
    "should be shot",
    "should shoot that",
    "should shoot him",
    "should shoot her",
    "should be exterminated",
    "should be gassed",
    "gas the whole lot",
    "gas them all",
    "i will kill you",
    "i'll kill you",
    "i will kill him",
    "i will kill her",
    "gonna kill you",
    "going to kill you",
    "beat her up",
    "rape you",
    "rape her",
    "raped to death",
    "subhuman",
    "subhumans",
    "untermensch*",
    "you people are vermin",
    "they are vermin",
    "these people are vermin",
    "waste of space",
    "worthless piece of",
    "go back to your own country",
    "you little freak",
    "retard",
    "retards",
    "retarded",
    "libtard*",
    "fucktard*",
    "faggot*",
    "fag",
    "fags",
    "tranny",
    "trannies",
    "shemale*",
    "nigger*",
    "nigga",
    "niggas",
    "kike",
    "kikes",
    "spic",
    "spics",
    "wetback*",
    "chink",
    "chinks",
    "gook",
    "gooks",
    "paki",
    "pakis",
    "raghead*",
    "towelhead*",
    "sandnigger*",
    "coons",
    "beaner",
    "beaners",
    "gypsy scum",
    "cunt",
    "cunts",
    "whore",
    "whores",
    "slut",
    "sluts",
];

const STRICT: &[&str] = &[
    "fuck*",
    "f*ck*",
    "f**k*",
    "fck",
    "fcking",
    "fuk",
    "motherfuck*",
    "mindfuck*",
    "clusterfuck*",
    "wtf",
    "stfu",
    "gtfo",
    "omfg",
    "lmfao",
    "shit",
    "shits",
    "shitty",
    "shitting",
    "shitshow",
    "shithole",
    "shithead*",
    "shitpost*",
    "sh*t",
    "s**t",
    "bullshit*",
    "horseshit",
    "batshit",
    "dipshit*",
    "apeshit",
    "ass",
    "asses",
    "arse",
    "asshole*",
    "arsehole*",
    "a**hole*",
    "asshat*",
    "badass*",
    "dumbass*",
    "jackass*",
    "smartass*",
    "kickass",
    "bitch*",
    "b*tch*",
    "bastard*",
    "dick",
    "dicks",
    "dickhead*",
    "cock",
    "cocks",
    "cocksuck*",
    "prick",
    "pricks",
    "pussy",
    "pussies",
    "twat",
    "twats",
    "wank*",
    "tosser*",
    "bollocks",
    "crap",
    "crappy",
    "piss",
    "pissed",
    "pissing",
    "pisses",
    "goddamn*",
    "goddam",
    "damn",
    "damned",
    "damnit",
    "dammit",
    "douche*",
    "douchebag*",
    "jerk off",
    "jerking off",
    "bugger off",
    "hoe",
    "hoes",
    "skank*",
    "tits",
    "titties",
    "boobs",
    "blowjob*",
    "cum",
    "jizz",
    "dildo*",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn stands_in(level: Level, text: &str) -> bool {
        Toxicity::new(level, std::iter::empty()).is_some_and(|terms| terms.stands_in(&Text::new(text)))
    }

    #[test]
    fn what_is_aimed_at_somebody_is_found() {
        for text in [
            "you spineless coward of a bastard, you ugly troll",
            "what a worthless lowlife",
            "I hope he gets hit by a truck",
            "do us all a favor and disappear",
            "I'll break your neck",
            "those people are vermin and always were",
            "immigrants are nothing but parasites",
            "I know where you live",
            "you s**t, you old wh*re",
            "what a r*tard",
        ] {
            assert!(stands_in(Level::Mild, text), "{text}");
        }
    }

    #[test]
    fn what_is_spoken_of_or_said_of_oneself_is_not() {
        for text in [
            "the word slut is thrown at girls in our school",
            "they called me a retard at practice",
            "she said I was a waste of space and I believed her",
            "I feel so retarded for missing the exit",
            "chinks of light through the old barn roof",
            "my idiot cat fell off the fridge",
            "I'm such a stupid cow, I left the keys in the fridge",
            "women are amazing, my aunt fixed the roof alone",
            "I hope you get a raise",
            "I'll break the news to her tonight",
            "der Paketbote hat das Paket gebracht",
            "you lucky dog, you got tickets",
        ] {
            assert!(!stands_in(Level::Mild, text), "{text}");
        }
    }

    #[test]
    fn a_single_insult_is_strict_and_own_terms_are_meant_as_they_stand() {
        assert!(!stands_in(Level::Mild, "You're an idiot."));
        assert!(stands_in(Level::Strict, "You're an idiot."));
        let own = Toxicity::new(Level::Off, ["moist*"]).unwrap();
        assert!(own.stands_in(&Text::new("they called it moisture")));
        assert!(!own.stands_in(&Text::new("you worthless scum")));
    }
}
