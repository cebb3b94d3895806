//! Names of which the score is not sure, and what somebody else who was asked makes of them.
//!
//! Whoever is asked quotes the names of a text. Where they stand is for us to find: a quote counts where its
//! very words stand in the text, and only for words that can be names at all. Without an answer whatever is in
//! doubt is taken for a name.

use std::collections::BTreeMap;

use super::{Category, Found, View, detect_in, names, settle};

/// Scores nearer to the threshold than this are in doubt: chosen on `tests/anonymize/dev.jsonl`.
const DOUBT: f32 = 1.5;

/// A quote of more words is no name.
const LONGEST: usize = 6;

/// What was found in a text at first sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// All that was found, in order.
    pub found: Vec<Found>,
    /// What may be a name or not, in order: some of what was found, and some words that were not.
    pub doubtful: Vec<Found>,
}

/// What came of a second look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Doubtful names that are names.
    pub names: u64,
    /// Doubtful names that are none.
    pub released: u64,
    /// Quotes that stand nowhere in their text, or where no name can stand.
    pub ignored: u64,
}

/// Looks for all that tells of a person, and says which names are in doubt.
pub fn sight(text: &str) -> Sight {
    let mut view = View::new(text);
    let found = detect_in(&mut view);
    let spans: Vec<Found> = found.iter().copied().filter(|span| span.category == Category::Name).collect();
    let mut doubtful = Vec::new();
    // A name is as sure as the surest of its words.
    for span in &spans {
        let margins = within(&view, span).filter_map(|at| names::margin(&view, at));
        let surest = margins.fold(f32::MIN, f32::max);
        if surest.abs() <= DOUBT {
            doubtful.push(*span);
        }
    }
    let mut spans = found.iter().peekable();
    for at in 0..view.tokens.len() {
        let token = &view.tokens[at];
        while spans.next_if(|span| span.end <= token.start).is_some() {}
        let covered = spans.peek().is_some_and(|span| span.start < token.end);
        if !covered && names::margin(&view, at).is_some_and(|margin| margin.abs() <= DOUBT) {
            doubtful.push(Found::new(token.start, token.end, Category::Name));
        }
    }
    settle(&mut doubtful);
    Sight { found, doubtful }
}

/// The words of a view that lie within a span.
fn within(view: &View, span: &Found) -> std::ops::Range<usize> {
    let first = view.tokens.partition_point(|token| token.start < span.start);
    first..first.max(view.tokens.partition_point(|token| token.end <= span.end))
}

impl Sight {
    /// What is found whatever anybody says: all but what is in doubt.
    pub fn sure(&self) -> Vec<Found> {
        self.found.iter().filter(|span| !is_among(&self.doubtful, span)).copied().collect()
    }

    /// Without an answer: whatever is in doubt is a name.
    pub fn closed(&self) -> Vec<Found> {
        let mut out = self.found.clone();
        out.extend(self.doubtful.iter().filter(|span| !is_among(&self.found, span)));
        settle(&mut out);
        out
    }

    /// What is found, by the names that somebody quotes of the text.
    ///
    /// What was not in doubt stays as it was. A name in doubt is one where a quote overlaps it; a quote
    /// elsewhere is one where it holds a word that can be a name, with a capital.
    pub fn by_quotes<Q: AsRef<str>>(&self, text: &str, quotes: &[Q]) -> (Vec<Found>, Seen) {
        let view = View::new(text);
        let mut seen = Seen::default();
        let mut quoted: Vec<Found> = Vec::new();
        for quote in quotes {
            let before = quoted.len();
            let places = places(text, quote.as_ref());
            quoted.extend(places.filter(|span| self.is_doubtful(span) || plausible(&view, span)));
            seen.ignored += u64::from(quoted.len() == before);
        }
        let quotes_cover = Cover::of(&quoted);
        let mut out: Vec<Found> = Vec::new();
        for span in &self.found {
            if !is_among(&self.doubtful, span) || quotes_cover.overlaps(span) {
                out.push(*span);
            }
        }
        for span in &self.doubtful {
            match quotes_cover.overlaps(span) {
                true => {
                    seen.names += 1;
                    out.push(*span);
                }
                false => seen.released += 1,
            }
        }
        // A quote may be more than the word in doubt: `Rose` of `Rose Tyler`. What is found otherwise stays.
        let mut kept = Kept::of(out);
        for span in &quoted {
            kept.widen(*span);
        }
        let mut out = kept.into_spans();
        settle(&mut out);
        (out, seen)
    }

    fn is_doubtful(&self, span: &Found) -> bool {
        // They are in order and apart.
        let at = self.doubtful.partition_point(|other| other.end <= span.start);
        self.doubtful.get(at).is_some_and(|other| other.start < span.end)
    }
}

