//! How many tokens requests of a kind took.

use serde::{Deserialize, Serialize};

use super::sample::LEAST;
use crate::check::usage::Usage;

/// Of a prompt in English, about.
const BYTES_PER_TOKEN: f64 = 4.0;

/// Tokens of some requests, as their servers counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tokens {
    pub requests: u64,
    prompt: u64,
    completion: u64,
    /// Of their prompts, where these were rendered.
    bytes: u64,
    /// Of the tokens of one choice.
    squares: f64,
}

impl Tokens {
    /// Takes in a request of so many bytes that was answered with at most so many tokens for each of its choices. A prompt
    /// without tokens is a count that the server left out, and an answer has no more than it was let have.
    pub fn take(&mut self, usage: Usage, bytes: u64, (most, choices): (u32, u32)) {
        let Usage { prompt_tokens, completion_tokens, .. } = usage;
        if prompt_tokens == 0 || completion_tokens == 0 && most > 0 {
            return;
        }
        let completion = completion_tokens.min(u64::from(most) * u64::from(choices));
        self.requests += 1;
        self.prompt += prompt_tokens;
        self.completion += completion;
        self.bytes += bytes;
        self.squares += (completion as f64 / f64::from(choices.max(1))).powi(2);
    }

    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.prompt += other.prompt;
        self.completion += other.completion;
        self.bytes += other.bytes;
        self.squares += other.squares;
    }

    fn each(&self, sum: u64) -> Option<f64> {
        (self.requests >= LEAST).then(|| sum as f64 / self.requests as f64)
    }

    /// Tokens of a prompt, whose bytes may be others than those of these.
    pub fn prompt(&self, bytes: Option<f64>) -> Option<f64> {
        let longer = bytes.map_or(0.0, |bytes| bytes - self.bytes as f64 / self.requests.max(1) as f64);
        Some((self.each(self.prompt)? + longer / BYTES_PER_TOKEN).max(1.0))
    }

    /// Tokens of an answer, with all its choices.
    pub fn completion(&self) -> Option<f64> {
        self.each(self.completion)
    }

    /// The mean square of the tokens of a choice.
    pub fn square(&self) -> Option<f64> {
        (self.requests >= LEAST).then(|| self.squares / self.requests as f64)
    }
}

/// What becomes of answers that had reached so many tokens, where they may have more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Longer {
    /// The share of them that ends by itself.
    pub end: f64,
    /// Tokens that they have then, on average.
    pub tokens: f64,
}

impl Longer {
    /// By the lengths of `whole` answers with this mean square, `cut` others that had reached `reached` tokens and may have
    /// `most` now: an answer is taken to end the likelier the longer it is (Rayleigh's distribution, whose one parameter
    /// both kinds of answers tell).
    pub fn of((whole, square): (f64, f64), (cut, reached): (f64, f64), most: f64) -> Self {
        if most <= reached {
            return Self { end: 0.0, tokens: most };
        }
        let scale = square + cut * reached * reached / whole.max(1.0);
        let goes_on = |tokens: f64| ((reached * reached - tokens * tokens) / scale.max(1.0)).exp();
        let step = (most - reached) / STEPS;
        let more: f64 =
            (0..STEPS as u32).map(|at| step * goes_on(reached + (f64::from(at) + 0.5) * step)).sum();
        Self { end: 1.0 - goes_on(most), tokens: reached + more }
    }
}

/// Steps in which what is to come of an answer is added up.
const STEPS: f64 = 64.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
        Usage { prompt_tokens, completion_tokens, cached_tokens: None }
    }

    #[test]
    fn counts_that_cannot_be_are_no_counts() {
        let told = |counts: &[(u64, u64)]| {
            let mut tokens = Tokens::default();
            counts.iter().for_each(|(prompt, answer)| tokens.take(usage(*prompt, *answer), 400, (100, 2)));
            (tokens.prompt(None), tokens.completion())
        };
        assert_eq!(told(&[(40, 10); 3]), (None, None), "too few");
        assert_eq!(told(&[(40, 10); 4]), (Some(40.0), Some(10.0)));
        assert_eq!(
            told(&[(0, 10), (40, 10), (40, 10), (40, 10), (40, 10), (40, 0)]),
            (Some(40.0), Some(10.0))
        );
        assert_eq!(told(&[(40, 90_000_000); 4]), (Some(40.0), Some(200.0)), "two choices of a hundred");
        let mut tokens = Tokens::default();
        (0..4).for_each(|_| tokens.take(usage(100, 10), 400, (100, 1)));
        assert_eq!(
            [Some(400.0), Some(440.0), None].map(|bytes| tokens.prompt(bytes).unwrap()),
            [100.0, 110.0, 100.0]
        );
    }

    /// Lengths around a hundred, of which half are cut there: under twice the limit most end, and hardly longer.
    #[test]
    fn what_was_cut_goes_on_as_lengths_do() {
        let lengths: Vec<f64> = (0..200).map(|at| 20.0 + f64::from(at) * 0.8).collect();
        let (whole, cut): (Vec<f64>, Vec<f64>) = lengths.iter().partition(|length| **length < 100.0);
        let square = whole.iter().map(|length| length * length).sum::<f64>() / whole.len() as f64;
        let of = |most| Longer::of((whole.len() as f64, square), (cut.len() as f64, 100.0), most);
        for most in [130.0, 160.0, 200.0] {
            let end = cut.iter().filter(|length| **length <= most).count() as f64 / cut.len() as f64;
            let tokens = cut.iter().map(|length| length.min(most)).sum::<f64>() / cut.len() as f64;
            let told = of(most);
            assert!((told.end - end).abs() < 0.2, "{most}: {told:?}, {end}");
            assert!((told.tokens / tokens - 1.0).abs() < 0.1, "{most}: {told:?}, {tokens}");
        }
        assert_eq!(of(80.0), Longer { end: 0.0, tokens: 80.0 }, "a lower limit cuts them again");
    }
}
