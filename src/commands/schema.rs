use super::{Exit, Failure, print_json};
use crate::config;

/// Writes the JSON Schema of configs.
pub fn schema() -> Result<Exit, Failure> {
    print_json(&config::json_schema())?;
    Ok(Exit::Complete)
}
