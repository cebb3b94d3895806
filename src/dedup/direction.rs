//! Texts by their meaning: the directions of their embeddings, and which of the kept ones points the same way.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Similarity;

/// Which way an embedding points: a vector of length one in whole steps of 1/32,767.
///
/// Products of such are whole numbers, so neither the order of additions nor the machine changes a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direction(Box<[i16]>);

const ONE: f64 = 32_767.0;
/// The product of a direction with itself, but for what was rounded.
const WHOLE: i64 = 32_767 * 32_767;
/// How far a square may be from that: two thousandths of a per cent.
const ENOUGH: i64 = WHOLE / 50_000;
/// The most dimensions: with these no sum of products leaves 32 bits.
pub const MOST_DIMENSIONS: usize = 1 << 16;

impl Direction {
    /// The direction of an embedding; `None` of one that has none, or too many dimensions, or what is no number.
    pub fn of(embedding: &[f32]) -> Option<Self> {
        let squares: f64 = embedding.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
        let length = squares.sqrt();
        if !length.is_normal() || embedding.len() > MOST_DIMENSIONS {
            return None;
        }
        let steps = |value: &f32| (f64::from(*value) / length * ONE).round() as i16;
        let mut steps: Box<[i16]> = embedding.iter().map(steps).collect();
        correct(&mut steps);
        Some(Self(steps))
    }

    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// Its steps.
    pub fn steps(&self) -> &[i16] {
        &self.0
    }

    /// One of steps that were told before; `None` where they are none.
    pub fn of_steps(steps: Box<[i16]>) -> Option<Self> {
        let square: i64 = steps.iter().map(|step| i64::from(*step) * i64::from(*step)).sum();
        // Each step is at most half a step off.
        let longest = ONE + (steps.len() as f64).sqrt();
        let fine = steps.len() <= MOST_DIMENSIONS && square > 0 && square as f64 <= longest * longest;
        fine.then_some(Self(steps))
    }

    /// The cosine of the angle between two, from 0 on; 0 of two that are of different models.
    pub fn cosine(&self, other: &Self) -> Similarity {
        match self.0.len() == other.0.len() {
            true => similarity(product(&self.0, &other.0)),
            false => Similarity(0),
        }
    }
}

/// What is rounded away makes a direction a little longer or shorter. Here its longest steps are changed by one
/// until its length is right to far less than a ten-thousandth, so that it is like itself.
fn correct(steps: &mut [i16]) {
    let square: i64 = steps.iter().map(|step| i64::from(*step) * i64::from(*step)).sum();
    let mut off = square - WHOLE;
    if off.abs() <= ENOUGH {
        return;
    }
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(steps[*at].unsigned_abs()));
    for at in order {
        let by = if (off > 0) == (steps[at] > 0) { -1 } else { 1 };
        let Some(other) = steps[at].checked_add(by) else { continue };
        let change = i64::from(other) * i64::from(other) - i64::from(steps[at]) * i64::from(steps[at]);
        if (off + change).abs() < off.abs() {
            steps[at] = other;
            off += change;
        }
        if off.abs() <= ENOUGH {
            break;
        }
    }
}

/// The cosine that a product stands for, in the nearest ten-thousandths.
fn similarity(product: i32) -> Similarity {
    let whole = (i64::from(product).max(0) * 10_000 + WHOLE / 2) / WHOLE;
    Similarity(whole.min(10_000) as u16)
}

/// The least product that stands for so much.
fn least_product(similarity: Similarity) -> i32 {
    let above = i64::from(similarity.0) * WHOLE - WHOLE / 2;
    (above.max(0) as u64).div_ceil(10_000) as i32
}

