//! How many requests at a time are best for a server: found by trying.

use std::time::Duration;

/// A change of the number of requests at a time, with what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub from: u32,
    pub to: u32,
    /// Work done per second at the level tried before and at the one that is kept now, where the
    /// step ends a trial.
    pub rates: Option<(f64, f64)>,
}

/// A better rate must be better by this factor, since rates are noisy.
const BETTER: f64 = 1.05;
/// Full rounds of requests that one measurement takes, and those after a change that do not count.
const ROUNDS: u32 = 4;
const WARM_UP: u32 = 1;
/// Measurements at the best level before its neighbours are tried again.
const HOLD: u32 = 24;

/// Climbs towards the level with the most work a second: halves, doubles, keeps what was better.
///
/// Work is counted in tokens where the server tells them, else in requests.
#[derive(Debug)]
pub struct Steer {
    least: u32,
    most: u32,
    level: u32,
    /// The best level, and its last measured rate.
    best: (u32, Option<f64>),
    /// Levels still to be tried from the best one.
    to_try: Vec<u32>,
    /// Requests that ended since the level was set, or since the last measurement.
    ended: u32,
    warming: bool,
    since: Duration,
    work: u64,
    held: u32,
}

impl Steer {
    /// Keeps within `least` and `most`, and begins at `level`.
    pub fn new(least: u32, most: u32, level: u32) -> Self {
        let level = level.clamp(least, most);
        let mut steer = Self {
            least,
            most,
            level,
            best: (level, None),
            to_try: Vec::new(),
            ended: 0,
            warming: true,
            since: Duration::ZERO,
            work: 0,
            held: 0,
        };
        steer.to_try = steer.neighbours();
        steer
    }

    pub fn level(&self) -> u32 {
        self.level
    }

    fn neighbours(&self) -> Vec<u32> {
        let level = self.best.0;
        let mut out = vec![(level * 2).min(self.most), (level / 2).max(self.least)];
        out.retain(|other| *other != level);
        out
    }

    /// Forgets the measurement under way: something else than the level set the pace.
    pub fn disturb(&mut self) {
        self.ended = 0;
        self.work = 0;
        self.warming = true;
    }

    /// A request ended, having done some work; `saturated` says that others waited for its place.
    pub fn ended(&mut self, work: u64, saturated: bool, now: Duration) -> Option<Step> {
        if self.least == self.most {
            return None;
        }
        if !saturated {
            self.disturb();
            return None;
        }
        self.ended += 1;
        self.work += work;
        if self.warming {
            if self.ended >= WARM_UP * self.level {
                (self.warming, self.ended, self.work, self.since) = (false, 0, 0, now);
            }
            return None;
        }
        if self.ended < (ROUNDS * self.level).max(8) {
            return None;
        }
        let seconds = now.saturating_sub(self.since).as_secs_f64();
        let rate = self.work as f64 / seconds.max(1e-6);
        (self.ended, self.work, self.since) = (0, 0, now);
        self.measured(rate)
    }

    fn measured(&mut self, rate: f64) -> Option<Step> {
        let (best, known) = self.best;
        if self.level == best {
            self.best.1 = Some(rate);
            self.held += 1;
            if self.to_try.is_empty() && self.held >= HOLD {
                self.to_try = self.neighbours();
            }
            let next = self.to_try.pop()?;
            return self.go(next, None);
        }
        self.held = 0;
        let before = known.unwrap_or(0.0);
        // Fewer at a time are worth as much at the same rate: each answer comes sooner.
        let needed = if self.level < best { before } else { before * BETTER };
        if rate > needed {
            let (worse, now) = (best, self.level);
            self.best = (now, Some(rate));
            // On in the same direction.
            self.to_try = self.neighbours();
            self.to_try.retain(|other| (*other > now) == (now > worse));
            return Some(Step { from: worse, to: now, rates: Some((before, rate)) });
        }
        self.go(best, Some((rate, before)))
    }

    fn go(&mut self, to: u32, rates: Option<(f64, f64)>) -> Option<Step> {
        let from = std::mem::replace(&mut self.level, to);
        self.disturb();
        Some(Step { from, to, rates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a server whose rate depends on the level, and says at which level most of the time went.
    fn settle(mut steer: Steer, rate: impl Fn(u32) -> f64) -> (u32, Vec<Step>) {
        let mut now = Duration::ZERO;
        let mut at = std::collections::BTreeMap::<u32, u32>::new();
        let mut steps = Vec::new();
        for _ in 0..2000 {
            *at.entry(steer.level()).or_default() += 1;
            now += Duration::from_secs_f64(10.0 / rate(steer.level()));
            steps.extend(steer.ended(10, true, now));
        }
        let most = at.into_iter().max_by_key(|(_, times)| *times).map_or(0, |(level, _)| level);
        (most, steps)
    }

    #[test]
    fn the_best_level_is_found_from_above_and_below() {
        // Two cores: eight at a time are slower than one.
        assert_eq!(settle(Steer::new(1, 8, 8), |level| 50.0 / f64::from(level).powf(0.2)).0, 1);
        // Each further one helps, up to the last.
        assert_eq!(settle(Steer::new(1, 64, 4), f64::from).0, 64);
        // Best in the middle.
        assert_eq!(
            settle(Steer::new(1, 32, 4), |level| f64::from(level.min(8)) - f64::from(level) * 0.1).0,
            8
        );
        // A level that is no power of two is reached too.
        assert_eq!(settle(Steer::new(1, 12, 3), f64::from).0, 12);
    }

    #[test]
    fn where_levels_are_alike_fewer_are_kept_and_where_there_is_no_choice_nothing_is_tried() {
        assert_eq!(settle(Steer::new(1, 8, 8), |level| 10.0 - f64::from(level) * 0.01).0, 1);
        let (level, steps) = settle(Steer::new(4, 4, 4), |_| 1.0);
        assert_eq!((level, steps.len()), (4, 0));
    }

    #[test]
    fn a_run_that_has_too_little_waiting_is_not_measured() {
        let mut steer = Steer::new(1, 8, 8);
        for second in 0..1000 {
            assert_eq!(steer.ended(10, false, Duration::from_secs(second)), None);
        }
    }
}
