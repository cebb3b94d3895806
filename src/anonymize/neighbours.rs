//! What stands beside a word and tells that it is a name, where training texts show it too seldom.

use super::View;
use super::lexicon::{Lexicon, fold};
use super::token::{Gap, Shape};
use super::words;

/// What is added to a word's score for what stands beside it: introductions, titles, kin, what people do.
pub fn lift(view: &View, at: usize) -> f32 {
    if branded(view, at) {
        return NEVER;
    }
    // `Elsa costume`, `Moana soundtrack`: figures of tales.
    let token = &view.tokens[at];
    if token.after == token.end
        && view
            .tokens
            .get(at + 1)
            .is_some_and(|next| next.gap == Gap::Space && view.classes[at + 1] & words::SOLD != 0)
    {
        return -4.0;
    }
    let facts = token.facts;
    // A word that is a first name and nothing else needs little more.
    let only = facts.first() >= 3
        && facts.word() == 0
        && !facts.place()
        && !facts.other()
        && token.shape == Shape::Capital;
    if named_in_passing(view, at) {
        return 9.0;
    }
    let lean = if only {
        1.2
    } else if coined(view, at) {
        -2.0
    } else {
        0.0
    };
    lean + beside(view, at)
}

/// `FaceTune`, `AntiRivet`: joined words, as products and accounts are called; not `McAdams`, `DeShawn`.
fn coined(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let word = view.word(token);
    !token.facts.name()
        && token.shape == Shape::Capital
        && word
            .as_bytes()
            .windows(2)
            .position(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
            .is_some_and(|place| place > 0 && !["Mac", "Van", "Von", "Fitz"].contains(&&word[..=place]))
}

/// A name in small letters that is a common word, where only somebody can stand: `tell grace i said thanks`.
pub fn named_in_passing(view: &View, at: usize) -> bool {
    const TELL: &[&str] = &["tell", "told", "telling", "ask", "asked", "asking"];
    const THEN: &[&str] =
        &["i", "i'm", "im", "i'd", "that", "to", "she", "if", "we", "about", "she's", "he's", "not"];
    let token = &view.tokens[at];
    let within = |at: usize, words: &[&str]| {
        view.tokens.get(at).is_some_and(|token| {
            token.gap == Gap::Space && words.iter().any(|word| view.word(token).eq_ignore_ascii_case(word))
        })
    };
    at > 0
        && token.shape == Shape::Lower
        && token.facts.first() >= 4
        && token.facts.word() >= 5
        && !token.facts.other()
        && view.classes[at] & (words::PERSON | words::KIN | words::TITLE) == 0
        && token.gap == Gap::Space
        && token.after == token.end
        && (within(at - 1, TELL)
            || view.tokens[at - 1].opens
                && TELL.iter().any(|word| view.word(&view.tokens[at - 1]).eq_ignore_ascii_case(word)))
        && within(at + 1, THEN)
}

fn beside(view: &View, at: usize) -> f32 {
    let token = &view.tokens[at];
    let facts = token.facts;
    let capital = token.shape != Shape::Lower;
    if !capital && facts.place() && next_class(view, at) & words::HUMAN == 0 {
        return -1.5;
    }
    if capital
        && facts.first() >= 3
        && !facts.other()
        && (paired(view, at) || at >= 2 && paired(view, at - 2) && view.tokens[at - 2].facts.first() >= 3)
    {
        return if facts.place() { 2.5 } else { 1.5 };
    }
    if capital {
        let possessive = token.after > token.end && facts.first() >= 4;
        let known = token.after > token.end && facts.first() >= 2;
        if known && next_class(view, at) & words::KIN != 0 && !facts.other() {
            return 5.0;
        }
        if possessive && facts.word() < 6 && !facts.place() {
            return 1.0;
        }
        let word = view.word(token).to_ascii_lowercase();
        if possessive && facts.word() == 6 && !facts.other() && !MASS.contains(&word.as_str()) {
            return if view.classes[at] & (words::TITLE | words::PERSON) == 0 { 2.0 } else { 0.0 };
        }
    }
    let doing = doing(view, at).max(said_who(view, at));
    if at == 0 || !capital && facts.word() > 3 {
        return doing + signed(view, at);
    }
    let lift = doing.max(spoken_of(view, at)) + signed(view, at);
    // Months, makes and figures of tales are people only where something says so.
    let lift = lift.max(taken_up(view, at));
    if facts.other() && lift == 0.0 { -1.0 } else { lift }
}

const OWNERS: &[&str] = &["my", "our", "his", "her", "your", "their"];
/// Whatever else speaks for it.
const NEVER: f32 = -30.0;

fn next_class(view: &View, at: usize) -> u32 {
    match view.tokens.get(at + 1) {
        Some(next) if next.gap == Gap::Space => view.classes[at + 1],
        _ => 0,
    }
}

/// What the word before says of this one: a title, kin, `named`.
fn spoken_of(view: &View, at: usize) -> f32 {
    let token = &view.tokens[at];
    let facts = token.facts;
    let capital = token.shape != Shape::Lower;
    let class = view.classes[at - 1];
    let close = token.gap == Gap::Space || token.gap == Gap::Dot && class & words::TITLE != 0;
    let plain = facts.word() < if capital { 6 } else { 1 } && !facts.other() && !facts.place();
    let before = view.word(&view.tokens[at - 1]);
    let mut lift: f32 = 0.0;
    if token.gap == Gap::Space && before.eq_ignore_ascii_case("the") && family(view, at) {
        lift += 5.0;
    }
    if close && capital && honorific(view, at - 1) {
        lift += 7.0;
    } else if close && class & words::TITLE != 0 && capital && plain {
        lift += 3.0;
    } else if close && class & words::KIN != 0 {
        let own = at >= 2
            && view.tokens[at - 1].gap == Gap::Space
            && (OWNERS.iter().any(|word| view.word(&view.tokens[at - 2]).eq_ignore_ascii_case(word))
                || view.tokens[at - 2].after > view.tokens[at - 2].end);
        let group = view.classes[at] & (words::KIN | words::PERSON | words::TITLE) != 0;
        lift += match (capital, plain) {
            (true, _) if own && !group && !facts.other() && token.shape == Shape::Capital => {
                if facts.name() || facts.word() < 6 { 7.0 } else { 4.0 }
            }
            (true, true) => 2.5,
            (false, true) if facts.first() >= 3 => 1.5,
            _ => 0.0,
        };
    }
    if token.gap == Gap::Space && class & words::NAMED != 0 && plain && (capital || facts.first() >= 3) {
        lift += 2.0;
    }
    // `I asked May`: only somebody is asked.
    let asked = [
        "ask", "asked", "asking", "tell", "told", "telling", "hug", "hugged", "texted", "texting", "married",
        "hi", "hey", "thank", "thanks", "birthday", "bday", "congrats", "dear", "ol", "ol'", "phoned",
        "emailed",
    ];
    let group = view.classes[at] & (words::KIN | words::PERSON | words::TITLE) != 0;
    if token.shape == Shape::Capital && facts.first() >= 4 && !plain && !group && token.gap == Gap::Space {
        lift += if asked.iter().any(|word| before.eq_ignore_ascii_case(word)) { 5.0 } else { 0.0 };
    }
    if at < 2 || token.gap != Gap::Space {
        return lift;
    }
    let (earlier, word) = (view.classes[at - 2], view.word(&view.tokens[at - 2]));
    if capital && class & words::BE != 0 && earlier & words::NAMED != 0 && plain {
        lift += 3.0;
    }
    // `I go by Ash`
    if capital
        && !facts.other()
        && !facts.place()
        && before == "by"
        && matches!(word, "go" | "goes" | "went" | "going")
    {
        lift += 5.0;
    }
    // `miss u bobby`
    if facts.first() >= 3
        && !facts.other()
        && !facts.place()
        && ends(view, at)
        && matches!(before, "u" | "you" | "ya" | "ye")
    {
        lift += if earlier & words::INTRO != 0 || word == "love" { 3.0 } else { 0.0 };
    }
    lift
}

/// Words for what has no plural, which may begin a sentence without an article; a name that is another word and
/// does so is no other: `Rob got robbed`, but `Hope is a weed`.
const MASS: &[&str] = &[
    "amber", "art", "autumn", "brandy", "candy", "charity", "clay", "coral", "dawn", "destiny", "faith",
    "ginger", "glory", "grace", "harmony", "haven", "heath", "heaven", "holly", "honor", "honour", "hope",
    "ivy", "jade", "joy", "justice", "karma", "liberty", "love", "may", "melody", "mercy", "miles", "olive",
    "patience", "peace", "pepper", "prudence", "rain", "rosemary", "royalty", "sage", "serenity", "sky",
    "sherry", "spring", "star", "sugar", "summer", "trinity", "unity", "verity", "winter", "basil", "bliss",
    "cash", "chance", "clover", "cotton", "crystal", "denim", "frost", "gale", "gold", "honey", "jasmine",
    "lavender", "legend", "ocean", "porter", "saffron", "silver", "stone", "violet", "wisdom",
];
/// Auxiliaries and months, whose verb must leave no doubt.
const MODAL: &[&str] =
    &["is", "isn't", "isnt", "was", "wasn't", "has", "hasn't", "hasnt", "had", "does", "doesn't", "got"];

/// A subject that does what people do, where its word may be another: `Rob laughed`, `Israel fixed his bike`.
fn doing(view: &View, at: usize) -> f32 {
    let token = &view.tokens[at];
    let facts = token.facts;
    if token.shape != Shape::Capital || token.after > token.end || token.gap == Gap::Glue {
        return 0.0;
    }
    let word = view.word(token).to_ascii_lowercase();
    let unknown = !facts.known()
        && token.end - token.start > 3
        && !["s", "ing", "ed", "ism", "ist"].iter().any(|end| word.ends_with(end));
    let Some(next) =
        view.tokens.get(at + 1).filter(|next| next.gap == Gap::Space && next.shape == Shape::Lower)
    else {
        return 0.0;
    };
    let (class, verb) = (view.classes[at + 1], view.word(next));
    let human = class & words::HUMAN != 0;
    if !unknown && facts.first() < if human { 2 } else { 3 } || facts.other() && facts.first() < 4 {
        return 0.0;
    }
    // `Savannah is pregnant`
    let state = class & words::BE != 0
        && view
            .tokens
            .get(at + 2)
            .is_some_and(|token| token.gap == Gap::Space && view.classes[at + 2] & words::STATE != 0);
    if state {
        return if facts.place() || facts.word() > 0 { 5.0 } else { 3.0 };
    }
    if human {
        return if unknown || facts.word() == 0 && !facts.place() { 3.0 } else { 5.5 };
    }
    if class & words::VERB == 0
        && !(unknown && verb.len() > 4 && verb.ends_with('s') && !verb.ends_with("ss"))
    {
        return 0.0;
    }
    let third = view.tokens[at + 2..]
        .iter()
        .zip(&view.classes[at + 2..])
        .take(10)
        .take_while(|(token, _)| !token.opens)
        .any(|(_, class)| class & words::THIRD != 0);
    // `Hope is my best friend`
    let kin = class & words::BE != 0
        && view.tokens.get(at + 2).is_some_and(|token| OWNERS.contains(&view.word(token)))
        && view.classes[at + 3..].iter().take(3).any(|class| class & words::KIN != 0);
    if kin {
        return 5.0;
    }
    let modal = ["will", "may", "can", "must"].contains(&word.as_str());
    let mass = facts.place() || facts.other() || MASS.contains(&word.as_str());
    match facts.word() {
        _ if unknown => {
            if third {
                2.5
            } else if class & words::VERB != 0 {
                0.8
            } else {
                0.0
            }
        }
        7 if !modal || MODAL.contains(&verb) && !facts.other() => {
            if third {
                4.0
            } else {
                3.0
            }
        }
        7 => 0.0,
        0 if !mass => 1.5,
        _ if mass => {
            if third {
                3.5
            } else {
                0.0
            }
        }
        _ if facts.first() >= 4 || third => 5.0,
        _ => 2.5,
    }
}

/// What comes after a name and says who it is, or is asked or told of somebody: `Rose from accounts`,
/// `Baz, my ex,`, `Ruby, sit down`, `is April in today?`.
fn said_who(view: &View, at: usize) -> f32 {
    const WORK: &[&str] = &[
        "accounts",
        "accounting",
        "hr",
        "it",
        "payroll",
        "work",
        "school",
        "church",
        "marketing",
        "sales",
        "finance",
        "legal",
        "reception",
        "upstairs",
        "downstairs",
        "next",
        "class",
        "uni",
        "college",
        "security",
        "support",
        "admin",
        "engineering",
        "procurement",
        "logistics",
        "maintenance",
        "down",
        "across",
        "choir",
        "yoga",
        "chess",
    ];
    const ORDER: &[&str] = &[
        "are", "you", "you're", "please", "mate", "stop", "come", "get", "sit", "call", "answer", "wake",
        "put", "wait", "listen", "shut", "don't", "give", "tell", "help", "congrats", "darling", "love",
        "babe", "honey", "hurry", "text", "pick",
    ];
    const WHETHER: &[&str] = &[
        "in", "home", "coming", "ok", "okay", "call", "calling", "text", "free", "awake", "joining", "mad",
        "sick", "pregnant", "asleep", "single",
    ];
    let token = &view.tokens[at];
    let facts = token.facts;
    if token.shape != Shape::Capital || facts.first() < 3 || token.after > token.end || token.gap == Gap::Glue
    {
        return 0.0;
    }
    let word = |at: usize| view.tokens.get(at).map_or("", |token| view.word(token));
    let is = |at: usize, words: &[&str]| words.iter().any(|other| word(at).eq_ignore_ascii_case(other));
    let gap = |at: usize| view.tokens.get(at).map_or(Gap::None, |token| token.gap);
    let kin = |at: usize| view.classes.get(at).is_some_and(|class| class & words::KIN != 0);
    let mut lift: f32 = 0.0;
    if gap(at + 1) == Gap::Space
        && is(at + 1, &["from"])
        && (is(at + 2, WORK) || is(at + 2, &["the"]) && is(at + 3, WORK))
    {
        lift = if facts.other() { 0.0 } else { 5.0 };
    }
    let comma = gap(at + 1) == Gap::Comma;
    // `Asia, my niece`, `Lou my neighbour borrowed`
    let owner = is(at + 1, OWNERS);
    let kin_at = if kin(at + 2) { Some(at + 3) } else { kin(at + 3).then_some(at + 4) };
    if owner && let Some(then) = kin_at {
        let verb = view.classes.get(then).is_some_and(|class| {
            class & (words::VERB | words::HUMAN | words::BE | words::SAY) != 0 && gap(then) == Gap::Space
        });
        let apposed = comma && (gap(then) == Gap::Comma || gap(then) == Gap::None);
        if apposed || !comma && gap(at + 1) == Gap::Space && verb && !(token.opens && facts.word() == 7) {
            lift = lift.max(5.0);
        }
    }
    // `my ex, Baz, texted`
    if token.gap == Gap::Comma && comma && at >= 2 && kin(at - 1) && is(at - 2, OWNERS) {
        lift = lift.max(4.0);
    }
    // `Ruby, sit down`
    let vocative = token.opens && comma && facts.first() >= 4 && !facts.place() && !facts.other();
    if vocative && is(at + 1, ORDER) && !MASS.contains(&word(at).to_ascii_lowercase().as_str()) {
        lift = lift.max(1.5);
    }
    // `is April in today?`
    let asked = at > 0
        && view.tokens[at - 1].opens
        && token.gap == Gap::Space
        && is(at - 1, &["is", "did", "has", "was", "does", "isn't", "wasn't"]);
    if asked && gap(at + 1) == Gap::Space && is(at + 1, WHETHER) && facts.first() >= 4 {
        lift = lift.max(5.0);
    }
    lift
}

/// A name of which the next sentence speaks: `remember Faith? She sat behind me`.
fn taken_up(view: &View, at: usize) -> f32 {
    let token = &view.tokens[at];
    let next = view.tokens.get(at + 1).is_some_and(|next| {
        matches!(next.gap, Gap::Stop | Gap::Dot)
            && ["she", "he", "she's", "he's"].iter().any(|word| view.word(next).eq_ignore_ascii_case(word))
    });
    let able =
        token.shape == Shape::Capital && !token.opens && token.facts.first() >= 4 && !token.facts.other();
    if next && able { 2.5 } else { 0.0 }
}

/// Whether the text ends here, or a pause follows.
fn ends(view: &View, at: usize) -> bool {
    view.tokens.get(at + 1).is_none_or(|next| next.gap != Gap::Space)
}

/// A name under a letter: `love, Mags`, `- Hugo`.
fn signed(view: &View, at: usize) -> f32 {
    let token = &view.tokens[at];
    let facts = token.facts;
    if at + 1 != view.tokens.len()
        || token.shape != Shape::Capital
        || facts.other()
        || facts.place()
        || facts.word() > 5
    {
        return 0.0;
    }
    if at == 0 {
        let dash = view.text[..token.start].trim();
        return if matches!(dash, "-" | "—" | "–" | "~") { 3.0 } else { 0.0 };
    }
    let before = view.word(&view.tokens[at - 1]).to_ascii_lowercase();
    let closing = matches!(
        before.as_str(),
        "love"
            | "yours"
            | "xoxo"
            | "xo"
            | "xx"
            | "signed"
            | "regards"
            | "cheers"
            | "hugs"
            | "sincerely"
            | "truly"
    );
    if closing && token.gap != Gap::Space || matches!(before.as_str(), "xoxo" | "xo" | "xx") {
        4.0
    } else {
        0.0
    }
}

/// `Wendy's`, `McDonald's`: a shop, unless kin follow.
fn branded(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    if token.after == token.end || next_class(view, at) & (words::KIN | words::PERSON) != 0 {
        return false;
    }
    let mut folded = Vec::new();
    fold(&view.text[token.start..token.after], &mut folded);
    Lexicon::get().facts(&folded).other()
}

/// Whether `and` and a name (or `I`) follow: `Rose and I`, `Ana and Jordan`.
fn paired(view: &View, at: usize) -> bool {
    let (Some(and), Some(next)) = (view.tokens.get(at + 1), view.tokens.get(at + 2)) else { return false };
    view.tokens[at].shape == Shape::Capital
        && and.gap == Gap::Space
        && next.gap == Gap::Space
        && view.word(and) == "and"
        && (view.word(next) == "I"
            || next.shape == Shape::Capital
                && next.facts.first() >= 3
                && !next.facts.other()
                && !(next.facts.place() && view.tokens[at].facts.place()))
}

/// `the Johnsons`: a surname's plural.
fn family(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let Some(stem) = view.word(token).strip_suffix('s') else { return false };
    let facts = Lexicon::get().facts(stem.to_ascii_lowercase().as_bytes());
    token.shape == Shape::Capital
        && (facts.last() >= 4 && facts.word() < 6 || facts.last() >= 6 && facts.word() < 7)
        && !token.facts.other()
        && !token.facts.place()
}

/// A title that nothing but a name follows.
fn honorific(view: &View, at: usize) -> bool {
    let word = view.word(&view.tokens[at]);
    ["mr", "mrs", "ms", "dr", "prof", "mx", "sgt", "capt", "rev", "sen", "gov"]
        .iter()
        .any(|title| word.eq_ignore_ascii_case(title))
}