/// What compilers turn into products of pairs, many at a time.
fn product(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The directions of kept texts, by scope, each with the name of its text.
#[derive(Debug)]
pub struct Directions<N> {
    least: i32,
    scopes: HashMap<u64, Scope<N>>,
}

/// Dimensions that are multiplied before it is seen whether the rest can be enough.
const CHUNK: usize = 64;
/// Directions that are gone through together; the first blocks of a scope are smaller, since there may be as
/// many scopes as cells.
const BLOCK: usize = 256;
const FIRST: usize = 4;
/// Blocks from which on several threads go through them.
const MANY: usize = 16;

/// Directions of one number of dimensions, in blocks; in a block first the first chunk of each, then the
/// second, and so on, so that what is left out is not read either.
#[derive(Debug)]
struct Scope<N> {
    dimensions: usize,
    blocks: Vec<Block>,
    names: Vec<N>,
}

#[derive(Debug)]
struct Block {
    /// By chunk, the steps of each direction.
    steps: Vec<[i16; CHUNK]>,
    /// By chunk and direction: how long the rest is from there on, rounded up.
    rests: Vec<u16>,
    /// Directions of the blocks before it.
    before: usize,
    room: usize,
    used: usize,
}

/// A direction that is looked for, in chunks.
struct Sought {
    chunks: Vec<[i16; CHUNK]>,
    rests: Vec<u16>,
}

impl Sought {
    fn new(direction: &Direction) -> Self {
        let chunks: Vec<[i16; CHUNK]> = direction
            .0
            .chunks(CHUNK)
            .map(|steps| {
                let mut chunk = [0; CHUNK];
                chunk[..steps.len()].copy_from_slice(steps);
                chunk
            })
            .collect();
        let mut square = 0i64;
        let mut rests: Vec<u16> = chunks
            .iter()
            .rev()
            .map(|chunk| {
                square += i64::from(product(chunk, chunk));
                // Rounding leaves it below 2^16.
                (square as f64).sqrt().ceil() as u16
            })
            .collect();
        rests.reverse();
        Self { chunks, rests }
    }
}

impl<N: Copy + Send + Sync> Directions<N> {
    /// Of texts that are the same from this cosine on.
    pub fn new(threshold: Similarity) -> Self {
        Self { least: least_product(threshold), scopes: HashMap::new() }
    }

    /// The kept text of the scope that means most the same, if one is alike enough; the first of several.
    pub fn find(&self, scope: u64, direction: &Direction) -> Option<(N, Similarity)> {
        let scope = self.scope(scope, direction)?;
        let (product, at) = scope.find(&Sought::new(direction), self.least)?;
        Some((scope.names[at], similarity(product)))
    }

    /// Every kept text of the scope that is alike enough, in the order in which they were kept.
    pub fn find_all(&self, scope: u64, direction: &Direction) -> Vec<(N, Similarity)> {
        let Some(scope) = self.scope(scope, direction) else { return Vec::new() };
        let all = scope.find_all(&Sought::new(direction), self.least);
        all.into_iter().map(|(product, at)| (scope.names[at], similarity(product))).collect()
    }

    /// The kept text of the scope that means most the same, but for the one that was kept last.
    pub fn find_but_last(&self, scope: u64, direction: &Direction) -> Option<(N, Similarity)> {
        let scope = self.scope(scope, direction)?;
        let last = scope.names.len().checked_sub(1)?;
        let all = scope.find_all(&Sought::new(direction), self.least).into_iter();
        let others = all.filter(|(_, at)| *at != last);
        let (product, at) = others.max_by_key(|(product, at)| (*product, std::cmp::Reverse(*at)))?;
        Some((scope.names[at], similarity(product)))
    }

    fn scope(&self, scope: u64, direction: &Direction) -> Option<&Scope<N>> {
        self.scopes.get(&scope).filter(|scope| scope.dimensions == direction.dimensions())
    }

    /// Keeps a text. One of another number of dimensions than the scope's first is like nothing.
    pub fn insert(&mut self, scope: u64, direction: &Direction, name: N) {
        let dimensions = direction.dimensions();
        let new = || Scope { dimensions, blocks: Vec::new(), names: Vec::new() };
        let scope = self.scopes.entry(scope).or_insert_with(new);
        if scope.dimensions == dimensions {
            scope.push(&Sought::new(direction), name);
        }
    }
}

impl<N: Send + Sync> Scope<N> {
    fn push(&mut self, sought: &Sought, name: N) {
        let chunks = sought.chunks.len();
        if self.blocks.last().is_none_or(|block| block.used == block.room) {
            let before = self.names.len();
            let room = before.clamp(FIRST, BLOCK);
            let steps = vec![[0; CHUNK]; chunks * room];
            self.blocks.push(Block { steps, rests: vec![0; chunks * room], before, room, used: 0 });
        }
        let Some(block) = self.blocks.last_mut() else { return };
        for (chunk, (steps, rest)) in sought.chunks.iter().zip(&sought.rests).enumerate() {
            block.steps[chunk * block.room + block.used] = *steps;
            block.rests[chunk * block.room + block.used] = *rest;
        }
        block.used += 1;
        self.names.push(name);
    }

    /// The largest product, if it is so large, and where it stands first.
    fn find(&self, sought: &Sought, least: i32) -> Option<(i32, usize)> {
        let of = |block: &Block, least: i32| {
            let (product, at) = block.find(sought, least)?;
            Some((product, block.before + at))
        };
        if self.blocks.len() < MANY {
            let mut best: Option<(i32, usize)> = None;
            for block in &self.blocks {
                best = of(block, best.map_or(least, |(product, _)| product + 1)).or(best);
            }
            return best;
        }
        let blocks = self.blocks.par_iter().with_min_len(MANY / 2);
        blocks
            .filter_map(|block| of(block, least))
            .max_by_key(|(product, at)| (*product, std::cmp::Reverse(*at)))
    }

    /// Every product that is so large, and where it stands, in order.
    fn find_all(&self, sought: &Sought, least: i32) -> Vec<(i32, usize)> {
        let of = |block: &Block| {
            let mut out = Vec::new();
            block.each(sought, least, |product, at| out.push((product, block.before + at)));
            out
        };
        match self.blocks.len() < MANY {
            true => self.blocks.iter().flat_map(of).collect(),
            false => self.blocks.par_iter().with_min_len(MANY / 2).flat_map_iter(of).collect(),
        }
    }
}

impl Block {
    fn find(&self, sought: &Sought, least: i32) -> Option<(i32, usize)> {
        let mut best: Option<(i32, usize)> = None;
        self.each(sought, least, |product, at| {
            if best.is_none_or(|(best, _)| product > best) {
                best = Some((product, at));
            }
        });
        best
    }

    /// Tells of each product that is so large, and where it stands, in order.
    fn each(&self, sought: &Sought, least: i32, mut tell: impl FnMut(i32, usize)) {
        let mut products = [0i32; BLOCK];
        let mut left = [0u16; BLOCK];
        let mut count = self.used;
        left[..count].iter_mut().enumerate().for_each(|(at, left)| *left = at as u16);
        let last = sought.chunks.len() - 1;
        for (chunk, steps) in sought.chunks.iter().enumerate() {
            let own = &self.steps[chunk * self.room..(chunk + 1) * self.room];
            let next = &self.rests[(chunk + 1).min(last) * self.room..];
            let rest = if chunk == last { 0 } else { i64::from(sought.rests[chunk + 1]) };
            let mut kept = 0;
            for index in 0..count {
                let at = left[index];
                let row = usize::from(at);
                let sum = products[row] + product(steps, &own[row]);
                products[row] = sum;
                left[kept] = at;
                kept += usize::from(i64::from(sum) + rest * i64::from(next[row]) >= i64::from(least));
            }
            count = kept;
            if count == 0 {
                return;
            }
        }
        for at in &left[..count] {
            let product = products[usize::from(*at)];
            if product >= least {
                tell(product, usize::from(*at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Embeddings, many of them near one another, of dimensions that end within a chunk or beyond several.
    fn embeddings() -> impl Strategy<Value = Vec<Vec<f32>>> {
        let dimensions = prop::sample::select(vec![1usize, 3, 64, 65, 200]);
        dimensions.prop_flat_map(|dimensions| {
            let one = prop::collection::vec(-1.0f32..1.0, dimensions);
            let sources = prop::collection::vec(one, 1..4);
            let moves = prop::collection::vec((0..4usize, 0.0f32..0.5, any::<u64>()), 1..60);
            (sources, moves).prop_map(|(sources, moves)| {
                let near = |(source, by, seed): (usize, f32, u64)| {
                    let source = &sources[source % sources.len()];
                    let noise = |at: usize| (seed >> (at % 60) & 7) as f32 / 4.0 - 0.8;
                    source.iter().enumerate().map(|(at, value)| value + by * noise(at)).collect()
                };
                moves.into_iter().map(near).collect()
            })
        })
    }

    proptest! {
        /// What is found is what comparing with each kept text in turn finds.
        #[test]
        fn it_finds_what_comparing_all_finds(
            embeddings in embeddings(),
            scopes in prop::collection::vec(0..2u64, 60),
            threshold in prop::sample::select(vec![0u16, 7_000, 9_000, 9_900, 10_000]),
            keep_all: bool,
        ) {
            let threshold = Similarity(threshold);
            let mut index = Directions::new(threshold);
            let mut kept: Vec<(u64, Direction)> = Vec::new();
            for (embedding, scope) in embeddings.iter().zip(&scopes) {
                let Some(direction) = Direction::of(embedding) else { continue };
                let mut best: Option<(i32, usize)> = None;
                let mut all = Vec::new();
                for (name, (of, other)) in kept.iter().enumerate() {
                    let product = product(&other.0, &direction.0);
                    let alike = of == scope && product >= 0 && other.cosine(&direction) >= threshold;
                    if alike {
                        all.push((name, similarity(product)));
                    }
                    if alike && best.is_none_or(|(best, _)| product > best) {
                        best = Some((product, name));
                    }
                }
                let expected = best.map(|(product, name)| (name, similarity(product)));
                prop_assert_eq!(index.find(*scope, &direction), expected);
                prop_assert_eq!(index.find_all(*scope, &direction), all);
                if expected.is_none() || keep_all {
                    index.insert(*scope, &direction, kept.len());
                    kept.push((*scope, direction));
                }
            }
        }

        #[test]
        fn a_direction_is_its_steps_and_is_like_itself(embedding in prop::collection::vec(-1e6f32..1e6, 0..300)) {
            let Some(direction) = Direction::of(&embedding) else {
                prop_assert!(embedding.iter().all(|value| *value == 0.0));
                return Ok(());
            };
            prop_assert_eq!(direction.cosine(&direction), Similarity::SAME);
            prop_assert_eq!(Direction::of_steps(direction.steps().into()), Some(direction.clone()));
            // How long it is says nothing.
            let longer: Vec<f32> = embedding.iter().map(|value| value * 4.0).collect();
            prop_assert_eq!(Direction::of(&longer), Some(direction));
        }

        /// Neither whatever steps are read back nor whatever a server sends overflows.
        #[test]
        fn any_steps_are_a_direction_or_none(a in prop::collection::vec(any::<i16>(), 64..65), b in prop::collection::vec(any::<f32>(), 64..65)) {
            let (Some(a), Some(b)) = (Direction::of_steps(a.into()), Direction::of(&b)) else { return Ok(()) };
            prop_assert_eq!(a.cosine(&b), b.cosine(&a));
        }
    }

    #[test]
    fn thresholds_are_kept_to_the_ten_thousandth() {
        for wanted in [0, 1, 5_000, 8_999, 9_000, 9_999, 10_000] {
            let least = least_product(Similarity(wanted));
            assert_eq!(similarity(least), Similarity(wanted));
            assert!(least == 0 || similarity(least - 1) < Similarity(wanted));
        }
    }

    #[test]
    fn many_blocks_are_gone_through_as_few_are() {
        let mut index = Directions::new(Similarity(9_999));
        let at = |number: u32| {
            let angle = f64::from(number) / 5_000.0;
            Direction::of(&[angle.cos() as f32, angle.sin() as f32]).unwrap()
        };
        let count = (BLOCK * (MANY + 3)) as u32;
        for number in 0..count {
            index.insert(0, &at(number), number);
        }
        let all: Vec<Direction> = (0..count).map(at).collect();
        for number in [0, 17, 2_000, count - 1] {
            let products = all.iter().map(|other| product(&other.0, &at(number).0));
            let alike =
                (0..count).filter(|other| all[*other as usize].cosine(&at(number)) >= Similarity(9_999));
            let found: Vec<u32> = index.find_all(0, &at(number)).into_iter().map(|(name, _)| name).collect();
            assert_eq!(found, alike.collect::<Vec<_>>());
            // Of several that round alike the first is meant.
            let (first, _) = (0..count).zip(products).rev().max_by_key(|(_, product)| *product).unwrap();
            assert_eq!(index.find(0, &at(number)).map(|(name, _)| name), Some(first));
        }
        assert_eq!(index.find(1, &at(1)), None);
    }

    #[test]
    fn models_of_other_dimensions_are_like_nothing() {
        let of = |embedding: &[f32]| Direction::of(embedding).unwrap();
        let mut index = Directions::new(Similarity(1));
        index.insert(0, &of(&[1.0, 0.0]), 0);
        index.insert(0, &of(&[1.0, 0.0, 0.0]), 1);
        assert_eq!(index.find(0, &of(&[1.0, 0.0, 0.0])), None);
        assert_eq!(index.find(0, &of(&[1.0, 0.0])), Some((0, Similarity::SAME)));
        assert_eq!(of(&[1.0]).cosine(&of(&[1.0, 0.0])), Similarity(0));
        for none in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 1.0]] {
            assert_eq!(Direction::of(none), None);
        }
        assert_eq!(of(&[1.0, 0.0]).cosine(&of(&[-1.0, 0.0])), Similarity(0), "from 0 on");
    }
}
