//! A second look at names in doubt, by a served model.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::super::served::{Asked, Cost, Keep, Line};
use super::super::{Failure, Talk, open_path, scrub};
use crate::anonymize::{Action, Anonymizer, Category, Found, Sight, sight};
use crate::check::second::quotes;
use crate::cli::AnonymizeArgs;
use crate::config::resolved::Server;
use crate::config::{is_address, is_local, plain_address};
use crate::dataset::looking;
use crate::fingerprint::{Frame, Room};
use crate::store::Kind;
use crate::table::Row;

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
        let store = scrub::store_of(&args.table.file);
        let line = Line::connect(endpoint, talk).await?;
        let frame = looking::frame(&line.identity);
        let keep = Keep::new(store, Kind::Names, looking::MAX_TOKENS);
        Ok(Self { line, frame, keep, told: Told::default() })
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
            let text = &rows[*row].text;
            let fingerprint = looking::fingerprint(&self.frame, text, &mut room);
            Asked { fingerprint, ask: looking::ask(&self.frame, text, false) }
        });
        let asked: Vec<Asked> = asked.collect();
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

/// Refuses an address on another machine.
fn refuse_remote(endpoint: &str) -> Result<(), Failure> {
    let address = match is_address(endpoint) {
        true => plain_address(endpoint).map_err(Failure::Refused)?,
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
