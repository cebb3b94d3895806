mod negatives;

use proptest::prelude::*;

use super::*;

fn strict() -> Anonymizer {
    Anonymizer::new(Preset::Strict.into(), None).unwrap()
}

fn masks() -> Anonymizer {
    let mut policy = Policy::from(Preset::Strict);
    policy.set(Category::Name, Action::Mask);
    Anonymizer::new(policy, None).unwrap()
}

fn found(text: &str) -> Vec<(Category, &str)> {
    detect(text).iter().map(|span| (span.category, &text[span.start..span.end])).collect()
}

#[test]
fn a_name_keeps_its_letter_and_its_possessive() {
    let outcome = strict().apply("Maria Gonzalez met Tariq. Tariq's mom likes Maria.");
    assert_eq!(outcome.text, "Person A met Person B. Person B's mom likes Person A.");
}

#[test]
fn letters_that_the_text_has_are_not_given_again() {
    assert_eq!(strict().apply("Person A told Oluwaseun").text, "Person A told Person B");
}

#[test]
fn spans_point_at_what_stands_there_now() {
    let outcome = strict().apply("Zoë 😭 wrote to zoe@example.com about Zoë");
    let chars: Vec<char> = outcome.text.chars().collect();
    let there: Vec<String> =
        outcome.spans.iter().map(|span| chars[span.start..span.end].iter().collect()).collect();
    assert_eq!(there, ["Person A", "[EMAIL]", "Person A"]);
}

#[test]
fn a_text_that_masks_leave_empty_is_dropped() {
    assert_eq!(strict().apply("proud Muslim").dropped, Some(Category::Religion));
    assert_eq!(strict().apply("my Muslim neighbour brought us soup").dropped, None);
    // Not for a name: `Person A` still reads.
    assert_eq!(strict().apply("thanks Priya").dropped, None);
}

#[test]
fn pseudonyms_want_a_key_and_are_the_same_under_it() {
    let mut policy = Policy::from(Preset::Tag);
    policy.set(Category::Name, Action::Pseudonym);
    assert_eq!(Anonymizer::new(policy, None).err(), Some(KeyMissing));
    assert_eq!(Anonymizer::new(policy, Some("")).err(), Some(KeyMissing));
    let one = Anonymizer::new(policy, Some("one")).unwrap();
    let other = Anonymizer::new(policy, Some("other")).unwrap();
    let text = "I miss Priya so much, PRIYA come home";
    assert_eq!(one.apply(text), one.apply(text));
    let names = |outcome: &Outcome| {
        let chars: Vec<char> = outcome.text.chars().collect();
        outcome
            .spans
            .iter()
            .map(|span| chars[span.start..span.end].iter().collect::<String>())
            .collect::<Vec<_>>()
    };
    let made = names(&one.apply(text));
    assert_eq!(made[0].to_uppercase(), made[1]);
    assert_ne!(made[0], "Priya");
    let texts =
        ["Priya", "Rohan", "Mateusz", "Giulia", "Hiroshi"].map(|name| format!("I miss {name} so much"));
    assert!(texts.iter().any(|text| one.apply(text).text != other.apply(text).text));
    // Of the same culture and gender.
    let lexicon = lexicon::Lexicon::get();
    let facts = lexicon.facts(made[0].to_lowercase().as_bytes());
    assert_eq!(
        (facts.culture(), facts.sex()),
        (lexicon.facts(b"priya").culture(), lexicon.facts(b"priya").sex())
    );
}

#[test]
fn actions_are_each_category_s_own() {
    let mut policy = Policy::from(Preset::Off);
    policy.set(Category::Age, Action::Drop);
    policy.set(Category::Email, Action::Tag);
    let anonymizer = Anonymizer::new(policy, None).unwrap();
    let outcome = anonymizer.apply("Priya is at priya@example.com");
    assert_eq!(outcome.text, "Priya is at priya@example.com");
    assert_eq!(outcome.spans.len(), 1);
    assert_eq!(anonymizer.apply("I'm 34 years old, Priya").dropped, Some(Category::Age));
}

#[test]
fn check_digits_tell_numbers_apart() {
    assert_eq!(found("card 4111 1111 1111 1111"), [(Category::Card, "4111 1111 1111 1111")]);
    assert_eq!(found("order 4111 1111 1111 1112"), []);
    assert_eq!(found("my SSN is 536-90-4399"), [(Category::Id, "536-90-4399")]);
    assert_eq!(found("000-12-3456"), []);
    assert_eq!(
        found("pay DE89 3704 0044 0532 0130 00 please"),
        [(Category::Id, "DE89 3704 0044 0532 0130 00")]
    );
    assert_eq!(found("pay GB83 WEST 1234 5698 7654 32 please"), []);
    assert_eq!(found("DNI 12345678Z"), [(Category::Id, "12345678Z")]);
    assert_eq!(found("model 12345678A"), []);
}

#[test]
fn what_hides_a_word_does_not_hide_it() {
    for text in [
        "as a mus\u{200b}lim I agree",
        "as a ＭＵＳＬＩＭ I agree",
        "as a Mu\u{301}slim I agree",
        "as a muslim\u{200d} I agree",
    ] {
        assert_eq!(detect(text).first().map(|span| span.category), Some(Category::Religion), "{text:?}");
    }
}

