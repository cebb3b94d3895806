//! Texts that say their own label.

use super::metric::{Case, LEAKAGE, LEAKAGE_STEM, Measure, Metric, Verdict};
use super::statistics::wilson;
use super::table::{Column, Table};
use super::{Options, human, percent, token};

/// Endings that make a noun of what a text would say otherwise: "amusement" of "amused".
const ENDINGS: &[&str] =
    &["ation", "itude", "ment", "ness", "ance", "ence", "sity", "ity", "ion", "ing", "ism", "al", "e"];

/// Values that name no feeling, so that their word in a text gives nothing away.
const NAMELESS: &[&str] = &["neutral", "none", "other", "unknown"];

pub fn leakage(table: &Table, options: &Options) -> Vec<Measure> {
    let mut out = Vec::new();
    for column in table.labels() {
        for metric in [&LEAKAGE, &LEAKAGE_STEM] {
            if options.is_on(metric) {
                out.push(of_column(table, column, metric, options));
            }
        }
    }
    out
}

fn of_column(table: &Table, column: &Column, metric: &'static Metric, options: &Options) -> Measure {
    let stem = metric.key == LEAKAGE_STEM.key;
    let labels: Vec<Option<Phrase>> = column
        .values
        .iter()
        .map(|name| {
            (!NAMELESS.contains(&name.to_lowercase().as_str())).then(|| Phrase::new(name, stem, table))
        })
        .collect();
    let mut hits: Vec<Vec<usize>> = vec![Vec::new(); labels.len()];
    let mut rows = vec![0; labels.len()];
    for row in 0..table.rows() {
        for value in column.of(row) {
            let value = *value as usize;
            let Some(phrase) = &labels[value] else { continue };
            rows[value] += 1;
            if phrase.stands_in(table.tokens(row)) {
                hits[value].push(row);
            }
        }
    }
    let all: usize = rows.iter().sum();
    if all == 0 {
        return options.nothing(metric, &column.name, "no row has a label that names something");
    }
    let case =
        |hits: usize, rows: usize| Case::new(rows, hits as f64 / rows as f64).between(wilson(hits, rows));
    let expected = |value: usize| human::leakage(&column.values[value], stem);
    let parts: Vec<Case> = (0..rows.len())
        .filter(|value| rows[*value] > 0)
        .map(|value| {
            case(hits[value].len(), rows[value]).named(&column.values[value]).against(Some(expected(value)))
        })
        .collect();
    // What real text would have with these labels in these shares.
    let mixed = (0..rows.len()).map(|value| rows[value] as f64 * expected(value)).sum::<f64>() / all as f64;
    let found: usize = hits.iter().map(Vec::len).sum();
    let measure = options.measure(metric, &column.name, Some(case(found, all).against(Some(mixed))), parts);
    // Of each label, those that must go before it is within its bound.
    let bound = |value: usize| expected(value) + options.bounds(metric).warn;
    let mut offenders = Vec::new();
    for part in measure.parts.iter().filter(|part| part.verdict.is_alarm()) {
        let Some(value) = column.values.iter().position(|name| *name == part.case.name) else { continue };
        let (x, n, t) = (hits[value].len() as f64, rows[value] as f64, bound(value).min(0.99));
        let excess = ((x - t * n) / (1.0 - t)).ceil().max(0.0) as usize;
        offenders.extend(hits[value].iter().copied().take(excess));
    }
    let worst: Vec<String> = measure
        .parts
        .iter()
        .filter(|part| part.verdict.is_alarm())
        .take(3)
        .map(|part| format!("{} {}", part.case.name, percent(part.case.value)))
        .collect();
    let what = if stem { "the stem of their label" } else { "their label's own word" };
    let mut finding = format!(
        "{} of texts contain {what} (human text with these labels: {})",
        percent(found as f64 / all as f64),
        percent(mixed)
    );
    if !worst.is_empty() {
        finding.push_str(&format!("; most: {}", worst.join(", ")));
    }
    let advice = "tell the model not to name the feeling (prompt.user), or reject it: \
                  `checks.label_leakage: { at_most: human }`";
    let measure = measure.saying(finding, advice);
    if offenders.is_empty() && measure.verdict >= Verdict::Warn {
        let excess = (found as f64 - (mixed + options.bounds(metric).warn) * all as f64).max(0.0) as usize;
        offenders = hits.into_iter().flatten().take(excess).collect();
    }
    measure.blaming(table, offenders)
}

