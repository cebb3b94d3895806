//! The report for people, in at most 80 columns.

use super::evaluation::{Beside, Evaluation, Fairness};
use crate::eval::bootstrap::Interval;
use crate::eval::calibration::Calibration;
use crate::eval::fairness::ENOUGH;
use crate::eval::score::ClassScore;
use crate::report::{shortened, thousands};

/// Confusions that are shown.
const CONFUSIONS: usize = 10;

/// The classes, the scores beside those of others, confusions, calibration and fairness.
pub fn report(of: &Evaluation, name: &str, thresholds: Option<&[f32]>, counts: Option<&[u64]>) -> String {
    let mut out = classes(of, thresholds, counts);
    out.push('\n');
    out.push_str(&beside(of, name));
    out.push_str(&confused(of));
    if let Some([likeliest, all]) = &of.calibration {
        out.push_str(&reliability(likeliest, all));
    }
    if let Some(found) = &of.fairness {
        out.push_str(&fairness(of, found));
    }
    out
}

fn interval(of: Interval) -> String {
    format!("{:.3}–{:.3}", of.low, of.high)
}

fn classes(of: &Evaluation, thresholds: Option<&[f32]>, counts: Option<&[u64]>) -> String {
    let mut out =
        format!("{:<17} {:>5} {:>6} {:>6}  {:<11} {:>6}", "label", "prec.", "recall", "F1", "95 %", "n");
    if counts.is_some() {
        out.push_str(&format!(" {:>8}", "trained"));
    }
    if thresholds.is_some() {
        out.push_str(&format!(" {:>9}", "threshold"));
    }
    out.push('\n');
    for (label, class) in of.scores.classes.iter().enumerate() {
        out.push_str(&format!(
            "{:<17} {:>5.3} {:>6.3} {:>6.3}  {:<11} {:>6}",
            shortened(&of.labels[label], 17),
            class.precision,
            class.recall,
            class.f1,
            interval(of.intervals.classes[label]),
            thousands(class.n),
        ));
        if let Some(counts) = counts {
            out.push_str(&format!(" {:>8}", thousands(counts[label])));
        }
        if let Some(thresholds) = thresholds {
            out.push_str(&format!(" {:>9.3}", thresholds[label]));
        }
        out.push('\n');
    }
    out
}

fn beside(of: &Evaluation, name: &str) -> String {
    let mut out = format!("{:<32} {:>8}  {:<12} {:>8}  {:<11}\n", "", "macro F1", "95 %", "micro F1", "95 %");
    let mut line = |name: &str, scores: [f64; 2], intervals: [Option<Interval>; 2]| {
        let [of_macro, of_micro] = intervals.map(|of| of.map(interval).unwrap_or_default());
        let line = format!(
            "{:<32} {:>8.3}  {of_macro:<12} {:>8.3}  {of_micro:<11}",
            shortened(name, 32),
            scores[0],
            scores[1]
        );
        out.push_str(line.trim_end());
        out.push('\n');
    };
    let (scores, intervals) = (&of.scores, &of.intervals);
    line(name, [scores.macro_f1, scores.micro_f1], [Some(intervals.macro_f1), Some(intervals.micro_f1)]);
    for other in &of.beside {
        let rows = other.rows.map(|rows| format!(", {} rows", thousands(rows))).unwrap_or_default();
        line(
            &format!("{}{rows}", other.name),
            [other.macro_f1, other.micro_f1],
            [other.macro_interval, other.micro_interval],
        );
    }
    out.extend(absent(&scores.classes));
    of.beside.iter().for_each(|other| out.push_str(&versus(other, name)));
    out
}

/// Says of labels that no row has that macro F1 counts them all the same.
fn absent(classes: &[ClassScore]) -> Option<String> {
    let none = classes.iter().filter(|class| class.n == 0).count();
    let all = classes.len();
    (none > 0).then(|| format!("{none} of {all} labels stand in no row here, and count as 0 in macro F1\n"))
}

