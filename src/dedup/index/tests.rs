use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::dedup::{Method, Statistics, TextKey, words};

fn bag(text: &str) -> Bag {
    Bag::of(text, Statistics::shipped())
}

fn rule(level: Level, threshold: Option<u16>) -> Rule {
    Rule { level, threshold: threshold.map(Similarity), method: Method::ExactJoin }
}

/// A text's words, counted.
fn counted(text: &str) -> BTreeMap<String, u64> {
    let mut out = BTreeMap::new();
    words(text, |word| *out.entry(word.to_owned()).or_default() += 1);
    out
}

/// The similarity by its definition, and whether it makes two texts duplicates.
fn by_definition(rule: &Rule, one: &str, other: &str, least: Similarity) -> Option<Similarity> {
    let normal = TextKey::of(one) == TextKey::of(other);
    if rule.level == Level::Exact || normal {
        return normal.then_some(Similarity::SAME);
    }
    let (a, b) = (counted(one), counted(other));
    if a == b && !a.is_empty() {
        return Some(Similarity::SAME);
    }
    if a.values().sum::<u64>() < 5 || b.values().sum::<u64>() < 5 {
        return None;
    }
    let weight = |word: &str| match rule.level {
        Level::Strict => 1,
        _ => u64::from(Statistics::shipped().weight(word)),
    };
    let (mut common, mut whole) = (0, 0);
    let all: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for word in all {
        let of = |bag: &BTreeMap<String, u64>| bag.get(word).copied().unwrap_or(0);
        common += weight(word) * of(&a).min(of(&b));
        whole += weight(word) * of(&a).max(of(&b));
    }
    let found = Similarity((common * 10_000 / whole) as u16);
    (found >= least).then_some(found)
}

/// Texts over few words, common and rare, mostly short and sometimes long, and edits of each other.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "the", "i", "not", "so", "happy", "sad", "THE", "zork", "blim", "dog", "cat", "don't", "dont", "!",
        "😂", "quux", "fnord", "grue", "plugh", "xyzzy",
    ]);
    let some = prop_oneof![
        4 => prop::collection::vec(word.clone(), 0..14),
        1 => prop::collection::vec(word.clone(), 40..75),
    ];
    let edited = (some, prop::collection::vec((any::<prop::sample::Index>(), word), 0..4));
    let group = edited.prop_map(|(words, edits)| {
        let mut other = words.clone();
        for (at, word) in edits {
            if !other.is_empty() {
                let at = at.index(other.len());
                other[at] = word;
            }
        }
        [words.join(" "), other.join(" ")]
    });
    prop::collection::vec(group, 1..12).prop_map(|groups| groups.into_iter().flatten().collect())
}

fn rules() -> impl Strategy<Value = Rule> {
    let level = prop::sample::select(vec![Level::Exact, Level::Strict, Level::Default, Level::Aggressive]);
    let threshold = prop_oneof![Just(None), (0..=10_000u16).prop_map(Some)];
    (level, threshold).prop_map(|(level, threshold)| rule(level, threshold))
}

