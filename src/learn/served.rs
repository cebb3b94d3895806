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
use crate::export::{Task, Wording};
use crate::labels::{LabelSet, Probabilities, likeliest};
use crate::model::random::Random;

/// Rows with one label each, `limit` at most, of each label as many but for one; which labels have that one more
/// is drawn by lot. A label with fewer has all of its.
pub fn balanced(rows: &Labelled, limit: usize, seed: u64) -> Labelled {
    let labels = rows.labels.len().max(1);
    let mut rest = limit % labels;
    let mut order: Vec<usize> = (0..rows.labels.len()).collect();
    Random::new(seed).shuffle(&mut order);
    let mut kept = vec![false; rows.texts.len()];
    for label in order {
        let mut of_it: Vec<usize> =
            (0..kept.len()).filter(|row| rows.gold[*row] == LabelSet::one(label)).collect();
        let more = usize::from(rest > 0 && of_it.len() > limit / labels);
        rest -= more;
        let taken = (limit / labels + more).min(of_it.len());
        Random::new(seed).choose(&mut of_it, taken);
        of_it[..taken].iter().for_each(|row| kept[*row] = true);
    }
    let mut flags = kept.iter();
    let mut out = Labelled { unlabelled: 0, held: 0, ..rows.clone() };
    out.retain_rows(|_, _, _| flags.next() == Some(&true));
    out
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
    /// Whether the server is llama.cpp's, which takes more fields than others.
    pub llama: bool,
}

impl Question {
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
        Question { labels, llama: true }
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
        // Fewer than there are labels: one each, of labels by lot.
        let one: Vec<_> = (0..8).map(|seed| balanced(&rows, 1, seed).gold).collect();
        assert!(one.iter().all(|gold| gold.len() == 1) && one.iter().any(|gold| *gold != one[0]), "{one:?}");
        assert_eq!(balanced(&rows, 21, 1).gold.len(), 21);
        // Twenty rows have only the second.
        assert_eq!(balanced(&rows, 1000, 1).texts.len(), 80);
    }
}
