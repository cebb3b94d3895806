//! Blanks.

/// The text with single blanks between its words and none around it, if that changes it.
pub fn folded(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '\u{115f}' | '\u{2800}' | '\u{3164}')) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    (out != text).then_some(out)
}
