//! How often people name the label that a text was given.
//!
//! Counted over GoEmotions' train split (43,410 rows, Demszky et al. 2020): of the rows of each label,
//! the share that has one of the forms of its name. Facts of it only; no row is kept here.

/// The least that is allowed: where a label was named in none of some 3,000 rows, it may still be so in
/// one of a thousand (the rule of three).
const LEAST: f64 = 0.001;

/// Of all labels together: for those that are not among them.
const ALL: f64 = 0.063;

const SHARES: &[(&str, f64)] = &[
    ("admiration", 0.0022),
    ("amusement", 0.0013),
    ("anger", 0.0345),
    ("annoyance", 0.0296),
    ("approval", 0.0),
    ("caring", 0.0736),
    ("confusion", 0.0702),
    ("curiosity", 0.0634),
    ("desire", 0.0047),
    ("disappointment", 0.0623),
    ("disapproval", 0.0),
    ("disgust", 0.1375),
    ("embarrassment", 0.2211),
    ("excitement", 0.1137),
    ("fear", 0.0520),
    ("gratitude", 0.0011),
    ("grief", 0.0260),
    ("joy", 0.0110),
    ("love", 0.7790),
    ("nervousness", 0.1159),
    ("neutral", 0.0004),
    ("optimism", 0.0063),
    ("pride", 0.4685),
    ("realization", 0.1288),
    ("relief", 0.0980),
    ("remorse", 0.0037),
    ("sadness", 0.2278),
    ("surprise", 0.1783),
];

/// The share of a label's rows that name it, in millionths.
pub fn share(label: &str) -> u64 {
    let known = SHARES.iter().find(|(name, _)| name.eq_ignore_ascii_case(label));
    let share = known.map_or(ALL, |(_, share)| share.max(LEAST));
    (share * 1e6).round() as u64
}
