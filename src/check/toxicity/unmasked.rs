//! Words that somebody hides a part of: `f*ck`, `b1tch`, `fuuuck`, `f u c k`.

use super::super::text::{Signs, Text, Word};

/// What is hidden. Where signs leave it open which word it is, the first that fits.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "fuck", "shit", "bitch", "cunt", "ass", "asshole", "dick", "cock", "nigger", "nigga", "faggot", "fag", "whore", "slut",
    "pussy", "bastard", "retard", "piss", "kike", "spic", "tranny", "chink", "motherfuck", "dumbass", "bullshit", "twat",
    "wank", "prick", "kys", "kill", "die", "rape", "idiot", "moron", "stupid", "loser", "ugly", "scum", "trash", "pathetic", "worthless", "nazi", "creep",
];

const ENDINGS: &[&str] = &[
    "", "s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "head", "heads", "hole", "holes", "face", "off",
];

/// Longer than this is no such word, in bytes.
const LONGEST: usize = 16;

/// The text with such words as they are meant; `None` where there are none.
pub fn unmasked(text: &Text) -> Option<String> {
    is_odd(text).then(|| shown(text)).flatten()
}

fn shown(text: &Text) -> Option<String> {
    let mut out = String::with_capacity(text.folded.len());
    let mut changed = false;
    let mut tokens = text.folded.split(' ').peekable();
    let letter = |token: &str| token.len() == 1 && token.as_bytes()[0].is_ascii_lowercase();
    while let Some(token) = tokens.next() {
        if !out.is_empty() {
            out.push(' ');
        }
        let begin = out.len();
        out.push_str(token);
        if letter(token) {
            while out.len() - begin < LONGEST
                && let Some(next) = tokens.next_if(|next| letter(next))
            {
                out.push_str(next);
            }
            let joined = &out[begin..];
            if joined.len() > 1 && !WORDS.contains(&joined) {
                let apart: Vec<String> = joined.chars().map(String::from).collect();
                out.truncate(begin);
                out.push_str(&apart.join(" "));
            } else {
                changed |= joined.len() > 1;
            }
        } else if let Some((from, to, word)) = meant(token) {
            out.truncate(begin);
            out.push_str(&token[..from]);
            out.push_str(&word);
            out.push_str(&token[to..]);
            changed = true;
        }
    }
    changed.then_some(out)
}

/// What a byte of a folded text may hide, or be the place of.
const PLAIN: u8 = 0;
const LETTER: u8 = 1;
const BLANK: u8 = 2;
/// Stands for a letter beside others.
const STAR: u8 = 3;
/// Stands for one between two others.
const FIGURE: u8 = 4;
/// Stands between letters that are written apart.
const DOT: u8 = 5;

const KINDS: [u8; 256] = {
    let mut kinds = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' => LETTER,
            b' ' => BLANK,
            b'*' | b'@' | b'$' | b'#' | b'%' => STAR,
            b'0'..=b'9' | b'!' => FIGURE,
            b'.' | b'-' => DOT,
            _ => PLAIN,
        };
        byte += 1;
    }
    kinds
};

/// What hides a letter, or stands between two of them.
const SIGNS: Signs = Signs::of(b"*@$#%!.-");

/// Whether a text has anything that such a word could be: most have not.
fn is_odd(text: &Text) -> bool {
    let bytes = text.folded.as_bytes();
    // The same letter three times; without branches, so that many are looked at at once.
    let threes = bytes.iter().zip(bytes.iter().skip(1)).zip(bytes.iter().skip(2));
    let drawn = threes.fold(false, |any, ((a, b), c)| any | ((a == b) & (b == c) & a.is_ascii_lowercase()));
    let signs = text.signs();
    let single = |pair: &[Word]| pair.iter().all(|word| word.end - word.start == 1);
    drawn
        || text.words.windows(2).any(|pair| single(pair) && is_odd_at(bytes, pair[0].end as usize))
        || signs.digits && (0..bytes.len()).any(|at| is_odd_at(bytes, at))
        || signs.any(SIGNS) && {
            // Signs stand between words.
            let begins = text.words.iter().map(|word| word.start as usize).chain([bytes.len()]);
            let ends = [0].into_iter().chain(text.words.iter().map(|word| word.end as usize));
            ends.zip(begins).any(|(end, begin)| (end..begin).any(|at| is_odd_at(bytes, at)))
        }
}

/// Whether what is no letter hides one, or stands between letters that are written apart.
fn is_odd_at(bytes: &[u8], at: usize) -> bool {
    let kind = |at: usize| bytes.get(at).map_or(BLANK, |byte| KINDS[usize::from(*byte)]);
    let is_letter = |at: usize| kind(at) == LETTER;
    let behind_letter = at > 0 && is_letter(at - 1);
    match kind(at) {
        // ` a b `, ` b c`
        BLANK => {
            at >= 2
                && bytes[at - 1] != b' '
                && bytes[at - 2] == b' '
                && is_letter(at + 1)
                && kind(at + 2) == BLANK
        }
        STAR => is_letter(at + 1) || behind_letter,
        FIGURE => {
            is_letter(at + 1)
                && (behind_letter || bytes[at] == b'5' && (at == 0 || matches!(bytes[at - 1], 0 | b' ')))
        }
        DOT => {
            behind_letter
                && (kind(at + 1) == DOT
                    || is_letter(at + 1) && kind(at + 2) == DOT && bytes[at + 2] == bytes[at])
        }
        _ => false,
    }
}

