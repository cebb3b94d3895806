//! Intervals and tests. All intervals are of 95 %.

use std::collections::HashSet;

use crate::model::random::Random;

/// The 97.5th percentile of the normal distribution.
pub const Z: f64 = 1.959_964;

/// How often a bootstrap draws.
const DRAWS: usize = 200;

/// The least and the greatest of what is likely.
pub type Interval = [f64; 2];

/// Texts that are not nearly the same, at least, before an interval that draws them again, or counts them,
/// says anything: of fewer, samples are too much alike.
pub const LEAST_CLUSTERS: usize = 50;

/// Wilson's score interval of a share (JASA 1927).
pub fn wilson(hits: usize, of: usize) -> Interval {
    if of == 0 {
        return [0.0, 1.0];
    }
    wilson_of(hits as f64 / of as f64, of as f64)
}

/// The same of a share among so many that count, which need not be a whole number.
pub fn wilson_of(share: f64, n: f64) -> Interval {
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// How many independent rows clusters of these sizes are worth (Kish, Survey Sampling 1965): their number
/// where all are of one size, and little more than one where one has nearly all rows.
pub fn effective(sizes: impl Iterator<Item = f64> + Clone) -> f64 {
    let (sum, squares) = (sizes.clone().sum::<f64>(), sizes.map(|size| size * size).sum::<f64>());
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// The interval of a number's size, from that of the number.
pub fn folded([low, high]: Interval) -> Interval {
    if low <= 0.0 && high >= 0.0 {
        return [0.0, high.max(-low)];
    }
    [low.abs().min(high.abs()), low.abs().max(high.abs())]
}

/// The logarithm of the odds ratio of two shares, as (hits, of), and its standard error, each count half a
/// row greater (Haldane, Annals of Human Genetics 1956; Anscombe, Biometrika 1956), so that it can be told
/// where one is 0 too.
pub fn odds_ratio(first: (usize, usize), second: (usize, usize)) -> (f64, f64) {
    let half = |count: usize| count as f64 + 0.5;
    let cells = [first.0, first.1 - first.0, second.0, second.1 - second.0].map(half);
    let [a, b, c, d] = cells;
    ((a * d / (b * c)).ln(), cells.iter().map(|cell| 1.0 / cell).sum::<f64>().sqrt())
}

/// Newcombe's hybrid score interval of the difference of two shares (Statistics in Medicine 1998,
/// his method 10).
pub fn newcombe(first: (usize, usize), second: (usize, usize)) -> Interval {
    let share = |(hits, of): (usize, usize)| hits as f64 / of.max(1) as f64;
    let (p, q) = (share(first), share(second));
    let ([pl, ph], [ql, qh]) = (wilson(first.0, first.1), wilson(second.0, second.1));
    let d = p - q;
    [d - ((p - pl).powi(2) + (qh - q).powi(2)).sqrt(), d + ((ph - p).powi(2) + (q - ql).powi(2)).sqrt()]
}

/// The two-sided p of the pooled z test that two shares are one.
pub fn two_proportions(first: (usize, usize), second: (usize, usize)) -> (f64, f64) {
    let (n, m) = (first.1 as f64, second.1 as f64);
    if n == 0.0 || m == 0.0 {
        return (0.0, 1.0);
    }
    let pooled = (first.0 + second.0) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    if error == 0.0 {
        return (0.0, 1.0);
    }
    let z = (first.0 as f64 / n - second.0 as f64 / m) / error;
    (z, two_sided(z))
}

/// The two-sided p of a normal deviate; by the rational approximation 7.1.26 of Abramowitz and
/// Stegun, whose error is below 1.5 × 10⁻⁷.
pub fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    (series * (-x * x).exp()).clamp(0.0, 1.0)
}

/// Adjusts p values so that those below a level are false discoveries at no more than that rate
/// (Benjamini and Hochberg, JRSS B 1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let mut out = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (from_last, index) in order.into_iter().enumerate() {
        let rank = (p.len() - from_last) as f64;
        least = least.min(p[index] * p.len() as f64 / rank);
        out[index] = least;
    }
    out
}

