//! L2-regularised logistic regression, each label against the rest, by dual coordinate descent.
//!
//! For one label with y = ±1 it minimises ½‖w‖² + C Σᵢ ln(1 + e^(−yᵢ w·xᵢ)), the bias being the weight
//! of a feature that is always 1: the problem that LIBLINEAR solves. Its dual has a variable
//! 0 < αᵢ < C a row, with w = Σᵢ αᵢ yᵢ xᵢ and, at the optimum, αᵢ = C / (1 + e^mᵢ) for the row's margin
//! mᵢ = yᵢ w·xᵢ (H.-F. Yu, F.-L. Huang, C.-J. Lin, *Dual coordinate descent methods for logistic
//! regression and maximum entropy models*, Machine Learning 85, 2011). A step solves that for one row
//! with the others held: we look for the margin rather than for α, since
//! m − m₀ − (C / (1 + e^m) − α₀) ‖x‖² rises in m, is all but linear, and needs no logarithms.
//!
//! Several labels are trained in one pass: the weights of an n-gram for all of them stand in one or
//! two lines of the cache, and reading the rows and finding those lines is most of the work.

use super::logistic::exp;
use super::matrix::Matrix;
use crate::labels::LabelSet;

/// What `fit` makes of `L` labels.
pub struct Fitted<const L: usize> {
    /// Of each n-gram.
    pub weights: Vec<[f32; L]>,
    pub bias: [f32; L],
    /// Passes over the rows.
    pub passes: u32,
}

/// How hard to try.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// C: the higher, the closer to the training rows.
    pub strength: f32,
    /// Enough when a pass moves each label's α by less than this part of their sum.
    pub tolerance: f32,
    pub most_passes: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { strength: 1.0, tolerance: 0.003, most_passes: 100 }
    }
}

/// Steps of Newton's method for one row's margin.
const NEWTON: usize = 3;

