//! Characters that were broken on their way: UTF-8 that was read as Windows-1252, and what nobody sees.

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The text with such characters repaired, if it has any.
pub fn repaired(text: &str) -> Option<String> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte) || matches!(byte, b'\n' | b'\t')) {
        return None;
    }
    let mut now = seen(&unbroken(text));
    if !is_nfc(&now) {
        now = now.nfc().collect();
    }
    (now != text).then_some(now)
}

/// What a byte is as a character of Windows-1252, turned round; bytes that it leaves open stand for themselves.
fn byte_of(c: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match c as u32 {
        code @ 0..=0xff => Some(code as u8),
        _ => HIGH.iter().position(|high| *high == c).map(|at| at as u8 + 0x80),
    }
}

/// Text whose UTF-8 was read as Windows-1252 is read as UTF-8 again: `itâ€™s` is `it’s`. Twice, since it
/// happens twice.
fn unbroken(text: &str) -> String {
    let mut now = text.to_owned();
    for _ in 0..2 {
        match unbroken_once(&now) {
            Some(new) => now = new,
            None => break,
        }
    }
    now
}

fn unbroken_once(text: &str) -> Option<String> {
    // Each broken character begins with one of these.
    if !text.chars().any(|c| matches!(c, 'Â' | 'Ã' | 'â' | 'ã' | 'ï' | 'ð' | 'å' | 'Å' | 'Ä' | 'Î'))
    {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut at = 0;
    while at < chars.len() {
        match sequence(&chars[at..], at.checked_sub(1).map(|before| chars[before])) {
            Some((c, length)) => {
                out.push(c);
                at += length;
                changed = true;
            }
            None => {
                out.push(chars[at]);
                at += 1;
            }
        }
    }
    changed.then_some(out)
}

/// The character that the first of these are the bytes of, and how many those are.
fn sequence(chars: &[char], before: Option<char>) -> Option<(char, usize)> {
    let first = byte_of(chars[0])?;
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    for (byte, c) in bytes.iter_mut().zip(chars.get(..length)?) {
        *byte = byte_of(*c)?;
    }
    let c = str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    // Two characters may well stand side by side by themselves: only what Latin letters and signs become is
    // taken for broken, and not a capital before a mark, as in `SÃO “IRMÃ”`.
    if length == 2 {
        let latin = matches!(first, 0xc2 | 0xc3);
        let mark = matches!(chars[1], '‘' | '’' | '“' | '”' | '–' | '—' | '…' | '‹' | '›');
        if !latin || mark && before.is_some_and(char::is_uppercase) {
            return None;
        }
    }
    Some((c, length))
}

/// Without control characters, without what is invisible, and without the replacement character, which between
/// letters was an apostrophe most often.
fn seen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => out.push(if next == '\n' { ' ' } else { '\n' }),
            c if c.is_control() => {}
            '\u{200b}' | '\u{feff}' | '\u{2060}' | '\u{ad}' | '\u{200e}' | '\u{200f}' => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            // They join emoji and letters of some scripts; between others they do nothing.
            '\u{200c}' | '\u{200d}' if before.is_ascii() || next.is_ascii() => {}
            '\u{fffd}' if before.is_alphabetic() && next.is_alphabetic() => out.push('\''),
            '\u{fffd}' => {}
            c => out.push(c),
        }
        before = c;
    }
    out
}
