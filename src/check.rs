//! From a raw answer to candidates: parse, mend, check.

pub mod answer;
mod choice;
mod copied;
mod digest;
mod echo;
pub mod embedding;
mod judge_model;
mod label;
pub mod language;
pub mod leakage;
mod mend;
mod near;
mod packed;
pub mod patterns;
mod phrases;
mod reason;
pub mod removal;
mod repetition;
mod rules;
pub mod second;
pub mod sentiment;
pub mod sums;
mod table;
pub mod talk;
mod text;
pub mod told;
pub mod toxicity;
mod unfinished;
pub mod usage;
mod words;

use serde_json::{Map, Value};

use crate::anonymize::{Anonymizer, Found, Span, detect, sight};
use crate::config::Diagnostic;
use crate::config::resolved::{Config, Format};
use crate::dedup::{Bag, TextKey};
use crate::model::COUNTERPART;
use answer::{Answer, Choice, End};
use copied::Copied;
pub use judge_model::{JudgeModel, Verdict, Vote};
pub use label::LabelCheck;
pub use leakage::{Allowance, Counted};
pub use mend::{Mends, mend};
use near::Near;
pub use near::{Duplicates, duplicates};
pub use reason::{Reason, judge_reason};
pub use rules::{Check, Rules, allowance};
pub use text::Text;

/// One text of an answer, and what its own checks say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub choice: u32,
    pub item: u32,
    /// The text as far as it could be read, mended. Empty where only the verdict is wanted.
    pub text: String,
    /// What was taken off it.
    pub mended: Mends,
    pub outcome: Result<Passed, Reason>,
}

impl Candidate {
    /// Whether it is another candidate's counterpart, and no text of its answer.
    pub fn is_counterpart(&self) -> bool {
        self.item & COUNTERPART != 0
    }
}

/// What a candidate that passed its own checks brings along.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    pub key: TextKey,
    /// Its words, where rows are compared by them.
    pub bag: Option<Box<Bag>>,
    /// Which of its labels it names, a bit for each label axis, where that is limited.
    pub named: u32,
    /// The other fields of the answer, if there are any and they are wanted.
    pub fields: Option<Box<Map<String, Value>>>,
    /// What was done to the text; empty where texts are not wanted.
    pub spans: Box<[Span]>,
    /// A name in it is in doubt and somebody is to be asked about it: the text before anything was taken out of
    /// it. Empty where texts are not wanted.
    pub doubtful: Option<Box<str>>,
}

/// What rows are held against each other by.
type Distinct = (TextKey, Option<Box<Bag>>);

/// A text with the other fields of its item.
type Item = (String, Map<String, Value>);

/// A config's way of reading and checking answers.
#[derive(Debug)]
pub struct Judge {
    format: Format,
    text: String,
    items: u32,
    validator: Option<jsonschema::Validator>,
    rules: Rules,
    copied: Option<Copied>,
    near: Option<Near>,
    anonymizer: Anonymizer,
}

impl Judge {
    /// # Errors
    /// A schema that is no JSON Schema, or word statistics that are none.
    pub fn new(config: &Config, anonymizer: Anonymizer) -> Result<Self, Diagnostic> {
        let response = &config.response;
        let validator = match response.format {
            Format::Text | Format::Lines => None,
            Format::Json => Some(jsonschema::validator_for(&response.schema).map_err(|error| {
                let found = Diagnostic::error("schema", format!("this is not a JSON Schema: {error}"));
                match response.schema_at {
                    Some(span) => found.at(span),
                    None => found,
                }
            })?),
        };
        Ok(Self {
            format: response.format,
            text: response.text.clone(),
            items: response.items,
            validator,
            rules: Rules::new(&config.checks, response, &config.axes),
            copied: config.exemplars.as_ref().map(Copied::new),
            near: Near::new(&config.dedup)?,
            anonymizer,
        })
    }

    /// Whether anything is looked for in texts, and said in `spans`.
    pub fn anonymizes(&self) -> bool {
        !self.anonymizer.is_off()
    }

    /// Takes in what the model is told, so that texts can be held against it.
    pub fn learn(&mut self, prompt: &str) {
        self.rules.learn(prompt);
    }