/// How many different clusters these are.
pub fn count_clusters(clusters: &[u32]) -> usize {
    clusters.iter().collect::<HashSet<_>>().len()
}

/// An interval by drawing clusters of rows again (the cluster bootstrap, Davison and Hinkley 1997, 3.8), since
/// rows that are nearly the same say a thing once: the spread of the statistic over samples of as many
/// clusters, moved so that its mean stands at `value`, since a statistic that is never negative is too large
/// in samples.
///
/// `clusters` has the cluster of each row, and `rows` what the statistic needs of it. A sample is what `adds`
/// makes of a copy of `none`, row by row, so that rows which are drawn are nowhere written down.
pub fn bootstrap<R: Copy, S: Clone>(
    (seed, purpose): (u64, &str),
    clusters: &[u32],
    rows: &[R],
    value: f64,
    none: &S,
    adds: impl Fn(&mut S, R),
    statistic: impl Fn(&S) -> f64,
) -> Interval {
    let mut order: Vec<u32> = (0..clusters.len() as u32).collect();
    order.sort_by_key(|row| clusters[*row as usize]);
    let same = |a: &u32, b: &u32| clusters[*a as usize] == clusters[*b as usize];
    // Where each cluster's rows begin, and where the last ones' end.
    let mut starts = vec![0u32];
    starts.extend(order.chunk_by(same).scan(0, |end, rows| {
        *end += rows.len() as u32;
        Some(*end)
    }));
    let together = starts.len() - 1;
    let rows: Vec<R> = order.iter().map(|row| rows[*row as usize]).collect();
    let mut random = Random::of(seed, purpose);
    let mut sample = none.clone();
    let mut drawn: Vec<f64> = (0..DRAWS)
        .map(|_| {
            sample.clone_from(none);
            for _ in 0..together {
                let cluster = random.below(together);
                let (start, end) = (starts[cluster] as usize, starts[cluster + 1] as usize);
                rows[start..end].iter().for_each(|row| adds(&mut sample, *row));
            }
            statistic(&sample)
        })
        .collect();
    spread(&mut drawn, value)
}

/// The 2.5th to the 97.5th percentile of what was drawn, moved so that the mean is at `value`.
pub fn spread(drawn: &mut [f64], value: f64) -> Interval {
    if drawn.is_empty() {
        return [value, value];
    }
    let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| drawn[((drawn.len() - 1) as f64 * share).round() as usize];
    [(value + at(0.025) - mean).min(value), (value + at(0.975) - mean).max(value)]
}

