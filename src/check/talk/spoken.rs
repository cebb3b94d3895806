//! Refusals by how they are built: who speaks, what they can't or won't do, and to what.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::table::Table;
use super::super::text::{Text, Word, word_hash};
use super::asked::{asked_back, lacking};
use super::pattern::{TASK, WRITE, find, is, stands};

/// Of these less tells it: people seldom say that they can't.
#[rustfmt::skip]
const MACHINE: &[&str] = &[
    "generate", "generating", "produce", "producing", "fulfill", "fulfil", "comply", "compose", "depict",
    "portray",
];
/// What is said of a text that is not to be written.
#[rustfmt::skip]
const HARM: &[&str] = &[
    "hateful", "offensive", "harmful", "inappropriate", "explicit", "disrespectful", "derogatory",
    "discriminatory", "stereotypes", "abusive", "demeaning", "sexual", "sensitive", "cruel",
    "insulting", "slur", "violent",
];
/// Words that tell a duty of manners: one alone is nobody's mark.
#[rustfmt::skip]
const MORAL: &[&str] = &[
    "stereotypes", "discrimination", "dignity", "regardless", "inclusive", "prejudice", "respect",
    "harmful", "hateful",
];
#[rustfmt::skip]
const BEHIND_TASK: &[&str] = &[
    "that", "which", "about", "of", "with", "like", "targeting", "promoting", "encouraging", "mocking",
    "containing", "on", "based", "involving", "where",
];

/// What a word speaks for: each rule needs one of some kinds, and most sentences of people have none of them.
mod kind {
    pub const WRITE: u64 = 1;
    pub const TASK: u64 = 1 << 1;
    pub const MORAL: u64 = 1 << 2;
    pub const MACHINE: u64 = 1 << 3;
    pub const DECLINE: u64 = 1 << 4;
    pub const RULES: u64 = 1 << 5;
    pub const LACK: u64 = 1 << 6;
    pub const ASK: u64 = 1 << 7;
}

/// Words beside `WRITE`, `TASK` and `MORAL`, by what they speak for.
#[rustfmt::skip]
const TELLING: &[(u64, &[&str])] = &[
    (kind::WRITE, WRITE),
    (kind::TASK, TASK),
    (kind::MORAL, MORAL),
    (kind::MACHINE, &[
        "ai", "artificial", "language", "chatbot", "assistant", "computer", "designed", "programmed", "trained",
        "created", "built", "instructed",
    ]),
    (kind::DECLINE, &["decline", "pass", "avoid"]),
    (kind::RULES, &["guidelines", "programming", "policy", "policies"]),
    (kind::LACK, &[
        "personal", "human", "real", "actual", "physical", "feelings", "emotions", "opinions", "ability", "abilities",
        "capabilities",
    ]),
    (kind::ASK, &["try", "emotion", "tone"]),
];

/// The kinds of these words by their hashes, and a bit for each hash, perhaps one of others too.
static TELLING_WORDS: LazyLock<([u64; 64], Table)> = LazyLock::new(|| {
    let entries =
        || TELLING.iter().flat_map(|(kind, words)| words.iter().map(move |word| (word_hash(word), *kind)));
    let mut bits = [0; 64];
    for (hash, _) in entries() {
        let (at, bit) = place(hash);
        bits[at] |= bit;
    }
    (bits, Table::of(entries()))
});

fn place(hash: u64) -> (usize, u64) {
    ((hash >> 58) as usize, 1 << (hash >> 52 & 63))
}

/// What a word speaks for; a sentence without any such word is not found.
pub fn tells(word: &Word) -> u64 {
    let (bits, table) = &*TELLING_WORDS;
    let (at, bit) = place(word.hash);
    if bits[at] & bit == 0 { 0 } else { table.get(word.hash) }
}

/// Whether a sentence refuses, speaks of its speaker as a machine, or asks back what is wanted; `kinds` is what its
/// words speak for.
pub fn refuses(text: &Text, sentence: Range<usize>, kinds: u64, hidden: impl Fn(usize) -> bool) -> bool {
    let words: Vec<&str> = sentence.filter(|index| !hidden(*index)).map(|index| text.word(index)).collect();
    self::sentence(&words, kinds)
}

