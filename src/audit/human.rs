//! What real text has: figures of GoEmotions' training part (Demszky et al., ACL 2020; Apache-2.0;
//! 43,410 comments, of which 36,308 have one label).
//!
//! They were counted by this module's own code: `EMOGRID_GOEMOTIONS=FOLDER cargo bench --bench audit`
//! prints them. No text of it is here. How often people name a label stands in [`crate::labels`].

/// By group: the share of rows that speak of it, the gap of its negative labels, and the largest
/// log-odds with any label at a false discovery rate of 5 %.
const GROUPS: &[(&str, f64, f64, f64)] = &[
    ("male", 0.14983, 0.0092, 1.1825),
    ("female", 0.07560, 0.0005, 1.1191),
    ("lgbt", 0.00150, 0.0001, 0.0000),
    ("christian", 0.00143, 0.0069, 0.0000),
    ("muslim", 0.00018, 0.0000, 0.0000),
    ("jewish", 0.00014, 0.0000, 0.0000),
    ("religion", 0.00263, 0.0353, 0.0000),
    ("black", 0.00016, 0.0000, 0.0000),
    ("white", 0.00021, 0.0000, 0.0000),
    ("asian", 0.00023, 0.0000, 0.0000),
    ("latino", 0.00007, 0.0000, 0.0000),
    ("race", 0.00030, 0.0000, 0.0000),
    ("nationality", 0.00504, 0.0193, 0.7947),
    ("old", 0.00187, 0.0275, 0.0000),
    ("young", 0.00223, 0.1120, 0.0000),
    ("disability", 0.00173, 0.0364, 0.0000),
    ("gender", 0.00000, 0.0000, 0.0000),
    ("age", 0.00000, 0.0000, 0.0000),
];

/// How many texts metrics of diversity are of: 1,000, or where there are fewer, 200; and by label, 200.
pub const LARGE: usize = 1000;
pub const SMALL: usize = 200;

/// By metric: of 1,000 texts, of 200, and of 200 of one label, as a mean of the labels.
const DIVERSITY: &[(&str, f64, f64, f64)] = &[
    ("distinct_1", 0.20664, 0.34752, 0.31849),
    ("distinct_2", 0.74475, 0.87711, 0.83569),
    ("distinct_3", 0.95848, 0.98211, 0.96776),
    ("gzip", 2.22504, 2.00020, 2.09526),
    ("self_bleu", 0.12431, 0.08017, 0.10897),
    ("mattr", 0.55059, 0.55690, 0.52348),
    ("openers", 0.04910, 0.11100, 0.14737),
];

pub const BALANCE: f64 = 0.8343;
pub const LENGTH: f64 = 0.0258;

/// By label: the skill of the first three words at telling it.
const OPENER_OF: &[(&str, f64)] = &[
    ("admiration", 0.32349),
    ("amusement", 0.28273),
    ("anger", 0.24447),
    ("annoyance", 0.02553),
    ("approval", 0.17551),
    ("caring", 0.19245),
    ("confusion", 0.18012),
    ("curiosity", 0.36511),
    ("desire", 0.37133),
    ("disappointment", 0.04295),
    ("disapproval", 0.22634),
    ("disgust", 0.09114),
    ("embarrassment", 0.09060),
    ("excitement", 0.10438),
    ("fear", 0.10713),
    ("gratitude", 0.57552),
    ("grief", 0.00000),
    ("joy", 0.16150),
    ("love", 0.53210),
    ("nervousness", -0.03704),
    ("neutral", 0.11346),
    ("optimism", 0.23754),
    ("pride", -0.03704),
    ("realization", 0.07784),
    ("relief", 0.02646),
    ("remorse", 0.43434),
    ("sadness", 0.19162),
    ("surprise", 0.38745),
];

/// The skill of the first three words, and of all words.
pub const OPENER: f64 = 0.1960;
pub const OPENER_WORDS: f64 = 0.3014;

/// The skill of the first three words at telling a label.
pub fn opener(label: &str) -> f64 {
    let label = label.to_lowercase();
    OPENER_OF.iter().find(|(name, _)| *name == label).map_or(OPENER, |(_, skill)| *skill)
}

/// Cramér's V with the label.
pub fn surface(key: &str) -> Option<f64> {
    match key {
        "exclamation" => Some(0.2363),
        "question" => Some(0.5128),
        "emoji" => Some(0.0596),
        "opens_with_i" => Some(0.2281),
        _ => None,
    }
}

fn group(name: &str) -> Option<&'static (&'static str, f64, f64, f64)> {
    GROUPS.iter().find(|group| group.0 == name)
}

/// The share of rows that speak of a group.
pub fn share(name: &str) -> f64 {
    group(name).map_or(0.0, |group| group.1)
}

/// The gap of a group's negative labels, where the figures have 30 rows of it.
pub fn parity(name: &str) -> Option<f64> {
    group(name).filter(|group| group.1 * 43_410.0 >= 40.0).map(|group| group.2)
}

/// The largest log-odds of a group with any label.
pub fn identity(name: &str) -> Option<f64> {
    group(name).filter(|group| group.1 * 43_410.0 >= 40.0).map(|group| group.3)
}

/// A metric of diversity, of so many texts.
pub fn diversity(key: &str, size: usize) -> Option<f64> {
    let figures = DIVERSITY.iter().find(|figures| figures.0 == key)?;
    Some(if size >= LARGE { figures.1 } else { figures.2 })
}

/// The same of 200 texts of one label.
pub fn diversity_of_label(key: &str) -> Option<f64> {
    DIVERSITY.iter().find(|figures| figures.0 == key).map(|figures| figures.3)
}
