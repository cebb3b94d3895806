//! What HTML left: entities and tags.

/// The text with entities read and tags taken out, if it has any.
pub fn decoded(text: &str) -> Option<String> {
    if !text.contains(['&', '<']) {
        return None;
    }
    let mut now = text.to_owned();
    // `&amp;gt;` was escaped twice.
    for _ in 0..2 {
        let new = entities(&now);
        if new == now {
            break;
        }
        now = new;
    }
    now = without_tags(&now);
    (now != text).then_some(now)
}

/// Longer ones are none.
const LONGEST_ENTITY: usize = 10;

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';');
        match end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// What stands between `&` and `;`.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        // 128 to 159 are meant as Windows-1252 means them.
        const WINDOWS: [(u32, char); 9] = [
            (0x80, '€'),
            (0x85, '…'),
            (0x91, '‘'),
            (0x92, '’'),
            (0x93, '“'),
            (0x94, '”'),
            (0x96, '–'),
            (0x97, '—'),
            (0x99, '™'),
        ];
        // What is invisible is written so to force a gap.
        if matches!(code, 0xad | 0x200b..=0x200f | 0x2060 | 0xfeff) {
            return Some(' ');
        }
        let windows = WINDOWS.iter().find(|(known, _)| *known == code).map(|(_, c)| *c);
        return windows.or_else(|| char::from_u32(code)).filter(|c| !c.is_control() || *c == '\n');
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("middot", '·'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("pound", '£'),
    ("euro", '€'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("sect", '§'),
    ("para", '¶'),
    ("times", '×'),
    ("divide", '÷'),
    ("plusmn", '±'),
    ("frac12", '½'),
    ("frac14", '¼'),
    ("frac34", '¾'),
    ("hearts", '♥'),
    ("larr", '←'),
    ("rarr", '→'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("Eacute", 'É'),
    ("Ccedil", 'Ç'),
    ("Ntilde", 'Ñ'),
];

/// Tags after which a new line begins.
const BREAKS: [&str; 10] = ["br", "p", "div", "li", "tr", "hr", "ul", "ol", "blockquote", "table"];

const TAGS: [&str; 36] = [
    "a", "b", "i", "u", "s", "em", "strong", "span", "img", "code", "pre", "h1", "h2", "h3", "h4", "h5",
    "h6", "sub", "sup", "small", "del", "ins", "font", "td", "th", "q", "strike", "tt", "center", "iframe",
    "video", "audio", "source", "cite", "mark", "button",
];

/// Longer ones are none.
const LONGEST_TAG: usize = 2000;

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match tag(rest) {
            Some((length, breaks)) => {
                if breaks {
                    out.push('\n');
                }
                rest = &rest[length..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The length of the tag or comment that a text begins with, and whether a new line begins after it.
fn tag(text: &str) -> Option<(usize, bool)> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map(|end| (4 + end + 3, false));
    }
    let end = text.bytes().take(LONGEST_TAG).position(|byte| byte == b'>')?;
    let inside = text.get(1..end)?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = inside[..length].to_ascii_lowercase();
    let rest = inside[length..].trim().trim_end_matches('/');
    // `<b and c>` is a comparison: a tag has attributes with values, or none.
    if !(rest.is_empty() || rest.contains('=') && inside[length..].starts_with(char::is_whitespace)) {
        return None;
    }
    let breaks = BREAKS.contains(&name.as_str());
    (breaks || TAGS.contains(&name.as_str())).then_some((end + 1, breaks))
}
