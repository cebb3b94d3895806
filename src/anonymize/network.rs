//! Network addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Found;
use super::around::{any, before, context};
use super::category::Category;

pub fn ipv4(text: &str, start: usize, end: usize) -> Option<Found> {
    if before(text, start).is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '$')) {
        return None;
    }
    let after = &text.as_bytes()[end..];
    if matches!(after, [b'.', b'0'..=b'9', ..] | [b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z', ..]) {
        return None;
    }
    let address: Ipv4Addr = text[start..end].parse().ok()?;
    let words = context(text, start);
    let no = [
        "version", "v", "chapter", "section", "build", "release", "firmware", "update", "updated", "patch",
        "kernel", "driver", "chrome", "clause", "verse", "upgraded", "ios", "android", "windows", "software",
        "app", "oid",
    ];
    let near = &words[..words.len().min(2)];
    (address.octets()[0] != 0 || address.is_unspecified() || any(near, &["ip"]))
        .then_some(())
        .filter(|()| !any(near, &no) || any(near, &["ip"]))
        .map(|()| Found::new(start, end, Category::Ip))
}

pub fn ipv6(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    if before(text, at).is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '.' | '/')) {
        return None;
    }
    let mut end = at;
    let mut colons = 0;
    while end < bytes.len()
        && end - at < 46
        && (bytes[end].is_ascii_hexdigit() || bytes[end] == b':' || bytes[end] == b'.' && colons > 1)
    {
        colons += usize::from(bytes[end] == b':');
        end += 1;
    }
    if colons < 2 || bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        return None;
    }
    while end > at && (bytes[end - 1] == b'.' || bytes[end - 1] == b':' && !bytes[..end].ends_with(b"::")) {
        end -= 1;
    }
    let address = &text[at..end];
    // `::` and `a::b` are code or a face as often as an address.
    let plausible = address.bytes().any(|byte| byte.is_ascii_digit()) && address.len() > 2;
    (plausible && address.parse::<Ipv6Addr>().is_ok()).then(|| Found::new(at, end, Category::Ip))
}
