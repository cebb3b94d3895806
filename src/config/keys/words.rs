//! What a kind expects, in words.

use super::Kind;
use super::value::LONGEST;

impl Kind {
    /// What is expected, for messages.
    pub fn expected(&self) -> String {
        match self {
            Kind::Text => "a text".into(),
            Kind::Bool => "`true` or `false`".into(),
            Kind::Name => "a name".into(),
            Kind::Whole { min, max: i64::MAX } => format!("a whole number, {} or more", grouped(*min)),
            Kind::Whole { min, max } => format!("a whole number from {} to {}", grouped(*min), grouped(*max)),
            Kind::Number { min: f64::MIN, .. } => "a number".into(),
            Kind::Number { min, max } if *max >= 1e9 => format!("a number, {min} or more"),
            Kind::Number { min, max } => format!("a number from {min} to {max}"),
            Kind::Word(words) => any_of(words),
            Kind::Duration => format!("a duration such as `90s`, `15m` or `2h`, at most `{}`", LONGEST.0),
            Kind::Section(section) if !section.needs.is_empty() => {
                format!("a mapping with {}", any_of(section.needs))
            }
            Kind::Section(_) | Kind::Named(_) | Kind::Variants => "a mapping".into(),
            Kind::List(_) => "a list".into(),
            Kind::Range => "a list of two whole numbers, the least and the most, such as `[4, 45]`".into(),
            Kind::Either(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(Kind::expected).collect();
                kinds.join(", or ")
            }
            Kind::Free => "a value".into(),
        }
    }
}

/// The words in code quotes, as "a, b or c".
fn any_of(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A number with a comma between thousands.
pub fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut out = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
