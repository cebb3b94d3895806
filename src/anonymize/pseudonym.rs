//! Other names in place of those found: of the same culture and gender, and the same under the same key.

use super::lexicon::{Facts, Lexicon, Sex, fold};
use super::parts::is_particle;
use super::token::tokens;

/// Says nothing of its key where it is shown.
pub struct Pseudonyms {
    key: [u8; 32],
    first: Vec<(&'static str, Facts)>,
    last: Vec<(&'static str, Facts)>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    pub fn new(secret: &str) -> Self {
        let common =
            |weight: u32, facts: Facts| weight >= 3 && facts.word() == 0 && !facts.place() && !facts.other();
        let entries =
            || Lexicon::get().entries().filter(|(name, _)| name.len() > 2 && !name.contains(['\'', '-']));
        Self {
            key: blake3::derive_key("emogrid 2026 pseudonyms of names in texts", secret.as_bytes()),
            first: entries()
                .filter(|&(_, facts)| common(facts.first(), facts) && facts.culture() > 0)
                .collect(),
            last: entries()
                .filter(|&(_, facts)| common(facts.last(), facts) && facts.culture() > 0)
                .collect(),
        }
    }

    /// A name of as many words, written alike.
    pub fn of(&self, name: &str) -> String {
        let mut words = Vec::new();
        tokens(name, &mut words);
        let mut out = String::with_capacity(name.len() + 8);
        let mut from = 0;
        let mut folded = Vec::new();
        for (n, word) in words.iter().enumerate() {
            out.push_str(&name[from..word.start]);
            let original = &name[word.start..word.end];
            from = word.end;
            // What stands between the parts of a name tells of nobody; what begins or ends it is a part of it.
            let between = n > 0 && n + 1 < words.len();
            if between && original.starts_with(char::is_lowercase) && is_particle(original) {
                out.push_str(original);
                continue;
            }
            fold(original, &mut folded);
            let alone = words.len() == 1 && word.facts.last() > word.facts.first();
            let surname = alone || n > 0 && n + 1 == words.len();
            out.push_str(&written_like(self.pick(&folded, word.facts, surname), original));
        }
        out.push_str(&name[from..]);
        out
    }

    fn pick(&self, folded: &[u8], facts: Facts, surname: bool) -> &'static str {
        let pool = if surname { &self.last } else { &self.first };
        let culture = if facts.culture() == 0 { 1 } else { facts.culture() };
        let sex = |other: Facts| {
            surname || matches!(facts.sex(), Sex::Unknown | Sex::Either) || other.sex() == facts.sex()
        };
        // The highest hash wins (rendezvous), so that a longer list moves few names.
        let best = |fits: &dyn Fn(Facts) -> bool| {
            pool.iter()
                .filter(|(name, other)| fits(*other) && name.as_bytes() != folded)
                .max_by_key(|(name, _)| self.hash(folded, name))
                .map(|&(name, _)| name)
        };
        best(&|other| other.culture() == culture && sex(other))
            .or_else(|| best(&|other| other.culture() == culture))
            .or_else(|| best(&sex))
            .unwrap_or("alex")
    }

    fn hash(&self, folded: &[u8], name: &str) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(folded).update(b"\0").update(name.as_bytes());
        let bytes = *hasher.finalize().as_bytes();
        u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
    }
}

/// In the capitals of the name that it stands for.
fn written_like(name: &str, original: &str) -> String {
    let mut letters = original.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().is_some_and(char::is_uppercase);
    let rest = letters.clone().next().is_some() && letters.all(char::is_uppercase);
    match (first, rest) {
        (true, true) => name.to_uppercase(),
        (true, false) => {
            let mut chars = name.chars();
            chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
        }
        _ => name.to_owned(),
    }
}
