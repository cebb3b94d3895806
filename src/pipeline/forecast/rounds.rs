//! How long asks take that follow from one another.

/// Rounds of asks: those of a round are sent once those before them in their cells are answered.
#[derive(Debug, Clone, Default)]
pub struct Rounds(Vec<Round>);

#[derive(Debug, Clone, Copy, Default)]
struct Round {
    asks: f64,
    /// The logarithm of the chance that no cell comes to it.
    none: f64,
}

/// How many asks of a cell are sent together: as many as it needs for sure.
#[derive(Debug, Clone, Copy)]
pub struct Together {
    /// Rows that it lacks at first.
    pub rows: u32,
    /// The most rows of an ask, and those that it brings on average.
    pub per_ask: u32,
    pub mean: f64,
}

/// No chance is taken to be nearer to one.
const SURE: f64 = 1.0 - 1e-9;

impl Rounds {
    /// Takes in so many cells alike, by the chance that each of their asks is sent.
    pub fn add(&mut self, sent: &[f64], cells: f64, together: Together) {
        let Together { rows, per_ask, mean } = together;
        let (mut lacks, mut rest) = (f64::from(rows), sent);
        for round in 0.. {
            let number = (lacks / f64::from(per_ask.max(1))).ceil().max(1.0);
            let (now, later) = rest.split_at((number as usize).min(rest.len()));
            let Some(first) = now.first() else { break };
            if self.0.len() == round {
                self.0.push(Round::default());
            }
            self.0[round].asks += now.iter().sum::<f64>() * cells;
            self.0[round].none += (1.0 - first.min(SURE)).ln() * cells;
            lacks -= number * mean;
            rest = later;
        }
    }

    /// Seconds of so much work for all places, where an ask takes so long with all that follows from it: a round takes its
    /// share of the work, or as long as an ask where few cells come to it.
    pub fn seconds(&self, work: f64, ask: f64) -> f64 {
        let all: f64 = self.0.iter().map(|round| round.asks).sum();
        if all <= 0.0 {
            return work.max(ask);
        }
        self.0.iter().map(|Round { asks, none }| (work * asks / all).max(ask * (1.0 - none.exp()))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Together = Together { rows: 1, per_ask: 1, mean: 1.0 };

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.01, "{found}, {expected} expected");
    }

    #[test]
    fn what_is_sent_together_is_one_round() {
        let mut rounds = Rounds::default();
        rounds.add(&[1.0; 12], 3.0, Together { rows: 12, ..ONE });
        near(rounds.seconds(9.0, 1.0), 9.0);
        near(rounds.seconds(0.1, 1.0), 1.0);
        // Half of the texts are good: 12, 6, 3, 2 (of 1.5), 1 and 1 at a time.
        let mut rounds = Rounds::default();
        rounds.add(&[1.0; 25], 1.0, Together { rows: 12, per_ask: 1, mean: 0.5 });
        near(rounds.seconds(0.0, 1.0), 6.0);
        near(Rounds::default().seconds(3.0, 4.0), 4.0);
    }

    /// Servers with so many places, whose answers take one second, and cells that each need asks one after the other until one
    /// in so many is good.
    fn simulated(cells: usize, places: usize, one_in: u64, seed: u64) -> f64 {
        let asks = |cell: usize| {
            let good = |ask: &u64| {
                let hash = blake3::hash(format!("{seed} {cell} {ask}").as_bytes());
                u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % one_in == 0
            };
            (0..).find(good).unwrap() + 1
        };
        let mut left: Vec<u64> = (0..cells).map(asks).collect();
        let mut seconds = 0.0;
        while left.iter().any(|asks| *asks > 0) {
            left.sort_unstable_by_key(|asks| std::cmp::Reverse(*asks));
            left.iter_mut().take(places).for_each(|asks| *asks = asks.saturating_sub(1));
            seconds += 1.0;
        }
        seconds
    }

    #[test]
    fn few_cells_with_rare_rows_take_as_long_as_the_last_of_them() {
        for (cells, places, one_in) in
            [(1, 4, 10), (6, 4, 10), (6, 16, 10), (40, 4, 5), (300, 8, 3), (4, 4, 1)]
        {
            let truth = (0..60).map(|seed| simulated(cells, places, one_in, seed)).sum::<f64>() / 60.0;
            let bad = 1.0 - 1.0 / one_in as f64;
            let sent: Vec<f64> = (0..200).map(|ask| bad.powi(ask)).collect();
            let mut rounds = Rounds::default();
            rounds.add(&sent, cells as f64, Together { mean: 1.0 - bad, ..ONE });
            let work = cells as f64 * one_in as f64 / places as f64;
            let told = rounds.seconds(work, 1.0);
            assert!(
                (told / truth - 1.0).abs() < 0.25,
                "{cells} cells, {places} places: {told}, {truth} in truth"
            );
        }
    }
}
