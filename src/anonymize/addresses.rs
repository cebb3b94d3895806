//! E-mail addresses, URLs and handles.

use unicode_normalization::char::is_combining_mark;

use super::Found;
use super::category::Category;

/// Endings of bare names of sites. Those that are words or file types as well want a path, or `www.`.
pub const TOP: &[&str] = &[
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "dev", "app", "blog", "shop", "store",
    "online", "site", "tech", "xyz", "club", "live", "news", "page", "wiki", "cloud", "link", "art",
    "design", "studio", "agency", "media", "tv", "fm", "gg", "ai", "ly", "co", "me", "uk", "us", "ca", "au",
    "nz", "ie", "de", "fr", "es", "pt", "it", "nl", "be", "ch", "at", "se", "no", "dk", "fi", "pl", "cz",
    "sk", "hu", "ro", "bg", "gr", "tr", "ru", "ua", "il", "ir", "in", "pk", "bd", "lk", "np", "cn", "hk",
    "tw", "jp", "kr", "th", "vn", "my", "sg", "id", "ph", "za", "ng", "ke", "gh", "eg", "ma", "br", "ar",
    "cl", "pe", "mx", "ve", "eu", "cat", "example", "test", "social", "world", "space", "website", "email",
    "health", "love", "life", "to", "cc", "ws", "be", "gl", "travel", "museum", "jobs", "mobi", "name",
    "pro", "int",
];
/// Endings of which a bare `word.ending` is as likely a slip or a sentence's end.
const DOUBTFUL: &[&str] = &[
    "me", "us", "it", "be", "at", "no", "in", "my", "to", "is", "so", "do", "am", "id", "name", "pro",
    "love", "life", "live", "page", "news", "art", "design", "media", "world", "space", "cat", "test",
    "email", "health", "link", "online", "club", "store", "shop", "de", "es", "pt", "fi", "se", "as", "ma",
    "pe", "ph", "co", "gg", "social", "jobs", "travel", "tech", "studio", "agency", "int", "ca", "cc", "ai",
    "ch", "fr", "example", "cloud", "wiki", "site", "app", "blog", "cl", "ar",
];
/// Products and frameworks that are written like a site.
const PRODUCTS: &[&str] = &["asp.net", "vb.net", "ado.net", "ml.net", "socket.io", "draw.io", "f.me", "b.me"];
const SCHEMES: &[&str] = &["http", "https", "ftp", "ftps", "sftp", "ssh", "ws", "wss", "git", "tg", "mailto"];

/// A host's name is no longer (RFC 1035), whatever is written there.
const LONGEST_HOST: usize = 255;

fn host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80
}

/// Before `#` and four digits they are no account: `issue#1234`.
const COUNTED: &[&str] = &[
    "issue", "issues", "pr", "bug", "order", "ticket", "room", "apt", "unit", "no", "number", "invoice",
    "ref", "case", "item", "page", "comment", "post", "thread", "episode", "ep", "chapter", "track", "level",
    "player", "flight", "gate", "batch", "lot", "suite", "box", "section", "row", "id", "mr", "commit",
    "model", "part", "serial", "pick", "vol", "volume", "build", "version", "job", "run", "task", "card",
    "lane", "site", "slot", "color", "colour",
];

/// Adds every address in `text` that contains one of the signs `@`, `.`, `/`, `#`. Linear: what is looked at
/// around a sign is bounded, or is passed over afterwards.
pub fn find(text: &str, found: &mut Vec<Found>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for at in 0..bytes.len() {
        if at < from {
            continue;
        }
        let span = match bytes[at] {
            b':' if bytes[at..].starts_with(b"://") => scheme(text, at, from),
            b'@' => email(text, at, from).or_else(|| handle(text, at)),
            b'/' => user(text, at, from),
            b'#' => numbered(text, at, from),
            b'.' => site(text, at, from),
            _ => None,
        };
        if let Some(span) = span {
            from = span.end;
            found.push(span);
        }
    }
}

fn scheme(text: &str, at: usize, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let start = back(bytes, at, from, 8, |byte| byte.is_ascii_alphanumeric());
    SCHEMES.iter().find(|scheme| text[start..at].eq_ignore_ascii_case(scheme))?;
    let end = trim(text, start, url_end(text, at + 3));
    (end > at + 3).then_some(Found::new(start, end, Category::Url))
}

/// How far back from `at` bytes satisfy `part`, at most `most` of them, on a character's boundary.
fn back(bytes: &[u8], at: usize, from: usize, most: usize, part: impl Fn(u8) -> bool) -> usize {
    let mut start = at;
    while start > from && at - start < most && part(bytes[start - 1]) {
        start -= 1;
    }
    while start < at && bytes[start] & 0xc0 == 0x80 {
        start += 1;
    }
    start
}

