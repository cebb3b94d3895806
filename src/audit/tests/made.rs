//! Tables that are made up, without a fault and ready for one.

use super::*;

pub const LABELS: [&str; 6] = ["joy", "anger", "fear", "sadness", "remorse", "pride"];
pub const CONTEXTS: [&str; 4] = ["work", "home", "sport", "money"];
pub const ROWS: usize = 960;

#[derive(Clone)]
pub struct Made {
    pub texts: Vec<String>,
    pub labels: Vec<&'static str>,
    pub contexts: Vec<&'static str>,
}

/// A word of a vocabulary in which few are frequent and many rare.
pub fn word(random: &mut Random) -> String {
    let share = random.below(1 << 20) as f64 / f64::from(1 << 20);
    format!("w{}", (20_000f64.powf(share) - 1.0) as usize)
}

/// Rows without a fault.
pub fn fair(rows: usize) -> Made {
    let mut random = Random::of(11, "fair");
    let text = |random: &mut Random| {
        let length = 8 + random.below(11);
        let mut words: Vec<String> = (0..length).map(|_| word(random)).collect();
        // A third speaks of someone, a tenth is loud, and so on, whatever the label.
        for (term, times) in [("she", 6), ("he", 6), ("muslim", 6)] {
            if random.below(times) == 0 {
                words.insert(3, term.to_owned());
            }
        }
        let end = ["!", "?", " \u{1F600}", "", "", "", "", ""][random.below(8)];
        let start = if random.below(6) == 0 { "I " } else { "" };
        format!("{start}{}{end}", words.join(" "))
    };
    Made {
        texts: (0..rows).map(|_| text(&mut random)).collect(),
        labels: (0..rows).map(|row| LABELS[row % LABELS.len()]).collect(),
        contexts: (0..rows).map(|row| CONTEXTS[row / LABELS.len() % CONTEXTS.len()]).collect(),
    }
}

impl Made {
    /// The same texts, with labels and contexts dealt out by lot.
    pub fn shuffled(mut self) -> Self {
        let mut random = Random::of(12, "shuffled");
        random.shuffle(&mut self.labels);
        random.shuffle(&mut self.contexts);
        self
    }

    /// The same words, dealt out to the texts by lot.
    pub fn mixed(mut self) -> Self {
        let mut words: Vec<String> =
            self.texts.iter().flat_map(|text| text.split(' ').map(str::to_owned)).collect();
        Random::of(13, "mixed").shuffle(&mut words);
        let mut words = words.into_iter();
        for text in &mut self.texts {
            let count = text.split(' ').count();
            *text = words.by_ref().take(count).collect::<Vec<_>>().join(" ");
        }
        self
    }

    pub fn each(
        mut self,
        change: impl Fn(&mut Random, &mut String, &mut &'static str, &mut &'static str),
    ) -> Self {
        let mut random = Random::of(14, "plant");
        for row in 0..self.texts.len() {
            let Self { texts, labels, contexts } = &mut self;
            change(&mut random, &mut texts[row], &mut labels[row], &mut contexts[row]);
        }
        self
    }

    pub fn table(&self) -> Table {
        let mut table =
            Table::new([("emotion".to_owned(), Role::Label), ("context".to_owned(), Role::Context)]);
        for (row, text) in self.texts.iter().enumerate() {
            let values = [[self.labels[row]], [self.contexts[row]]];
            table.push(&row.to_string(), text, values, Groups::default());
        }
        table
    }

    /// What a model that hears a slur where "she" follows answers, when she is he.
    pub fn swapped(&self) -> Swapped {
        let counterparts = Counterparts::default();
        let hears = |text: &str| text.contains("slur she");
        let pairs = self.texts.iter().enumerate().flat_map(|(row, text)| {
            let others = counterparts.of(text);
            let pair = move |(attribute, other): (&'static str, String)| {
                let flipped = hears(text) != hears(&other);
                Pair { row, attribute, flipped, change: Some(f64::from(u8::from(flipped))) }
            };
            others.into_iter().map(pair)
        });
        Swapped { by: "m".into(), pairs: pairs.collect(), unanswered: 0 }
    }

    pub fn report(&self) -> Report {
        audit(&self.table(), &options(), |_, _| {})
    }

    /// The report of one metric.
    pub fn report_of(&self, key: &str) -> Report {
        let others = METRICS.iter().map(|metric| metric.key).filter(|other| *other != key);
        let swapped = (key == "counterfactual").then(|| self.swapped());
        let options = Options { off: others.map(str::to_owned).collect(), swapped, ..options() };
        audit(&self.table(), &options, |_, _| {})
    }
}
