//! A served model as a classifier: what it is asked, and what its answers mean.
//!
//! The schema leaves nothing but the labels to answer. Where the server tells probabilities of tokens,
//! each label's is read where the answer decides between them, and the labels that a model likes
//! whatever it reads are held against it by batch calibration (H. Zhou et al., *Batch calibration:
//! rethinking calibration for in-context learning and prompt engineering*, ICLR 2024): from a label's
//! log-probability for a text its mean over all texts is taken away.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Labelled;
use crate::check::told;
use crate::model::random::Random;
use crate::export::{Task, Wording};
use crate::labels::{LabelSet, Probabilities, likeliest};

/// Rows with one label each, of each label as many, `limit` at most; a label with fewer has all of its.
pub fn balanced(rows: &Labelled, limit: usize, seed: u64) -> Labelled {
    let each = limit / rows.labels.len().max(1);
    let mut kept = vec![false; rows.texts.len()];
    for label in 0..rows.labels.len() {
        let mut of_it: Vec<usize> =
            (0..kept.len()).filter(|row| rows.gold[*row] == LabelSet::one(label)).collect();
        let mut random = Random::new(seed);
        for at in 0..each.min(of_it.len()) {
            let other = at + random.below(of_it.len() - at);
            of_it.swap(at, other);
            kept[of_it[at]] = true;
        }
    }
    let rows_kept = |row: &usize| kept[*row];
    Labelled {
        labels: rows.labels.clone(),
        texts: (0..kept.len()).filter(rows_kept).map(|row| rows.texts[row].clone()).collect(),
        gold: (0..kept.len()).filter(rows_kept).map(|row| rows.gold[row]).collect(),
        pairs: (0..kept.len()).filter(rows_kept).map(|row| rows.pairs[row]).collect(),
        unlabelled: 0,
        held: 0,
    }
}

/// The same question as a tuned model learns it, to be asked so afterwards.
pub fn wording() -> Wording {
    Wording {
        task: Task::Classify,
        system: Some(
            "You read texts and name what their writer feels: one of {{ labels | join(', ') }}.".into(),
        ),
        instruction: Some("Text: {{ text }}\n\nWhich one is it: {{ labels | join(', ') }}?".into()),
        // As the schema has it.
        answer: Some("\"{{ label }}\"".into()),
    }
}

/// What is asked of each text.
#[derive(Debug, Clone)]
pub struct Question {
    pub labels: Vec<String>,
    pub model: String,
    /// Whether the server is llama.cpp's, which takes more fields than others.
    pub llama: bool,
}

impl Question {
    /// The body of the request for one text.
    pub fn body(&self, text: &str) -> String {
        let mut body = json!({
            "model": self.model,
            "messages": self.messages(text).map(|(role, content)| json!({ "role": role, "content": content })),
            "temperature": 0.0,
            "max_tokens": 32,
            "seed": 7,
            "logprobs": true,
            "top_logprobs": self.top_tokens(),
            "response_format": {
                "type": "json_schema",
                "json_schema": { "name": "label", "strict": true, "schema": self.schema() },
            },
        });
        if self.llama {
            // On one server with adapters switched per request, cached prompts have mixed their answers.
            body["cache_prompt"] = false.into();
        }
        body.to_string()
    }

    /// What is asked of a text, as role and content.
    pub fn messages(&self, text: &str) -> [(&'static str, String); 2] {
        let list = self.labels.join(", ");
        [
            ("system", format!("You read texts and name what their writer feels: one of {list}.")),
            ("user", format!("Text: {text}\n\nWhich one is it: {list}?")),
        ]
    }

    /// Of how many tokens the server is to tell probabilities, at each place.
    pub fn top_tokens(&self) -> u32 {
        if self.llama { 100 } else { 20 }
    }

    /// What the answer is held to: one of the labels.
    pub fn schema(&self) -> Value {
        json!({ "type": "string", "enum": self.labels })
    }

    /// Reads the server's answer.
    pub fn read(&self, answer: &str) -> Reply {
        let Ok(answer) = serde_json::from_str::<Answer>(answer) else { return Reply::default() };
        let Some(choice) = answer.choices.into_iter().next() else { return Reply::default() };
        let content = choice.message.content.unwrap_or_default();
        let name = serde_json::from_str::<String>(content.trim()).ok();
        let label = name.and_then(|name| self.labels.iter().position(|known| *known == name));
        let tokens = choice.logprobs.and_then(|told| told.content).unwrap_or_default();
        let scores = told::scores(&self.labels, &tokens, |said| said.trim_start().strip_prefix('"'));
        Reply { label, scores }
    }
}

/// What an answer says: a label, if it is a legal one, and how likely each was, if that is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    pub label: Option<usize>,
    pub scores: Option<Vec<f32>>,
}

/// The labels as they were answered.
pub fn given(replies: &[Reply]) -> Vec<LabelSet> {
    replies.iter().map(|reply| reply.label.into_iter().collect()).collect()
}

