//! How alike two texts may be.

/// What counts as a near-duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Texts of one normal form: case, blanks and Unicode's spellings do not matter.
    Exact,
    /// Every word weighs the same, and three in five are common.
    Strict,
    #[default]
    Default,
    Aggressive,
}

impl Level {
    pub const NAMES: [&str; 4] = ["exact", "strict", "default", "aggressive"];

    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "exact" => Level::Exact,
            "strict" => Level::Strict,
            "default" => Level::Default,
            "aggressive" => Level::Aggressive,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Level::Exact => "exact",
            Level::Strict => "strict",
            Level::Default => "default",
            Level::Aggressive => "aggressive",
        }
    }

    /// From which similarity on two texts are duplicates, in a small corpus.
    pub fn threshold(self) -> Similarity {
        Similarity(match self {
            Level::Exact => 10_000,
            Level::Strict => 6_000,
            Level::Default => 4_500,
            Level::Aggressive => 4_000,
        })
    }
}

/// How alike two texts are, in ten-thousandths, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Similarity(pub u16);

impl Similarity {
    pub const SAME: Similarity = Similarity(10_000);

    /// The nearest to a fraction from 0 to 1.
    pub fn from_fraction(fraction: f64) -> Self {
        Similarity((fraction.clamp(0.0, 1.0) * 10_000.0).round() as u16)
    }

    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// What is common of the whole, which is not 0.
    pub(super) fn of(common: u64, whole: u64) -> Self {
        Similarity((u128::from(common) * 10_000 / u128::from(whole)) as u16)
    }
}

impl serde::Serialize for Similarity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.fraction())
    }
}

impl<'de> serde::Deserialize<'de> for Similarity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::from_fraction)
    }
}

impl std::fmt::Display for Similarity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// How near-duplicates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// All there are.
    #[default]
    ExactJoin,
    /// Most of them, in time and memory that do not grow with what texts have in common.
    MinHash,
}

impl Method {
    pub const NAMES: [&str; 2] = ["exact-join", "minhash"];

    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "exact-join" => Method::ExactJoin,
            "minhash" => Method::MinHash,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Method::ExactJoin => "exact-join",
            Method::MinHash => "minhash",
        }
    }
}

/// All that decides whether two texts are duplicates, but for word statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rule {
    pub level: Level,
    /// In place of the level's own; it does not grow with the corpus.
    pub threshold: Option<Similarity>,
    pub method: Method,
}

/// From how many texts on a threshold is so much higher, in ten-thousandths.
const TIGHTER: [(u32, u16); 4] = [(800_000, 1_500), (200_000, 1_000), (50_000, 500), (0, 0)];

impl Rule {
    /// From which similarity on a text is a duplicate of one of `kept` texts.
    ///
    /// Among n texts are n²/2 pairs, and a share of those is alike by chance.
    pub fn threshold(&self, kept: u32) -> Similarity {
        match (self.threshold, self.level) {
            (_, Level::Exact) => Similarity::SAME,
            (Some(threshold), _) => threshold,
            (None, level) => {
                let more = TIGHTER.iter().find(|(from, _)| kept >= *from).map_or(0, |(_, more)| *more);
                Similarity(level.threshold().0 + more)
            }
        }
    }

    /// The weight of an element under this rule.
    pub fn weight(&self, element: u64) -> u32 {
        match self.level {
            Level::Strict => 1,
            _ => super::bag::weight(element),
        }
    }

    pub fn total(&self, elements: &[u64]) -> u64 {
        elements.iter().map(|element| u64::from(self.weight(*element))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_only_grow_with_the_corpus() {
        for level in Level::NAMES.map(|name| Level::named(name).unwrap()) {
            let rule = Rule { level, ..Rule::default() };
            let found: Vec<_> =
                [0, 1, 49_999, 50_000, 1_000_000, u32::MAX].map(|kept| rule.threshold(kept)).into();
            assert!(found.is_sorted(), "{level:?}: {found:?}");
            assert_eq!(found[2], level.threshold());
            assert_eq!(Level::named(level.name()), Some(level));
        }
        let fixed = Rule { threshold: Some(Similarity(5_000)), ..Rule::default() };
        assert_eq!(fixed.threshold(u32::MAX), Similarity(5_000));
    }
}
