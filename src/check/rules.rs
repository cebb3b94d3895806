//! The checks of a config, ready to be held against texts.

use super::echo::Echo;
use super::language::{self, Language};
use super::leakage::{Allowance, Forms};
use super::repetition::{blanks, repeated};
use super::talk::{Talk, talk};
use super::text::Text;
use super::toxicity::Toxicity;
use super::unfinished::breaks_off;
use super::{Reason, sentiment};
use crate::config::resolved::{
    Axis, Checks, Config, Format, LeakageLimit, Polarity, Response, ToxicityLevel,
};
use crate::labels;

/// A check that looks at one text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Words,
    Characters,
    Whitespace,
    Repetition,
    Refusal,
    Leftover,
    Placeholder,
    Echo,
    Unfinished,
    Language,
    Toxicity,
    Sentiment,
}

impl Check {
    /// In the order in which texts are held to them.
    pub const ALL: [Check; 12] = [
        Check::Words,
        Check::Characters,
        Check::Whitespace,
        Check::Repetition,
        Check::Refusal,
        Check::Leftover,
        Check::Placeholder,
        Check::Echo,
        Check::Unfinished,
        Check::Language,
        Check::Toxicity,
        Check::Sentiment,
    ];

    /// Its key under `checks`.
    pub fn name(self) -> &'static str {
        match self {
            Check::Words => "words",
            Check::Characters => "characters",
            Check::Whitespace => "whitespace",
            Check::Repetition => "repetition",
            Check::Refusal => "refusal",
            Check::Leftover => "leftover",
            Check::Placeholder => "placeholder",
            Check::Echo => "echo",
            Check::Unfinished => "unfinished",
            Check::Language => "language",
            Check::Toxicity => "toxicity",
            Check::Sentiment => "sentiment",
        }
    }
}

/// What all checks of a config look for.
#[derive(Debug)]
pub struct Rules {
    checks: Checks,
    /// The most characters that the schema allows a text.
    longest: Option<usize>,
    echo: Echo,
    language: Option<Language>,
    toxicity: Option<Toxicity>,
    /// By the value of the axis: what it wants.
    polarities: Vec<Option<Polarity>>,
    /// By label axis: its place among the axes, and the forms of each value's name.
    labels: Vec<(usize, Vec<Forms>)>,
}

impl Rules {
    pub fn new(checks: &Checks, response: &Response, axes: &[Axis]) -> Self {
        let checks = checks.clone();
        let schema = &response.schema["properties"][&response.text]["maxLength"];
        let longest = match response.format {
            Format::Json => schema.as_u64().and_then(|most| usize::try_from(most).ok()),
            Format::Text | Format::Lines => None,
        };
        let forms =
            |axis: &Axis| -> Vec<Forms> { axis.values.iter().map(|value| Forms::of(&value.name)).collect() };
        let polar = checks.sentiment.as_ref().and_then(|limit| Some(&axes.get(limit.axis)?.values));
        Self {
            longest,
            echo: Echo::new(checks.echo.unwrap_or(usize::MAX)),
            language: checks.language.as_deref().and_then(Language::of),
            toxicity: Toxicity::new(checks.toxicity.level, checks.toxicity.terms.iter().map(String::as_str)),
            polarities: polar.map(|values| values.iter().map(|v| v.polarity()).collect()).unwrap_or_default(),
            labels: match checks.label_leakage {
                Some(_) => {
                    let labels = axes.iter().enumerate().filter(|(_, axis)| axis.label);
                    labels.map(|(at, axis)| (at, forms(axis))).collect()
                }
                None => Vec::new(),
            },
            checks,
        }
    }

    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// The checks that are on.
    pub fn checks_that_are_on(&self) -> Vec<Check> {
        Check::ALL.into_iter().filter(|check| self.setting(*check).is_some()).collect()
    }

    /// Takes in what the model is told, so that texts can be held against it.
    pub fn learn(&mut self, prompt: &str) {
        if self.checks.echo.is_some() {
            self.echo.learn(prompt);
        }
    }

    /// The same with those checks on too that are off and need nothing said of them.
    pub fn with_all(checks: &Checks, response: &Response, axes: &[Axis]) -> Self {
        let mut all = checks.clone();
        for off in [
            &mut all.whitespace,
            &mut all.repetition,
            &mut all.refusal,
            &mut all.leftover,
            &mut all.placeholder,
            &mut all.unfinished,
        ] {
            *off = true;
        }
        all.toxicity.level = all.toxicity.level.max(ToxicityLevel::Mild);
        Self::new(&all, response, axes)
    }

    /// The first reason against a text of the cell with these values, one an axis.
    ///
    /// # Errors
    /// That reason.
    pub fn hold(&self, text: &Text, values: &[usize]) -> Result<(), Reason> {
        let checks = &self.checks;
        let said = match checks.refusal || checks.leftover || checks.placeholder {
            true => talk(text),
            false => Talk::default(),
        };
        let found = Check::ALL.into_iter().find_map(|check| self.against(check, text, values, said));
        found.map_or(Ok(()), Err)
    }

