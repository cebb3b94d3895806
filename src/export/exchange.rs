//! Rows as questions and answers, for models that learn by them.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::Value;

use super::{Classes, ExportError, Fault, Record, Survey};

/// What a model is to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Task {
    /// To name the labels of a text.
    #[default]
    Classify,
    /// To write a text that has a label.
    Generate,
}

impl Task {
    /// The word before the answer, where there is no chat to tell where it begins.
    pub fn asked_for(self) -> &'static str {
        match self {
            Task::Classify => "Answer",
            Task::Generate => "Text",
        }
    }

    fn instruction(self, classes: &Classes) -> String {
        let is = if is_plural(&classes.column) { "are" } else { "is" };
        let those = match classes.several {
            false => "one of",
            true => "one or more of these, with commas between them",
        };
        match self {
            Task::Classify => format!(
                "What {is} the {{{{ column }}}} of this text? Answer with {those}: {{{{ labels | join(', ') }}}}."
            ),
            Task::Generate => {
                format!("Write a short text. Its {{{{ column }}}} {is} {{{{ label }}}}.")
            }
        }
    }
}

/// Whether a column's name is a plural, by its ending.
fn is_plural(column: &str) -> bool {
    let column = column.to_lowercase();
    column.ends_with('s') && !["ss", "us", "is", "as"].iter().any(|ending| column.ends_with(ending))
}

/// How it is said: templates that read `label` (the row's, with commas between several), `labels` (all
/// that there are), `column`, `text` and `row`, all its fields.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    pub task: Task,
    /// In place of the task's own.
    pub instruction: Option<String>,
    /// A system message; none by default.
    pub system: Option<String>,
    /// In place of the label, or of the text that is to be written.
    pub answer: Option<String>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub of: Task,
    pub system: Option<String>,
    pub instruction: String,
    /// What the instruction is about; empty where it says all.
    pub input: String,
    pub answer: String,
}

impl Exchange {
    /// Instruction and input in one text.
    pub fn question(&self) -> String {
        match self.input.is_empty() {
            true => self.instruction.clone(),
            false => format!("{}\n\n{}", self.instruction, self.input),
        }
    }
}

/// Makes exchanges of rows.
#[derive(Clone)]
pub struct Exchanges {
    task: Task,
    classes: Classes,
    text: String,
    templates: Arc<Environment<'static>>,
    has_system: bool,
    has_answer: bool,
    /// The instruction has the text in it, so it need not follow.
    has_text: bool,
}

impl Exchanges {
    /// # Errors
    /// A template that is none, or no column of labels.
    pub fn new(wording: &Wording, survey: &Survey) -> Result<Self, ExportError> {
        let classes = survey.labels.first().cloned().ok_or_else(no_labels)?;
        let own = wording.task.instruction(&classes);
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.set_fuel(Some(FUEL));
        let instruction = wording.instruction.as_deref().unwrap_or(&own);
        let named = [
            ("--instruction", Some(instruction)),
            ("--system", wording.system.as_deref()),
            ("--answer", wording.answer.as_deref()),
        ];
        for (name, source) in named {
            let Some(source) = source else { continue };
            templates
                .add_template_owned(name, source.to_owned())
                .map_err(|error| ExportError::Usage(format!("{name}: {}", said(&error))))?;
        }
        let reads = templates.get_template("--instruction").map(|it| it.undeclared_variables(false));
        let has_text = reads.is_ok_and(|reads| reads.contains("text"));
        Ok(Self {
            task: wording.task,
            classes,
            text: survey.text.clone(),
            templates: Arc::new(templates),
            has_system: wording.system.is_some(),
            has_answer: wording.answer.is_some(),
            has_text,
        })
    }

    pub fn has_system(&self) -> bool {
        self.has_system
    }

    /// # Errors
    /// A row without a text or with labels that cannot be, or what a template cannot be filled with.
    pub fn of(&self, row: &dyn Record) -> Result<Exchange, Fault> {
        let fields = row.fields();
        let label = self.classes.of(&fields)?;
        let label: Vec<&str> = label.into_iter().map(|at| self.classes.names[at].as_str()).collect();
        let label = label.join(", ");
        let text = fields.get(&self.text).and_then(Value::as_str).unwrap_or_default();
        let known = context! {
            column => &self.classes.column,
            labels => &self.classes.names,
            label => &label,
            text => text,
            row => minijinja::Value::from(Serde(&fields)),
        };
        let fill = |name: &str| -> Result<String, String> {
            let template = self.templates.get_template(name).map_err(|error| said(&error))?;
            template.render(&known).map_err(|error| format!("{name}: {}", said(&error)))
        };
        let instruction = fill("--instruction")?;
        let system = if self.has_system { Some(fill("--system")?) } else { None };
        let answer = if self.has_answer { Some(fill("--answer")?) } else { None };
        let (input, own) = match self.task {
            Task::Classify if self.has_text => (String::new(), label),
            Task::Classify => (text.to_owned(), label),
            Task::Generate => (String::new(), text.to_owned()),
        };
        let answer = answer.unwrap_or(own);
        Ok(Exchange { of: self.task, system, instruction, input, answer })
    }
}

/// More work than any instruction is.
const FUEL: u64 = 1_000_000;

pub fn no_labels() -> ExportError {
    ExportError::Usage("there is no column of labels; name it with `--label`".to_owned())
}

/// A template's mistake on one line.
fn said(error: &minijinja::Error) -> String {
    let at = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{}{at}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}
