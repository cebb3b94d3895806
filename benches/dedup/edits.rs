//! Labelled pairs: a text and an edit of it, and two texts of one scaffold with other content.

/// A small random generator (SplitMix64), so that every run has the same pairs.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

pub const KINDS: [&str; 10] = [
    "case",
    "punctuation",
    "one word changed",
    "reordered",
    "10 % of words edited",
    "20 % of words edited",
    "30 % of words edited",
    "cut to 70 %",
    "words put before",
    "one letter changed",
];

/// An edit of a text; `words` are drawn as often as they are used.
pub fn edited(kind: usize, text: &str, words: &[&str], random: &mut Random) -> String {
    let mut tokens: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match kind {
        0 => match random.below(3) {
            0 => return text.to_uppercase(),
            1 => return text.to_lowercase(),
            _ => {
                for token in &mut tokens {
                    let mut chars = token.chars();
                    if let Some(first) = chars.next() {
                        *token = first.to_uppercase().chain(chars).collect();
                    }
                }
            }
        },
        1 => {
            let marks = [",", "!", "...", "?!", ";", "!!!"];
            for token in &mut tokens {
                token.retain(|c| !c.is_ascii_punctuation() || c == '\'');
                if random.chance(25) {
                    token.push_str(random.of(&marks));
                }
            }
        }
        2 => {
            let at = random.below(tokens.len());
            tokens[at] = random.of(words).to_owned();
        }
        3 => {
            let at = 1 + random.below(tokens.len() - 1);
            tokens.rotate_left(at);
            if random.chance(50) {
                let (a, b) = (random.below(tokens.len()), random.below(tokens.len()));
                tokens.swap(a, b);
            }
        }
        4..=6 => {
            let percent = (kind - 3) * 10;
            let edits = (tokens.len() * percent).div_ceil(100);
            for _ in 0..edits {
                let at = random.below(tokens.len());
                match random.below(3) {
                    0 if tokens.len() > 1 => {
                        tokens.remove(at);
                    }
                    1 => tokens.insert(at, random.of(words).to_owned()),
                    _ => tokens[at] = random.of(words).to_owned(),
                }
            }
        }
        7 => tokens.truncate((tokens.len() * 7).div_ceil(10)),
        8 => {
            let openers =
                ["Honestly,", "Ok so", "I mean,", "Not gonna lie,", "Well you know,", "Edit:", "Lol"];
            tokens.insert(0, random.of(&openers).to_owned());
        }
        _ => {
            let long: Vec<usize> = (0..tokens.len()).filter(|at| tokens[*at].chars().count() > 3).collect();
            if !long.is_empty() {
                let token = &mut tokens[long[random.below(long.len())]];
                let mut chars: Vec<char> = token.chars().collect();
                let at = random.below(chars.len() - 1);
                chars.swap(at, at + 1);
                chars[at] = if random.chance(50) { chars[at] } else { 'x' };
                *token = chars.into_iter().collect();
            }
        }
    }
    tokens.join(" ")
}

const SCAFFOLDS: [&str; 24] = [
    "I can't believe the {thing} {did} right in front of my {person}",
    "My {person} said the {thing} was {how} and I just laughed",
    "Just got back from {place} and the {thing} was so {how}",
    "Why does every {person} at {place} have to be this {how}?",
    "Thank you so much for the {thing}, my {person} is going to love it",
    "I never thought I would miss the {thing} from {place} this much",
    "Today at {place} a {person} told me that my {thing} is {how}",
    "If you think the {thing} is {how}, wait until you see {place}",
    "I am so {how} about the {thing} that I can't sleep",
    "Does anyone else feel {how} when a {person} talks about {place}?",
    "We finally took the {thing} to {place} and it {did}",
    "The {person} from {place} lost the {thing} again, what a {how} day",
    "I spent all my money on a {thing} and now it {did}",
    "This is the most {how} {thing} I have ever seen in my life",
    "Good luck with the {thing}, I hope your {person} feels {how} soon",
    "Nobody told me that {place} would be this {how} in the morning",
    "After three weeks the {thing} {did} and nobody at {place} noticed",
    "It makes me {how} that the {person} never came back to {place}",
    "Can we talk about how {how} the {thing} looked at {place}?",
    "My {person} brought a {thing} to {place} and everyone clapped",
    "I should have known that the {person} would sell the {thing}",
    "Every time I walk past {place} I remember the {how} {person}",
    "There is nothing like a {how} {thing} after a long day at {place}",
    "I asked the {person} for a {thing} and got a {how} look instead",
];