fn sentence(words: &[&str], kinds: u64) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| is(word, list));
    // Most sentences of people have none of these.
    if !has(&[
        "i",
        "i'm",
        "i'd",
        "i'll",
        "i've",
        "me",
        "my",
        "we",
        "we're",
        "you",
        "your",
        "cannot",
        "can't",
        "unable",
        "ai",
        "request",
        "prompt",
        "instructions",
        "content",
        "not",
        "never",
        "important",
    ]) {
        return false;
    }
    let any = |of: u64| kinds & of != 0;
    any(kind::MACHINE) && machine(words)
        || any(kind::WRITE) && denied(words)
        || any(kind::WRITE | kind::DECLINE) && declined(words)
        || any(kind::WRITE | kind::TASK | kind::MORAL | kind::RULES) && judged(words)
        || any(kind::WRITE | kind::LACK) && lacking(words)
        || any(kind::WRITE | kind::TASK | kind::ASK) && asked_back(words)
}

/// "As an AI, I …", "I'm just a language model", "I was designed to be helpful".
fn machine(words: &[&str]) -> bool {
    let follows = |at: usize| {
        words.get(at).is_none_or(|word| {
            is(
                word,
                &[
                    "i",
                    "i'm",
                    "my",
                    "and",
                    "so",
                    "model",
                    "language",
                    "assistant",
                    "system",
                    "chatbot",
                    "tool",
                    "program",
                    "developed",
                    "made",
                    "created",
                    "trained",
                    "without",
                    "by",
                    "powered",
                    "with",
                    "but",
                    "we",
                ],
            )
        })
    };
    for at in 0..words.len() {
        let from = if stands(words, at, &["as", "a|an|your"]) || stands(words, at, &["being|i'm", "a|an"]) {
            at + 2
        } else if stands(words, at, &["i", "am", "a|an"])
            || stands(words, at, &["i'm", "just|only|merely|simply", "a|an"])
        {
            at + 3
        } else if stands(words, at, &["i", "am", "just|only|merely|simply", "a|an"]) {
            at + 4
        } else {
            continue;
        };
        let mut from = from;
        while words
            .get(from)
            .is_some_and(|word| is(word, &["responsible", "helpful", "large", "virtual", "harmless"]))
        {
            from += 1;
        }
        let kind = words.get(from).copied().unwrap_or_default();
        let of_another =
            words.get(from + 2).is_some_and(|word| is(word, &["it", "he", "she", "they", "that"]));
        let virtually = words[..from].last().is_some_and(|word| is(word, &["virtual", "helpful"]));
        let serves =
            words.get(from + 1).is_some_and(|word| is(word, &["for", "at", "to", "who", "in", "with"]));
        let speaks = words.get(from + 1).is_some_and(|word| is(word, &["i", "i'm", "my"]));
        if kind == "ai" && follows(from + 1)
            || kind == "artificial" && stands(words, from + 1, &["intelligence"])
            || kind == "language" && stands(words, from + 1, &["model|ai"]) && !of_another
            || matches!(kind, "chatbot" | "assistant") && speaks && words[at] == "as"
            || kind == "assistant" && virtually && !serves
            || kind == "computer"
                && stands(words, from + 1, &["program"])
                && words.get(from + 2).is_none_or(|word| is(word, &["and", "so", "without", "with", "that"]))
        {
            return true;
        }
    }
    let made = find(words, &["i'm|am|was|been", "designed|programmed|trained|created|built|instructed"]);
    made.is_some_and(|at| {
        let rest = &words[at..words.len().min(at + 6)];
        rest.iter()
            .any(|word| is(word, &["helpful", "harmless", "respectful", "assistant", "safe", "informative"]))
            || rest.iter().any(|word| is(word, WRITE)) && rest.iter().any(|word| is(word, TASK))
    })
}

/// Where a denial ends: "can't", "will not", "unable to", "not able to", "not comfortable".
fn denials(words: &[&str]) -> impl Iterator<Item = usize> {
    (0..words.len()).filter_map(|at| {
        let two = |second: &[&str]| words.get(at + 1).is_some_and(|word| is(word, second));
        match words[at] {
            "can't" | "cannot" | "won't" | "unable" | "shouldn't" | "cant" | "don't" => Some(at + 1),
            "can" | "will" | "should" | "do" if two(&["not"]) => Some(at + 2),
            "not"
                if two(&["able", "allowed", "permitted", "comfortable", "going", "willing", "to", "be"]) =>
            {
                Some(at + 1)
            }
            "prohibited" | "restricted" | "prevent" | "prevents" | "refusing" | "refuse" | "refrain"
            | "avoid" => Some(at + 1),
            _ => None,
        }
    })
}