fn url_end(text: &str, from: usize) -> usize {
    text[from..]
        .char_indices()
        .find(|&(_, c)| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, '<' | '>' | '"' | '“' | '”' | '«' | '»' | '|' | '^' | '`' | '{' | '}')
        })
        .map_or(text.len(), |(at, _)| from + at)
}

/// Takes off the punctuation of the sentence around an address.
fn trim(text: &str, start: usize, mut end: usize) -> usize {
    let count = |bracket: u8| text.as_bytes()[start..end].iter().filter(|byte| **byte == bracket).count();
    // Closing brackets that nothing in the address opens.
    let mut round = count(b')').saturating_sub(count(b'('));
    let mut square = count(b']').saturating_sub(count(b'['));
    while let Some(last) = text[start..end].chars().next_back() {
        let loose = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '*' | '…' | '_' | '~' => true,
            ')' if round > 0 => {
                round -= 1;
                true
            }
            ']' if square > 0 => {
                square -= 1;
                true
            }
            c => !c.is_alphanumeric() && !c.is_ascii(),
        };
        if !loose {
            break;
        }
        end -= last.len_utf8();
    }
    end
}

fn email(text: &str, at: usize, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut start = back(bytes, at, from, 64, |byte| {
        byte.is_ascii_alphanumeric() || b".!#$%&'*+-=?^_~".contains(&byte) || byte >= 0x80
    });
    while start < at
        && !(bytes[start].is_ascii_alphanumeric() || bytes[start] >= 0x80 || bytes[start] == b'_')
    {
        start += 1;
    }
    // A quote or punctuation before the address is the sentence's.
    if let Some(cut) = text[start..at].rfind(['!', '?', '=', '#', '*', '“', '"', '—', '…', '，', '：'])
    {
        start += cut + text[start + cut..].chars().next().map_or(1, char::len_utf8);
    }
    if start >= at || bytes[at - 1] == b'.' {
        return None;
    }
    let mut end = at + 1;
    while end < bytes.len() && (host(bytes[end]) || bytes[end] == b'.') {
        end += 1;
    }
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &text[at + 1..end];
    let (labels, top) = domain.rsplit_once('.')?;
    let top_long = top.chars().take_while(|c| c.is_alphabetic()).count();
    (top_long >= 2
        && top_long == top.chars().count()
        && !labels.is_empty()
        && !labels.starts_with('.')
        && !domain.contains(".."))
    .then_some(Found::new(start, end, Category::Email))
}

fn handle(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    if at > 0 && (host(bytes[at - 1]) || bytes[at - 1] == b'_') {
        // `۔@name` and emoji before a handle are no part of it; letters are.
        let before = text[..at].chars().next_back()?;
        if before.is_alphanumeric() || before == '_' || before == '-' {
            return None;
        }
    }
    let mut end = at + 1 + named(&text[at + 1..]);
    // On other networks a server's name follows.
    if bytes.get(end) == Some(&b'@') {
        let mut server = end + 1;
        while server < bytes.len() && (host(bytes[server]) || bytes[server] == b'.') {
            server += 1;
        }
        if text[end + 1..server].contains('.') {
            end = server;
        }
    }
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let name = &text[at + 1..end];
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let clock = name.starts_with(|c: char| c.is_ascii_digit())
        && (name.ends_with("am") || name.ends_with("pm"))
        && letters == 2;
    (name.len() >= 2 && letters > 0 && !clock && (letters > 1 || name.len() > 3)).then_some(Found::new(
        at,
        end,
        Category::Handle,
    ))
}

/// How long the name of an account is that a text begins with, in bytes.
///
/// Scripts without blanks between words tell no end: such letters belong to a name that begins with one.
fn named(text: &str) -> usize {
    const WITHOUT_BLANKS: char = '\u{2e80}';
    let is_wide = text.starts_with(|c| c >= WITHOUT_BLANKS);
    let is_part = |c: char| match c {
        '_' | '.' | '-' => true,
        _ => (c.is_alphanumeric() || is_combining_mark(c)) && (is_wide || c < WITHOUT_BLANKS),
    };
    text.chars().take(LONGEST_NAME).take_while(|c| is_part(*c)).map(char::len_utf8).sum()
}

/// Of an account, in characters.
const LONGEST_NAME: usize = 32;

/// `name#1234`, as accounts are called where many share a name.
fn numbered(text: &str, at: usize, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let digits = bytes[at + 1..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let after = text[at + 1 + digits..].chars().next();
    if !(4..=5).contains(&digits) || after.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let start = back(bytes, at, from, 33, |byte| {
        byte.is_ascii_alphanumeric() || b"_.".contains(&byte) || byte >= 0x80
    });
    let name = &text[start..at];
    let before = text[..start].chars().next_back();
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let plain = letters < 2
        || name.len() > 32
        || before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '#' | '@'))
        || COUNTED.iter().any(|word| name.eq_ignore_ascii_case(word));
    (!plain).then_some(Found::new(start, at + 1 + digits, Category::Handle))
}

