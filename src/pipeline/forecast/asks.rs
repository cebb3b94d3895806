//! How many asks a cell will take.

use crate::pipeline::book::Held;

/// Rows beyond which the average is taken from renewal theory rather than counted out.
const COUNTED_ROWS: u32 = 256;
/// Asks after which a cell's remaining ones are taken to go on as evenly.
const COUNTED_ASKS: u32 = 4096;
/// Candidates of an answer beyond which duplicates take away their share, rather than each by chance.
const THINNED: usize = 100;
/// Below this chance nothing more is counted.
const NEGLIGIBLE: f64 = 1e-9;
/// Of so few cells it does not matter whether their next ask is stored.
const FEW: f64 = 0.01;

/// How many rows an ask gives: at index i the chance of i of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Yield(Vec<f64>);

/// How often cells will be asked, and the rows that this brings, on average.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// Asks that will be sent: those that are stored are not.
    pub asks: f64,
    pub rows: f64,
    /// Those of the rows that come of asks that are sent, and not of answers that wait for these.
    pub fresh: f64,
    /// Asks behind the open ones that are stored, needed or not.
    pub stored: f64,
    /// The asks that were looked at, as far as the cell goes.
    pub met: Vec<Met>,
}

/// A cell comes to an ask.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Met {
    /// The chance that it does.
    pub open: f64,
    /// Rows that it lacks then and this ask brings, on average.
    pub brings: f64,
}

impl Course {
    /// That of so many cells more, without which asks they are.
    pub fn add(&mut self, other: &Course, cells: f64) {
        self.asks += other.asks * cells;
        self.rows += other.rows * cells;
        self.fresh += other.fresh * cells;
        self.stored += other.stored * cells;
    }
}

/// One of a cell's next asks: what is stored for it, and what its answer brings.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    pub held: Held,
    pub brings: &'a Yield,
}

impl Ahead<'_> {
    fn is_sent(&self) -> bool {
        self.held.is_sent()
    }
}

/// The chances that a cell has 0, 1, 2 … rows, and needs more.
struct Short(Vec<f64>);

impl Short {
    fn new(rows: u32) -> Self {
        let mut chances = vec![0.0; rows as usize];
        chances[0] = 1.0;
        Self(chances)
    }

    /// The chance that it needs more.
    fn open(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Rows that it lacks, on average.
    fn lacks(&self) -> f64 {
        self.0.iter().enumerate().map(|(has, chance)| (self.0.len() - has) as f64 * chance).sum()
    }

    /// Takes in one more answer.
    fn answer(&mut self, of: &Yield) {
        let mut next = vec![0.0; self.0.len()];
        for (has, chance) in self.0.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
            for (more, of) in of.0.iter().enumerate().take(next.len() - has) {
                next[has + more] += chance * of;
            }
        }
        self.0 = next;
    }
}

impl Yield {
    /// From answers, counted by how many of their candidates passed their own checks, and the share
    /// of passing candidates that are duplicates. `None` of no answers.
    ///
    /// Candidates of one answer stand or fall together more often than not, so it is answers that
    /// are counted; duplicates are thinned out of them one by one.
    pub fn of(passed: &[u64], duplicates: f64) -> Option<Self> {
        let answers: u64 = passed.iter().sum();
        if answers == 0 {
            return None;
        }
        let kept = 1.0 - duplicates.clamp(0.0, 1.0);
        let mut out = vec![0.0; passed.len()];
        for (number, times) in passed.iter().enumerate().filter(|(_, times)| **times > 0) {
            let share = *times as f64 / answers as f64;
            if number > THINNED {
                out[(number as f64 * kept).round() as usize] += share;
                continue;
            }
            let texts = std::iter::repeat_n(kept, number);
            for (rows, chance) in Self::of_texts(texts).0.into_iter().enumerate() {
                out[rows] += share * chance;
            }
        }
        Some(Self(out))
    }

    /// Rows of an ask on average.
    pub fn mean(&self) -> f64 {
        self.0.iter().enumerate().map(|(rows, chance)| rows as f64 * chance).sum()
    }

