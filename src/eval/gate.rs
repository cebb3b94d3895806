//! Bounds that a model must keep to be called fair enough.

use super::fairness::{Gap, Swap};

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gates {
    /// The most pairs of an attribute whose labels may differ, from 0 to 1.
    pub flip: f64,
    /// The most that probabilities may change on average.
    pub change: f64,
    /// The largest difference in micro F1 between two groups.
    pub gap: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self { flip: 0.05, change: 0.02, gap: 0.05 }
    }
}

impl Gates {
    /// Reads `flip=0.1,gap=0.08`; what is not named keeps its default.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut gates = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let wrong = || format!("`{}` is no gate; write `flip=0.05,change=0.02,gap=0.05`", part.trim());
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let value: f64 = value.trim().parse().map_err(|_| wrong())?;
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("gate `{}` is {value}; it lies between 0 and 1", name.trim()));
            }
            match name.trim() {
                "flip" => gates.flip = value,
                "change" => gates.change = value,
                "gap" => gates.gap = value,
                _ => return Err(wrong()),
            }
        }
        Ok(gates)
    }

    /// What does not keep the bounds. A gap counts where its interval leaves out 0: smaller ones
    /// may be chance.
    pub fn broken(&self, swaps: &[Swap], gaps: &[Gap]) -> Vec<String> {
        let mut out = Vec::new();
        for swap in swaps {
            let about = swap.attribute;
            if swap.flip_rate > self.flip {
                let (rate, most) = (100.0 * swap.flip_rate, 100.0 * self.flip);
                out.push(format!("{about}: {rate:.1} % of swaps change labels; at most {most:.1} % may"));
            }
            if swap.mean_change > self.change {
                let (change, most) = (swap.mean_change, self.change);
                out.push(format!("{about}: swaps change probabilities by {change:.3}; at most {most:.3}"));
            }
        }
        for gap in gaps.iter().filter(|gap| gap.gap > self.gap && gap.interval.low > 0.0) {
            let [better, worse] = gap.groups;
            let (size, most) = (gap.gap, self.gap);
            out.push(format!(
                "{}: F1 {size:.3} higher for {better} than for {worse}; at most {most:.3}",
                gap.attribute
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::Interval;
    use super::super::fairness::Largest;
    use super::*;

    #[test]
    fn bounds_are_read() {
        assert_eq!(Gates::parse(""), Ok(Gates::default()));
        assert_eq!(Gates::parse("gap=0.1, flip=0"), Ok(Gates { flip: 0.0, gap: 0.1, ..Gates::default() }));
        for wrong in ["gap", "gap=x", "gap=2", "gap=-0.1", "gap=NaN", "gab=0.1"] {
            assert!(Gates::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_bound_is_told_that_is_broken() {
        let swap = |flip_rate, mean_change| Swap {
            attribute: "age",
            pairs: 1,
            flip_rate,
            mean_change,
            largest: Largest::default(),
        };
        let gap = |gap, low| Gap {
            attribute: "age",
            groups: ["young", "old"],
            gap,
            interval: Interval { low, high: 1.0 },
        };
        let gates = Gates::default();
        assert!(gates.broken(&[swap(0.05, 0.02)], &[gap(0.05, 0.01), gap(0.5, -0.01)]).is_empty());
        let found = gates.broken(&[swap(0.06, 0.021)], &[gap(0.051, 0.01)]);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