/// Whether a span is one of `spans`, which are in order.
fn is_among(spans: &[Found], span: &Found) -> bool {
    let at = spans.partition_point(|other| other.start < span.start);
    spans.get(at) == Some(span)
}

/// The parts of a text that some spans cover together, in order.
struct Cover {
    parts: Vec<(usize, usize)>,
}

impl Cover {
    fn of(spans: &[Found]) -> Self {
        let mut all: Vec<(usize, usize)> = spans.iter().map(|span| (span.start, span.end)).collect();
        all.sort_unstable();
        let mut parts: Vec<(usize, usize)> = Vec::with_capacity(all.len());
        for (start, end) in all {
            match parts.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => parts.push((start, end)),
            }
        }
        Self { parts }
    }

    fn overlaps(&self, span: &Found) -> bool {
        let at = self.parts.partition_point(|part| part.1 <= span.start);
        self.parts.get(at).is_some_and(|part| part.0 < span.end)
    }
}

/// Spans that are apart, by where they begin, into which wider ones are taken.
struct Kept {
    spans: BTreeMap<usize, Found>,
}

impl Kept {
    fn of(mut spans: Vec<Found>) -> Self {
        // Of spans with one beginning the first stays; whoever is in doubt may stand among the found, too.
        spans.sort_by_key(|span| span.start);
        let mut kept = BTreeMap::new();
        for span in spans {
            kept.entry(span.start).or_insert(span);
        }
        Self { spans: kept }
    }

    /// Takes in a span in place of those within it, unless one is cut by it or of another kind.
    fn widen(&mut self, span: Found) {
        let before = self.spans.range(..span.start).next_back().map(|(_, other)| *other);
        let cuts = |other: &Found| {
            let wider = span.start <= other.start && other.end <= span.end;
            !wider || other.category != Category::Name
        };
        if before.is_some_and(|other| other.end > span.start) {
            return;
        }
        if self.spans.range(span.start..span.end).any(|(_, other)| cuts(other)) {
            return;
        }
        let within: Vec<usize> = self.spans.range(span.start..span.end).map(|(start, _)| *start).collect();
        for start in within {
            self.spans.remove(&start);
        }
        self.spans.insert(span.start, span);
    }

    fn into_spans(self) -> Vec<Found> {
        self.spans.into_values().collect()
    }
}

/// Where a quote stands in a text, letter by letter, as whole words.
fn places<'t>(text: &'t str, quote: &str) -> impl Iterator<Item = Found> + 't {
    let quote = quote.trim().to_owned();
    let words = quote.split_whitespace().count();
    let usable = (1..=LONGEST).contains(&words) && quote.chars().any(char::is_alphabetic);
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            if !usable {
                return None;
            }
            let start = from + text[from..].find(&quote)?;
            let end = start + quote.len();
            from = end;
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if !letter(text[..start].chars().next_back()) && !letter(text[end..].chars().next()) {
                return Some(Found::new(start, end, Category::Name));
            }
        }
    })
}

