//! A second look at names in doubt, by a served model.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::served::{Asked, Cost, Keep, Line};
use super::super::{Failure, Talk, open_path, scrub};
use crate::anonymize::{Action, Anonymizer, Category, Found, Sight, sight};
use crate::check::answer::Answer;
use crate::cli::AnonymizeArgs;
use crate::client::is_local;
use crate::config::resolved::{Sampling, Server};
use crate::fingerprint::{Frame, Messages, Room};
use crate::store::Kind;
use crate::table::Row;

/// What the model is told.
const SYSTEM: &str = include_str!("second.txt");

/// Tokens that the names of a text may take.
const MAX_TOKENS: u32 = 128;

/// Names that an answer may quote.
const MOST_NAMES: usize = 8;

/// What a second look came to, for machines and people.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Told {
    /// Texts with a name in doubt.
    pub texts: u64,
    pub asked: u64,
    pub stored: u64,
    /// Names in doubt that are names, and that are none.
    pub names: u64,
    pub released: u64,
    /// Quotes that stand nowhere in their text, or where no name can be.
    pub ignored: u64,
    /// Texts without a good answer: what is in doubt there was taken for names.
    pub closed: u64,
}

/// A model that is asked about texts whose names are in doubt.
pub struct SecondLook {
    line: Line,
    frame: Frame,
    keep: Keep,
    pub told: Told,
}

impl SecondLook {
    /// # Errors
    /// An address on another machine, unless that is meant: texts are sent there as they are.
    pub async fn open(args: &AnonymizeArgs, endpoint: &str, talk: &Talk) -> Result<Self, Failure> {
        if !args.second_look_remote {
            refuse_remote(endpoint)?;
        }
        let file = std::path::absolute(&args.table.file)?;
        let store = scrub::store_above(file.parent().unwrap_or(&file))?;
        let line = Line::connect(endpoint, talk).await?;
        let frame = Frame::about("names", &Sampling::likeliest(MAX_TOKENS), &schema(), &line.identity);
        Ok(Self { line, frame, keep: Keep::new(store, Kind::Names, MAX_TOKENS), told: Told::default() })
    }

    /// What is found in each text; nobody is asked where names are left alone.
    pub async fn found(
        &mut self,
        anonymizer: &Anonymizer,
        rows: &[Row],
        talk: &Talk,
    ) -> Result<Vec<Vec<Found>>, Failure> {
        let asks = anonymizer.policy().action(Category::Name) != Action::Keep;
        let sights: Vec<Sight> = rows.par_iter().map(|row| sight(&row.text)).collect();
        let open: Vec<usize> =
            (0..rows.len()).filter(|row| asks && !sights[*row].doubtful.is_empty()).collect();
        let mut room = Room::default();
        let asked = open.iter().map(|row| {
            let user = format!("Text: {}", rows[*row].text);
            let write = |to: &mut Messages| {
                to.add("system", SYSTEM.trim());
                to.add("user", &user);
                Ok::<(), Failure>(())
            };
            let fingerprint = self.frame.fingerprint(SEED, &mut room, write)?;
            Ok(Asked { fingerprint, ask: self.frame.ask(SEED, write)? })
        });
        let asked: Vec<Asked> = asked.collect::<Result<_, Failure>>()?;
        let mut cost = Cost::default();
        let answers = self.line.answers(asked, &self.keep, &mut cost, talk).await?;
        self.told.texts += open.len() as u64;
        self.told.asked += cost.asked;
        self.told.stored += cost.stored;
        let mut answers = open.into_iter().zip(answers).peekable();
        let mut out = Vec::with_capacity(rows.len());
        for (at, sight) in sights.into_iter().enumerate() {
            let Some((_, answer)) = answers.next_if(|(row, _)| *row == at) else {
                out.push(sight.found);
                continue;
            };
            out.push(match answer.as_deref().and_then(quotes) {
                Some(quotes) => {
                    let (found, seen) = sight.by_quotes(&rows[at].text, &quotes);
                    self.told.names += seen.names;
                    self.told.released += seen.released;
                    self.told.ignored += seen.ignored;
                    found
                }
                None => {
                    self.told.closed += 1;
                    sight.closed()
                }
            });
        }
        Ok(out)
    }

    pub async fn close(self) {
        self.line.close().await;
    }
}

/// At temperature 0 it means nothing, and is sent like any other.
const SEED: u32 = 7;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "names": { "type": "array", "items": { "type": "string" }, "maxItems": MOST_NAMES },
        },
        "required": ["names"],
        "additionalProperties": false,
    })
}

/// The names that an answer quotes; `None` where it is no good answer: cut, no JSON, something else, or as many
/// names as there may be, of which some may be missing.
fn quotes(raw: &str) -> Option<Vec<String>> {
    let answer = Answer::parse(raw).ok()?;
    let choice = answer.choices.first()?;
    if choice.finish_reason.as_deref().is_some_and(|reason| reason != "stop") {
        return None;
    }
    let value: Value = serde_json::from_str(choice.content().trim()).ok()?;
    let names = value.get("names")?.as_array()?;
    let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| names.len() < MOST_NAMES)
}

/// Refuses an address on another machine.
fn refuse_remote(endpoint: &str) -> Result<(), Failure> {
    let address = match endpoint.starts_with("http://") || endpoint.starts_with("https://") {
        true => endpoint.to_owned(),
        false => {
            let opened = open_path(Path::new(endpoint), &[])?;
            match opened.recipe.config.endpoints.first().map(|first| &first.server) {
                Some(Server::Url(url)) => url.clone(),
                // A managed server is this machine's, and without any there is nobody to ask.
                _ => return Ok(()),
            }
        }
    };
    if is_local(&address) {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "--second-look {endpoint}: texts are sent there before anything is taken out of them, and that is \
         another machine; `--second-look-remote` says that it may see them"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_list_of_names_or_none() {
        let raw = |content: &str, finish: &str| {
            json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] }).to_string()
        };
        assert_eq!(quotes(&raw(r#"{"names": ["Ann"]}"#, "stop")), Some(vec!["Ann".to_owned()]));
        assert_eq!(quotes(&raw(r#"{"names": []}"#, "stop")), Some(vec![]));
        let many = json!({ "names": vec!["a"; MOST_NAMES] }).to_string();
        for (content, finish) in [
            (r#"{"names": ["Ann"]}"#, "length"),
            (r#"{"names": "Ann"}"#, "stop"),
            (r#"{"names": [1]}"#, "stop"),
            ("Ann", "stop"),
            ("", "stop"),
            (many.as_str(), "stop"),
        ] {
            assert_eq!(quotes(&raw(content, finish)), None, "{content}");
        }
        assert_eq!(quotes("no JSON"), None);
    }
}
