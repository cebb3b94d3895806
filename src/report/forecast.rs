//! What a run would come to, in words.

use std::time::Duration;

use serde::Serialize;

use super::{SLACK, ToGo, count, duration, money, thousands, wrapped};

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
    /// Whether texts are asked about at all.
    #[serde(skip)]
    pub about_texts: bool,
    /// The same as it is told everywhere.
    #[serde(skip)]
    pub to_go: ToGo,
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
    /// By the `price` of the endpoints; none where no endpoint has one.
    pub cost: Option<CostRange>,
    /// Where answers tell too little for that: the most that the asks (`of_requests`) cost.
    pub cost_at_most: Option<f64>,
    /// `run.max_cost`, and whether it has room for that; `null` where it depends, or nothing is known.
    pub max_cost: Option<f64>,
    pub within_max_cost: Option<bool>,
    pub seconds: Option<f64>,
    /// Rows that open cells lack, and those of them that will not come, since `samples.max_asks` ends before.
    pub missing: u64,
    pub lacking: Option<u64>,
    /// Rows that may be missing.
    #[serde(skip)]
    pub allowed_short: u64,
    #[serde(skip)]
    pub max_asks: u32,
}

/// What requests cost; they are two figures where a model's endpoints have several prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CostRange {
    pub least: f64,
    pub most: f64,
}

impl CostRange {
    /// Whether it is no more than that, whoever answers; `None` where that depends.
    pub fn is_within(&self, cap: f64) -> Option<bool> {
        match () {
            () if self.most <= cap => Some(true),
            () if self.least <= cap => None,
            () => Some(false),
        }
    }
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
            prompt_tokens: Some(0),
            completion_tokens: Some(0),
            seconds: Some(0.0),
            lacking: Some(0),
            ..Self::default()
        }
    }

    /// Three lines: requests, tokens, time; with one of rows that will not come, and one of what it costs, where there is such.
    pub fn text(&self) -> String {
        let requests = match (self.to_go.expected, self.acceptance) {
            (Some(_), Some(acceptance)) => format!(
                "{} in all{} ({:.1} % of texts pass, {} {})",
                self.to_go.text(),
                self.about(),
                100.0 * acceptance,
                if self.acceptance_from == Some(Basis::LastRun) { "in the last run's" } else { "in" },
                count(self.answers, "answer"),
            ),
            _ => "unknown until some answers were judged".into(),
        };
        let least = match self.to_go.expected {
            Some(expected) if !expected.at_least => "about",
            _ => "at least",
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
        let (lacking, cost, saves) = (self.lacking_text(), self.cost_text(least), self.saves());
        let expected = wrapped(&format!("expected: {requests}"), 78).join("\n  ");
        format!("{expected}\n{lacking}tokens: {prompt}, {completion}\n{cost}time: {time}\n{saves}")
    }

    /// Rows that will not come, where that is no chance.
    fn lacking_text(&self) -> String {
        let lacking = self.lacking.unwrap_or(0);
        if lacking <= self.allowed_short || lacking as f64 <= SLACK * self.missing as f64 {
            return String::new();
        }
        format!(
            "lacking: about {} of {} at this rate; raise `samples.max_asks` ({})\n",
            thousands(lacking),
            count(self.missing, "row"),
            self.max_asks
        )
    }

    /// What it costs, and whether `run.max_cost` has room for that; `least` is how sure the figures are.
    fn cost_text(&self, least: &str) -> String {
        let cap = self.max_cost;
        let within = |cap: f64| format!("within `run.max_cost` ({})", money(cap));
        let (cost, fits) = match (self.cost, self.cost_at_most) {
            (Some(cost), _) => {
                let (low, high) = (money(cost.least), money(cost.most));
                let range = if low == high { low } else { format!("{low} to {high}") };
                let fits = cap.map(|cap| match cost.is_within(cap) {
                    Some(true) => within(cap),
                    None => format!("at the dearest more than `run.max_cost` ({})", money(cap)),
                    Some(false) => {
                        format!("more than `run.max_cost` ({}), which ends a run before", money(cap))
                    }
                });
                (format!("{least} {range}"), fits)
            }
            (None, Some(most)) => {
                let fits = cap.and_then(|cap| match most <= cap {
                    // What is asked about texts comes on top.
                    true => (!self.about_texts).then(|| within(cap)),
                    false => {
                        Some(format!("more than `run.max_cost` ({}), which may end a run before", money(cap)))
                    }
                });
                let without = if self.about_texts { ", without those about texts" } else { "" };
                (format!("up to {} for {}{without}", money(most), count(self.of_requests, "ask")), fits)
            }
            (None, None) => return String::new(),
        };
        let fits = fits.map_or_else(String::new, |fits| format!(",\n      {fits}"));
        format!("cost: {cost}{fits}\n")
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
    fn what_it_costs_is_held_to_the_most_that_a_run_may() {
        let says = |least, most, cap| {
            let cost = Some(CostRange { least, most });
            Forecast { cost, max_cost: cap, ..Forecast::default() }.cost_text("about")
        };
        assert_eq!(says(0.0123, 0.0123, None), "cost: about 0.0123\n");
        assert_eq!(
            says(1.0, 2.0, Some(2.0)),
            "cost: about 1.00 to 2.00,\n      within `run.max_cost` (2.00)\n"
        );
        assert!(
            says(1.0, 2.0, Some(1.5)).contains(",\n      at the dearest more than `run.max_cost` (1.50)\n")
        );
        assert!(
            says(1.0, 1.0, Some(0.5)).contains("more than `run.max_cost` (0.50), which ends a run before\n")
        );
        let first = Forecast { cost_at_most: Some(0.75), of_requests: 168, ..Forecast::default() };
        assert_eq!(first.cost_text("about"), "cost: up to 0.75 for 168 asks\n");
        let judged = Forecast { about_texts: true, max_cost: Some(1.0), ..first };
        assert_eq!(
            judged.cost_text("about"),
            "cost: up to 0.75 for 168 asks, without those about texts\n",
            "nobody knows whether all fits"
        );
        assert_eq!(Forecast::default().cost_text("about"), "");
    }

    #[test]
    fn rows_that_will_not_come_are_told_where_they_are_more_than_may_be_missing() {
        let says = |lacking, allowed_short| {
            let lacking = Some(lacking);
            Forecast { missing: 1730, lacking, allowed_short, max_asks: 3, ..Forecast::default() }
                .lacking_text()
        };
        assert_eq!(
            says(780, 0),
            "lacking: about 780 of 1,730 rows at this rate; raise `samples.max_asks` (3)\n"
        );
        assert_eq!((says(780, 800), says(80, 0), says(0, 0)), Default::default());
    }

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