    /// Every check that has a reason against a text.
    pub fn all(&self, text: &str, values: &[usize]) -> Vec<Check> {
        let text = Text::new(text);
        let said = talk(&text);
        let against = |check: &Check| self.against(*check, &text, values, said).is_some();
        Check::ALL.into_iter().filter(against).collect()
    }

    /// How a check is set, in a word or two; `None`: it is off.
    pub fn setting(&self, check: Check) -> Option<String> {
        let checks = &self.checks;
        let range = |range: Option<(usize, usize)>| range.map(|(least, most)| format!("{least} to {most}"));
        let on = |on: bool| on.then(|| "on".to_owned());
        match check {
            Check::Words => range(checks.words),
            Check::Characters => range(checks.characters),
            Check::Whitespace => on(checks.whitespace),
            Check::Repetition => on(checks.repetition),
            Check::Refusal => on(checks.refusal),
            Check::Leftover => on(checks.leftover),
            Check::Placeholder => on(checks.placeholder),
            Check::Echo => checks.echo.map(|words| format!("{words} words")),
            Check::Unfinished => on(checks.unfinished),
            Check::Language => checks.language.clone(),
            Check::Toxicity => match checks.toxicity.level {
                ToxicityLevel::Off if self.toxicity.is_some() => Some("own terms".into()),
                ToxicityLevel::Off => None,
                ToxicityLevel::Mild => Some("mild".into()),
                ToxicityLevel::Strict => Some("strict".into()),
            },
            Check::Sentiment => checks.sentiment.as_ref().map(|limit| limit.at_most.to_string()),
        }
    }

    /// What one check says, if it is on.
    fn against(&self, check: Check, text: &Text, values: &[usize], said: Talk) -> Option<Reason> {
        let checks = &self.checks;
        match check {
            Check::Words => checks.words.and_then(|(least, most)| {
                let found = text.count();
                (!(least..=most).contains(&found)).then_some(Reason::Words { found })
            }),
            Check::Characters => checks.characters.and_then(|(least, most)| {
                let found = text.raw.chars().count();
                (!(least..=most).contains(&found)).then_some(Reason::Characters { found })
            }),
            Check::Whitespace => (checks.whitespace && blanks(text)).then_some(Reason::Whitespace),
            Check::Repetition if checks.repetition => repeated(text).map(|what| Reason::Repetition { what }),
            Check::Refusal => (checks.refusal && said.refusal).then_some(Reason::Refusal),
            Check::Leftover => (checks.leftover && said.leftover).then_some(Reason::Leftover),
            Check::Placeholder => (checks.placeholder && said.placeholder).then_some(Reason::Placeholder),
            Check::Echo => self.echo.heard(text).map(|words| Reason::Echo { words }),
            Check::Unfinished if checks.unfinished => {
                breaks_off(text, self.longest).map(|how| Reason::Unfinished { how })
            }
            Check::Language => {
                let found = self.language.and_then(|wanted| language::other(text, wanted))?;
                Some(Reason::Language { found: found.into() })
            }
            Check::Toxicity => {
                let found = self.toxicity.as_ref().is_some_and(|terms| terms.stands_in(text));
                found.then_some(Reason::Toxicity)
            }
            Check::Sentiment => self.contradicts(text, values),
            Check::Repetition | Check::Unfinished => None,
        }
    }

    fn contradicts(&self, text: &Text, values: &[usize]) -> Option<Reason> {
        let limit = self.checks.sentiment.as_ref()?;
        let wanted = self.polarities.get(*values.get(limit.axis)?).copied().flatten()?;
        let score = sentiment::compound(text.raw);
        let against = if wanted == Polarity::Positive { -score } else { score };
        (against > limit.at_most).then_some(Reason::Sentiment { score: (1e4 * score).round() as i32 })
    }

    /// Which of its labels a text names, a bit for each label axis; none unless that is limited.
    pub fn named(&self, text: &Text, values: &[usize]) -> u32 {
        let mut named = 0;
        for (bit, (axis, forms)) in self.labels.iter().take(32).enumerate() {
            let own = values.get(*axis).and_then(|value| forms.get(*value));
            if own.is_some_and(|forms| forms.stand_in(text)) {
                named |= 1 << bit;
            }
        }
        named
    }
}

/// How many rows of each label may name it, where that is limited.
pub fn allowance(config: &Config) -> Option<Allowance> {
    let limit = config.checks.label_leakage?;
    let share = |label: &str| match limit {
        LeakageLimit::Human => labels::allowed(label),
        LeakageLimit::Share(share) => (share * 1e6).round() as u64,
    };
    let axes = config.axes.iter().filter(|axis| axis.label);
    let values = axes.map(|axis| axis.values.iter().map(|value| (value.name.clone(), share(&value.name))));
    Some(Allowance { axes: values.map(Iterator::collect).collect() })
}
