//! How many requests at a time are best for a server: found by trying.

use std::time::Duration;

/// A number of requests at a time that was tried against the one that was best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The one that was best.
    pub from: u32,
    /// The one that was tried.
    pub to: u32,
    /// Work done per second at either.
    pub rates: (f64, f64),
    /// What was tried is the best one from now on.
    pub kept: bool,
}

/// A better rate must be better by this share: a change that is worth less is not worth its trial.
const BETTER: f64 = 0.05;
/// So much less is as good, where it is reached with fewer at a time: each answer comes sooner.
const ALIKE: f64 = 0.02;
/// So many standard errors are no chance, though one looks up to four times; more are wanted where few rounds
/// tell how large they are.
const SURE: f64 = 2.5;
/// Rounds of requests that a measurement begins with; while it cannot tell, it takes twice as many, up to
/// the most.
const ROUNDS: usize = 4;
/// So many show what is far worse.
const FEW: usize = 2;
const MOST_ROUNDS: usize = 32;
/// A round is so many requests for each that is under way, and so many at least.
const ROUND: u32 = 2;
const ROUND_LEAST: u32 = 4;
/// So much of the variance of rounds is noise at the least, however much they make up for one another.
const LEAST_NOISE: f64 = 0.25;
/// Rounds at the best level before its neighbours are tried again: at least so many, and so many times those
/// that the last trials took, so that trials are a small part of a night.
const HOLD: usize = 48;
const HOLD_TIMES: usize = 4;

/// Climbs towards the level with the most work a second: halves, doubles, keeps what was better beyond
/// chance.
///
/// Work is counted in tokens where the server tells them, else in requests. The best level and the one
/// that is tried are measured in turns, so that a server that becomes slower over time does so for both.
#[derive(Debug)]
pub struct Steer {
    least: u32,
    most: u32,
    level: u32,
    best: u32,
    /// Something else was tried than what it began with.
    has_tried: bool,
    /// Levels still to be tried from the best one.
    to_try: Vec<u32>,
    /// Rounds at the best level since the last trial or measurement.
    own: Sample,
    trial: Option<Trial>,
    /// Requests that ended in this round, and since when it lasts.
    ended: u32,
    work: u64,
    since: Duration,
    warming: bool,
    /// Rounds at the best level since the last trial, and those that trials took since they were last begun.
    held: usize,
    spent: usize,
}

/// A level that is compared with the best one.
#[derive(Debug)]
struct Trial {
    level: u32,
    best: Sample,
    tried: Sample,
    /// So many rounds each are measured now.
    rounds: usize,
}

/// Rounds that were measured at one level.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sample {
    /// Work a second of each round.
    rates: Vec<f64>,
    work: f64,
    seconds: f64,
}

impl Sample {
    fn push(&mut self, work: f64, seconds: f64) {
        self.rates.push(work / seconds);
        self.work += work;
        self.seconds += seconds;
    }

    fn rounds(&self) -> usize {
        self.rates.len()
    }

    /// Work a second over all rounds.
    fn rate(&self) -> f64 {
        self.work / self.seconds.max(1e-9)
    }

    /// The standard error of that, squared.
    ///
    /// A request counts for the round that it ends in, so what one round has too much the next lacks. That is
    /// no noise of the rate over all of them, and is taken off as far as neighbours tell.
    fn variance(&self) -> f64 {
        let count = self.rates.len() as f64;
        let mean = self.rates.iter().sum::<f64>() / count;
        let free = (count - 1.0).max(1.0);
        let own = self.rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / free;
        let pairs = self.rates.windows(2).map(|two| (two[0] - mean) * (two[1] - mean));
        let shared = pairs.sum::<f64>() / free;
        (own + 2.0 * shared.min(0.0)).max(own * LEAST_NOISE) / count
    }
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Better,
    /// It is not better by enough.
    NotBetter,
    /// The noise is too large to tell.
    Unsure,
}

/// Whether a level that was tried does better than the best one, beyond chance; of `fewer` at a time it is
/// enough to do as well.
fn compare(best: &Sample, tried: &Sample, fewer: bool) -> Verdict {
    let (before, now) = (best.rate().max(1e-9), tried.rate());
    let gain = now / before - 1.0;
    let error = (tried.variance() + (now / before).powi(2) * best.variance()).sqrt() / before;
    let free = (best.rounds() + tried.rounds()).saturating_sub(2).max(1) as f64;
    let margin = SURE * (1.0 + 2.0 / free) * error;
    let (wanted, sure) = match fewer {
        true => (-ALIKE, -ALIKE),
        false => (BETTER, 0.0),
    };
    if gain >= wanted && gain - margin >= sure {
        Verdict::Better
    } else if gain + margin < wanted || margin == 0.0 {
        Verdict::NotBetter
    } else {
        Verdict::Unsure
    }
}

