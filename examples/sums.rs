//! Trains the weights of sums over sentences: `cargo run --release --example sums -- TEXTS.tsv`.
//!
//! TEXTS.tsv holds texts by people, one a line, with the numbers of their emotions behind a tab (GoEmotions' train part).
//! What is looked for is in sentences of our own (`sources/sentences.tsv`) and in what our grammars make
//! (`sources/grammar.txt`); the learning halves of the independent sets are read too. Of a text the sentence that shows
//! most is learned, since the others may be anybody's. Before it trains on everything, it says what was found of a fifth
//! of the sentences by weights that saw the others.
#![expect(clippy::print_stderr, clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};

use emogrid::check::sums::{Kinds, SCALE, WEIGHTS, either, features};
use emogrid::check::talk::voice::VOICE;
use emogrid::check::toxicity::tone::TONE;
use emogrid::check::{Text, mend};

const FIXTURES: &str = "tests/fixtures/checks/independent";

/// Which of the two things that are told a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Neither,
    First,
    Second,
    Either,
}

struct Example {
    sentences: Vec<Vec<u32>>,
    shows: Shows,
    weight: f32,
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// What is trained, and how.
struct Task {
    name: &'static str,
    kinds: &'static Kinds,
    folder: &'static str,
    /// By the letter of a sentence.
    letters: [(&'static str, Shows); 5],
    /// How often each rule of the grammar is used.
    rounds: usize,
    /// How much what a grammar makes counts.
    made: f32,
    decay: f32,
    /// In how many texts that show something a feature has to stand to be learned.
    least: usize,
    fixtures: &'static [(&'static str, Shows)],
    /// Emotions and words that go with what is looked for: such texts of people may show it, too.
    unsure: Option<(&'static [&'static str], &'static [&'static str])>,
}

/// How much a sentence of our own counts; a text of people counts 1.
const OWN: f32 = 8.0;
const EPOCHS: usize = 10;
const RATE: f32 = 0.3;

fn main() {
    let path = std::env::args().nth(1).expect("usage: sums TEXTS.tsv");
    let people = std::fs::read_to_string(path).unwrap();
    let letters = [
        ("R", Shows::First),
        ("L", Shows::Second),
        ("H", Shows::First),
        ("I", Shows::Second),
        ("E", Shows::Either),
    ];
    let voice = Task {
        name: "voice",
        kinds: &VOICE.kinds,
        folder: "src/check/talk/voice",
        letters,
        rounds: 120,
        made: 0.5,
        decay: 0.005,
        least: 1,
        fixtures: &[("refusal", Shows::Either), ("toxicity", Shows::Neither), ("unfinished", Shows::Neither)],
        unsure: None,
    };
    let tone = Task {
        name: "tone",
        kinds: &TONE.kinds,
        folder: "src/check/toxicity/tone",
        letters,
        rounds: 150,
        made: 1.0,
        decay: 0.02,
        least: 2,
        fixtures: &[("toxicity", Shows::Either), ("unfinished", Shows::Neither)],
        unsure: Some((
            // Anger, annoyance, disapproval, disgust.
            &["2", "3", "10", "11"],
            &[
                "idiot",
                "idiots",
                "moron",
                "morons",
                "loser",
                "losers",
                "coward",
                "cowards",
                "clown",
                "clowns",
                "bastard",
                "bastards",
                "asshole",
                "assholes",
                "prick",
                "bitch",
                "cunt",
                "scum",
                "trash",
                "pig",
                "pigs",
                "pathetic",
                "stupid",
                "dumb",
                "disgusting",
                "fuck",
                "hate",
                "kill",
                "worthless",
                "retarded",
                "whore",
                "slut",
                "creep",
                "dick",
                "filth",
                "die",
                "ugly",
            ],
        )),
    };
    for task in [voice, tone] {
        task.run(&people);
    }
}

impl Task {
    fn run(&self, people: &str) {
        let mut own = self.sentences();
        own.extend(self.fixtures());
        let made = self.grammar();
        let people: Vec<Example> = people.lines().filter_map(|line| self.person(line)).collect();
        self.validate(&own, &made, &people);
        let model = self.train(own.iter().chain(&made).chain(&people).collect());
        std::fs::write(format!("{}/weights.bin", self.folder), model.bytes()).unwrap();
    }

    fn example(&self, raw: &str, shows: Shows, weight: f32) -> Example {
        let text = Text::new(if shows == Shows::Neither { mend(raw).0 } else { raw });
        let seen = |sentence| {
            let mut out = Vec::new();
            features(self.kinds, &text, sentence, |_| false, |place| out.push(place as u32));
            out.sort_unstable();
            out.dedup();
            out
        };
        let sentences = text.sentences().map(seen).filter(|seen| !seen.is_empty()).collect();
        Example { sentences, shows, weight }
    }

