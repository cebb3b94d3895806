//! Tables with a fault planted, each with one that has none.

use super::*;

/// Text of a few templates with a few fillings.
fn templated(random: &mut Random, text: &mut String) {
    let filling = ["dog", "cat", "car", "boss", "house", "game"][random.below(6)];
    *text = match random.below(3) {
        0 => format!("you will not believe what my {filling} did to me this morning"),
        1 => format!("well that was a long day with the {filling} and nobody said a word"),
        _ => format!("there is nothing like a {filling} to make you forget the whole week"),
    };
}

/// The metrics' faults: planted, and the control.
pub fn faults() -> Vec<(&'static str, Made, Made)> {
    let base = || fair(ROWS);
    let by_label = |made: Made| (made.clone(), made.shuffled());
    let by_text = |made: Made| (made.clone(), made.mixed());
    let uneven = || {
        base().each(|random, _, label, _| {
            if random.below(10) > 0 {
                *label = "joy";
            }
        })
    };
    let uneven_cells = || {
        base().each(|random, _, label, context| {
            if random.below(20) > 0 {
                (*label, *context) = ("joy", "work");
            }
        })
    };
    let ending = |mark: &'static str| {
        base().each(move |_, text, label, _| {
            *text = text.replace(['!', '?', '\u{1F600}'], "");
            if *label == "joy" || *label == "fear" {
                text.push_str(mark);
            }
        })
    };
    let mut out = Vec::new();
    let mut add = |key, (planted, control)| out.push((key, planted, control));
    add("balance", (uneven(), base().shuffled()));
    add("balance_asked", (uneven(), base().shuffled()));
    add("cells", (uneven_cells(), base().shuffled()));
    add("cells_asked", (uneven_cells(), base()));
    let named = || {
        base().each(|random, text, label, _| {
            if random.below(2) == 0 {
                text.push_str(&format!(" {label}"));
            }
        })
    };
    add("leakage", by_label(named()));
    add("leakage_stem", by_label(named()));
    add(
        "length",
        by_label(base().each(|_, text, label, _| {
            if *label == "joy" {
                *text = text.split(' ').take(4).collect::<Vec<_>>().join(" ");
            }
        })),
    );
    add("exclamation", by_label(ending("!")));
    add("question", by_label(ending("?")));
    add("emoji", by_label(ending("\u{1F600}")));
    add(
        "opens_with_i",
        by_label(base().each(|_, text, label, _| {
            let rest = text.trim_start_matches("I ").to_owned();
            *text = if *label == "joy" || *label == "fear" { format!("I {rest}") } else { rest };
        })),
    );
    add(
        "opener",
        by_label(base().each(|random, text, label, _| {
            if random.below(5) > 0 {
                *text = format!("what {}ish day {text}", &label[..2]);
            }
        })),
    );
    add(
        "context",
        by_label(base().each(|random, _, label, context| {
            if random.below(3) > 0 {
                *context = CONTEXTS[LABELS.iter().position(|name| name == label).unwrap() % 4];
            }
        })),
    );
    let slandered = || {
        base().each(|random, text, label, _| {
            *text = text.replace("muslim", "person");
            if random.below(if *label == "anger" { 3 } else { 40 }) == 0 {
                text.push_str(" muslim");
            }
        })
    };
    add("identity", by_label(slandered()));
    add("parity", by_label(slandered()));
    add("counterfactual", by_text(base().each(|_, text, _, _| *text = text.replace("she", "slur she"))));
    let womanless = || base().each(|_, text, _, _| *text = text.replace("she", "it"));
    add("representation", (womanless(), base()));
    let poor = || {
        base().each(|random, text, _, _| {
            let some: Vec<String> = (0..13).map(|_| format!("v{}", random.below(150))).collect();
            *text = some.join(" ");
        })
    };
    let same = || base().each(|random, text, _, _| templated(random, text));
    add("distinct_1", (same(), base()));
    add("mattr", (poor(), base()));
    // A tenth of the words of their own, so that mixing makes other texts of the same words.
    let phrases = || {
        base().each(|random, text, _, _| {
            let phrases: Vec<String> = (0..3)
                .map(|_| {
                    let at = random.below(120);
                    (0..4).map(|word| format!("p{}", at * 4 + word)).collect::<Vec<_>>().join(" ")
                })
                .collect();
            *text = phrases.join(" ");
        })
    };
    for key in ["distinct_2", "distinct_3", "self_bleu"] {
        add(key, by_text(phrases()));
    }
    add("gzip", (same(), base()));
    add(
        "openers",
        by_text(base().each(|random, text, _, _| {
            if random.below(2) == 0 {
                *text = format!("o{} so much {text}", random.below(10));
            }
        })),
    );
    out
}
