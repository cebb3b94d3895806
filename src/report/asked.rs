//! What a run asked of its prompts and models, and what came of that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a run asked in one prompt variant of one model, and about the texts of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The name of the variant.
    pub prompt: String,
    /// The model's display name.
    pub model: String,
    /// Answers that came, and answers about their texts.
    pub requests: u64,
    #[serde(default)]
    pub about: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// What all of these cost, where an endpoint has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Rows that hang on one of them.
    pub rows: u64,
    /// Texts that do and were rejected, by reason.
    #[serde(default)]
    pub rejected: BTreeMap<String, u64>,
}

impl Asked {
    /// What was asked in a variant of a model, to be counted on.
    pub fn of<'a>(all: &'a mut Vec<Self>, prompt: &str, model: &str) -> &'a mut Self {
        let is = |asked: &Self| asked.prompt == prompt && asked.model == model;
        let at = all.iter().position(is).unwrap_or_else(|| {
            all.push(Self { prompt: prompt.to_owned(), model: model.to_owned(), ..Self::default() });
            all.len() - 1
        });
        &mut all[at]
    }

    /// The sum of some.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut out = Self::default();
        for asked in all {
            out.requests += asked.requests;
            out.about += asked.about;
            out.prompt_tokens += asked.prompt_tokens;
            out.completion_tokens += asked.completion_tokens;
            if let Some(cost) = asked.cost {
                *out.cost.get_or_insert(0.0) += cost;
            }
            out.rows += asked.rows;
            for (reason, times) in &asked.rejected {
                *out.rejected.entry(reason.clone()).or_default() += times;
            }
        }
        out
    }

    /// The sum of those with this value of `prompt` or of `model`.
    pub fn sum_by(all: &[Self], of: &str, value: &str) -> Self {
        Self::sum(
            all.iter().filter(|asked| value == if of == "prompt" { &asked.prompt } else { &asked.model }),
        )
    }

    /// Texts that were judged.
    pub fn judged(&self) -> u64 {
        self.rows + self.rejected.values().sum::<u64>()
    }

    /// Tokens of prompts and answers.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }
}

/// Texts of a prompt and a model of which fewer prove nothing.
const ENOUGH: u64 = 20;

/// By how much shares of what was asked may differ before figures of all texts are no comparison.
const SLACK: f64 = 0.05;

/// Two runs, compared in what both asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    /// By what tells them apart: what each run asked of a prompt and a model.
    pub strata: Vec<(String, [Asked; 2])>,
    /// Whether they asked them in different shares.
    pub differ: bool,
    /// The figures of both with one mix: that of the two together, of what both asked often enough.
    pub found: Option<Standardised>,
}

/// Figures of two runs, weighted alike (direct standardisation).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standardised {
    /// The share of texts that became rows.
    pub accepted: [f64; 2],
    pub cost: [Option<f64>; 2],
}

impl Alike {
    pub fn of(then: &[Asked], now: &[Asked]) -> Self {
        let mut keys: Vec<(&str, &str)> =
            then.iter().chain(now).map(|asked| (asked.prompt.as_str(), asked.model.as_str())).collect();
        keys.sort_unstable();
        keys.dedup();
        let varies = |of: fn(&(&str, &str)) -> String| keys.iter().any(|key| of(key) != of(&keys[0]));
        let (prompts, models) = (varies(|key| key.0.to_owned()), varies(|key| key.1.to_owned()));
        let name = |(prompt, model): (&str, &str)| match (prompts, models) {
            (true, true) => format!("{prompt}, {model}"),
            (false, true) => format!("model {model}"),
            (_, false) => format!("prompt {prompt}"),
        };
        let find = |all: &[Asked], (prompt, model): (&str, &str)| {
            all.iter()
                .find(|asked| asked.prompt == prompt && asked.model == model)
                .cloned()
                .unwrap_or_default()
        };
        let strata: Vec<(String, [Asked; 2])> =
            keys.iter().map(|key| (name(*key), [find(then, *key), find(now, *key)])).collect();
        let all = [then, now].map(|all| Asked::sum(all).judged().max(1) as f64);
        let apart = |[a, b]: &[Asked; 2]| (a.judged() as f64 / all[0] - b.judged() as f64 / all[1]).abs();
        let differ = strata.iter().any(|(_, asked)| apart(asked) > SLACK);
        let found = Standardised::of(strata.iter().map(|(_, asked)| asked));
        Self { strata, differ, found }
    }
}

impl Standardised {
    fn of<'a>(strata: impl Iterator<Item = &'a [Asked; 2]>) -> Option<Self> {
        let enough = strata.filter(|asked| asked.iter().all(|asked| asked.judged() >= ENOUGH));
        let (mut texts, mut rows, mut cost) = (0.0, [0.0; 2], [Some(0.0); 2]);
        for asked in enough {
            let judged = (asked[0].judged() + asked[1].judged()) as f64;
            texts += judged;
            for (run, asked) in asked.iter().enumerate() {
                let each = judged / asked.judged() as f64;
                rows[run] += each * asked.rows as f64;
                cost[run] = cost[run].zip(asked.cost).map(|(sum, cost)| sum + each * cost);
            }
        }
        let of_rows =
            |run: usize| cost[run].filter(|_| rows[run] > 0.0).map(|cost| 1000.0 * cost / rows[run]);
        (texts > 0.0)
            .then(|| Self { accepted: rows.map(|rows| rows / texts), cost: [of_rows(0), of_rows(1)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompt: &str, rows: u64, rejected: u64) -> Asked {
        let requests = rows + rejected;
        Asked {
            prompt: prompt.into(),
            model: "m".into(),
            requests,
            cost: Some(requests as f64 * 0.01),
            rows,
            rejected: [("words".to_owned(), rejected)].into_iter().collect(),
            ..Asked::default()
        }
    }

    /// Each prompt is accepted as before, and only the mix is another: nothing moved.
    #[test]
    fn another_mix_of_the_same_is_no_difference() {
        let (then, now) = ([asked("a", 90, 10), asked("b", 20, 20)], [asked("a", 27, 3), asked("b", 50, 50)]);
        let alike = Alike::of(&then, &now);
        assert!(alike.differ);
        let Standardised { accepted, cost } = alike.found.unwrap();
        assert!((accepted[0] - accepted[1]).abs() < 1e-12, "{accepted:?}");
        assert!((cost[0].unwrap() - cost[1].unwrap()).abs() < 1e-9, "{cost:?}");
        assert_eq!(alike.strata[0].0, "prompt a");
        assert!(!Alike::of(&then, &then).differ);
    }

    #[test]
    fn what_one_of_them_hardly_asked_is_left_out() {
        let then = [asked("a", 90, 10), asked("b", 50, 0)];
        let alike = Alike::of(&then, &[asked("a", 40, 60), asked("b", 0, 19)]);
        assert_eq!(alike.found.unwrap().accepted, [0.9, 0.4]);
        assert_eq!(Alike::of(&then, &[asked("c", 90, 9)]).found, None);
    }
}
