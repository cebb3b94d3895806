//! From which probability on a label is given.

/// The threshold with the best F1 over these probabilities, and that F1; of equally good ones the
/// highest. `None` where no row has the label: there is nothing to choose by.
///
/// It lies in the middle between the lowest probability that is taken and the highest that is not.
pub fn best(scored: &mut [(f32, bool)]) -> Option<(f32, f64)> {
    let all = scored.iter().filter(|(_, has)| *has).count();
    if all == 0 {
        return None;
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best = (1.0, 0.0);
    let mut right = 0;
    for (taken, (probability, has)) in scored.iter().enumerate() {
        right += usize::from(*has);
        let next = scored.get(taken + 1).map_or(0.0, |(next, _)| *next);
        // Equal probabilities are taken together or not at all.
        if next == *probability && taken + 1 < scored.len() {
            continue;
        }
        let f1 = 2.0 * right as f64 / (taken + 1 + all) as f64;
        if f1 > best.1 {
            best = (between(*probability, next), f1);
        }
    }
    Some(best)
}

/// Their middle; the higher one where floats have nothing between.
fn between(high: f32, low: f32) -> f32 {
    let middle = 0.5 * (high + low);
    if middle > low { middle } else { high }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn f1(scored: &[(f32, bool)], threshold: f32) -> f64 {
        let taken = scored.iter().filter(|(probability, _)| *probability >= threshold);
        let (mut right, mut wrong) = (0, 0);
        taken.for_each(|(_, has)| if *has { right += 1 } else { wrong += 1 });
        let all = scored.iter().filter(|(_, has)| *has).count();
        2.0 * f64::from(right) / (f64::from(right + wrong) + all as f64)
    }

    proptest! {
        #[test]
        fn no_threshold_is_better(
            scored in prop::collection::vec((prop::sample::select(vec![0.0f32, 0.1, 0.2, 0.3, 0.30000004, 0.7, 1.0]), any::<bool>()), 0..25),
        ) {
            let found = best(&mut scored.clone());
            prop_assert_eq!(found.is_none(), scored.iter().all(|(_, has)| !has));
            if let Some((threshold, reached)) = found {
                prop_assert!((0.0..=1.0).contains(&threshold));
                prop_assert_eq!(f1(&scored, threshold), reached);
                let every = scored.iter().map(|(probability, _)| *probability);
                for other in every.chain([0.0, 1.0]) {
                    prop_assert!(f1(&scored, other) <= reached + 1e-12, "{} at {}", f1(&scored, other), other);
                }
            }
        }
    }
}
