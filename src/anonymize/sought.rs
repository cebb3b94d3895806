//! Where a text of somebody's stands in another, however it is spelt.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text that is looked for: whatever its case, accents, blanks and characters that are not seen.
#[derive(Debug, Clone)]
pub struct Sought {
    folded: Vec<char>,
    /// Only where it is no part of a longer word.
    word: bool,
}

/// What stands in the place of what was taken out.
pub const TAKEN_OUT: &str = "[forgotten]";

impl Sought {
    /// `None` of a text in which there is nothing to look for.
    pub fn new(text: &str, word: bool) -> Option<Self> {
        let mut folded: Vec<char> = Vec::new();
        fold(text.trim(), |c, _| folded.push(c));
        (!folded.is_empty()).then_some(Self { folded, word })
    }

    pub fn is_in(&self, text: &str) -> bool {
        !self.places(text, true).is_empty()
    }

    /// The text without it; `None` where it is not in there.
    pub fn taken_out(&self, text: &str) -> Option<String> {
        let places = self.places(text, false);
        if places.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for place in places {
            out.push_str(&text[from..place.start]);
            out.push_str(TAKEN_OUT);
            from = place.end;
        }
        out.push_str(&text[from..]);
        Some(out)
    }

    /// Where it stands, in bytes, without overlaps; only the first place where that is enough.
    fn places(&self, text: &str, first: bool) -> Vec<Range<usize>> {
        let mut chars: Vec<(char, Range<usize>)> = Vec::with_capacity(text.len());
        fold(text, |c, place| chars.push((c, place)));
        let mut out = Vec::new();
        let mut at = 0;
        while at + self.folded.len() <= chars.len() {
            let end = at + self.folded.len();
            let same = chars[at..end].iter().zip(&self.folded).all(|((c, _), sought)| c == sought);
            let joined = |edge: usize| {
                self.word
                    && edge > 0
                    && edge < chars.len()
                    && chars[edge - 1].0.is_alphanumeric()
                    && chars[edge].0.is_alphanumeric()
            };
            if same && !joined(at) && !joined(end) {
                out.push(chars[at].1.start..chars[end - 1].1.end);
                if first {
                    break;
                }
                // One character may be several to the folded text, such as `ﬀ`.
                let bytes = chars[end - 1].1.end;
                at = end + chars[end..].iter().take_while(|(_, place)| place.start < bytes).count();
            } else {
                at += 1;
            }
        }
        out
    }
}

/// Hands over a text's characters as they are compared, each with the bytes that it is of.
fn fold(text: &str, mut take: impl FnMut(char, Range<usize>)) {
    let mut blank = false;
    for (start, c) in text.char_indices() {
        let place = start..start + c.len_utf8();
        if c.is_whitespace() {
            if !std::mem::replace(&mut blank, true) {
                take(' ', place);
            }
            continue;
        }
        for part in std::iter::once(c).nfkd() {
            let unseen = matches!(part, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
            if unseen || is_combining_mark(part) {
                continue;
            }
            blank = false;
            part.to_lowercase().for_each(|part| take(part, place.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_found_however_it_is_spelt() {
        let sought = Sought::new(" José Núñez ", false).unwrap();
        for text in
            ["I met José Núñez.", "JOSE NUNEZ!", "jose\u{301}  nu\u{300}n\u{303}ez", "Jo\u{200b}sé\nNúñez's"]
        {
            assert!(sought.is_in(text), "{text:?}");
            assert!(!sought.is_in(&sought.taken_out(text).unwrap()), "{text:?}");
        }
        assert_eq!(sought.taken_out("So José Núñez came.").unwrap(), "So [forgotten] came.");
        assert_eq!(sought.taken_out("So Jose came."), None);
        assert!(Sought::new(" \u{200b}", false).is_none());
        assert_eq!(Sought::new("f", false).unwrap().taken_out("oﬀ").unwrap(), "o[forgotten]");
    }

    #[test]
    fn a_word_is_no_part_of_another() {
        let (word, any) = (Sought::new("Ann", true).unwrap(), Sought::new("Ann", false).unwrap());
        assert!(word.is_in("Ann's cat") && word.is_in("ann") && word.is_in("(Ann)"));
        assert!(!word.is_in("an annual plan") && any.is_in("an annual plan"));
    }

    proptest! {
        #[test]
        fn nothing_of_it_is_left(before in "\\PC{0,20}", sought in "[a-zé ]{1,8}", after in "\\PC{0,20}", word in any::<bool>()) {
            let Some(sought) = Sought::new(&sought, word) else { return Ok(()) };
            let text = format!("{before} {} {after}", sought.folded.iter().collect::<String>());
            prop_assert!(sought.is_in(&text));
            let left = sought.taken_out(&text).unwrap();
            prop_assert!(left.contains(TAKEN_OUT));
        }

        #[test]
        fn any_text_can_be_taken_out_of_any_other(sought in "[\\PCﬀﬃ…㎜]{1,3}", text in "[\\PCﬀﬃ…㎜]{0,20}") {
            let Some(sought) = Sought::new(&sought, false) else { return Ok(()) };
            prop_assert_eq!(sought.taken_out(&text).is_some(), sought.is_in(&text));
        }
    }
}
