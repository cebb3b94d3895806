//! Labels and the groups that they are of, as the taxonomies say.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::taxonomy;
use crate::labels::in_order;

/// How labels are grouped before training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Grouping {
    /// Labels as they are
    None,
    /// Ekman's six basic emotions and neutral
    Ekman,
    /// Positive, negative, ambiguous, neutral
    Sentiment,
}

/// A label that no group is known for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{label}` is in no group of `--map {map}`; known are the 28 emotions of GoEmotions and the groups \
     themselves"
)]
pub struct NoGroup {
    pub label: String,
    pub map: &'static str,
}

impl Grouping {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ekman => "ekman",
            Self::Sentiment => "sentiment",
        }
    }

    /// What it was called where a probe was trained.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::None, Self::Ekman, Self::Sentiment].into_iter().find(|map| map.name() == name)
    }

    /// All groups, in the taxonomy's order; none where labels stay as they are.
    fn groups(self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Ekman => taxonomy::value_names("ekman"),
            Self::Sentiment => ["positive", "negative", "ambiguous", "neutral"].map(str::to_owned).to_vec(),
        }
    }

    /// What each label is called after grouping. A label that is none of GoEmotions' emotions but the
    /// name of a group is that group.
    pub fn apply(self, labels: &[String]) -> Result<Vec<String>, NoGroup> {
        let attribute = match self {
            Self::None => return Ok(labels.to_vec()),
            Self::Ekman => "ekman",
            Self::Sentiment => "polarity",
        };
        let groups = self.groups();
        let emotions = taxonomy::attribute("goemotions", attribute);
        let of = |label: &String| {
            let emotion = emotions.iter().find(|(emotion, _)| emotion == label);
            let group =
                emotion.map(|(_, group)| group).or_else(|| groups.iter().find(|group| *group == label));
            group.cloned().ok_or_else(|| NoGroup { label: label.clone(), map: self.name() })
        };
        labels.iter().map(of).collect()
    }

    /// Distinct labels in the order that a probe has them: the taxonomy's, then numbers, then names.
    pub fn ordered(self, labels: impl Iterator<Item = String>) -> Vec<String> {
        let known = match self {
            Self::None => taxonomy::value_names("goemotions"),
            Self::Ekman | Self::Sentiment => self.groups(),
        };
        let all: BTreeSet<String> = labels.collect();
        let first = known.iter().filter(|label| all.contains(*label)).cloned();
        let mut others: Vec<&String> = all.iter().filter(|label| !known.contains(label)).collect();
        others.sort_by(|a, b| in_order(a, b));
        first.chain(others.into_iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn emotions_are_in_the_groups_of_the_paper() {
        let emotions = taxonomy::value_names("goemotions");
        let of = |map: Grouping, group: &str| {
            let groups = map.apply(&emotions).unwrap();
            let both = emotions.iter().zip(groups);
            both.filter(|(_, of)| of == group).map(|(emotion, _)| emotion.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(Grouping::Ekman, "anger"), ["anger", "annoyance", "disapproval"]);
        assert_eq!(of(Grouping::Ekman, "disgust"), ["disgust"]);
        assert_eq!(of(Grouping::Ekman, "fear"), ["fear", "nervousness"]);
        assert_eq!(of(Grouping::Ekman, "joy").len(), 12);
        assert_eq!(of(Grouping::Ekman, "sadness").len(), 5);
        let surprise = ["confusion", "curiosity", "realization", "surprise"];
        assert_eq!(of(Grouping::Ekman, "surprise"), surprise);
        assert_eq!(of(Grouping::Sentiment, "ambiguous"), surprise);
        assert_eq!(of(Grouping::Sentiment, "positive").len(), 12);
        assert_eq!(of(Grouping::Sentiment, "negative").len(), 11);
        for map in [Grouping::Ekman, Grouping::Sentiment] {
            assert_eq!(of(map, "neutral"), ["neutral"]);
        }
        // Its numbers are those of the data set's files.
        assert_eq!(
            (emotions.len(), emotions[0].as_str(), emotions[27].as_str()),
            (28, "admiration", "neutral")
        );
        assert!(emotions[..27].is_sorted());
    }

    #[test]
    fn a_group_is_its_own_and_what_is_unknown_is_told() {
        let found = Grouping::Sentiment.apply(&named(&["joy", "positive", "ambiguous"])).unwrap();
        assert_eq!(found, ["positive", "positive", "ambiguous"]);
        let error = Grouping::Ekman.apply(&named(&["meh"])).unwrap_err().to_string();
        assert!(error.contains("`meh`") && error.contains("--map ekman"), "{error}");
        assert_eq!(Grouping::None.apply(&named(&["meh"])).unwrap(), ["meh"]);
    }

    #[test]
    fn labels_stand_in_the_taxonomys_order() {
        let order = |map: Grouping, names: &[&str]| map.ordered(named(names).into_iter());
        assert_eq!(
            order(Grouping::None, &["zeal", "neutral", "joy", "calm", "joy"]),
            ["joy", "neutral", "calm", "zeal"]
        );
        assert_eq!(order(Grouping::Sentiment, &["neutral", "positive"]), ["positive", "neutral"]);
    }
}
