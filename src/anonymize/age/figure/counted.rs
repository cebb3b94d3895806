//! Numbers after a word that an age follows.

use super::super::super::token::Gap;
use super::super::super::words;
use super::super::super::{Found, View};
use super::super::beside::{closes, closes_loosely, is};
use super::super::number::number;
use super::super::span;
use super::Number;
use super::{CHILD, NEARLY, somebody};

/// After a word that an age follows: `aged 54`, `turned 40`, `being 30`, `women over 50`.
pub fn counted(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, before, told_of, .. } = number_at;
    let here = || span(view, at, last);
    let text_after = &view.text[view.tokens[last].end..];
    // `grandma, now ninety,`, `grandma (now 90)`, `a girl, maybe seven`
    if told_of == before && before > 0 && is(view, before, NEARLY) && view.tokens[before].gap != Gap::Space {
        let lead = &view.text[view.tokens[before - 1].after..view.tokens[before].start];
        let ends = text_after.is_empty() || text_after.starts_with([',', ')', '.']);
        return (matches!(lead, ", " | " (") && ends && somebody(view, before - 1)).then(here).flatten();
    }
    // `a girl about nine`, `a kid of about ten`
    if told_of < before && is(view, before, &["about", "around", "maybe", "roughly"]) {
        let who = if is(view, told_of, &["of"]) { told_of.wrapping_sub(1) } else { told_of };
        if is(view, who, CHILD) && closes_loosely(view, last) {
            return here();
        }
    }
    // `the big 5-0`, `he's a very young 60`
    if is(view, before, &["young"])
        && before > 0
        && is(view, before - 1, &["very", "a"])
        && closes(view, last)
    {
        return here();
    }
    // `a man of eighty`
    let of_somebody = is(view, before, &["of"])
        && before > 1
        && is(view, before - 1, CHILD)
        && is(view, before - 2, &["a", "the", "little", "young", "old", "small", "strong", "this"]);
    if of_somebody
        && view
            .classes
            .get(last + 1)
            .is_some_and(|class| class & (words::HUMAN | words::VERB | words::BE) != 0)
    {
        return here();
    }
    // `a sprightly 88`
    let spry = ["sprightly", "spry", "youthful", "ripe", "youngish"];
    if is(view, told_of, &["aged", "age", "ages"])
        || of_somebody
        || is(view, before, &spry) && before > 0 && is(view, before - 1, &["a", "the"])
        || is(view, before, &["of"]) && before > 0 && is(view, before - 1, &["age"])
        || is(view, before, &["between"]) && before > 0 && is(view, before - 1, &["aged", "ages"])
    {
        let aged =
            told_of == before && is(view, before, &["aged"]) && somebody(view, before.saturating_sub(1));
        // `the age of ten he'd read`, `from age 5 to 9`
        let goes_on = !is(view, told_of, &["ages"])
            && is(
                view,
                last + 1,
                &["he", "she", "we", "they", "you", "he'd", "she'd", "i'd", "they'd", "to", "until"],
            );
        return (closes(view, last) || aged && closes_loosely(view, last) || goes_on).then(here).flatten();
    }
    // `ten days shy of 40`, `halfway to 60`, `made it to 93`, `turned the big 30`
    if before > 0 && closes(view, last) {
        let of = is(view, before, &["of"]) && is(view, before - 1, &["shy"]) && adult;
        let to = is(view, before, &["to"]) && is(view, before - 1, &["halfway"]) && adult;
        let made = is(view, before, &["to"])
            && before > 1
            && is(view, before - 1, &["it"])
            && is(view, before - 2, &["made", "makes", "make"])
            && age.is_some_and(|age| age >= 70);
        let big = is(view, before, &["big"])
            && is(view, before - 1, &["the"])
            && age.is_some_and(|age| age >= 30 && age.is_multiple_of(10));
        if of || to || made || big {
            return here();
        }
    }
    if is(view, before, &["turning", "turned", "turns", "turn"]) {
        let loose = is(
            view,
            last + 1,
            &[
                "in", "at", "with", "during", "has", "was", "is", "feels", "felt", "made", "means",
                "without", "alone", "soon", "before", "by", "under", "did", "does", "the", "my", "hit",
                "really", "at",
            ],
        );
        let noun = is(view, before, &["turn"])
            && before > 0
            && is(view, before - 1, &["a", "the", "my", "his", "her", "every", "each"]);
        let counted = before > 0 && is(view, before - 1, &["clock", "page", "pages", "i've", "dial", "knob"]);
        let thing = before > 0
            && (view.classes[before - 1] & words::AGED != 0
                || is(
                    view,
                    before - 1,
                    &["blog", "app", "shop", "channel", "podcast", "club", "band", "bakery", "firm"],
                ));
        return ((closes(view, last) || loose) && !noun && !counted && !thing).then(here).flatten();
    }
    if is(view, before, &["being"]) {
        return (adult && closes_loosely(view, last)).then(here).flatten();
    }
    // `women over 50`, `anyone under 30`
    if is(view, before, &["over", "under", "past"])
        && before > 0
        && view.tokens[before].gap == Gap::Space
        && (view.classes[before - 1] & words::PERSON != 0
            || is(
                view,
                before - 1,
                &["anyone", "everyone", "those", "anybody", "everybody", "someone", "else"],
            ))
    {
        let verb = view.classes.get(last + 1).is_some_and(|class| class & words::BE != 0)
            || is(view, last + 1, &["here", "feeling", "feel", "who"]);
        return (closes(view, last) || verb).then(here).flatten();
    }
    // `pushing forty`
    if is(view, before, &["pushing", "approaching", "nearing"])
        && age.is_none_or(|age| age >= 25)
        && closes(view, last)
        && !is(view, last + 1, &["on", "in"])
    {
        return here();
    }
    // `hit 40 and everything hurts`
    if is(view, before, &["hit", "hitting"])
        && view.tokens[before].opens
        && adult
        && age.is_some_and(|age| age >= 18)
        && is(view, last + 1, &["and"])
        && view.classes.get(last + 2).is_some_and(|_| !number(view, last + 2))
        && is(view, last + 2, &["everything", "my", "i", "now", "suddenly", "nobody", "all", "it"])
    {
        return here();
    }
    // `she just hit 30`
    if is(view, before, &["hit", "hits", "reached"])
        && before > 0
        && adult
        && (is(view, before - 1, &["just", "finally"]) && before > 1 && somebody(view, before - 2)
            || is(view, before - 1, &["i", "he", "she", "you", "we", "i've"]))
    {
        return closes(view, last).then(here).flatten();
    }
    None
}
