//! What open cells will take, by what asks bring and by what is stored for those to come.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::about::{self, About};
use super::asks::{Ahead, Course, Yield};
use super::evidence::Way;
use super::rates::{Cut, Rates, Sent};
use super::rounds::{Rounds, Together};
use super::sample::Sample;
use crate::dataset::evaluate::{Demand, To};
use crate::dataset::{Models, Recipe};
use crate::pipeline::book::{BookError, Found, Held, StoreBook};
use crate::report;

/// Asks of open cells that are looked up; each costs a rendering.
const LOOKED_UP: usize = if cfg!(test) { 40 } else { 4096 };

/// The same where texts are asked about: each costs an answer that is read, too.
const READ: usize = 1024;

/// What is demanded of the cells that are to be asked for.
#[derive(Debug)]
pub struct Going {
    /// Demands by kind: asks, and requests about texts.
    pub asks: u64,
    pub judges: u64,
    pub second_looks: u64,
    pub embeddings: u64,
    /// Open cells by the way of their next ask.
    pub ways: BTreeMap<Way, u64>,
    pub about: About,
    open: Open,
}

/// What that will come to.
#[derive(Debug, Clone)]
pub struct Expected {
    pub course: Course,
    pub about: about::Expected,
    /// Asks that will be sent, by way.
    pub ways: BTreeMap<Way, Sent>,
    /// Some of them, each with its cell.
    pub sent: Vec<(usize, u32)>,
    pub rounds: Rounds,
    /// Enough was judged to tell.
    is_sure: bool,
}

impl Expected {
    pub fn requests(&self) -> f64 {
        self.course.asks + self.about.requests()
    }

    /// As it is told.
    pub fn told(&self) -> report::Expected {
        let Course { asks, rows, fresh, .. } = self.course;
        let (requests, at_least, is_sure) = (self.requests(), !self.about.counted, self.is_sure);
        report::Expected { asks, rows, fresh, requests, at_least, is_sure }
    }
}

impl Going {
    pub fn new(recipe: &Recipe, models: &Models) -> Self {
        let (about, open) = (About::new(recipe, models), Open::default());
        Self { asks: 0, judges: 0, second_looks: 0, embeddings: 0, ways: BTreeMap::new(), about, open }
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
        if self.about.demand(recipe, models, demand, missing) {
            let next = demand.ask + u32::from(demand.about.is_some());
            *self.ways.entry(Way::of(recipe, models, demand.cell, next)).or_default() += 1;
            self.open.demand(recipe, demand, missing);
        }
    }

    /// Requests that can be sent at once.
    pub fn now(&self) -> u64 {
        self.asks + self.judges + self.second_looks + self.embeddings
    }

    /// What they will come to with those that follow; `None` where nothing is known of what asks bring.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub fn expected(
        &self,
        recipe: &Recipe,
        rates: &mut Rates,
        book: &mut StoreBook<'_>,
    ) -> Result<Option<Expected>, BookError> {
        if !rates.is_known() {
            return Ok(None);
        }
        let models = book.models().clone();
        let way = |cell: usize, ask: u32| Way::of(recipe, &models, cell, ask);
        let per_ask = recipe.config.candidates_per_ask();
        let most = if recipe.looks_into_texts() { READ.min(LOOKED_UP) } else { LOOKED_UP };
        self.open.expected(rates, &self.ways, (per_ask, most), way, |asks| book.found(asks)).map(Some)
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
    label: u64,
    rows: u32,
    most: u32,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    kind: Kind,
    cell: usize,
    /// The first of the asks left.
    next: u32,
    /// Where that is answered and waits for what is asked about its texts: the first of these.
    waits: Option<u32>,
}

/// What is to be looked up.
struct Chosen<'a> {
    /// Each with how many of the asks are its own.
    cells: Vec<(&'a Cell, usize)>,
    asks: Vec<(usize, u32)>,
}