const THINGS: [&str; 32] = [
    "guitar",
    "umbrella",
    "sandwich",
    "telescope",
    "bicycle",
    "curtain",
    "passport",
    "blanket",
    "printer",
    "chessboard",
    "teapot",
    "mattress",
    "lawnmower",
    "necklace",
    "headphones",
    "pumpkin",
    "camera",
    "ladder",
    "keyboard",
    "suitcase",
    "lantern",
    "sweater",
    "compass",
    "piano",
    "skateboard",
    "freezer",
    "notebook",
    "aquarium",
    "trumpet",
    "wallet",
    "drone",
    "puzzle",
];
const PEOPLE: [&str; 24] = [
    "neighbour",
    "dentist",
    "landlord",
    "cousin",
    "plumber",
    "teacher",
    "grandmother",
    "barista",
    "coach",
    "roommate",
    "surgeon",
    "nephew",
    "accountant",
    "librarian",
    "uncle",
    "cashier",
    "pilot",
    "stepbrother",
    "mechanic",
    "therapist",
    "intern",
    "baker",
    "lawyer",
    "babysitter",
];
const PLACES: [&str; 24] = [
    "Lisbon",
    "the hospital",
    "the gym",
    "my old school",
    "the harbour",
    "Berlin",
    "the farmers market",
    "the museum",
    "the dentist",
    "Norway",
    "the laundromat",
    "the airport",
    "the office",
    "Kyoto",
    "the beach",
    "the library",
    "the casino",
    "the swimming pool",
    "Chicago",
    "the courthouse",
    "the bakery",
    "the stadium",
    "grandpa's farm",
    "the aquarium",
];
const HOWS: [&str; 24] = [
    "gorgeous",
    "furious",
    "terrifying",
    "delicious",
    "boring",
    "ridiculous",
    "proud",
    "embarrassing",
    "lonely",
    "hilarious",
    "disgusting",
    "nervous",
    "grateful",
    "gloomy",
    "magical",
    "annoying",
    "surprising",
    "hopeless",
    "peaceful",
    "jealous",
    "thrilled",
    "shameful",
    "tender",
    "confusing",
];
const DIDS: [&str; 16] = [
    "exploded",
    "vanished",
    "started singing",
    "melted",
    "arrived late",
    "caught fire",
    "won a prize",
    "froze",
    "turned green",
    "fell apart",
    "rolled away",
    "sank",
    "got stolen",
    "woke everyone",
    "broke in half",
    "came alive",
];

/// Two texts of one scaffold that have no content in common.
pub fn scaffolded(random: &mut Random) -> (String, String) {
    let scaffold = random.of(&SCAFFOLDS);
    let (mut one, mut other) = (scaffold.to_owned(), scaffold.to_owned());
    let slots: [(&str, &[&str]); 5] = [
        ("{thing}", &THINGS),
        ("{person}", &PEOPLE),
        ("{place}", &PLACES),
        ("{how}", &HOWS),
        ("{did}", &DIDS),
    ];
    for (slot, list) in slots {
        let a = random.below(list.len());
        let b = (a + 1 + random.below(list.len() - 1)) % list.len();
        one = one.replace(slot, list[a]);
        other = other.replace(slot, list[b]);
    }
    (one, other)
}

/// A text and the same with every word changed that is not among the most common ones.
pub fn refilled(
    text: &str,
    is_common: impl Fn(&str) -> bool,
    words: &[&str],
    random: &mut Random,
) -> Option<String> {
    let mut changed = 0;
    let tokens: Vec<&str> = text
        .split_whitespace()
        .map(|token| {
            let bare = token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            if is_common(&bare) {
                return token;
            }
            changed += 1;
            loop {
                let word = random.of(words);
                if !is_common(word) && word != bare {
                    return word;
                }
            }
        })
        .collect();
    (changed >= 3 && changed * 3 >= tokens.len()).then(|| tokens.join(" "))
}

const FLIPS: [(&str, &str); 16] = [
    ("love", "hate"),
    ("hate", "love"),
    ("good", "bad"),
    ("bad", "good"),
    ("happy", "sad"),
    ("sad", "happy"),
    ("great", "terrible"),
    ("best", "worst"),
    ("worst", "best"),
    ("is", "isn't"),
    ("was", "wasn't"),
    ("can", "can't"),
    ("can't", "can"),
    ("don't", "do"),
    ("not", "so"),
    ("never", "always"),
];

/// The text with one word turned into its opposite.
pub fn flipped(text: &str) -> Option<String> {
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let (at, other) = tokens.iter().enumerate().find_map(|(at, token)| {
        FLIPS.iter().find(|(word, _)| token.eq_ignore_ascii_case(word)).map(|(_, other)| (at, *other))
    })?;
    let mut tokens = tokens;
    tokens[at] = other;
    Some(tokens.join(" "))
}