fn denied(words: &[&str]) -> bool {
    let ours = words
        .iter()
        .any(|word| is(word, &["i", "i'm", "i've", "i'd", "we", "we're", "me", "assistant", "ai", "model"]));
    denials(words).any(|at| {
        let Some(verb) = (at..words.len().min(at + 5)).find(|&at| is(words[at], WRITE)) else { return false };
        let alone = words.first().is_some_and(|word| is(word, &["unable", "cannot", "can't", "error"]));
        if !ours && !alone {
            return false;
        }
        let rest = &words[verb + 1..words.len().min(verb + 9)];
        let task = rest.iter().position(|word| is(word, TASK));
        let machine = is(words[verb], MACHINE);
        let task_fits = task.is_some_and(|task| {
            let before = task.checked_sub(1).map_or("", |at| rest[at]);
            let after = rest.get(task + 1).copied();
            is(before, &["this", "that", "such", "these", "those", "your"])
                || task >= 2 && is(rest[task - 2], &["this", "that", "such", "these", "those", "of"])
                || is(before, HARM)
                || after.is_some_and(|after| is(after, BEHIND_TASK))
                    && !rest.contains(&"my")
                    && !rest.contains(&"without")
                || machine
        });
        let harm = rest.iter().any(|word| is(word, HARM))
            && !rest.contains(&"how")
            && !is(words[verb], &["make", "help", "support"]);
        let about = words[verb].starts_with("writ")
            && rest.first() == Some(&"about")
            && rest
                .get(1)
                .is_some_and(|word| !is(word, &["my", "him", "her", "it", "them", "me", "how", "what"]))
            && rest.len() <= 4;
        let that = matches!(rest, ["that" | "this"] | ["that" | "this", "one"])
            && is(words[verb], &["write", "generate", "create", "produce", "provide", "fulfill", "fulfil"])
            || matches!(rest, ["you", "with", "that" | "this", ..]) && words[verb] == "help"
            || matches!(rest, ["with", "that" | "this"] | ["with", "that" | "this", "one" | "request"])
                && is(words[verb], &["help", "assist", "comply", "continue"])
            || matches!(rest, [] | ["with", "this" | "that" | "your" | "such", ..])
                && words[verb] == "comply";
        task_fits || harm || about || that
    })
}

/// "I must respectfully decline", "I'll have to pass on this request", "that isn't something I can write about".
fn declined(words: &[&str]) -> bool {
    for at in 0..words.len() {
        let duty = at > 0
            && words[..at]
                .iter()
                .rev()
                .take(4)
                .any(|word| is(word, &["must", "have", "need", "going", "will"]));
        let rest = &words[at + 1..];
        let goes_on = |from: usize| match rest.get(from) {
            None => true,
            Some(word) if *word == "to" => rest.get(from + 1).is_some_and(|word| is(word, WRITE)),
            Some(word) if is(word, &["this", "that", "your"]) => {
                rest.get(from + 1).is_none_or(|word| is(word, TASK) || *word == "one")
            }
            Some(word) => is(word, WRITE),
        };
        if duty && words[at] == "decline" && goes_on(0)
            || duty && words[at] == "pass" && rest.first() == Some(&"on") && rest.len() > 1 && goes_on(1)
            || matches!(words[at], "rather" | "prefer" | "choosing" | "chosen")
                && rest.first() == Some(&"not")
                && rest.iter().skip(1).take(2).any(|word| is(word, WRITE))
                && (rest.iter().any(|word| is(word, TASK) || is(word, HARM))
                    || matches!(rest.get(3), Some(&"it" | &"this" | &"that"))
                    || matches!(rest.last(), Some(&"it" | &"this" | &"that")))
        {
            return true;
        }
    }
    let something = find(
        words,
        &["something|topic|subject|content", "i|i'm|we", "can|could|am|will|able|willing|must|feel"],
    );
    let something =
        something.or_else(|| find(words, &["topic|something|subject", "that", "i", "can|could|am|will"]));
    something.is_some_and(|at| {
        words.iter().any(|word| matches!(*word, "not" | "isn't" | "can't" | "contains"))
            && words[at..].iter().take(4).any(|word| is(word, WRITE) || *word == "avoid")
    })
}

