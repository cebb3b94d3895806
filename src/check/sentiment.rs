//! How positive or negative a text is, by a lexicon and VADER's rules.
//!
//! Hutto & Gilbert, *VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
//! Text*, ICWSM 2014. The rules are those of its reference implementation, version 3.3.2, and the
//! lexicon is its own (MIT, see `sentiment/LICENSE`). English only.

mod lexicon;

use lexicon::{Entry, entry, is_emoji, valence_of_phrase};

/// Words of a text that are read; a post has fewer by far.
const MOST: usize = 512;

const CAPITALS: f64 = 0.733;
const NEGATED: f64 = -0.74;

/// A word with its punctuation taken off, as the rules see it.
struct Token<'a> {
    entry: Entry,
    /// Whether it is in capitals while others are not.
    loud: bool,
    text: std::borrow::Cow<'a, str>,
}

/// VADER's compound score: from -1, most negative, to 1.
pub fn compound(text: &str) -> f64 {
    let with_words;
    let text = if !text.is_ascii() && text.chars().any(is_emoji) {
        with_words = in_words(text);
        with_words.trim()
    } else {
        text.trim()
    };
    let tokens = tokens(text);
    let mut scores: Vec<f64> = (0..tokens.len()).map(|at| score(&tokens, at)).collect();
    weigh_but(&tokens, &mut scores);
    let mut sum: f64 = scores.iter().sum();
    let emphasis = emphasis(text);
    if sum > 0.0 {
        sum += emphasis;
    } else if sum < 0.0 {
        sum -= emphasis;
    }
    // The square root of 15 is about the most that a text comes to.
    let normal = sum / (sum * sum + 15.0).sqrt();
    (10_000.0 * normal.clamp(-1.0, 1.0)).round() / 10_000.0
}

/// The text with each emoji in words.
fn in_words(text: &str) -> String {
    let mut out = String::with_capacity(2 * text.len());
    let mut blank = true;
    for c in text.chars() {
        match lexicon::emoji(c) {
            Some(words) => {
                if !blank {
                    out.push(' ');
                }
                out.push_str(words);
                blank = false;
            }
            None => {
                out.push(c);
                blank = c == ' ';
            }
        }
    }
    out
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out: Vec<Token> = Vec::with_capacity(text.len() / 5);
    let mut loud = 0;
    for word in text.split_whitespace().take(MOST) {
        let stripped = word.trim_matches(|c: char| c.is_ascii_punctuation());
        // What is so short without its punctuation is an emoticon.
        let short = stripped.len() <= 2 || (!stripped.is_ascii() && stripped.chars().nth(2).is_none());
        let word = if short { word } else { stripped };
        let upper = word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
        loud += usize::from(upper);
        let lower = match word.bytes().any(|byte| byte.is_ascii_uppercase() || byte >= 0x80) {
            true => std::borrow::Cow::Owned(word.to_lowercase()),
            false => std::borrow::Cow::Borrowed(word),
        };
        out.push(Token { entry: entry(&lower), loud: upper, text: lower });
    }
    if loud == out.len() {
        out.iter_mut().for_each(|token| token.loud = false);
    }
    out
}

