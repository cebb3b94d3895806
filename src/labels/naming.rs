//! Words that name a label.
//!
//! What counts as naming is said here once, for the check that limits it and for the audit that measures
//! it, so that a dataset within the limit of one is within the bounds of the other.

/// Endings that a stem takes.
const ENDINGS: &[&str] = &[
    "", "e", "es", "ed", "er", "ers", "s", "d", "y", "ies", "ied", "ier", "iest", "ily", "iness", "ing",
    "ings", "ingly", "edly", "ely", "ful", "fully", "fulness", "less", "some", "ment", "ments", "ement",
    "ance", "ances", "ence", "ant", "ent", "ation", "ations", "ion", "ions", "ive", "ively", "able", "ably",
    "ous", "ously", "ness", "ly", "al", "ating", "ated", "ate", "ates", "ity", "m", "t", "tic", "ts", "est",
    "en", "ened",
];

/// Endings that are taken off to find a stem, longest first.
const TAKEN: &[&str] = &[
    "fulness", "ousness", "ation", "ness", "ment", "ance", "ence", "ity", "ing", "ion", "ive", "ful", "ous",
    "ed", "ly", "y", "e", "s",
];

/// Names whose forms no ending gives.
const KIN: &[(&str, &[&str])] = &[
    ("anger", &["anger", "angr"]),
    ("angry", &["anger", "angr"]),
    ("anxiety", &["anxiet", "anxious"]),
    ("boredom", &["boredom", "bored", "boring"]),
    ("caring", &["care", "caring"]),
    ("curiosity", &["curious", "curiosit"]),
    ("embarrassment", &["embarrass"]),
    ("gratitude", &["gratitude", "grateful"]),
    ("grateful", &["gratitude", "grateful"]),
    ("grief", &["grief", "griev"]),
    ("happiness", &["happ"]),
    ("loneliness", &["lonel"]),
    ("love", &["lov"]),
    ("nervousness", &["nervous"]),
    ("optimism", &["optimis"]),
    ("pride", &["prid", "proud"]),
    ("proud", &["prid", "proud"]),
    ("realization", &["realiz", "realis"]),
    ("relief", &["relief", "reliev"]),
    ("sad", &["sad", "sadd"]),
    ("sadness", &["sad", "sadd"]),
    ("serenity", &["serene", "serenit"]),
    ("terror", &["terror", "terrif"]),
    ("vigilance", &["vigilan"]),
];

/// What stems and endings make that is another word.
const OTHERS: &[&str] = &["admiral", "career", "careers", "happen", "happened"];

/// Letters of a word, at least: shorter ones ("of", "no") name nothing.
const LEAST: usize = 3;

/// All forms of the words of a label's name, in lower case with straight apostrophes: "proud" of "pride",
/// "angrily" of "anger". A name of several words has those of each that is long enough.
pub fn forms(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= LEAST);
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let own = [stem(word)];
        let kin = KIN.iter().find(|(name, _)| *name == word);
        let stems: &[&str] = kin.map_or(&own, |(_, stems)| stems);
        let made = stems.iter().flat_map(|stem| ENDINGS.iter().map(move |ending| format!("{stem}{ending}")));
        out.extend([word.to_owned(), format!("{word}'s")]);
        out.extend(made.filter(|form| !OTHERS.contains(&form.as_str())));
    }
    out
}

/// The word without its ending, where four letters are left.
fn stem(word: &str) -> &str {
    let mut shorter = TAKEN.iter().filter_map(|ending| word.strip_suffix(ending));
    shorter.find(|stem| stem.chars().count() >= 4).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_named_by_its_forms() {
        for (label, named, others) in [
            ("joy", &["joy", "joyful", "joyous"][..], &["enjoy", "join", "happy"][..]),
            ("love", &["loved", "lovely", "love's"], &["glove", "clover", "live"]),
            ("anger", &["angry", "angrily"], &["hunger", "danger"]),
            ("caring", &["care", "careful", "caring"], &["car", "cards", "scare", "career"]),
            ("Self_Doubt", &["doubt", "doubting"], &["double"]),
            ("pride", &["proud", "pride"], &["price"]),
            ("sadness", &["sad", "sadly", "saddest"], &["sand", "saddle"]),
            ("admiration", &["admire", "admirably"], &["admiral"]),
            ("happiness", &["happy", "happily"], &["happen", "happened"]),
            ("fear of loss", &["fearful", "loss"], &["of"]),
        ] {
            let forms = forms(label);
            let has = |word: &&&str| forms.iter().any(|form| form == **word);
            assert_eq!(named.iter().find(|word| !has(word)), None, "{label}");
            assert_eq!(others.iter().find(has), None, "{label}");
        }
        assert!(forms("no").is_empty() && forms("--").is_empty());
    }
}