/// Whether a span has a word with a capital that is not far from a name.
fn plausible(view: &View, span: &Found) -> bool {
    within(view, span).any(|at| {
        names::margin(view, at).is_some_and(|margin| margin > -2.0 * DOUBT)
            && view.text[view.tokens[at].start..].starts_with(char::is_uppercase)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text in which a word is in doubt, and that word.
    fn doubt() -> (String, String) {
        for word in ["Grace", "Hunter", "Rose", "Chase", "Jordan", "Faith", "Hope", "Will", "Mark", "April"] {
            for frame in
                ["saw {} again today", "{} keeps stealing my lunch", "told {} about it", "i love {} so much"]
            {
                let text = frame.replace("{}", word);
                let Sight { doubtful, .. } = sight(&text);
                if let [one] = doubtful[..]
                    && &text[one.start..one.end] == word
                {
                    return (text, word.to_owned());
                }
            }
        }
        panic!("no word of these is in doubt");
    }

    fn words<'t>(text: &'t str, found: &[Found]) -> Vec<&'t str> {
        found.iter().map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn what_is_in_doubt_is_a_name_where_it_is_quoted_and_where_nobody_answers() {
        let (text, word) = doubt();
        let sight = sight(&text);
        assert_eq!(words(&text, &sight.closed()), [word.as_str()]);
        let (found, seen) = sight.by_quotes(&text, &[word.as_str()]);
        assert_eq!((words(&text, &found), seen), (vec![word.as_str()], Seen { names: 1, ..Seen::default() }));
        let (found, seen) = sight.by_quotes::<&str>(&text, &[]);
        assert_eq!((found, seen), (vec![], Seen { released: 1, ..Seen::default() }));
        // What does not stand there, part of a word, and a word that can be no name.
        let quotes = ["Beatrix", &word[1..], "so", "", "the whole of the text is one long quote"];
        let (found, seen) = sight.by_quotes(&text, &quotes);
        assert_eq!((found, seen.ignored), (vec![], quotes.len() as u64));
    }

    #[test]
    fn what_is_sure_stays_whatever_is_quoted() {
        let text = "My boss Maria Gonzalez wrote to a@b.org, says the Muslim guy";
        let sight = sight(text);
        assert!(sight.doubtful.is_empty(), "{sight:?}");
        for quotes in [&[][..], &["Maria"], &["a@b.org"], &["Muslim"], &["boss"]] {
            let (found, _) = sight.by_quotes(text, quotes);
            assert_eq!(found, sight.found, "{quotes:?}");
        }
        assert_eq!(sight.closed(), sight.found);
    }

    #[test]
    fn a_quote_may_hold_more_than_the_word_in_doubt() {
        let (text, word) = doubt();
        let longer = text.replace(&word, &format!("{word} Qzyxwv"));
        let sight = sight(&longer);
        let quote = format!("{word} Qzyxwv");
        let (found, _) = sight.by_quotes(&longer, &[quote.as_str()]);
        assert_eq!(words(&longer, &found), [quote.as_str()]);
    }

    /// Each quote held to each span: what `by_quotes` says, at the price of their product.
    fn by_definition(sight: &Sight, text: &str, quotes: &[String]) -> Vec<Found> {
        let view = View::new(text);
        let overlap = |a: &Found, b: &Found| a.start < b.end && b.start < a.end;
        let quoted: Vec<Found> = quotes
            .iter()
            .flat_map(|quote| places(text, quote))
            .filter(|span| sight.doubtful.iter().any(|other| overlap(span, other)) || plausible(&view, span))
            .collect();
        let is_quoted = |span: &Found| quoted.iter().any(|quote| overlap(span, quote));
        let doubtful = sight.doubtful.iter().filter(|span| is_quoted(span));
        let found = sight.found.iter().filter(|span| !sight.doubtful.contains(span) || is_quoted(span));
        let mut out: Vec<Found> = found.chain(doubtful).copied().collect();
        for span in &quoted {
            let within = |other: &Found| span.start <= other.start && other.end <= span.end;
            let stays =
                |other: &Found| overlap(span, other) && (!within(other) || other.category != Category::Name);
            if !out.iter().any(stays) {
                out.retain(|other| !within(other));
                out.push(*span);
            }
        }
        settle(&mut out);
        out
    }

    #[test]
    #[ignore = "a megabyte"]
    fn a_megabyte_of_one_quote_is_no_matter() {
        let (text, word) = doubt();
        let line = format!("{text}. ").repeat(1_000_000 / text.len());
        let sight = sight(&line);
        assert!(sight.doubtful.len() > 20_000, "{}", sight.doubtful.len());
        let before = std::time::Instant::now();
        let (found, seen) = sight.by_quotes(&line, &[word.as_str()]);
        assert_eq!((seen.names as usize, seen.ignored), (sight.doubtful.len(), 0));
        assert!(found.len() >= sight.doubtful.len());
        assert!(before.elapsed().as_secs() < 10, "{:?}", before.elapsed());
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_found_as_by_definition(
            text in "(Rose|Grace|Will|hope|Maria Gonzalez|a@b.org|muslim|[ ,.]| ){0,16}",
            quotes in prop::collection::vec("(Rose|Will|hope|Grace| |Maria|Gonzalez|b.org|muslim){1,3}", 0..4),
        ) {
            let sight = sight(&text);
            prop_assert_eq!(sight.by_quotes(&text, &quotes).0, by_definition(&sight, &text, &quotes));
        }

        #[test]
        fn spans_are_in_order_on_boundaries_and_nothing_sure_is_lost(
            text in "(Rose|Will|hope|Maria Gonzalez|a@b.org|muslim|[ ,.!?'’]|\\PC){0,20}",
            quotes in prop::collection::vec("(Rose|Will|hope|Maria|b.org|\\PC){0,3}", 0..4),
        ) {
            let sight = sight(&text);
            prop_assert_eq!(&sight.found, &crate::anonymize::detect(&text));
            let (found, _) = sight.by_quotes(&text, &quotes);
            for found in [&found, &sight.closed()] {
                let mut end = 0;
                for span in found {
                    prop_assert!(span.start >= end && span.end > span.start);
                    prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                    end = span.end;
                }
                // Whatever was sure is covered still.
                for sure in sight.found.iter().filter(|span| !sight.doubtful.contains(span)) {
                    prop_assert!(found.iter().any(|span| span.start <= sure.start && sure.end <= span.end));
                }
            }
        }
    }
}
