pub mod model;
pub mod config;
