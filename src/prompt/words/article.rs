//! Whether a word takes "a" or "an": by its sound, which its spelling mostly tells.

/// Words with a silent h, by how they begin.
const SILENT_H: &[&str] = &["hour", "honest", "honor", "honour", "heir"];

/// Words that begin with a vowel's letter and a consonant's sound, by how they begin.
const CONSONANT: &[&str] = &[
    "eu",
    "ewe",
    "ouija",
    "ubiqui",
    "uefa",
    "ufo",
    "uganda",
    "ukrain",
    "ukulele",
    "unanim",
    "unesco",
    "unicef",
    "unicorn",
    "unicycl",
    "unif",
    "unilat",
    "union",
    "uniq",
    "unis",
    "unit",
    "univ",
    "uniped",
    "unicameral",
    "unidirection",
    "unidimension",
    "uranium",
    "uranus",
    "ureth",
    "urin",
    "uruguay",
    "usa",
    "use",
    "using",
    "usu",
    "usurp",
    "usury",
    "utah",
    "utens",
    "uter",
    "utili",
    "utop",
    "uvul",
    "uzbek",
];
/// The same for whole words.
const CONSONANT_WORDS: &[&str] = &["one", "once", "oneness", "uk", "us-based", "u"];

/// Short abbreviations in capitals that are read as words; longer ones are, where they can be.
const READ_AS_WORDS: &[&str] =
    &["FEMA", "FIFA", "MIDI", "NASA", "NATO", "RAM", "ROM", "SARS", "SIM", "SWAT", "SWOT", "UEFA"];

/// Whether "an" goes before a text.
pub fn is_an(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | ',')).collect();
    let word = word.trim_end_matches(['.', ',']);
    let Some(first) = word.chars().next() else { return false };
    if first.is_ascii_digit() {
        return number(word);
    }
    let letters: String = word.chars().filter(|c| *c != '.').collect();
    let capitals = letters.chars().all(|c| c.is_uppercase() || c.is_ascii_digit())
        && (letters.len() <= 4 || !letters.contains(['A', 'E', 'I', 'O', 'U']));
    let spelled = letters.chars().count() > 1 && (capitals || word.contains('.') && plain_initials(word));
    let single = letters.chars().count() == 1;
    if (spelled || single) && !READ_AS_WORDS.contains(&letters.as_str()) {
        return "AEFHILMNORSX".contains(first.to_ascii_uppercase());
    }
    // Plurals of abbreviations, such as `MPs`.
    let small: String = letters.chars().skip_while(|c| c.is_uppercase()).collect();
    if small == "s" && letters.chars().count() > 2 {
        return "AEFHILMNORSX".contains(first);
    }
    by_spelling(&letters.to_lowercase())
}

/// Whether a word is single letters with dots between them, such as `e.g` or `U.S`.
fn plain_initials(word: &str) -> bool {
    word.split('.').all(|part| part.chars().count() <= 1)
}

fn by_spelling(word: &str) -> bool {
    let begins = |known: &[&str]| known.iter().any(|beginning| word.starts_with(beginning));
    let folded = word.chars().next().map(|c| match c {
        'á' | 'à' | 'â' | 'ä' | 'å' | 'æ' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        other => other,
    });
    match folded {
        Some('h') => begins(SILENT_H),
        // `ytterbium`: a y before a consonant is a vowel.
        Some('y') => word.chars().nth(1).is_some_and(|c| !"aeiou".contains(c)),
        Some('a' | 'e' | 'i' | 'o' | 'u') => !begins(CONSONANT) && !CONSONANT_WORDS.contains(&word),
        _ => false,
    }
}

/// Eight, eleven and eighteen begin with a vowel, and so do eighty, eight hundred and so on.
fn number(word: &str) -> bool {
    let digits: String = word.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    let leading = match plain.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let group = &plain[..leading.min(plain.len())];
    let year = plain.len() == 4 && !digits.contains(',');
    group.starts_with('8') || matches!(group, "11" | "18") || year && ["11", "18"].contains(&&plain[..2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_decides() {
        let an = "apple angry eager idea odd umbrella hour honest heir heirloom honour hourly MRI FBI HTML SMS X-ray \
                  x-ray F1 8 80 8th 811 11 18 18th 11,000 1863 1100 18,500 800,000 unhappy uninvited unimportant unidentified \
                  umbrella urgent urban usher ounce onerous only e-mail email LGBT MPs RSVP S.O.S NDA öde Ärger éclair \
                  ytterbium 'honest' (old) \"angry\" IOU AI SUV uncle unless under ugly anxious ex-boss R&B ANGRY LGBTQ";
        for word in an.split_whitespace() {
            assert!(is_an(word), "an {word}");
        }
        let a = "joy house happy university unique union uniform unit unicorn unanimous European euphoric euro ewe one \
                 once one-off user useful usual utopia ukulele U-turn UFO USB URL UK UN NASA NATO UNESCO PDF DVD BBC CEO 7 1 \
                 10 100 110 1,100 1,800 2018 1,118 year young yoga hero history hotel heroic Ukrainian U.S. 'one' ouija unions' \
                 T-shirt 3D HAPPY RADAR HIPAA usable user-friendly";
        for word in a.split_whitespace() {
            assert!(!is_an(word), "a {word}");
        }
    }
}