/// A label's name as it is looked for in tokens: for each of its words, whether a token is one.
struct Phrase(Vec<Vec<bool>>);

impl Phrase {
    fn new(name: &str, stem: bool, table: &Table) -> Self {
        let matches = |word: &str| {
            (0..table.vocabulary() as u32).map(|token| names(table.token(token), word, stem)).collect()
        };
        Self(words_of(&name.to_lowercase()).map(matches).collect())
    }

    fn stands_in(&self, tokens: &[u32]) -> bool {
        let fits = |window: &[u32]| self.0.iter().zip(window).all(|(fits, token)| fits[*token as usize]);
        !self.0.is_empty() && tokens.windows(self.0.len()).any(fits)
    }
}

/// The words of a label's name in lower case.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a token is a word of a label's name, or a form of it.
fn names(token: &str, word: &str, stem: bool) -> bool {
    let wanted = stem.then(|| stemmed(word)).flatten();
    token.split(['\'', '’', '_']).any(|piece| match wanted {
        Some(stem) => piece.starts_with(stem),
        None => piece == word,
    })
}

/// Whether a text says a label's name, or forms of it; a name that names nothing is said by none.
pub fn says(name: &str, stem: bool, text: &str) -> bool {
    let (name, text) = (name.to_lowercase(), text.to_lowercase());
    let words: Vec<&str> = words_of(&name).collect();
    let tokens: Vec<&str> = token::tokens(&text).collect();
    let fits = |window: &[&str]| words.iter().zip(window).all(|(word, token)| names(token, word, stem));
    !words.is_empty() && !NAMELESS.contains(&name.as_str()) && tokens.windows(words.len()).any(fits)
}

/// The beginning that forms of a word share; `None` where it is too short to tell words by.
fn stemmed(word: &str) -> Option<&str> {
    let stem = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending)).find(|stem| stem.len() >= 4);
    Some(stem.unwrap_or(word)).filter(|stem| stem.len() >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Groups, Role};

    #[test]
    fn words_stems_and_phrases_are_found() {
        assert_eq!(stemmed("admiration"), Some("admir"));
        assert_eq!(stemmed("annoyance"), Some("annoy"));
        assert_eq!(stemmed("surprise"), Some("surpris"));
        assert_eq!(stemmed("love"), None);
        let mut table = Table::new([("l".into(), Role::Label)]);
        let texts = ["I admired it", "my love's", "no mixed feelings here", "glove", "mixed and feelings"];
        texts.iter().for_each(|text| table.push("", text, [["x"]], Groups::default()));
        let found = |name, stem| {
            let phrase = Phrase::new(name, stem, &table);
            (0..5).filter(|row| phrase.stands_in(table.tokens(*row))).collect::<Vec<_>>()
        };
        assert_eq!(found("admiration", true), [0]);
        assert_eq!(found("admiration", false), [0; 0]);
        assert_eq!(found("love", true), [1]);
        assert_eq!(found("Mixed_Feelings", false), [2]);
        assert_eq!(found("--", false), [0; 0]);
        for (name, stem) in [("admiration", true), ("love", true), ("Mixed_Feelings", false), ("--", false)] {
            let said = (0..5).filter(|row| says(name, stem, texts[*row])).collect::<Vec<_>>();
            assert_eq!(said, found(name, stem), "one text alone is read alike");
        }
        assert!(!says("neutral", false, "a neutral tone"));
    }
}
