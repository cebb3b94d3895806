//! What is asked about a text: of judge models, and to know what it means.

use minijinja::Value as Object;

use super::models::{Model, Models};
use super::recipe::Recipe;
use crate::check::{JudgeModel, Vote};
use crate::fingerprint::{Ask, Messages, Room};
use crate::model::{Fingerprint, hash64};
use crate::prompt::{Question, RenderError};

/// A text of a cell that is to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The judge's index.
    pub judge: usize,
    pub cell: usize,
    /// As its row would have it.
    pub text: &'a str,
}

impl Recipe {
    /// What asks a judge about a text for the `number`-th time.
    fn question<'a>(&self, judged: Judged<'a>, number: u32) -> Question<'a> {
        Question { judge: judged.judge, cell: self.grid.cell(judged.cell), number, text: judged.text }
    }

    /// The fingerprint of the `number`-th request about a text; the room is used for its text.
    ///
    /// # Errors
    /// A template that fails for this text.
    pub fn judge_fingerprint(
        &self,
        models: &Models,
        judged: Judged<'_>,
        number: u32,
        room: &mut Room,
    ) -> Result<Fingerprint, RenderError> {
        let frame = &self.judging_model(models, judged, number).judges[judged.judge];
        let write = |messages: &mut Messages| self.write_judge(judged, number, messages);
        frame.fingerprint(self.judge_seed(judged, number), room, write)
    }

    /// The same request, ready to be sent; for one token only where that will do.
    ///
    /// # Errors
    /// As `judge_fingerprint`.
    pub fn judge_ask(
        &self,
        models: &Models,
        judged: Judged<'_>,
        number: u32,
        probe: bool,
    ) -> Result<Ask, RenderError> {
        let frame = &self.judging_model(models, judged, number).judges[judged.judge];
        let seed = self.judge_seed(judged, number);
        let write = |messages: &mut Messages| self.write_judge(judged, number, messages);
        match probe {
            true => frame.probe(seed, write),
            false => frame.ask(seed, write),
        }
    }

    fn judging_model<'a>(&self, models: &'a Models, judged: Judged<'_>, number: u32) -> &'a Model {
        &models.list()[models.judging(self, judged.judge, judged.cell, number)]
    }

    fn write_judge(
        &self,
        judged: Judged<'_>,
        number: u32,
        messages: &mut Messages,
    ) -> Result<(), RenderError> {
        let question = self.question(judged, number);
        self.prompts.visit_judge(&self.grid, question, &mut |role, content| messages.add(role, content))
    }

    /// Below 2³¹, as an ask's own. The text is in the messages, so it need not be in here; nor is the
    /// judge's name, which anybody may change.
    fn judge_seed(&self, judged: Judged<'_>, number: u32) -> u32 {
        let cell = self.grid.cell(judged.cell).id;
        let seed = self.config.seed.to_le_bytes();
        (hash64(&[b"judge", &seed, &cell.0, &number.to_le_bytes()]) >> 33) as u32
    }

    /// The fingerprint of the request for a text's embedding, if texts are compared by what they mean; the
    /// room is used for its text.
    pub fn embedding_fingerprint(&self, models: &Models, text: &str, room: &mut Room) -> Option<Fingerprint> {
        let prefix = &self.config.dedup.semantic.as_ref()?.prefix;
        let frame = &models.list()[models.embedding(self)].embedding;
        Some(frame.embedded(prefix, text, room))
    }

    /// The same request, ready to be sent.
    pub fn embedding_ask(&self, models: &Models, text: &str) -> Option<Ask> {
        let prefix = &self.config.dedup.semantic.as_ref()?.prefix;
        let frame = &models.list()[models.embedding(self)].embedding;
        Some(frame.embed(prefix, text))
    }

    /// The verdict of a judge's good answers about a text of a cell.
    pub fn verdict(&self, judge: &JudgeModel, cell: usize, votes: &[Vote]) -> crate::check::Verdict {
        let values = self.grid.values(self.grid.cell(cell));
        let axes: Vec<(&str, Object)> = (self.grid.axes.iter().zip(values))
            .map(|(axis, at)| (&*axis.name, Object::from_dyn_object(axis.values[at].clone())))
            .collect();
        judge.verdict(votes, &axes)
    }
}
