//! The logistic function, made of nothing but sums and products, so that it is the same number on
//! every machine.

/// e^x for |x| ≤ 87, within 2e-7 of its size; beyond that, as at the bound.
pub fn exp(x: f32) -> f32 {
    // Adding and taking away 1.5 · 2^23 rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, so that what is left keeps all of its digits.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let power = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let rest = (x - power * LN_2_HIGH) - power * LN_2_LOW;
    // The minimax polynomial of Cephes' expf (S. L. Moshier).
    let mut sum = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_5e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * rest + coefficient;
    }
    (sum * rest * rest + rest + 1.0) * f32::from_bits(((power as i32 + 127) as u32) << 23)
}

/// 1 / (1 + e^-x).
pub fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential() {
        for step in -8700..=8700 {
            let x = step as f32 / 100.0;
            let right = f64::from(x).exp();
            assert!((f64::from(exp(x)) - right).abs() <= 2e-7 * right, "{x}");
        }
        assert_eq!(exp(-1e9), exp(-87.0));
        assert_eq!(exp(1e9), exp(87.0));
        assert_eq!(logistic(0.0), 0.5);
        assert!(logistic(-1e9) >= 0.0 && logistic(1e9) <= 1.0);
    }
}
