//! Which texts are the same.

use unicode_normalization::UnicodeNormalization;

/// A text's place among duplicates: equal for texts that differ only in case, in blanks or in how
/// Unicode spells their characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextKey(u128);

impl TextKey {
    /// The first 128 bits of the BLAKE3 hash of the text in NFKC, lower case, blanks folded.
    pub fn of(text: &str) -> Self {
        let folded = match text.is_ascii() {
            true => fold_ascii(text),
            false => {
                let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
                let normal: String = lower.nfkc().collect();
                normal.split_whitespace().collect::<Vec<_>>().join(" ").into_bytes()
            }
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(&folded).as_bytes()[..16]);
        Self(u128::from_le_bytes(bytes))
    }
}

/// The same for a text in ASCII, where every character is a byte: most texts are.
fn fold_ascii(text: &str) -> Vec<u8> {
    let mut out = vec![b' '; text.len()];
    let (mut end, mut blank) = (0, true);
    for byte in text.bytes() {
        let is_blank = matches!(byte, b'\t'..=b'\r' | b' ');
        if !is_blank {
            out[end] = byte.to_ascii_lowercase();
        }
        end += usize::from(!(is_blank && blank));
        blank = is_blank;
    }
    out.truncate(end.saturating_sub(usize::from(blank)));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::TextKey;

    proptest! {
        #[test]
        fn ascii_is_folded_as_other_texts_are(text in "[a-cA-C \\t\\x0b\\n\\x1c!]{0,12}") {
            let other: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
            prop_assert_eq!(super::fold_ascii(&text), other.join(" ").into_bytes());
        }
    }

    #[test]
    fn spelling_of_characters_case_and_blanks_do_not_matter() {
        for (a, b) in [
            ("Café time", "cafe\u{301}  TIME"),
            ("ﬁne", "Fine"),
            ("one\u{a0}two", " one\ttwo\n"),
            ("ÉTÉ", "été"),
        ] {
            assert_eq!(TextKey::of(a), TextKey::of(b), "{a:?} {b:?}");
        }
        for (a, b) in [("one two", "onetwo"), ("fine.", "fine"), ("resume", "résumé")] {
            assert_ne!(TextKey::of(a), TextKey::of(b), "{a:?} {b:?}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own(text in "\\PC{0,40}") {
            use unicode_normalization::UnicodeNormalization;
            let upper = text.to_uppercase().to_lowercase();
            let composed: String = upper.nfc().collect();
            let decomposed: String = upper.nfd().collect();
            prop_assert_eq!(TextKey::of(&composed), TextKey::of(&decomposed));
            prop_assert_eq!(TextKey::of(&upper), TextKey::of(&format!(" {upper}\n")));
        }
    }
}
