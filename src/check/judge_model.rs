//! What a judge model's answers come to: read, held to its rule, counted.

use std::collections::BTreeMap;

use minijinja::Value as Object;
use minijinja::value::Serde;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::reason::judge_reason;
use super::{Reason, complete, told, without_fence};
use crate::config::Diagnostic;
use crate::config::diagnostic::{Sources, did_you_mean};
use crate::config::expression::{Expression, place};
use crate::config::resolved::{Axis, Judge, JudgeRule};
use crate::tokens;

/// A judge of a config, ready to read its answers.
#[derive(Debug)]
pub struct JudgeModel {
    name: String,
    /// Under which its rejections are counted.
    reason: &'static str,
    validator: jsonschema::Validator,
    rule: Rule,
    votes: u32,
    asks: u32,
    /// Fields with their columns.
    columns: Vec<(String, String)>,
}

/// When a text is accepted.
#[derive(Debug)]
enum Rule {
    Accept(Box<Expression>),
    /// The index of the axis, and among how many of the most frequent answers its value must be.
    Label {
        axis: usize,
        top: u32,
        /// The labels, where servers are asked how likely each is.
        told: Option<Vec<String>>,
    },
}

/// Where a vote has the probabilities of all labels; no schema of a label has such a field.
const PROBABILITIES: &str = "probabilities";

/// A good answer.
pub type Vote = Map<String, Value>;

/// What the votes on a text come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Why it is no row, if it is none.
    pub refused: Option<Reason>,
    /// What its row shows of the votes.
    pub columns: Map<String, Value>,
}

