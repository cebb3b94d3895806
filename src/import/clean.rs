//! What other systems left in a text, taken out of it: pure, and each step by itself.

mod encoding;
mod html;
mod markup;
mod urls;
mod whitespace;

use std::borrow::Cow;

use super::step::{Step, Steps};

/// The text after the steps that are not skipped, and those that changed it.
///
/// Steps come in an order in which none undoes or hides what another looks for: broken characters first, then
/// what stands for characters, then marks around words, and blanks last.
pub fn clean(text: &str, skip: Steps) -> (Cow<'_, str>, Steps) {
    let mut now = Cow::Borrowed(text);
    let mut changed = Steps::default();
    for (step, clean) in [
        (Step::Encoding, encoding::repaired as fn(&str) -> Option<String>),
        (Step::Html, html::decoded),
        (Step::Markup, markup::plain),
        (Step::Urls, urls::masked),
    ] {
        if !skip.contains(step)
            && let Some(new) = clean(&now)
        {
            now = Cow::Owned(new);
            changed.insert(step);
        }
    }
    (now, changed)
}

/// The text with single blanks between its words and none around it, if that changes it.
pub fn folded(text: &str) -> Option<String> {
    whitespace::folded(text)
}

/// Whether a text says anything: a letter, a digit, a sign such as an emoji, or a face such as `:(`, outside of
/// masks.
pub fn says_anything(text: &str) -> bool {
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        if says(&rest[..open]) {
            return true;
        }
        let inside = &rest[open + 1..];
        match inside.find(']') {
            Some(close) if crate::anonymize::Category::parse(inside[..close].trim()).is_some() => {
                rest = &inside[close + 1..];
            }
            _ => rest = inside,
        }
    }
    says(rest)
}

fn says(text: &str) -> bool {
    let sign = |c: char| c.is_alphanumeric() || (c as u32) >= 0x2190 && !c.is_whitespace() && !is_fill(c);
    text.chars().any(sign) || has_face(text)
}

/// Eyes, at most a nose, and a mouth.
fn has_face(text: &str) -> bool {
    text.match_indices([':', ';', '=']).any(|(at, _)| {
        let rest = &text[at + 1..];
        let mouth = rest.strip_prefix(['-', '\'', '^']).unwrap_or(rest);
        mouth.starts_with(['(', ')', '[', ']', '/', '\\', '|', '<', '>', '*'])
    })
}

/// Signs above the arrows that say nothing by themselves: invisible ones and the replacement character.
fn is_fill(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{fffd}' | '\u{feff}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}')
}

#[cfg(test)]
mod tests;
