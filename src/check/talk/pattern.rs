//! Words that a model is asked with, and patterns of words.

/// What a model is asked to do with a text.
#[rustfmt::skip]
pub const WRITE: &[&str] = &[
    "write", "writing", "generate", "generating", "create", "creating", "produce", "producing",
    "compose", "composing", "provide", "providing", "assist", "assisting", "fulfill", "fulfil",
    "complete", "comply", "respond", "discuss", "engage", "share", "describe", "support", "proceed",
    "depict", "portray", "continue", "cover", "supply", "contribute", "answer", "make", "rewrite",
    "help", "express",
];
/// What it is asked for.
#[rustfmt::skip]
pub const TASK: &[&str] = &[
    "request", "requests", "prompt", "instruction", "instructions", "task", "content", "post", "posts",
    "text", "texts", "message", "messages", "tweet", "tweets", "material", "response", "responses",
    "topic", "topics", "subject",
];

/// Whether a word is one of the list.
pub fn is(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
}

/// Whether `pattern` stands at `at`; a bar parts what a word may be.
pub fn stands(words: &[&str], at: usize, pattern: &[&str]) -> bool {
    words.len() >= at + pattern.len()
        && pattern.iter().zip(&words[at..]).all(|(choices, word)| may_be(choices, word))
}

/// Whether a word is one of `choices`, which are parted by bars.
fn may_be(choices: &str, word: &str) -> bool {
    let (mut rest, word) = (choices.as_bytes(), word.as_bytes());
    loop {
        if rest.starts_with(word) && matches!(rest.get(word.len()), None | Some(b'|')) {
            return true;
        }
        match rest.iter().position(|byte| *byte == b'|') {
            Some(bar) => rest = &rest[bar + 1..],
            None => return false,
        }
    }
}

/// Where what stands behind the first place of `pattern` begins.
pub fn find(words: &[&str], pattern: &[&str]) -> Option<usize> {
    (0..words.len()).find(|&at| stands(words, at, pattern)).map(|at| at + pattern.len())
}