    /// What the config's checks look for.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The candidates of a raw answer, choices and items in order; `values` are those of its cell, one
    /// an axis.
    ///
    /// A choice that cannot be read as texts is one rejected candidate. Where this judge's verdicts on
    /// the answer are known, nothing is checked again.
    pub fn candidates(&self, raw: &str, values: &[usize], known: Option<&[Candidate]>) -> Vec<Candidate> {
        self.read(raw, values, true, known)
    }

    /// The same without their texts and fields.
    pub fn verdicts(&self, raw: &str, values: &[usize]) -> Vec<Candidate> {
        self.read(raw, values, false, None)
    }

    fn read(&self, raw: &str, values: &[usize], whole: bool, known: Option<&[Candidate]>) -> Vec<Candidate> {
        match Answer::parse(raw) {
            Ok(answer) => self.candidates_of(&answer, values, whole, known),
            Err(error) => {
                let reason = Reason::NotJson { why: error.to_string() };
                let (text, mended) = (String::new(), Mends::default());
                vec![Candidate { choice: 0, item: 0, text, mended, outcome: Err(reason) }]
            }
        }
    }

    /// The candidates of an answer that is parsed already; their texts and fields only where wanted.
    pub fn judge(&self, answer: &Answer, values: &[usize], whole: bool) -> Vec<Candidate> {
        self.candidates_of(answer, values, whole, None)
    }

    fn candidates_of(
        &self,
        answer: &Answer,
        values: &[usize],
        whole: bool,
        known: Option<&[Candidate]>,
    ) -> Vec<Candidate> {
        if let Some(digest) = &answer.emogrid {
            return self.candidates_left(digest, values, whole);
        }
        let mut out: Vec<Candidate> = Vec::with_capacity(answer.choices.len() * self.items as usize);
        for (number, choice) in answer.choices.iter().enumerate() {
            let number = number as u32;
            match self.texts(choice) {
                Ok(texts) => {
                    for (item, (text, fields)) in texts.into_iter().enumerate() {
                        let fields = (whole && !fields.is_empty()).then_some(fields);
                        let (text, mended) = self.mended(&text);
                        let item = item as u32;
                        let known = known.and_then(|known| known.get(out.len()));
                        let known = known.filter(|known| (known.choice, known.item) == (number, item));
                        let (text, outcome) = match known {
                            Some(known) => self.retold(text, &known.outcome, fields, whole),
                            None => self.anonymize(text, self.check(text, values), fields, whole),
                        };
                        out.push(Candidate { choice: number, item, text, mended, outcome });
                    }
                }
                Err(reason) => out.push(Candidate {
                    choice: number,
                    item: 0,
                    text: if whole { self.shown(choice.content()) } else { String::new() },
                    mended: Mends::default(),
                    outcome: Err(reason),
                }),
            }
        }
        out
    }

    /// A candidate that says something else: held to all that its own text was held to, with the other
    /// fields of the answer.
    pub fn reworded(&self, of: &Candidate, text: &str, values: &[usize]) -> Candidate {
        let fields = of.outcome.as_ref().ok().and_then(|passed| passed.fields.as_deref().cloned());
        let (text, mended) = self.mended(text);
        let (text, outcome) = self.anonymize(text, self.check(text, values), fields, true);
        Candidate { choice: of.choice, item: of.item, text, mended, outcome }
    }

    /// The counterpart of a candidate, held to all that its original was held to, with the other fields of that.
    pub fn counterpart(&self, of: &Candidate, text: &str, values: &[usize]) -> Candidate {
        Candidate { item: of.item | COUNTERPART, ..self.reworded(of, text, values) }
    }

