//! What is taken off a text before it is checked, where nothing of its meaning goes with it.

use super::talk::without_preamble;

/// One thing that was taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// Quotes around the whole text.
    Quotes,
    /// A dash, a star or a number before it, as in a list.
    ListMarker,
    /// Markdown's stars around the whole text.
    Emphasis,
    /// What an assistant says before a text: "Sure! Here is a post:".
    Preamble,
}

impl Mended {
    pub fn name(self) -> &'static str {
        match self {
            Mended::Quotes => "quotes",
            Mended::ListMarker => "list-marker",
            Mended::Emphasis => "emphasis",
            Mended::Preamble => "preamble",
        }
    }
}

/// All that was taken off a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mends(u8);

impl Mends {
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One bit for each.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// What such bits stand for, if they all stand for something.
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits < 1 << ALL.len()).then_some(Self(bits))
    }

    fn add(&mut self, mended: Mended) {
        self.0 |= 1 << mended as u8;
    }

    pub fn iter(self) -> impl Iterator<Item = Mended> {
        ALL.into_iter().filter(move |mended| self.0 & (1 << *mended as u8) != 0)
    }
}

const ALL: [Mended; 4] = [Mended::Quotes, Mended::ListMarker, Mended::Emphasis, Mended::Preamble];

impl serde::Serialize for Mends {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Mended::name))
    }
}

/// Layers that are taken off at most.
const DEEPEST: usize = 4;

const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{201e}', '\u{201d}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{300c}', '\u{300d}'),
];

/// The text without what stands around it, and what that was.
pub fn mend(text: &str) -> (&str, Mends) {
    let mut text = text.trim();
    let mut done = Mends::default();
    // Each step takes something off; a text of nothing but marks is not looked at for ever.
    for _ in 0..DEEPEST {
        let (rest, what) = if let Some(rest) = unquoted(text) {
            (rest, Mended::Quotes)
        } else if let Some(rest) = without_marker(text) {
            (rest, Mended::ListMarker)
        } else if let Some(rest) = without_stars(text) {
            (rest, Mended::Emphasis)
        } else if let Some(rest) = without_preamble(text) {
            (rest, Mended::Preamble)
        } else {
            break;
        };
        text = rest.trim();
        done.add(what);
    }
    (text, done)
}

fn unquoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
        // With another one inside, those outside may belong to two quotes.
        (!inside.contains([*open, *close]) && inside.chars().any(char::is_alphanumeric)).then_some(inside)
    })
}

fn without_marker(text: &str) -> Option<&str> {
    let rest = match text.chars().next()? {
        '-' | '*' | '\u{2022}' | '\u{2023}' | '\u{25e6}' | '\u{2013}' => {
            let mut rest = text.chars();
            rest.next();
            rest.as_str()
        }
        '0'..='9' => {
            let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let rest = text[digits..].strip_prefix(['.', ')']).filter(|_| digits <= 2)?;
            // A whole list in one text stays as it is.
            if has_marker(rest) {
                return None;
            }
            rest
        }
        _ => return None,
    };
    let next = rest.trim_start();
    let words = next.split_whitespace().take(2).count() == 2;
    // A dash before a number is a minus.
    let minus = next.starts_with(|c: char| c.is_ascii_digit()) && text.starts_with(['-', '\u{2013}']);
    (rest.starts_with(char::is_whitespace) && words && !minus && !lists_more(next)).then_some(next)
}

/// Whether further items of a list, or turns of a talk, stand in a text.
fn lists_more(text: &str) -> bool {
    ["\n-", "\n*", "\n\u{2022}", " - ", " * ", " \u{2022} ", " \u{2013} "]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Whether a further number with a dot or a bracket stands in a text, before a word.
fn has_marker(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let digits = word.trim_end_matches(['.', ')']);
        digits.len() < word.len()
            && !digits.is_empty()
            && digits.len() <= 2
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn without_stars(text: &str) -> Option<&str> {
    ["**", "__"].iter().find_map(|mark| {
        let inside = text.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inside.contains(mark) && inside.chars().any(char::is_alphanumeric)).then_some(inside)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_surrounds_a_text_is_taken_off() {
        use Mended::*;
        for (text, expected, done) in [
            ("\"I am home.\"", "I am home.", &[Quotes][..]),
            ("\u{201c}Home at last\u{201d}", "Home at last", &[Quotes]),
            ("1. I am home.", "I am home.", &[ListMarker]),
            ("- I am home.", "I am home.", &[ListMarker]),
            ("3) \"I am home.\"", "I am home.", &[Quotes, ListMarker]),
            ("- Go home! - No!", "- Go home! - No!", &[]),
            ("**I am home.**", "I am home.", &[Emphasis]),
            ("\"Yes\" and \"no\"", "\"Yes\" and \"no\"", &[]),
            ("1. wake up 2. sleep", "1. wake up 2. sleep", &[]),
            ("- 5 degrees again", "- 5 degrees again", &[]),
            ("- milk\n- eggs and bread", "- milk\n- eggs and bread", &[]),
            ("1999. What a year that was", "1999. What a year that was", &[]),
            ("2.5 hours in the rain", "2.5 hours in the rain", &[]),
            (
                "Sure! Here is a post about rain: My socks are wet again.",
                "My socks are wet again.",
                &[Preamble],
            ),
            (
                "Here's a tweet:\n\n\"My socks are wet again.\"",
                "My socks are wet again.",
                &[Quotes, Preamble],
            ),
            (
                "Here's a post:\nWet again.\n\nI hope you like it!",
                "Here's a post:\nWet again.\n\nI hope you like it!",
                &[],
            ),
            ("Here's a post: no", "Here's a post: no", &[]),
            (
                "Here's the thing: nobody works at post offices",
                "Here's the thing: nobody works at post offices",
                &[],
            ),
            ("\"\"", "\"\"", &[]),
            ("-", "-", &[]),
        ] {
            let (mended, what) = mend(text);
            assert_eq!((mended, what.iter().collect::<Vec<_>>()), (expected, done.to_vec()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_mended_twice_stays(text in "[-*\" 1a.)\u{201c}\u{201d}_]{0,9}") {
            let once = mend(&text).0;
            prop_assert!(text.contains(once));
            // Nine characters hold no more layers than are taken off.
            prop_assert_eq!(mend(once).0, once);
        }
    }
}
