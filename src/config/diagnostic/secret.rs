//! What must not be shown of a source: passwords, keys, and the queries of addresses.

use std::ops::Range;

/// Words that make the value of a key a secret.
const SECRET: &[&str] =
    &["key", "apikey", "token", "secret", "password", "passwd", "auth", "authorization", "credentials"];

/// Where secrets stand in a text of YAML, JSON or `KEY=VALUE`; found by their look alone, so that a
/// text that cannot be parsed hides them too.
pub fn hidden(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    // Where a secret goes on in the lines below its key, how far that is indented.
    let mut block: Option<Block> = None;
    for line in text.split_inclusive(['\n', '\r']) {
        let body = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(Block { key, marked, variable }) = block
            && (indent > key || body.is_empty())
        {
            let nested = body.starts_with("- ") || body.ends_with(':') || body.contains(": ");
            let plain = body.is_empty() || nested && !marked || variable && is_variable(body);
            if !plain {
                out.push(start + indent..start + indent + body.len());
            }
        } else {
            block = opens_block(line);
            in_addresses(line, start, &mut out);
            in_values(line, start, &mut out);
        }
        start += line.len();
    }
    out.sort_by_key(|range| range.start);
    out
}

/// The text with every hidden byte as a star; places stay as they are.
pub fn starred(text: &str, hidden: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in hidden {
        if range.end <= at {
            continue;
        }
        let start = range.start.max(at);
        out.push_str(&text[at..start]);
        out.extend(std::iter::repeat_n('*', range.end - start));
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The name and password of an address, and whatever stands behind its `?` or `#`.
fn in_addresses(line: &str, start: usize, out: &mut Vec<Range<usize>>) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`');
    let mut from = 0;
    while let Some(found) = line[from..].find("://") {
        let host = from + found + 3;
        let end = line[host..].find(ends).map_or(line.len(), |at| host + at);
        let address = &line[host..end];
        if let Some(at) = address.rfind('@').filter(|at| *at > 0) {
            out.push(start + host..start + host + at);
        }
        // What is no port may be a password whose `@host` was forgotten.
        let authority = address.split(['/', '?', '#', ',', '}', ']']).next().unwrap_or("");
        if let Some(at) =
            authority.rfind(':').filter(|_| !authority.starts_with('[') && !address.contains('@'))
        {
            let port = &authority[at + 1..];
            if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                out.push(start + host + at + 1..start + host + authority.len());
            }
        }
        if let Some(at) = address.find(['?', '#']) {
            let rest = address[at + 1..].trim_end_matches(['}', ']', ',']);
            out.push(start + host + at + 1..start + host + at + 1 + rest.len());
        }
        from = end;
    }
    for (at, _) in line.match_indices('@') {
        let blank = line[..at].char_indices().rfind(|(_, c)| ends(*c));
        let word = blank.map_or(0, |(blank, c)| blank + c.len_utf8());
        if line[word..at].contains(':') && !line[word..at].contains("//") {
            out.push(start + word..start + at);
        }
    }
}

/// A secret that stands in the lines below its key.
#[derive(Clone, Copy)]
struct Block {
    /// How far the key is indented.
    key: usize,
    /// Whether a `|` or `>` says that all of them are one text.
    marked: bool,
    /// Whether it should name an environment variable.
    variable: bool,
}

/// What begins with a key that is called like a secret and has no value on its own line.
fn opens_block(line: &str) -> Option<Block> {
    let (key, value) = line.split_once(':')?;
    let from = key.find(|c: char| !matches!(c, ' ' | '-'))?;
    let name = key[from..].trim().trim_matches(['"', '\'']);
    let value = value.split(" #").next().unwrap_or("").trim();
    let marked = value.starts_with(['|', '>']);
    let secret = (marked || value.is_empty()) && is_secret(name);
    secret.then_some(Block { key: from, marked, variable: name.ends_with("_env") })
}

/// Values of keys that are called like a secret.
fn in_values(line: &str, start: usize, out: &mut Vec<Range<usize>>) {
    for (at, _) in line.match_indices([':', '=']) {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let other = before.char_indices().rfind(|(_, c)| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
        let name_start = other.map_or(0, |(at, c)| at + c.len_utf8());
        let name = &before[name_start..];
        let rest = &line[at + 1..];
        let value = rest.trim_start();
        let from = at + 1 + (rest.len() - value.len());
        if !is_secret(name) {
            continue;
        }
        let inside = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let body = &value[1..];
                from + 1..from + 1 + body.find(quote).unwrap_or(body.trim_end().len())
            }
            Some('[' | '{' | '|' | '>' | '&' | '*' | '#') | None => continue,
            Some(_) => {
                let end = value.find(" #").unwrap_or(value.len());
                let end = value[..end].find([',', '}', ']']).unwrap_or(end);
                from..from + value[..end].trim_end().len()
            }
        };
        let text = &line[inside.clone()];
        let plain = text.is_empty()
            || text.parse::<f64>().is_ok()
            || matches!(text, "true" | "false" | "null" | "~")
            || name.ends_with("_env") && is_variable(text);
        if !plain {
            out.push(start + inside.start..start + inside.end);
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(['_', '-']).any(|part| SECRET.contains(&part))
}

/// Whether a text can name an environment variable.
pub fn is_variable(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_starred_and_nothing_else_is() {
        for (text, shown) in [
            ("a: https://me:hunter2@host/v1 # x", "a: https://**********@host/v1 # x"),
            ("a: \"https://hunter2@host\", b: 1", "a: \"https://*******@host\", b: 1"),
            ("a: https://me:p/w@host", "a: https://******@host"),
            ("a: me:pw@host:80", "a: *****@host:80"),
            ("a: https://host:hunter2/v1", "a: https://host:*******/v1"),
            ("{url: https://h/v1?key=abc}", "{url: https://h/v1?*******}"),
            ("{ api_key: hunter2, x: 1 }", "{ api_key: *******, x: 1 }"),
            ("api-key : 'a b' ", "api-key : '***' "),
            ("api_key:hunter2", "api_key:*******"),
            ("endpoints.x.token=abc", "endpoints.x.token=***"),
            ("api_key_env: sk-proj-1", "api_key_env: *********"),
            ("\"password\": \"größe\"", "\"password\": \"*******\""),
            ("api_key_env: MY_KEY", "api_key_env: MY_KEY"),
            ("max_token: 20", "max_token: 20"),
            ("max_tokens: many", "max_tokens: many"),
            ("monkey: see", "monkey: see"),
            ("url: http://[::1]:8080/v1", "url: http://[::1]:8080/v1"),
            ("write to: me@home", "write to: me@home"),
            ("api_key: |\n  one\n\n  two x\nb: c", "api_key: |\n  ***\n\n  *****\nb: c"),
            ("- token: >- # x\n    one\n  b: c", "- token: >- # x\n    ***\n  b: c"),
            ("password:\n  hunter2\n", "password:\n  *******\n"),
            ("api_key: |\n  one: two\n", "api_key: |\n  ********\n"),
            ("api_key_env: |\n  sk-1\n  MY_KEY\n", "api_key_env: |\n  ****\n  MY_KEY\n"),
            ("auth:\n  values: [a]\n  - b\n", "auth:\n  values: [a]\n  - b\n"),
            ("tokens: |\n  one\n", "tokens: |\n  one\n"),
        ] {
            assert_eq!(starred(text, &hidden(text)), shown, "{text}");
        }
    }
}