    /// From texts by the chance that each becomes a row.
    pub fn of_texts(chances: impl Iterator<Item = f64>) -> Self {
        let add = |rows: Vec<f64>, chance: f64| {
            let mut next: Vec<f64> = rows.iter().map(|of| of * (1.0 - chance)).chain([0.0]).collect();
            rows.iter().zip(&mut next[1..]).for_each(|(of, more)| *more += of * chance);
            next
        };
        Self(chances.fold(vec![1.0], add))
    }

    /// The same where only so many of the asks bring anything.
    pub fn thinned(&self, share: f64) -> Self {
        let mut out: Vec<f64> = self.0.iter().map(|chance| chance * share).collect();
        if let Some(none) = out.first_mut() {
            *none += 1.0 - share;
        }
        Self(out)
    }

    /// What an ask brings that is made as one of these, each counted so often; `None` of none.
    pub fn mean_of<'a>(each: impl Iterator<Item = (&'a Self, u64)>) -> Option<Self> {
        let (mut out, mut all) = (Vec::new(), 0.0);
        for (of, times) in each {
            out.resize(of.0.len().max(out.len()), 0.0);
            out.iter_mut().zip(&of.0).for_each(|(sum, chance)| *sum += chance * times as f64);
            all += times as f64;
        }
        out.iter_mut().for_each(|chance| *chance /= all);
        (all > 0.0).then_some(Self(out))
    }

    /// How a cell goes on that lacks so many rows, until it has them or `most` of its asks are used up.
    ///
    /// `ahead` are the first of these asks; the others are taken to be missing, and to bring what `self` says.
    pub fn course(&self, rows: u32, most: u32, ahead: &[Ahead<'_>]) -> Course {
        let mean = self.mean();
        if rows == 0 || most == 0 {
            return Course::default();
        }
        let ahead = &ahead[..ahead.len().min(most as usize)];
        let stored = ahead.iter().filter(|ask| !ask.is_sent()).count() as f64;
        let mut out = Course { stored, ..Course::default() };
        // How a cell goes on that lacks many, or for long.
        let evenly = |rows: u32, most: f64| {
            if mean < NEGLIGIBLE {
                return (most, 0.0);
            }
            let answers = self.renewal(rows).min(most);
            (answers, (answers * mean).min(f64::from(rows)))
        };
        if rows > COUNTED_ROWS {
            let given_up = ahead.iter().filter(|ask| ask.held == Held::GivenUp).count() as f64;
            let (answers, brought) = evenly(rows, f64::from(most) - given_up);
            out.asks = (answers + given_up - stored).max(0.0);
            out.met = ahead.iter().map(|ask| Met { open: 1.0, brings: ask.brings.mean() }).collect();
            return Course { rows: brought, fresh: brought * out.asks / answers.max(1.0), ..out };
        }
        let mut short = Short::new(rows);
        let mut rest: &dyn Fn(u32) -> (f64, f64) = &|_| (0.0, 0.0);
        let goes_on = |lacks: u32| evenly(lacks, f64::from(most - COUNTED_ASKS));
        for asked in 0..most {
            let open = short.open();
            if open < NEGLIGIBLE {
                break;
            }
            if asked == COUNTED_ASKS {
                rest = &goes_on;
                break;
            }
            let of = match ahead.get(asked as usize) {
                Some(ask) => {
                    out.met.push(Met { open, brings: 0.0 });
                    out.asks += if ask.is_sent() { open } else { 0.0 };
                    if ask.held == Held::GivenUp {
                        continue;
                    }
                    ask.brings
                }
                None if mean < NEGLIGIBLE => {
                    out.asks += open * f64::from(most - asked);
                    break;
                }
                None => {
                    out.asks += open;
                    self
                }
            };
            let before = short.lacks();
            short.answer(of);
            let brings = before - short.lacks();
            out.met.get_mut(asked as usize).into_iter().for_each(|met| met.brings = brings);
            if ahead.get(asked as usize).is_none_or(Ahead::is_sent) {
                out.fresh += brings;
            }
        }
        // Those that are full have all, the others what they have and what is still to come of them.
        out.rows += f64::from(rows) * (1.0 - short.open());
        for (has, chance) in short.0.iter().enumerate() {
            let (asks, more) = rest(rows - has as u32);
            out.asks += chance * asks;
            out.rows += chance * (has as f64 + more);
            out.fresh += chance * more;
        }
        out
    }

    /// After how many of `most` asks hardly a cell that lacks so many rows goes on.
    pub fn reach(&self, rows: u32, most: u32) -> u32 {
        match rows {
            0 => return 0,
            _ if self.mean() < NEGLIGIBLE => return most,
            1.. => {}
        }
        if rows > COUNTED_ROWS {
            return most.min(self.renewal(rows).ceil() as u32);
        }
        let mut short = Short::new(rows);
        for asked in 0..most.min(COUNTED_ASKS) {
            if short.open() < FEW {
                return asked;
            }
            short.answer(self);
        }
        most
    }

    /// Asks until so many rows, for large numbers: rows / mean, and for the last ask giving more
    /// than is needed (variance + mean² − mean) / (2 mean²). (Feller, "An Introduction to
    /// Probability Theory and Its Applications" I, ch. XIII: renewals on whole numbers.)
    fn renewal(&self, rows: u32) -> f64 {
        let mean = self.mean();
        let square: f64 = self.0.iter().enumerate().map(|(rows, chance)| (rows * rows) as f64 * chance).sum();
        f64::from(rows) / mean + (square - mean) / (2.0 * mean * mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6 * expected.max(1.0), "{found}, {expected} expected");
    }

    #[test]
    fn asks_are_those_that_can_be_worked_out_by_hand() {
        let sure = Yield::of(&[0, 0, 0, 9], 0.0).unwrap();
        for (rows, asks) in [(0, 0.0), (1, 1.0), (3, 1.0), (4, 2.0), (7, 3.0)] {
            near(sure.course(rows, 10, &[]).asks, asks);
        }
        near(sure.course(9, 2, &[]).asks, 2.0);
        // Half of the asks give one row: 2 on average for each, and 1 + 1/2 + 1/4 of at most three.
        let half = Yield::of(&[5, 5], 0.0).unwrap();
        near(half.course(1, 1000, &[]).asks, 2.0);
        near(half.course(3, 1000, &[]).asks, 6.0);
        near(half.course(1, 3, &[]).asks, 1.75);
        // The same by duplicates.
        assert_eq!(Yield::of(&[0, 7], 0.5), Some(half));
        assert_eq!(Yield::of(&[4], 0.0).unwrap().course(3, 6, &[]).asks, 6.0);
        assert_eq!(Yield::of(&[0, 0], 0.0), None);
    }

    #[test]
    fn large_numbers_agree_with_counting_out() {
        for passed in [&[1u64, 2, 3, 4][..], &[9, 1], &[0, 0, 0, 5], &[50, 0, 0, 1]] {
            let of = Yield::of(passed, 0.1).unwrap();
            let counted = of.course(COUNTED_ROWS, u32::MAX, &[]).asks;
            assert!((of.renewal(COUNTED_ROWS) / counted - 1.0).abs() < 1e-3, "{passed:?}: {counted}");
        }
        assert_eq!(Yield::of(&[0, 1], 0.0).unwrap().course(1_000_000, 500, &[]).asks, 500.0);
        // A thousandth of the asks give a row.
        let rare = Yield::of(&[999, 1], 0.0).unwrap();
        let asks = rare.course(5, 1_000_000, &[]).asks;
        assert!((asks / 5000.0 - 1.0).abs() < 0.02, "{asks}");
    }

    /// A row of every other ask: of two asks, three in four cells have one; one in four has two of two.
    #[test]
    fn rows_are_those_that_the_asks_bring() {
        let half = Yield::of(&[5, 5], 0.0).unwrap();
        near(half.course(1, 2, &[]).rows, 0.75);
        near(half.course(2, 2, &[]).rows, 1.0);
        near(half.course(3, 1000, &[]).rows, 3.0);
        near(half.course(1000, 100, &[]).rows, 50.0);
        let three = Yield::of(&[0, 0, 0, 9], 0.0).unwrap();
        // What an answer brings beyond what is lacking is no row.
        near(three.course(4, 10, &[]).rows, 4.0);
        near(three.course(9, 2, &[]).rows, 6.0);
        let rare = Yield::of(&[999_999, 1], 0.0).unwrap();
        near(rare.course(5, 10_000, &[]).rows, 0.01);
    }

    fn ahead<'a>(brings: &'a Yield, held: &[Held]) -> Vec<Ahead<'a>> {
        held.iter().map(|held| Ahead { held: *held, brings }).collect()
    }

    #[test]
    fn what_is_stored_is_not_asked_and_brings_rows_all_the_same() {
        use Held::{Answer, Cut, GivenUp, Missing};
        let sure = Yield::of(&[0, 9], 0.0).unwrap();
        let course = |rows, most, held: &[Held]| {
            let Course { asks, rows, fresh, stored, .. } = sure.course(rows, most, &ahead(&sure, held));
            [asks, rows, fresh, stored].map(|number| number.round() as u32)
        };
        assert_eq!(course(4, 9, &[]), [4, 4, 4, 0]);
        assert_eq!(course(4, 9, &[Missing, Answer, Answer]), [2, 4, 2, 2]);
        assert_eq!(
            course(4, 9, &[Missing, Answer, Missing, Answer, Answer]),
            [2, 4, 2, 3],
            "the last is surplus"
        );
        assert_eq!(course(4, 9, &[Cut(20), GivenUp, GivenUp]), [4, 4, 4, 2], "it has no texts");
        assert_eq!(course(4, 4, &[Missing, GivenUp, Answer]), [2, 3, 2, 2]);
        // Of many the stored ones are taken off, and of those that never bring a row, too.
        assert_eq!(course(500, 900, &[Answer; 100]), [400, 500, 400, 100]);
        assert_eq!(course(500, 450, &[GivenUp; 100])[..2], [350, 350]);
        let none = Yield::of(&[9], 0.0).unwrap();
        near(none.course(3, 9, &ahead(&none, &[Missing, Answer, GivenUp])).asks, 7.0);
        // A cell needs a second ask where the first brought nothing, and that is stored.
        let half = Yield::of(&[5, 5], 0.0).unwrap();
        let course = half.course(1, 3, &ahead(&half, &[Missing, Answer]));
        near(course.asks, 1.25);
        near(course.rows, 0.875);
        near(course.fresh, 0.625);
        let met: Vec<[f64; 2]> = course.met.iter().map(|met| [met.open, met.brings]).collect();
        assert_eq!(met, [[1.0, 0.5], [0.5, 0.25]]);
    }

    /// The first ask is one of two that bring nothing as often as not, the others are sure.
    #[test]
    fn each_ask_brings_what_its_own_kind_does() {
        let (sure, half) = (Yield::of(&[0, 9], 0.0).unwrap(), Yield::of(&[5, 5], 0.0).unwrap());
        let asks = [&half, &half].map(|brings| Ahead { held: Held::Missing, brings });
        near(sure.course(1, 9, &asks).asks, 1.75);
        near(sure.course(2, 9, &asks).asks, 3.0);
        assert_eq!(sure.thinned(0.5), half);
        assert_eq!(Yield::mean_of([(&sure, 1), (&Yield::of(&[3], 0.0).unwrap(), 1)].into_iter()), Some(half));
        assert_eq!(Yield::mean_of([].into_iter()), None);
    }

    /// Eight in a thousand cells go on after seven asks of which half bring the row.
    #[test]
    fn cells_are_looked_at_no_further_than_they_go() {
        let half = Yield::of(&[5, 5], 0.0).unwrap();
        assert_eq!((half.reach(1, 100), half.reach(1, 5), half.reach(0, 5)), (7, 5, 0));
        let sure = Yield::of(&[0, 0, 1], 0.0).unwrap();
        assert_eq!((sure.reach(5, 100), sure.reach(1000, 2000), sure.reach(1000, 20)), (3, 501, 20));
        assert_eq!(Yield::of(&[9], 0.0).unwrap().reach(1, 12), 12);
    }
}
