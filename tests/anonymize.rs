//! The anonymiser against the labelled set that it was tuned on; floors a little under what is measured.

#[path = "anonymize/score.rs"]
mod score;

use emogrid::anonymize::{Anonymizer, Preset};
use score::{Score, labelled, score};

#[test]
fn finds_what_is_labelled() {
    let tag = Anonymizer::new(Preset::Tag.into(), None).unwrap();
    let detect = |text: &str| {
        tag.spans(text).iter().map(|span| (span.start, span.end, span.category.name().to_owned())).collect()
    };
    let score = score(&labelled("dev"), detect);
    let all = Score::all(&score.exact, |_| true);
    assert!(all.f1() >= 0.96, "{all:?}");
    let names = score.exact["NAME"];
    assert!(names.precision() >= 0.95 && names.recall() >= 0.93, "{names:?}");
    let structured = Score::all(&score.exact, |name| {
        ["HANDLE", "EMAIL", "PHONE", "URL", "IP", "CARD", "ID"].contains(&name)
    });
    assert!(structured.recall() >= 0.98 && structured.precision() >= 0.98, "{structured:?}");
    assert!(score.touched * 50 <= score.negatives, "{} of {} negatives", score.touched, score.negatives);
}
