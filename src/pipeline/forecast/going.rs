//! What open cells will take, by what asks bring and by what is stored for those to come.

use std::collections::{BTreeMap, HashMap};

use super::about::{self, About};
use super::asks::Course;
use super::evidence::{Evidence, Judged, Yields};
use super::sample::Sample;
use crate::dataset::evaluate::{Demand, To};
use crate::dataset::{Models, Recipe};
use crate::pipeline::book::{BookError, Held, StoreBook};
use crate::report;

/// Asks behind open ones that are looked up; each costs a rendering.
const LOOKED_UP: usize = if cfg!(test) { 40 } else { 4096 };

/// What is demanded of the cells that are to be asked for.
#[derive(Debug)]
pub struct Going {
    /// Demands by kind: asks, and requests about texts.
    pub asks: u64,
    pub judges: u64,
    pub second_looks: u64,
    pub embeddings: u64,
    /// Open cells by the model of their next ask.
    pub shares: Vec<u64>,
    pub about: About,
    open: Open,
}

/// What that will come to.
#[derive(Debug, Clone)]
pub struct Expected {
    pub course: Course,
    pub about: about::Expected,
    /// By model: in which proportion its asks will be for it.
    pub shares: Vec<u64>,
}

impl Expected {
    pub fn requests(&self) -> f64 {
        self.course.asks + self.about.requests()
    }

    /// As it is told.
    pub fn told(&self) -> report::Expected {
        let Course { asks, rows, .. } = self.course;
        report::Expected { asks, rows, requests: self.requests(), at_least: !self.about.counted }
    }
}

impl Going {
    pub fn new(models: &Models) -> Self {
        let models = models.list().len();
        let (shares, about, open) = (vec![0; models], About::new(models), Open::default());
        Self { asks: 0, judges: 0, second_looks: 0, embeddings: 0, shares, about, open }
    }

    /// Takes in a demand; so many rows its cell lacks.
    pub fn demand(&mut self, recipe: &Recipe, models: &Models, demand: &Demand, missing: u32) {
        let kind = match demand.about.map(|about| about.to) {
            None => &mut self.asks,
            Some(To::Names) => &mut self.second_looks,
            Some(To::Embedder) => &mut self.embeddings,
            Some(To::Judge(_)) => &mut self.judges,
        };
        *kind += 1;
        if self.about.demand(recipe, models, demand, missing) && goes_on(recipe, demand, missing) {
            let next = demand.ask + u32::from(demand.about.is_some());
            self.shares[models.of(recipe, demand.cell, next)] += 1;
            self.open.demand(recipe, demand, missing);
        }
    }

    /// Requests that can be sent at once.
    pub fn now(&self) -> u64 {
        self.asks + self.judges + self.second_looks + self.embeddings
    }

    /// What they will come to with those that follow; `None` where too few answers were judged, now and `before`.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn expected(
        &self,
        recipe: &Recipe,
        evidence: &Evidence<'_>,
        before: Option<&Judged>,
        book: &StoreBook<'_>,
    ) -> Result<Option<Expected>, BookError> {
        let Some(yields) = evidence.yields(before) else { return Ok(None) };
        let (course, asks) = self.open.expected(&yields, |asks| book.held(asks))?;
        let about = self.about.expected(recipe, evidence, before, self.second_looks);
        let mut shares = vec![0; self.shares.len()];
        for (cell, ask) in asks {
            shares[book.models().of(recipe, cell, ask)] += 1;
        }
        Ok(Some(Expected { course, about, shares }))
    }
}

/// Cells whose next asks are to be sent.
#[derive(Debug)]
struct Open {
    alike: BTreeMap<Kind, u64>,
    sample: Sample<Cell>,
}

/// What tells how a cell will go on: its label, the rows that it lacks, and the asks that it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Kind {
    group: u64,
    rows: u32,
    most: u32,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    kind: Kind,
    cell: usize,
    /// The first of the asks left.
    next: u32,
    /// That one is missing; else it was not looked up yet.
    is_missing: bool,
}