/// Cramér's V of a table of counts, corrected for its bias (Bergsma, Journal of the Korean
/// Statistical Society 2013): 0 where rows and columns have nothing to do with each other, whatever
/// the size. `None` where fewer than two rows or columns hold anything.
pub fn cramers_v(table: &[Vec<f64>]) -> Option<f64> {
    let columns = table.iter().map(Vec::len).max()?;
    let row: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let column: Vec<f64> = (0..columns).map(|at| table.iter().map(|row| row[at]).sum()).collect();
    let n: f64 = row.iter().sum();
    let filled = |margin: &[f64]| margin.iter().filter(|sum| **sum > 0.0).count() as f64;
    let (r, c) = (filled(&row), filled(&column));
    if r < 2.0 || c < 2.0 || n < 2.0 {
        return None;
    }
    let mut chi = 0.0;
    for (cells, row) in table.iter().zip(&row) {
        for (cell, column) in cells.iter().zip(&column) {
            let expected = row * column / n;
            if expected > 0.0 {
                chi += (cell - expected).powi(2) / expected;
            }
        }
    }
    let phi = (chi / n - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
    let least = (r - (r - 1.0).powi(2) / (n - 1.0)).min(c - (c - 1.0).powi(2) / (n - 1.0)) - 1.0;
    (least > 0.0).then(|| (phi / least).sqrt().min(1.0))
}

/// The entropy of counts, in nats.
pub fn entropy(counts: impl Iterator<Item = f64> + Clone) -> f64 {
    let all: f64 = counts.clone().sum();
    counts.filter(|count| *count > 0.0).map(|count| count / all).map(|share| -share * share.ln()).sum()
}

/// The mutual information of a table of counts by the smaller of the two entropies (Kvålseth, IEEE
/// SMC 1987): 1 where one tells the other wholly, however many values each has.
pub fn normalised_information(table: &[Vec<f64>]) -> f64 {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let row: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let column: Vec<f64> = (0..columns).map(|at| table.iter().map(|row| row[at]).sum()).collect();
    let (of_rows, of_columns) = (entropy(row.iter().copied()), entropy(column.iter().copied()));
    let joint = entropy(table.iter().flatten().copied());
    let least = of_rows.min(of_columns);
    if least > 1e-12 { ((of_rows + of_columns - joint) / least).max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, within: f64) {
        assert!((a - b).abs() <= within, "{a} is not {b}");
    }

    #[test]
    fn intervals_are_those_of_the_textbooks() {
        // Newcombe's own examples (1998): 56/70 and 48/80, and 9/10 and 3/10.
        let [low, high] = newcombe((56, 70), (48, 80));
        near(low, 0.0524, 5e-5);
        near(high, 0.3339, 5e-5);
        let [low, high] = newcombe((9, 10), (3, 10));
        near(low, 0.1705, 5e-5);
        near(high, 0.8090, 5e-5);
        let [low, high] = wilson(0, 10);
        near(low, 0.0, 1e-9);
        near(high, 0.2775, 1e-4);
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }

    #[test]
    fn p_values_are_those_of_the_normal_table() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_311), (1.959_964, 0.05), (3.290_527, 0.001), (-2.0, 0.045_5)] {
            near(two_sided(z), p, 1e-6);
        }
        let (z, p) = two_proportions((30, 100), (20, 100));
        near(z, 1.633, 1e-3);
        near(p, 0.1025, 1e-3);
        assert_eq!(two_proportions((0, 0), (1, 2)), (0.0, 1.0));
    }

    #[test]
    fn false_discoveries_are_adjusted_for() {
        let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005]);
        for (got, wanted) in adjusted.iter().zip([0.02, 0.04, 0.04, 0.02]) {
            near(*got, wanted, 1e-12);
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    #[test]
    fn association_is_all_or_nothing_at_the_ends() {
        let one = vec![vec![50.0, 0.0], vec![0.0, 50.0]];
        near(cramers_v(&one).unwrap(), 1.0, 0.01);
        near(normalised_information(&one), 1.0, 1e-12);
        let none = vec![vec![25.0, 25.0], vec![25.0, 25.0]];
        near(cramers_v(&none).unwrap(), 0.0, 1e-12);
        near(normalised_information(&none), 0.0, 1e-12);
        assert_eq!(cramers_v(&[vec![5.0, 0.0], vec![7.0, 0.0]]), None, "a feature that nobody has");
    }

    #[test]
    fn a_bootstrap_holds_the_mean_of_what_it_draws_from() {
        let values: Vec<f64> = (0..400).map(|n| f64::from(n % 10)).collect();
        let mean = 4.5;
        let rows: Vec<u32> = (0..400).collect();
        let add = |(sum, count): &mut (f64, f64), x| (*sum, *count) = (*sum + x, *count + 1.0);
        let of = |clusters: &[u32], values: &[f64]| {
            bootstrap((3, "test"), clusters, values, mean, &(0.0, 0.0), add, |(sum, count)| sum / count)
        };
        let [low, high] = of(&rows, &values);
        // The standard error is 2.872 / 20.
        near(low, mean - Z * 0.1436, 0.06);
        near(high, mean + Z * 0.1436, 0.06);
        // The same rows four times are no more than they were once.
        let four: Vec<u32> = (0..1600).map(|row| row / 4).collect();
        let values: Vec<f64> = (0..1600).map(|row| values[row / 4]).collect();
        let [low, high] = of(&four, &values);
        near(high - low, 2.0 * Z * 0.1436, 0.1);
    }

    #[test]
    fn a_bootstrap_draws_whole_clusters() {
        // Rows 0, 2 and 5 are one cluster, 1 and 4 another, 3 is alone.
        let clusters = [7, 2, 7, 9, 2, 7];
        let seen = std::cell::RefCell::new(Vec::new());
        let add = |counts: &mut [u32; 6], row: usize| counts[row] += 1;
        bootstrap((1, "test"), &clusters, &[0, 1, 2, 3, 4, 5], 0.0, &[0; 6], add, |counts| {
            seen.borrow_mut().push(*counts);
            0.0
        });
        let seen = seen.into_inner();
        assert_eq!(seen.len(), DRAWS);
        for counts in &seen {
            let [a, b, c, d, e, f] = *counts;
            assert!(a == c && a == f && b == e && a + b + d == 3, "{counts:?}");
        }
        // Each is drawn once a sample, on average.
        let mean = |row: usize| seen.iter().map(|counts| f64::from(counts[row])).sum::<f64>() / DRAWS as f64;
        [0, 1, 3].into_iter().for_each(|row| near(mean(row), 1.0, 0.2));
    }

    #[test]
    fn an_odds_ratio_and_what_rows_are_worth_are_those_of_the_textbooks() {
        // 16 of 35 against 35 of 245, each count half a row greater.
        let (ratio, error) = odds_ratio((16, 35), (35, 245));
        near(ratio, (16.5f64 * 210.5 / (19.5 * 35.5)).ln(), 1e-12);
        near(error, (1.0f64 / 16.5 + 1.0 / 210.5 + 1.0 / 19.5 + 1.0 / 35.5).sqrt(), 1e-12);
        assert!(odds_ratio((0, 10), (10, 10)).0.is_finite());
        near(effective([5.0; 8].into_iter()), 8.0, 1e-12);
        near(effective([90.0, 1.0, 1.0].into_iter()), 92.0 * 92.0 / 8102.0, 1e-12);
        assert_eq!(folded([-0.3, 0.1]), [0.0, 0.3]);
        assert_eq!(folded([-0.3, -0.1]), [0.1, 0.3]);
        assert_eq!(wilson_of(0.25, 40.0), wilson(10, 40));
    }

    /// Where nothing depends on anything, a twentieth of draws may seem to, however frequent it is.
    #[test]
    fn chance_is_taken_for_bias_in_a_twentieth_of_draws() {
        for prevalence in [0.1, 0.5, 0.9] {
            let mut random = Random::of(9, "null");
            let mut draw = |of: usize| {
                (0..of).filter(|_| (random.below(1 << 20) as f64) < prevalence * f64::from(1 << 20)).count()
            };
            let (mut raw, mut drawn_in) = (0, 0);
            const DRAWS: usize = 2000;
            for _ in 0..DRAWS {
                let (first, second) = ((draw(200), 200), (draw(600), 600));
                let sure = |(ratio, error): (f64, f64)| two_sided(ratio / error) < 0.05;
                raw += usize::from(sure(odds_ratio(first, second)));
                drawn_in += usize::from(sure(crate::audit::log_odds(first, second)));
            }
            let share = |times: usize| times as f64 / DRAWS as f64;
            assert!((0.03..=0.065).contains(&share(raw)), "{prevalence}: {}", share(raw));
            // Drawn towards the whole, it is the more careful one.
            assert!(share(drawn_in) <= 0.06, "{prevalence}: {}", share(drawn_in));
        }
    }
}