/// `u/name` and `/u/name`.
fn user(text: &str, at: usize, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    if at == 0 || !matches!(bytes[at - 1], b'u' | b'U') || at - 1 < from {
        return None;
    }
    let mut start = at - 1;
    if start > from && bytes[start - 1] == b'/' {
        start -= 1;
    }
    if text[..start].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '/') {
        return None;
    }
    let mut end = at + 1;
    while end < bytes.len()
        && (bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'_' | b'-'))
        && end - at <= 24
    {
        end += 1;
    }
    while end > at + 1 && bytes[end - 1] == b'-' {
        end -= 1;
    }
    (end - at > 3).then_some(Found::new(start, end, Category::Handle))
}

/// A site's name without a scheme.
fn site(text: &str, at: usize, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let start = back(bytes, at, from, 63, host);
    if start == at || !bytes.get(at + 1).copied().is_some_and(host) || bytes[start] == b'-' {
        return None;
    }
    let before = text[..start].chars().next_back();
    if before.is_some_and(|c| matches!(c, '@' | '.' | '_' | '/' | '\\' | '#' | '$') || c.is_alphanumeric()) {
        return None;
    }
    let mut end = at + 1;
    while end < bytes.len()
        && end - start < LONGEST_HOST
        && (host(bytes[end]) || bytes[end] == b'.' && bytes.get(end + 1).copied().is_some_and(host))
    {
        end += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let name = &text[start..end];
    let top = name.rsplit('.').next()?;
    let www = name.len() > 7
        && name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("www."))
        && name.matches('.').count() >= 2;
    let lower = top.to_ascii_lowercase();
    let port = bytes.get(end) == Some(&b':') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    let path = port
        || bytes.get(end) == Some(&b'/')
            && bytes
                .get(end + 1)
                .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'@' || byte == b'?');
    let plain = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !www {
        if !plain
            || !TOP.contains(&lower.as_str())
            || PRODUCTS.iter().any(|product| name.eq_ignore_ascii_case(product))
        {
            return None;
        }
        // "The end.Then", "no.It": a capital after the dot begins a sentence, unless all is in capitals.
        let capital = top.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
        if capital && !name.bytes().all(|byte| !byte.is_ascii_lowercase()) {
            return None;
        }
        let labels = name.split('.').count();
        let context = visits(&text[..start]);
        if DOUBTFUL.contains(&lower.as_str()) && !path && !context {
            let second = name.rsplit('.').nth(1).unwrap_or_default();
            let commercial =
                labels >= 3 && matches!(second, "co" | "com" | "org" | "ac" | "gov" | "edu" | "net");
            let strong = matches!(
                lower.as_str(),
                "app"
                    | "blog"
                    | "shop"
                    | "store"
                    | "site"
                    | "wiki"
                    | "cloud"
                    | "ai"
                    | "online"
                    | "social"
                    | "tech"
                    | "studio"
                    | "example"
                    | "co"
                    | "gg"
                    | "cc"
                    | "club"
                    | "space"
                    | "world"
                    | "ca"
                    | "me"
            );
            let coined = strong
                && labels == 2
                && name.bytes().all(|byte| !byte.is_ascii_uppercase())
                && start_of_site(name);
            if !commercial && !coined {
                return None;
            }
        }
        if name.split('.').any(str::is_empty) || name.len() < 4 {
            return None;
        }
    }
    let end = if path || bytes.get(end).is_some_and(|byte| matches!(byte, b'/' | b'?')) {
        url_end(text, end)
    } else {
        end
    };
    Some(Found::new(start, trim(text, start, end), Category::Url))
}

/// Whether the first label looks coined for a site: long, or joined.
fn start_of_site(name: &str) -> bool {
    name.find('.').is_some_and(|dot| dot >= 6 || name[..dot].contains('-'))
}

/// Whether the words before speak of a site.
fn visits(before: &str) -> bool {
    let tail = before.trim_end_matches([' ', ':', '(', '>', '-', '"']);
    let from = tail.char_indices().rev().nth(24).map_or(0, |(at, _)| at);
    let tail = tail[from..].to_ascii_lowercase();
    [
        "visit",
        "go to",
        "link",
        "site",
        "website",
        "url",
        "here",
        "on",
        "at",
        "from",
        "see",
        "via",
        "check out",
        "page",
        "blog",
        "signed up for",
        "domain",
    ]
    .iter()
    .any(|word| tail.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric())))
}
