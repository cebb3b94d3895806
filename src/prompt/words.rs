//! Filters for the small words of English prose.

mod article;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, Value};

/// `x | article`: the text with "a" or "an" before it, by how it sounds; `capital=true` for "An".
pub fn article(value: &Value, options: Kwargs) -> Result<String, Error> {
    let capital: Option<bool> = options.get("capital")?;
    options.assert_all_used()?;
    let text = value.to_string();
    let text = text.trim();
    if text.is_empty() {
        return Err(wrong("`article` needs a word, and this is empty"));
    }
    let word = match (article::is_an(text), capital.unwrap_or(false)) {
        (false, false) => "a",
        (true, false) => "an",
        (false, true) => "A",
        (true, true) => "An",
    };
    Ok(format!("{word} {text}"))
}

/// `x | join_and`: "a, b and c". `word="or"` joins by another word, `oxford=true` puts a comma
/// before it.
pub fn join_and(value: &Value, options: Kwargs) -> Result<String, Error> {
    let word: Option<String> = options.get("word")?;
    let oxford: Option<bool> = options.get("oxford")?;
    options.assert_all_used()?;
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(wrong(format!("`join_and` needs a list, and this is a {}", value.kind())));
    }
    let word = word.as_deref().unwrap_or("and");
    let items: Vec<String> = value.try_iter()?.map(|item| item.to_string()).collect();
    Ok(match items.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} {word} {two}"),
        [first @ .., last] => {
            let comma = if oxford.unwrap_or(false) { "," } else { "" };
            format!("{}{comma} {word} {last}", first.join(", "))
        }
    })
}

/// `3 | ordinal`: "3rd".
pub fn ordinal(value: &Value) -> Result<String, Error> {
    let number = i64::try_from(value.clone())
        .map_err(|_| wrong(format!("`ordinal` needs a whole number, and this is `{value}`")))?;
    let last = number.unsigned_abs() % 100;
    let ending = match (last / 10, last % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    Ok(format!("{number}{ending}"))
}

/// `"post" | plural(3)`: "posts"; with 1 the word as it is. A second argument is the plural of a word
/// whose plural is not regular.
pub fn plural(value: &Value, count: i64, other: Option<String>) -> String {
    let word = value.to_string();
    if count == 1 {
        return word;
    }
    if let Some(other) = other {
        return other;
    }
    let lower = word.to_lowercase();
    let before_last = lower.chars().rev().nth(1);
    let hissing = ["s", "x", "z", "ch", "sh"].iter().any(|ending| lower.ends_with(ending));
    if hissing {
        return format!("{word}es");
    }
    let vowel = before_last.is_some_and(|c| "aeiou".contains(c));
    match word.strip_suffix('y') {
        Some(stem) if !vowel && !stem.is_empty() => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_and_plurals() {
        for (number, text) in [
            (0, "0th"),
            (1, "1st"),
            (2, "2nd"),
            (3, "3rd"),
            (11, "11th"),
            (13, "13th"),
            (112, "112th"),
            (121, "121st"),
        ] {
            assert_eq!(ordinal(&Value::from(number)).unwrap(), text);
        }
        assert!(ordinal(&Value::from("many")).is_err());
        for (word, count, text) in [
            ("post", 1, "post"),
            ("post", 0, "posts"),
            ("story", 2, "stories"),
            ("day", 2, "days"),
            ("boss", 2, "bosses"),
            ("sketch", 3, "sketches"),
        ] {
            assert_eq!(plural(&Value::from(word), count, None), text);
        }
        assert_eq!(plural(&Value::from("child"), 2, Some("children".into())), "children");
    }
}
