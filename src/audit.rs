//! What can be measured of a dataset's texts.

mod distinct;

pub use distinct::{DISTINCT_TEXTS, Distinct, distinct_2};
