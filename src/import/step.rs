//! What is done to rows between somebody's files and ours, step by step.

/// A step of cleaning. Each has a name, is counted, and can be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Unclear,
    Agreement,
    Unlabelled,
    Encoding,
    Html,
    Markup,
    Urls,
    Masks,
    Whitespace,
    Empty,
    Long,
    Language,
    Anonymize,
    Overlap,
    Duplicates,
    NearDuplicates,
    Quota,
}

impl Step {
    /// In the order in which they are taken.
    pub const ALL: [Self; 17] = [
        Self::Unclear,
        Self::Agreement,
        Self::Unlabelled,
        Self::Encoding,
        Self::Html,
        Self::Markup,
        Self::Urls,
        Self::Masks,
        Self::Whitespace,
        Self::Empty,
        Self::Long,
        Self::Language,
        Self::Anonymize,
        Self::Overlap,
        Self::Duplicates,
        Self::NearDuplicates,
        Self::Quota,
    ];

    /// Names of those that can be skipped: the others are asked for by flags of their own.
    pub const NAMES: [&str; 15] = [
        "unclear",
        "agreement",
        "unlabelled",
        "encoding",
        "html",
        "markup",
        "urls",
        "masks",
        "whitespace",
        "empty",
        "long",
        "language",
        "overlap",
        "duplicates",
        "near-duplicates",
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::Agreement => "agreement",
            Self::Unlabelled => "unlabelled",
            Self::Encoding => "encoding",
            Self::Html => "html",
            Self::Markup => "markup",
            Self::Urls => "urls",
            Self::Masks => "masks",
            Self::Whitespace => "whitespace",
            Self::Empty => "empty",
            Self::Long => "long",
            Self::Language => "language",
            Self::Anonymize => "anonymize",
            Self::Overlap => "overlap",
            Self::Duplicates => "duplicates",
            Self::NearDuplicates => "near-duplicates",
            Self::Quota => "quota",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// Some steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps(u32);

impl Steps {
    pub fn insert(&mut self, step: Step) {
        self.0 |= 1 << step as u32;
    }

    pub fn contains(self, step: Step) -> bool {
        self.0 >> step as u32 & 1 == 1
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order in which they are taken.
    pub fn iter(self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(move |step| self.contains(*step))
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        let mut set = Self::default();
        steps.into_iter().for_each(|step| set.insert(step));
        set
    }
}
