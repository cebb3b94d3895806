//! Labels by name and number, and what raters said.

use super::item::Item;
use crate::config::grouping::Grouping;
use crate::labels::{LabelSet, MOST_LABELS};

/// The distinct labels of a data set, numbered as they come.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: Vec<String>,
}

/// More distinct labels than can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_LABELS} distinct labels: is `--label` the right column? `{0}` is one too many")]
pub struct TooMany(pub String);

impl Labels {
    /// The number of a label, a new one where it is new.
    pub fn number(&mut self, name: &str) -> Result<usize, TooMany> {
        if let Some(at) = self.names.iter().position(|known| known == name) {
            return Ok(at);
        }
        if self.names.len() == MOST_LABELS {
            return Err(TooMany(name.to_owned()));
        }
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn of(&self, set: LabelSet) -> impl Iterator<Item = &str> {
        set.iter().map(|label| self.names[label].as_str())
    }

    /// Puts the labels in the order that they are shown in, whatever order they came in: GoEmotions' own, then
    /// by name.
    pub fn sort(&mut self, map: Grouping, items: &mut [Item]) {
        let ordered = map.ordered(self.names.iter().cloned());
        let place = |name: &String| ordered.iter().position(|known| known == name).unwrap_or_default();
        let now: Vec<usize> = self.names.iter().map(place).collect();
        for item in items {
            item.labels = item.labels.iter().map(|label| now[label]).collect();
            for (label, _) in &mut item.votes {
                *label = now[usize::from(*label)] as u8;
            }
            item.votes.sort_unstable();
        }
        self.names = ordered;
    }
}

/// One rater's labels, added to those of the others; several labels of one group are one vote for it.
pub fn vote(votes: &mut Vec<(u8, u16)>, labels: LabelSet) {
    for label in labels.iter() {
        match votes.iter_mut().find(|(known, _)| usize::from(*known) == label) {
            Some((_, count)) => *count += 1,
            None => votes.push((label as u8, 1)),
        }
    }
}

/// The labels that at least so many raters gave.
pub fn agreed(votes: &[(u8, u16)], agree: u16) -> LabelSet {
    votes.iter().filter(|(_, count)| *count >= agree).map(|(label, _)| usize::from(*label)).collect()
}

/// The labels of several rows of one text: those that half of them have or more, or, where none is so
/// frequent, the most frequent ones.
pub fn merged(sets: &[LabelSet]) -> LabelSet {
    let mut counts = [0usize; MOST_LABELS];
    sets.iter().flat_map(|set| set.iter()).for_each(|label| counts[label] += 1);
    let most = counts.iter().copied().max().unwrap_or_default();
    let least = sets.len().div_ceil(2).min(most).max(1);
    (0..MOST_LABELS).filter(|label| counts[*label] >= least).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set<const N: usize>(labels: [usize; N]) -> LabelSet {
        labels.into_iter().collect()
    }

    #[test]
    fn raters_are_counted_and_must_agree() {
        let mut votes = Vec::new();
        for labels in [set([3, 5]), set([5]), set([]), set([5, 9])] {
            vote(&mut votes, labels);
        }
        assert_eq!(votes, [(3, 1), (5, 3), (9, 1)]);
        assert_eq!(agreed(&votes, 2), set([5]));
        assert_eq!(agreed(&votes, 1), set([3, 5, 9]));
        assert_eq!(agreed(&votes, 4), set([]));
    }

    #[test]
    fn rows_of_one_text_have_the_labels_of_half_of_them() {
        assert_eq!(merged(&[set([1]), set([2])]), set([1, 2]), "half each");
        assert_eq!(merged(&[set([1]), set([1]), set([2])]), set([1]));
        assert_eq!(merged(&[set([1, 4]), set([1]), set([2, 4])]), set([1, 4]));
        assert_eq!(merged(&[set([1]), set([2]), set([3])]), set([1, 2, 3]), "none is more frequent");
        assert_eq!(merged(&[set([]), set([])]), set([]));
    }

    #[test]
    fn labels_stand_in_one_order_whatever_came_first() {
        let mut labels = Labels::default();
        let numbers: Vec<_> = ["neutral", "joy", "zeal"].map(|name| labels.number(name).unwrap()).into();
        assert_eq!(numbers, [0, 1, 2]);
        let mut items = [Item { labels: set([0, 2]), votes: vec![(0, 2), (1, 1)], ..Item::default() }];
        labels.sort(Grouping::None, &mut items);
        assert_eq!(labels.names(), ["joy", "neutral", "zeal"]);
        assert_eq!((items[0].labels, &items[0].votes), (set([1, 2]), &vec![(0, 1), (1, 2)]));
        for number in 3..MOST_LABELS {
            labels.number(&number.to_string()).unwrap();
        }
        assert_eq!(labels.number("more"), Err(TooMany("more".into())));
    }
}
