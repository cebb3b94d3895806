//! Terms that a dataset should not have, by choice.

mod aimed;
pub mod tone;
mod unmasked;

use super::phrases::{Found, Phrases};
use super::talk::{is_in, quoted};
use super::text::Text;
use crate::config::resolved::ToxicityLevel as Level;
use unmasked::unmasked;

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
        let listed = mild.iter().chain(strict).map(|term| (Term::Listed, *term));
        let mut terms: Vec<(Term, &str)> = listed.collect();
        terms.extend(own.into_iter().map(|term| (Term::Own, term)));
        (!terms.is_empty()).then(|| Self { phrases: Phrases::new(terms), level })
    }

    /// Whether a text has one of the terms, or a sentence aimed at somebody. Which one it is is not told: reasons
    /// go into reports.
    pub fn stands_in(&self, text: &Text) -> bool {
        self.stands_plainly_in(text)
            || unmasked(text).is_some_and(|plain| self.stands_plainly_in(&Text::new(&plain)))
    }

    fn stands_plainly_in(&self, text: &Text) -> bool {
        let found = self.phrases.find(text);
        if found.is_empty() && self.level < Level::Mild {
            return false;
        }
        let quoted = quoted(text);
        let hidden = |place: usize| !quoted.is_empty() && is_in(&quoted, place);
        let meant = |found: &Found<Term>| {
            found.class == Term::Own || !hidden(found.start) && !is_spoken_of(text, found.start, found.end)
        };
        let unsaid = |index: usize| hidden(text.words[index].start as usize);
        found.iter().any(meant)
            || self.level >= Level::Mild
                && (aimed::is_aimed(text, self.level, unsaid) || tone::is_meant(text, unsaid))
    }
}

/// Whether a term is what is spoken of, and nobody is called so: "the word …", "they called me …", "I feel …".
fn is_spoken_of(text: &Text, start: usize, end: usize) -> bool {
    let at = text.words.partition_point(|word| (word.start as usize) < start);
    let before = |back: usize| at.checked_sub(back).map_or("", |at| text.word(at));
    let speaks = (1..=4).any(|back| {
        matches!(
            before(back),
            "word"
                | "words"
                | "term"
                | "called"
                | "calling"
                | "googling"
                | "named"
                | "me"
                | "yelled"
                | "shouted"
                | "screamed"
                | "slur"
                | "insult"
        )
    });
    let of_oneself = (1..=2)
        .any(|back| matches!(before(back), "i'm" | "im" | "am" | "feel" | "felt" | "myself" | "we're"))
        || (1..=3).any(|back| before(back) == "was" && before(back + 1) == "i");
    // A gap that light falls through.
    let after = text.words[at..].iter().position(|word| word.start as usize >= end);
    let gap = text.folded[start..].starts_with("chink")
        && after.is_some_and(|next| matches!(text.word(at + next), "of" | "in"));
    let quoted = text.folded[..start].ends_with('"') && text.folded[end..].starts_with('"');
    // A smoke, a dish, and a wash.
    let other = after.is_some_and(|next| {
        let next = at + next;
        text.folded[start..].starts_with("fag")
            && (matches!(text.word(next), "break" | "end" | "butt" | "ash")
                || text.words.get(next + 1).is_some()
                    && matches!(text.word(next + 1), "peas" | "gravy" | "chips"))
    }) || text.folded[end..].starts_with("'s bath");
    speaks || of_oneself || gap || quoted || other
}

