//! Spans that a text came with, from an anonymiser's earlier pass.

use serde_json::Value;

use super::category::{Action, Category};
use super::replace::{PERSON, Span};

impl Span {
    /// The spans of a row's column, in order; none where nothing stands there, `None` where that is something else.
    ///
    /// In a CSV a list is a text.
    pub fn list(column: Option<&Value>) -> Option<Vec<Self>> {
        let mut spans: Vec<Self> = match column {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(Value::String(text)) => return Self::list(Some(&serde_json::from_str(text).ok()?)),
            Some(Value::Array(items)) => items.iter().map(Self::of_json).collect::<Option<_>>()?,
            Some(_) => return None,
        };
        spans.sort_by_key(|span| span.start);
        Some(spans)
    }

    fn of_json(span: &Value) -> Option<Self> {
        let place = |name: &str| usize::try_from(span.get(name)?.as_u64()?).ok();
        let (start, end) = (place("start")?, place("end")?);
        let category = Category::parse(span.get("category")?.as_str()?)?;
        let action = Action::parse(span.get("action")?.as_str()?)?;
        (start <= end).then_some(Self { start, end, category, action })
    }

    fn touches(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether it can be a span of the text: where it tells of a mask, one stands.
    fn is_of(&self, text: &str) -> bool {
        self.letters(text).is_some_and(|letters| match self.action {
            Action::Mask | Action::Drop => letters == self.category.mask(),
            Action::Person => letters.starts_with(PERSON),
            Action::Keep | Action::Tag | Action::Pseudonym => true,
        })
    }

    /// What stands there; `None` beyond the text's end.
    fn letters<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let start = places.nth(self.start)?;
        let end = if self.end == self.start { start } else { places.nth(self.end - self.start - 1)? };
        Some(&text[start..end])
    }
}

/// The spans of a text in what became of it, by their letters; those that are of another text, or whose letters are
/// gone, are left out.
pub fn found_again(spans: &[Span], came: &str, now: &str) -> Vec<Span> {
    let of_text = spans.iter().filter(|span| span.is_of(came));
    let again = of_text.filter_map(|span| {
        let letters = span.letters(came).filter(|letters| !letters.is_empty())?;
        let before: String = came.chars().take(span.start).collect();
        let (at, _) = now.match_indices(letters).nth(before.matches(letters).count())?;
        let start = now[..at].chars().count();
        Some(Span { start, end: start + span.end - span.start, ..*span })
    });
    again.collect()
}

/// The spans of a text and of what was made of it: those that it came with stand where they were moved to, but for
/// those in whose place something was found. `at` are those that were found as places of the text as it came, `now` the same
/// of the text as it is.
///
/// # Errors
/// The first that it came with which is of another text.
pub fn over(before: &[Span], text: &str, at: &[Span], mut now: Vec<Span>) -> Result<Vec<Span>, Span> {
    let (mut found, mut shift) = (at.iter().zip(now.clone()).peekable(), 0);
    for span in before {
        while let Some((was, is)) = found.next_if(|(was, _)| was.end <= span.start) {
            shift = is.end as isize - was.end as isize;
        }
        if found.peek().is_some_and(|(was, _)| was.touches(span)) {
            continue;
        }
        if !span.is_of(text) {
            return Err(*span);
        }
        let [start, end] = [span.start, span.end].map(|place| place.saturating_add_signed(shift));
        now.push(Span { start, end, ..*span });
    }
    now.sort_by_key(|span| span.start);
    Ok(now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Anonymizer, Preset};
    use super::*;

    fn spans(list: &[(usize, usize, Category, Action)]) -> Vec<Span> {
        list.iter().map(|&(start, end, category, action)| Span { start, end, category, action }).collect()
    }

    /// What stands at each span.
    fn letters<'t>(spans: &[Span], text: &'t str) -> Vec<&'t str> {
        spans.iter().map(|span| span.letters(text).unwrap_or("beyond")).collect()
    }

    #[test]
    fn spans_of_before_move_with_their_text() {
        let text = "é Person A wrote kim@example.org of [RELIGION], gay and [PHONE]";
        let before = spans(&[
            (2, 10, Category::Name, Action::Person),
            (36, 46, Category::Religion, Action::Mask),
            (48, 51, Category::Gender, Action::Tag),
            (56, 63, Category::Phone, Action::Mask),
        ]);
        assert_eq!(letters(&before, text), ["Person A", "[RELIGION]", "gay", "[PHONE]"]);
        let strict = Anonymizer::new(Preset::Strict.into(), None).unwrap();
        let outcome = strict.apply(text);
        let all = over(&before, text, &strict.spans(text), outcome.spans).unwrap();
        let expected = ["Person A", "[EMAIL]", "[RELIGION]", "[GENDER]", "[PHONE]"];
        assert_eq!(letters(&all, &outcome.text), expected);
        assert_eq!(all[3].action, Action::Mask, "what was tagged is masked now");
        // Nothing is found again.
        let twice = strict.apply(&outcome.text);
        assert_eq!(over(&all, &outcome.text, &strict.spans(&outcome.text), twice.spans), Ok(all));
    }

    #[test]
    fn spans_of_another_text_are_told() {
        let mask = spans(&[(0, 7, Category::Email, Action::Mask)]);
        assert_eq!(over(&mask, "kim went", &[], Vec::new()), Err(mask[0]));
        // Found there now, as `--detect-only` told of it.
        assert_eq!(over(&mask, "k@x.org", &mask, mask.clone()), Ok(mask.clone()));
        let beyond = spans(&[(6, 9, Category::Name, Action::Tag)]);
        assert_eq!(over(&beyond, "kim went", &[], Vec::new()), Err(beyond[0]));
    }

    #[test]
    fn spans_are_found_again_by_their_letters() {
        let before = spans(&[(4, 7, Category::Gender, Action::Tag), (8, 15, Category::Phone, Action::Mask)]);
        let now = found_again(&before, "gay gay [PHONE]", "gay  so gay [PHONE]!");
        assert_eq!(letters(&now, "gay  so gay [PHONE]!"), ["gay", "[PHONE]"]);
        assert_eq!(now[0].start, 8);
        assert!(found_again(&before, "other gay [PHONE] words", "x").is_empty());
    }

    #[test]
    fn a_column_of_spans_is_known_by_its_form() {
        let list = json!([{ "start": 4, "end": 7, "category": "NAME", "action": "mask" }]);
        let expected = Some(spans(&[(4, 7, Category::Name, Action::Mask)]));
        assert_eq!(Span::list(Some(&list)), expected);
        assert_eq!(Span::list(Some(&json!(list.to_string()))), expected);
        for nothing in [json!(null), json!(""), json!("[]"), json!([])] {
            assert_eq!(Span::list(Some(&nothing)), Some(Vec::new()));
        }
        for other in
            [json!("bridge"), json!(3), json!([1, 2]), json!([{ "start": 1, "end": 2 }]), json!("[3]")]
        {
            assert_eq!(Span::list(Some(&other)), None, "{other}");
        }
    }
}