/// "It would be inappropriate for me to write", "this goes against my guidelines", "stereotypes are harmful".
fn judged(words: &[&str]) -> bool {
    let wrong = find(words, &["inappropriate|unethical"])
        .or_else(|| find(words, &["not", "be", "appropriate"]))
        .or_else(|| find(words, &["not|isn't|it's", "appropriate|okay|acceptable|possible"]));
    if wrong.is_some_and(|at| {
        let rest = &words[at..];
        let from = if stands(rest, 0, &["for", "me"]) { 2 } else { 0 };
        stands(rest, from, &["to"])
            && rest.get(from + 1).is_some_and(|word| is(word, WRITE) && *word != "help")
    }) {
        return true;
    }
    let rules =
        find(words, &["my|content|safety|ethical|usage|our", "guidelines|programming|policy|policies"]);
    let breaks = &[
        "against",
        "violate",
        "violates",
        "violating",
        "allow",
        "prevent",
        "prevents",
        "breach",
        "according",
        "accordance",
    ];
    if rules.is_some() && words.iter().any(|word| is(word, breaks)) && !words.contains(&"company") {
        return true;
    }
    if words.starts_with(&["it", "is", "not", "appropriate", "to", "make"])
        && words.iter().any(|word| is(word, &["jokes", "fun"]))
    {
        return true;
    }
    // "Writing a post like this goes against my values", "no post can be generated"
    let subject = words.first().is_some_and(|word| word.ends_with("ing") && is(word, WRITE))
        && words.iter().take(6).any(|word| is(word, TASK) || is(word, HARM));
    if subject
        && words
            .iter()
            .any(|word| is(word, &["against", "violate", "violates", "isn't", "inappropriate", "unethical"]))
    {
        return true;
    }
    if find(
        words,
        &[
            "content|post|text|message|response",
            "can|could|will",
            "be",
            "generated|provided|written|created|produced",
        ],
    )
    .is_some()
        && words.iter().any(|word| is(word, &["no", "not"]))
        || find(
            words,
            &["the|this", "model|assistant|ai", "cannot|can't", "write|answer|generate|provide|create"],
        )
        .is_some()
    {
        return true;
    }
    let told = find(
        words,
        &["important|crucial|essential", "to", "note|remember|treat|respect|recognize|acknowledge"],
    );
    if told.is_some() && words.iter().filter(|word| is(word, MORAL)).count() >= 1 {
        return true;
    }
    // "Your request cannot be fulfilled", "the prompt asks for …"
    let asked = find(words, &["your|the|this", "request|prompt|instructions|task"]);
    asked.is_some_and(|at| {
        let rest = &words[at..words.len().min(at + 5)];
        rest.iter().any(|word| {
            is(word, &["unclear", "incomplete", "contradictory", "conflict", "violates", "fulfilled"])
        }) || stands(rest, 0, &["asks", "for"])
            || stands(rest, 0, &["contains"])
            || stands(rest, 0, &["goes", "against"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(text: &Text) -> bool {
        text.sentences().any(|sentence| super::refuses(text, sentence, u64::MAX, |_| false))
    }

    /// Rules are passed over for speed alone.
    #[test]
    fn what_is_passed_over_would_not_be_found() {
        let lines = include_str!("../../../tests/fixtures/checks/refusals.tsv").lines();
        let (mut found, mut passed_over) = (0, 0);
        for line in lines {
            let text = Text::new(line.split('\t').next_back().unwrap_or_default());
            let quickly = text.sentences().any(|sentence| {
                let kinds = text.words[sentence.clone()].iter().fold(0, |all, word| all | tells(word));
                kinds != 0 && super::refuses(&text, sentence, kinds, |_| false)
            });
            assert_eq!(quickly, refuses(&text), "{line}");
            found += usize::from(quickly);
            passed_over += usize::from(!quickly);
        }
        assert!(found > 80 && passed_over > 300, "{found} {passed_over}");
    }

    #[test]
    fn a_model_refuses_and_people_decline() {
        for text in [
            "I'm unable to write a message that mocks someone.",
            "Long day at work. I must respectfully decline to write this.",
            "As an AI, I have never been to a wedding.",
            "It would not be appropriate for me to describe that.",
            "I don't have personal opinions.",
            "What would you like me to write about?",
            "Creating such content would violate the content policy.",
        ] {
            assert!(refuses(&Text::new(text)), "{text}");
        }
        for text in [
            "I can't write a text to save my life",
            "I had to decline the offer and I feel weird about it",
            "as an AI engineer I can tell you the demo was fake",
            "I'm unable to sleep",
            "I don't have feelings for him anymore",
            "would you like me to come over? I can bring soup",
            "sorry, I can't make it tonight",
            "company policy says I can't wear shorts",
        ] {
            assert!(!refuses(&Text::new(text)), "{text}");
        }
    }
}
