//! One question about a text of any table: a template, and the messages it makes.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};

/// More work than any template of a question does.
const FUEL: u64 = 1_000_000;

/// The user's message as a template, with the system message before it, which is one too.
#[derive(Debug)]
pub struct Wording {
    templates: Environment<'static>,
    has_system: bool,
}

impl Wording {
    /// Compiles both; `known` are the variables that they can read, of which `text` must be read.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn new(system: Option<&str>, user: &str, known: &[&str]) -> Result<Self, String> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            templates.set_syntax(syntax);
        }
        templates.set_fuel(Some(FUEL));
        for (name, source) in [("system", system), ("user", Some(user))] {
            let Some(source) = source else { continue };
            templates.add_template_owned(name, source.to_owned()).map_err(|error| said(&error))?;
            let reads =
                templates.get_template(name).map_err(|error| said(&error))?.undeclared_variables(false);
            if let Some(unknown) = reads.iter().find(|name| !known.contains(&name.as_str())) {
                return Err(format!("`{unknown}` is not known here; there are {}", known.join(", ")));
            }
            if name == "user" && !reads.contains("text") {
                return Err("it does not show the text: write `{{ text }}` in it".to_owned());
            }
        }
        Ok(Self { templates, has_system: system.is_some() })
    }

    /// The messages for one text, as role and content.
    ///
    /// # Errors
    /// What cannot be filled in.
    pub fn messages(&self, of: &serde_json::Value) -> Result<Vec<(&'static str, String)>, String> {
        let of = Value::from(Serde(of));
        let fill = |name: &'static str| -> Result<_, String> {
            let template = self.templates.get_template(name).map_err(|error| said(&error))?;
            let filled = template.render(&of).map_err(|error| said(&error))?;
            Ok((name, filled.trim().to_owned()))
        };
        let system = if self.has_system { Some(fill("system")?) } else { None };
        let user = fill("user")?;
        Ok(system.into_iter().chain([user]).collect())
    }
}

/// A template's mistake on one line.
fn said(error: &minijinja::Error) -> String {
    let at = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{}{at}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_filled_and_mistakes_are_told() {
        let known = ["text", "avoid"];
        let wording = Wording::new(
            Some("Reword."),
            "{% for a in avoid %}\n- {{ a }}\n{% endfor %}\n{{ text }}\n",
            &known,
        );
        let messages = wording.unwrap().messages(&json!({ "text": "so <it> goes", "avoid": ["x"] })).unwrap();
        assert_eq!(messages, [("system", "Reword.".to_owned()), ("user", "- x\nso <it> goes".to_owned())]);
        for (template, told) in [
            ("{{ txt }}", "`txt` is not known here; there are text, avoid"),
            ("Say it differently.", "write `{{ text }}` in it"),
            ("{{ text", "(line 1)"),
        ] {
            let error = Wording::new(None, template, &known).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