    /// What the policy makes of a text that was checked, and of the fields beside it. A rejected text is
    /// shown too, so it is masked like any other; what it was stays in the store alone.
    fn anonymize(
        &self,
        text: &str,
        checked: Result<(Distinct, u32), Reason>,
        fields: Option<Map<String, Value>>,
        whole: bool,
    ) -> (String, Result<Passed, Reason>) {
        if self.anonymizer.is_off() {
            let fields = fields.map(Box::new);
            let outcome = checked.map(|((key, bag), named)| Passed {
                key,
                bag,
                named,
                fields,
                spans: Box::default(),
                doubtful: None,
            });
            return (if whole { text.to_owned() } else { String::new() }, outcome);
        }
        let fields = fields.map(|fields| self.masked_fields(fields));
        if !self.looks_again() {
            return self.masked(text, detect(text), checked, fields, whole);
        }
        let sight = sight(text);
        if let (Ok((_, named)), false) = (&checked, sight.doubtful.is_empty()) {
            return self.put_off(text, &sight, *named, fields, whole);
        }
        self.masked(text, sight.closed(), checked, fields, whole)
    }

    /// What the policy makes of a text that was checked and in which this was found; `fields` are masked already.
    fn masked(
        &self,
        text: &str,
        found: Vec<Found>,
        checked: Result<(Distinct, u32), Reason>,
        fields: Option<Map<String, Value>>,
        whole: bool,
    ) -> (String, Result<Passed, Reason>) {
        let done = self.anonymizer.apply_to(text, found);
        // Rows are held against each other as they are then.
        let checked = match checked {
            Ok((_, named)) if done.text != text => {
                self.distinct(&done.text).map(|distinct| (distinct, named))
            }
            checked => checked,
        };
        let outcome = match (checked, done.dropped) {
            (Err(reason), _) => Err(reason),
            (Ok(_), Some(category)) => Err(Reason::Anonymize { category: category.name().into() }),
            (Ok(((key, bag), named)), None) => {
                let spans = if whole { done.spans.into() } else { Box::default() };
                Ok(Passed { key, bag, named, fields: fields.map(Box::new), spans, doubtful: None })
            }
        };
        (if whole { done.text } else { String::new() }, outcome)
    }

    /// What `anonymize` makes of a text, of which the outcome is known.
    fn retold(
        &self,
        text: &str,
        outcome: &Result<Passed, Reason>,
        fields: Option<Map<String, Value>>,
        whole: bool,
    ) -> (String, Result<Passed, Reason>) {
        let mut outcome = outcome.clone();
        if !whole {
            return (String::new(), outcome);
        }
        if self.anonymizer.is_off() {
            if let Ok(passed) = &mut outcome {
                passed.fields = fields.map(Box::new);
            }
            return (text.to_owned(), outcome);
        }
        let done = self.anonymizer.apply(text);
        if let Ok(passed) = &mut outcome {
            passed.fields = fields.map(|fields| Box::new(self.masked_fields(fields)));
            passed.spans = done.spans.into();
            passed.doubtful = passed.doubtful.is_some().then(|| text.into());
        }
        (done.text, outcome)
    }