#[rustfmt::skip]
const MILD: &[&str] = &[
    // Of origin.
    "nigger*", "nigga", "niggas", "niglet*", "sandnigger*", "coons", "jigaboo*", "porch monkey*", "jungle bunny",
    "darkie", "darkies", "golliwog*", "spic", "spics", "wetback*", "beaner", "beaners", "chink", "chinks", "gook", "gooks",
    "chinaman", "chinamen", "ching chong", "zipperhead*", "slant eye*", "slanty eyed", "paki", "pakis", "pajeet*",
    "curry muncher*", "raghead*", "towelhead*", "camel jockey*", "camel fucker*", "goat fucker*", "goatfucker*", "kike",
    "kikes", "heeb", "heebs", "yid", "yids", "gypsy scum", "gypsies stole", "dirty gypsy", "dirty gypsies", "gyppo*", "pikey", "pikeys",
    "redskin", "redskins should", "half-breed*", "halfbreed*", "mudblood*", "white trash", "trailer trash", "wop", "wops",
    "polack*", "muzzie*", "muzrat*", "dune coon*", "wog", "wogs", "race traitor*", "inferior race", "heil hitler",
    "sieg heil", "subhuman", "subhumans", "untermensch*",
    // Of body and mind.
    "retard", "retards", "retarded", "libtard*", "fucktard*", "spaz", "spastics", "mongoloid*", "window licker*",
    // Of sex and whom somebody loves.
    "faggot*", "fag", "fags", "tranny", "trannies", "shemale*", "he-she", "ladyboy*", "poofter*", "fudge packer*",
    "carpet muncher*", "rug muncher*", "sodomite*", "pillow biter*", "lesbo", "lesbos", "feminazi*", "cunt", "cunts", "whore",
    "whores", "slut", "sluts", "cumslut*", "cumdumpster*", "rape her", "rape you", "raped to death",
    // Threats and wishes that stand for themselves.
    "kys", "jump off a bridge", "end your life", "blow your brains out", "put a bullet in", "i will kill you",
    "i'll kill you", "wipe them out", "wipe them all out", "waste of space", "go back to your own country",
    "you little freak", "bash your head in", "smash your face in", "beat her up",
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
            "they are vermin",
            "They're all leeches, every one of them.",
            "send them home, they were savages when they came and they are savages now",
            "those are less than human, if anybody asked",
            "they are a cancer on this country",
            "You can smell it in the stairwell. They breed like rats.",
            "they are no better than animals",
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
            "The pigeons are back on the balcony. They are vermin, says the landlord.",
            "they are animals, they need water and shade",
            "raccoons again, they're parasites of this street",
            "the twins are little monsters and I love them",
            "we were treated like they thought we were vermin",
            "those exams are the plague of the tenth grade",
        ] {
            assert!(!stands_in(Level::Mild, text), "{text}");
        }
    }

    #[test]
    fn insults_are_mild_to_the_face_and_strict_behind_the_back() {
        for (text, mild, strict) in [
            ("You're an idiot.", true, true),
            ("what an idiot, he parked on the lawn", false, true),
            ("some asshole took my bike", false, true),
            ("he is a worthless piece of shit", true, true),
            ("what the fuck was that", false, true),
            ("I'm such an idiot, I left the keys in the door", false, false),
            ("you lucky bastard, I love you", false, true),
            ("my dog is a moron and I love him", false, false),
            ("he told me to go kill myself and I blocked him", false, false),
            ("please don't kill yourself over a grade", false, false),
        ] {
            assert_eq!(stands_in(Level::Mild, text), mild, "{text}");
            assert_eq!(stands_in(Level::Strict, text), strict, "{text}");
        }
    }

    #[test]
    fn what_is_hidden_is_seen() {
        for text in [
            "go k!ll yourself",
            "you stupid b1tch",
            "f u c k you",
            "what a f@ggot",
            "kiss my a$$, you l0ser",
            "you fuuucking idiottt",
        ] {
            assert!(stands_in(Level::Mild, text), "{text}");
        }
    }

    #[test]
    fn groups_and_threats_are_found_by_how_they_are_meant() {
        for text in [
            "gays are disgusting and should burn in hell",
            "send them all back to where they came from",
            "women are too stupid to vote",
            "I'm going to break every bone in your body",
            "the world would be better off without you",
            "someone should shoot that guy",
            "kill all the infidels",
        ] {
            assert!(stands_in(Level::Mild, text), "{text}");
        }
        for text in [
            "I'll beat you at chess tonight",
            "this cake is to die for",
            "my mom is going to kill me when she sees the couch",
            "I hate spiders",
            "immigrants built this town and my dad is one of them",
            "black women deserve better from this clinic",
            "shoot me a message when you're home",
            "I hope they win the game",
            "uncle Dick lives in Scunthorpe",
            "that's it, I'm gonna go jump off a cliff",
            "I thought the lady was gonna cut their hair off, not their head",
            "you're the worst kind of friend and I love it",
        ] {
            assert!(!stands_in(Level::Mild, text), "{text}");
        }
    }

    #[test]
    fn own_terms_are_meant_as_they_stand() {
        let own = Toxicity::new(Level::Off, ["moist*"]).unwrap();
        assert!(own.stands_in(&Text::new("they called it moisture")));
        assert!(!own.stands_in(&Text::new("you worthless scum")));
    }
}