fn offered(rule: Rule, texts: &[(u64, String)]) -> Vec<Verdict> {
    let mut index = Index::new(rule);
    texts.iter().map(|(scope, text)| index.offer(*scope, &bag(text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_pair_is_found_and_no_other(rule in rules(), texts in texts()) {
        let least = rule.threshold(0);
        let mut index = Index::new(rule);
        let mut found = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let bag = bag(text);
            index.find_all(0, &bag, least, &mut found);
            let expected: Vec<_> = (0..at)
                .filter_map(|of| Some((of as u32, by_definition(&rule, text, &texts[of], least)?)))
                .collect();
            let found: Vec<_> = found.iter().map(|found| (found.of, found.similarity)).collect();
            prop_assert_eq!(found, expected, "{:?} {:?}", text, rule);
            index.add(0, &bag);
        }
    }

    #[test]
    fn pairs_do_not_depend_on_order(rule in rules(), texts in texts(), seed in any::<u64>()) {
        let least = rule.threshold(0);
        let pairs = |order: &[usize]| {
            let mut index = Index::new(rule);
            let mut out = Vec::new();
            let mut found = Vec::new();
            for at in order {
                let bag = bag(&texts[*at]);
                index.find_all(0, &bag, least, &mut found);
                for found in &found {
                    let other = order[found.of as usize];
                    out.push((other.min(*at), other.max(*at), found.similarity, found.tier));
                }
                index.add(0, &bag);
            }
            out.sort_by_key(|(a, b, ..)| (*a, *b));
            out
        };
        let order: Vec<usize> = (0..texts.len()).collect();
        let mut other = order.clone();
        other.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1));
        prop_assert_eq!(pairs(&order), pairs(&other));
    }

    #[test]
    fn a_duplicate_is_one_of_the_most_similar_kept_text(rule in rules(), texts in texts(), scopes in 1..3u64) {
        let texts: Vec<(u64, String)> =
            texts.into_iter().enumerate().map(|(at, text)| (at as u64 * 7 % scopes, text)).collect();
        let least = rule.threshold(0);
        let mut kept: Vec<&(u64, String)> = Vec::new();
        for (text, verdict) in texts.iter().zip(offered(rule, &texts)) {
            let mut expected: Option<(Similarity, u32)> = None;
            for (of, other) in kept.iter().enumerate().filter(|(_, other)| other.0 == text.0) {
                if let Some(similarity) = by_definition(&rule, &text.1, &other.1, least)
                    && expected.is_none_or(|(best, _)| similarity > best)
                {
                    expected = Some((similarity, of as u32));
                }
            }
            match verdict {
                Verdict::Kept(ordinal) => {
                    prop_assert_eq!(expected, None);
                    prop_assert_eq!(ordinal as usize, kept.len());
                    kept.push(text);
                }
                Verdict::Duplicate(found) => {
                    // Of those with the very same words, one may have the same normal form as well.
                    prop_assert_eq!(Some((found.similarity, found.of)), expected);
                }
            }
        }
    }

    #[test]
    fn scopes_do_not_touch_each_other(rule in rules(), texts in texts()) {
        let both: Vec<(u64, String)> =
            texts.iter().enumerate().map(|(at, text)| (at as u64 % 2, text.clone())).collect();
        let verdicts = offered(rule, &both);
        for scope in 0..2 {
            let alone: Vec<_> = both.iter().filter(|(of, _)| *of == scope).cloned().collect();
            let is_kept = |verdict: &Verdict| matches!(verdict, Verdict::Kept(_));
            let among: Vec<_> =
                verdicts.iter().zip(&both).filter(|(_, (of, _))| *of == scope).map(|(v, _)| is_kept(v)).collect();
            prop_assert_eq!(offered(rule, &alone).iter().map(is_kept).collect::<Vec<_>>(), among);
        }
    }

    #[test]
    fn what_is_appended_changes_no_verdict_before(rule in rules(), texts in texts(), at in any::<prop::sample::Index>()) {
        let texts: Vec<_> = texts.into_iter().map(|text| (0, text)).collect();
        let head = &texts[..at.index(texts.len())];
        prop_assert_eq!(&offered(rule, &texts)[..head.len()], &offered(rule, head)[..]);
    }

    #[test]
    fn minhash_finds_nothing_that_is_not_similar(texts in texts()) {
        let rule = Rule { method: Method::MinHash, ..rule(Level::Default, None) };
        let mut index = Index::new(rule);
        let mut found = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let bag = bag(text);
            let least = rule.threshold(0);
            index.find_all(0, &bag, least, &mut found);
            for found in &found {
                let expected = by_definition(&rule, text, &texts[found.of as usize], least);
                prop_assert_eq!(Some(found.similarity), expected);
            }
            let same: Vec<_> = (0..at).filter(|of| counted(&texts[*of]) == counted(text)).collect();
            let all: Vec<_> = found.iter().map(|found| found.of as usize).collect();
            if !counted(text).is_empty() {
                prop_assert!(same.iter().all(|of| all.contains(of)), "the same words are always found");
            }
            index.add(0, &bag);
        }
    }

    #[test]
    fn odd_characters_do_no_harm(texts in prop::collection::vec("\\PC{0,80}|[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{300}-\u{320}a ]{0,40}", 1..12)) {
        let mut index = Index::new(rule(Level::Default, None));
        for text in &texts {
            let bag = bag(text);
            index.offer(0, &bag);
            prop_assert!(index.find(0, &bag).is_some(), "a text is a duplicate of itself: {:?}", text);
        }
    }
}

#[test]
fn the_tier_says_how_a_duplicate_was_found() {
    let mut index = Index::new(Rule::default());
    index.offer(0, &bag("The zork ate my sandwich at noon"));
    for (text, expected) in [
        ("the zork ATE my  sandwich at noon", Some(Tier::Normal)),
        ("At noon, my sandwich ate the zork!", Some(Tier::Words)),
        ("the zork ate my sandwich at midnight", Some(Tier::Similar)),
        ("zork sandwich", None),
        ("I had a salad at noon", None),
    ] {
        assert_eq!(index.find(0, &bag(text)).map(|found| found.tier), expected, "{text}");
    }
}

#[test]
fn texts_of_few_words_are_duplicates_only_of_the_same_words() {
    let mut index = Index::new(rule(Level::Aggressive, Some(100)));
    for (text, kept) in [
        ("I love it", true),
        ("it love I?", false),
        ("I love it so", true),
        ("I love it so much", true),
        ("I love him so much", false),
        ("...", true),
        ("!!!", true),
        (" ...", false),
        ("", true),
        ("\u{a0}", false),
    ] {
        assert_eq!(matches!(index.offer(0, &bag(text)), Verdict::Kept(_)), kept, "{text:?}");
    }
}

#[test]
fn thresholds_of_a_large_corpus_are_its_scopes_own() {
    let mut index = Index::new(Rule::default());
    // Distinct texts without words in common.
    for number in 0..50_000u64 {
        let word = |k: u64| format!("w{}", number * 5 + k);
        index.add(1, &bag(&[word(0), word(1), word(2), word(3), word(4)].join(" ")));
    }
    assert_eq!(index.threshold(0), Similarity(4_500));
    assert_eq!(index.threshold(1), Similarity(5_000));
}

#[test]
fn a_line_of_a_megabyte_is_a_text_like_others() {
    let mut index = Index::new(Rule::default());
    let long = "spam ham eggs ".repeat(75_000);
    let other = "a\u{301}\u{323}\u{200d}".repeat(130_000);
    let words: Vec<String> = (0..150_000).map(|n: u32| format!("w{n}")).collect();
    for text in [
        &long,
        &other,
        &"x".repeat(1 << 20),
        &"\u{202e}".repeat(1 << 19),
        &"\u{200b}one\u{202e}two".repeat(100_000),
        &"\u{301}".repeat(1 << 19),
        &"word ".repeat(200_000),
        &"never-the-less".repeat(75_000),
        &"好".repeat(350_000),
        &"😭😂".repeat(130_000),
        &words.join(" "),
    ] {
        assert!(matches!(index.offer(0, &bag(text)), Verdict::Kept(_)));
        assert!(matches!(index.offer(0, &bag(text)), Verdict::Duplicate(_)));
    }
    assert!(matches!(index.offer(0, &bag(&long[..long.len() / 2 + 4])), Verdict::Duplicate(_)));
}
