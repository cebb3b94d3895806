//! What an item may take before anybody has said so.

/// Tokens of prompts by their bytes: rather too many than too few, and more where answers told of more.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    per_byte: f64,
    around: u64,
}

impl Estimate {
    /// What is expected until anything is told: tokens of a byte, and those that each prompt has beside.
    pub fn new(per_byte: f64, around: u64) -> Self {
        Self { per_byte, around }
    }

    /// The most tokens that a prompt of so many bytes is expected to have.
    pub fn tokens(&self, bytes: usize) -> u64 {
        (bytes as f64 * self.per_byte).ceil() as u64 + self.around
    }

    /// A prompt of so many bytes had so many tokens: longer ones have as many more.
    pub fn saw(&mut self, bytes: usize, tokens: u64) {
        self.per_byte = self.per_byte.max(tokens as f64 / bytes.max(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_prompt_is_expected_to_have_more_than_any_before_it() {
        let mut prompts = Estimate::new(0.25, 16);
        assert_eq!((prompts.tokens(0), prompts.tokens(16_000)), (16, 4016));
        // Some languages take more, and a prompt of another is longer again.
        prompts.saw(100, 90);
        prompts.saw(1000, 200);
        assert_eq!((prompts.tokens(100), prompts.tokens(2000)), (106, 1816));
    }
}
