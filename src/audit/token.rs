//! Words and marks of a text.

/// The tokens of a text in lower case: masks such as `[NAME]` as one, words with the apostrophes
/// inside them, and every other mark by itself.
///
/// These are the tokens that the published figures of GoEmotions were counted in.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let length = match first {
            '[' => mask(rest).unwrap_or(1),
            _ if in_word(first) => word(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        Some(token)
    })
}

/// Whether a token is a word or a mask, and no mark.
pub fn is_word(token: &str) -> bool {
    token.len() > 1 && token.starts_with('[') || token.starts_with(in_word)
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The bytes of a mask at the beginning, if one is there.
fn mask(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('[')?;
    let length = inside.find(|c: char| !in_word(c))?;
    (length > 0 && inside[length..].starts_with(']')).then_some(length + 2)
}

/// The bytes of the word at the beginning. An apostrophe belongs to it where a letter follows.
fn word(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let inner = matches!(c, '\'' | '’') && characters.peek().is_some_and(|(_, next)| in_word(*next));
        if !in_word(c) && !inner {
            return at;
        }
    }
    text.len()
}

/// How many words a text has, as blanks set them off.
pub fn spaced_words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_words_and_marks_are_tokens() {
        let split = |text| tokens(text).collect::<Vec<_>>();
        assert_eq!(
            split("[name] isn't 'sure'…  really?!"),
            ["[name]", "isn't", "'", "sure", "'", "…", "really", "?", "!"]
        );
        assert_eq!(
            split("a [b c] o’clock' [] [x"),
            ["a", "[", "b", "c", "]", "o’clock", "'", "[", "]", "[", "x"]
        );
        assert_eq!(split(" \u{a0} "), [""; 0]);
        assert_eq!(split("e\u{301}\u{200b}👍🏽"), ["e", "\u{301}", "\u{200b}", "👍", "🏽"]);
        assert_eq!(["[name]", "it", "[", "!"].map(is_word), [true, true, false, false]);
    }
}
