//! The n-grams of texts, numbered once, and what is counted of them.

use crate::audit::numbers::Numbers;

/// Orders of n-grams that are counted: one token to four.
const ORDERS: usize = 4;

/// Tokens in a window of MATTR.
const WINDOW: usize = 500;

/// Openings that are counted.
const TOP: usize = 20;

/// Texts as numbers of their n-grams. What is counted of them is counted of all but those that are left out,
/// so that a jackknife numbers them once.
#[derive(Default)]
pub struct Grams {
    /// Tokens of all texts, and where each text's end.
    tokens: Vec<u32>,
    ends: Vec<usize>,
    orders: [Order; ORDERS],
    /// By text, the number of its opening; and how many there are.
    openings: Vec<u32>,
    different_openings: usize,
}

/// The n-grams of one order.
#[derive(Default)]
struct Order {
    /// Text by text: its different n-grams, with how often it has each.
    counts: Vec<(u32, u32)>,
    ends: Vec<usize>,
    different: usize,
}

impl Order {
    fn of(&self, text: usize) -> &[(u32, u32)] {
        let start = if text == 0 { 0 } else { self.ends[text - 1] };
        &self.counts[start..self.ends[text]]
    }
}

/// What texts say of an n-gram: the most times that one text has it, which text that is, and the most
/// times in any other.
#[derive(Default, Clone, Copy)]
struct Uses {
    most: u32,
    by: u32,
    next: u32,
}

impl Grams {
    pub fn of<'t>(texts: impl Iterator<Item = &'t [u32]>) -> Self {
        let mut out = Self::default();
        let mut numbers: [Numbers; ORDERS] = Default::default();
        let mut openings = Numbers::default();
        // By n-gram: the place behind its last count.
        let mut last: [Vec<usize>; ORDERS] = Default::default();
        let mut grams: Vec<u32> = Vec::new();
        for text in texts {
            let start = out.tokens.len();
            out.tokens.extend(text.iter().map(|token| numbers[0].of(u64::from(*token))));
            out.ends.push(out.tokens.len());
            let tokens = &out.tokens[start..];
            grams.clear();
            grams.extend_from_slice(tokens);
            let mut opening = 0;
            for (order, all) in out.orders.iter_mut().enumerate() {
                if order > 0 {
                    // An n-gram is the shorter one that begins where it does, and the token behind that.
                    grams.truncate(tokens.len().saturating_sub(order));
                    for (gram, token) in grams.iter_mut().zip(&tokens[order.min(tokens.len())..]) {
                        *gram = numbers[order].of(u64::from(*gram) << 32 | u64::from(*token));
                    }
                }
                if let (0..3, Some(first)) = (order, grams.first()) {
                    opening = (order as u64 + 1) << 32 | u64::from(*first);
                }
                let (last, begin) = (&mut last[order], all.counts.len());
                last.resize(numbers[order].len(), 0);
                for gram in &grams {
                    let last = &mut last[*gram as usize];
                    if *last > begin {
                        all.counts[*last - 1].1 += 1;
                    } else {
                        all.counts.push((*gram, 1));
                        *last = all.counts.len();
                    }
                }
                all.ends.push(all.counts.len());
            }
            out.openings.push(openings.of(opening));
        }
        out.different_openings = openings.len();
        out.orders.iter_mut().zip(&numbers).for_each(|(order, numbers)| order.different = numbers.len());
        out
    }

    fn texts(&self, takes_part: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        (0..self.ends.len()).filter(move |text| takes_part(*text))
    }

    fn tokens(&self, text: usize) -> &[u32] {
        let start = if text == 0 { 0 } else { self.ends[text - 1] };
        &self.tokens[start..self.ends[text]]
    }

    /// Different n-grams by all n-grams (after Li et al., NAACL 2016), of one token to three; none spans two
    /// texts. And the mean BLEU-4 of each text against all others (Zhu et al., SIGIR 2018), an order of
    /// n-grams without a match counting as a tenth of one (method 1 of Chen and Cherry, WMT 2014).
    pub fn distinct_and_bleu(&self, takes_part: impl Fn(usize) -> bool + Copy) -> ([f64; 3], f64) {
        let mut distinct = [0.0; ORDERS];
        let mut logs = vec![0.0; self.ends.len()];
        let mut uses = Vec::new();
        for (order, share) in self.orders.iter().zip(&mut distinct) {
            uses.clear();
            uses.resize(order.different, Uses::default());
            let (mut different, mut all) = (0u64, 0u64);
            for text in self.texts(takes_part) {
                for (gram, times) in order.of(text) {
                    let uses = &mut uses[*gram as usize];
                    different += u64::from(uses.most == 0);
                    all += u64::from(*times);
                    if *times > uses.most {
                        *uses = Uses { most: *times, by: text as u32, next: uses.most };
                    } else {
                        uses.next = uses.next.max(*times);
                    }
                }
            }
            *share = different as f64 / all.max(1) as f64;
            for text in self.texts(takes_part) {
                let (mut hits, mut all) = (0, 0);
                for (gram, times) in order.of(text) {
                    let uses = uses[*gram as usize];
                    hits += (*times).min(if uses.by == text as u32 { uses.next } else { uses.most });
                    all += times;
                }
                let hits = if hits == 0 { 0.1 } else { f64::from(hits) };
                logs[text] += (hits / f64::from(all.max(1))).min(1.0).ln() / ORDERS as f64;
            }
        }
        let mut lengths: Vec<usize> = self.texts(takes_part).map(|text| self.tokens(text).len()).collect();
        lengths.sort_unstable();
        let of = |text: usize| match self.tokens(text).len() {
            0 => 0.0,
            length => brevity(length, &lengths) * logs[text].exp(),
        };
        let bleu = self.texts(takes_part).map(of).sum::<f64>() / lengths.len().max(1) as f64;
        let [one, two, three, _] = distinct;
        ([one, two, three], bleu)
    }

    /// The mean share of different tokens in every window of 500 of the texts one after the other
    /// (Covington and McFall, Journal of Quantitative Linguistics 2010).
    pub fn mattr(&self, takes_part: impl Fn(usize) -> bool) -> f64 {
        let texts = self.texts(takes_part);
        let stream: Vec<u32> = texts.flat_map(|text| self.tokens(text).iter().copied()).collect();
        let mut times = vec![0u32; self.orders[0].different];
        let (mut different, mut sum, mut windows) = (0u32, 0.0, 0u64);
        for (at, token) in stream.iter().enumerate() {
            let entering = &mut times[*token as usize];
            different += u32::from(*entering == 0);
            *entering += 1;
            if at >= WINDOW {
                let leaving = &mut times[stream[at - WINDOW] as usize];
                *leaving -= 1;
                different -= u32::from(*leaving == 0);
            }
            if at + 1 >= WINDOW {
                sum += f64::from(different) / WINDOW as f64;
                windows += 1;
            }
        }
        if windows == 0 { f64::from(different) / stream.len().max(1) as f64 } else { sum / windows as f64 }
    }

    /// The share of texts that begin with one of the 20 most frequent openings of three tokens.
    pub fn top_openers(&self, takes_part: impl Fn(usize) -> bool) -> f64 {
        let mut times = vec![0usize; self.different_openings];
        let mut texts = 0;
        for text in self.texts(takes_part) {
            times[self.openings[text] as usize] += 1;
            texts += 1;
        }
        times.sort_unstable_by(|a, b| b.cmp(a));
        times.iter().take(TOP).sum::<usize>() as f64 / texts.max(1) as f64
    }
}