/// What is to be looked up.
struct Ahead<'a> {
    /// Each with how many of the asks are its own.
    cells: Vec<(&'a Cell, usize)>,
    asks: Vec<(usize, u32)>,
}

/// Whether the cell of a demand is asked further: a text that is looked into is most often its next row.
fn goes_on(recipe: &Recipe, demand: &Demand, missing: u32) -> bool {
    demand.about.is_none() || missing > 1 && demand.ask + 1 < recipe.quotas.asks(demand.cell)
}

impl Default for Open {
    fn default() -> Self {
        Self { alike: BTreeMap::new(), sample: Sample::new(LOOKED_UP) }
    }
}

impl Open {
    fn demand(&mut self, recipe: &Recipe, demand: &Demand, missing: u32) {
        let group = recipe.grid.label_key(demand.cell);
        // A text that is looked into is most often the next row, and the ask after its own comes then.
        let is_missing = demand.about.is_none();
        let (rows, next) = if is_missing { (missing, demand.ask) } else { (missing - 1, demand.ask + 1) };
        let kind = Kind { group, rows, most: recipe.quotas.asks(demand.cell) - next };
        *self.alike.entry(kind).or_default() += 1;
        self.sample.take(demand.fingerprint, Cell { kind, cell: demand.cell, next, is_missing });
    }

    /// What their asks will come to, and which will be sent of those that were looked up. Each cell is taken to go on as
    /// those of its label did; what is stored behind their open asks is looked up for some, and taken to be alike for the
    /// others.
    ///
    /// # Errors
    /// Only what looking up fails with.
    fn expected<E>(
        &self,
        yields: &Yields,
        look_up: impl FnOnce(&[(usize, u32)]) -> Result<Vec<Held>, E>,
    ) -> Result<(Course, Vec<(usize, u32)>), E> {
        let mut all = Course::default();
        let mut plain: HashMap<Kind, Course> = HashMap::new();
        for (kind, cells) in &self.alike {
            let course = yields.of(kind.group).course(kind.rows, kind.most, &[]);
            all.add(course, *cells as f64);
            plain.insert(*kind, course);
        }
        let Ahead { cells, asks } = self.ahead(yields);
        let mut held = look_up(&asks)?.into_iter();
        let (mut without, mut with, mut sent) = (Course::default(), Course::default(), Vec::new());
        for (Cell { kind, cell, next, is_missing }, ahead) in cells {
            let first = is_missing.then_some(Held::Missing);
            let held: Vec<Held> = first.into_iter().chain(held.by_ref().take(ahead)).collect();
            let course = yields.of(kind.group).course(kind.rows, kind.most, &held);
            let missing = (*next..).zip(&held).filter(|(_, held)| **held == Held::Missing);
            sent.extend(missing.take(course.asks.round().max(1.0) as usize).map(|(ask, _)| (*cell, ask)));
            without.add(plain[kind], 1.0);
            with.add(course, 1.0);
        }
        let scaled = |all: f64, part: f64, of: f64| if of > 0.0 { all * part / of } else { all };
        let course = Course {
            asks: scaled(all.asks, with.asks, without.asks),
            rows: scaled(all.rows, with.rows, without.rows),
            stored: scaled(all.asks, with.stored, without.asks),
        };
        Ok((course, sent))
    }

    /// Some cells, taken by chance, and their next asks, as far as these cells will go.
    fn ahead(&self, yields: &Yields) -> Ahead<'_> {
        let mut reaches: HashMap<Kind, u32> = HashMap::new();
        let (mut cells, mut asks) = (Vec::new(), Vec::new());
        for cell in self.sample.items().values() {
            let Kind { group, rows, most } = cell.kind;
            let reach = *reaches.entry(cell.kind).or_insert_with(|| yields.of(group).reach(rows, most));
            let ahead = (cell.next + u32::from(cell.is_missing)..cell.next + reach).take(LOOKED_UP);
            if !asks.is_empty() && asks.len() + ahead.len() > LOOKED_UP {
                break;
            }
            cells.push((cell, ahead.len()));
            asks.extend(ahead.map(|ask| (cell.cell, ask)));
        }
        Ahead { cells, asks }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Fingerprint;

