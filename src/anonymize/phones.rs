//! Telephone numbers.

use super::Found;
use super::around::{any, before};
use super::category::Category;

/// Words that a telephone number follows.
pub const PHONE_WORDS: &[&str] = &[
    "call",
    "called",
    "calls",
    "calling",
    "phone",
    "phoned",
    "telephone",
    "tel",
    "text",
    "txt",
    "texted",
    "texting",
    "whatsapp",
    "cell",
    "mobile",
    "ring",
    "dial",
    "dialed",
    "fax",
    "sms",
    "landline",
    "hotline",
    "helpline",
    "line",
    "cellphone",
    "telegram",
    "signal",
    "viber",
    "number",
    "numbers",
    "digits",
    "contact",
    "reach",
    "handy",
    "móvil",
    "celular",
    "telefon",
    "telefono",
    "teléfono",
    "tél",
    "voicemail",
    "message",
    "ph",
    "mob",
];
/// Words that another number follows.
const NO_PHONE: &[&str] = &[
    "order",
    "isbn",
    "sku",
    "tracking",
    "invoice",
    "version",
    "ticket",
    "serial",
    "score",
    "scored",
    "model",
    "part",
    "pages",
    "page",
    "pi",
    "build",
    "flight",
    "room",
    "code",
    "receipt",
    "bug",
    "issue",
    "commit",
    "years",
    "gps",
    "won",
    "lost",
    "batch",
    "lot",
    "case",
    "reference",
    "ref",
    "item",
    "product",
    "barcode",
    "confirmation",
    "parcel",
    "package",
    "shipment",
    "record",
];

/// A telephone number, by its groups or by what is said before it.
pub fn find(
    text: &str,
    digits: &[u8],
    lengths: &[usize],
    gaps: &[&str],
    words: &[String],
    start: usize,
    end: usize,
) -> Option<Found> {
    let bytes = text.as_bytes();
    let count = digits.len();
    let mut from = start;
    let mut plus = false;
    // What stands before: `+`, `(`, `+1 (`.
    if from > 0 && bytes[from - 1] == b'(' {
        from -= 1;
    }
    if from > 0 && bytes[from - 1] == b'+' {
        from -= 1;
        plus = true;
    }
    let bracket = bytes[from..start].contains(&b'(');
    if bracket && !bytes[start..end].contains(&b')') {
        from = start;
    }
    let bracket = bytes[from..end].contains(&b'(') || bytes[from..end].contains(&b')');
    let sign = before(text, from);
    if sign.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '_' | '.' | '/' | '=' | '-' | '&'))
        && !(plus && sign != Some('#'))
    {
        return None;
    }
    let found = Some(Found::new(from, end, Category::Phone));
    let says = any(words, PHONE_WORDS);
    let order = ["order", "isbn", "sku", "tracking", "serial", "code", "ticket"];
    if any(words, NO_PHONE) && (!says || any(words, &order)) {
        return None;
    }
    let slashes = gaps.iter().any(|gap| gap.contains('/'));
    if !(7..=15).contains(&count) || gaps.iter().filter(|gap| **gap == ".").count() == 1 && gaps.len() == 1 {
        return None;
    }
    if plus {
        return (count >= 8 && digits[0] != 0 && !slashes).then_some(found).flatten();
    }
    if date(digits, lengths) {
        return None;
    }
    let known = match lengths {
        // North America
        [3, 3, 4] => digits[0] >= 2 || digits[0] == 0,
        [1, 3, 3, 4] => digits[0] == 1,
        [3, 7] | [6, 4] if bracket => true,
        [3, 4] => says && digits[0] >= 2,
        // India
        [5, 5] => digits[0] >= 6 && gaps == [" "] || says,
        // Brazil
        [2, 5, 4] | [2, 4, 4] => bracket || says,
        [5, 4] | [4, 4] => says && !slashes && !(digits[0] <= 2 && lengths == [4, 4] && gaps == ["-"]),
        [2, 2, 2, 2, 2] => digits[0] == 0,
        [0..=3, ..] if bracket && count >= 8 => true,
        [11] => says || digits[0] == 0 && digits[1] == 7,
        [10] => says || digits[0] == 0 && !slashes && count == 10 && matches!(digits[1], 4 | 6 | 7 | 8),
        [7] => any(
            &words[..words.len().min(2)],
            &["call", "text", "phone", "tel", "dial", "ring", "txt", "whatsapp"],
        ),
        [8..=9] | [12..=15] => says && !any(words, &["number"]) || any(words, &["phone", "mobile", "cell"]),
        _ => false,
    };
    let trunk = digits[0] == 0
        && digits[1] != 0
        && (9..=12).contains(&count)
        && lengths.len() > 1
        && lengths.len() < 7
        && !slashes
        && (lengths[0] >= 2 || says)
        || digits[..2] == [0, 0] && count >= 10 && lengths.len() < 8;
    let grouped = says
        && count >= 8
        && lengths.len() > 1
        && !slashes
        && lengths.iter().all(|&length| (2..=5).contains(&length));
    let slashed = says && digits[0] == 0 && gaps == ["/"] && count >= 8;
    (slashed || known && !slashes || trunk || grouped).then_some(found).flatten()
}

/// Whether the parts read as a date or a span of years.
fn date(digits: &[u8], lengths: &[usize]) -> bool {
    let part = |from: usize, to: usize| {
        digits[from..to].iter().fold(0u32, |sum, &digit| sum * 10 + u32::from(digit))
    };
    match lengths {
        [4, 1 | 2, 1 | 2] => (1000..=2999).contains(&part(0, 4)),
        [1 | 2, 1 | 2, 4] => true,
        [4, 4] => (1000..=2999).contains(&part(0, 4)) && (1000..=2999).contains(&part(4, 8)),
        [8] => {
            (1900..=2099).contains(&part(0, 4))
                && (1..=12).contains(&part(4, 6))
                && (1..=31).contains(&part(6, 8))
        }
        _ => false,
    }
}
