//! What is measured of some texts.

use super::grams::Grams;
use super::gzip::Gzip;
use crate::audit::table::Table;

/// A value of each metric, in the order of [`super::ALL`].
pub type Values = [f64; 7];

/// Parts of a sample that are left out one after another.
const PARTS: usize = 10;

/// Texts that are compared with each other.
pub struct Sample<'t> {
    table: &'t Table,
    rows: &'t [usize],
    grams: Grams,
}

impl<'t> Sample<'t> {
    pub fn new(table: &'t Table, rows: &'t [usize]) -> Self {
        Self { table, rows, grams: Grams::of(rows.iter().map(|row| table.tokens(*row))) }
    }

    pub fn values(&self, gzip: &mut Gzip) -> Values {
        self.of(|_| true, gzip)
    }

    /// The standard errors of the values, by leaving out a tenth of the texts after another (the
    /// delete-a-group jackknife: Kott, Journal of Official Statistics 2001). The texts stand in no order.
    pub fn jackknife(&self, gzip: &mut Gzip) -> Values {
        let values: Vec<Values> = (0..PARTS).map(|part| self.of(|text| text % PARTS != part, gzip)).collect();
        let parts = PARTS as f64;
        std::array::from_fn(|at| {
            let mean = values.iter().map(|values| values[at]).sum::<f64>() / parts;
            let square = values.iter().map(|values| (values[at] - mean).powi(2)).sum::<f64>();
            ((parts - 1.0) / parts * square).sqrt()
        })
    }

