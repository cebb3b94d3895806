//! The card of a dataset: what the hub and `datasets` read, and what people do.

use std::fmt::Write;

use super::parquet::Holds;
use super::{Classes, Kind, Part, Survey};

/// What a dataset is, beside its rows.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// What it was made of, in a sentence or two.
    pub origin: String,
    /// An identifier that the hub knows, such as `cc-by-4.0`.
    pub licence: Option<String>,
    /// A code of ISO 639-1.
    pub language: Option<String>,
    /// Whether a model wrote the texts.
    pub is_generated: bool,
    /// How it was made: names and values.
    pub settings: Vec<(String, String)>,
    /// The templates that the prompts were made with, by name.
    pub prompts: Vec<(String, String)>,
    /// What was measured of it.
    pub figures: Vec<Figure>,
}

/// Something that was measured.
#[derive(Debug, Clone)]
pub struct Figure {
    pub what: String,
    pub value: String,
    pub interval: String,
    /// The same of texts that people wrote.
    pub human: String,
    pub verdict: String,
}

/// What `datasets` calls a type; of a list, that of what is in it.
pub fn dtype(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Texts => "string",
        Kind::Integer => "int64",
        Kind::Number => "float64",
        Kind::Truth => "bool",
    }
}

/// The text of a README that says what a dataset is.
pub fn card(about: &About, survey: &Survey, columns: &[(String, Holds)], parts: &[Part]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = front(&mut out, about, survey, columns, parts);
    let _ = body(&mut out, about, survey, columns, parts);
    out
}

/// A text as YAML has it anywhere: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn front(
    out: &mut String,
    about: &About,
    survey: &Survey,
    columns: &[(String, Holds)],
    parts: &[Part],
) -> std::fmt::Result {
    writeln!(out, "---")?;
    if let Some(licence) = &about.licence {
        writeln!(out, "license: {}", quoted(licence))?;
    }
    if let Some(language) = &about.language {
        writeln!(out, "language:\n- {}", quoted(language))?;
    }
    writeln!(out, "pretty_name: {}", quoted(&about.name))?;
    if !survey.labels.is_empty() {
        writeln!(out, "task_categories:\n- text-classification")?;
        let several = survey.labels.iter().any(|classes| classes.several);
        let task = if several { "multi-label-classification" } else { "multi-class-classification" };
        writeln!(out, "task_ids:\n- {task}")?;
    }
    writeln!(out, "size_categories:\n- {}", size(survey.rows))?;
    writeln!(out, "tags:\n- emogrid")?;
    if about.is_generated {
        writeln!(out, "- synthetic")?;
    }
    writeln!(out, "configs:\n- config_name: default\n  data_files:")?;
    for part in parts {
        writeln!(out, "  - split: {}\n    path: data/{}-*", part.name, part.name)?;
    }
    writeln!(out, "dataset_info:\n  features:")?;
    for (name, holds) in columns {
        writeln!(out, "  - name: {}", quoted(name))?;
        let classes = |out: &mut String, classes: &Classes| -> std::fmt::Result {
            writeln!(out, "      class_label:\n        names:")?;
            let mut names = classes.names.iter().enumerate();
            names.try_for_each(|(id, name)| writeln!(out, "          '{id}': {}", quoted(name)))
        };
        match holds {
            Holds::Class(of) => {
                writeln!(out, "    dtype:")?;
                classes(out, of)?;
            }
            Holds::Classes(of) => {
                writeln!(out, "    sequence:")?;
                classes(out, of)?;
            }
            Holds::Values(Kind::Texts) => writeln!(out, "    sequence: string")?,
            Holds::Values(kind) => writeln!(out, "    dtype: {}", dtype(*kind))?,
        }
    }
    writeln!(out, "  splits:")?;
    for part in parts {
        writeln!(
            out,
            "  - name: {}\n    num_bytes: {}\n    num_examples: {}",
            part.name, part.bytes, part.rows
        )?;
    }
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    writeln!(out, "  download_size: {bytes}\n  dataset_size: {bytes}")?;
    writeln!(out, "---\n")
}

