//! What makes two texts the same.

use unicode_normalization::UnicodeNormalization;

use super::TextKey;

impl TextKey {
    /// The first 128 bits of the BLAKE3 hash of the text in NFKC, lower case, blanks folded.
    pub fn of(text: &str) -> Self {
        let folded = match text.is_ascii() {
            true => folded_ascii(text),
            false => {
                let lower: String = text.nfkc().flat_map(char::to_lowercase).collect();
                folded(&lower.nfkc().collect::<String>())
            }
        };
        Self::from_hash(&blake3::hash(&folded))
    }

    /// The text's hash within a scope: texts that are the same share it in one scope alone.
    pub fn scoped(self, scope: u64) -> u128 {
        // An odd multiple spreads the scope over all bits: the text's own are a hash already.
        u128::from_le_bytes(self.0)
            ^ u128::from(scope).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
    }
}

/// The words of a text with one blank between them.
fn folded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(word.as_bytes());
    }
    out
}

/// The same of an ASCII text, in lower case.
fn folded_ascii(text: &str) -> Vec<u8> {
    // Most texts have single blanks between their words, and are as they should be. Without branches,
    // so that many bytes are looked at at once.
    let bytes = text.as_bytes();
    let odd = bytes.iter().fold(false, |odd, byte| odd | (b'\t'..=b'\r').contains(byte));
    let double = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let double = double.fold(false, |any, (a, b)| any | (*a == b' ') & (*b == b' '));
    let ends = bytes.first() == Some(&b' ') || bytes.last() == Some(&b' ');
    if !(odd || double || ends) {
        return bytes.to_ascii_lowercase();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut blank = false;
    for byte in text.bytes() {
        if matches!(byte, b'\t'..=b'\r' | b' ') {
            blank = !out.is_empty();
            continue;
        }
        if blank {
            out.push(b' ');
            blank = false;
        }
        out.push(byte.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::TextKey;

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
        fn ascii_is_folded_as_any_text_is(text in "[ -~\\t\\n\\x0b\\x0c\\r\\x1f]{0,40}") {
            prop_assert_eq!(super::folded_ascii(&text), super::folded(&text.to_lowercase()));
        }

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
