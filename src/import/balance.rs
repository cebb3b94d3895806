//! How many rows each label has, how many it may have, and how many it lacks.

use serde::Serialize;

use super::item::Item;
use super::step::Step;
use crate::config::grouping::{Grouping, NoGroup};
use crate::labels::LabelSet;
use crate::model::Split;
use crate::model::random::Random;
use crate::near::no_such;

/// What rows are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    Label,
    Ekman,
    Sentiment,
}

impl Family {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "label" => Self::Label,
            "ekman" => Self::Ekman,
            "sentiment" => Self::Sentiment,
            _ => return None,
        })
    }

    fn grouping(self) -> Grouping {
        match self {
            Self::Label => Grouping::None,
            Self::Ekman => Grouping::Ekman,
            Self::Sentiment => Grouping::Sentiment,
        }
    }
}

/// How many rows of the training part a class may have: `label=500`, `sentiment=4000`, `label.joy=900`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    pub family: Family,
    /// One class of the family; all of it where `None`.
    pub class: Option<String>,
    pub rows: u64,
}

impl Quota {
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no quota; write `label=500`, `sentiment=4000`, `ekman=2000`, or of one class \
                 `label.joy=900`"
            )
        };
        let (name, rows) = text.split_once('=').ok_or_else(wrong)?;
        let (family, class) = match name.split_once('.') {
            Some((family, class)) => (family, Some(class.trim().to_owned())),
            None => (name, None),
        };
        let family = Family::named(family.trim()).ok_or_else(wrong)?;
        Ok(Self { family, class, rows: rows.trim().parse().map_err(|_| wrong())? })
    }
}

/// The rows of a class by part, and what it may have.
#[derive(Debug, Clone, Serialize)]
pub struct Tally {
    pub family: Family,
    pub class: String,
    /// Of train (or of all, where there are no parts), dev and test.
    pub rows: [u64; 3],
    /// Of the training part before quotas.
    pub before: u64,
    pub quota: Option<u64>,
    #[serde(skip)]
    members: LabelSet,
}

/// A class of the training part that has fewer rows than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shortage {
    pub family: Family,
    pub class: String,
    pub wanted: u64,
    pub rows: u64,
    pub short: u64,
}

/// Which rows are balanced: those of the training part, or all where there are no parts.
fn is_training(item: &Item) -> bool {
    item.is_kept() && matches!(item.split, None | Some(Split::Train))
}

/// The classes of a data set, with quotas.
///
/// # Errors
/// Where a quota is of a group, and a label is in none; and where it is of a class that there is not.
pub fn classes(labels: &[String], quotas: &[Quota]) -> Result<Vec<Tally>, String> {
    let mut out = Vec::new();
    for family in [Family::Label, Family::Ekman, Family::Sentiment] {
        let of_family: Vec<&Quota> = quotas.iter().filter(|quota| quota.family == family).collect();
        if of_family.is_empty() && family != Family::Label {
            continue;
        }
        let groups = family.grouping().apply(labels).map_err(|error: NoGroup| error.to_string())?;
        let names = family.grouping().ordered(groups.iter().cloned());
        for quota in &of_family {
            if let Some(class) = &quota.class
                && !names.contains(class)
            {
                let known = names.iter().map(String::as_str);
                return Err(format!("--quota: {}", no_such("class", class, known)));
            }
        }
        for class in names {
            let named = of_family.iter().rev().find(|quota| quota.class.as_ref() == Some(&class));
            let general = of_family.iter().rev().find(|quota| quota.class.is_none());
            let members = (0..labels.len()).filter(|label| groups[*label] == class).collect();
            let quota = named.or(general).map(|quota| quota.rows);
            out.push(Tally { family, class, rows: [0; 3], before: 0, quota, members });
        }
    }
    Ok(out)
}

