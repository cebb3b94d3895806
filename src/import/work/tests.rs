use super::*;
use crate::anonymize::{Anonymizer, Preset};
use crate::check::language::Language;
use crate::dedup::Rule;
use crate::import::settings::Conflicts;
use crate::import::split::Share;
use crate::import::step::Steps;
use crate::labels::LabelSet;

fn settings() -> Settings {
    Settings {
        skip: Steps::default(),
        agree: 2,
        recount: false,
        longest: 200,
        language: Language::of("en"),
        rule: Rule::default(),
        conflicts: Conflicts::Merge,
        anonymizer: Anonymizer::new(Preset::Strict.into(), None).unwrap(),
        split: None,
        quotas: Vec::new(),
        seed: 7,
    }
}

fn item(number: usize, text: &str, labels: &[usize], split: Option<Split>) -> Item {
    let labels: LabelSet = labels.iter().copied().collect();
    Item { id: format!("r{number}"), text: text.into(), labels, split, copies: 1, ..Item::default() }
}

fn run(items: Vec<Item>, settings: &Settings) -> Outcome {
    let labels = ["joy", "grief", "neutral"].map(str::to_owned).to_vec();
    Work { items, labels }.run(settings).unwrap()
}

/// What became of each row: its text and labels, or the step that took it out.
fn fates(outcome: &Outcome) -> Vec<String> {
    let told = |item: &Item| match &item.fate {
        Some(fate) => format!("{}: {}", fate.step.name(), fate.why),
        None => format!("{} {:?}", item.text, item.labels.iter().collect::<Vec<_>>()),
    };
    outcome.items.iter().map(told).collect()
}

#[test]
fn each_step_takes_out_what_it_says() {
    let long = "far too long ".repeat(20);
    let texts = [
        ("**So** glad, &amp; it shows  ", &[0][..]),
        ("  [NAME]!", &[0]),
        (long.as_str(), &[0]),
        ("Der Garten war nicht schön und ich bin sehr traurig", &[1]),
        ("nobody said what this is", &[]),
        ("[NAME] told [NAME] about [RELIGION] on Friday", &[2]),
    ];
    let items: Vec<Item> =
        texts.iter().enumerate().map(|(n, (text, labels))| item(n, text, labels, None)).collect();
    let outcome = run(items.clone(), &settings());
    assert_eq!(
        fates(&outcome),
        [
            "So glad, & it shows [0]",
            // `Person A!` says no more.
            "empty: there is nothing to read",
            "long: it has more than 200 characters",
            "language: it is not in `en` but in de",
            "unlabelled: it has no label",
            "Person A told Person B about [RELIGION] on Friday [2]"
        ]
    );
    assert_eq!(outcome.items[0].as_it_came(), texts[0].0, "what it was can be put back");
    let changed: Vec<_> = outcome.items[0].changed.iter().map(Step::name).collect();
    assert_eq!(changed, ["html", "markup", "whitespace"]);
    assert_eq!(outcome.items[5].spans.len(), 3);
    assert_eq!(outcome.counts(Step::Masks), Counts { changed: 1, removed: [0; 3] });
    assert_eq!(outcome.counts(Step::Long).removed, [1, 0, 0]);

    // With every step skipped and nothing anonymised each row is as it was.
    let nothing =
        Settings { skip: Step::ALL.into_iter().collect(), anonymizer: Anonymizer::off(), ..settings() };
    let outcome = run(items, &nothing);
    for (item, (text, _)) in outcome.items.iter().zip(texts) {
        assert!(item.is_kept() && item.text == text && item.original.is_none(), "{item:?}");
    }
}

#[test]
fn votes_become_labels_where_raters_agree() {
    let voted = |votes: &[(u8, u16)], raters, unclear| Item {
        id: "v".into(),
        text: format!("a text of {votes:?} {raters} {unclear}"),
        votes: votes.to_vec(),
        raters,
        unclear,
        copies: 1,
        ..Item::default()
    };
    let items = vec![
        voted(&[(0, 3), (1, 1)], 3, 0),
        voted(&[(0, 1), (1, 1)], 2, 0),
        voted(&[(2, 1)], 1, 2),
        voted(&[(0, 2)], 3, 1),
    ];
    let labels = |outcome: &Outcome| -> Vec<Vec<usize>> {
        outcome.items.iter().map(|item| item.labels.iter().collect()).collect()
    };
    let outcome =
        run(items.clone(), &Settings { skip: [Step::NearDuplicates].into_iter().collect(), ..settings() });
    assert_eq!(labels(&outcome), [vec![0], vec![], vec![], vec![0]]);
    let fate = |row: usize| outcome.items[row].fate.as_ref().map(|fate| fate.why.as_str());
    assert_eq!(fate(1), Some("no label has the votes of 2 raters"));
    assert_eq!(fate(2), Some("2 of 3 raters found it very unclear"));
    assert_eq!(outcome.items[0].votes, [(0, 3), (1, 1)], "soft labels stay");
    let skip = [Step::NearDuplicates, Step::Unclear, Step::Agreement].into_iter().collect();
    let outcome = run(items, &Settings { skip, ..settings() });
    assert_eq!(labels(&outcome), [vec![0, 1], vec![0, 1], vec![2], vec![0]]);
}

