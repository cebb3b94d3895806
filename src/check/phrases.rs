//! One pass over a text for all phrases that checks look for.

use aho_corasick::{AhoCorasick, MatchKind};

use super::text::Text;

/// Phrases by what they speak for; in a set, each phrase of the folded text that stands apart.
#[derive(Debug)]
pub struct Phrases<C> {
    machine: Option<AhoCorasick>,
    kinds: Vec<Kind<C>>,
}

#[derive(Debug, Clone, Copy)]
struct Kind<C> {
    class: C,
    /// Where the phrase has to end as words do; it always has to begin so.
    closed: bool,
}

/// A phrase that was found, in bytes of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<C> {
    pub class: C,
    pub start: usize,
    pub end: usize,
}

impl<C: Copy> Phrases<C> {
    /// A phrase that ends in `*` may go on in the same word. Phrases are folded as texts are.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (C, &'a str)>) -> Self {
        let mut kinds = Vec::new();
        let mut patterns = Vec::new();
        for (class, phrase) in phrases {
            let open = phrase.strip_suffix('*');
            let folded = Text::new(open.unwrap_or(phrase)).folded;
            if folded.is_empty() {
                continue;
            }
            kinds.push(Kind { class, closed: open.is_none() });
            patterns.push(folded);
        }
        // It fails for more patterns than there can be.
        let machine = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok();
        Self { machine, kinds }
    }

    /// All that stand in a text, in order of their ends; they may overlap.
    pub fn find(&self, text: &Text) -> Vec<Found<C>> {
        let mut out = Vec::new();
        for found in self.machine.iter().flat_map(|machine| machine.find_overlapping_iter(&text.folded)) {
            let kind = self.kinds[found.pattern().as_usize()];
            let (start, end) = (found.start(), found.end());
            let until = if kind.closed { end } else { text.folded.len() };
            if text.is_apart(start, until) {
                out.push(Found { class: kind.class, start, end });
            }
        }
        out
    }
}
