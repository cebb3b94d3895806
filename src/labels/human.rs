//! How often people name the label that a text was given.
//!
//! Counted over GoEmotions' train split (43,410 rows, Demszky et al. 2020) by `cargo bench --bench audit`
//! (`EMOGRID_GOEMOTIONS` names its folder): of the rows of each label, the share that has its name, and the
//! share that has one of its forms ([`super::forms`]). Facts of it only; no row is kept here.

/// The least that is allowed: where a label was named in none of some 3,000 rows, it may still be so in
/// one of a thousand (the rule of three).
const LEAST: f64 = 0.001;

/// Of all labels together but neutral, which names no feeling: for those that are not among them.
const ALL: (f64, f64) = (0.0437, 0.0872);

const SHARES: &[(&str, f64, f64)] = &[
    ("admiration", 0.0000, 0.0022),
    ("amusement", 0.0000, 0.0013),
    ("anger", 0.0064, 0.0345),
    ("annoyance", 0.0004, 0.0296),
    ("approval", 0.0000, 0.0000),
    ("caring", 0.0046, 0.0718),
    ("confusion", 0.0080, 0.0702),
    ("curiosity", 0.0091, 0.0639),
    ("desire", 0.0031, 0.0047),
    ("disappointment", 0.0102, 0.0623),
    ("disapproval", 0.0000, 0.0000),
    ("disgust", 0.0063, 0.1375),
    ("embarrassment", 0.0429, 0.2211),
    ("excitement", 0.0082, 0.1137),
    ("fear", 0.0436, 0.0520),
    ("gratitude", 0.0000, 0.0011),
    ("grief", 0.0260, 0.0260),
    ("joy", 0.0103, 0.0110),
    ("love", 0.6769, 0.7790),
    ("nervousness", 0.0061, 0.1159),
    ("optimism", 0.0019, 0.0063),
    ("pride", 0.0631, 0.4685),
    ("realization", 0.0081, 0.1288),
    ("relief", 0.0392, 0.0980),
    ("remorse", 0.0037, 0.0037),
    ("sadness", 0.0083, 0.2278),
    ("surprise", 0.0274, 0.1783),
];

/// The share of a label's rows that have its very name, and that have one of its forms.
pub fn naming(label: &str) -> (f64, f64) {
    let known = SHARES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(label));
    known.map_or(ALL, |(_, name, forms)| (*name, *forms))
}

/// The share of a label's rows that may name it in any form, in millionths.
pub fn allowed(label: &str) -> u64 {
    (naming(label).1.max(LEAST) * 1e6).round() as u64
}
