//! What stands around a place in a text.

/// Where the run of bytes that `part` holds of ends, from `from` on.
pub fn run(bytes: &[u8], from: usize, part: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&byte| !part(byte)).map_or(bytes.len(), |at| from + at)
}

/// The character before `at`.
pub fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}

/// The words before `at`, in small letters, nearest first, at most six within fifty bytes.
pub fn context(text: &str, at: usize) -> Vec<String> {
    let mut from = at.saturating_sub(50);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..at]
        .rsplit(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-')
        .filter(|word| !word.is_empty())
        .take(6)
        .map(str::to_lowercase)
        .collect()
}

/// Whether one of the words is one of those looked for.
pub fn any(words: &[String], of: &[&str]) -> bool {
    words.iter().any(|word| of.contains(&word.as_str()))
}
