//! Decades of a life: `in my 30s`.

use super::super::View;
use super::super::token::Gap;
use super::super::words;
use super::beside::{closes, is};

const DECADES: [&str; 8] =
    ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"];

/// `30s`, `thirties`, `mid-forties`
pub fn decade(word: &str) -> bool {
    if !word.ends_with(['s', 'S']) {
        return false;
    }
    let word = ["early-", "mid-", "late-"]
        .iter()
        .find_map(|part| {
            word.get(..part.len()).filter(|head| head.eq_ignore_ascii_case(part)).map(|_| &word[part.len()..])
        })
        .unwrap_or(word);
    matches!(word.as_bytes(), [b'1'..=b'9', b'0', b's'])
        || DECADES.iter().any(|decade| word.eq_ignore_ascii_case(decade))
}

/// `in my 30s`, `her late forties`; not `my 90s playlist`.
pub fn decade_of(view: &View, at: usize) -> bool {
    let of = |at: usize| is(view, at, &["my", "his", "her", "their", "your", "our"]);
    let into = |at: usize| {
        is(
            view,
            at,
            &[
                "in",
                "into",
                "hit",
                "hitting",
                "of",
                "through",
                "entering",
                "throughout",
                "reached",
                "spent",
                "by",
                "am",
                "is",
                "i'm",
                "are",
            ],
        )
    };
    let named = view.word(&view.tokens[at]).contains('-');
    // `mid-forties, tired, happy`
    if at == 0 {
        return named && view.tokens.get(1).is_some_and(|next| next.gap == Gap::Comma);
    }
    let spoken = of(at - 1)
        && (closes(view, at)
            || view.classes.get(at + 1).is_some_and(|class| class & words::BE != 0)
            || is(
                view,
                at + 1,
                &[
                    "and", "but", "with", "because", "were", "was", "as", "in", "have", "had", "hit", "feel",
                    "started",
                ],
            ));
    // `in my 20s and 30s`
    let more = at > 3
        && is(view, at - 1, &["and", "or", "to"])
        && decade(view.word(&view.tokens[at - 2]))
        && (of(at - 3) || into(at - 3));
    spoken
        || more
        || at > 1
            && match is(view, at - 1, &["early", "mid", "late"]) {
                true => of(at - 2) || into(at - 2),
                false => of(at - 1) && into(at - 2) || named && into(at - 1),
            }
}
