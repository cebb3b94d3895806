//! Trains the weights that score names: `cargo run --release --example name-weights -- TEXTS.tsv
//! src/anonymize/data/weights.bin`.
//!
//! TEXTS.tsv has a text a line, in which people's names are masked as `[NAME]` (as in GoEmotions); names
//! drawn from the lexicon are put in their places, a fifth of them with what the lexicon knows hidden, so
//! that unknown names are learned too. Sentences of our own (`sources/contexts.txt`) show what such texts
//! lack: places and brands in the places of names, introductions, titles, kin.
#![expect(clippy::print_stderr, clippy::unwrap_used)]

use emogrid::anonymize::View;
use emogrid::anonymize::lexicon::{Facts, Lexicon};
use emogrid::anonymize::names::{self, Features, SCALE, WEIGHTS};

struct Random(u64);
impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

struct Pool {
    names: Vec<(&'static str, u64)>,
    total: u64,
    abroad: Vec<&'static str>,
}

impl Pool {
    fn new(weight: impl Fn(Facts) -> u32) -> Self {
        let mut total = 0;
        let mut pool = Self { names: vec![], total: 0, abroad: vec![] };
        for (name, facts) in Lexicon::get().entries() {
            let w = weight(facts);
            if w == 0 || facts.word() >= 6 && w < 5 {
                continue;
            }
            if w >= 3 && !facts.place() && !facts.other() && facts.culture() > 1 && facts.word() < 4 {
                pool.abroad.push(name);
            }
            if (facts.place() || facts.other()) && w < 5 {
                continue;
            }
            let rare = if facts.place() || facts.other() { 4 } else { 0 };
            total += (1u64 << (2 * w.min(7)) >> (if facts.word() >= 5 { 2 } else { 0 })) >> rare;
            pool.names.push((name, total));
        }
        pool.total = total;
        pool
    }
    fn pick(&self, random: &mut Random) -> &'static str {
        if random.chance(45) {
            return self.abroad[random.below(self.abroad.len())];
        }
        let at = random.next() % self.total;
        self.names[self.names.partition_point(|&(_, sum)| sum <= at)].0
    }
}