#[test]
fn the_test_part_keeps_and_train_loses() {
    let (train, dev, test) = (Some(Split::Train), Some(Split::Dev), Some(Split::Test));
    let rows = || {
        vec![
            item(0, "The lottery in Norway made my whole family dance", &[0], train),
            item(1, "the LOTTERY in norway made my whole family dance", &[1], test),
            item(2, "The lottery in Norway made my entire family dance", &[0], dev),
            item(3, "Nobody warned us about the flooded basement", &[1], train),
            item(4, "Nobody warned us about the flooded basement!", &[1], train),
            item(5, "nobody warned us about the flooded basement", &[2], train),
            item(6, "A quiet evening with soup", &[2], dev),
        ]
    };
    let outcome = run(rows(), &settings());
    assert_eq!(
        fates(&outcome)[..6],
        [
            "overlap: the same text as r1 of the test part",
            "the LOTTERY in norway made my whole family dance [1]",
            "overlap: like r1 of the test part (0.7916)",
            "Nobody warned us about the flooded basement [1, 2]",
            "near-duplicates: like r3 (1.0000)",
            "duplicates: the same text as r3",
        ]
    );
    assert_eq!(outcome.counts(Step::Overlap).removed, [1, 1, 0]);
    assert_eq!(outcome.differing, Differing { texts: 1, rows: 2, near: 0 });
    let merged = &outcome.items[3];
    assert_eq!((merged.copies, merged.labels_before), (2, Some(LabelSet::one(1))));

    let with = |conflicts| run(rows(), &Settings { conflicts, ..settings() });
    assert_eq!(with(Conflicts::First).items[3].labels, LabelSet::one(1));
    let dropped = with(Conflicts::Drop);
    assert_eq!(fates(&dropped)[3], "duplicates: its text stands under different labels");
    let skip = [Step::Overlap, Step::Duplicates, Step::NearDuplicates].into_iter().collect();
    assert!(run(rows(), &Settings { skip, ..settings() }).items.iter().all(Item::is_kept));
}

#[test]
fn texts_are_not_alike_because_both_speak_of_somebody() {
    let rows = vec![
        item(0, "No, this is [NAME]", &[2], None),
        item(1, "This game is on [NAME]...", &[2], None),
        item(2, "I would trust [NAME] with the violin on Sunday", &[0], None),
        item(3, "I would trust [NAME] with the violin on Sundays, [NAME]", &[0], None),
    ];
    let kept: Vec<bool> = run(rows, &settings()).items.iter().map(Item::is_kept).collect();
    assert_eq!(kept, [true, true, true, false]);
}

#[test]
fn near_duplicates_never_stand_in_different_parts() {
    // Forty texts, each in three spellings.
    let things = ["kettle", "violin", "lantern", "compass", "mirror", "ladder", "blanket", "trumpet"];
    let ends =
        ["broke on Sunday", "fell from the balcony", "was sold in Porto", "sings at night", "smells of rain"];
    let mut rows = Vec::new();
    for (n, thing) in things.iter().enumerate() {
        for end in ends {
            for text in [
                format!("The old {thing} {end} again"),
                format!("the old {thing}, {end} again"),
                format!("Again! The old {thing} {end}"),
            ] {
                rows.push(item(rows.len(), &text, &[n % 3], None));
            }
        }
    }
    let skip = [Step::Duplicates, Step::NearDuplicates].into_iter().collect();
    let split = Share::parse("60,20,20").ok();
    let outcome = run(rows, &Settings { skip, split, ..settings() });
    for triple in outcome.items.chunks(3) {
        assert!(triple.iter().all(|item| item.is_kept() && item.split == triple[0].split), "{triple:?}");
    }
    for part in Split::ALL {
        assert!(outcome.kept(Some(part)).count() >= 20, "{part:?}");
    }
}
