//! Which texts are the same.

use unicode_normalization::UnicodeNormalization;

/// A text's place among duplicates: equal for texts that differ only in case, in blanks or in how
/// Unicode spells their characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextKey(u128);

impl TextKey {
    /// The first 128 bits of the BLAKE3 hash of the text in NFKC, lower case, blanks folded.
    pub fn of(text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut normal = String::with_capacity(text.len());
        if text.is_ascii() {
            normal.push_str(text);
            normal.make_ascii_lowercase();
        } else {
            let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
            normal.extend(lower.nfkc());
        }
        for (index, word) in normal.split_whitespace().enumerate() {
            if index > 0 {
                hasher.update(b" ");
            }
            hasher.update(word.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(u128::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::TextKey;

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
