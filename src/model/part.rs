//! The parts of a data set.

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    Train,
    Dev,
    Test,
}

impl Split {
    pub const ALL: [Self; 3] = [Self::Train, Self::Dev, Self::Test];

    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }

    /// What data sets call it, in lower case.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Train => &["train", "training"],
            Self::Dev => &["dev", "development", "val", "valid", "validation"],
            Self::Test => &["test", "testing"],
        }
    }

    /// By what data sets call it, in whatever case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|part| part.names().contains(&name.as_str()))
    }

    /// All names that are known, for messages.
    pub fn known() -> String {
        Self::ALL.into_iter().flat_map(Self::names).copied().collect::<Vec<_>>().join(", ")
    }

    /// By a word of a file's name: `goemotions_test.csv` is a test part, `contest.csv` is none.
    pub fn of_file(name: &str) -> Option<Self> {
        let stem = name.split('.').next().unwrap_or(name);
        let mut words = stem.split(|c: char| !c.is_ascii_alphabetic()).filter_map(Self::named);
        words.next().filter(|first| words.all(|other| other == *first))
    }
}
