//! What is looked for, and what can be done about it.

use std::fmt;

/// A kind of sensitive reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Name,
    Handle,
    Email,
    Phone,
    Url,
    Ip,
    Card,
    Id,
    Religion,
    Gender,
    Race,
    Disability,
    Age,
}

impl Category {
    pub const ALL: [Self; 13] = [
        Self::Name,
        Self::Handle,
        Self::Email,
        Self::Phone,
        Self::Url,
        Self::Ip,
        Self::Card,
        Self::Id,
        Self::Religion,
        Self::Gender,
        Self::Race,
        Self::Disability,
        Self::Age,
    ];

    /// As it stands in a mask and in `spans`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Handle => "HANDLE",
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Url => "URL",
            Self::Ip => "IP",
            Self::Card => "CARD",
            Self::Id => "ID",
            Self::Religion => "RELIGION",
            Self::Gender => "GENDER",
            Self::Race => "RACE",
            Self::Disability => "DISABILITY",
            Self::Age => "AGE",
        }
    }

    pub const fn mask(self) -> &'static str {
        match self {
            Self::Name => "[NAME]",
            Self::Handle => "[HANDLE]",
            Self::Email => "[EMAIL]",
            Self::Phone => "[PHONE]",
            Self::Url => "[URL]",
            Self::Ip => "[IP]",
            Self::Card => "[CARD]",
            Self::Id => "[ID]",
            Self::Religion => "[RELIGION]",
            Self::Gender => "[GENDER]",
            Self::Race => "[RACE]",
            Self::Disability => "[DISABILITY]",
            Self::Age => "[AGE]",
        }
    }

    /// By its name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name().eq_ignore_ascii_case(name))
    }

    /// Whether it tells what group a person belongs to.
    pub fn identity(self) -> bool {
        matches!(self, Self::Religion | Self::Gender | Self::Race | Self::Disability | Self::Age)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is done with a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Not looked for.
    Keep,
    /// Recorded; the text stays.
    Tag,
    /// `[NAME]`, `[PHONE]` and so on.
    Mask,
    /// `Person A`, `Person B`: the same letter for the same name within a text. Names only.
    Person,
    /// Another name of the same culture and gender, the same one everywhere under one key. Names only.
    Pseudonym,
    /// The whole text goes.
    Drop,
}

impl Action {
    pub const ALL: [Self; 6] = [Self::Keep, Self::Tag, Self::Mask, Self::Person, Self::Pseudonym, Self::Drop];

    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Tag => "tag",
            Self::Mask => "mask",
            Self::Person => "person",
            Self::Pseudonym => "pseudonym",
            Self::Drop => "drop",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Whether something else stands there afterwards.
    pub fn changes(self) -> bool {
        !matches!(self, Self::Keep | Self::Tag)
    }

    /// Whether it is for names only.
    pub fn names_only(self) -> bool {
        matches!(self, Self::Person | Self::Pseudonym)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