/// What one word adds, with what stands before it.
fn score(tokens: &[Token], at: usize) -> f64 {
    let token = &tokens[at];
    let is = |index: usize, word: &str| tokens[index].text == word;
    let of_kind = at + 1 < tokens.len() && is(at, "kind") && is(at + 1, "of");
    if token.entry.boost != 0.0 || of_kind {
        return 0.0;
    }
    let Some(known) = token.entry.valence else { return 0.0 };
    let mut valence = known;
    if is(at, "no") && at + 1 < tokens.len() && tokens[at + 1].entry.valence.is_some() {
        valence = 0.0;
    }
    let no_before = at > 0 && is(at - 1, "no")
        || at > 1 && is(at - 2, "no")
        || at > 2 && is(at - 3, "no") && (is(at - 1, "or") || is(at - 1, "nor"));
    if no_before {
        valence = known * NEGATED;
    }
    if token.loud {
        valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    for back in 0..3 {
        if at <= back || tokens[at - back - 1].entry.valence.is_some() {
            continue;
        }
        let fading = [1.0, 0.95, 0.9][back];
        valence += boost(&tokens[at - back - 1], valence) * fading;
        valence = negate(tokens, at, back, valence);
        if back == 2 {
            valence = phrases(tokens, at, valence);
        }
    }
    least(tokens, at, valence)
}

/// What a word such as "very" or "hardly" adds to the one behind it.
fn boost(token: &Token, valence: f64) -> f64 {
    let mut boost = token.entry.boost;
    if boost == 0.0 {
        return 0.0;
    }
    if valence < 0.0 {
        boost = -boost;
    }
    if token.loud {
        boost += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    boost
}

fn negate(tokens: &[Token], at: usize, back: usize, valence: f64) -> f64 {
    let is = |before: usize, word: &str| tokens[at - before].text == word;
    let so = |before: usize| is(before, "so") || is(before, "this");
    let negated = tokens[at - back - 1].entry.negates;
    match back {
        1 if is(2, "never") && so(1) => valence * 1.25,
        1 if is(2, "without") && is(1, "doubt") => valence,
        // The reference asks of the word just before whatever stands third.
        2 if is(3, "never") && so(2) || so(1) => valence * 1.25,
        2 if is(3, "without") && (is(2, "doubt") || is(1, "doubt")) => valence,
        _ if negated => valence * NEGATED,
        _ => valence,
    }
}

/// Idioms that have a valence of their own, and "sort of" with its kin.
fn phrases(tokens: &[Token], at: usize, valence: f64) -> f64 {
    let of = |first: usize, last: usize| {
        let words = tokens[first..=last].iter().map(|token| &*token.text);
        valence_of_phrase(words)
    };
    let mut out = valence;
    let before = [(at - 1, at), (at - 2, at), (at - 2, at - 1), (at - 3, at - 1), (at - 3, at - 2)];
    if let Some(special) = before.into_iter().find_map(|(first, last)| of(first, last)) {
        out = special;
    }
    for last in [at + 1, at + 2] {
        if last < tokens.len()
            && let Some(special) = of(at, last)
        {
            out = special;
        }
    }
    for (first, last) in [(at - 3, at - 1), (at - 3, at - 2), (at - 2, at - 1)] {
        out += lexicon::boost_of_phrase(tokens[first..=last].iter().map(|token| &*token.text));
    }
    out
}

fn least(tokens: &[Token], at: usize, valence: f64) -> f64 {
    let before = |back: usize| at.checked_sub(back).map(|index| &*tokens[index].text);
    let apart = !matches!(before(2), Some("at" | "very"));
    if before(1) == Some("least") && apart { valence * NEGATED } else { valence }
}

/// What stands before the first "but" counts half, what stands behind it half as much again.
///
/// The reference looks each score up by its value, so of equal ones the first is changed, perhaps
/// twice; held to here too.
fn weigh_but(tokens: &[Token], scores: &mut [f64]) {
    let Some(but) = tokens.iter().position(|token| token.text == "but") else { return };
    for index in 0..scores.len() {
        let score = scores[index];
        if score == 0.0 {
            continue;
        }
        let first = scores.iter().position(|other| *other == score).unwrap_or(index);
        if first < but {
            scores[first] = score * 0.5;
        } else if first > but {
            scores[first] = score * 1.5;
        }
    }
}

fn emphasis(text: &str) -> f64 {
    let (mut exclamations, mut questions) = (0usize, 0usize);
    for byte in text.bytes() {
        exclamations += usize::from(byte == b'!');
        questions += usize::from(byte == b'?');
    }
    let of_questions = match questions {
        0 | 1 => 0.0,
        2 | 3 => questions as f64 * 0.18,
        _ => 0.96,
    };
    exclamations.min(4) as f64 * 0.292 + of_questions
}

#[cfg(test)]
mod tests {
    use super::compound;

    #[test]
    fn scores_are_those_of_the_reference() {
        let vectors = include_str!("../../tests/fixtures/checks/vader.tsv");
        let mut seen = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let (score, text) = line.split_once('\t').unwrap();
            let score: f64 = score.parse().unwrap();
            assert!((compound(text) - score).abs() < 1e-9, "{text}: {} and not {score}", compound(text));
            seen += 1;
        }
        assert!(seen > 600, "{seen}");
    }
}
