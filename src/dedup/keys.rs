//! What two similar texts have in common for certain.

use super::bag::FEWEST_WORDS;
use super::level::{Level, Method, Rule, Similarity};
use super::minhash::MinHash;
use super::statistics::fold;

/// Texts with this many words of middling weight, or more, are found by single words.
const LONG: u64 = 48;

/// A middling weight: a word in one of some thousand texts.
const MIDDLING: u64 = 1_000;

/// Under which keys a text is stored, or looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Store,
    Find,
}

/// The key of all texts with the same words.
pub(super) fn same(elements: &[u64], scope: u64) -> u64 {
    let mut out = scope ^ elements.len() as u64;
    for element in elements {
        out = fold(out ^ element, 0xa076_1d64_78bd_642f);
    }
    fold(out, 0xe703_7ed1_a0b4_28db)
}

/// Appends keys of which any text at least as similar has one too.
///
/// Let the elements of a text stand in one order for all texts, let W be its weight and t the
/// threshold. What two similar texts have in common weighs T = tW of either at least. So behind and
/// with their first common element there is a weight of T in both (the prefix filter of Chaudhuri,
/// Ganti and Kaushik 2006, with weights), and behind and with their second one T less the first's.
/// The pair of their first two common elements is therefore a key of both, where every pair of
/// elements at such places is one; an element of a weight of T can be all they have in common, and
/// is a key alone.
///
/// The pairs of a text grow with the square of its length, so that long texts have the elements of
/// the prefix as keys, one by one. A text that may be similar to a short and to a long one is looked
/// for by both.
pub(super) fn similar(
    rule: &Rule,
    threshold: Similarity,
    elements: &[u64],
    scope: u64,
    to: Use,
    minhash: &mut MinHash,
    out: &mut Vec<u64>,
) {
    if elements.len() < FEWEST_WORDS || rule.level == Level::Exact {
        return;
    }
    if rule.method == Method::MinHash {
        return minhash.bands(rule, elements, scope, out);
    }
    let total = rule.total(elements);
    let least = (total * u64::from(threshold.0)).div_ceil(10_000).max(1);
    let long = match rule.level {
        Level::Strict => LONG,
        _ => LONG * MIDDLING,
    };
    // The weight of a similar text is within these.
    let (lightest, heaviest) = match to {
        Use::Store => (total, total),
        Use::Find => (least, total * 10_000 / u64::from(threshold.0.max(1))),
    };
    if lightest < long {
        pairs(rule, elements, total, least, scope, out);
    }
    if heaviest >= long {
        singles(rule, elements, total, least, scope, out);
    }
}

fn singles(rule: &Rule, elements: &[u64], total: u64, least: u64, scope: u64, out: &mut Vec<u64>) {
    let mut rest = total;
    for element in elements {
        if rest < least {
            return;
        }
        out.push(fold(scope ^ element, 0x8ebc_6af0_9c88_c6e3));
        rest -= u64::from(rule.weight(*element));
    }
}

fn pairs(rule: &Rule, elements: &[u64], total: u64, least: u64, scope: u64, out: &mut Vec<u64>) {
    let mut rest = total;
    for (at, first) in elements.iter().enumerate() {
        if rest < least {
            return;
        }
        let weight = u64::from(rule.weight(*first));
        rest -= weight;
        let first_key = fold(scope ^ first, 0x5899_65cc_7537_4cc3);
        if weight >= least {
            out.push(first_key);
        }
        let mut after = rest;
        for second in &elements[at + 1..] {
            if after + weight < least {
                break;
            }
            out.push(fold(first_key ^ second, 0x1d8e_4e27_c47d_124f));
            after -= u64::from(rule.weight(*second));
        }
    }
}