/// The hub's word for a number of rows.
fn size(rows: u64) -> &'static str {
    match rows {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        1_000_000..10_000_000 => "1M<n<10M",
        _ => "10M<n<100M",
    }
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn body(
    out: &mut String,
    about: &About,
    survey: &Survey,
    columns: &[(String, Holds)],
    parts: &[Part],
) -> std::fmt::Result {
    writeln!(out, "# {}\n\n{}\n", about.name, about.origin)?;
    if about.is_generated {
        writeln!(
            out,
            "A language model wrote these texts, and their labels are what it was asked for: no person \
             has said that a text shows its label.\n"
        )?;
    }
    writeln!(out, "## Rows\n\n| part | rows | bytes |\n| --- | ---: | ---: |")?;
    for part in parts {
        writeln!(out, "| {} | {} | {} |", part.name, part.rows, part.bytes)?;
    }
    if let Some(assigned) = &survey.parts {
        writeln!(
            out,
            "\nParts have their share of each label, and near-duplicates stand in one part. Rows that went \
             where one like them is: {}.",
            assigned.together
        )?;
    }
    writeln!(out, "\n| column | holds |\n| --- | --- |")?;
    for (name, holds) in columns {
        let what = match holds {
            Holds::Class(classes) => format!("the id of one of {} labels", classes.names.len()),
            Holds::Classes(classes) => format!("the ids of any of {} labels", classes.names.len()),
            Holds::Values(Kind::Texts) => "texts".to_owned(),
            Holds::Values(kind) => dtype(*kind).to_owned(),
        };
        writeln!(out, "| `{}` | {what} |", cell(name))?;
    }
    for classes in &survey.labels {
        writeln!(
            out,
            "\n## Labels: {}\n\n| id | label | rows |\n| ---: | --- | ---: |",
            cell(&classes.column)
        )?;
        for (id, (name, count)) in classes.names.iter().zip(&classes.counts).enumerate() {
            writeln!(out, "| {id} | {} | {count} |", cell(name))?;
        }
    }
    if !about.settings.is_empty() {
        writeln!(out, "\n## How it was made\n\n| | |\n| --- | --- |")?;
        for (name, value) in &about.settings {
            writeln!(out, "| {} | {} |", cell(name), cell(value))?;
        }
    }
    if !about.prompts.is_empty() {
        writeln!(out, "\nPrompts are made with these templates (Jinja), filled from the grid.")?;
        for (name, source) in &about.prompts {
            // A fence longer than any in the template.
            let ticks = source.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1;
            let fence = "`".repeat(ticks);
            writeln!(out, "\n`{name}`:\n\n{fence}jinja\n{}\n{fence}", source.trim_end())?;
        }
    }
    if !about.figures.is_empty() {
        writeln!(
            out,
            "\n## Bias and diversity\n\nMeasured by `emogrid audit`; \"people\" is the same of real comments \
             where that is known. A verdict of warn or fail is one that the whole 95 % interval bears out.\n\n\
             | measure | value | 95 % | people | verdict |\n| --- | ---: | --- | ---: | --- |"
        )?;
        for figure in &about.figures {
            let Figure { what, value, interval, human, verdict } = figure;
            writeln!(out, "| {} | {value} | {interval} | {human} | {verdict} |", cell(what))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_breaks_neither_yaml_nor_tables_nor_fences() {
        let about = About {
            name: "a: \"b\"".into(),
            prompts: vec![("p".into(), "say\n```\nthis\n```".into())],
            settings: vec![("stop".into(), "a|b\nc".into())],
            ..About::default()
        };
        let card = card(&about, &Survey::default(), &[], &[]);
        assert!(card.contains("pretty_name: \"a: \\\"b\\\"\"\n"), "{card}");
        assert!(card.contains("| stop | a\\|b c |\n"), "{card}");
        assert!(card.contains("\n````jinja\nsay\n```\nthis\n```\n````\n"), "{card}");
    }

    #[test]
    fn sizes_are_the_hubs() {
        for (rows, name) in [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (2_000_000, "1M<n<10M")] {
            assert_eq!(size(rows), name);
        }
    }
}