fn versus(other: &Beside, name: &str) -> String {
    let Some(versus) = &other.versus else { return String::new() };
    let signed = |of: Interval| format!("{:+.3} to {:+.3}", of.low, of.high);
    let compared = versus.mcnemar;
    let p = if compared.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {:.3}", compared.p) };
    format!(
        "\n{} against {}\n  macro F1 {}, micro F1 {} (95 %)\n  exactly right alone: {} and {} texts (McNemar's exact test, {p})\n",
        shortened(name, 32),
        shortened(&other.name, 36),
        signed(versus.macro_difference),
        signed(versus.micro_difference),
        thousands(compared.only_this),
        thousands(compared.only_other),
    )
}

fn confused(of: &Evaluation) -> String {
    let shown: Vec<_> = of
        .confusions
        .iter()
        .filter_map(|(confused, times)| Some((confused.has?, confused.given?, times)))
        .take(CONFUSIONS)
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{:<24} {:<24} {:>6}\n", "has, and was not given", "was given", "texts");
    for (has, given, times) in shown {
        let [has, given] = [has, given].map(|label| shortened(&of.labels[label], 24));
        out.push_str(&format!("{has:<24} {given:<24} {:>6}\n", thousands(*times)));
    }
    out
}

fn reliability(likeliest: &Calibration, all: &Calibration) -> String {
    let mut out = format!(
        "\ncalibration error (ECE): {:.3} of the likeliest label, {:.3} of all labels\n",
        likeliest.ece, all.ece
    );
    out.push_str(&format!("  {:<12} {:>7} {:>7} {:>8}\n", "probability", "said", "was", "texts"));
    for bin in likeliest.bins.iter().filter(|bin| bin.n > 0) {
        out.push_str(&format!(
            "  {:<12} {:>7.3} {:>7.3} {:>8}\n",
            format!("{:.1}–{:.1}", bin.from, bin.to),
            bin.said,
            bin.was,
            thousands(bin.n)
        ));
    }
    out
}

fn fairness(of: &Evaluation, found: &Fairness) -> String {
    let mut out = format!("\n{:<24} {:>7} {:>8} {:>12}\n", "who is swapped", "pairs", "flips", "mean change");
    for swap in &found.swaps {
        out.push_str(&format!(
            "{:<24} {:>7} {:>6.1} % {:>12.4}\n",
            swap.attribute,
            thousands(swap.pairs),
            100.0 * swap.flip_rate,
            swap.mean_change
        ));
    }
    let largest = found.swaps.iter().map(|swap| &swap.largest);
    let change = |of: &[f64; 2]| (of[0] - of[1]).abs();
    let largest = largest.max_by(|a, b| change(&a.probabilities).total_cmp(&change(&b.probabilities)));
    if let Some(largest) = largest.filter(|largest| change(&largest.probabilities) > 0.0) {
        out.push_str(&format!("the largest change, of {}:\n", shortened(&of.labels[largest.label], 40)));
        for (text, probability) in largest.texts.iter().zip(largest.probabilities) {
            out.push_str(&format!("  {probability:.3}  {}\n", shortened(text, 70)));
        }
    }
    if !found.groups.is_empty() {
        out.push_str(&format!("\n{:<24} {:>7} {:>9}\n", "texts that speak of", "n", "micro F1"));
        for group in &found.groups {
            let few = if (group.n as usize) < ENOUGH { "  too few to compare" } else { "" };
            out.push_str(&format!(
                "{:<24} {:>7} {:>9.3}{few}\n",
                format!("{}: {}", group.attribute, group.group),
                thousands(group.n),
                group.micro_f1
            ));
        }
    }
    for gap in &found.gaps {
        let [better, worse] = gap.groups;
        let of_gap = interval(gap.interval).replace('–', " to ");
        out.push_str(&format!("{}: {better} {:.3} above {worse} (95 %: {of_gap})\n", gap.attribute, gap.gap));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_no_row_has_are_told() {
        let class = |n| ClassScore { precision: 0.0, recall: 0.0, f1: 0.0, n, given: 1 };
        assert_eq!(absent(&[class(3), class(1)]), None);
        let told = absent(&[class(3), class(0), class(0)]).unwrap();
        assert!(told.starts_with("2 of 3 labels") && told.trim_end().chars().count() <= 80, "{told}");
    }
}
