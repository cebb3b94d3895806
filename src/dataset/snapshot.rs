//! What a run would have asked, kept to say later what has changed.

use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};

use super::evaluate::{Demand, Name, Sink};
use crate::grid::Grid;
use crate::model::{CellId, Fingerprint};
use crate::report::CellChange;

/// The asks that each cell's stream reached in a run: for each cell in order of id the id, the
/// number of asks, and the beginnings of their fingerprints. Behind the cells stand the requests to
/// judges in the same form, under an id that is after all others, if there are any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellAsks(Vec<u8>);

/// The first bytes of a fingerprint: enough to see that it changed.
pub type AskHash = [u8; 8];

impl CellAsks {
    /// Reads what `into_bytes` gave; `None` for anything else.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let mut cells = Cells::new(Cursor::new(&bytes));
        while cells.next().ok()? {}
        Some(Self(bytes))
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// To be compared with.
    pub fn reader(&self) -> Cursor<&[u8]> {
        Cursor::new(&self.0)
    }

    /// The beginnings of a cell's fingerprints then.
    pub fn asks(&self, cell: &CellId) -> Vec<AskHash> {
        let mut cells = Cells::new(self.reader());
        match cells.find(cell) {
            Ok(true) => cells.asks,
            _ => Vec::new(),
        }
    }

    /// By cell in its order: how many asks its stream reached, one that is not answered yet included.
    pub fn reached(&self) -> Vec<u32> {
        let mut out = Vec::new();
        let mut cells = Cells::new(self.reader());
        while cells.next().unwrap_or(false) {
            out.push(cells.asks.len() as u32);
        }
        out
    }

    /// The beginnings of all fingerprints in it.
    pub fn all(&self) -> Vec<AskHash> {
        let mut out = Vec::new();
        let mut cells = Cells::new(self.reader());
        while cells.next().unwrap_or(false) {
            out.extend_from_slice(&cells.asks);
        }
        // The end was met, or the judges' requests, which are no cell's.
        out.append(&mut cells.asks);
        out
    }
}

/// Under what the requests to judges stand; no cell has this id.
const JUDGED: CellId = CellId([255; 16]);

/// Gathers the asks that each cell reaches.
#[derive(Debug)]
pub struct Reached {
    /// By cell; zeros where none was reached.
    first: Vec<AskHash>,
    /// Cell, ask, beginning of the fingerprint.
    further: Vec<(u32, u32, AskHash)>,
    /// Of requests to judges.
    judged: Vec<AskHash>,
}

impl Reached {
    pub fn new(grid: &Grid) -> Self {
        Self { first: vec![[0; 8]; grid.size()], further: Vec::new(), judged: Vec::new() }
    }

    pub fn finish(mut self, grid: &Grid) -> CellAsks {
        self.further.sort_unstable();
        let mut further = self.further.iter().peekable();
        let mut out = Vec::with_capacity(self.first.len() * 28 + self.further.len() * 8);
        for (index, (cell, first)) in grid.cells().zip(&self.first).enumerate() {
            out.extend(cell.id.0);
            let count = out.len();
            out.extend([0; 4]);
            let mut asks = 0u32;
            if *first != [0; 8] {
                asks += 1;
                out.extend(first);
            }
            while let Some((_, _, hash)) = further.next_if(|(cell, ..)| *cell as usize == index) {
                asks += 1;
                out.extend(hash);
            }
            out[count..count + 4].copy_from_slice(&asks.to_le_bytes());
        }
        self.judged.sort_unstable();
        self.judged.dedup();
        if !self.judged.is_empty() {
            out.extend(JUDGED.0);
            out.extend((self.judged.len() as u32).to_le_bytes());
            out.extend(self.judged.as_flattened());
        }
        CellAsks(out)
    }
}

impl<N: Name> Sink<N> for Reached {
    fn reached(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) {
        match ask {
            0 => self.first[cell] = short(fingerprint),
            ask => self.further.push((cell as u32, ask, short(fingerprint))),
        }
    }

    fn looking(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.judged.push(short(fingerprint));
    }

    fn judging(&mut self, _cell: usize, _judge: u16, fingerprint: &Fingerprint) {
        self.judged.push(short(fingerprint));
    }

    fn embedding(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.judged.push(short(fingerprint));
    }
}

/// Compares what streams reach with a snapshot, cell by cell as both are in order of id: a byte a
/// cell is kept.
///
/// A stream that only goes further or less far than then is not changed.
#[derive(Debug)]
pub struct Difference<'a, R> {
    grid: &'a Grid,
    then: Option<Cells<R>>,
    /// By cell: what is known of it.
    marks: Vec<u8>,
    /// Cells that were looked for in the snapshot, in order.
    looked: usize,
    /// The cell that was last told of.
    last: usize,
    /// The first rank is over.
    later: bool,
    error: Option<io::Error>,
}

