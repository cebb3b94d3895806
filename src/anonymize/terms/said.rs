//! Of whom a word is said.

use super::super::View;
use super::super::token::{Gap, Shape, Token};
use super::super::words;
use super::sets::{has, sets};
use super::{list, token_is};

pub fn next<'a>(view: &'a View, at: usize) -> Option<(&'a Token, u32)> {
    let token = view.tokens.get(at + 1)?;
    (token.gap == Gap::Space && view.tokens[at].after + 1 == token.start)
        .then(|| (token, view.classes[at + 1]))
}

/// Whether a word for a person follows, at once or after one adjective.
pub fn of_person(view: &View, last: usize, loose: bool) -> bool {
    let Some((token, class)) = next(view, last) else { return false };
    if class & words::HUMANS != 0 {
        return true;
    }
    // `Palestinian and Israeli moms`
    if matches!(view.word(token), "and" | "or" | "&")
        && let Some((other, _)) = next(view, last + 1)
        && list().first.get(other.id) > 0
    {
        return next(view, last + 2).is_some_and(|(_, class)| class & words::HUMANS != 0);
    }
    let between = if loose {
        token.shape == Shape::Lower
            && class & (words::BE | words::THING) == 0
            && !has(&sets().middle_no, token.id)
    } else {
        has(&sets().adjectives, token.id)
    };
    between && next(view, last + 1).is_some_and(|(_, class)| class & words::HUMANS != 0)
}

/// Whether it is said of somebody: `I'm …`, `my dad is not …`, `as a …`, `being …`.
pub fn of_somebody(view: &View, at: usize, last: usize) -> bool {
    let closes = match view.tokens.get(last + 1) {
        None => true,
        Some(token) => {
            token.gap != Gap::Space
                || has(&sets().follows, token.id)
                || list().first.get(token.id) > 0
                // `being blind was less of a bother`
                || at > 0
                    && token_is(view, at - 1, &["being"])
                    && view.classes[last + 1] & (words::BE | words::VERB) != 0
        }
    };
    closes && said_of_somebody(view, at)
}

pub fn said_of_somebody(view: &View, mut at: usize) -> bool {
    for _ in 0..3 {
        if view.tokens[at].gap != Gap::Space || at == 0 {
            return false;
        }
        at -= 1;
        let (token, class) = (&view.tokens[at], view.classes[at]);
        let contraction = token.after > token.end && class & words::SUBJECT != 0;
        if class & words::OF_ME != 0 || contraction {
            return true;
        }
        if class & words::BE != 0 {
            let being = token_is(view, at, &["being", "becoming"]);
            let subject = at > 0
                && view.tokens[at].gap == Gap::Space
                && view.classes[at - 1] & (words::SUBJECT | words::HUMANS) != 0;
            let name = at > 0
                && view.tokens[at - 1].facts.first() >= 3
                && (view.tokens[at - 1].shape == Shape::Capital
                    || view.tokens[at - 1].facts.first() >= 5 && view.tokens[at - 1].facts.word() == 0);
            return being || subject || name;
        }
        if token_is(view, at, &["as", "born", "went", "named", "raised"])
            || token_is(view, at, &["up"])
                && at > 0
                && token_is(view, at - 1, &["grew", "growing", "grow", "brought"])
        {
            return true;
        }
        // `she's Black and Korean`
        if token_is(view, at, &["and"]) && at > 0 && list().first.get(view.tokens[at - 1].id) > 0 {
            at -= 1;
            continue;
        }
        if !has(&sets().adverbs, token.id) {
            return false;
        }
    }
    false
}