fn capital(name: &str) -> String {
    let mut up = true;
    name.chars()
        .map(|c| {
            let r = if up { c.to_ascii_uppercase() } else { c };
            up = c == '-' || c == '\'';
            r
        })
        .collect()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(out)) = (args.next(), args.next()) else {
        panic!("usage: name-weights TEXTS.tsv WEIGHTS.bin");
    };
    let first = Pool::new(Facts::first);
    let last = Pool::new(Facts::last);
    let double: Vec<&str> = Lexicon::get()
        .entries()
        .filter(|(_, f)| f.first() >= 4 && (f.word() >= 4 || f.other()))
        .map(|e| e.0)
        .collect();
    let mut random = Random(0x2545F4914F6CDD1D);
    let mut examples: Vec<(Features, bool, bool, String)> = Vec::new();
    let mut features = Vec::new();
    let input = std::fs::read_to_string(&path).unwrap();
    let contexts = std::fs::read_to_string("src/anonymize/data/sources/contexts.txt").unwrap();
    let places: Vec<String> = std::fs::read_to_string("src/anonymize/data/sources/places.txt")
        .unwrap()
        .split_whitespace()
        .map(capital)
        .collect();
    let brands: Vec<String> = std::fs::read_to_string("src/anonymize/data/sources/proper.txt")
        .unwrap()
        .lines()
        .take(2)
        .flat_map(|l| l.split_whitespace().map(capital).collect::<Vec<_>>())
        .collect();
    let lines: Vec<(String, usize)> = input
        .lines()
        .map(|line| {
            let text = line.split('\t').next().unwrap().replace("[RELIGION]", "Muslim");
            let n = if text.contains("[NAME]") { 3 } else { 1 };
            (text, n)
        })
        .chain(contexts.lines().map(|l| (l.to_owned(), if l.contains('{') { 24 } else { 8 })))
        .collect();
    for (text, times) in &lines {
        let own = *times > 3;
        let masked = text.contains("[NAME]");
        for round in 0..*times {
            let mut text = text.clone();
            if own {
                while text.contains("{P}") {
                    text = text.replacen("{P}", &places[random.below(places.len())], 1);
                }
                while text.contains("{B}") {
                    text = text.replacen("{B}", &brands[random.below(brands.len())], 1);
                }
                if round % 4 == 3 {
                    text = if text.starts_with(char::is_lowercase) {
                        let mut c = text.chars();
                        c.next().unwrap().to_uppercase().chain(c).collect()
                    } else if !text.starts_with('{')
                        && text.split(' ').filter(|w| w.starts_with(char::is_uppercase)).count() == 1
                    {
                        let mut c = text.chars();
                        c.next().unwrap().to_lowercase().chain(c).collect()
                    } else {
                        text
                    };
                }
                if random.chance(30) {
                    text = format!(
                        "{}{}",
                        ["ok. ", "lol. ", "Honestly, ", "well. ", "Wow! ", "so tired. "][random.below(6)],
                        text
                    );
                }
                if random.chance(30) {
                    text = format!(
                        "{}{}",
                        text.trim_end_matches('.'),
                        [".", "!", "...", " lol", ", honestly", " 😭"][random.below(6)]
                    );
                }
            }
            let mut ranges = Vec::new();
            let mut filled = String::new();
            let marked = text
                .replace("{N}", "\u{1}n")
                .replace("{F}", "\u{1}f")
                .replace("{L}", "\u{1}l")
                .replace("[NAME]", "\u{1}x");
            for (n, part) in marked.split('\u{1}').enumerate() {
                let mut part = part;
                if n > 0 {
                    let slot = part.as_bytes()[0];
                    part = &part[1..];
                    let kind = match slot {
                        b'f' => {
                            if random.chance(88) {
                                0
                            } else {
                                80
                            }
                        }
                        b'l' => 60,
                        b'n' => {
                            if random.chance(70) {
                                80
                            } else {
                                0
                            }
                        }
                        _ => random.below(100),
                    };
                    let name = match kind {
                        0..50 if own && random.chance(14) => double[random.below(double.len())].to_owned(),
                        0..50 => first.pick(&mut random).to_owned(),
                        50..68 => last.pick(&mut random).to_owned(),
                        _ => format!("{} {}", first.pick(&mut random), last.pick(&mut random)),
                    };
                    let name = match random.below(100) {
                        0..13 => name,
                        13..16 => name.to_uppercase(),
                        _ => capital(&name),
                    };
                    ranges.push(filled.len()..filled.len() + name.len());
                    filled.push_str(&name);
                    if slot == b'x' && random.chance(12) && part.starts_with(' ') {
                        filled.push_str("'s");
                    }
                }
                filled.push_str(part);
            }
            let hide = random.chance(18);
            let view = View::new(&filled);
            for at in 0..view.tokens.len() {
                if !names::candidate(&view, at) {
                    continue;
                }
                let token = &view.tokens[at];
                let name = ranges.iter().any(|range| range.contains(&token.start));
                if masked && !own && !name && random.chance(66) {
                    continue;
                }
                let facts = if name && hide && token.facts.word() == 0 {
                    token.facts.without_name()
                } else {
                    token.facts
                };
                names::features(&view, at, facts, &mut features);
                examples.push((features.clone(), name, true, String::new()));
                if !name {
                    examples.last_mut().unwrap().3 = filled[token.start..token.end].to_owned();
                }
            }
        }
    }
    eprintln!("{} examples, {} names", examples.len(), examples.iter().filter(|e| e.1).count());
    let mut weights = vec![0f32; WEIGHTS];
    for round in 0..2 {
        weights = vec![0f32; WEIGHTS];
        let mut squares = vec![1e-3f32; WEIGHTS];
        for epoch in 0..8 {
            for n in (1..examples.len()).rev() {
                examples.swap(n, random.below(n + 1));
            }
            let mut loss = 0f64;
            for (features, name, used, _) in &examples {
                if !used {
                    continue;
                }
                let z: f32 = features.iter().map(|&n| weights[n as usize]).sum();
                let p = 1.0 / (1.0 + (-z).exp());
                let g = p - f32::from(u8::from(*name));
                loss -= f64::from(if *name { p.max(1e-6).ln() } else { (1.0 - p).max(1e-6).ln() });
                for &n in features {
                    let n = n as usize;
                    let g = g + 2e-5 * weights[n] * 1.0;
                    squares[n] += g * g;
                    weights[n] -= 0.08 * g / squares[n].sqrt();
                }
            }
            eprintln!("round {round} epoch {epoch} loss {:.4}", loss / examples.len() as f64);
        }
        // Names that the masks of the texts missed must not be learned as none.
        let mut left = 0;
        for (features, name, used, word) in &mut examples {
            let z: f32 = features.iter().map(|&n| weights[n as usize]).sum();
            if !*name && z > 1.5 {
                *used = false;
                left += 1;
                if round == 0 && left % 40 == 0 {
                    eprint!("{word} ");
                }
            }
        }
        eprintln!("\n{left} left out");
    }
    let bytes: Vec<u8> =
        weights.iter().map(|w| (w * SCALE).round().clamp(-127.0, 127.0) as i8 as u8).collect();
    std::fs::write(out, bytes).unwrap();
}