/// The probabilities of the labels among each other, after batch calibration if asked for; `None`
/// where an answer tells none.
pub fn probabilities(labels: usize, replies: &[Reply], calibrate: bool) -> Option<Probabilities> {
    let scores: Vec<&Vec<f32>> = replies.iter().map(|reply| reply.scores.as_ref()).collect::<Option<_>>()?;
    let mean = |label: usize| scores.iter().map(|row| row[label]).sum::<f32>() / scores.len().max(1) as f32;
    let means: Vec<f32> = (0..labels).map(|label| if calibrate { mean(label) } else { 0.0 }).collect();
    let mut values = Vec::with_capacity(labels * scores.len());
    for row in scores {
        let shifted: Vec<f32> = row.iter().zip(&means).map(|(score, mean)| score - mean).collect();
        values.extend(told::parts(&shifted));
    }
    Some(Probabilities::new(labels, values))
}

/// The likeliest label of each text.
pub fn likeliest_of(probabilities: &Probabilities) -> Vec<LabelSet> {
    probabilities.rows().map(|row| LabelSet::one(likeliest(row))).collect()
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    logprobs: Option<told::Tokens>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        let labels = ["positive", "negative", "neutral"].map(str::to_owned).to_vec();
        Question { labels, model: "m".into(), llama: true }
    }

    fn answer(content: &str, tokens: Value) -> String {
        json!({ "choices": [{ "message": { "content": content }, "logprobs": { "content": tokens } }] })
            .to_string()
    }

    #[test]
    fn scores_are_read_where_the_answer_decides() {
        let top = |tokens: &[(&str, f64)]| -> Value {
            tokens.iter().map(|(token, p)| json!({ "token": token, "logprob": p.ln() })).collect()
        };
        let tokens = json!([
            { "token": "\"", "top_logprobs": top(&[("\"", 0.6), ("positive", 0.4)]) },
            // "ne" could be two of them; what begins no label is none.
            { "token": "ne", "top_logprobs": top(&[("ne", 0.5), ("posit", 0.2), ("pos", 0.1), ("x", 0.1), ("neg", 0.05)]) },
            { "token": "utral", "top_logprobs": [] },
        ]);
        let found = question().read(&answer("\"neutral\"", tokens));
        assert_eq!(found.label, Some(2));
        let scores = found.scores.unwrap();
        assert!((scores[0].exp() - 0.3).abs() < 1e-6 && (scores[1].exp() - 0.05).abs() < 1e-6);
        assert!((scores[2].exp() - 0.05).abs() < 1e-6, "the least that was told");
    }

    #[test]
    fn what_is_no_label_is_no_answer() {
        for (content, label) in [("\"positive\"", Some(0)), ("positive", None), ("\"joy\"", None), ("", None)]
        {
            assert_eq!(question().read(&answer(content, json!([]))), Reply { label, scores: None });
        }
        for broken in ["", "{}", "[1]", "{\"choices\":[{\"message\":{}}]}"] {
            assert_eq!(question().read(broken), Reply::default(), "{broken}");
        }
    }

    #[test]
    fn a_label_that_is_liked_whatever_is_read_is_held_back() {
        let reply = |scores: [f32; 2]| Reply { label: Some(0), scores: Some(scores.to_vec()) };
        let replies = [reply([-0.1, -2.0]), reply([-0.2, -1.0]), reply([-0.1, -3.0])];
        let plain = probabilities(2, &replies, false).unwrap();
        assert!(likeliest_of(&plain).iter().all(|given| *given == LabelSet::one(0)));
        let calibrated = probabilities(2, &replies, true).unwrap();
        assert_eq!(likeliest_of(&calibrated), [0, 1, 0].map(LabelSet::one));
        assert!(calibrated.rows().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
        assert_eq!(probabilities(2, &[reply([0.0, 0.0]), Reply::default()], true), None);
    }

    #[test]
    fn rows_are_balanced_and_have_one_label() {
        let gold: Vec<LabelSet> = (0..90)
            .map(|n| if n % 9 == 0 { (0..2).collect() } else { LabelSet::one(usize::from(n % 3 == 0)) })
            .collect();
        let labels = ["a", "b"].map(str::to_owned).to_vec();
        let texts = (0..90).map(|n| n.to_string()).collect();
        let rows = Labelled { labels, texts, gold, pairs: vec![None; 90], ..Labelled::default() };
        let found = balanced(&rows, 20, 1);
        assert_eq!(found.gold.iter().filter(|gold| **gold == LabelSet::one(0)).count(), 10);
        assert_eq!(found.gold.iter().filter(|gold| **gold == LabelSet::one(1)).count(), 10);
        assert_eq!(found.texts, balanced(&rows, 20, 1).texts);
        assert_ne!(found.texts, balanced(&rows, 20, 2).texts);
        // Twenty rows have only the second.
        assert_eq!(balanced(&rows, 1000, 1).texts.len(), 80);
    }

    #[test]
    fn the_request_binds_the_answer_and_caches_nothing() {
        let body: Value = serde_json::from_str(&question().body("so \"good\"\n🙂")).unwrap();
        assert_eq!(body["cache_prompt"], false);
        assert_eq!(body["response_format"]["json_schema"]["schema"]["enum"][2], "neutral");
        assert!(body["messages"][1]["content"].as_str().unwrap().contains("so \"good\"\n🙂"));
        let other = Question { llama: false, ..question() };
        assert!(!other.body("x").contains("cache_prompt"));
    }
}
