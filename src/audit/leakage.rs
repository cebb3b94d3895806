//! Texts that say their own label.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::metric::{Case, LEAKAGE, LEAKAGE_STEM, Measure, Metric, Verdict};
use super::statistics::wilson;
use super::table::{Column, Table};
use super::{Options, percent, token};
use crate::labels;

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
    let lower: Vec<String> = column.values.iter().map(|name| name.to_lowercase()).collect();
    let names_something: Vec<bool> = lower.iter().map(|name| !NAMELESS.contains(&name.as_str())).collect();
    let names = Names::new(&lower, stem, table);
    let mut hits: Vec<Vec<usize>> = vec![Vec::new(); lower.len()];
    let mut rows = vec![0; lower.len()];
    for row in 0..table.rows() {
        for value in column.of(row) {
            let value = *value as usize;
            if !names_something[value] {
                continue;
            }
            rows[value] += 1;
            if names.stands_in(value, table.tokens(row)) {
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
    let expected = |value: usize| {
        let (name, forms) = labels::naming(&column.values[value]);
        if stem { forms } else { name }
    };
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
    let what = if stem { "a form of their label's name" } else { "their label's own word" };
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

/// Labels' names as they are looked for in tokens.
struct Names {
    /// By token: of which labels' names it is a word, with the word's place there. Forms are one word,
    /// whichever of the name's words they are of.
    said: Vec<Vec<(usize, usize)>>,
    /// By label, the words of its name.
    words: Vec<usize>,
}

impl Names {
    /// Names are in lower case. Each token is looked up once, however many labels there are.
    fn new(names: &[String], stem: bool, table: &Table) -> Self {
        let mut meant: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        let mut words = vec![0; names.len()];
        for (label, name) in names.iter().enumerate() {
            if stem {
                let forms = labels::forms(name);
                words[label] = 1;
                forms.into_iter().for_each(|form| meant.entry(form).or_default().push((label, 0)));
            } else {
                for word in words_of(name) {
                    meant.entry(word.to_owned()).or_default().push((label, words[label]));
                    words[label] += 1;
                }
            }
        }
        let said = |token| pieces(token, stem).filter_map(|piece| meant.get(&*piece)).flatten().copied();
        let tokens = (0..table.vocabulary() as u32).map(|token| table.token(token));
        Self { said: tokens.map(|token| said(token).collect()).collect(), words }
    }

    fn stands_in(&self, label: usize, tokens: &[u32]) -> bool {
        let fits = |(place, token): (usize, &u32)| self.said[*token as usize].contains(&(label, place));
        let words = self.words[label];
        words > 0 && tokens.windows(words).any(|window| window.iter().enumerate().all(fits))
    }
}

/// The words of a label's name in lower case.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// What stands between underscores in a token. A form may have an apostrophe, which is straight then; a name
/// has what is before and behind it.
fn pieces(token: &str, stem: bool) -> impl Iterator<Item = Cow<'_, str>> {
    let pieces = token.split(move |c| c == '_' || !stem && matches!(c, '\'' | '’'));
    pieces.map(|piece| match piece.contains('’') {
        true => piece.replace('’', "'").into(),
        false => piece.into(),
    })
}

/// Whether a token is this word of a label's name, with whatever an apostrophe adds to it.
fn is_word(token: &str, word: &str) -> bool {
    pieces(token, false).any(|piece| piece == word)
}

/// Whether a token is a form of a label's name.
fn is_form(token: &str, forms: &HashSet<String>) -> bool {
    pieces(token, true).any(|piece| forms.contains(&*piece))
}

/// Whether a text says a label's name, or forms of it; a name that names nothing is said by none.
pub fn says(name: &str, stem: bool, text: &str) -> bool {
    let (name, text) = (name.to_lowercase(), text.to_lowercase());
    let tokens: Vec<&str> = token::tokens(&text).collect();
    if NAMELESS.contains(&name.as_str()) {
        return false;
    }
    if stem {
        let forms = labels::forms(&name).into_iter().collect();
        return tokens.iter().any(|token| is_form(token, &forms));
    }
    let words: Vec<&str> = words_of(&name).collect();
    let fits = |window: &[&str]| words.iter().zip(window).all(|(word, token)| is_word(token, word));
    !words.is_empty() && tokens.windows(words.len()).any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Groups, Role};

    #[test]
    fn names_forms_and_phrases_are_found() {
        let mut table = Table::new([("l".into(), Role::Label)]);
        let texts = [
            "I admired it",
            "my love's",
            "no mixed feelings here",
            "glove",
            "mixed and feelings",
            "I am SO angry",
            "sad",
            "a proud day",
            "it’s joy’s end",
        ];
        texts.iter().for_each(|text| table.push("", text, [["x"]], Groups::default()));
        for (name, stem, rows) in [
            ("admiration", true, &[0][..]),
            ("admiration", false, &[]),
            ("love", true, &[1]),
            ("love", false, &[1]),
            ("Mixed_Feelings", false, &[2]),
            ("Mixed_Feelings", true, &[2, 4]),
            ("anger", true, &[5]),
            ("anger", false, &[]),
            ("sadness", true, &[6]),
            ("pride", true, &[7]),
            ("joy", true, &[8]),
            ("--", false, &[]),
            ("--", true, &[]),
        ] {
            let names = Names::new(&["--".to_owned(), name.to_lowercase()], stem, &table);
            let found: Vec<usize> =
                (0..texts.len()).filter(|row| names.stands_in(1, table.tokens(*row))).collect();
            assert_eq!(found, rows, "{name}");
            let said: Vec<usize> = (0..texts.len()).filter(|row| says(name, stem, texts[*row])).collect();
            assert_eq!(said, rows, "{name}: one text alone is read alike");
        }
        assert!(!says("neutral", false, "a neutral tone"));
    }
}
