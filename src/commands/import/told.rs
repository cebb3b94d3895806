//! What is said of an import, in at most 80 columns or as JSON.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::files::Folder;
use crate::import::{Family, Split, Step};
use crate::report::{count, milliseconds, shortened, thousands};

/// What is said of an import.
pub struct Told<'f> {
    folder: &'f Folder<'f>,
    registered: Option<&'f Path>,
    took: Duration,
}

impl<'f> Told<'f> {
    pub fn new(folder: &'f Folder<'f>, registered: Option<&'f Path>, took: Duration) -> Self {
        Self { folder, registered, took }
    }

    pub fn json(&self) -> Map<String, Value> {
        let mut told = self.folder.told();
        told.insert("shortage".into(), self.folder.shortage());
        let frozen = self.folder.frozen().map(|frozen| {
            json!({
                "rows": frozen.rows,
                "hash": frozen.hash,
                "registered": self.registered.map(|path| path.display().to_string()),
            })
        });
        told.insert("test".into(), json!(frozen));
        told.insert("seconds".into(), milliseconds(self.took).into());
        told
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        let read: u64 = self.folder.sources.iter().map(|file| file.rows).sum();
        let texts = self.folder.outcome.items.len() as u64;
        let kept: u64 = self.folder.parts.iter().map(|part| part.rows).sum();
        let files = count(self.folder.sources.len() as u64, "file");
        let of = if texts == read { String::new() } else { format!(" ({})", count(texts, "text")) };
        out.push_str(&format!(
            "{}: {}{of} of {files}, {} kept\n\n",
            shortened(&self.folder.asked.name, 20),
            count(read, "row"),
            thousands(kept)
        ));
        self.steps(&mut out);
        self.differing(&mut out);
        self.classes(&mut out);
        self.files(&mut out);
        out
    }

    /// Which parts have a share and no row, and why.
    pub fn without_rows(&self) -> Vec<String> {
        let Some(share) = self.folder.settings.split else { return Vec::new() };
        let rows: usize = self.folder.outcome.items.iter().filter(|item| item.is_kept()).count();
        let largest = self.folder.outcome.largest;
        let why = match largest {
            0 | 1 => format!("{} are too few", count(rows as u64, "row")),
            _ => format!(
                "{} of {} are near-duplicates of each other or\nof one pair, in one step or several, and stay in one \
                 part",
                thousands(largest as u64),
                count(rows as u64, "row")
            ),
        };
        let shares = Split::ALL.into_iter().zip(share.shares()).filter(|(split, share)| {
            *share > 0.0 && self.folder.parts.iter().all(|part| part.split != Some(*split))
        });
        let without = |(split, share): (Split, f64)| {
            let freezes = if split == Split::Test { ", and nothing is frozen" } else { "" };
            format!("no row is of `{}`, whose share is {:.0}%{freezes}:\n{why}", split.name(), 100.0 * share)
        };
        shares.map(without).collect()
    }

    /// What each step changed and took out; steps that did neither are left out.
    fn steps(&self, out: &mut String) {
        let dealt = self.folder.settings.split.is_some();
        let parts = if dealt { Vec::new() } else { self.folder.splits() };
        let mut head = format!("{:<18} {:>8} {:>8}", "step", "changed", "removed");
        for split in &parts {
            head.push_str(&format!(" {:>8}", split.name()));
        }
        let mut lines = String::new();
        for step in Step::ALL {
            let counts = self.folder.outcome.counts(step);
            let removed: u64 = counts.removed.iter().sum();
            if counts.changed + removed == 0 {
                continue;
            }
            let number = |number: u64| if number == 0 { "-".to_owned() } else { thousands(number) };
            lines.push_str(&format!(
                "{:<18} {:>8} {:>8}",
                step.name(),
                number(counts.changed),
                number(removed)
            ));
            for split in &parts {
                lines.push_str(&format!(" {:>8}", number(counts.removed[*split as usize])));
            }
            lines.push('\n');
        }
        match lines.is_empty() {
            true => out.push_str("no step changed or removed anything\n"),
            false => out.push_str(&format!("{head}\n{lines}")),
        }
    }

    fn differing(&self, out: &mut String) {
        let found = self.folder.outcome.differing;
        if found.texts > 0 {
            let done = match self.folder.settings.conflicts {
                crate::import::Conflicts::Merge => "the labels of half of them or more",
                crate::import::Conflicts::First => "the labels of the first",
                crate::import::Conflicts::Drop => "were taken out",
            };
            out.push_str(&format!(
                "{} in {} had different labels: {done}\n",
                count(found.texts, "text"),
                count(found.rows, "row")
            ));
        }
        if found.near > 0 {
            let rows = count(found.near, "near-duplicate");
            out.push_str(&format!("{rows} had other labels than the row that stays\n"));
        }
    }

    /// The rows of each class, with what it may have and what it lacks.
    fn classes(&self, out: &mut String) {
        let outcome = &self.folder.outcome;
        let quotas = outcome.classes.iter().any(|class| class.quota.is_some());
        let parts = self.folder.splits();
        let mut before = None;
        for class in &outcome.classes {
            if before != Some(class.family) {
                before = Some(class.family);
                let name = match class.family {
                    Family::Label => "label",
                    Family::Ekman => "ekman",
                    Family::Sentiment => "sentiment",
                };
                out.push_str(&format!("\n{name:<18}"));
                match parts.is_empty() {
                    true => out.push_str(&format!(" {:>8}", "rows")),
                    false => parts.iter().for_each(|split| out.push_str(&format!(" {:>8}", split.name()))),
                }
                if quotas {
                    out.push_str(&format!(" {:>8} {:>8}", "before", "quota"));
                }
                out.push_str(&format!(" {:>8}\n", "short"));
            }
            let short = outcome.shortages.iter().find(|s| s.family == class.family && s.class == class.class);
            out.push_str(&format!("{:<18}", shortened(&class.class, 18)));
            let whole = [Split::Train];
            let shown = if parts.is_empty() { &whole[..] } else { &parts };
            for split in shown {
                out.push_str(&format!(" {:>8}", thousands(class.rows[*split as usize])));
            }
            if quotas {
                let quota = class.quota.map(thousands).unwrap_or_default();
                out.push_str(&format!(" {:>8} {quota:>8}", thousands(class.before)));
            }
            let short = short.map(|short| thousands(short.short)).unwrap_or_default();
            out.push_str(&format!(" {short:>8}"));
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        if !quotas && !outcome.shortages.is_empty() {
            out.push_str("short: of what each label would have if all had equally many (shortage.json)\n");
        }
    }

    fn files(&self, out: &mut String) {
        out.push('\n');
        let folder = &self.folder.asked.how.output;
        for part in &self.folder.parts {
            out.push_str(&format!("{}  {}\n", folder.join(&part.file).display(), count(part.rows, "row")));
        }
        let frozen = self.folder.frozen();
        if let Some(part) = self.folder.parts.iter().find(|part| part.split == Some(Split::Test))
            && frozen.is_some()
        {
            out.push_str(&format!("the test part is frozen, hash {}\n", &part.hash[..16]));
            out.push_str(&match self.registered {
                Some(path) => format!("and known to the project: {}\n", path.display()),
                None => "in no project (no folder above has `.emogrid` or `configs`): only files \
                         beside\nit are held against it, and elsewhere its rows could be trained on\n"
                    .to_owned(),
            });
        }
        out.push_str(&format!("{:.1} s\n", self.took.as_secs_f64()));
    }
}
