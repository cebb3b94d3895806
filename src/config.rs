//! A user's YAML, from raw text with places to a resolved config.

mod anonymize;
pub mod audit;
mod axes;
mod checks;
pub mod curation;
mod dedup;
pub mod diagnostic;
mod endpoint;
mod exemplars;
pub mod expression;
mod extend;
mod file;
pub mod grouping;
mod json_schema;
pub mod judges;
pub mod keys;
pub mod label;
mod lists;
pub mod load;
mod models;
pub mod night;
mod prompt;
mod resolve;
pub mod resolved;
mod response;
mod rules;
pub mod scalar;
pub mod schema;
mod set;
pub mod taxonomy;
mod values;
pub mod yaml;

pub use diagnostic::{Diagnostic, Report, Severity, Span};
pub use json_schema::json_schema;
pub use load::{Loaded, load};
pub use resolved::Config;