/// Trains the labels from `first` on. The outcome depends on nothing but the arguments: rows are
/// visited in an order that is shuffled anew for each pass, always alike.
pub fn fit<const L: usize>(
    rows: &Matrix,
    ngrams: usize,
    gold: &[LabelSet],
    first: usize,
    effort: Effort,
) -> Fitted<L> {
    let c = effort.strength;
    let mut weights = vec![[0f32; L]; ngrams];
    let mut bias = [0f32; L];
    let mut alphas = vec![[0f32; L]; rows.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
    let mut passes = 0;
    while passes < effort.most_passes {
        passes += 1;
        shuffle.apply(&mut order);
        let (mut moved, mut total) = ([0f32; L], [0f32; L]);
        for &row in &order {
            let entries = rows.row(row);
            let mut margin = bias;
            let mut square = 1.0;
            for (id, value) in entries.clone() {
                let of_it = &weights[id];
                for label in 0..L {
                    margin[label] += value * of_it[label];
                }
                square += value * value;
            }
            let sign: [f32; L] = std::array::from_fn(|label| {
                // The last labels of the last part may be none.
                let has = first + label < crate::labels::MOST_LABELS && gold[row].contains(first + label);
                if has { 1.0 } else { -1.0 }
            });
            let alpha = &mut alphas[row];
            let mut step = [0f32; L];
            let mut largest = 0f32;
            for label in 0..L {
                let now = alpha[label];
                let new = best_alpha(sign[label] * margin[label], now, c, square);
                step[label] = new - now;
                moved[label] += (new - now).abs();
                total[label] += new;
                largest = largest.max((new - now).abs());
            }
            // What hardly moves is left for another pass, which is where most of the late ones go.
            if largest < 1e-3 * effort.tolerance * c {
                continue;
            }
            for label in 0..L {
                alpha[label] += step[label];
                step[label] *= sign[label];
                bias[label] += step[label];
            }
            for (id, value) in entries {
                let of_it = &mut weights[id];
                for label in 0..L {
                    of_it[label] += value * step[label];
                }
            }
        }
        let settled = |label: usize| moved[label] <= effort.tolerance * total[label];
        if (0..L).all(settled) {
            break;
        }
    }
    Fitted { weights, bias, passes }
}

/// The α of one row that is best with the others as they are.
///
/// `margin` is y w·x with the row's α as it is `now`; `square` is ‖x‖², the bias's feature included.
#[inline(always)]
fn best_alpha(margin: f32, now: f32, c: f32, square: f32) -> f32 {
    // Without this row the margin would be `rest`; with its α at most C, `rest + reach`.
    let rest = margin - now * square;
    let reach = c * square;
    // What is solved bends one way below 0 and the other way above. On the side where the root is,
    // Newton's method comes nearer with each step from any place between 0 and the root, and gets
    // there in one from beyond.
    let (low, high) = if rest + 0.5 * reach > 0.0 { (0.0, f32::MAX) } else { (f32::MIN, 0.0) };
    let mut at = margin.clamp(low, high);
    let mut alpha = now;
    for _ in 0..NEWTON {
        let share = 1.0 / (1.0 + exp(at));
        let too_high = at - rest - reach * share;
        // By how much α ‖x‖² falls where the margin rises by 1.
        let slope = reach * share * (1.0 - share);
        // C · share would be right at the root; from beside it, the tangent leads there, without
        // the error that a large C makes of a small one in the margin.
        alpha = c * share + too_high * slope / ((1.0 + slope) * square);
        at = (at - too_high / (1.0 + slope)).clamp(low, high);
    }
    alpha.clamp(0.0, c)
}

/// A generator of its own (xorshift64, G. Marsaglia 2003), so that orders never change with a library.
struct Shuffle(u64);

impl Shuffle {
    /// Fisher and Yates's shuffle.
    fn apply(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            order.swap(last, ((u128::from(self.0) * (last as u128 + 1)) >> 64) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probe::matrix::Row;

    fn matrix(rows: &[Vec<f32>]) -> Matrix {
        let mut matrix = Matrix::default();
        for row in rows {
            let ids = (0..row.len() as u32).filter(|id| row[*id as usize] != 0.0).collect();
            matrix.push(&Row { ids, values: row.iter().copied().filter(|value| *value != 0.0).collect() });
        }
        matrix
    }

    proptest! {
        /// At the optimum the gradient w − C Σ y x / (1 + e^m) is zero.
        #[test]
        fn the_gradient_vanishes(
            rows in prop::collection::vec((prop::collection::vec(0f32..1.0, 5), 0usize..4), 2..30),
            strength in prop::sample::select(vec![0.1f32, 1.0, 10.0, 100.0]),
        ) {
            let gold: Vec<LabelSet> = rows.iter().map(|(_, label)| LabelSet::one(*label)).collect();
            let rows = matrix(&rows.into_iter().map(|(row, _)| row).collect::<Vec<_>>());
            let effort = Effort { strength, tolerance: 1e-7, most_passes: 5_000 };
            let fitted = fit::<4>(&rows, 5, &gold, 0, effort);
            for label in 0..4 {
                let mut gradient: Vec<f64> = (0..5).map(|id| f64::from(fitted.weights[id][label])).collect();
                gradient.push(f64::from(fitted.bias[label]));
                for (row, gold) in gold.iter().enumerate() {
                    let sign = if gold.contains(label) { 1.0 } else { -1.0 };
                    let mut margin = f64::from(fitted.bias[label]);
                    for (id, value) in rows.row(row) {
                        margin += f64::from(value) * f64::from(fitted.weights[id][label]);
                    }
                    let part = f64::from(strength) * sign / (1.0 + (sign * margin).exp());
                    for (id, value) in rows.row(row) {
                        gradient[id] -= part * f64::from(value);
                    }
                    gradient[5] -= part;
                }
                let size = gradient.iter().map(|part| part * part).sum::<f64>().sqrt();
                prop_assert!(size < 2e-3 * (1.0 + f64::from(strength)), "{size} at C = {strength}");
            }
        }
    }

    #[test]
    fn a_label_that_no_row_has_and_one_that_all_have() {
        let rows = matrix(&[vec![0.6, 0.8], vec![1.0, 0.0]]);
        let fitted = fit::<4>(&rows, 2, &[LabelSet::one(1), LabelSet::one(1)], 0, Effort::default());
        assert!(fitted.bias[0] < 0.0 && fitted.bias[1] > 0.0, "{:?}", fitted.bias);
        assert!(fitted.weights.iter().flatten().all(|weight| weight.is_finite()));
    }
}
