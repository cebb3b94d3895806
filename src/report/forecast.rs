//! What a run would come to, in words.

use std::time::Duration;

use serde::Serialize;

use super::{count, duration, thousands};

/// What a run would come to; `None` is unknown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Forecast {
    /// Requests of now with those that follow, where texts are rejected, and about texts.
    pub requests: Option<u64>,
    /// Those of them that ask which names in doubt are names.
    pub second_look_requests: Option<u64>,
    /// Those of them that ask judges.
    pub judge_requests: Option<u64>,
    /// Those of them that ask what a text means.
    pub embedding_requests: Option<u64>,
    /// Whether requests about texts are taken from what rows took; else they are the least there can be.
    #[serde(skip)]
    pub about_texts_counted: bool,
    /// The share of judged texts that became rows.
    pub acceptance: Option<f64>,
    pub acceptance_from: Option<Basis>,
    /// Answers that the acceptance is taken from.
    pub answers: u64,
    /// Asks, without requests about texts: the expected ones, else those of now.
    pub of_requests: u64,
    /// `response.items` × `response.n`.
    pub texts_per_answer: u64,
    pub prompt_tokens: Option<u64>,
    pub prompt_tokens_from: Option<Basis>,
    /// Prompts to be asked that the server counted, now or before.
    pub prompts_counted: u64,
    pub completion_tokens: Option<u64>,
    pub completion_tokens_from: Option<Basis>,
    pub seconds: Option<f64>,
}

/// Where a figure is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The server counted a sample of the prompts to be asked.
    Counted,
    /// The stored answers of the dataset as it is now.
    Stored,
    /// The last run of the config, whatever it asked.
    LastRun,
}

impl Forecast {
    /// That of a run that has nothing to ask.
    pub fn nothing() -> Self {
        Self {
            requests: Some(0),
            second_look_requests: Some(0),
            judge_requests: Some(0),
            embedding_requests: Some(0),
            about_texts_counted: true,
            prompt_tokens: Some(0),
            completion_tokens: Some(0),
            seconds: Some(0.0),
            ..Self::default()
        }
    }

    /// Three lines: requests, tokens, time.
    pub fn text(&self) -> String {
        let requests = match (self.requests, self.acceptance) {
            (Some(requests), Some(acceptance)) => format!(
                "{} {} in all{} ({:.1} % of texts pass, {} {})",
                if self.about_texts_counted { "about" } else { "at least" },
                count(requests, "request"),
                self.about(),
                100.0 * acceptance,
                if self.acceptance_from == Some(Basis::LastRun) { "in the last run's" } else { "in" },
                count(self.answers, "answer"),
            ),
            _ => "unknown until some answers were judged".into(),
        };
        let least = match self.requests.is_some() && self.about_texts_counted {
            true => "about",
            false => "at least",
        };
        let prompt = match (self.prompt_tokens, self.prompt_tokens_from) {
            (Some(tokens), Some(Basis::Counted)) => format!(
                "{least} {} prompt ({} counted)",
                thousands(tokens),
                count(self.prompts_counted, "prompt")
            ),
            (Some(tokens), _) => format!("{least} {} prompt", thousands(tokens)),
            (None, _) => "prompt unknown".into(),
        };
        let completion = match self.completion_tokens {
            Some(tokens) => format!("{} completion", thousands(tokens)),
            None => "completion unknown".into(),
        };
        let time = match self.seconds {
            Some(seconds) => format!("about {}", duration(Duration::from_secs_f64(seconds.max(0.0)))),
            None => "unknown".into(),
        };
        let saves = self.saves();
        format!("expected: {requests}\ntokens: {prompt}, {completion}\ntime: {time}\n{saves}")
    }

    /// How many of the requests are about texts.
    fn about(&self) -> String {
        let some = |of: Option<u64>| of.filter(|of| *of > 0);
        let looks = some(self.second_look_requests).map(|of| format!(", {}", count(of, "second look")));
        let judges = some(self.judge_requests).map(|of| format!(", {} of judges", thousands(of)));
        let embeddings = some(self.embedding_requests).map(|of| format!(", {}", count(of, "embedding")));
        [looks, judges, embeddings].into_iter().flatten().collect()
    }

    /// What several texts an answer save, since a prompt is then read once for all of them.
    fn saves(&self) -> String {
        let fewer = self.of_requests * self.texts_per_answer.saturating_sub(1);
        if fewer == 0 {
            return String::new();
        }
        // Where judges read texts it is not the prompts of asks alone.
        let of_asks = self.prompt_tokens.filter(|_| self.about().is_empty());
        let tokens = of_asks.map_or_else(String::new, |tokens| {
            format!(" and {} prompt tokens", thousands(tokens * (self.texts_per_answer - 1)))
        });
        format!(
            "saves: up to {}{tokens}, by {} an answer\n",
            count(fewer, "request"),
            count(self.texts_per_answer, "text")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_texts_an_answer_save_requests_and_prompt_tokens() {
        let forecast = |texts| Forecast {
            of_requests: 100,
            texts_per_answer: texts,
            prompt_tokens: Some(35_000),
            ..Forecast::default()
        };
        let says = "saves: up to 200 requests and 70,000 prompt tokens, by 3 texts an answer\n";
        assert_eq!(forecast(3).saves(), says);
        assert_eq!(forecast(1).saves(), "");
        assert_eq!(Forecast::default().saves(), "");
    }
}