/// The place in a token of a hidden word, and that word.
fn meant(token: &str) -> Option<(usize, usize, String)> {
    let edge =
        |c: char| matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | '"' | '\'' | '(' | ')' | '[' | ']' | '_');
    let from = token.len() - token.trim_start_matches(edge).len();
    let core = token[from..].trim_end_matches(edge);
    // Stars on both sides are Markdown's.
    let (from, core) = match core.strip_prefix('*') {
        Some(_) => {
            let inside = core.trim_start_matches('*');
            (from + core.len() - inside.len(), inside.trim_end_matches('*'))
        }
        None => (from, core),
    };
    let to = from + core.len();
    if !core.is_ascii() || !(3..=LONGEST).contains(&core.len()) {
        return None;
    }
    let bytes = core.as_bytes();
    // `k.y.s`, `f-u-c-k`
    let spelled = bytes.len() % 2 == 1
        && bytes.chunks(2).all(|two| {
            two[0].is_ascii_lowercase()
                && two.get(1).is_none_or(|sign| matches!(sign, b'.' | b'-' | b'*' | b'_'))
        });
    if spelled {
        let word: String = core.chars().step_by(2).collect();
        return WORDS.contains(&word.as_str()).then_some((from, to, word));
    }
    let signs = bytes.iter().filter(|byte| !byte.is_ascii_lowercase()).count();
    let letters = bytes.len() - signs;
    // One letter and a figure or two are a road or a size.
    if letters == 0 || letters < 2 && bytes.iter().any(u8::is_ascii_digit) {
        return None;
    }
    if signs > 0
        && let Some(word) = fitting(bytes)
    {
        return Some((from, to, word));
    }
    // `fuuuck`, `stuupiddd`
    let squeezed = squeeze(bytes);
    if squeezed.len() < bytes.len() {
        let word = fitting(&squeezed)?;
        return Some((from, to, word));
    }
    None
}

/// Runs of three and more letters as one letter, where none is left over then; else none is changed.
fn squeeze(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let has_run = bytes.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]);
    for &byte in bytes {
        if !has_run || out.last() != Some(&byte) || byte == b'*' {
            out.push(byte);
        }
    }
    out
}

/// The first word, with one of the endings, that these letters and signs can stand for.
fn fitting(bytes: &[u8]) -> Option<String> {
    for word in WORDS {
        let Some(rest) = bytes.len().checked_sub(word.len()) else { continue };
        if !bytes.iter().zip(word.bytes()).all(|(sign, letter)| stands_for(*sign, letter)) {
            continue;
        }
        for ending in ENDINGS.iter().filter(|ending| ending.len() == rest) {
            let tail = &bytes[word.len()..];
            if tail.iter().zip(ending.bytes()).all(|(sign, letter)| stands_for(*sign, letter)) {
                return Some(format!("{word}{ending}"));
            }
        }
    }
    // Doubled letters of the word itself went with a squeeze: `assshole`.
    let whole = |word: &&&str| {
        let mut narrow = word.as_bytes().to_vec();
        narrow.dedup();
        narrow.len() < word.len() && narrow == bytes
    };
    WORDS.iter().find(whole).map(|word| (*word).to_owned())
}

fn stands_for(sign: u8, letter: u8) -> bool {
    sign == letter
        || match sign {
            b'*' | b'#' | b'%' | b'-' => true,
            b'@' | b'4' => letter == b'a',
            b'$' | b'5' => letter == b's',
            b'!' | b'1' => matches!(letter, b'i' | b'l'),
            b'0' => letter == b'o',
            b'3' => letter == b'e',
            b'7' | b'+' => letter == b't',
            b'8' => letter == b'b',
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_words_are_written_out_and_others_stay() {
        for (raw, expected) in [
            ("what the f*ck is this", Some("what the fuck is this")),
            ("F***ing b1tch!", Some("fucking bitch!")),
            ("a$$hole", Some("asshole")),
            ("kiss my a$$, you l0ser", Some("kiss my ass, you loser")),
            ("f u c k this", Some("fuck this")),
            ("k.y.s. now", Some("kys. now")),
            ("stuuupid biiitch", Some("stupid bitch")),
            ("fuuuuucking asssshole", Some("fucking asshole")),
            ("*fuck* no", None),
            ("5hithead", Some("shithead")),
            ("see you at 5pm on the A55, b4 tea", None),
            ("sooo happy!!! 2*3 is 6", None),
            ("i b u ok", None),
            ("their* sorry", None),
            ("e-mail me @ home", None),
        ] {
            assert_eq!(unmasked(&Text::new(raw)).as_deref(), expected, "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_passed_over_is_found_nowhere(
            raw in proptest::prop_oneof!["[fuckas5!*@. -]{0,14}", "( ?[kds!51.,*a-]){0,12}", "(kys|a s s|fu\\*k|[ .,a5-]){0,5}"]
        ) {
            let text = Text::new(&raw);
            let bytes = text.folded.as_bytes();
            let drawn = bytes.windows(3).any(|three| three[0].is_ascii_lowercase() && three == [three[0]; 3]);
            let anywhere = drawn || (0..bytes.len()).any(|at| is_odd_at(bytes, at));
            let odd = is_odd(&text);
            proptest::prop_assert!(odd == anywhere || !odd && shown(&text).is_none(), "{} {}", odd, anywhere);
        }
    }
}
