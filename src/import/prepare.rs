//! What is done to each row by itself.

use super::clean::{clean, folded, says_anything};
use super::item::Item;
use super::labels::agreed;
use super::settings::Settings;
use super::step::Step;
use crate::anonymize::{Adopted, adopt, found_again, over};
use crate::check::{Text, language};

/// Takes a row through all steps that need no other row.
pub fn prepare(item: &mut Item, settings: &Settings) {
    let on = |step| !settings.skip.contains(step);
    if item.unclear > 0 && 2 * item.unclear >= item.raters + item.unclear && on(Step::Unclear) {
        let of = item.raters + item.unclear;
        return item.remove(Step::Unclear, format!("{} of {of} raters found it very unclear", item.unclear));
    }
    if !item.votes.is_empty() && (item.labels.is_empty() || settings.recount) {
        let agree = if on(Step::Agreement) { settings.agree } else { 1 };
        item.labels = agreed(&item.votes, agree);
        if item.labels.is_empty() {
            return item.remove(Step::Agreement, format!("no label has the votes of {agree} raters"));
        }
        if item.labels.len() < item.votes.len() {
            item.changed.insert(Step::Agreement);
        }
    }
    if item.labels.is_empty() && on(Step::Unlabelled) {
        return item.remove(Step::Unlabelled, "it has no label");
    }
    let spans = std::mem::take(&mut item.spans);
    let came = (!spans.is_empty()).then(|| item.text.clone());
    let (adopted, says_anything) = texted(item, settings);
    let before = came.map_or(Vec::new(), |came| found_again(&spans, &came, &item.text));
    if on(Step::Empty) && !says_anything {
        return item.remove(Step::Empty, "there is nothing to read");
    }
    if on(Step::Long) && item.text.chars().count() > settings.longest {
        return item.remove(Step::Long, format!("it has more than {} characters", settings.longest));
    }
    if let Some(wanted) = settings.language
        && on(Step::Language)
        && let Some(other) = language::other(&Text::new(&item.text), wanted)
    {
        return item.remove(Step::Language, format!("it is not in `{}` but in {other}", wanted.code()));
    }
    if settings.anonymizer.is_off() {
        item.spans = before;
        return;
    }
    let outcome = settings.anonymizer.apply(&item.text);
    if let Some(category) = outcome.dropped {
        return item.remove(Step::Anonymize, format!("masking {category} leaves too little of it"));
    }
    let spans = match before.is_empty() {
        true => outcome.spans,
        // What is of another text was left out above.
        false => over(&before, &item.text, &settings.anonymizer.spans(&item.text), outcome.spans)
            .unwrap_or_default(),
    };
    item.spans = adopted.spans(&outcome.text, spans);
    change(item, Step::Anonymize, outcome.text);
}

/// Takes the text through the steps that change it; tells whether it says anything, beside its masks.
fn texted(item: &mut Item, settings: &Settings) -> (Adopted, bool) {
    let (now, changed) = clean(&item.text, settings.skip);
    if !changed.is_empty() {
        let now = now.into_owned();
        changed.iter().for_each(|step| item.changed.insert(step));
        item.original = Some(std::mem::replace(&mut item.text, now).into());
    }
    let says_anything = says_anything(&item.text);
    let adopted = match settings.skip.contains(Step::Masks) {
        true => Adopted::default(),
        false => adopt(&item.text, settings.anonymizer.policy()),
    };
    if !settings.skip.contains(Step::Masks) {
        change(item, Step::Masks, adopted.text.clone());
    }
    if !settings.skip.contains(Step::Whitespace)
        && let Some(now) = folded(&item.text)
    {
        change(item, Step::Whitespace, now);
    }
    (adopted, says_anything)
}

fn change(item: &mut Item, step: Step, now: String) {
    if now == item.text {
        return;
    }
    let before = std::mem::replace(&mut item.text, now);
    item.original.get_or_insert(before.into());
    item.changed.insert(step);
}
