//! Markdown as forums write it: links, emphasis, quotes, headings, escapes.

/// The text as it would be read, if it has marks.
pub fn plain(text: &str) -> Option<String> {
    if !text.contains(['*', '_', '~', '`', '[', '>', '#', '\\', '^']) {
        return None;
    }
    let mut now: String = lines(text);
    now = links(&now);
    for mark in ["```", "***", "**", "*", "___", "__", "_", "~~", "`"] {
        if now.contains(mark) {
            now = without_pairs(&now, mark);
        }
    }
    now = raised(&now);
    now = unescaped(&now);
    (now != text).then_some(now)
}

/// Without the marks of quotes, headings and hidden texts.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        // `>:(` is a face.
        while let Some(quoted) = rest.trim_start().strip_prefix('>') {
            if quoted.starts_with([':', ';', '=', '_', '.', '<', '-', '!']) {
                break;
            }
            rest = quoted;
        }
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&hashes) && rest[hashes..].starts_with(' ') {
            rest = &rest[hashes + 1..];
        }
        out.push_str(rest);
    }
    match out.contains(">!") && out.contains("!<") {
        true => out.replace(">!", "").replace("!<", ""),
        false => out,
    }
}

/// `[text](address)` is its text.
fn links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match link(rest) {
            Some((shown, length)) => {
                if out.ends_with('!') && !out.ends_with("!!") && rest[..length].contains("](http") {
                    out.pop();
                }
                out.push_str(shown);
                rest = &rest[length..];
            }
            None => {
                out.push('[');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text of the link that a text begins with, and the link's length.
fn link(text: &str) -> Option<(&str, usize)> {
    let close = text.find("](")?;
    let shown = &text[1..close];
    if shown.contains('\n') || shown.matches('[').count() != shown.matches(']').count() {
        return None;
    }
    let address = &text[close + 2..];
    let mut depth = 0;
    let end = address.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth < 0 || *c == '\n'
    });
    let (end, ')') = end? else { return None };
    let target = address[..end].trim();
    let is_address = target.starts_with(['/', '#'])
        || target.contains("://")
        || target.starts_with("www.")
        || target.starts_with("mailto:")
        || target.is_empty();
    is_address.then_some((shown, close + 2 + end + 1))
}

/// Without the pairs of a mark that stand around words: the first with its word behind it, the second with its
/// word before it, and neither within a word.
fn without_pairs(text: &str, mark: &str) -> String {
    let sign = mark.chars().next().unwrap_or('*');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find(mark) {
        let inside = &rest[open + mark.len()..];
        let before = rest[..open].chars().next_back().or_else(|| out.chars().next_back());
        let opens = !before.is_some_and(|c| c.is_alphanumeric() || c == sign || matches!(c, '\\' | '¯'))
            && inside.starts_with(|c: char| !c.is_whitespace() && c != sign);
        match opens.then(|| closing(inside, mark, sign)).flatten() {
            Some(close) => {
                out.push_str(&rest[..open]);
                out.push_str(&inside[..close]);
                rest = &inside[close + mark.len()..];
            }
            None => {
                // The whole run of signs is no mark.
                let run = rest[open..].chars().take_while(|c| *c == sign).count() * sign.len_utf8();
                out.push_str(&rest[..open + run]);
                rest = &rest[open + run..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where the second mark of a pair stands.
fn closing(inside: &str, mark: &str, sign: char) -> Option<usize> {
    let end = inside.find("\n\n").unwrap_or(inside.len());
    let mut from = 0;
    while let Some(at) = inside[from..end].find(mark) {
        let at = from + at;
        let run = inside[at..].chars().take_while(|c| *c == sign).count() * sign.len_utf8();
        let before = inside[..at].chars().next_back();
        let after = inside[at + run..].chars().next();
        let fits = run == mark.len()
            && before.is_some_and(|c| !c.is_whitespace() && c != '\\')
            && !after.is_some_and(char::is_alphanumeric);
        let words = inside[..at].chars().any(char::is_alphanumeric);
        if fits && words {
            return Some(at);
        }
        from = at + run;
    }
    None
}

/// Without the signs of raised words: `^this`, `^(so small)`.
fn raised(text: &str) -> String {
    if !text.contains('^') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('^') {
        let run = rest[at..].bytes().take_while(|byte| *byte == b'^').count();
        let before = rest[..at].chars().next_back();
        let after = rest[at + run..].chars().next();
        let apart = before.is_none_or(|c| c.is_whitespace());
        let marks = apart && after.is_some_and(char::is_alphabetic);
        out.push_str(&rest[..at]);
        if !marks {
            out.push_str(&rest[at..at + run]);
        }
        rest = &rest[at + run..];
    }
    out.push_str(rest);
    out
}

/// Signs that are written with a backslash before them, without it; but not the arms of `¯\_(ツ)_/¯`.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.peek().is_some_and(|next| "*_~`[]()#>\\^|.!-+".contains(*next));
        if c == '\\' && escaped && !out.ends_with(['¯', '\\']) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}