    fn own(&self, raw: &str, shows: Shows) -> Example {
        self.example(raw, shows, OWN)
    }

    fn shows(&self, letter: &str) -> Shows {
        self.letters.iter().find(|(other, _)| *other == letter).map_or(Shows::Neither, |(_, shows)| *shows)
    }

    fn sentences(&self) -> Vec<Example> {
        let file = std::fs::read_to_string(format!("{}/sources/sentences.tsv", self.folder)).unwrap();
        let lines = file.lines().filter_map(|line| line.split_once('\t'));
        lines.map(|(letter, text)| self.own(text, self.shows(letter))).collect()
    }

    fn fixtures(&self) -> Vec<Example> {
        let mut out = Vec::new();
        for (set, shows) in self.fixtures {
            let file = std::fs::read_to_string(format!("{FIXTURES}/{set}.dev.tsv")).unwrap();
            for fields in file.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
                let shows = if fields[1] == "-" { Shows::Neither } else { *shows };
                out.push(self.own(&fields[2].replace("\\n", "\n"), shows));
            }
        }
        out
    }

    /// What the grammar makes: `<name> = one|another` are its parts, `LETTER<tab>rule` its rules.
    fn grammar(&self) -> Vec<Example> {
        let file = std::fs::read_to_string(format!("{}/sources/grammar.txt", self.folder)).unwrap();
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let (mut out, mut seen, mut random) = (Vec::new(), HashSet::new(), Random(0x2545_F491_4F6C_DD1D));
        for line in file.lines() {
            if let Some((name, choices)) = line.split_once("> = ") {
                parts.insert(&name[1..], choices.split('|').collect());
            } else if let Some((letter, rule)) = line.split_once('\t') {
                let shows = self.shows(letter);
                let (rounds, weight) =
                    if shows == Shows::Neither { (self.rounds / 2, 1.0) } else { (self.rounds, self.made) };
                for _ in 0..rounds {
                    let text = expanded(rule, &parts, &mut random);
                    if seen.insert(text.clone()) {
                        out.push(self.example(&text, shows, weight));
                    }
                }
            }
        }
        out
    }

    /// A text of people; `None` where it may show what is looked for.
    fn person(&self, line: &str) -> Option<Example> {
        let mut fields = line.split('\t');
        let (text, emotions) = (fields.next()?, fields.next().unwrap_or_default());
        if let Some((unsure, words)) = self.unsure {
            let read = Text::new(text);
            let foul = (0..read.words.len()).any(|at| words.contains(&read.word(at)));
            if foul && emotions.split(',').any(|emotion| unsure.contains(&emotion)) {
                return None;
            }
        }
        Some(self.example(text, Shows::Neither, 1.0))
    }

    fn validate(&self, own: &[Example], made: &[Example], people: &[Example]) {
        const FOLDS: usize = 5;
        let (mut shown, mut plain, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for fold in 0..FOLDS {
            let is_kept = |at: &usize| at * 7919 / 3 % FOLDS == fold;
            let learned = own.iter().enumerate().filter(|(at, _)| !is_kept(at)).map(|(_, example)| example);
            let model = self.train(learned.chain(made).chain(people.iter().step_by(2)).collect());
            for (_, example) in own.iter().enumerate().filter(|(at, _)| is_kept(at)) {
                let into = if example.shows == Shows::Neither { &mut plain } else { &mut shown };
                into.push(model.most(example).1);
            }
            if fold == 0 {
                others.extend(people.iter().skip(1).step_by(2).map(|example| model.most(example).1));
            }
        }
        others.sort_by(|a, b| b.total_cmp(a));
        for of_thousand in [0.5, 1.0, 2.0, 3.0] {
            let enough = others[(others.len() as f64 * of_thousand / 1000.0) as usize];
            let share = |of: &[f32]| of.iter().filter(|sum| **sum > enough).count() as f64 / of.len() as f64;
            eprintln!(
                "{}: {of_thousand} of 1,000 texts by people from {enough:.2}: finds {:.3}, wrongly {:.3} of our own",
                self.name,
                share(&shown),
                share(&plain)
            );
        }
    }

    fn train(&self, mut examples: Vec<&Example>) -> Model {
        let mut times = vec![0; WEIGHTS];
        for example in examples.iter().filter(|example| example.shows != Shows::Neither) {
            let places: HashSet<u32> = example.sentences.iter().flatten().copied().collect();
            places.into_iter().for_each(|place| times[place as usize] += 1);
        }
        let learned: Vec<bool> = times.iter().map(|times| *times >= self.least).collect();
        let mut model = Model::new(learned);
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        for epoch in 0..EPOCHS {
            for at in (1..examples.len()).rev() {
                examples.swap(at, random.below(at + 1));
            }
            for example in &examples {
                match example.shows {
                    Shows::Neither => {
                        for sentence in &example.sentences {
                            model.step(sentence, Shows::Neither, example.weight);
                        }
                    }
                    // At first the longest sentence, then the one that shows most.
                    shows => {
                        let longest =
                            || (0..example.sentences.len()).max_by_key(|at| example.sentences[*at].len());
                        let at = if epoch < 2 { longest() } else { Some(model.most(example).0) };
                        if let Some(sentence) = at.and_then(|at| example.sentences.get(at)) {
                            model.step(sentence, shows, example.weight);
                        }
                    }
                }
            }
            model.weights.iter_mut().flatten().for_each(|weight| *weight *= 1.0 - self.decay);
        }
        model
    }
}

