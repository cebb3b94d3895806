use proptest::prelude::*;

use super::*;

fn cleaned(step: Step, text: &str) -> String {
    let skip = Step::ALL.into_iter().filter(|other| *other != step).collect();
    let (now, changed) = clean(text, skip);
    assert_eq!(changed.contains(step), now != text, "{text:?}");
    now.into_owned()
}

#[test]
fn broken_characters_are_repaired() {
    for (broken, whole) in [
        ("itâ€™s fine", "it’s fine"),
        ("cafÃ© olÃ©", "café olé"),
        ("Â£5 at the door", "£5 at the door"),
        ("so good ðŸ˜‚ðŸ˜‚", "so good 😂😂"),
        ("wordâ€¦", "word…"),
        ("itÃ¢â‚¬â„¢s twice broken", "it’s twice broken"),
        ("zero\u{200b}width and \u{feff}mark", "zerowidth and mark"),
        ("don\u{fffd}t \u{fffd}", "don't "),
        ("cafe\u{301}", "café"),
        ("bell\u{7} and soft\u{ad}hyphen", "bell and softhyphen"),
        ("one\rtwo\r\nthree", "one\ntwo \nthree"),
    ] {
        assert_eq!(cleaned(Step::Encoding, broken), whole);
    }
    for fine in ["IRMÃ”", "Ça va, â bientôt", "naïve café", "👩‍👩‍👧 family", "“quoted” – fine…", "Å to Z", "ÉTÉ”"]
    {
        assert_eq!(cleaned(Step::Encoding, fine), fine);
    }
}

#[test]
fn html_is_read() {
    for (html, text) in [
        ("you &amp; me &lt;3", "you & me <3"),
        ("&amp;gt; quoted twice", "> quoted twice"),
        ("&#39;tis &#x2764; &#146;", "'tis ❤ ’"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p class=\"x\">a <b>bold</b> <a href='u'>link</a></p>", "\na bold link\n"),
        ("kept <!-- hidden --> kept", "kept  kept"),
        ("caf&eacute;", "café"),
        ("so&#x200B; sure", "so  sure"),
    ] {
        assert_eq!(cleaned(Step::Html, html), text);
    }
    for fine in
        ["I <3 you", "a < b > c", "<b and c>", "AT&T; R&D", "Q&A &unknown; &", "<sarcasm>sure</sarcasm>", "<"]
    {
        assert_eq!(cleaned(Step::Html, fine), fine);
    }
}

#[test]
fn marks_of_markdown_are_taken_off() {
    for (marked, text) in [
        ("**really** *so* __good__ and ~~not~~ `code`", "really so good and not code"),
        ("***both***", "both"),
        ("see [this page](https://example.org/a_(b)) now", "see this page now"),
        ("![a cat](https://example.org/cat.png) cute", "a cat cute"),
        ("> they said\n>> and more\nI say", " they said\n and more\nI say"),
        ("# A title\ntext #tag", "A title\ntext #tag"),
        (">!he dies!< wow", "he dies wow"),
        ("\\*not bold\\* \\#1", "*not bold* #1"),
        ("^this ^^so ^much", "this so much"),
        ("so *very, very* true.", "so very, very true."),
    ] {
        assert_eq!(cleaned(Step::Markup, marked), text);
    }
    for fine in [
        "5 * 3 * 2",
        "f**k this sh*t",
        "f**king b**ch",
        "snake_case_name stays",
        "¯\\_(ツ)_/¯",
        "^_^ and ^^",
        ">:( and >_<",
        "[NAME] and [RELIGION] (so)",
        "**** off",
        "*you're",
        "a_b_c",
        "hm* what*",
        "2^10",
    ] {
        assert_eq!(cleaned(Step::Markup, fine), fine);
    }
}

#[test]
fn addresses_become_a_mask() {
    for (text, masked) in [
        ("see https://example.org/a?b=c. Wow", "see [URL]. Wow"),
        ("(www.example.org/x)", "([URL])"),
        ("http://en.example.org/Day_(film), great", "[URL], great"),
        ("HTTPS://EXAMPLE.ORG and www.b.c!", "[URL] and [URL]!"),
    ] {
        assert_eq!(cleaned(Step::Urls, text), masked);
    }
    for fine in ["www. is a word", "http:// is a start", "awww.cute", "a://b"] {
        assert_eq!(cleaned(Step::Urls, fine), fine);
    }
}

#[test]
fn what_says_nothing_is_empty() {
    for nothing in ["", " ", "...", "[NAME]", "[NAME] [url]!", "?!", "\u{fe0f}"] {
        assert!(!says_anything(nothing), "{nothing:?}");
    }
    for something in ["k", "7", ":((", "[NAME] ;-)", "😂", "❤️", "[NAME] ok", "[what", "好", "♥"] {
        assert!(says_anything(something), "{something:?}");
    }
}

proptest! {
    /// Whatever a text is made of, cleaning ends, and a clean text stays as it is.
    #[test]
    fn blanks_are_folded_once(text in "[ a-c\\n\\t\u{a0}*_>#\\[\\]()&;<\u{200d}😂é]{0,40}") {
        let (now, _) = clean(&text, Steps::default());
        let folded = folded(&now).unwrap_or(now.into_owned());
        prop_assert_eq!(super::folded(&folded), None);
        prop_assert!(!folded.contains("  "));
    }

    #[test]
    fn plain_text_stays(text in "[a-zA-Z0-9,.!?' ]{0,60}") {
        let (now, changed) = clean(&text, Steps::default());
        prop_assert_eq!(now.as_ref(), text.as_str());
        prop_assert!(changed.is_empty());
    }
}