/// Takes rows out of the training part until no class has more than its quota, as far as that leaves no
/// class with fewer than its own.
///
/// A row counts once for each class that it is in. Rows are gone through by lot, and one goes where it is in
/// a class above its quota and in none that is at its quota or below: the rule of ML-RUS, that rows with a
/// label that is short are never taken away (F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, *Addressing
/// imbalance in multilabel classification: measures and random resampling algorithms*, Neurocomputing 163,
/// 2015), with quotas in place of their mean imbalance. Counts only fall, so one pass is enough: no row that
/// stays could go. A frequent label that stands beside rare ones can stay above its quota.
pub fn level(items: &mut [Item], classes: &mut [Tally], seed: u64) {
    let count = |items: &[Item], members: LabelSet| {
        items.iter().filter(|item| is_training(item) && !item.labels.and(members).is_empty()).count() as u64
    };
    for class in classes.iter_mut() {
        class.before = count(items, class.members);
        class.rows[0] = class.before;
    }
    if classes.iter().any(|class| class.quota.is_some()) {
        let mut random = Random::new(seed ^ 0x6261_6c61_6e63_6531);
        let mut rows: Vec<usize> = (0..items.len()).filter(|row| is_training(&items[*row])).collect();
        for last in (1..rows.len()).rev() {
            rows.swap(last, random.below(last + 1));
        }
        for row in rows {
            let of = |class: &Tally| !items[row].labels.and(class.members).is_empty();
            let limited: Vec<usize> =
                (0..classes.len()).filter(|at| classes[*at].quota.is_some() && of(&classes[*at])).collect();
            let above = |at: &usize| classes[*at].quota.is_some_and(|quota| classes[*at].rows[0] > quota);
            if limited.is_empty() || !limited.iter().all(above) {
                continue;
            }
            let names: Vec<&str> = limited.iter().map(|at| classes[*at].class.as_str()).collect();
            items[row].remove(Step::Quota, format!("there are enough rows of {}", names.join(", ")));
            for class in classes.iter_mut().filter(|class| !items[row].labels.and(class.members).is_empty()) {
                class.rows[0] -= 1;
            }
        }
    }
    for class in classes.iter_mut() {
        for (part, split) in [(1, Split::Dev), (2, Split::Test)] {
            let of = |item: &&Item| item.is_kept() && item.split == Some(split);
            let rows = items.iter().filter(of).filter(|item| !item.labels.and(class.members).is_empty());
            class.rows[part] = rows.count() as u64;
        }
    }
}

