//! The known name that a mistyped one was meant to be.

/// The known name nearest to a mistyped one, if one is near enough to suggest.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (edits(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= limit && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Damerau–Levenshtein distance in its restricted form (optimal string alignment), in characters.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Says that there is no such thing, which ones there are, and which of these may be meant.
pub fn no_such<'a>(what: &str, wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let meant = did_you_mean(wrong, known.clone()).map(|near| format!("; did you mean `{near}`?"));
    let known = shortened(known);
    let only = if known.is_empty() { "nor any other".to_owned() } else { format!("only {known}") };
    format!("there is no {what} `{}`, {only}{}", cut(wrong), meant.unwrap_or_default())
}

/// Names for a message: at most a dozen, each cut where it is long.
pub fn shortened<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(cut).collect();
    match names.len() {
        0..=12 => names.join(", "),
        more => format!("{}, … ({} in all)", names[..10].join(", "), more),
    }
}

/// A name for a message, cut where it is long.
pub fn cut(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let known = ["grief", "joy"];
        let told = no_such("label", "greif", known);
        assert_eq!(told, "there is no label `greif`, only grief, joy; did you mean `grief`?");
        assert_eq!(no_such("label", "nope", known), "there is no label `nope`, only grief, joy");
        assert_eq!(no_such("label", "nope", []), "there is no label `nope`, nor any other");
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        let known = ["grief", "joy", "remorse"];
        assert_eq!(did_you_mean("greif", known), Some("grief"));
        assert_eq!(did_you_mean("Joy", known), Some("joy"));
        assert_eq!(did_you_mean("remorese", known), Some("remorse"));
        assert_eq!(did_you_mean("anger", known), None);
        assert_eq!(did_you_mean("y", ["x"]), None);
    }

    #[test]
    fn many_and_long_names_are_cut() {
        assert_eq!(shortened(["a", "b"]), "a, b");
        assert!(shortened(["x".repeat(900).as_str()]).chars().count() < 50);
        let many: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        assert!(shortened(many.iter().map(String::as_str)).ends_with("9, … (30 in all)"));
    }
}
