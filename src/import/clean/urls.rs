//! Addresses of the web.

/// What stands in their place, as for the anonymiser.
const MASK: &str = crate::anonymize::Category::Url.mask();

/// The text with each address as its mask, if it has any.
pub fn masked(text: &str) -> Option<String> {
    if !text.contains("://") && !text.contains("www.") && !text.contains("WWW.") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(start) = next(rest) {
        let length = length(&rest[start..]);
        out.push_str(&rest[..start]);
        out.push_str(MASK);
        rest = &rest[start + length..];
        found = true;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// Where the next address begins: not within a word.
fn next(text: &str) -> Option<usize> {
    let mut from = 0;
    while from < text.len() {
        let rest = &text[from..];
        let starts = ["http://", "https://", "ftp://", "www.", "HTTP://", "HTTPS://", "Http", "WWW.", "Www."];
        let at = from + starts.iter().filter_map(|start| rest.find(start)).min()?;
        let apart = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        let start = &text[at..];
        let head = start.find("://").map_or(0, |slashes| if slashes <= 5 { slashes + 3 } else { 0 });
        let head = if head == 0 { "www.".len() } else { head };
        let goes_on = start.get(head..).is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric()));
        if apart && goes_on {
            return Some(at);
        }
        from = at + start.chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// How far an address goes: to a blank, without the marks that end a sentence.
fn length(text: &str) -> usize {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '“' | '”' | '|'));
    let mut url = &text[..end.unwrap_or(text.len())];
    loop {
        let before = url.len();
        url = url.trim_end_matches(['.', ',', '!', '?', ';', ':', '\'', '’', '*', '…']);
        for (open, close) in [('(', ')'), ('[', ']')] {
            let count = |sign| url.matches(sign).count();
            if url.ends_with(close) && count(close) > count(open) {
                url = &url[..url.len() - 1];
            }
        }
        if url.len() == before {
            return before;
        }
    }
}
