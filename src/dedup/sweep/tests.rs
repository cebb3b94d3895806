use proptest::prelude::*;

use super::*;
use crate::dedup::{LedgerError, Level};

/// Id, label, group and text.
type Input = (String, String, String, String);

fn sweep(by_label: bool) -> Sweep<'static> {
    Sweep::new(Rule::default(), by_label, Statistics::shipped())
}

/// What is said of each row, and every pair.
fn swept(sweep: &mut Sweep<'_>, rows: &[Input]) -> (Vec<String>, Vec<String>) {
    let said = rows.iter().map(|(id, label, group, text)| {
        let group = Some(group.as_str());
        format!("{id} {:?}", sweep.row_of(id, label, text, group))
    });
    let said = said.collect();
    let pairs = sweep
        .pairs()
        .map(|pair| format!("{} {} {} {}", pair.one.id, pair.other.id, pair.similarity, pair.is_conflict()));
    (said, pairs.collect())
}

fn rows() -> impl Strategy<Value = Vec<Input>> {
    let word =
        prop::sample::select(vec!["we", "zork", "blim", "dog", "cat", "quux", "fnord", "grue", "happy"]);
    let text = prop::collection::vec(word, 4..9).prop_map(|words| words.join(" "));
    // Most rows stand in a group, some in none.
    let row = ("[a-e]", "[xy]", "[pq]?", text);
    prop::collection::vec(row, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn call_by_call_is_as_all_at_once(rows in rows(), cut in any::<prop::sample::Index>(), by_label: bool) {
        // Ids are a row's own, as those of tables should be.
        let rows: Vec<Input> =
            rows.into_iter().enumerate().map(|(n, row)| (format!("{}{n}", row.0), row.1, row.2, row.3)).collect();
        let (head, tail) = rows.split_at(cut.index(rows.len()));
        let all = swept(&mut sweep(by_label).with_pairs(), &rows);
        let mut first = sweep(by_label).with_pairs();
        let mut parts = swept(&mut first, head);
        let bytes = first.to_bytes("level: default\n");
        let mut second = sweep(by_label).with_pairs();
        second.restore(&bytes, "level: default\n").unwrap();
        let (said, pairs) = swept(&mut second, tail);
        parts.0.extend(said);
        parts.1.extend(pairs);
        prop_assert_eq!(&parts, &all);

        // A row that was seen has its verdict again.
        let mut again = sweep(by_label).with_pairs();
        let bytes = second.to_bytes("");
        again.restore(&bytes, "").unwrap();
        prop_assert_eq!(swept(&mut again, &rows), all);
        prop_assert_eq!(again.to_bytes(""), bytes, "nothing new is nothing to write");
    }

    #[test]
    fn a_row_that_stands_twice_is_kept_once(mut rows in rows()) {
        // Of one group both would be kept.
        rows.iter_mut().for_each(|row| row.2.clear());
        let twice: Vec<Input> = rows.iter().chain(&rows).cloned().collect();
        let mut all = sweep(false);
        let (said, _) = swept(&mut all, &twice);
        prop_assert!(said[rows.len()..].iter().all(|said| said.contains("Duplicate")));
        let mut again = sweep(false);
        again.restore(&all.to_bytes(""), "").unwrap();
        prop_assert_eq!(swept(&mut again, &twice).0, said);
    }

    #[test]
    fn bytes_that_are_torn_are_refused(rows in rows(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut first = sweep(false);
        swept(&mut first, &rows);
        let bytes = first.to_bytes("");
        let at = at.index(bytes.len());
        prop_assert!(sweep(false).restore(&bytes[..at], "").is_err(), "cut off");
        let mut other = bytes.clone();
        other[at] ^= 1 << bit;
        prop_assert!(sweep(false).restore(&other, "").is_err(), "a bit");
    }
}

/// Rows that mean one of a few things, or nothing that is known. No two of these are equally far from a third.
fn meant_rows() -> impl Strategy<Value = Vec<(Input, Option<Direction>)>> {
    let angle = prop::sample::select(vec![0f32, 10.0, 23.0, 60.0, 68.0]).prop_map(f32::to_radians);
    let direction =
        prop::option::weighted(0.8, angle.prop_map(|of| Direction::of(&[of.cos(), of.sin()]).unwrap()));
    (rows(), prop::collection::vec(direction, 24)).prop_map(|(rows, directions)| {
        let own = |(n, (_, label, _, text)): (usize, Input)| (n.to_string(), label, String::new(), text);
        let own_ids = rows.into_iter().enumerate().map(own);
        own_ids.zip(directions).collect()
    })
}

/// How two texts stand to one another, by their words before their meaning.
fn alike(
    one: &(Input, Option<Direction>),
    other: &(Input, Option<Direction>),
    same: Similarity,
) -> Option<Match> {
    let mut index = Index::new(Rule::default());
    index.add(0, &Bag::of(&one.0.3, Statistics::shipped()));
    let by_words = index.find(0, &Bag::of(&other.0.3, Statistics::shipped()));
    let similarity = || Some(one.1.as_ref()?.cosine(other.1.as_ref()?)).filter(|cosine| *cosine >= same);
    by_words.or_else(|| Some(Match { of: 0, similarity: similarity()?, tier: Tier::Meaning }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// What is found is what comparing each row with each kept one before it finds: by words, then by meaning,
    /// each time the most similar one and the first of several.
    #[test]
    fn meanings_are_compared_where_words_say_nothing(
        rows in meant_rows(), off in meant_rows(), by_label: bool, with_pairs: bool, with_off: bool,
    ) {
        let same = Similarity::from_fraction(0.97);
        let off = if with_off { &off[..off.len().min(2)] } else { &[] };
        let mut swept = sweep(by_label).with_meanings(same);
        if with_pairs {
            swept = swept.with_pairs();
        }
        for ((id, _, _, text), meaning) in off {
            swept.off_limits(id, text, meaning.as_ref());
        }
        let mut kept: Vec<usize> = Vec::new();
        let mut pairs = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let ((id, label, _, text), meaning) = row;
            let of_tier = |meant: bool| {
                let best = |others: &mut dyn Iterator<Item = (usize, &(Input, Option<Direction>))>| {
                    let found = others.filter_map(|(of, other)| Some((of, alike(other, row, same)?)));
                    let found = found.filter(|(_, found)| (found.tier == Tier::Meaning) == meant);
                    found.max_by_key(|(of, found)| (found.similarity, std::cmp::Reverse(*of)))
                };
                let in_scope = |of: &usize| !by_label || rows[*of].0.1 == *label;
                let off_limits = best(&mut off.iter().enumerate()).map(|(of, found)| (true, of, found));
                let others = kept.iter().filter(|of| in_scope(of)).map(|of| (*of, &rows[*of]));
                off_limits.or_else(|| best(&mut { others }).map(|(of, found)| (false, of, found)))
            };
            let expected = of_tier(false).or_else(|| of_tier(true));
            let mut asked = 0;
            let found = swept.row_by_meaning(id, label, text, None, || { asked += 1; meaning.as_ref() });
            match expected {
                None => {
                    prop_assert_eq!(found, Found::Kept);
                    kept.push(number);
                }
                Some((is_off, of, Match { similarity, tier, .. })) => {
                    let of = if is_off { off[of].0.0.as_str() } else { rows[of].0.0.as_str() };
                    let expected = match is_off {
                        true => Found::OffLimits { of, similarity, tier },
                        false => Found::Duplicate { of, similarity, tier },
                    };
                    prop_assert_eq!(found, expected);
                    prop_assert_eq!(asked > 0, tier == Tier::Meaning || with_pairs, "no more is asked than decides");
                }
            }
            let before = rows[..number].iter().filter_map(|other| Some((other, alike(other, row, same)?)));
            pairs.extend(before.map(|(other, found)| (other.0.0.clone(), id.clone(), found.similarity, found.tier)));
        }
        let found = swept.pairs().map(|pair| (pair.one.id.to_string(), pair.other.id.to_string(), pair.similarity, pair.tier));
        prop_assert_eq!(found.collect::<Vec<_>>(), if with_pairs { pairs } else { Vec::new() });
    }
}

#[test]
fn rows_of_one_group_may_mean_the_same() {
    let of = |angle: f32| Direction::of(&[angle.to_radians().cos(), angle.to_radians().sin()]).unwrap();
    let (he, she, they) = (of(0.0), of(1.0), of(4.0));
    let mut sweep = sweep(false).with_meanings(Similarity::from_fraction(0.99));
    let mut row = |id: &str, group, meaning| match sweep.row_by_meaning(id, "", id, group, || Some(meaning)) {
        Found::Duplicate { of, tier: Tier::Meaning, .. } => Some(of.to_owned()),
        found => (found != Found::Kept).then(|| panic!("{found:?}")),
    };
    assert_eq!(row("a", Some("p"), &he), None);
    assert_eq!(row("b", Some("p"), &she), None, "made to differ in a word");
    assert_eq!(row("c", Some("q"), &they), Some("b".to_owned()));
    assert_eq!(row("d", None, &he), Some("a".to_owned()));
    assert_eq!(row("e", Some("p"), &they), None);
}

#[test]
fn other_settings_are_named() {
    let bytes = sweep(false).to_bytes("version: 1\nlevel: strict\nlabel: mood\n");
    let error = sweep(false).restore(&bytes, "version: 1\nlevel: default\nagainst: x\n").unwrap_err();
    let LedgerError::Settings(what) = error else { panic!("{error:?}") };
    assert_eq!(
        what,
        "level: strict then, default now; against: none then, x now; label: mood then, none now"
    );
    assert_eq!(sweep(false).restore(b"", ""), Err(LedgerError::Foreign));
    assert_eq!(sweep(false).restore(b"emogrid-dedup 1\n", ""), Err(LedgerError::Version));
}

#[test]
fn labels_keep_rows_apart_and_make_conflicts() {
    let text = |n: u32| format!("The zork ate my sandwich in {}", ["Rome", "Oslo"][n as usize]);
    for (by_label, kept) in [(false, 1), (true, 2)] {
        let mut sweep = sweep(by_label).with_pairs();
        let found = [
            sweep.row("a", "joy", &text(0)) == Found::Kept,
            sweep.row("b", "grief", &text(1)) == Found::Kept,
        ];
        assert_eq!(found.iter().filter(|kept| **kept).count(), kept);
        let pairs: Vec<_> = sweep.pairs().collect();
        assert_eq!((&*pairs[0].one.id, &*pairs[0].other.id), ("a", "b"));
        assert!(pairs[0].is_conflict() && pairs.len() == 1);
    }
}

#[test]
fn what_is_off_limits_is_so_for_every_label() {
    let mut sweep = sweep(true);
    sweep.off_limits("test:7", "The zork ate my sandwich in Rome", None);
    let found = sweep.row("a", "joy", "the zork ATE my sandwich in Rome!");
    let Found::OffLimits { of: "test:7", similarity: Similarity::SAME, .. } = found else {
        panic!("{found:?}")
    };
    assert_eq!(sweep.row("b", "joy", "Nobody told me about the harbour"), Found::Kept);
}

#[test]
fn clusters_are_held_to_their_representative() {
    // Each is like the one before, and the last is not like the first.
    let chain = ["zork blim grue plugh xyzzy", "blim grue plugh xyzzy fnord", "grue plugh xyzzy fnord quux"];
    let rule = Rule { level: Level::Default, threshold: Some(Similarity(6_000)), ..Rule::default() };
    let mut sweep = Sweep::new(rule, false, Statistics::shipped());
    let kept: Vec<bool> = chain.iter().map(|text| sweep.row(text, "", text) == Found::Kept).collect();
    assert_eq!(kept, [true, false, true]);
}

#[test]
fn rows_of_one_group_are_no_duplicates_of_each_other_but_of_others() {
    let mut sweep = Sweep::new(Rule::default(), false, Statistics::shipped());
    let (he, she) = (
        "He left his keys on the wet kitchen table again",
        "She left her keys on the wet kitchen table again",
    );
    assert_eq!(sweep.row_of("a", "", he, Some("p")), Found::Kept);
    assert_eq!(sweep.row_of("a2", "", she, Some("p")), Found::Kept, "made to differ in a word");
    let of_other = |found: Found<'_>| matches!(found, Found::Duplicate { of: "a" | "a2", .. });
    assert!(of_other(sweep.row_of("b", "", she, Some("q"))));
    assert!(of_other(sweep.row("c", "", he)));
    assert_eq!(sweep.row_of("d", "", "Nobody came to the old school fair", Some("q")), Found::Kept);
}

#[test]
fn groups_are_known_in_a_later_call() {
    let (he, she) = (
        "He left his keys on the wet kitchen table again",
        "She left her keys on the wet kitchen table again",
    );
    let mut first = sweep(false);
    assert_eq!(first.row_of("a", "", he, Some("a")), Found::Kept);
    let mut second = sweep(false);
    second.restore(&first.to_bytes(""), "").unwrap();
    assert_eq!(second.row_of("a-swap", "", she, Some("a")), Found::Kept);
    assert_eq!(second.row_of("a", "", he, Some("a")), Found::Kept, "a row that it knows");
    assert_ne!(second.row_of("b", "", she, Some("")), Found::Kept, "an empty group is none");
    assert_ne!(second.row_of("c", "", she, Some("")), Found::Kept);
}

#[test]
fn ids_that_stand_twice_are_counted_in_later_calls_too() {
    let mut first = sweep(false);
    for (id, text) in [("7", "one text"), ("7", "another"), ("8", "a third"), ("7", "one text")] {
        first.row(id, "", text);
    }
    assert_eq!(first.repeated_ids(), Some((2, "7")));
    let mut second = sweep(false);
    second.restore(&first.to_bytes(""), "").unwrap();
    second.row("7", "", "one text");
    assert_eq!(second.repeated_ids(), None, "the same row again");
    second.row("8", "", "something else");
    assert_eq!(second.repeated_ids(), Some((1, "8")));
}