    /// Cells of one kind, whose first ask is missing.
    fn open(cells: usize, rows: u32, most: u32) -> Open {
        let mut open = Open::default();
        let kind = Kind { group: 0, rows, most };
        for cell in 0..cells {
            let hash = *blake3::hash(&cell.to_le_bytes()).as_bytes();
            open.sample.take(Fingerprint(hash), Cell { kind, cell, next: 0, is_missing: true });
        }
        open.alike.insert(kind, cells as u64);
        open
    }

    fn yields(passed: &[u64]) -> Yields {
        let judged = Judged { passed: passed.to_vec(), ..Judged::default() };
        Yields::new(judged.of_asks(1).unwrap())
    }

    /// What `held` says of the asks behind the open ones, and how many it was asked about.
    fn told(open: &Open, yields: &Yields, held: impl Fn(usize, u32) -> Held) -> (Course, usize) {
        let mut asked = 0;
        let look_up = |asks: &[(usize, u32)]| {
            asked = asks.len();
            Ok::<_, ()>(asks.iter().map(|(cell, ask)| held(*cell, *ask)).collect())
        };
        let (course, sent) = open.expected(yields, look_up).unwrap();
        assert!(sent.iter().all(|(cell, ask)| *ask == 0 || held(*cell, *ask) == Held::Missing), "{sent:?}");
        (course, asked)
    }

    #[test]
    fn no_more_asks_are_looked_up_than_cells_will_go_on_to_and_a_bounded_number_of_all() {
        let missing = |_: usize, _: u32| Held::Missing;
        let sure = yields(&[0, 9]);
        // The open ask itself is known to be missing.
        assert_eq!(told(&open(5, 3, 900), &sure, missing).1, 5 * 2);
        assert_eq!(told(&open(5, 1, 900), &sure, missing).1, 0);
        assert_eq!(told(&open(5, 9, 4), &sure, missing).1, 5 * 3);
        for (cells, rows, most) in [(100_000, 3, 900), (1000, 30, 900), (10, 1000, 9000)] {
            let (course, asked) = told(&open(cells, rows, most), &sure, missing);
            assert!(asked <= LOOKED_UP, "{asked} of {cells} cells");
            assert_eq!(course.asks.round() as usize, cells * rows as usize, "nothing is stored");
        }
    }

    proptest! {
        /// Of few cells each ask that is stored is one less.
        #[test]
        fn what_is_stored_is_taken_off(stored in prop::collection::hash_set((0..6usize, 1..6u32), 0..30)) {
            let held = |cell, ask| if stored.contains(&(cell, ask)) { Held::Answer } else { Held::Missing };
            let (course, asked) = told(&open(6, 6, 9), &yields(&[0, 4]), held);
            prop_assert_eq!(asked, 30);
            prop_assert!((course.asks - (36 - stored.len()) as f64).abs() < 1e-6);
            prop_assert!((course.rows - 36.0).abs() < 1e-6);
            prop_assert!((course.stored - stored.len() as f64).abs() < 1e-6);
        }
    }

    /// Of many cells a sample tells: half of them have all that they need.
    #[test]
    fn a_sample_tells_of_all() {
        let held = |cell: usize, _: u32| if cell.is_multiple_of(2) { Held::Answer } else { Held::Missing };
        let (course, asked) = told(&open(10_000, 2, 9), &yields(&[0, 4]), held);
        assert_eq!(asked, LOOKED_UP);
        assert!((course.asks / 15_000.0 - 1.0).abs() < 0.1, "{course:?}");
        assert!((course.rows - 20_000.0).abs() < 1e-6, "{course:?}");
    }
}