impl Steer {
    /// Keeps within `least` and `most`, and begins at `level`.
    pub fn new(least: u32, most: u32, level: u32) -> Self {
        let level = level.clamp(least, most);
        let mut steer = Self {
            least,
            most,
            level,
            best: level,
            has_tried: false,
            to_try: Vec::new(),
            own: Sample::default(),
            trial: None,
            ended: 0,
            work: 0,
            since: Duration::ZERO,
            warming: true,
            held: 0,
            spent: 0,
        };
        steer.to_try = steer.neighbours();
        steer
    }

    pub fn level(&self) -> u32 {
        self.level
    }

    /// The best level of those that were tried, if any were.
    pub fn found(&self) -> Option<u32> {
        self.has_tried.then_some(self.best)
    }

    fn neighbours(&self) -> Vec<u32> {
        let mut out = vec![(self.best * 2).min(self.most), (self.best / 2).max(self.least)];
        out.retain(|other| *other != self.best);
        out
    }

    /// Forgets the round under way: something else than the level set the pace.
    pub fn disturb(&mut self) {
        self.ended = 0;
        self.work = 0;
        self.warming = true;
    }

    /// A request ended, having done some work; `saturated` says that others waited for its place. Says what came of a
    /// trial that this is the end of.
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
            if self.ended >= self.level {
                (self.warming, self.ended, self.work, self.since) = (false, 0, 0, now);
            }
            return None;
        }
        if self.ended < (ROUND * self.level).max(ROUND_LEAST) {
            return None;
        }
        let seconds = now.saturating_sub(self.since).as_secs_f64().max(1e-6);
        let work = self.work as f64;
        (self.ended, self.work, self.since) = (0, 0, now);
        self.measured(work, seconds)
    }

    /// A round was measured at the level of now.
    fn measured(&mut self, work: f64, seconds: f64) -> Option<Step> {
        let Some(trial) = &mut self.trial else {
            self.own.push(work, seconds);
            if self.own.rounds() < ROUNDS {
                return None;
            }
            let best = std::mem::take(&mut self.own);
            self.held += ROUNDS;
            if self.to_try.is_empty() && self.held >= HOLD.max(HOLD_TIMES * self.spent) {
                self.to_try = self.neighbours();
                self.spent = 0;
            }
            let level = self.to_try.pop()?;
            self.held = 0;
            self.trial = Some(Trial { level, best, tried: Sample::default(), rounds: ROUNDS });
            self.go(level);
            return None;
        };
        let tries = self.level != self.best;
        self.spent += 1;
        let sample = if tries { &mut trial.tried } else { &mut trial.best };
        sample.push(work, seconds);
        let level = trial.level;
        let verdict = || compare(&trial.best, &trial.tried, level < self.best);
        // One that is plainly worse is not tried for longer.
        let is_worse = tries && trial.tried.rounds() >= FEW && verdict() == Verdict::NotBetter;
        let measured = if tries { trial.tried.rounds() } else { trial.best.rounds() };
        if measured < trial.rounds && !is_worse {
            return None;
        }
        if !tries {
            self.go(level);
            return None;
        }
        let verdict = verdict();
        if verdict == Verdict::Unsure && trial.rounds < MOST_ROUNDS {
            trial.rounds *= 2;
            self.go(self.best);
            return None;
        }
        let kept = verdict == Verdict::Better;
        let step = Step { from: self.best, to: level, rates: (trial.best.rate(), trial.tried.rate()), kept };
        (self.trial, self.has_tried) = (None, true);
        if kept {
            self.best = level;
            // On in the same direction.
            self.to_try = self.neighbours();
            self.to_try.retain(|other| (*other > step.to) == (step.to > step.from));
        } else {
            self.go(self.best);
        }
        Some(step)
    }

    fn go(&mut self, to: u32) {
        self.level = to;
        self.disturb();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        // What was never tried was not found either.
        assert_eq!((Steer::new(1, 8, 3).found(), Steer::new(1, 8, 3).level()), (None, 3));
    }

    #[test]
    fn a_run_that_has_too_little_waiting_is_not_measured() {
        let mut steer = Steer::new(1, 8, 8);
        for second in 0..1000 {
            assert_eq!(steer.ended(10, false, Duration::from_secs(second)), None);
        }
    }

    /// A server that works on as many requests as it is sent, each of some length, at a speed that varies
    /// from one to the next and over time.
    struct Noisy {
        steer: Steer,
        /// When each request under way ends, with its tokens.
        under_way: Vec<(f64, u64)>,
        now: f64,
        drawn: u64,
        seed: u64,
        /// How far speeds lie apart, as a share.
        noise: f64,
        /// It becomes slower by this share over a thousand seconds.
        tires: f64,
    }

    impl Noisy {
        fn new(steer: Steer, seed: u64, noise: f64) -> Self {
            Self { steer, under_way: Vec::new(), now: 0.0, drawn: 0, seed, noise, tires: 0.0 }
        }

        /// Any number from 0 to 1.
        fn chance(&mut self) -> f64 {
            self.drawn += 1;
            let hash = crate::model::hash64(&[&self.seed.to_le_bytes(), &self.drawn.to_le_bytes()]);
            (hash >> 11) as f64 / (1u64 << 53) as f64
        }

        /// Goes on for so many requests; the levels that were kept, and the requests at each level.
        fn run(&mut self, requests: u32, rate: impl Fn(u32) -> f64) -> (Vec<Step>, Vec<u32>) {
            let (mut kept, mut at) = (Vec::new(), vec![0; 129]);
            for _ in 0..requests {
                let level = self.steer.level();
                while self.under_way.len() < level as usize {
                    let tokens = 20.0 + 180.0 * self.chance();
                    let slower = 1.0 + self.noise * (2.0 * self.chance() - 1.0) * 3f64.sqrt();
                    let tired = 1.0 + self.tires * self.now / 1000.0;
                    let takes = tokens * f64::from(level) / rate(level) * slower.max(0.05) * tired;
                    self.under_way.push((self.now + takes, tokens as u64));
                }
                let first = (0..self.under_way.len())
                    .min_by(|a, b| self.under_way[*a].0.total_cmp(&self.under_way[*b].0));
                let (ends, tokens) = self.under_way.swap_remove(first.expect("it is sent some"));
                self.now = self.now.max(ends);
                at[level as usize] += 1;
                let step = self.steer.ended(tokens, true, Duration::from_secs_f64(self.now));
                kept.extend(step.filter(|step| step.kept));
            }
            (kept, at)
        }
    }

    /// Where no level is better than another, next to no change is kept, however long it goes on: of a
    /// hundred servers that are tried for a long night each.
    #[test]
    fn pure_noise_leads_nowhere() {
        for (noise, tires) in [(0.2, 0.0), (0.5, 0.0), (0.3, 0.2)] {
            let (mut up, mut back) = (0, 0);
            for seed in 0..100 {
                let mut noisy = Noisy { tires, ..Noisy::new(Steer::new(1, 32, 8), seed, noise) };
                let (kept, _) = noisy.run(10_000, |_| 100.0);
                up += kept.iter().filter(|step| step.to > step.from).count();
                back += kept
                    .windows(2)
                    .filter(|two| (two[0].to > two[0].from) != (two[1].to > two[1].from))
                    .count();
            }
            assert!(up <= 15 && back <= 3, "noise {noise}: {up} times up, {back} times back, in 100 nights");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// A level that is a fifth better than its neighbours is found from either side through noise, and
        /// kept.
        #[test]
        fn a_fifth_is_found_through_noise(seed: u64, noise in 0.0..0.3, begin in prop::sample::select(vec![2u32, 4, 16, 32])) {
            let rate = |level: u32| 100.0 * 1.2f64.powf(-(f64::from(level).log2() - 3.0).abs());
            let mut noisy = Noisy::new(Steer::new(1, 64, begin), seed, noise);
            noisy.run(6_000, rate);
            let (_, at) = noisy.run(10_000, rate);
            prop_assert!(at[8] > 6_500, "{at:?}");
        }

        /// Whatever comes, levels stay within their bounds, and a level is kept that was tried.
        #[test]
        fn levels_stay_within_bounds(seed: u64, noise in 0.0..1.0, least in 1..5u32, more in 0..60u32, begin in 1..80u32) {
            let mut noisy = Noisy::new(Steer::new(least, least + more, begin), seed, noise);
            let (kept, at) = noisy.run(3_000, |_| 50.0);
            prop_assert!(noisy.steer.found().is_none_or(|found| at[found as usize] > 0), "{at:?}");
            prop_assert!(at.iter().enumerate().all(|(level, times)| *times == 0 || (least..=least + more).contains(&(level as u32))));
            prop_assert!(kept.iter().all(|step| step.from != step.to));
        }
    }

    #[test]
    fn what_is_better_is_weighed_against_the_noise() {
        let sample = |rates: &[f64]| {
            let mut out = Sample::default();
            rates.iter().for_each(|rate| out.push(*rate, 1.0));
            out
        };
        let quiet = sample(&[100.0, 101.0, 99.0, 100.0]);
        let loud = sample(&[60.0, 140.0, 80.0, 120.0]);
        for (tried, fewer, expected) in [
            (vec![110.0, 111.0, 109.0, 110.0], false, Verdict::Better),
            (vec![103.0, 104.0, 102.0, 103.0], false, Verdict::NotBetter),
            (vec![103.0, 104.0, 102.0, 103.0], true, Verdict::Better),
            (vec![90.0, 91.0, 89.0, 90.0], true, Verdict::NotBetter),
            (vec![70.0, 150.0, 90.0, 130.0], false, Verdict::Unsure),
        ] {
            assert_eq!(compare(&quiet, &sample(&tried), fewer), expected, "{tried:?}");
        }
        assert_eq!(compare(&loud, &sample(&[110.0; 4]), false), Verdict::Unsure);
        assert_eq!(compare(&loud, &sample(&[300.0; 4]), false), Verdict::Better);
    }
}