impl JudgeModel {
    /// # Errors
    /// A rule that is no expression or reads what there is not, or a schema that is no JSON Schema.
    pub fn compile(judge: &Judge, axes: &[Axis], sources: &Sources) -> Result<Self, Diagnostic> {
        let rule = match &judge.rule {
            JudgeRule::Accept(accept) => Rule::Accept(expression(judge, accept, axes, sources)?.into()),
            JudgeRule::Label { axis, top, probabilities } => {
                let names = judge.schema["properties"]["label"]["enum"].as_array();
                let names = names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
                Rule::Label { axis: *axis, top: *top, told: probabilities.then(|| names.collect()) }
            }
        };
        let validator = jsonschema::validator_for(&judge.schema).map_err(|error| {
            Diagnostic::error(
                "schema",
                format!("the schema of judge `{}` is no JSON Schema: {error}", judge.name),
            )
        })?;
        Ok(Self {
            name: judge.name.clone(),
            reason: match judge.rule {
                JudgeRule::Accept(_) => judge_reason(&judge.name),
                JudgeRule::Label { .. } => Reason::LABEL,
            },
            validator,
            rule,
            votes: judge.votes,
            asks: judge.asks,
            columns: judge.columns.iter().map(|field| (field.clone(), judge.column(field))).collect(),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Good answers that a verdict takes.
    pub fn votes(&self) -> u32 {
        self.votes
    }

    /// The most requests about one text.
    pub fn asks(&self) -> u32 {
        self.asks
    }

    /// Reads a raw answer.
    ///
    /// # Errors
    /// Why it is none: empty, cut, or outside the schema.
    pub fn read(&self, raw: &str) -> Result<Vote, Reason> {
        let not_json = |error: serde_json::Error| Reason::NotJson { why: error.to_string() };
        let answer = Answer::parse(raw).map_err(not_json)?;
        let choice = answer.choices.first().ok_or(Reason::Empty)?;
        let value: Value = serde_json::from_str(without_fence(complete(choice)?)).map_err(not_json)?;
        if let Err(error) = self.validator.validate(&value) {
            // The error's own words quote the answer.
            return Err(Reason::Schema { why: format!("at `{}`", error.instance_path()) });
        }
        match value {
            Value::Object(mut fields) => {
                if let Rule::Label { told: Some(labels), .. } = &self.rule
                    && let Some(parts) = probabilities(raw, labels)
                {
                    fields.insert(PROBABILITIES.into(), parts.into());
                }
                Ok(fields)
            }
            _ => Err(Reason::Schema { why: "not an object".into() }),
        }
    }

    /// The verdict of as many good answers as it takes; `axes` are the cell's values by axis.
    pub fn verdict(&self, votes: &[Vote], axes: &[(&str, Object)]) -> Verdict {
        let (accepting, refused) = match &self.rule {
            Rule::Accept(accept) => accepted(accept, votes, axes),
            Rule::Label { axis, top, .. } => shown(&axes[*axis].1.to_string(), *top, votes),
        };
        let columns = self.columns.iter().map(|(field, column)| {
            let value = match (field.as_str(), votes.first().is_some_and(|vote| vote.contains_key(field))) {
                ("votes", false) => Value::from(accepting),
                ("probability", false) => self.probability(votes, axes),
                _ => together(votes.iter().filter_map(|vote| vote.get(field))),
            };
            (column.clone(), value)
        });
        Verdict {
            refused: refused.map(|why| Reason::Judge { judge: self.reason, why }),
            columns: columns.collect(),
        }
    }

    /// How likely the cell's own label was, the mean over the votes that tell it.
    fn probability(&self, votes: &[Vote], axes: &[(&str, Object)]) -> Value {
        let Rule::Label { axis, told: Some(labels), .. } = &self.rule else { return Value::Null };
        let own = axes[*axis].1.to_string();
        let at = labels.iter().position(|label| *label == own);
        let of = |vote: &Vote| vote.get(PROBABILITIES)?.get(at?)?.as_f64();
        let told: Vec<Value> =
            votes.iter().filter_map(of).map(|part| ((part * 1e4).round() / 1e4).into()).collect();
        together(told.iter())
    }

    /// The verdict where answers kept being broken: a text that nobody could judge is no row.
    pub fn unjudged(&self, good: u32, last: &str) -> Reason {
        let why = match self.votes {
            1 => format!("no good answer in {}, the last {last}", requests(self.asks)),
            votes => format!("{good} of {votes} good answers in {}, the last {last}", requests(self.asks)),
        };
        Reason::Judge { judge: self.reason, why }
    }
}

/// What an answer says of each label's probability, in the labels' order.
fn probabilities(raw: &str, labels: &[String]) -> Option<Vec<f32>> {
    #[derive(Deserialize)]
    struct Said {
        choices: Vec<Choice>,
    }
    #[derive(Deserialize)]
    struct Choice {
        #[serde(default)]
        logprobs: Option<told::Tokens>,
    }
    let said: Said = serde_json::from_str(raw).ok()?;
    let tokens = said.choices.into_iter().next()?.logprobs?.content?;
    // As they stand in JSON.
    let quoted = |label: &String| serde_json::to_string(label).map(|text| text[1..text.len() - 1].to_owned());
    let labels: Vec<String> = labels.iter().filter_map(|label| quoted(label).ok()).collect();
    Some(told::parts(&told::scores(&labels, &tokens, told::of_label_field)?))
}

/// Compiles a rule that the config writes out.
fn expression(
    judge: &Judge,
    accept: &str,
    axes: &[Axis],
    sources: &Sources,
) -> Result<Expression, Diagnostic> {
    let such_as = ("accept", "accept: score >= 3");
    let compiled = Expression::compile(accept, such_as, judge.rule_at, sources)?;
    let fields: Vec<&str> =
        judge.schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
    let known = || ["answer"].into_iter().chain(fields.iter().copied()).chain(names.iter().copied());
    if let Some(name) = compiled.reads().iter().find(|name| !known().any(|known| known == *name)) {
        let from = compiled.source().find(name.as_str()).unwrap_or(0);
        let what = format!("`{name}` is no field of the answer, and no axis");
        let found = Diagnostic::error("undefined-variable", what);
        let help = match did_you_mean(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
        };
        return Err(place(found.help(help), compiled.part(sources, from, name.len())));
    }
    if let Some((axis, from)) = tokens::bare_comparison_in(accept, &names) {
        return Err(place(
            Diagnostic::error("bare-value", format!("`{axis}` is a value with attributes, not a text")).help(
                match fields.contains(&axis) {
                    true => {
                        format!("write `answer.{axis}` for the answer's field, `{axis}.name` for the cell's")
                    }
                    false => format!("compare its name: `{axis}.name == '…'`"),
                },
            ),
            compiled.part(sources, from, axis.len()),
        ));
    }
    Ok(compiled)
}

/// How many votes an expression accepts, and why these are too few.
fn accepted(accept: &Expression, votes: &[Vote], axes: &[(&str, Object)]) -> (u32, Option<String>) {
    let (mut accepting, mut failed) = (0, None);
    for vote in votes {
        match accept.holds(context(vote, axes)) {
            Ok(accepted) => accepting += u32::from(accepted),
            Err(error) => failed = Some(error.kind().to_string()),
        }
    }
    let (rule, of) = (accept.source().trim(), votes.len());
    let refused = (2 * accepting as usize <= of).then(|| match (failed, of) {
        (Some(error), _) => format!("`{rule}` cannot be worked out: {error}"),
        (None, 1) => format!("`{rule}` does not hold"),
        (None, _) => format!("`{rule}` holds in {accepting} of {of} votes"),
    });
    (accepting, refused)
}

/// How many votes name a label, and why these are too few. One that is named as often as another has
/// its rank.
fn shown(label: &str, top: u32, votes: &[Vote]) -> (u32, Option<String>) {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for vote in votes {
        *times.entry(vote.get("label").and_then(Value::as_str).unwrap_or_default()).or_default() += 1;
    }
    let own = times.get(label).copied().unwrap_or(0);
    let rank = 1 + times.values().filter(|others| **others > own).count() as u32;
    let most = times.iter().max_by_key(|(name, times)| (**times, std::cmp::Reverse(**name)));
    let refused = (own == 0 || rank > top).then(|| {
        let (name, of) = (most.map_or("nothing", |(name, _)| name), votes.len());
        match of {
            1 => format!("read as {name}, not knowing its label"),
            of => format!("read as its label in {own} of {of} votes, mostly as {name}"),
        }
    });
    (own, refused)
}

fn requests(count: u32) -> String {
    if count == 1 { "1 request".into() } else { format!("{count} requests") }
}

/// What a rule can read: the fields, the axes, which go before fields of their name, and `answer`.
fn context(vote: &Vote, axes: &[(&str, Object)]) -> Object {
    let fields = vote.iter().map(|(name, value)| (name.clone(), Object::from(Serde(value))));
    let axes = axes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let answer = ("answer".to_owned(), Object::from(Serde(vote)));
    Object::from_pairs(fields.chain(axes).chain([answer]))
}

/// Several values as one: the mean of numbers, the share of `true`, else the most frequent, of
/// several the first.
fn together<'a>(values: impl Iterator<Item = &'a Value>) -> Value {
    let values: Vec<&Value> = values.collect();
    let number = |value: &Value| match value {
        Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
        other => other.as_f64(),
    };
    if let [one] = values.as_slice() {
        return (*one).clone();
    }
    let numbers: Option<Vec<f64>> = values.iter().map(|value| number(value)).collect();
    if let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) {
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        return ((mean * 1e4).round() / 1e4).into();
    }
    let times = |value: &Value| values.iter().filter(|other| **other == value).count();
    let most = values.iter().map(|value| times(value)).max().unwrap_or(0);
    values.iter().find(|value| times(value) == most).map_or(Value::Null, |value| (*value).clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compiled(accept: &str, votes: u32) -> Result<JudgeModel, Diagnostic> {
        let judge = crate::config::judges::tests::judge(accept, votes);
        let axes = [Axis { name: "emotion".into(), label: true, values: Vec::new(), at: None }];
        JudgeModel::compile(&judge, &axes, &Sources::default())
    }

    fn raw(content: &str, finish: &str) -> String {
        json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] }).to_string()
    }

    #[test]
    fn an_answer_is_read_or_named_broken() {
        let judge = compiled("score >= 3", 1).unwrap();
        let good = r#"{"score": 4, "emotion": "joy"}"#;
        assert_eq!(judge.read(&raw(good, "stop")).unwrap()["score"], 4);
        assert!(judge.read(&raw(&format!("```json\n{good}\n```"), "stop")).is_ok());
        for (content, finish, reason) in [
            ("", "stop", "empty"),
            (good, "length", "cut"),
            (good, "content_filter", "finish"),
            ("four", "stop", "not-json"),
            (r#"{"score": 9, "emotion": "joy"}"#, "stop", "schema"),
            (r#"{"emotion": "joy"}"#, "stop", "schema"),
            ("[4]", "stop", "schema"),
        ] {
            assert_eq!(judge.read(&raw(content, finish)).unwrap_err().name(), reason, "{content} {finish}");
        }
        assert_eq!(judge.read("no JSON").unwrap_err().name(), "not-json");
    }

    #[test]
    fn how_likely_a_label_was_is_told_where_servers_tell_it() {
        let judge = Judge {
            rule: JudgeRule::Label { axis: 0, top: 1, probabilities: true },
            schema: json!({ "type": "object", "properties": { "label": { "enum": ["joy", "joyless", "anger"] } } }),
            columns: vec!["label".into(), "probability".into()],
            ..crate::config::judges::tests::judge("", 2)
        };
        let axes = [Axis { name: "emotion".into(), label: true, values: Vec::new(), at: None }];
        let judge = JudgeModel::compile(&judge, &axes, &Sources::default()).unwrap();
        let top = |tokens: &[(&str, f64)]| -> Value {
            tokens.iter().map(|(token, p)| json!({ "token": token, "logprob": p.ln() })).collect()
        };
        let answer = |last: &[(&str, f64)]| {
            let content = r#"{"label": "joy"}"#;
            // "joy" alone could become "joyless", and decides nothing.
            let tokens = json!([
                { "token": "{\"label", "top_logprobs": top(&[("{\"label", 1.0)]) },
                { "token": "\": \"", "top_logprobs": top(&[("\": \"", 1.0)]) },
                { "token": "joy", "top_logprobs": top(&[("joy", 0.9)]) },
                { "token": "\"", "top_logprobs": top(last) },
            ]);
            json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop",
                "logprobs": { "content": tokens } }] })
            .to_string()
        };
        let cell = [("emotion", Object::from("joy"))];
        let even = judge.read(&answer(&[("\"", 0.6), ("less", 0.3), ("x", 0.1)])).unwrap();
        let sure = judge.read(&answer(&[("\"}", 0.9), ("less", 0.05), ("y", 0.05)])).unwrap();
        // What is not told is as likely as the least that is.
        let one =
            judge.verdict(std::slice::from_ref(&even), &cell).columns["j_probability"].as_f64().unwrap();
        assert!((one - 0.6).abs() < 1e-3, "{one}");
        let both = judge.verdict(&[even, sure], &cell).columns["j_probability"].as_f64().unwrap();
        assert!((both - 0.75).abs() < 1e-3, "{both}");
        let silent = judge.read(&raw(r#"{"label": "joy"}"#, "stop")).unwrap();
        assert_eq!(judge.verdict(&[silent], &cell).columns["j_probability"], Value::Null);
    }

    #[test]
    fn more_than_half_of_the_votes_must_accept() {
        let judge = compiled("score >= 3", 3).unwrap();
        let vote = |score: u32| json!({ "score": score, "emotion": "joy" }).as_object().unwrap().clone();
        for (scores, accepted, mean) in
            [([4, 5, 1], true, 3.3333), ([4, 2, 1], false, 2.3333), ([1, 1, 1], false, 1.0)]
        {
            let verdict = judge.verdict(&scores.map(vote), &[]);
            assert_eq!(verdict.refused.is_none(), accepted, "{scores:?}");
            assert_eq!(verdict.columns["j_score"], mean);
            assert_eq!(verdict.columns["j_votes"], scores.iter().filter(|score| **score >= 3).count());
        }
        // Half of them is not more than half.
        assert!(judge.verdict(&[vote(5), vote(1)], &[]).refused.is_some());
        assert!(judge.verdict(&[], &[]).refused.is_some(), "no vote accepts nothing");
    }

    #[test]
    fn a_rule_reads_the_answer_and_the_cell() {
        let judge = compiled("answer.emotion == emotion.name", 1).unwrap();
        let vote = json!({ "score": 1, "emotion": "joy" }).as_object().unwrap().clone();
        let cell = |name: &str| [("emotion", Object::from_pairs([("name", name)]))];
        assert_eq!(judge.verdict(std::slice::from_ref(&vote), &cell("joy")).refused, None);
        let refused = judge.verdict(&[vote], &cell("fear")).refused.unwrap();
        assert_eq!(refused.name(), "judge:j");
        assert_eq!(refused.to_string(), "`answer.emotion == emotion.name` does not hold");
    }

    #[test]
    fn a_label_must_be_among_the_most_frequent_answers() {
        let votes = |labels: &[&str]| -> Vec<Vote> {
            labels.iter().map(|label| json!({ "label": label }).as_object().unwrap().clone()).collect()
        };
        for (label, top, labels, accepted) in [
            ("joy", 1, &["joy", "fear", "joy"][..], true),
            ("fear", 1, &["joy", "fear", "joy"], false),
            ("fear", 2, &["joy", "fear", "joy"], true),
            // As many votes as another: its rank.
            ("fear", 1, &["joy", "fear"], true),
            ("anger", 3, &["joy", "fear", "joy"], false),
            ("joy", 1, &["joy"], true),
        ] {
            let (own, refused) = shown(label, top, &votes(labels));
            assert_eq!(own as usize, labels.iter().filter(|other| **other == label).count());
            assert_eq!(refused.is_none(), accepted, "{label} {top} {labels:?}: {refused:?}");
        }
        let (_, refused) = shown("fear", 1, &votes(&["joy", "fear", "joy"]));
        assert_eq!(refused.unwrap(), "read as its label in 1 of 3 votes, mostly as joy");
    }

    #[test]
    fn what_cannot_be_worked_out_accepts_nothing() {
        let judge = compiled("score + emotion > 2", 1).unwrap();
        let vote = json!({ "score": 1, "emotion": "joy" }).as_object().unwrap().clone();
        let refused = judge.verdict(&[vote], &[]).refused.unwrap();
        assert!(refused.to_string().contains("cannot be worked out"), "{refused}");
        for wrong in ["", "score >", "scor > 2", "emotion == 'joy'"] {
            assert!(compiled(wrong, 1).is_err(), "{wrong}");
        }
    }

    #[test]
    fn votes_together_are_a_mean_a_share_or_the_most_frequent() {
        for (votes, together_as) in [
            (json!([1, 2]), json!(1.5)),
            (json!([true, false, true, true]), json!(0.75)),
            (json!(["b", "a", "a"]), json!("a")),
            (json!(["b", "a"]), json!("b")),
            (json!(["b"]), json!("b")),
            (json!([]), json!(null)),
        ] {
            assert_eq!(together(votes.as_array().unwrap().iter()), together_as);
        }
    }
}
