//! A user's YAML, from raw text with places to a resolved config.

mod axes;
pub mod diagnostic;
pub mod keys;
mod lists;
pub mod load;
mod resolve;
pub mod resolved;
pub mod scalar;
pub mod taxonomy;
pub mod yaml;

pub use diagnostic::{Diagnostic, Report, Severity, Span};
pub use load::{Loaded, load};
pub use resolved::Config;