const THERE: u8 = 1;
const CHANGED: u8 = 2;
const DEMANDED: u8 = 4;
const REACHED: u8 = 8;

impl<'a, R: Read + Seek> Difference<'a, R> {
    /// `then` are the bytes of `CellAsks`, if there were any.
    pub fn new(grid: &'a Grid, then: Option<R>) -> Self {
        Self {
            grid,
            then: then.map(Cells::new),
            marks: vec![0; grid.size()],
            looked: 0,
            last: 0,
            later: false,
            error: None,
        }
    }

    /// Looks up which cells up to one were there then.
    fn look(&mut self, until: usize) -> io::Result<()> {
        let Some(then) = &mut self.then else { return Ok(()) };
        while self.looked < until {
            if then.find(&self.grid.cell(self.looked).id)? {
                self.marks[self.looked] |= THERE;
            }
            self.looked += 1;
        }
        Ok(())
    }

    fn compare(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) -> io::Result<()> {
        if cell < self.last {
            // Another rank begins.
            self.look(self.grid.size())?;
            self.later = true;
            if let Some(then) = &mut self.then {
                then.rewind()?;
            }
        }
        self.last = cell;
        self.marks[cell] |= REACHED;
        if !self.later {
            self.look(cell + 1)?;
        }
        let Some(then) = self.then.as_mut().filter(|_| self.marks[cell] & THERE > 0) else { return Ok(()) };
        if self.later {
            then.find(&self.grid.cell(cell).id)?;
        }
        if then.asks.get(ask as usize).is_some_and(|hash| *hash != short(fingerprint)) {
            self.marks[cell] |= CHANGED;
        }
        Ok(())
    }

    /// How the cells of now stand to the snapshot.
    ///
    /// # Errors
    /// A snapshot that cannot be read.
    pub fn finish(mut self) -> io::Result<CellChange> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.look(self.grid.size())?;
        let mut out = CellChange::default();
        let mut there = 0;
        for marks in &self.marks {
            there += u64::from(marks & THERE > 0);
            let count = match (marks & THERE > 0, marks & CHANGED > 0, marks & DEMANDED > 0) {
                (true, true, true) => &mut out.changed,
                (true, false, _) => &mut out.kept,
                (false, _, true) => &mut out.new,
                // No row is wanted of it.
                (false, _, false) if marks & REACHED == 0 => continue,
                // All that it asks now was asked before, in an earlier state.
                (_, _, false) => &mut out.restored,
            };
            *count += 1;
        }
        if let Some(then) = &mut self.then {
            then.rewind()?;
            let mut cells = 0;
            while then.next()? {
                cells += 1;
            }
            out.dropped = cells - there;
        }
        Ok(out)
    }
}

impl<N: Name, R: Read + Seek> Sink<N> for Difference<'_, R> {
    fn reached(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) {
        if self.error.is_none()
            && let Err(error) = self.compare(cell, ask, fingerprint)
        {
            self.error = Some(error);
        }
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        self.marks[demand.cell] |= DEMANDED;
    }
}

/// The cells of a snapshot, one after the other.
#[derive(Debug)]
struct Cells<R> {
    bytes: BufReader<R>,
    /// The cell that was read last, if the end was not met.
    cell: Option<CellId>,
    asks: Vec<AskHash>,
    begun: bool,
}

impl<R: Read> Cells<R> {
    fn new(bytes: R) -> Self {
        Self { bytes: BufReader::with_capacity(1 << 16, bytes), cell: None, asks: Vec::new(), begun: false }
    }

    /// Reads the next cell; `false` at the end, or behind the last cell.
    fn next(&mut self) -> io::Result<bool> {
        self.begun = true;
        self.cell = None;
        self.asks.clear();
        if self.bytes.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let (mut id, mut count) = ([0; 16], [0; 4]);
        self.bytes.read_exact(&mut id)?;
        self.bytes.read_exact(&mut count)?;
        for _ in 0..u32::from_le_bytes(count) {
            let mut hash = [0; 8];
            self.bytes.read_exact(&mut hash)?;
            self.asks.push(hash);
        }
        if CellId(id) == JUDGED {
            return Ok(false);
        }
        self.cell = Some(CellId(id));
        Ok(true)
    }

    /// Goes on to a cell, which is never before one that was looked for; `false` if it is not there.
    fn find(&mut self, cell: &CellId) -> io::Result<bool> {
        while !self.begun || self.cell.is_some_and(|at| at < *cell) {
            self.next()?;
        }
        Ok(self.cell == Some(*cell))
    }
}

impl<R: Read + Seek> Cells<R> {
    fn rewind(&mut self) -> io::Result<()> {
        self.begun = false;
        self.bytes.rewind()
    }
}

