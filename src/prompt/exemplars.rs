//! Real rows that templates show.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use minijinja::Value;

use crate::anonymize::Anonymizer;
use crate::config::resolved::Exemplars;
use crate::model::hash64;

/// Rows by the values that cells share with them.
///
/// Each row has a place on a circle, by a hash of its text; each draw begins at a place of its own and
/// takes what comes next. So a row that is added or taken away moves few draws, and a draw takes no longer
/// where there are many rows (consistent hashing: Karger and others, 1997).
#[derive(Debug)]
pub struct Shelf {
    /// Rows for one request.
    rows: usize,
    /// The axes whose values are shared.
    by: Vec<usize>,
    names: Vec<String>,
    shown: Vec<Shown>,
    /// By the cell's values on those axes: places and rows, in order of the places.
    circles: HashMap<Vec<usize>, Vec<(u64, u32)>>,
    /// `None`: rows are shown as they are.
    anonymizer: Option<Anonymizer>,
}

#[derive(Debug)]
struct Shown {
    text: String,
    /// What may be sent; `None` where nothing is left to be shown.
    sent: OnceLock<Option<Arc<str>>>,
}

impl Shelf {
    pub fn new(exemplars: &Exemplars, anonymizer: Option<Anonymizer>) -> Self {
        let mut circles: HashMap<Vec<usize>, Vec<(u64, u32)>> = HashMap::new();
        for (number, row) in exemplars.texts.iter().enumerate() {
            let place = hash64(&[b"exemplar", row.text.as_bytes()]);
            for values in combinations(&row.values) {
                circles.entry(values).or_default().push((place, number as u32));
            }
        }
        circles.values_mut().for_each(|circle| circle.sort_unstable());
        let shown =
            |row: &crate::config::resolved::Exemplar| Shown { text: row.text.clone(), sent: OnceLock::new() };
        Self {
            rows: exemplars.rows,
            by: exemplars.by.iter().map(|by| by.axis).collect(),
            names: exemplars.by.iter().map(|by| by.name.clone()).collect(),
            shown: exemplars.texts.iter().map(shown).collect(),
            circles,
            anonymizer,
        }
    }

    /// The rows of one request of a cell: `key` is the request's own, `value` tells the cell's value on
    /// an axis with its name. Fewer where there are not so many.
    pub fn draw<'v>(&self, key: u64, value: impl Fn(usize) -> (usize, &'v str)) -> Vec<Value> {
        let values: Vec<usize> = self.by.iter().map(|axis| value(*axis).0).collect();
        let circle = self.circles.get(&values).map_or(&[][..], Vec::as_slice);
        let mut taken: Vec<u32> = Vec::with_capacity(self.rows);
        let mut out = Vec::with_capacity(self.rows);
        for turn in 0..self.rows.min(circle.len()) as u64 {
            let place = hash64(&[&key.to_le_bytes(), &turn.to_le_bytes()]);
            let start = circle.partition_point(|(other, _)| *other < place);
            let round = circle[start..].iter().chain(&circle[..start]).map(|(_, row)| *row);
            let next = round.filter(|row| !taken.contains(row)).find_map(|row| Some((row, self.sent(row)?)));
            // What cannot be shown is passed over; where nothing else is left, the rest is too.
            let Some((row, text)) = next else { break };
            taken.push(row);
            let mut fields = BTreeMap::from([("text".to_owned(), Value::from(text))]);
            for (axis, name) in self.by.iter().zip(&self.names) {
                fields.insert(name.clone(), Value::from(value(*axis).1));
            }
            out.push(Value::from(fields));
        }
        out
    }

    /// What may be sent of a row.
    fn sent(&self, row: u32) -> Option<Arc<str>> {
        let shown = &self.shown[row as usize];
        let make = || match &self.anonymizer {
            None => Some(shown.text.trim().into()),
            Some(anonymizer) => {
                let done = anonymizer.apply(shown.text.trim());
                done.dropped.is_none().then(|| done.text.into())
            }
        };
        shown.sent.get_or_init(make).clone()
    }
}

/// Every choice of one of each.
fn combinations(of: &[Vec<usize>]) -> Vec<Vec<usize>> {
    of.iter().fold(vec![Vec::new()], |all, values| {
        all.iter()
            .flat_map(|begun| values.iter().map(move |value| [&begun[..], &[*value]].concat()))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anonymize::{Policy, Preset};
    use crate::config::Span;
    use crate::config::diagnostic::Sources;
    use crate::config::resolved::{By, Exemplar};

    const AXIS: [&str; 2] = ["joy", "anger"];

    fn shelf(texts: impl IntoIterator<Item = String>, anonymizer: Option<Anonymizer>) -> Shelf {
        let row = |text: String| Exemplar { values: vec![vec![usize::from(text.contains("anger"))]], text };
        let exemplars = Exemplars {
            path: String::new(),
            hash: String::new(),
            rows: 3,
            by: vec![By { name: "emotion".into(), axis: 0, column: "emotion".into() }],
            copy: 7,
            anonymize: true,
            texts: texts.into_iter().map(row).collect(),
            at: Span { source: Sources::default().add("", String::new()), start: 0, end: 0 },
        };
        Shelf::new(&exemplars, anonymizer)
    }

    fn draw(shelf: &Shelf, key: u64, value: usize) -> Vec<String> {
        let text = |row: Value| row.get_attr("text").unwrap().to_string();
        shelf.draw(key, |_| (value, AXIS[value])).into_iter().map(text).collect()
    }

    fn texts(number: usize) -> impl Iterator<Item = String> {
        (0..number).map(|n| format!("{} {n}", AXIS[n % 2]))
    }

    #[test]
    fn rows_of_a_draw_differ_and_share_the_label() {
        let shelf = shelf(texts(200), None);
        let mut all = HashMap::new();
        for key in 0..500 {
            let mut rows = draw(&shelf, key, 1);
            assert!(rows.iter().all(|row| row.starts_with("anger")), "{rows:?}");
            rows.iter().for_each(|row| *all.entry(row.clone()).or_insert(0) += 1);
            rows.sort();
            rows.dedup();
            assert_eq!(rows.len(), 3);
        }
        assert!(all.len() > 80, "nearly every row comes up: {}", all.len());
    }

    #[test]
    fn a_row_more_or_another_order_moves_few_draws() {
        let (before, after) = (shelf(texts(400), None), shelf(texts(402), None));
        let moved = (0..400).filter(|key| draw(&before, *key, 0) != draw(&after, *key, 0)).count();
        assert!(moved < 20, "{moved} of 400 draws moved");
        let mut other: Vec<String> = texts(400).collect();
        other.reverse();
        let turned = shelf(other, None);
        assert!((0..50).all(|key| draw(&before, key, 0) == draw(&turned, key, 0)));
    }

    #[test]
    fn where_there_are_few_rows_all_are_drawn() {
        assert_eq!(draw(&shelf(texts(4), None), 7, 0).len(), 2);
        assert!(draw(&shelf(texts(1), None), 7, 1).is_empty());
    }

    #[test]
    fn what_is_sent_is_anonymised_and_what_cannot_be_is_passed_over() {
        let strict = || Anonymizer::new(Policy::from(Preset::Strict), None).ok();
        let shelf = shelf(["Maria Gonzalez has joy".into(), "proud Muslim".into()], strict());
        assert_eq!(draw(&shelf, 3, 0), ["Person A has joy"]);
    }
}