/// One text of a rule: `{a|b}` and `<name>` are replaced, the innermost first.
fn expanded(rule: &str, parts: &BTreeMap<&str, Vec<&str>>, random: &mut Random) -> String {
    let mut text = rule.to_owned();
    loop {
        if let Some(close) = text.find('}') {
            let open = text[..close].rfind('{').unwrap();
            let choices: Vec<&str> = text[open + 1..close].split('|').collect();
            let choice = choices[random.below(choices.len())].to_owned();
            text.replace_range(open..=close, &choice);
        } else if let Some(open) = text.find('<') {
            let close = open + text[open..].find('>').unwrap();
            let choices = &parts[&text[open + 1..close]];
            let choice = choices[random.below(choices.len())].to_owned();
            text.replace_range(open..=close, &choice);
        } else {
            let words: Vec<&str> = text.split_whitespace().collect();
            return [(" ,", ","), (" .", "."), (" ?", "?"), (" !", "!"), (" :", ":")]
                .iter()
                .fold(words.join(" "), |text, (from, to)| text.replace(from, to));
        }
    }
}

struct Model {
    weights: [Vec<f32>; 2],
    begin: [f32; 2],
    /// Sums of squared gradients (AdaGrad).
    moved: [Vec<f32>; 2],
    learned: Vec<bool>,
}

impl Model {
    fn new(learned: Vec<bool>) -> Self {
        let zeros = || [vec![0.0; WEIGHTS], vec![0.0; WEIGHTS]];
        Self { weights: zeros(), begin: [-3.0; 2], moved: zeros(), learned }
    }

    fn sums(&self, sentence: &[u32]) -> [f32; 2] {
        let mut sums = self.begin;
        for place in sentence.iter().map(|place| *place as usize) {
            sums[0] += self.weights[0][place];
            sums[1] += self.weights[1][place];
        }
        sums
    }

    /// The sentence that shows most, and how much.
    fn most(&self, example: &Example) -> (usize, f32) {
        let sums = example.sentences.iter().map(|sentence| {
            let [first, second] = self.sums(sentence);
            either(first, second)
        });
        sums.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f32::MIN))
    }

    fn step(&mut self, sentence: &[u32], shows: Shows, weight: f32) {
        let odds = self.sums(sentence).map(|sum| sum.min(30.0).exp());
        let all = 1.0 + odds[0] + odds[1];
        let found = odds.map(|odds| odds / all);
        let wanted = match shows {
            Shows::Neither => [0.0, 0.0],
            Shows::First => [1.0, 0.0],
            Shows::Second => [0.0, 1.0],
            Shows::Either => found.map(|part| part / (found[0] + found[1] + 1e-9)),
        };
        for of in 0..2 {
            let miss = (found[of] - wanted[of]) * weight;
            if miss.abs() < 1e-4 {
                continue;
            }
            self.begin[of] -= RATE * 0.05 * miss;
            for place in sentence.iter().map(|place| *place as usize).filter(|place| self.learned[*place]) {
                self.moved[of][place] += miss * miss;
                self.weights[of][place] -= RATE * miss / (self.moved[of][place].sqrt() + 1.0);
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 * WEIGHTS + 4);
        let byte = |weight: f32| (weight * SCALE).round().clamp(-127.0, 127.0) as i8 as u8;
        for place in 0..WEIGHTS {
            out.extend([byte(self.weights[0][place]), byte(self.weights[1][place])]);
        }
        for begin in self.begin {
            out.extend(((begin * SCALE).round() as i16).to_le_bytes());
        }
        out
    }
}
