//! How many words a text has.

use unicode_segmentation::UnicodeSegmentation;

/// Words by Unicode's rules (UAX 29) that hold a letter or a digit.
pub fn count(text: &str) -> usize {
    match ascii(text.as_bytes()) {
        Some(count) => count,
        None => text.unicode_words().count(),
    }
}

const WORD: u8 = 1;
/// One of the signs that may join what stands on both sides of it.
const SIGN: u8 = 2;
/// What needs all of Unicode's rules.
const BEYOND: u8 = 4;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'.' | b'\'' | b':' | b',' | b';' => SIGN,
            b'_' | 0x80.. => BEYOND,
            byte if byte.is_ascii_alphanumeric() => WORD,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// The same for plain ASCII, at a fraction of the time; `None` where a text is not that plain.
fn ascii(text: &[u8]) -> Option<usize> {
    // Signs that join letters, or digits, on both sides of them: rules WB6, WB7, WB11 and WB12.
    let joins = |before: u8, sign: u8, after: u8| match sign {
        b'.' | b'\'' => {
            before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
                || before.is_ascii_digit() && after.is_ascii_digit()
        }
        b':' => before.is_ascii_alphabetic() && after.is_ascii_alphabetic(),
        b',' | b';' => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    };
    // Without branches; most texts need no more.
    let (mut seen, mut joint, mut words) = (0, 0, 0);
    let (mut before, mut last) = (0, 0);
    for byte in text {
        let kind = KINDS[usize::from(*byte)];
        seen |= kind;
        joint |= before & (last >> 1) & kind & WORD;
        words += usize::from(kind & !last & WORD);
        (before, last) = (last, kind);
    }
    if seen & BEYOND != 0 {
        return None;
    }
    if joint == 0 {
        return Some(words);
    }
    let word = |byte: u8| byte.is_ascii_alphanumeric();
    let mut count = 0;
    let (mut last, mut before_last) = (b' ', b' ');
    for byte in text {
        let begins = word(*byte) && !word(last);
        count += usize::from(begins && !joins(before_last, last, *byte));
        (before_last, last) = (last, *byte);
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_texts_have_as_many_words_as_unicode_says(
            text in prop_oneof!["[a-c1-3 .,:;'\"-]{0,12}", "[ -~\\n\\t]{0,40}", "[a-b ._é-]{0,12}"]
        ) {
            prop_assert_eq!(count(&text), text.unicode_words().count());
        }
    }

    #[test]
    fn signs_within_a_word_do_not_end_it() {
        for (text, words) in [("don't stop", 2), ("e.g. 3,5 or 3:5", 5), ("a,b", 2), ("...", 0), ("x'1", 2)] {
            assert_eq!((count(text), text.unicode_words().count()), (words, words), "{text}");
        }
    }
}
