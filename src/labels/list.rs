//! Lists as Python and NumPy print them into one cell of a table.

use std::iter::Peekable;
use std::str::Chars;

/// The items of a text that is a list, a tuple, a set or an array of these programs; `None` of any other text.
///
/// # Errors
/// A list of what is no text and no number, and a mapping.
pub fn items(text: &str) -> Result<Option<Vec<String>>, &'static str> {
    let of_call = |name: &str| {
        text.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')').map(str::trim)
    };
    let called = ["array", "np.array", "set", "frozenset", "list", "tuple"].into_iter().find_map(of_call);
    let inside = match called {
        Some("") => return Ok(Some(Vec::new())),
        // `array(['joy'], dtype=object)`
        Some(inside) => inside.rsplit_once(", dtype=").map_or(inside, |(list, _)| list).trim(),
        None => text,
    };
    let between = |open: char, close: char| inside.strip_prefix(open)?.strip_suffix(close).map(str::trim);
    let is_list = between('[', ']').is_some();
    let Some(inside) = between('[', ']').or_else(|| between('(', ')')).or_else(|| between('{', '}')) else {
        return Ok(None);
    };
    let mut reader = Reader { left: inside.chars().peekable(), out: Vec::new() };
    match reader.read() {
        Ok(commas) => Ok(texts(reader.out, commas, is_list || called.is_some())),
        Err(NoList::Text) => Ok(None),
        Err(NoList::Of(what)) => Err(what),
    }
}

enum NoList {
    /// A text that only looks like one, such as `('tis)`.
    Text,
    /// A list of something else.
    Of(&'static str),
}

#[derive(Debug, PartialEq)]
enum Item {
    Quoted(String),
    /// A number, or words without quotes.
    Bare(String),
}

struct Reader<'a> {
    left: Peekable<Chars<'a>>,
    out: Vec<Item>,
}

impl Reader<'_> {
    /// Reads all items; says whether commas stand between them.
    fn read(&mut self) -> Result<bool, NoList> {
        let mut commas = false;
        loop {
            while self
                .left
                .next_if(|c| c.is_whitespace() || *c == ',')
                .inspect(|c| commas |= *c == ',')
                .is_some()
            {}
            match self.left.peek() {
                None => return Ok(commas),
                Some('\'' | '"') => {
                    let quoted = self.quoted()?;
                    self.out.push(Item::Quoted(quoted));
                }
                Some(_) => self.bare()?,
            }
        }
    }

    fn quoted(&mut self) -> Result<String, NoList> {
        let quote = self.left.next();
        let mut text = String::new();
        loop {
            match self.left.next() {
                Some('\\') => text.extend(self.left.next().map(|c| if c == 'n' { '\n' } else { c })),
                Some(c) if Some(c) == quote => break,
                Some(c) => text.push(c),
                None => return Err(NoList::Text),
            }
        }
        match self.left.peek() {
            None | Some(',' | ')') => Ok(text),
            Some(c) if c.is_whitespace() => Ok(text),
            Some(':') => Err(NoList::Of("a mapping")),
            Some(_) => Err(NoList::Text),
        }
    }

    /// What has no quotes, up to the next comma; of `np.str_('joy')` what is within.
    fn bare(&mut self) -> Result<(), NoList> {
        let mut text = String::new();
        while let Some(c) = self.left.next_if(|c| *c != ',') {
            match c {
                '(' if text.starts_with("np.") => {
                    let item = match self.left.peek() {
                        Some('\'' | '"') => Item::Quoted(self.quoted()?),
                        _ => {
                            let number = std::iter::from_fn(|| self.left.next_if(|c| *c != ')'));
                            Item::Bare(number.collect())
                        }
                    };
                    self.left.next_if_eq(&')').ok_or(NoList::Text)?;
                    self.out.push(item);
                    return Ok(());
                }
                '[' | '{' => return Err(NoList::Of("a list of lists")),
                '\'' | '"' if text.ends_with(char::is_whitespace) => return Err(NoList::Text),
                _ => text.push(c),
            }
        }
        self.out.push(Item::Bare(text.trim_end().to_owned()));
        Ok(())
    }
}

/// The items as texts. Between other brackets than those of a list, words without quotes are a text.
fn texts(items: Vec<Item>, commas: bool, is_list: bool) -> Option<Vec<String>> {
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    let mut out = Vec::new();
    for item in items {
        match item {
            Item::Quoted(text) => out.push(text),
            Item::Bare(text) if text == "None" => {}
            // NumPy writes blanks between numbers.
            Item::Bare(text) if !commas && text.split_whitespace().all(is_number) => {
                out.extend(text.split_whitespace().map(str::to_owned));
            }
            Item::Bare(text) if is_list || is_number(&text) => out.push(text),
            Item::Bare(_) => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_python_and_numpy_print_them() {
        for (text, expected) in [
            ("['joy', \"anger\"]", &["joy", "anger"][..]),
            ("['joy' 'anger']", &["joy", "anger"]),
            ("['joy'\n 'anger']", &["joy", "anger"]),
            ("[\"it's\" 'so, so']", &["it's", "so, so"]),
            (r"['it\'s']", &["it's"]),
            ("[very happy, sad]", &["very happy", "sad"]),
            ("[3 17]", &["3", "17"]),
            ("[0. 1.]", &["0.", "1."]),
            ("{'joy'}", &["joy"]),
            ("{0, 3}", &["0", "3"]),
            ("('joy')", &["joy"]),
            ("('joy',)", &["joy"]),
            ("array(['joy', 'anger'], dtype=object)", &["joy", "anger"]),
            ("array(['joy'], dtype='<U3')", &["joy"]),
            ("frozenset({'joy'})", &["joy"]),
            ("[np.str_('joy'), np.str_('anger')]", &["joy", "anger"]),
            ("[np.int64(3)]", &["3"]),
            ("[None]", &[]),
            ("set()", &[]),
            ("()", &[]),
            ("[]", &[]),
        ] {
            let expected: Vec<String> = expected.iter().map(|item| (*item).to_owned()).collect();
            assert_eq!(items(text), Ok(Some(expected)), "{text}");
        }
        for text in
            ["joy", "joy, anger", "(other)", "{mixed}", "['joy", "'joy'", "('tis)", "('a') or b", "set of"]
        {
            assert_eq!(items(text), Ok(None), "{text}");
        }
        assert_eq!(items("{'joy': 1}"), Err("a mapping"));
        assert_eq!(items("[['joy']]"), Err("a list of lists"));
    }
}