#[test]
fn a_megabyte_in_one_line_is_no_matter() {
    for part in [
        "a",
        "@",
        ".",
        "1",
        "1.",
        "1 ",
        "(",
        "a.b",
        "é\u{301}",
        "\u{202e}",
        "Ann ",
        "[NAME] ",
        "://",
        "::",
        "u/",
        "A-",
        "Person ",
        "de ",
        "in my 20s and ",
        "only 7 ",
        "was not 5, ",
        "a#1234",
        "insta a_1.",
        "plate A1 ",
        "lent church and ",
        "muslim ",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        let outcome = strict().apply(&text);
        assert!(outcome.spans.len() <= text.len());
    }
}

/// Pieces that rules look for, and characters that break careless ones.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,12}",
        "\\PC{0,8}",
        proptest::sample::select(vec![
            "Priya",
            "Person A",
            "[NAME]",
            "Muslim ",
            "I'm 34 ",
            "years old",
            "@ana_b",
            "u/someone",
            "a@b.com",
            "192.168.0.1",
            "+44 7700 900123",
            "4111 1111 1111 1111",
            "536-90-4399",
            "www.example.com/a(b",
            "'s ",
            "’s",
            "\u{200d}",
            "\u{301}",
            "\u{202e}",
            "\u{feff}",
            " ",
            "\n",
            ". ",
            "Mr. ",
            "de la ",
            "black man",
            "frost#4471",
            "my insta is a_b1",
            "kids are 4, 7 and ",
            "3½ years old",
            "in my mid-30s and ",
            "plate AB12 CDE",
            "the priest ",
            "her 40th birthday",
            "4-0",
            "2001:db8::1",
            "🏳️‍🌈",
            "ǅ",
            "ß",
            "İ",
            "ﬁ",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn spans_are_in_order_apart_and_on_characters(text in hostile()) {
        let mut end = 0;
        for span in detect(&text) {
            prop_assert!(span.start >= end && span.end > span.start);
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            end = span.end;
        }
    }

    #[test]
    fn spans_point_at_masks_and_the_rest_stays(text in hostile()) {
        let outcome = masks().apply(&text);
        let chars: Vec<char> = outcome.text.chars().collect();
        let mut rest = String::new();
        let mut from = 0;
        for span in &outcome.spans {
            prop_assert_eq!(chars[span.start..span.end].iter().collect::<String>(), span.category.mask());
            rest.extend(&chars[from..span.start]);
            from = span.end;
        }
        rest.extend(&chars[from..]);
        let mut kept = String::new();
        let mut from = 0;
        for span in detect(&text) {
            kept.push_str(&text[from..span.start]);
            from = span.end;
        }
        kept.push_str(&text[from..]);
        prop_assert_eq!(rest, kept);
    }

    #[test]
    fn masks_are_never_found_again(text in hostile()) {
        let once = masks().apply(&text);
        for span in detect(&once.text) {
            let start = once.text[..span.start].chars().count();
            let end = once.text[..span.end].chars().count();
            prop_assert!(!once.spans.iter().any(|mask| start < mask.end && mask.start < end));
        }
    }

    #[test]
    fn spans_of_a_text_left_alone_are_those_found(text in hostile()) {
        let tag = Anonymizer::new(Preset::Tag.into(), None).unwrap();
        let outcome = tag.apply(&text);
        prop_assert_eq!(&outcome.text, &text);
        prop_assert_eq!(outcome.spans, tag.spans(&text));
    }
}

#[test]
fn what_stands_beside_a_word_tells_a_name() {
    let names = |text: &'static str| -> Vec<&'static str> {
        detect(text)
            .iter()
            .filter(|span| span.category == Category::Name)
            .map(|span| &text[span.start..span.end])
            .collect()
    };
    for (text, wanted) in [
        ("Rob laughed so hard", vec!["Rob"]),
        ("told May about the baby", vec!["May"]),
        ("reading C.S. Lewis on a snow day", vec!["C.S. Lewis"]),
        ("Sammy Davis Jr. on vinyl", vec!["Sammy Davis Jr."]),
        ("Katsuhiko and Emi opened a ramen truck", vec!["Katsuhiko", "Emi"]),
        ("Paulo da Silva cooks", vec!["Paulo da Silva"]),
        ("- Hugo", vec!["Hugo"]),
        ("my Harley Davidson broke down", vec![]),
        ("just an average joe", vec![]),
        ("Wendy's at midnight", vec![]),
        ("Wendy's mom called", vec!["Wendy"]),
        ("mark the date", vec![]),
    ] {
        assert_eq!(names(text), wanted, "{text}");
    }
}

#[test]
fn addresses_that_are_spelled_out_are_addresses() {
    for text in
        ["jo dot lee at mail dot com", "jo (at) mail (dot) com", "jo[at]mail.org", "JO AT MAIL DOT CO DOT UK"]
    {
        assert_eq!(found(text), [(Category::Email, text)]);
    }
    for text in
        ["meet me at noon dot", "look at mail.com", "I laughed at dot com jokes", "at dot com", " at "]
    {
        assert!(found(text).iter().all(|(category, _)| *category != Category::Email), "{text}");
    }
}
