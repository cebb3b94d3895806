//! A user's YAML, from raw text with places to a resolved config.

mod axes;
pub mod diagnostic;
mod json_schema;
pub mod keys;
mod lists;
pub mod load;
mod resolve;
pub mod resolved;
pub mod scalar;
pub mod taxonomy;
pub mod yaml;

pub use diagnostic::{Diagnostic, Report, Severity, Span};
pub use json_schema::json_schema;
pub use load::{Loaded, load};
pub use resolved::Config;