/// The classes that have too few rows: fewer than their quota, or, where there are no quotas, than if all
/// labels had equally many. The shortest first.
pub fn shortages(classes: &[Tally]) -> Vec<Shortage> {
    let any = classes.iter().any(|class| class.quota.is_some());
    let labels = || classes.iter().filter(|class| class.family == Family::Label);
    let even =
        labels().map(|class| class.rows[0]).sum::<u64>().checked_div(labels().count() as u64).unwrap_or(0);
    let wanted = |class: &Tally| match (any, class.family) {
        (true, _) => class.quota,
        (false, Family::Label) => Some(even),
        (false, _) => None,
    };
    let short = |class: &Tally| {
        let wanted = wanted(class).filter(|wanted| *wanted > class.rows[0])?;
        let rows = class.rows[0];
        Some(Shortage {
            family: class.family,
            class: class.class.clone(),
            wanted,
            rows,
            short: wanted - rows,
        })
    };
    let mut out: Vec<Shortage> = classes.iter().filter_map(short).collect();
    out.sort_by(|a, b| (a.family, b.short, &a.class).cmp(&(b.family, a.short, &b.class)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sets: &[&[usize]]) -> Vec<Item> {
        let item = |set: &&[usize]| Item { labels: set.iter().copied().collect(), ..Item::default() };
        sets.iter().map(item).collect()
    }

    fn names() -> Vec<String> {
        ["joy", "grief", "neutral"].map(str::to_owned).to_vec()
    }

    fn quotas(texts: &[&str]) -> Vec<Quota> {
        texts.iter().map(|text| Quota::parse(text).unwrap()).collect()
    }

    #[test]
    fn quotas_are_read() {
        assert_eq!(Quota::parse("label=5").unwrap(), Quota { family: Family::Label, class: None, rows: 5 });
        let one = Quota::parse("sentiment.positive = 7").unwrap();
        assert_eq!((one.family, one.class.as_deref(), one.rows), (Family::Sentiment, Some("positive"), 7));
        for wrong in ["joy", "joy=5", "label=", "label=-1", "mood.joy=2"] {
            assert!(Quota::parse(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
        assert!(
            classes(&names(), &quotas(&["label.zeal=2"])).unwrap_err().contains("there is no class `zeal`")
        );
        assert!(classes(&["zeal".into()], &quotas(&["ekman=2"])).unwrap_err().contains("in no group"));
    }

    #[test]
    fn frequent_labels_lose_rows_and_rare_ones_none() {
        // Ten of joy, of which two are of grief too; four of neutral.
        let mut all: Vec<&[usize]> = vec![&[0]; 8];
        all.extend([&[0, 1][..], &[0, 1], &[2], &[2], &[2], &[2]]);
        for seed in 0..20 {
            let mut rows = items(&all);
            let mut of = classes(&names(), &quotas(&["label=3"])).unwrap();
            level(&mut rows, &mut of, seed);
            let counts: Vec<_> =
                of.iter().map(|class| (class.class.as_str(), class.before, class.rows[0])).collect();
            assert_eq!(counts, [("grief", 2, 2), ("joy", 10, 3), ("neutral", 4, 3)]);
            assert!(rows[8].is_kept() && rows[9].is_kept(), "rows of grief stay");
            let short = shortages(&of);
            assert_eq!(short.len(), 1);
            assert_eq!((short[0].class.as_str(), short[0].wanted, short[0].short), ("grief", 3, 1));
        }
    }

    #[test]
    fn a_frequent_label_stays_above_its_quota_where_it_stands_beside_rare_ones() {
        let mut rows = items(&[&[0, 1], &[0, 1], &[0]]);
        let mut of = classes(&names(), &quotas(&["label.joy=1", "label.grief=2"])).unwrap();
        level(&mut rows, &mut of, 1);
        assert_eq!(rows.iter().map(Item::is_kept).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn both_labels_and_sentiments_can_have_quotas() {
        let mut rows = items(&[&[0], &[0], &[0], &[0], &[1], &[1], &[2], &[2]]);
        let mut of = classes(&names(), &quotas(&["label=3", "sentiment.positive=2"])).unwrap();
        level(&mut rows, &mut of, 1);
        let found = |family, class: &str| {
            of.iter().find(|tally| tally.family == family && tally.class == class).unwrap().rows[0]
        };
        // Below its own quota a label loses nothing, whatever its sentiment may have.
        assert_eq!((found(Family::Label, "joy"), found(Family::Sentiment, "positive")), (3, 3));
        let only_test: Vec<Item> =
            rows.iter().map(|item| Item { split: Some(Split::Test), ..item.clone() }).collect();
        let mut of_test = classes(&names(), &quotas(&["label=1"])).unwrap();
        let mut kept = only_test.clone();
        level(&mut kept, &mut of_test, 1);
        let count = |items: &[Item]| items.iter().filter(|item| item.is_kept()).count();
        assert_eq!(count(&kept), count(&only_test), "a test part is not balanced");
    }

    #[test]
    fn without_quotas_an_even_share_is_wanted() {
        let mut rows = items(&[&[0], &[0], &[0], &[0], &[1], &[2]]);
        let mut of = classes(&names(), &[]).unwrap();
        level(&mut rows, &mut of, 1);
        assert!(rows.iter().all(Item::is_kept));
        let short: Vec<_> = shortages(&of).into_iter().map(|short| (short.class, short.short)).collect();
        assert_eq!(short, [("grief".to_owned(), 1), ("neutral".to_owned(), 1)]);
    }
}
