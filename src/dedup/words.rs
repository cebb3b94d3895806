//! The words of a text, as near-duplicates are told by them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Calls `found` with each word of a text, in order.
///
/// Words are runs of letters, digits and combining marks in NFKC and lower case. An apostrophe
/// inside a word is left out, and so are invisible characters (joiners, direction marks, variation
/// selectors). Scripts without blanks between words give overlapping pairs of characters. A symbol
/// such as an emoji is a word, the same several times in a row is one.
pub fn words(text: &str, mut found: impl FnMut(&str)) {
    let mut word = String::with_capacity(32);
    if text.is_ascii() {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                word.push(char::from(byte.to_ascii_lowercase()));
            } else if byte != b'\'' && !word.is_empty() {
                found(&word);
                word.clear();
            }
        }
        if !word.is_empty() {
            found(&word);
        }
        return;
    }
    let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut splitter = Splitter { word, dense: None, paired: false, symbol: None };
    for c in lower.nfkc() {
        splitter.take(c, &mut found);
    }
    splitter.end(&mut found);
}

/// What a character is to a splitter.
enum Class {
    Letter,
    /// Of a script that sets no blanks between words.
    Dense,
    Symbol,
    Mark,
    /// Belongs to no word and parts none.
    Nothing,
    Apart,
}

fn class(c: char) -> Class {
    match c {
        '\'' | '\u{2019}' | '\u{2bc}' => Class::Nothing,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0000}'..='\u{e0fff}' => Class::Nothing,
        // Thai, Lao, Myanmar, Khmer; kana, Bopomofo; Han.
        '\u{e01}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3041}'..='\u{312f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}'
            if c.is_alphanumeric() =>
        {
            Class::Dense
        }
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => Class::Symbol,
        _ if c.is_alphanumeric() => Class::Letter,
        _ if is_combining_mark(c) => Class::Mark,
        _ => Class::Apart,
    }
}

struct Splitter {
    word: String,
    /// The last character of a run without blanks, and whether it stands in a pair already.
    dense: Option<char>,
    paired: bool,
    symbol: Option<char>,
}

impl Splitter {
    fn take(&mut self, c: char, found: &mut impl FnMut(&str)) {
        match class(c) {
            Class::Nothing => {}
            Class::Mark if self.dense.is_some() || self.word.is_empty() => {}
            Class::Letter | Class::Mark => {
                if self.word.is_empty() {
                    self.end(found);
                }
                self.word.push(c);
            }
            Class::Dense => {
                if let Some(before) = self.dense {
                    self.word.clear();
                    self.word.extend([before, c]);
                    found(&self.word);
                    self.word.clear();
                    self.paired = true;
                } else {
                    self.end(found);
                }
                self.dense = Some(c);
            }
            Class::Symbol => {
                let again = self.symbol == Some(c);
                self.end(found);
                if !again {
                    found(c.encode_utf8(&mut [0; 4]));
                }
                self.symbol = Some(c);
            }
            Class::Apart => self.end(found),
        }
    }

    /// Ends whatever run is open.
    fn end(&mut self, found: &mut impl FnMut(&str)) {
        if let Some(c) = self.dense.take()
            && !self.paired
        {
            found(c.encode_utf8(&mut [0; 4]));
        }
        self.paired = false;
        self.symbol = None;
        if !self.word.is_empty() {
            found(&self.word);
            self.word.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<String> {
        let mut out = Vec::new();
        words(text, |word| out.push(word.to_owned()));
        out
    }

    #[test]
    fn words_of_many_kinds() {
        for (text, expected) in [
            ("", ""),
            ("  \t ", ""),
            ("!!! ... --", ""),
            ("Don't STOP, it's 10pm.", "dont stop its 10pm"),
            ("Don’t STOP", "dont stop"),
            ("'quoted' words'", "quoted words"),
            ("cafe\u{301} CAFÉ", "café café"),
            ("ﬁne ①", "fine 1"),
            ("he\u{200b}llo \u{202e}wo\u{ad}rld\u{202c}", "hello world"),
            ("so happy😂😂😂 ❤️❤ 😂", "so happy 😂 ❤ 😂"),
            ("👍🏽 👍", "👍 👍"),
            ("我很高兴 ok 好", "我很 很高 高兴 ok 好"),
            ("とても", "とて ても"),
            ("żółw\u{0323}", "żółẉ"),
            ("\u{301}\u{301}", ""),
            ("İstanbul", "i\u{307}stanbul"),
        ] {
            assert_eq!(split(text).join(" "), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_is_split_as_other_texts_are(text in "[a-cA-C0-1 \\t\\x1c!'-]{0,16}") {
            let mut other = split(&format!("é {text}"));
            prop_assert_eq!(other.remove(0), "é");
            prop_assert_eq!(split(&text), other);
        }

        #[test]
        fn any_text_is_split(text in "\\PC{0,60}") {
            for word in split(&text) {
                prop_assert!(!word.is_empty());
            }
        }
    }
}