/// The beginning of a fingerprint.
pub fn short(fingerprint: &Fingerprint) -> AskHash {
    let mut out = [0; 8];
    out.copy_from_slice(&fingerprint.0[..8]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::tests::grid;

    fn fingerprint(byte: u8) -> Fingerprint {
        Fingerprint([byte; 32])
    }

    /// A snapshot of a grid with what was reached, in any order.
    fn then(grid: &Grid, reached: &[(usize, u32, u8)]) -> CellAsks {
        let mut out = Reached::new(grid);
        for (cell, ask, byte) in reached {
            Sink::<()>::reached(&mut out, *cell, *ask, &fingerprint(*byte));
        }
        out.finish(grid)
    }

    fn difference(grid: &Grid, then: &CellAsks, ranks: &[&[(usize, u32, u8)]], open: &[usize]) -> CellChange {
        let mut difference = Difference::new(grid, Some(then.reader()));
        for (cell, ask, byte) in ranks.iter().copied().flatten() {
            Sink::<()>::reached(&mut difference, *cell, *ask, &fingerprint(*byte));
        }
        for cell in open {
            let demand = Demand { cell: *cell, ask: 0, fingerprint: fingerprint(0), about: None };
            Sink::<()>::demand(&mut difference, &demand, 1);
        }
        difference.finish().unwrap()
    }

    #[test]
    fn each_way_to_differ_is_told_apart() {
        let all = grid("    a: [p, q, r, s, t]\n");
        let some = grid("    a: [p, q, r, s, u]\n");
        let index = |grid: &Grid, name: &str| {
            let mut cells = grid.cells();
            cells.position(|cell| grid.names(cell).any(|(_, value)| value == name)).unwrap()
        };
        let at = |name| index(&some, name);
        let before = |name| index(&all, name);
        let then = then(
            &all,
            &[
                (before("s"), 1, 8),
                (before("p"), 0, 1),
                (before("p"), 1, 2),
                (before("q"), 0, 3),
                (before("r"), 0, 4),
                (before("r"), 1, 5),
                (before("s"), 0, 7),
            ],
        );
        assert_eq!(CellAsks::from_bytes(then.clone().into_bytes()), Some(then.clone()));
        assert_eq!(then.asks(&all.cell(before("p")).id), [[1; 8], [2; 8]]);
        let mut first = [(at("p"), 0, 1), (at("q"), 0, 9), (at("r"), 0, 4), (at("u"), 0, 1)];
        first.sort_unstable();
        // p goes further, r has another second ask, s is not reached at all, t is gone.
        let mut second = [(at("p"), 1, 2), (at("p"), 2, 6), (at("r"), 1, 6)];
        second.sort_unstable();
        let ranks: [&[_]; 2] = [&first, &second];
        let expected = CellChange { kept: 2, new: 1, changed: 2, restored: 0, dropped: 1 };
        let open = ["p", "u", "q", "r"].map(at);
        assert_eq!(difference(&some, &then, &ranks, &open), expected);
        let restored = CellChange { new: 0, restored: 1, ..expected };
        assert_eq!(difference(&some, &then, &ranks, &["p", "q", "r"].map(at)), restored);
        // What is asked in another way now, and lacks nothing, was asked so before.
        let back = CellChange { changed: 1, restored: 2, ..restored };
        assert_eq!(difference(&some, &then, &ranks, &[at("q")]), back);
    }

    #[test]
    fn requests_to_judges_are_kept_and_are_no_cell() {
        let grid = grid("    a: [p, q]\n");
        let mut reached = Reached::new(&grid);
        for (cell, byte) in [(0, 1), (1, 2)] {
            Sink::<()>::reached(&mut reached, cell, 0, &fingerprint(byte));
        }
        for byte in [9, 8, 9] {
            Sink::<()>::judging(&mut reached, 1, 0, &fingerprint(byte));
        }
        let asks = reached.finish(&grid);
        assert_eq!(asks.all(), [[1; 8], [2; 8], [8; 8], [9; 8]]);
        assert_eq!(asks.asks(&grid.cell(1).id), [[2; 8]]);
        assert_eq!(CellAsks::from_bytes(asks.clone().into_bytes()), Some(asks.clone()));
        let same: &[&[_]] = &[&[(0, 0, 1), (1, 0, 2)]];
        let change = difference(&grid, &asks, same, &[]);
        assert_eq!(change, CellChange { kept: 2, ..CellChange::default() });
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused() {
        for bytes in [&[0u8; 3][..], &[0; 17], &[255; 20]] {
            assert_eq!(CellAsks::from_bytes(bytes.to_vec()), None);
        }
        assert_eq!(CellAsks::from_bytes(Vec::new()), Some(CellAsks::default()));
    }
}