/// BLEU's penalty for a text that is shorter than the nearest in length of the others.
fn brevity(length: usize, lengths: &[usize]) -> f64 {
    let at = lengths.partition_point(|other| *other < length);
    // One of this length is the text itself.
    if lengths.get(at + 1) == Some(&length) {
        return 1.0;
    }
    let below = at.checked_sub(1).map(|at| lengths[at]);
    let above = lengths.get(at + 1).copied();
    match (below, above) {
        (None, Some(above)) => (1.0 - above as f64 / length as f64).exp(),
        (Some(below), Some(above)) if above - length < length - below => {
            (1.0 - above as f64 / length as f64).exp()
        }
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(texts: &[&[u32]]) -> Grams {
        Grams::of(texts.iter().copied())
    }

    fn bleu(texts: &[&[u32]]) -> f64 {
        grams(texts).distinct_and_bleu(|_| true).1
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn each_is_what_its_formula_says() {
        let of = grams(&[&[7, 8, 9], &[7, 8, 1], &[]]);
        let ([one, two, three], _) = of.distinct_and_bleu(|_| true);
        near(one, 4.0 / 6.0);
        near(two, 3.0 / 4.0);
        near(three, 1.0);
        near(of.mattr(|_| true), 4.0 / 6.0);
        near(of.top_openers(|_| true), 1.0);
        near(grams(&[&[4, 5, 6][..]; 40]).top_openers(|_| true), 1.0);
        // One token, two and none are openings too.
        let short: Vec<Vec<u32>> = (0..25).map(|n| vec![1; n % 4]).collect();
        let others: Vec<Vec<u32>> = (0..25).map(|n| vec![2, n, n]).collect();
        let texts: Vec<&[u32]> = short.iter().chain(&others).map(Vec::as_slice).collect();
        near(grams(&texts).top_openers(|_| true), (25.0 + 16.0) / 50.0);
    }

    #[test]
    fn bleu_is_one_among_copies_and_small_among_strangers() {
        near(bleu(&[&[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5]]), 1.0);
        // No order matches: (.1/5 · .1/4 · .1/3 · .1/2)^¼.
        let strangers = (0.1f64.powi(4) / 120.0).powf(0.25);
        near(bleu(&[&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]]), strangers);
        // Twice in one text, once in the other: clipped to once.
        let clipped = (0.5f64 * 0.1 * 0.1 * 0.1).powf(0.25);
        let short = (1.0f64 - 2.0).exp() * (1.0f64 * 0.1 * 0.1 * 0.1).powf(0.25);
        near(bleu(&[&[1, 1], &[1]]), (clipped + short) / 2.0);
        near(brevity(3, &[3, 3]), 1.0);
        near(brevity(3, &[2, 3, 5]), 1.0);
    }
}
