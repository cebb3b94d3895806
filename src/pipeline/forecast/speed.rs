//! How long requests will take, from how long they took.

use crate::store::Experience;

/// Requests of past runs that are enough to go by; of older runs no more is taken.
const ENOUGH: u64 = 64;

/// How fast a model at an address answered in the last runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Seconds of a request, from its sending to its whole answer, and its tokens of completion.
    seconds: f64,
    tokens: f64,
    /// Requests at a time.
    at_a_time: f64,
}

impl Pace {
    /// The pace of past runs, newest first; `None` of none.
    pub fn of<'a>(past: impl Iterator<Item = &'a Experience>) -> Option<Self> {
        let (mut requests, mut seconds, mut tokens, mut at_a_time) = (0, 0.0, 0.0, 0.0);
        for run in past.filter(|run| run.requests > 0 && run.busy_seconds > 0.0) {
            requests += run.requests;
            seconds += run.busy_seconds;
            tokens += run.completion_tokens as f64;
            at_a_time += run.requests as f64 * run.at_a_time.max(0.01);
            if requests >= ENOUGH {
                break;
            }
        }
        let all = requests as f64;
        (requests > 0).then(|| Self {
            seconds: seconds / all,
            tokens: tokens / all,
            at_a_time: at_a_time / all,
        })
    }

    /// Seconds of a request that is answered with so many tokens.
    fn each(&self, tokens: Option<f64>) -> f64 {
        match tokens {
            Some(tokens) if self.tokens > 0.0 => self.seconds * tokens / self.tokens,
            _ => self.seconds,
        }
    }
}

/// Seconds that so many requests will take on all addresses that have their model, each with so many tokens of completion
/// (where that is known); `None` where none of the addresses is known. No limit a minute is passed.
///
/// All places are taken to be busy to the end, so that the pace of a short run can be used, whose
/// places were idle at its end.
pub fn seconds(paces: &[Pace], requests: f64, tokens: Option<f64>, per_minute: Option<f64>) -> Option<f64> {
    quickest(paces, tokens)?;
    let rate: f64 = paces.iter().map(|pace| pace.at_a_time / pace.each(tokens).max(1e-6)).sum();
    let limited = per_minute.map_or(0.0, |rate| requests * 60.0 / rate);
    Some((requests / rate).max(limited))
}

/// Seconds of one request at the address that is quickest.
pub fn quickest(paces: &[Pace], tokens: Option<f64>) -> Option<f64> {
    paces.iter().map(|pace| pace.each(tokens)).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(requests: u64, each: f64, tokens: u64, slots: u32) -> Experience {
        Experience {
            at_a_time: slots.into(),
            requests,
            busy_seconds: each * requests as f64,
            completion_tokens: tokens * requests,
            ..Experience::default()
        }
    }

    #[test]
    fn time_is_that_of_the_slots_or_the_rate() {
        let one = Pace::of([run(100, 2.0, 50, 4)].iter()).unwrap();
        assert_eq!(seconds(&[one], 100.0, None, None), Some(50.0));
        assert_eq!(seconds(&[one], 100.0, Some(100.0), None), Some(100.0));
        assert_eq!(seconds(&[one], 100.0, None, Some(60.0)), Some(100.0));
        // Two addresses of one model share its requests; one that is unknown adds nothing.
        let other = Pace::of([run(100, 1.0, 50, 6)].iter()).unwrap();
        assert_eq!(seconds(&[one, other], 100.0, None, None), Some(12.5));
        assert_eq!(quickest(&[one, other], Some(100.0)), Some(2.0));
        assert_eq!((seconds(&[], 100.0, None, None), quickest(&[], None)), (None, None));
    }

    #[test]
    fn the_last_runs_count_until_there_is_enough_of_them() {
        let pace = |runs: &[Experience]| seconds(&[Pace::of(runs.iter())?], 12.0, None, None);
        assert_eq!(pace(&[]), None);
        assert_eq!(pace(&[run(0, 1.0, 1, 4)]), None);
        assert_eq!(pace(&[run(64, 1.0, 1, 4), run(64, 9.0, 1, 4)]), Some(3.0));
        assert_eq!(pace(&[run(32, 1.0, 1, 4), run(32, 3.0, 1, 4), run(64, 9.0, 1, 4)]), Some(6.0));
    }

    /// A server whose answers take as long as a hash says, half to one and a half seconds: when the
    /// last of so many asks ends, and the seconds of all of them.
    fn simulated(requests: u64, slots: usize, seed: u64) -> (f64, f64) {
        let mut free = vec![0.0f64; slots];
        let mut busy = 0.0;
        for request in 0..requests {
            let hash = blake3::hash(format!("{seed} {request}").as_bytes());
            let took = 0.5 + f64::from(hash.as_bytes()[0]) / 255.0;
            let next = (0..slots).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
            free[next] += took;
            busy += took;
        }
        (free.into_iter().fold(0.0, f64::max), busy)
    }

    #[test]
    fn a_tenth_of_a_run_tells_the_rest_within_thirty_per_cent() {
        for (requests, slots) in [(80, 4), (80, 1), (200, 4), (1000, 8), (10_000, 64)] {
            for seed in 0..20 {
                let (_, busy) = simulated(requests / 10, slots, seed);
                let past = [Experience {
                    at_a_time: slots as f64,
                    requests: requests / 10,
                    busy_seconds: busy,
                    ..Experience::default()
                }];
                let left = requests - requests / 10;
                let (truth, _) = simulated(left, slots, seed + 1000);
                let told = seconds(&[Pace::of(past.iter()).unwrap()], left as f64, None, None).unwrap();
                assert!(
                    (told / truth - 1.0).abs() < 0.3,
                    "{requests} on {slots}: {told} told, {truth} it took"
                );
            }
        }
    }
}
