//! E-mail addresses that are spelled out: `jo dot lee at mail dot com`, `jo (at) mail (dot) com`.

use super::Found;
use super::addresses::TOP;
use super::category::Category;

/// Hosts of which `jo at gmail.com` is an address and no place.
const HOSTS: &[&str] = &[
    "gmail",
    "googlemail",
    "hotmail",
    "yahoo",
    "outlook",
    "icloud",
    "aol",
    "proton",
    "protonmail",
    "gmx",
    "fastmail",
    "yandex",
    "zoho",
    "tutanota",
    "posteo",
    "msn",
    "ymail",
    "qq",
    "163",
    "naver",
];
/// Endings that are told apart from words without brackets.
const PLAIN: &[&str] = &[
    "com", "org", "net", "edu", "gov", "io", "de", "uk", "fr", "nl", "ca", "au", "eu", "info", "dev", "me",
    "ch", "pl", "br", "mx", "jp", "kr", "cn", "ru", "se", "dk", "ie", "nz", "za", "ng", "gg", "xyz", "co",
    "app", "example",
];

/// How one sign of an address is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Itself,
    Bracketed,
    Word,
}

/// Adds every such address. Looks only around the words `at` and `dot`.
pub fn find(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for at in 1..bytes.len().saturating_sub(1) {
        if at < from || !bytes[at].eq_ignore_ascii_case(&b'a') || !bytes[at + 1].eq_ignore_ascii_case(&b't') {
            continue;
        }
        let Some((start, end, sign)) = around(bytes, at, 2) else { continue };
        if let Some(span) = address(text, start, end, sign, from) {
            from = span.end;
            found.push(span);
        }
    }
}

/// Where a word that stands for a sign begins and ends with its brackets and blanks.
fn around(bytes: &[u8], at: usize, length: usize) -> Option<(usize, usize, Sign)> {
    let (before, after) = (*bytes.get(at.checked_sub(1)?)?, *bytes.get(at + length)?);
    match (before, after) {
        (b' ', b' ') => Some((at - 1, at + length + 1, Sign::Word)),
        (b'(', b')') | (b'[', b']') | (b'{', b'}') | (b'<', b'>') | (b'_', b'_') | (b'*', b'*') => {
            let (mut start, mut end) = (at - 1, at + length + 1);
            start -= usize::from(start > 0 && bytes[start - 1] == b' ');
            end += usize::from(bytes.get(end) == Some(&b' '));
            Some((start, end, Sign::Bracketed))
        }
        _ => None,
    }
}

/// A full stop, or what stands for one, at `at`: where it ends.
fn dot(bytes: &[u8], at: usize) -> Option<(usize, Sign)> {
    if bytes.get(at) == Some(&b'.') {
        return Some((at + 1, Sign::Itself));
    }
    let skip =
        bytes[at..].iter().take(2).position(|byte| byte.eq_ignore_ascii_case(&b'd')).or_else(|| {
            (bytes.get(at) == Some(&b' ')
                && bytes.get(at + 2).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'd')))
            .then_some(2)
        })?;
    let word = at + skip;
    if !bytes.get(word..word + 3)?.eq_ignore_ascii_case(b"dot") {
        return None;
    }
    let (start, end, sign) = around(bytes, word, 3)?;
    (start == at).then_some((end, sign))
}

fn local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte)
}

fn label(bytes: &[u8], from: usize) -> usize {
    bytes[from..]
        .iter()
        .take(63)
        .position(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'-'))
        .map_or(bytes.len().min(from + 63), |length| from + length)
}

fn address(text: &str, start: usize, end: usize, at: Sign, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut begin = start;
    while begin > from && start - begin < 64 && local(bytes[begin - 1]) {
        begin -= 1;
    }
    if begin == start {
        return None;
    }
    // Parts before it are joined by `dot` too.
    while let Some(more) = joined(text, begin, from) {
        begin = more;
    }
    let host = end;
    let mut close = label(bytes, host);
    let (mut dots, mut plain) = (0, false);
    let mut top = host..close;
    while let Some((next, sign)) = dot(bytes, close) {
        let until = label(bytes, next);
        if until == next || !TOP.contains(&text[next..until].to_ascii_lowercase().as_str()) && dots > 0 {
            break;
        }
        top = next..until;
        plain |= sign == Sign::Word;
        dots += 1;
        close = until;
    }
    let name = text[host..label(bytes, host)].to_ascii_lowercase();
    let ending = text[top].to_ascii_lowercase();
    let known = HOSTS.contains(&name.as_str());
    let sure = match at {
        Sign::Bracketed => TOP.contains(&ending.as_str()),
        _ if plain => PLAIN.contains(&ending.as_str()),
        _ => known && PLAIN.contains(&ending.as_str()),
    };
    (dots > 0 && !name.is_empty() && sure).then_some(Found::new(begin, close, Category::Email))
}

/// Where the part begins that a `dot` joins to what begins at `at`.
fn joined(text: &str, at: usize, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let head = &bytes[from..at];
    let length = [" dot ", "(dot)", "[dot]", " (dot) ", " [dot] ", "_dot_"]
        .iter()
        .filter(|sign| {
            head.len() > sign.len() && head[head.len() - sign.len()..].eq_ignore_ascii_case(sign.as_bytes())
        })
        .map(|sign| sign.len())
        .max()?;
    let end = at - length;
    let mut begin = end;
    while begin > from && end - begin < 32 && local(bytes[begin - 1]) {
        begin -= 1;
    }
    (begin < end).then_some(begin)
}
