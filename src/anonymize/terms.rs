//! Identity terms: religion, gender and sexuality, race and nationality, disability, age groups.
//!
//! Words are looked up in their folded form rather than searched for in the text's bytes, so that
//! capitals, accents, full-width letters and invisible characters inside a word don't hide it.

mod placed;
mod rule;
mod said;
mod sets;
mod worship;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::category::Category;
use super::token::{Gap, tokens};
use super::words::{Words, id_of};
use super::{Found, View};
use rule::{Rule, applies, rule};
use said::{of_person, of_somebody};

const LIST: &str = include_str!("data/terms.txt");

struct Term {
    rest: Vec<u32>,
    category: Category,
    rule: Rule,
    /// Written with `'s`, which belongs to it.
    possessive: bool,
}

struct Terms {
    /// By their first word's hash: one more than the place of its group.
    first: Words<u16>,
    groups: Vec<Vec<Term>>,
}

fn list() -> &'static Terms {
    static TERMS: OnceLock<Terms> = OnceLock::new();
    TERMS.get_or_init(|| {
        let mut groups: Vec<Vec<Term>> = Vec::new();
        let mut places: HashMap<u32, u16> = HashMap::new();
        let mut words = Vec::new();
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.splitn(3, ' ');
            let (Some(category), Some(rule), Some(terms)) =
                (fields.next().and_then(Category::parse), fields.next().and_then(rule), fields.next())
            else {
                continue;
            };
            for term in terms.split(", ") {
                tokens(term, &mut words);
                let Some((first, rest)) = words.split_first() else { continue };
                let place = *places.entry(first.id).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() as u16
                });
                groups[place as usize - 1].push(Term {
                    rest: rest.iter().map(|token| token.id).collect(),
                    category,
                    rule,
                    possessive: words.last().is_some_and(|token| token.after > token.end),
                });
            }
        }
        for group in &mut groups {
            group.sort_by_key(|term| std::cmp::Reverse(term.rest.len()));
        }
        Terms { first: Words::new(places, |_, place| place), groups }
    })
}

/// Adds every identity term of the text.
pub fn find(view: &mut View, found: &mut Vec<Found>) {
    let terms = list();
    let mut at = 0;
    while at < view.tokens.len() {
        let token = view.tokens[at];
        if view.taken[at] {
            at += 1;
            continue;
        }
        let place = terms.first.get(token.id);
        let hit = (place > 0)
            .then(|| &terms.groups[place as usize - 1])
            .and_then(|group| group.iter().find_map(|term| fits(view, at, term).map(|last| (term, last))));
        if let Some((term, last)) = hit {
            let token = view.tokens[last];
            let mut end = if term.possessive { token.after } else { token.end };
            end += usize::from(view.text[end..].starts_with('+'));
            let mut start = view.tokens[at].start;
            if matches!(term.rule, Rule::Nation | Rule::Ethnic)
                && at > 0
                && token_is(view, at - 1, &["half", "part"])
                && view.tokens[at].gap == Gap::Space
            {
                start = view.tokens[at - 1].start;
            }
            // `a Catholic church` says it already.
            let told = matches!(term.rule, Rule::House | Rule::Clergy | Rule::Mass)
                && view.tokens[at].gap == Gap::Space
                && found.last().is_some_and(|before| {
                    matches!(before.category, Category::Religion | Category::Race) && before.end + 1 == start
                });
            if !told {
                found.push(Found::new(start, end, term.category));
            }
            at = last + 1;
            continue;
        }
        // `Danish pastry` is no person either.
        let nation = place > 0
            && terms.groups[place as usize - 1].iter().any(|term| {
                term.rest.is_empty() && matches!(term.rule, Rule::Nation | Rule::Ethnic | Rule::People)
            });
        if nation && token.facts.first() < 5 {
            view.taken[at] = true;
        } else if place == 0 && !token.mixed {
            hyphenated(view, at, terms, found);
        }
        at += 1;
    }
}

/// `Muslim-owned`, `gay-friendly`: the part that is a term.
fn hyphenated(view: &View, at: usize, terms: &Terms, found: &mut Vec<Found>) {
    let token = &view.tokens[at];
    let word = &view.text[token.start..token.end];
    let Some((head, rest)) = word.split_once('-') else { return };
    // `my Chinese-Malaysian mum`
    let nation = |part: &str| {
        let place = if part.len() < 4 { 0 } else { terms.first.get(id_of(part)) };
        place > 0
            && terms.groups[place as usize - 1]
                .iter()
                .any(|term| term.rest.is_empty() && matches!(term.rule, Rule::Nation | Rule::Ethnic))
    };
    if nation(head) && nation(rest) && (of_person(view, at, true) || of_somebody(view, at, at)) {
        found.push(Found::new(token.start, token.end, Category::Race));
        return;
    }
    let mut start = token.start;
    for part in [head, rest] {
        let place = if part.len() < 3 { 0 } else { terms.first.get(id_of(part)) };
        let term = (place > 0)
            .then(|| {
                terms.groups[place as usize - 1].iter().find(|term| {
                    term.rest.is_empty()
                        && !term.possessive
                        && matches!(term.rule, Rule::Any | Rule::Ethnic | Rule::Gay | Rule::Christian)
                })
            })
            .flatten();
        if let Some(term) = term {
            found.push(Found::new(start, start + part.len(), term.category));
        }
        start += part.len() + 1;
    }
}

fn token_is(view: &View, at: usize, words: &[&str]) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = &view.text[token.start..token.end];
        words.iter().any(|other| word.eq_ignore_ascii_case(other))
    })
}

fn fits(view: &View, at: usize, term: &Term) -> Option<usize> {
    let last = at + term.rest.len();
    if last >= view.tokens.len() {
        return None;
    }
    for (n, id) in term.rest.iter().enumerate() {
        let token = &view.tokens[at + 1 + n];
        if token.id != *id || token.gap != Gap::Space {
            return None;
        }
    }
    // `Down's`, not `down`.
    if term.possessive && view.tokens[last].after == view.tokens[last].end {
        return None;
    }
    let token = &view.tokens[at];
    if matches!(token.gap, Gap::Glue) && view.text[..token.start].ends_with(['/', '_', '.']) {
        return None;
    }
    applies(view, at, last, term.rule).then_some(last)
}