    /// The values of the texts that take part.
    fn of(&self, takes_part: impl Fn(usize) -> bool + Copy, gzip: &mut Gzip) -> Values {
        let ([one, two, three], bleu) = self.grams.distinct_and_bleu(takes_part);
        let texts = self.rows.iter().enumerate().filter(|(text, _)| takes_part(*text));
        let packed = gzip.ratio(texts.map(|(_, row)| self.table.text(*row)));
        [one, two, three, packed, bleu, self.grams.mattr(takes_part), self.grams.top_openers(takes_part)]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::super::ALL;
    use super::*;
    use crate::audit::Groups;
    use crate::audit::human::SMALL;
    use crate::model::random::Random;

    fn table(texts: &[String]) -> Table {
        let mut table = Table::new([]);
        texts.iter().for_each(|text| table.push("", text, [[""; 0]; 0], Groups::default()));
        table
    }

    /// Texts of words of which few are frequent and many rare.
    fn made_up(rows: usize, least: usize) -> Table {
        let mut random = Random::of(4, "jackknife");
        let texts: Vec<String> = (0..rows)
            .map(|_| {
                let word = |random: &mut Random| {
                    let share = random.below(1 << 20) as f64 / f64::from(1 << 20);
                    format!("w{}", (2_000f64.powf(share) - 1.0) as usize)
                };
                let text: Vec<String> = (0..least + random.below(11)).map(|_| word(&mut random)).collect();
                let opening = format!("o{} so much {}", random.below(100).pow(2) / 200, text.join(" "));
                if least == 0 { text.join(" ") } else { opening }
            })
            .collect();
        table(&texts)
    }

    /// It says how far the values of other texts of the same kind are from each other.
    #[test]
    fn a_jackknife_s_errors_are_those_of_fresh_samples() {
        let (of, mut gzip) = (made_up(40 * SMALL, 8), Gzip::default());
        let all: Vec<usize> = (0..of.rows()).collect();
        let fresh: Vec<Values> =
            all.chunks(SMALL).map(|rows| Sample::new(&of, rows).values(&mut gzip)).collect();
        let told = all.chunks(SMALL).step_by(8).map(|rows| Sample::new(&of, rows).jackknife(&mut gzip));
        let told: Vec<Values> = told.collect();
        for (at, metric) in ALL.iter().enumerate() {
            let mean = |values: &[Values]| values.iter().map(|v| v[at]).sum::<f64>() / values.len() as f64;
            let centre = mean(&fresh);
            let square = fresh.iter().map(|values| (values[at] - centre).powi(2)).sum::<f64>();
            let ratio = mean(&told) / (square / (fresh.len() - 1) as f64).sqrt();
            assert!((0.6..2.0).contains(&ratio), "{}: {ratio}", metric.key);
        }
    }

    fn plain_distinct(texts: &[&[u32]], order: usize) -> f64 {
        let grams: Vec<&[u32]> = texts.iter().flat_map(|text| text.windows(order)).collect();
        grams.iter().collect::<HashSet<_>>().len() as f64 / grams.len().max(1) as f64
    }

    /// BLEU as it is defined: each n-gram of a text counts as often as one of the others has it.
    fn plain_bleu(texts: &[&[u32]]) -> f64 {
        let times = |text: &[u32], gram: &[u32]| text.windows(gram.len()).filter(|own| *own == gram).count();
        let of = |at: usize| {
            let text = texts[at];
            let others = || texts.iter().enumerate().filter(move |(other, _)| *other != at);
            let mut logs = 0.0;
            for order in 1..=4 {
                let grams: HashSet<&[u32]> = text.windows(order).collect();
                let most = |gram: &[u32]| others().map(|(_, other)| times(other, gram)).max().unwrap_or(0);
                let hits: usize = grams.iter().map(|gram| times(text, gram).min(most(gram))).sum();
                let hits = if hits == 0 { 0.1 } else { hits as f64 };
                logs += (hits / text.windows(order).count().max(1) as f64).min(1.0).ln() / 4.0;
            }
            // The nearest in length, the shorter of two.
            let nearest = others().map(|(_, other)| other.len()).min_by_key(|l| (l.abs_diff(text.len()), *l));
            let longer = nearest.unwrap_or(0) as f64 / text.len() as f64;
            if text.is_empty() { 0.0 } else { (1.0 - longer.max(1.0)).exp() * logs.exp() }
        };
        (0..texts.len()).map(of).sum::<f64>() / texts.len() as f64
    }

    fn plain_mattr(texts: &[&[u32]]) -> f64 {
        let stream = texts.concat();
        let different = |window: &[u32]| window.iter().collect::<HashSet<_>>().len() as f64;
        let windows: Vec<f64> = stream.windows(500).map(|window| different(window) / 500.0).collect();
        match windows.len() {
            0 => different(&stream) / stream.len().max(1) as f64,
            count => windows.iter().sum::<f64>() / count as f64,
        }
    }

    fn plain_openers(texts: &[&[u32]]) -> f64 {
        let mut times: HashMap<&[u32], usize> = HashMap::new();
        texts.iter().for_each(|text| *times.entry(&text[..text.len().min(3)]).or_default() += 1);
        let mut times: Vec<usize> = times.into_values().collect();
        times.sort_unstable();
        times.iter().rev().take(20).sum::<usize>() as f64 / texts.len() as f64
    }

    /// What is counted over numbers, with and without a part, is what the definitions say of the same texts.
    #[test]
    fn values_are_those_of_the_definitions() {
        for (rows, least) in [(120, 0), (57, 8), (3, 0)] {
            let of = made_up(rows, least);
            let mut all: Vec<usize> = (0..rows).collect();
            Random::of(6, "order").shuffle(&mut all);
            let (sample, mut gzip) = (Sample::new(&of, &all), Gzip::default());
            for part in [None, Some(0), Some(3), Some(9)] {
                let takes_part = |text: usize| Some(text % PARTS) != part;
                let left: Vec<usize> = (0..rows).filter(|at| takes_part(*at)).map(|at| all[at]).collect();
                let texts: Vec<&[u32]> = left.iter().map(|row| of.tokens(*row)).collect();
                let packed = Gzip::default().ratio(left.iter().map(|row| of.text(*row)));
                let distinct = [1, 2, 3].map(|order| plain_distinct(&texts, order));
                let [one, two, three] = distinct;
                let (bleu, openers) = (plain_bleu(&texts), plain_openers(&texts));
                let wanted = [one, two, three, packed, bleu, plain_mattr(&texts), openers];
                let got = sample.of(takes_part, &mut gzip);
                for (at, metric) in ALL.iter().enumerate() {
                    let (got, wanted) = (got[at], wanted[at]);
                    assert!((got - wanted).abs() < 1e-12, "{} without {part:?}: {got} {wanted}", metric.key);
                }
            }
        }
    }
}