    fn masked_fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        fields.into_iter().map(|(name, value)| (name, self.masked_value(value))).collect()
    }

    /// A stored answer's content as it may be shown: its texts as rows have them.
    pub fn shown(&self, content: &str) -> String {
        if self.anonymizer.is_off() {
            return content.to_owned();
        }
        match serde_json::from_str::<Value>(content) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => self.masked_value(value).to_string(),
            _ => self.anonymizer.apply(content).text,
        }
    }

    fn masked_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.anonymizer.apply(&text).text),
            Value::Array(items) => items.into_iter().map(|item| self.masked_value(item)).collect(),
            Value::Object(fields) => Value::Object(self.masked_fields(fields)),
            other => other,
        }
    }

    /// The texts of one choice with their other fields.
    fn texts(&self, choice: &Choice) -> Result<Vec<Item>, Reason> {
        if self.format == Format::Lines {
            let lines = lines(choice)?.into_iter().take(self.items as usize);
            return Ok(lines.map(|line| (line.to_owned(), Map::new())).collect());
        }
        let content = complete(choice)?;
        if self.format == Format::Text {
            return Ok(vec![(content.to_owned(), Map::new())]);
        }
        let value: Value = serde_json::from_str(without_fence(content))
            .map_err(|error| Reason::NotJson { why: error.to_string() })?;
        let items = match self.items {
            1 => vec![value],
            items => match value {
                Value::Object(mut object) => match object.shift_remove("items") {
                    Some(Value::Array(list)) if list.len() == items as usize => list,
                    Some(Value::Array(list)) => {
                        return Err(Reason::Schema { why: format!("{} items, {items} wanted", list.len()) });
                    }
                    _ => {
                        return Err(Reason::Schema { why: "no list `items`".into() });
                    }
                },
                _ => {
                    return Err(Reason::Schema { why: "not an object".into() });
                }
            },
        };
        items.into_iter().map(|item| self.item(item)).collect()
    }

    fn item(&self, item: Value) -> Result<Item, Reason> {
        if let Some(validator) = &self.validator
            && let Err(error) = validator.validate(&item)
        {
            let place = error.instance_path().to_string();
            // The error's own words quote the answer, so only the place and the kind are told.
            let rule = error.schema_path().to_string();
            return Err(Reason::Schema { why: format!("at `{place}`, against `{rule}`") });
        }
        let Value::Object(mut fields) = item else {
            return Err(Reason::Schema { why: "not an object".into() });
        };
        match fields.shift_remove(&self.text) {
            Some(Value::String(text)) => Ok((text, fields)),
            _ => Err(Reason::Schema { why: format!("no text in `{}`", self.text) }),
        }
    }

    fn mended<'t>(&self, text: &'t str) -> (&'t str, Mends) {
        if self.rules.checks().mend { mend(text) } else { (text.trim(), Mends::default()) }
    }

    /// Holds a text to all checks: what rows are held against each other by, and the labels it names.
    fn check(&self, text: &str, values: &[usize]) -> Result<(Distinct, u32), Reason> {
        if text.is_empty() {
            return Err(Reason::Empty);
        }
        let read = Text::new(text);
        self.rules.hold(&read, values)?;
        if let Some(words) = self.copied.as_ref().and_then(|copied| copied.found(&read)) {
            return Err(Reason::Copied { words });
        }
        Ok((self.distinct(text)?, self.rules.named(&read, values)))
    }

    /// What tells a text from others; a text that is off limits is none.
    fn distinct(&self, text: &str) -> Result<Distinct, Reason> {
        let key = TextKey::of(text);
        let bag = self.near.as_ref().map_or(Ok(None), |near| near.check(text, key))?;
        Ok((key, bag))
    }
}

/// The content of a choice that ended by itself.
///
/// # Errors
/// Why there is none: empty, cut, refused, or ended by the server.
fn complete<'a>(choice: &'a Choice) -> Result<&'a str, Reason> {
    let content = choice.content();
    let is_blank = content.trim().is_empty();
    match choice.end() {
        _ if is_blank && choice.reasoning().is_some() => Err(Reason::OnlyReasoning),
        _ if is_blank && choice.refuses() => Err(Reason::Refusal),
        End::Server(reason) => Err(Reason::Finish { reason: reason.to_owned() }),
        End::Cut => {
            let blank = content.chars().rev().take_while(|c| c.is_whitespace()).count();
            Err(if is_blank || blank >= 16 { Reason::Whitespace } else { Reason::Cut })
        }
        End::Itself if is_blank => Err(Reason::Empty),
        End::Itself => Ok(content),
    }
}

/// The lines of one choice that are whole and not blank.
///
/// # Errors
/// Why there is none.
fn lines<'c>(choice: &'c Choice<'_>) -> Result<Vec<&'c str>, Reason> {
    // Of an answer that ran into `max_tokens`, all but the last line is whole.
    let whole = match choice.end() {
        End::Cut => choice.content().rsplit_once('\n').map_or("", |(whole, _)| whole),
        End::Itself | End::Server(_) => complete(choice)?,
    };
    let lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        complete(choice)?;
        return Err(Reason::Empty);
    }
    Ok(lines)
}

/// JSON that a model wrapped into a Markdown code fence, without it.
fn without_fence(content: &str) -> &str {
    let trimmed = content.trim();
    let Some(inner) = trimmed.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return trimmed;
    };
    inner.strip_prefix("json").unwrap_or(inner).trim()
}

#[cfg(test)]
mod independent;
#[cfg(test)]
mod tests;
