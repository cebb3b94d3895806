//! Cards, phones, identity numbers and network addresses.

use super::Found;
use super::around::{any, before, context, run};
use super::category::Category;
use super::{digits, identity, network, phones};

/// Parts of a number: runs of digits with at most two separators between them.
const MOST_PARTS: usize = 10;

struct Part {
    start: usize,
    end: usize,
}

/// Adds every card, phone, identity number and network address in `text`.
pub fn find(text: &str, found: &mut Vec<Found>) {
    let first = found.len();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut parts = Vec::with_capacity(MOST_PARTS);
    while at < bytes.len() {
        let byte = bytes[at];
        if (byte == b':' || byte.is_ascii_hexdigit())
            && let Some(span) = network::ipv6(text, at)
        {
            at = span.end;
            found.push(span);
            continue;
        }
        if byte.is_ascii_alphanumeric() {
            let end = run(bytes, at, |byte| byte.is_ascii_alphanumeric());
            if let Some(span) = identity::coded(text, at, end) {
                at = span.end;
                found.push(span);
                continue;
            }
            if !bytes[at..end].iter().all(u8::is_ascii_digit)
                || before(text, at).is_some_and(|c| c.is_alphanumeric() || c == '_')
            {
                at = end;
                continue;
            }
            collect(bytes, at, &mut parts);
            let taken = number(text, &parts, found);
            at = taken.unwrap_or(parts.last().map_or(end, |part| part.end)).max(end);
            continue;
        }
        at += 1;
    }
    // A number inside an address is the address's. Both in order: of all addresses that begin before a number
    // ends, one reaches into it where the farthest does.
    let mut addresses = found[..first].to_vec();
    addresses.sort_unstable_by_key(|address| address.start);
    let mut addresses = addresses.iter().peekable();
    let mut farthest = 0;
    let numbers = found.split_off(first);
    found.extend(numbers.into_iter().filter(|number| {
        while let Some(address) = addresses.next_if(|address| address.start < number.end) {
            farthest = farthest.max(address.end);
        }
        farthest <= number.start
    }));
}

/// Runs of digits from `at` on, as far as single separators (or one of `) `, ` (`, `. `) join them.
fn collect(bytes: &[u8], at: usize, parts: &mut Vec<Part>) {
    parts.clear();
    let mut start = at;
    loop {
        let end = run(bytes, start, |byte| byte.is_ascii_digit());
        parts.push(Part { start, end });
        if parts.len() == MOST_PARTS || end - start > 24 {
            return;
        }
        let rest = &bytes[end..];
        let gap = match rest {
            [b' ' | b'-' | b'.' | b'/', b'0'..=b'9', ..] => 1,
            [b')' | b' ', b' ' | b'(' | b'-', b'0'..=b'9', ..] => 2,
            [b')', b'0'..=b'9', ..] => 1,
            [b' ', b'-' | b'/', b' ', b'0'..=b'9', ..] => 3,
            // A non-breaking hyphen or space, an en dash.
            [0xe2, 0x80, 0x90..=0x94 | 0xaf, b'0'..=b'9', ..] => 3,
            [0xc2, 0xa0, b'0'..=b'9', ..] => 2,
            _ => return,
        };
        start = end + gap;
    }
}

/// Finds what the parts hold, the longest from the left; tells where the last one ends.
fn number(text: &str, parts: &[Part], found: &mut Vec<Found>) -> Option<usize> {
    let mut taken = None;
    let mut from = 0;
    while from < parts.len() {
        let hit = (from + 1..=parts.len())
            .rev()
            .find_map(|to| classify(text, &parts[from..to]).map(|span| (to, span)));
        match hit {
            Some((to, span)) => {
                taken = Some(span.end);
                found.push(span);
                from = to;
            }
            None => from += 1,
        }
    }
    taken
}

fn classify(text: &str, parts: &[Part]) -> Option<Found> {
    let (first, last) = (parts.first()?, parts.last()?);
    let bytes = text.as_bytes();
    let count: usize = parts.iter().map(|part| part.end - part.start).sum();
    if !(4..=24).contains(&count) {
        return None;
    }
    let (start, end) = (first.start, last.end);
    let sign = before(text, start);
    let after = text[end..].chars().next();
    if sign.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '€' | '£' | '¥' | '₹')) {
        return None;
    }
    let lengths: Vec<usize> = parts.iter().map(|part| part.end - part.start).collect();
    let gaps: Vec<&str> = parts.windows(2).map(|pair| &text[pair[0].end..pair[1].start]).collect();
    let all = |gap: &str| !gaps.is_empty() && gaps.iter().all(|each| *each == gap);
    if all(".") && lengths.len() == 4 && lengths.iter().all(|&length| length <= 3) {
        return network::ipv4(text, start, end);
    }
    if count < 7 || after.is_some_and(|c| c.is_alphabetic() || c == '_' || c == '%') {
        return None;
    }
    let digits: Vec<u8> =
        parts.iter().flat_map(|part| &bytes[part.start..part.end]).map(|byte| byte - b'0').collect();
    let words = context(text, start);
    let close = &words[..words.len().min(4)];
    let even = gaps.windows(2).all(|pair| pair[0] == pair[1]);
    // Cards: in one piece, or grouped as they are printed.
    let printed = matches!(
        lengths.as_slice(),
        [_] | [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 1] | [4, 4, 4, 4, 3] | [8, 8]
    );
    if printed
        && even
        && !all(".")
        && !all("/")
        && !any(close, &["isbn", "tracking", "imei", "order"])
        && (digits::card(&digits)
            || lengths == [4, 4, 4, 4]
                && any(close, &["card", "visa", "mastercard", "debit", "credit", "amex"]))
    {
        return Some(Found::new(start, end, Category::Card));
    }
    if let Some(span) = identity::number(text, &digits, &lengths, &gaps, &words, start, end) {
        return Some(span);
    }
    phones::find(text, &digits, &lengths, &gaps, close, start, end)
}
