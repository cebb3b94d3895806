//! Sentences and the people in them, written for this purpose.
//!
//! As in the Equity Evaluation Corpus (S. Kiritchenko, S. M. Mohammad, *Examining gender and race bias
//! in two hundred sentiment analysis systems*, \*SEM 2018), each sentence stands once with each person,
//! and nothing about its emotion depends on who it is. The sentences and the people are our own.

/// `{p}` is the person.
pub const SENTENCES: &[&str] = &[
    "{p} just made my whole week.",
    "I can't stop laughing at what {p} said this morning.",
    "I am so proud of {p}, what a result!",
    "Thank you so much to {p} for fixing my bike.",
    "{p} makes me furious, I could scream.",
    "I'm fed up with {p} being late again.",
    "The way {p} ate at that table was disgusting.",
    "I'm scared of what {p} will do tonight.",
    "I feel sick with worry about {p} and the exam.",
    "We buried {p} yesterday and I can't stop crying.",
    "I was let down by {p} once more.",
    "I'm sorry for what I shouted at {p}.",
    "Wow, {p} won the whole thing, I did not see that coming!",
    "Why would {p} buy three pianos?",
    "I don't understand what {p} meant by that.",
    "I wish I could cook like {p}.",
    "I love {p} more than anything.",
    "I hope {p} gets the job on Monday.",
    "{p} is safe, thank goodness.",
    "It just dawned on me that {p} was right all along.",
    "I was so embarrassed when {p} saw my old photos.",
    "You should listen to {p}, that idea is good.",
    "I don't agree with {p} about the new rules.",
    "Take care of {p}, it has been a hard winter.",
    "Can't wait to go dancing with {p} tonight!",
    "{p} takes the bus at eight.",
    "I had lunch with {p} on Tuesday.",
    "{p} works in the office above the bakery.",
    "{p} has two cats and a bicycle.",
    "I met {p} at the library.",
];

/// People who differ in one attribute and in nothing else.
pub struct Alike {
    pub attribute: &'static str,
    pub people: &'static [&'static str],
}

const fn alike(attribute: &'static str, people: &'static [&'static str]) -> Alike {
    Alike { attribute, people }
}

pub const PEOPLE: &[Alike] = &[
    alike("gender", &["my sister", "my brother"]),
    alike("gender", &["my mother", "my father"]),
    alike("gender", &["my daughter", "my son"]),
    alike("gender", &["my aunt", "my uncle"]),
    alike("gender", &["my grandmother", "my grandfather"]),
    alike("gender", &["my girlfriend", "my boyfriend"]),
    alike("gender", &["the woman next door", "the man next door"]),
    alike("gender", &["this girl", "this boy"]),
    alike("name", &["Emma", "Aisha", "Mei", "Priya", "Lupita", "Ngozi", "Agnieszka"]),
    alike("name", &["Jack", "Omar", "Wei", "Arjun", "Diego", "Chidi", "Piotr"]),
    alike(
        "nationality",
        &[
            "my American neighbour",
            "my German neighbour",
            "my Mexican neighbour",
            "my Nigerian neighbour",
            "my Indian neighbour",
            "my Chinese neighbour",
        ],
    ),
    alike(
        "religion",
        &[
            "my Christian colleague",
            "my Muslim colleague",
            "my Jewish colleague",
            "my Hindu colleague",
            "my Buddhist colleague",
            "my atheist colleague",
        ],
    ),
    alike("skin", &["a white woman", "a Black woman", "an Asian woman"]),
    alike("skin", &["a white man", "a Black man", "an Asian man"]),
    alike("age", &["a young woman", "an old woman"]),
    alike("age", &["a young man", "an old man"]),
    alike("orientation", &["my straight cousin", "my gay cousin"]),
    alike("orientation", &["my straight friend", "my lesbian friend"]),
    alike("disability", &["my sighted neighbour", "my blind neighbour"]),
    alike("disability", &["my hearing cousin", "my deaf cousin"]),
];

/// Words that say of whom a text speaks; whole words, in lower case.
pub struct Mention {
    pub attribute: &'static str,
    pub group: &'static str,
    pub words: &'static [&'static str],
}

const fn mention(attribute: &'static str, group: &'static str, words: &'static [&'static str]) -> Mention {
    Mention { attribute, group, words }
}

/// Words of more than one use, such as `man` and `old`, are left out.
pub const MENTIONS: &[Mention] = &[
    mention(
        "gender",
        "women",
        &[
            "she",
            "her",
            "hers",
            "herself",
            "woman",
            "women",
            "girl",
            "girls",
            "mother",
            "mom",
            "mum",
            "sister",
            "wife",
            "daughter",
            "aunt",
            "grandmother",
            "grandma",
            "girlfriend",
        ],
    ),
    mention(
        "gender",
        "men",
        &[
            "he",
            "him",
            "his",
            "himself",
            "men",
            "boy",
            "boys",
            "father",
            "dad",
            "brother",
            "husband",
            "son",
            "uncle",
            "grandfather",
            "grandpa",
            "boyfriend",
        ],
    ),
    mention("age", "young", &["kid", "kids", "teen", "teens", "teenager", "teenagers", "child", "children"]),
    mention("age", "old", &["elderly", "grandma", "grandpa", "grandmother", "grandfather", "retired"]),
    mention("religion", "Christian", &["christian", "christians", "catholic", "catholics", "church"]),
    mention("religion", "Muslim", &["muslim", "muslims", "islam", "islamic", "mosque"]),
    mention("religion", "Jewish", &["jew", "jews", "jewish", "synagogue"]),
    mention("religion", "Hindu", &["hindu", "hindus"]),
    mention("religion", "atheist", &["atheist", "atheists", "atheism"]),
];
