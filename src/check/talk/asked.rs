//! What only a machine lacks, and what it asks back.

use super::pattern::{TASK, WRITE, find, is, stands};

/// "I don't have personal opinions", "I lack the ability to feel", "beyond my capabilities as an assistant".
pub fn lacking(words: &[&str]) -> bool {
    let lack = find(words, &["don't", "have|possess|experience"])
        .or_else(|| find(words, &["do", "not", "have|possess|experience"]))
        .or_else(|| words.starts_with(&["i", "lack"]).then_some(2));
    let Some(at) = lack else {
        return find(words, &["beyond|outside", "my", "capabilities|abilities", "as|to"]).is_some()
            || find(words, &["not", "enough", "information|context|details", "to"])
                .is_some_and(|at| words.get(at).is_some_and(|word| is(word, WRITE)));
    };
    let rest = &words[at..];
    let from = usize::from(rest.first().is_some_and(|word| is(word, &["any", "a", "the"])));
    let of_man =
        rest.get(from).is_some_and(|word| is(word, &["personal", "human", "real", "actual", "physical"]))
            && rest.get(from + 1).is_some_and(|word| {
                is(
                    word,
                    &[
                        "feelings",
                        "emotions",
                        "opinions",
                        "experience",
                        "experiences",
                        "beliefs",
                        "life",
                        "family",
                        "preferences",
                        "body",
                    ],
                )
            });
    let plain = rest.get(from).is_some_and(|word| is(word, &["feelings", "emotions", "opinions"]))
        && rest.get(from + 1).is_none_or(|word| is(word, &["so", "or", "and", "but", "therefore", "like"]))
        && (rest.get(from) != Some(&"feelings") || rest.len() > from + 1);
    let enough = rest.first() == Some(&"enough")
        && rest.get(1).is_some_and(|word| is(word, &["context", "information", "details"]))
        && rest.iter().any(|word| is(word, WRITE));
    of_man
        || plain
        || enough
        || stands(rest, 0, &["the", "ability", "to", "feel|experience|understand|generate|browse"])
}

/// "How can I assist you today?", "what would you like me to write?", "I'd be happy to help with something else".
pub fn asked_back(words: &[&str]) -> bool {
    let task = words.iter().any(|word| is(word, TASK) || is(word, &["emotion", "tone"]));
    let ends = |at: usize| words.get(at).is_none_or(|word| *word == "today" || *word == "with");
    if find(words, &["how", "can|may", "i", "help|assist", "you"]).is_some_and(ends)
        || find(words, &["else", "i", "can", "help|assist"]).is_some()
        || find(words, &["you", "with|want|like", "me", "to", "write|generate|create|rewrite|try"])
            .is_some_and(|at| words.len() <= at + 7)
        || find(words, &["like|want", "me", "to", "write|generate|create|rewrite"]).is_some()
        || find(words, &["like", "me", "to", "try", "a|another"]).is_some()
        || find(words, &["another", "way", "i", "can", "help|assist"]).is_some()
    {
        return true;
    }
    let willing = find(words, &["happy|glad|love", "to", "help|assist|write|create|provide|generate"]);
    if willing.is_some_and(|at| {
        let rest = &words[at..words.len().min(at + 5)];
        let other =
            rest.iter().any(|word| is(word, &["different", "another", "alternative", "else", "instead"]));
        words[..at].iter().any(|word| is(word, &["i'd", "i", "i'm"]))
            && (other && (task || rest.contains(&"something"))
                || rest.iter().any(|word| is(word, TASK)) && rest.contains(&"you"))
            || other && words.contains(&"instead")
    }) {
        return true;
    }
    let more = find(words, &["more|additional|further", "details|information|context|info"]);
    if more.is_some() && (task && words.iter().any(|word| is(word, &["you", "please", "i", "need"]))) {
        return true;
    }
    let kind = find(words, &["what|which", "kind|type|sort|emotion|topic|tone"]);
    kind.is_some_and(|at| {
        let rest = &words[at.saturating_sub(1)..];
        task && rest.iter().any(|word| matches!(*word, "you" | "should"))
            && rest.iter().any(|word| is(word, &["want", "like", "prefer", "write", "convey"]))
    })
}
