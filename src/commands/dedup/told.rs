use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::meaning;
use crate::cli::DedupArgs;
use crate::dedup::{Found, Rule, Statistics, Tier};
use crate::report::{count, duration, milliseconds, thousands};
use crate::table::{Added, Fields};

/// What a call did, for machines.
#[derive(Debug, Serialize)]
pub struct Told {
    pub rows: u64,
    pub kept: u64,
    duplicates: Duplicates,
    /// Rows like a text of `--against`.
    off_limits: u64,
    /// Rows with the id of another row.
    repeated_ids: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pairs: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<u64>,
    /// Rows of earlier calls that the index had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remembered: Option<u64>,
    level: &'static str,
    /// From which similarity on a row is a duplicate, at the end.
    pub threshold: f64,
    scope: String,
    method: &'static str,
    /// The hash of the word statistics.
    statistics: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic: Option<meaning::Told>,
    seconds: f64,
    texts_per_second: u64,
}

/// By how they were found.
#[derive(Debug, Default, Serialize)]
struct Duplicates {
    /// The same but for case, blanks and Unicode's spellings.
    same_text: u64,
    /// The same words, in whatever order and punctuation.
    same_words: u64,
    similar: u64,
    /// They mean the same; where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_meaning: Option<u64>,
}

impl Told {
    pub fn new(args: &DedupArgs, rule: &Rule, statistics: &Statistics) -> Self {
        Self {
            rows: 0,
            kept: 0,
            duplicates: Duplicates::default(),
            off_limits: 0,
            repeated_ids: 0,
            pairs: None,
            conflicts: None,
            remembered: None,
            level: rule.level.name(),
            threshold: 0.0,
            scope: args.scope.clone(),
            method: rule.method.name(),
            statistics: shown_hash(statistics),
            semantic: None,
            seconds: 0.0,
            texts_per_second: 0,
        }
    }

    pub fn count(&mut self, found: &Found<'_>) {
        self.rows += 1;
        *match found {
            Found::Kept => &mut self.kept,
            Found::OffLimits { .. } => &mut self.off_limits,
            Found::Duplicate { tier: Tier::Normal, .. } => &mut self.duplicates.same_text,
            Found::Duplicate { tier: Tier::Words, .. } => &mut self.duplicates.same_words,
            Found::Duplicate { tier: Tier::Similar, .. } => &mut self.duplicates.similar,
            Found::Duplicate { tier: Tier::Meaning, .. } => self.duplicates.same_meaning.get_or_insert(0),
        } += 1;
    }

    /// Takes in what comparing by meaning came to.
    pub fn meant(&mut self, semantic: meaning::Told) {
        self.duplicates.same_meaning.get_or_insert(0);
        self.semantic = Some(semantic);
    }

    /// Takes note of ids that several rows have; says what to do about them.
    pub fn repeated(&mut self, ids: Option<(u64, &str)>) -> Option<String> {
        let (rows, first) = ids?;
        self.repeated_ids = rows;
        let have = if rows == 1 { "has" } else { "have" };
        let id = crate::near::cut(first);
        Some(format!(
            "warning: {} {have} the id of another row, `{id}` first: what names a row by it may mean either\n  \
             name a column whose values are each row's own with `--id`; where there is none, rename `id`, so that rows are counted",
            count(rows, "row")
        ))
    }

    pub fn end(&mut self, took: Duration) {
        self.seconds = milliseconds(took);
        self.texts_per_second = (self.rows as f64 / took.as_secs_f64().max(1e-6)) as u64;
    }

    /// The same for people, in lines of at most 80 columns.
    pub fn text(&self) -> String {
        let Duplicates { same_text, same_words, similar, same_meaning } = self.duplicates;
        let mut out = format!("{} read, {} kept", count(self.rows, "row"), thousands(self.kept));
        let all = same_text + same_words + similar + same_meaning.unwrap_or(0);
        if all > 0 {
            out.push_str(&format!(
                "\n{}: {} the same text, {} the same words, {} similar",
                count(all, "duplicate"),
                thousands(same_text),
                thousands(same_words),
                thousands(similar)
            ));
            if let Some(same_meaning) = same_meaning {
                out.push_str(&format!(", {} the same meaning", thousands(same_meaning)));
            }
        }
        if self.off_limits > 0 {
            out.push_str(&format!("\n{} like a text that is off limits", count(self.off_limits, "row")));
        }
        if let Some(pairs) = self.pairs {
            out.push_str(&format!("\n{} of near-duplicates", count(pairs, "pair")));
        }
        if let Some(conflicts) = self.conflicts {
            out.push_str(&format!("\n{} under different labels", count(conflicts, "pair")));
        }
        if let Some(remembered) = self.remembered {
            out.push_str(&format!("\n{} known from calls before", count(remembered, "row")));
        }
        if let Some(semantic) = &self.semantic {
            out.push_str(&format!("\n{}", semantic.text()));
        }
        let took = duration(Duration::from_secs_f64(self.seconds));
        out.push_str(&format!("\n{took}, {} texts/s", thousands(self.texts_per_second)));
        out
    }
}

/// The columns that `--mark` adds; the last one where texts are compared by what they mean.
const MARKS: [&str; 3] = ["duplicate_of", "similarity", "duplicate_by"];

/// The columns that rows get, where they are to be marked.
pub fn marks(args: &DedupArgs) -> Option<Added> {
    let marks = if args.semantic.semantic.is_some() { &MARKS[..] } else { &MARKS[..2] };
    args.mark.then(|| Added::new(marks, args.prefix.as_deref()))
}

/// Writes into a row what was said of it.
pub fn mark(row: &mut Fields, found: &Found<'_>, marks: &Added) {
    let (of, similarity, by) = match found {
        Found::Kept => (Value::Null, Value::Null, Value::Null),
        Found::Duplicate { of, similarity, tier } | Found::OffLimits { of, similarity, tier } => {
            (Value::from(*of), Value::from(similarity.fraction()), Value::from(tier_name(*tier)))
        }
    };
    marks.put(row, [of, similarity, by]);
}

/// How a duplicate was found, as outputs say it.
pub fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Normal => "same_text",
        Tier::Words => "same_words",
        Tier::Similar => "similar",
        Tier::Meaning => "same_meaning",
    }
}

/// Everything that decides verdicts, a line each.
pub fn settings(args: &DedupArgs, rule: &Rule, statistics: &Statistics, against: &[String]) -> String {
    let threshold = rule.threshold.map_or("the level's own".to_owned(), |threshold| threshold.to_string());
    format!(
        "level: {}\nthreshold: {threshold}\nmethod: {}\nscope: {}\nlabel: {}\ngroup: {}\nstatistics: {}\nagainst: {}\n",
        rule.level.name(),
        rule.method.name(),
        args.scope,
        args.label.join(", "),
        args.group.as_deref().unwrap_or("counterparts"),
        shown_hash(statistics),
        against.join(" ")
    )
}

fn shown_hash(statistics: &Statistics) -> String {
    blake3::Hash::from_bytes(*statistics.hash()).to_hex()[..16].to_owned()
}

/// A label of several columns as people read it.
pub fn shown_label(label: &str) -> String {
    label.replace('\t', " / ")
}