/// An ask that was looked up.
#[derive(Debug)]
struct AskAhead {
    ask: (usize, u32),
    way: Way,
    held: Held,
    /// Of an answer whose texts are asked about: what is to come of it, and by stage what will be asked.
    texts: Option<(Yield, Vec<f64>)>,
}

impl Default for Open {
    fn default() -> Self {
        Self { alike: BTreeMap::new(), sample: Sample::new(LOOKED_UP) }
    }
}

impl Open {
    fn demand(&mut self, recipe: &Recipe, demand: &Demand, missing: u32) {
        let Demand { cell, ask, about, .. } = *demand;
        let (label, most) = (recipe.grid.label_key(cell), recipe.quotas.asks(cell) - ask);
        let kind = Kind { label, rows: missing, most };
        *self.alike.entry(kind).or_default() += 1;
        let waits = about.map(|about| about.index);
        self.sample.take(demand.fingerprint, Cell { kind, cell, next: ask, waits });
    }

    /// What their asks will come to, and which will be sent of those that were looked up. Each cell is taken to go on as
    /// asks of its label do that are made as the next ones are; for some cells the asks are looked up themselves, and the
    /// others are taken to be alike.
    ///
    /// # Errors
    /// Only what looking up fails with.
    fn expected<E>(
        &self,
        rates: &mut Rates,
        ways: &BTreeMap<Way, u64>,
        (per_ask, most): (u32, usize),
        way: impl Fn(usize, u32) -> Way,
        look_up: impl FnOnce(&[(usize, u32)]) -> Result<Vec<Found>, E>,
    ) -> Result<Expected, E> {
        let labels: BTreeSet<u64> = self.alike.keys().map(|kind| kind.label).collect();
        let means = |rates: &Rates| -> HashMap<u64, Yield> {
            labels.iter().filter_map(|label| Some((*label, rates.mean(*label, ways)?))).collect()
        };
        let Chosen { cells, asks } = self.chosen(&means(rates), most);
        let found = look_up(&asks)?;
        let firsts =
            cells.iter().flat_map(|(cell, asks)| (0..*asks).map(|at| cell.waits.filter(|_| at == 0)));
        let looked = asks.into_iter().zip(found).zip(firsts).map(|((ask, found), waits)| {
            let way = way(ask.0, ask.1);
            let texts = found.texts.as_ref().map(|texts| {
                let left = texts.get(waits.unwrap_or(0) as usize..).unwrap_or_default();
                rates.waiting(way, left, waits.is_some())
            });
            AskAhead { ask, way, held: found.held, texts }
        });
        let looked: Vec<AskAhead> = looked.collect();
        let some = self.alike.values().sum::<u64>() as f64 / cells.len().max(1) as f64;
        let mut cut: BTreeMap<Way, Cut> = BTreeMap::new();
        for AskAhead { way, held, .. } in &looked {
            if let Held::Cut(reached) = held {
                let cut = cut.entry(*way).or_default();
                cut.answers += some;
                cut.reached += some * f64::from(*reached);
            }
        }
        rates.know_cut(&cut);
        let means = means(rates);
        let mut all = Course::default();
        let mut plain: HashMap<Kind, Course> = HashMap::new();
        for (kind @ Kind { label, rows, most }, cells) in &self.alike {
            let Some(mean) = means.get(label) else { continue };
            let course = mean.course(*rows, *most, &[]);
            all.add(&course, *cells as f64);
            plain.insert(*kind, course);
        }
        let (mut without, mut with) = (Course::default(), Course::default());
        let (mut by_way, mut sent, mut rounds) =
            (BTreeMap::<Way, Sent>::new(), Vec::new(), Rounds::default());
        let mut about = rates.about_a_row(None);
        about.fill(0.0);
        let mut add = |requests: &[f64], times: f64| {
            about.iter_mut().zip(requests).for_each(|(sum, more)| *sum += some * times * more);
        };
        let mut looked = looked.as_slice();
        for (Cell { kind, waits, .. }, ahead) in cells {
            let (own, others) = looked.split_at(ahead);
            looked = others;
            let (Some(mean), Some(plain)) = (means.get(&kind.label), plain.get(kind)) else { continue };
            let brings = |of: &'_ AskAhead| match &of.texts {
                Some((brings, _)) => brings.clone(),
                None => rates.brings(kind.label, of.way, of.held).unwrap_or(mean).clone(),
            };
            let brings: Vec<Yield> = own.iter().map(brings).collect();
            let asks: Vec<Ahead<'_>> =
                own.iter().zip(&brings).map(|(of, brings)| Ahead { held: of.held, brings }).collect();
            let mut course = mean.course(kind.rows, kind.most, &asks);
            // It is in front of the open one.
            course.stored -= f64::from(u8::from(waits.is_some() && !asks.is_empty()));
            let mut further = course.fresh;
            for ((of, brings), met) in own.iter().zip(&brings).zip(&course.met) {
                match &of.texts {
                    // As many texts are come to as bring the rows.
                    Some((_, requests)) => match brings.mean() {
                        mean if mean > 0.0 => add(requests, met.brings / mean),
                        _ => add(requests, met.open),
                    },
                    None if of.held.is_sent() => {
                        further -= met.brings;
                        add(&rates.about_a_row(Some(of.way)), met.brings);
                        let to_way = by_way.entry(of.way).or_default();
                        to_way.asks += met.open;
                        to_way.of_cut += if matches!(of.held, Held::Cut(_)) { met.open } else { 0.0 };
                        sent.push((of.ask, met.open));
                    }
                    None => {}
                }
            }
            add(&rates.about_a_row(None), further.max(0.0));
            let met = own.iter().zip(&course.met).filter(|(of, _)| of.held.is_sent());
            let chances: Vec<f64> = met.map(|(_, met)| met.open).collect();
            rounds.add(&chances, some, Together { rows: kind.rows, per_ask, mean: mean.mean() });
            without.add(plain, 1.0);
            with.add(&course, 1.0);
        }
        let scaled = |all: f64, part: f64, of: f64| if of > 0.0 { all * part / of } else { all };
        let course = Course {
            asks: scaled(all.asks, with.asks, without.asks),
            rows: scaled(all.rows, with.rows, without.rows),
            fresh: scaled(all.rows, with.fresh, without.rows),
            stored: scaled(all.asks, with.stored, without.asks),
            met: Vec::new(),
        };
        // Those of cells that go further than was looked are made as the others are.
        if by_way.is_empty() {
            by_way.extend(ways.iter().map(|(way, cells)| (*way, Sent { asks: *cells as f64, of_cut: 0.0 })));
        }
        let told: f64 = by_way.values().map(|sent| sent.asks).sum();
        for sent in by_way.values_mut() {
            *sent = Sent { asks: sent.asks * course.asks / told, of_cut: sent.of_cut * course.asks / told };
        }
        let sent = sent.into_iter().filter(|(_, chance)| *chance >= 0.5).map(|(ask, _)| ask).collect();
        let about = about::Expected::of(&about, rates);
        Ok(Expected { course, about, ways: by_way, sent, rounds, is_sure: rates.is_sure(ways) })
    }

    /// Some cells, taken by chance, and their next asks, as far as these cells will go; at most so many asks.
    fn chosen(&self, means: &HashMap<u64, Yield>, most_of_all: usize) -> Chosen<'_> {
        let mut reaches: HashMap<Kind, u32> = HashMap::new();
        let (mut cells, mut asks) = (Vec::new(), Vec::new());
        for cell in self.sample.items().values() {
            let Kind { label, rows, most } = cell.kind;
            let reach = || means.get(&label).map_or(0, |mean| mean.reach(rows, most));
            let reach = *reaches.entry(cell.kind).or_insert_with(reach);
            let ahead = (cell.next..cell.next + reach).take(most_of_all);
            if !asks.is_empty() && asks.len() + ahead.len() > most_of_all {
                break;
            }
            cells.push((cell, ahead.len()));
            asks.extend(ahead.map(|ask| (cell.cell, ask)));
        }
        Chosen { cells, asks }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Fingerprint;

    const WAY: Way = Way { variant: 0, model: 0 };

    /// Cells of one kind, whose first ask is missing.
    fn open(cells: usize, rows: u32, most: u32) -> Open {
        let mut open = Open::default();
        let kind = Kind { label: 0, rows, most };
        for cell in 0..cells {
            let hash = *blake3::hash(&cell.to_le_bytes()).as_bytes();
            open.sample.take(Fingerprint(hash), Cell { kind, cell, next: 0, waits: None });
        }
        open.alike.insert(kind, cells as u64);
        open
    }

    /// What `held` says of the asks, where each brings a row, and how many it was asked about.
    fn told(open: &Open, held: impl Fn(usize, u32) -> Held) -> (Expected, usize) {
        let mut asked = 0;
        let look_up = |asks: &[(usize, u32)]| {
            asked = asks.len();
            let found = |(cell, ask): &(usize, u32)| Found { held: held(*cell, *ask), texts: None };
            Ok::<_, ()>(asks.iter().map(found).collect())
        };
        let ways = BTreeMap::from([(WAY, open.alike.values().sum())]);
        let out = open.expected(&mut Rates::sure(WAY), &ways, (1, LOOKED_UP), |_, _| WAY, look_up).unwrap();
        assert!(out.sent.iter().all(|(cell, ask)| held(*cell, *ask) == Held::Missing), "{:?}", out.sent);
        assert!((out.ways[&WAY].asks - out.course.asks).abs() < 1e-6, "{out:?}");
        (out, asked)
    }

    #[test]
    fn no_more_asks_are_looked_up_than_cells_will_go_on_to_and_a_bounded_number_of_all() {
        let missing = |_: usize, _: u32| Held::Missing;
        assert_eq!(told(&open(5, 3, 900), missing).1, 5 * 3);
        assert_eq!(told(&open(5, 9, 4), missing).1, 5 * 4);
        for (cells, rows, most) in [(100_000, 3, 900), (1000, 30, 900), (10, 1000, 9000)] {
            let (Expected { course, rounds, .. }, asked) = told(&open(cells, rows, most), missing);
            assert!(asked <= LOOKED_UP, "{asked} of {cells} cells");
            assert_eq!(course.asks.round() as usize, cells * rows as usize, "nothing is stored");
            let seconds = rounds.seconds(0.0, 1.0);
            assert!((seconds - 1.0).abs() < 0.01, "all are sent together: {seconds}");
        }
    }

    proptest! {
        /// Of few cells each ask that is stored is one less, and its row is none of the others'.
        #[test]
        fn what_is_stored_is_taken_off(stored in prop::collection::hash_set((0..6usize, 1..6u32), 0..30)) {
            let held = |cell, ask| if stored.contains(&(cell, ask)) { Held::Answer } else { Held::Missing };
            let (Expected { course, .. }, asked) = told(&open(6, 6, 9), held);
            let sent = (36 - stored.len()) as f64;
            prop_assert_eq!(asked, 36);
            prop_assert!((course.asks - sent).abs() < 1e-6);
            prop_assert!((course.rows - 36.0).abs() < 1e-6);
            prop_assert!((course.fresh - sent).abs() < 1e-6);
            prop_assert!((course.stored - stored.len() as f64).abs() < 1e-6);
        }
    }

    /// Of many cells a sample tells: half of them have all that they need.
    #[test]
    fn a_sample_tells_of_all() {
        let held = |cell: usize, ask: u32| match ask > 0 && cell.is_multiple_of(2) {
            true => Held::Answer,
            false => Held::Missing,
        };
        let (Expected { course, .. }, asked) = told(&open(10_000, 2, 9), held);
        assert_eq!(asked, LOOKED_UP);
        assert!((course.asks / 15_000.0 - 1.0).abs() < 0.1, "{course:?}");
        assert!((course.rows - 20_000.0).abs() < 1e-6, "{course:?}");
    }
}
