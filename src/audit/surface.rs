//! Labels that can be told by marks: "!", "?", an emoji, an "I" at the beginning.

use super::metric::{Case, EMOJI, EXCLAMATION, Measure, Metric, OPENS_WITH_I, QUESTION};
use super::statistics::{LEAST_CLUSTERS, bootstrap, count_clusters, cramers_v};
use super::table::{Column, Table};
use super::{Options, alike, human, percent};

/// What it is called, and whether a text has it.
type Feature = (&'static str, fn(&str) -> bool);

const FEATURES: &[(&Metric, Feature)] = &[
    (&EXCLAMATION, ("\"!\"", |text| text.contains('!'))),
    (&QUESTION, ("\"?\"", |text| text.contains('?'))),
    (&EMOJI, ("an emoji", |text| text.contains(is_emoji))),
    (&OPENS_WITH_I, ("an opening \"I\"", opens_with_i)),
];

/// The blocks of pictographs beyond the basic plane: U+1F300 to U+1FAFF.
pub fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F300}'..='\u{1FAFF}')
}

/// "I" in either case, alone or before an apostrophe.
pub fn opens_with_i(text: &str) -> bool {
    let rest = text.strip_prefix(['I', 'i']);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\'', '’', '\t', '\n']))
}

pub fn surface(table: &Table, options: &Options) -> Vec<Measure> {
    let mut out = Vec::new();
    for column in table.labels() {
        for (metric, feature) in FEATURES.iter().copied() {
            if options.is_on(metric) {
                out.push(of_column(table, column, metric, feature, options));
            }
        }
    }
    out
}

fn of_column(
    table: &Table,
    column: &Column,
    metric: &'static Metric,
    (what, has): Feature,
    options: &Options,
) -> Measure {
    let rows: Vec<(usize, usize, bool)> =
        (0..table.rows()).filter_map(|row| Some((row, column.only(row)?, has(table.text(row))))).collect();
    let none = vec![vec![0.0; 2]; column.values.len()];
    let add = |counts: &mut Vec<Vec<f64>>, (label, has): (u32, bool)| {
        counts[label as usize][usize::from(has)] += 1.0
    };
    let marked: Vec<(u32, bool)> = rows.iter().map(|(_, label, has)| (*label as u32, *has)).collect();
    let mut counts = none.clone();
    marked.iter().for_each(|row| add(&mut counts, *row));
    let reference = human::surface(metric.key);
    let clusters: Vec<u32> = rows.iter().map(|(row, ..)| table.clusters()[*row]).collect();
    let apart = count_clusters(&clusters);
    let enough = apart >= LEAST_CLUSTERS;
    let having = counts.iter().map(|count| count[1]).sum::<f64>();
    let Some(value) = cramers_v(&counts) else {
        // Nobody has it, or everybody: nothing can be told by it.
        let whole = Case::new(rows.len(), 0.0).against(reference).told_if(enough);
        let measure = options.measure(metric, &column.name, Some(whole), Vec::new());
        if !enough {
            return measure.saying(alike(apart), "");
        }
        let how = if having > 0.0 { "every text has" } else { "no text has" };
        return measure.saying(format!("{how} {what}, so labels cannot be told by it"), "");
    };
    let purpose = format!("{} {}", metric.key, column.name);
    let interval = bootstrap((options.seed, &purpose), &clusters, &marked, value, &none, add, |counts| {
        cramers_v(counts).unwrap_or(0.0)
    });
    let [low, high] = interval.map(|end| end.clamp(0.0, 1.0));
    let whole = Case::new(rows.len(), value).between([low, high]).against(reference).told_if(enough);
    let share = having / rows.len() as f64;
    let mut excess: Vec<(f64, usize)> = counts
        .iter()
        .enumerate()
        .map(|(label, count)| (count[1] - share * (count[0] + count[1]), label))
        .collect();
    excess.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (_, most) = excess[0];
    let own = counts[most][1] / (counts[most][0] + counts[most][1]).max(1.0);
    let finding = format!(
        "labels can be told by {what}: {} of `{}` have it, {} of all (V {value:.2})",
        percent(own),
        column.values[most],
        percent(share),
    );
    let measure = options.measure(metric, &column.name, Some(whole), Vec::new());
    let mut offenders = Vec::new();
    if measure.verdict.is_alarm() {
        for (over, label) in excess.into_iter().filter(|(over, _)| *over >= 1.0) {
            let blamed = rows.iter().filter(|row| row.1 == label && row.2).map(|row| row.0);
            // Taking rows out lowers the share of their label and of all.
            offenders.extend(blamed.take((over / (1.0 - share).max(0.05)).ceil() as usize));
        }
    }
    let finding = match measure.verdict.is_alarm() {
        true => finding,
        false if !enough => alike(apart),
        false => format!("V {value:.2} between labels and {what}, which {} of texts have", percent(share)),
    };
    measure
        .saying(
            finding,
            format!("let a template variant ask for texts without {what} (`prompt.user`), or drop some"),
        )
        .blaming(table, offenders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_what_they_are_called() {
        for (text, opens) in [
            ("I am", true),
            ("i'm", true),
            ("I’ll", true),
            ("I", true),
            ("It", false),
            ("Is", false),
            ("", false),
        ] {
            assert_eq!(opens_with_i(text), opens, "{text:?}");
        }
        assert!("so 😀".contains(is_emoji) && "🤖".contains(is_emoji));
        assert!(!"☺ ✓ a".contains(is_emoji));
    }
}
