//! The endpoint: chat through async-openai, llama.cpp's own routes, and a server we start.

mod error;
pub mod gguf;
mod http;
mod local;
pub mod managed;
mod plain;
mod probe;
mod slots;
mod tuning;

pub use error::{ClientError, ErrorClass};
pub use http::Client;
pub use local::is_local;
pub use probe::{Probe, check_model};
pub use tuning::{Job, Order};
